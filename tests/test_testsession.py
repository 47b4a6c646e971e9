"""The pytest plug-in, in sessions of their own: what they record, and that they end as they would without it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import conftest
import pytest
from recording import ROOT, records_of

import reportgen
from reportgen.build import build_site
from reportgen.options import Options
from reportgen.recorder import scopes

pytestmark = pytest.mark.heavy

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
    assert newest("test-flaky") == []


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
    (row,) = newest("test-flaky")
    assert row == {"test": "test_it.py::test_flaky", "sessions": 4, "failures": 3, "reruns": 0}


CHANGING = """
import os
import pytest

now = os.environ["NOW"] == "1"
def test_broke(): assert not now
def test_mended(): assert now
def test_same(): ...
def test_left_out(): pytest.skip("not now") if now else None
def test_still_bad(): assert 0, now
if now:
    def test_new(): ...
    def test_new_and_bad(): assert 0
else:
    def test_gone(): ...
"""


def changes() -> list[tuple[str, ...]]:
    found = reportgen.read_artifacts({"artifacts": {"type": {"any_": ["table"]}}}, limit=100)
    newest_run = found[0].flow_run_id
    tables = [one.data for one in found if one.key is None and one.flow_run_id == newest_run]
    return [
        (row["change"], row["test"].partition("::")[2], row["before"], row["now"]) for table in tables for row in table
    ]


def test_changes_are_told_against_the_session_before() -> None:
    run_pytest("--reportgen", test=CHANGING, expect=1, NOW="0")
    assert changes() == []
    run_pytest("--reportgen", "-k", "same", NOW="0")  # which says nothing of the others
    assert changes() == []
    Path("test_it.py").write_text(CHANGING)
    run_pytest("--reportgen", expect=1, NOW="1")
    told = [
        ("broke", "test_broke", "passed", "failed"),
        ("mended", "test_mended", "failed", "passed"),
        ("other", "test_left_out", "passed", "skipped"),
        ("new", "test_new_and_bad", "", "failed"),
        ("new", "test_new", "", "passed"),
    ]
    assert changes() == told  # a test is gone when the session before had it
    run_pytest("--reportgen", expect=1, NOW="0")
    assert {row for row in changes() if row[0] == "gone"} == {
        ("gone", "test_new", "passed", ""),
        ("gone", "test_new_and_bad", "failed", ""),
    }
    run_pytest("--reportgen", "test_it.py::test_same", "-k", "same", NOW="0")
    assert changes() == []


@pytest.mark.parametrize(
    ("words", "code"), [(["test_it.py::test_b"], 1), (["-x"], 1), (["--lf"], 1), (["-m", "slow"], 5)], ids=str
)
def test_tests_that_a_session_did_not_come_to_are_not_gone(words: list[str], code: int) -> None:
    test = "def test_a(): ...\ndef test_b(): assert 0\ndef test_c(): ..."
    run_pytest("--reportgen", "-p", "cacheprovider", test=test, expect=1)
    run_pytest("--reportgen", "-p", "cacheprovider", "-o", "markers=slow", *words, expect=code)
    assert changes() == []


def test_files_are_summed_up() -> None:
    Path("test_b.py").write_text("def test_a(): assert 0\ndef test_b(): ...")
    run_pytest("--reportgen", test="import pytest\ndef test_a(): pytest.skip('no')", expect=1)
    rows = [{**row, "seconds": row["seconds"] >= 0} for row in newest("test-files")]
    assert rows == [
        {"file": "test_b.py", "tests": 2, "failed": 1, "skipped": 0, "seconds": True},
        {"file": "test_it.py", "tests": 1, "failed": 0, "skipped": 1, "seconds": True},
    ]


def test_long_sessions_are_in_the_order_of_names_so_that_versions_can_be_compared() -> None:
    test = (
        "import pytest\n@pytest.mark.parametrize('n', range({}))\ndef test_it(n): assert n != 7\ndef test_z(): assert 0"
    )
    run_pytest("--reportgen", test=test.format(998), expect=1)
    assert [row["outcome"] for row in newest("test-outcomes")][:3] == ["failed", "failed", "passed"]
    run_pytest("--reportgen", test=test.format(1000), expect=1)
    names = [row["test"] for row in newest("test-outcomes")]
    assert names == sorted(names)


def test_pipeline_with_a_name_of_its_own_has_keys_of_its_own() -> None:
    run_pytest("--reportgen", "--reportgen-pipeline", "Unit tests, 3.12", test="def test_a(): assert 0", expect=1)
    assert newest("unit-tests-3-12-outcomes")[0]["outcome"] == "failed"
    assert reportgen.Artifact.get("test-outcomes") is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('[project]\nname = "fine-name"', "fine-name tests"),
        ("[project]\nname = 3", None),
        ("[project", None),
        ("[tool.x]", None),
    ],
)
def test_pipeline_has_the_name_of_the_project(text: str, name: str | None) -> None:
    Path("pyproject.toml").write_text(f"{text}\n" if name else text)
    run_pytest("--reportgen", "-c", "/dev/null", "--rootdir", ".", test="def test_a(): ...")
    assert reportgen.open_logs("runs").runs.to_pylist()[-1]["pipeline"] == (name or f"{Path.cwd().name} tests")


def test_groups_of_xdist_are_no_part_of_names() -> None:
    test = (
        "import pytest\n"
        "@pytest.mark.xdist_group('g')\n"
        "@pytest.mark.parametrize('x', ['a@b'])\n"
        "def test_a(x): assert 0\n"
        "@pytest.mark.xdist_group('g')\n"
        "def test_b(): ...\n"
    )
    words = ("--reportgen", "-p", "xdist", "-n", "2", "--dist", "loadgroup")
    run_pytest(*words, test=test, expect=1)
    assert [row["test"] for row in newest("test-outcomes")] == ["test_it.py::test_a[a@b]", "test_it.py::test_b"]
    text = newest("test-failures")
    assert "[gw" not in text
    assert str(Path.cwd()) not in text


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


def test_own_suite_records_nothing_in_the_run_of_its_session() -> None:
    run = reportgen.start_run("the session")
    assert os.environ["REPORTGEN_RUN_ID"] == run.id
    conftest.pytest_sessionstart()
    assert not [name for name in os.environ if name.startswith("REPORTGEN_")]
    assert scopes.active.get() is None
    run.end()
