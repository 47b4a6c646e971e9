"""The pytest plug-in, in sessions of their own: what they record, and that they end as they would without it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from recording import ROOT, records_of

import reportgen
from reportgen.build import build_site
from reportgen.options import Options

EVERY_OUTCOME = """
import sys
import pytest
import reportgen

def test_passes():
    reportgen.record_metric_value("accuracy", 0.75)
    reportgen.create_markdown_artifact("made by a test", "from-a-test")

@pytest.mark.parametrize("name", ["a`b", "<script>"])
def test_fails(name):
    print("printed \\x1b[31mred\\x1b[0m")
    print("on stderr", file=sys.stderr)
    assert [name] == ["```"]

@pytest.fixture
def broken():
    raise OSError("no such thing")

def test_errors(broken): ...

@pytest.fixture
def broken_at_the_end():
    yield
    raise OSError("cannot be torn down")

def test_errors_at_the_end(broken_at_the_end): ...

@pytest.mark.skip(reason="not today")
def test_skipped(): ...

@pytest.mark.xfail(reason="known")
def test_expected(): assert 0

@pytest.mark.xfail
def test_unexpected(): ...
"""


def run_pytest(*words: str, test: str = "", expect: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in the working directory as a user would."""
    if test:
        Path("test_it.py").write_text(test)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "reportgen.pytest_plugin",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:randomly",
            *words,
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done


def newest(key: str) -> Any:
    found = reportgen.Artifact.get(key)
    assert found is not None
    return found.data


def status() -> tuple[str, str]:
    row = reportgen.open_logs("runs").runs.to_pylist()[-1]
    return row["status"], row["error_message"] or ""


def metrics() -> dict[str, float]:
    return {one["name"]: one["value"] for one in reportgen.get_metrics()}


def test_session_is_recorded_with_every_outcome() -> None:
    done = run_pytest("--reportgen", test=EVERY_OUTCOME, expect=1)
    place = Path.cwd().name
    assert f"reportgen: 8 tests recorded as a run of {place} tests in runs" in done.stdout
    table = newest("test-outcomes")
    assert {row["test"]: row["outcome"] for row in table} == {
        "test_it.py::test_fails[<script>]": "failed",
        "test_it.py::test_fails[a`b]": "failed",
        "test_it.py::test_errors": "error",
        "test_it.py::test_errors_at_the_end": "error",
        "test_it.py::test_unexpected": "xpassed",
        "test_it.py::test_passes": "passed",
        "test_it.py::test_expected": "xfailed",
        "test_it.py::test_skipped": "skipped",
    }
    assert [row["outcome"] for row in table][:2] == ["failed", "failed"]
    messages = {row["test"].partition("::")[2]: row["message"] for row in table}
    assert messages["test_skipped"] == "not today"
    assert messages["test_expected"] == "known"
    assert messages["test_errors"] == "OSError: no such thing"
    assert "AssertionError" in messages["test_fails[<script>]"]
    text = newest("test-failures")
    assert text.startswith("4\u00a0tests failed.\n\n## `test_it.py::test_errors`")
    assert "## `` test_it.py::test_fails[a`b] ``" in text
    assert "Captured stdout call:\n\n```text\nprinted" in text
    assert "Captured stderr call:\n\n```text\non stderr\n```" in text
    ended, message = status()
    assert ended == "failed"
    assert message.startswith("4 of 8 tests failed: test_it.py::test_errors, test_it.py::test_errors_at_the_end, ")
    assert message.endswith(" and 1 more")
    found = metrics()
    assert found.pop("tests_seconds") > 0
    assert found == {
        "accuracy": 0.75, "tests": 8, "tests_passed": 1, "tests_failed": 2, "tests_errors": 2, "tests_skipped": 1
    }  # fmt: skip
    assert newest("from-a-test") == "made by a test"
    assert [row["seconds"] >= 0 for row in newest("test-durations")] == [True] * 8
    assert newest("flaky-tests") == []


def test_pages_of_a_session_are_made_and_show_its_failures(tmp_path: Path) -> None:
    run_pytest("--reportgen", test=EVERY_OUTCOME, expect=1)
    build_site([Path("runs")], tmp_path / "site", Options())
    page = (tmp_path / "site/artifacts/test-failures/v1.html").read_text("utf-8")
    assert "test_fails[&lt;script&gt;]" in page
    assert "<script>]" not in page


def test_processes_of_xdist_record_one_session() -> None:
    test = (
        "import pytest, reportgen\n"
        "@pytest.mark.parametrize('n', range(6))\n"
        "def test_it(n): reportgen.record_metric_value(f'm{n}', n)\n"
    )
    run_pytest(
        "--reportgen", "-p", "xdist", "-n", "2", "--reportgen-pipeline", "unit", "--reportgen-dir", "here", test=test
    )
    (row,) = reportgen.open_logs("here").runs.to_pylist()
    assert (row["pipeline"], row["status"]) == ("unit", "completed")
    found = {one["name"]: one["value"] for one in reportgen.get_metrics(log_dir="here")}
    assert found["tests_passed"] == 6
    assert [found[f"m{n}"] for n in range(6)] == [*range(6)]


def test_tests_that_pass_and_fail_by_turns_are_flaky() -> None:
    test = (
        "import os\n"
        "def test_flaky(): assert os.environ['ODD'] == '0'\n"
        "def test_mended(): assert os.environ['ODD'] != '2'\n"
    )
    for odd in ("2", "1", "0", "1"):
        run_pytest("--reportgen", test=test, expect=int(odd != "0"), ODD=odd)
    (row,) = newest("flaky-tests")
    assert row == {"test": "test_it.py::test_flaky", "sessions": 4, "failures": 3, "reruns now": 0}


@pytest.mark.parametrize(
    ("test", "code", "outcome", "message"),
    [
        ("def test_a(): ...", 0, "completed", ""),
        ("", 5, "completed", ""),
        ("import nothing_of_this_name", 2, "failed", "1 of 1 tests failed: test_it.py"),
        ("def test_a(): raise KeyboardInterrupt", 2, "cancelled", ""),
        ("import pytest\ndef test_a(): pytest.exit('enough', 3)", 3, "failed", "pytest ended with 3"),
    ],
    ids=["good", "none", "not importable", "interrupted", "left"],
)
def test_run_ends_as_the_session_did(test: str, code: int, outcome: str, message: str) -> None:
    run_pytest("--reportgen", test=test or "x = 1", expect=code)
    assert status() == (outcome, message)


def test_file_that_cannot_be_collected_is_an_error() -> None:
    run_pytest("--reportgen", test="import nothing_of_this_name", expect=2)
    (row,) = newest("test-outcomes")
    assert (row["test"], row["outcome"]) == ("test_it.py", "error")
    assert "nothing_of_this_name" in row["message"]


def test_nothing_is_recorded_unless_asked_for() -> None:
    run_pytest(test="def test_a(): ...")
    run_pytest("--reportgen", "--collect-only", "-q")
    assert not Path("runs").exists()


def test_session_passes_though_it_cannot_be_recorded() -> None:
    Path("file").write_text("in the way")
    done = run_pytest("--reportgen", "--reportgen-dir", "file/below", "-W", "error", test="def test_a(): ...")
    assert "1 passed" in done.stdout
    Path("reportgen.toml").write_text("unknown = 1")
    done = run_pytest("--reportgen", "-W", "error", test="def test_a(): ...")
    assert "could not record the session" in done.stdout + done.stderr
    assert not records_of("runs")


def test_long_output_is_cut_and_its_end_is_kept() -> None:
    run_pytest("--reportgen", test="def test_a():\n    print('x' * 50_000 + 'the end')\n    assert 0", expect=1)
    text = newest("test-failures")
    assert len(text) < 13_000
    assert "characters left out" in text
    assert "the end" in text
