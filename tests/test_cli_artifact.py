"""`reportgen artifact`: lists, shows and deletes, from logs and from a site."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from logs import HOUR, START, artifact, end, run_start, write_run, write_small_project

from reportgen.cli import run


@pytest.fixture(params=["logs", "site"])
def place(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Where to look: the logs in the folder `runs`, which are found by themselves, or a site."""
    write_small_project(tmp_path / "runs")
    if request.param == "logs":
        return []
    assert run(["build", "-q"]) == 0
    shutil.rmtree(tmp_path / "runs")
    return ["--logs", "site"]


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_latest_version_of_each_key_is_listed(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["artifact", "ls", *place]) == 0
    head, *rows = lines(capsys)
    assert head.split() == ["Key", "Version", "Type", "Updated", "Pipeline", "Run", "Id", "Description"]
    assert [row.split()[:3] for row in rows] == [
        ["epochs", "4", "progress"],
        ["plot", "4", "image"],
        ["worst-rows", "4", "table"],
        ["summary", "4", "markdown"],
        ["source", "4", "link"],
    ]


def test_all_lists_every_version_and_what_has_no_key(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["artifact", "ls", "--all", "-o", "json", *place]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 23
    assert {row["version"] for row in rows if row["key"] == "summary"} == {1, 3, 4}
    assert sum(row["key"] is None for row in rows) == 4


def test_limit_says_how_many_there_are(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["artifact", "ls", "--limit", "2", *place]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 3
    assert err == "2 of 5 artifacts; --limit shows more\n"


def test_type_and_run_narrow_the_list(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["artifact", "ls", "--run", "run-1", "-o", "csv", *place]) == 0
    rows = [*csv.DictReader(io.StringIO(capsys.readouterr().out))]
    assert sorted(row["id"] for row in rows) == ["i1", "k1", "l1", "p1", "t1"]  # a1 is deleted
    assert run(["artifact", "ls", "--type", "table", "-o", "json", *place]) == 0
    assert [row["id"] for row in json.loads(capsys.readouterr().out)] == ["t3"]


def test_exact_forms_have_exact_times_and_ids(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["artifact", "ls", "--type", "link", "-o", "json", *place]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row == {
        "key": "source",
        "version": 4,
        "type": "link",
        "updated": "2026-01-01T03:00:04.000000Z",
        "pipeline": "churn",
        "run_name": "lucky-petrel",
        "id": "l3",
        "description": None,
        "created": "2026-01-01T03:00:04.000000Z",
        "run_id": "run-3",
        "step_id": None,
    }


def test_inspect_shows_versions_with_content_the_newest_first(
    place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["artifact", "inspect", "summary", *place]) == 0
    text = capsys.readouterr().out
    assert [line.split()[1] for line in text.splitlines() if line.startswith("Version")] == ["4", "3", "2", "1"]
    assert "Run *3*" in text
    assert "wrong data" in text
    assert "Run *1*" not in text


def test_inspect_gives_content_to_programs(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["artifact", "inspect", "worst-rows", "--limit", "1", "-o", "json", *place]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["content"][0] == {"id": 0, "text": "[n0](https://example.org/0)"}
    assert (found["version"], found["description"]) == (4, "# Title\n\nThe worst rows.\n\nMore of it.")
    assert run(["artifact", "inspect", "source", "--version", "2", "-o", "json", *place]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["metadata"] == {"link": "https://example.org/x", "link_text": "x"}


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["inspect", "sumary"], "error: there is no artifact with the key 'sumary': did you mean summary?"),
        (["inspect", "zzz"], "error: there is no artifact with the key 'zzz': reportgen artifact ls lists the keys"),
        (["inspect", "summary", "--version", "9"], "error: there is no version 9 of 'summary': it has versions 1 to 4"),
        (["ls", "--run", "nowhere"], "error: there is no run 'nowhere': reportgen run ls lists the runs"),
        (["ls", "--run", "run-"], "error: 'run-' is the beginning of 6 runs"),
    ],
)
def test_what_is_not_there_is_one_line(
    place: list[str], capsys: pytest.CaptureFixture[str], words: list[str], text: str
) -> None:
    assert run(["artifact", *words, *place]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(text)
    assert err.count("\n") == 1


# Deletion


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    write_small_project(tmp_path / "runs")
    return tmp_path / "runs"


def keys(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, int]]:
    capsys.readouterr()
    assert run(["artifact", "ls", "--all", "-o", "json"]) == 0
    return sorted((row["key"], row["version"]) for row in json.loads(capsys.readouterr().out) if row["key"])


def test_all_versions_of_a_key_are_deleted(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["artifact", "delete", "summary", "--yes", "--reason", "private"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("deleted 3 versions of summary; ")
    assert err == ""
    assert {key for key, _ in keys(capsys)} == {"epochs", "plot", "source", "worst-rows"}
    assert not any(b"Run *3*" in path.read_bytes() for path in logs.rglob("*.jsonl"))
    assert run(["artifact", "inspect", "summary", "--version", "4"]) == 0
    assert "private" in capsys.readouterr().out


def test_one_version_is_deleted_by_number_or_id(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["artifact", "delete", "summary", "--version", "3", "-y"]) == 0
    assert run(["artifact", "delete", "--id", "t0", "-y"]) == 0
    assert run(["artifact", "delete", "--id", "k2", "-y"]) == 0
    left = keys(capsys)
    assert [version for key, version in left if key == "summary"] == [1, 4]
    assert [version for key, version in left if key == "worst-rows"] == [2, 3, 4]


def test_new_version_counts_on_after_a_deletion(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["artifact", "delete", "summary", "-y"]) == 0
    write_run(logs, "run-9", [run_start(), artifact("new"), end()], at=START + 9 * HOUR)
    assert ("summary", 5) in keys(capsys)


def test_question_comes_first_and_no_is_the_default(
    logs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal("\n"))
    before = {path: path.read_bytes() for path in logs.rglob("*") if path.is_file()}
    assert run(["artifact", "delete", "summary"]) == 1
    out, _ = capsys.readouterr()
    assert "Delete 3 versions of summary? [y/N]" in out
    assert {path: path.read_bytes() for path in logs.rglob("*") if path.is_file()} == before
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert run(["artifact", "delete", "summary"]) == 0


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["summary"], 1, "error: Delete 3 versions of summary needs a confirmation, and there is no terminal"),
        (["sumary", "-y"], 1, "error: there is no artifact with the key 'sumary': did you mean summary?"),
        (["summary", "--version", "2", "-y"], 1, "error: version 2 of 'summary' is deleted already"),
        (["summary", "--version", "7", "-y"], 1, "error: there is no version 7 of 'summary': it has versions 1 to 4"),
        (["--id", "x", "-y"], 1, "error: there is no artifact with the id 'x'"),
        ([], 2, "error: give a key or --id: see reportgen artifact delete --help"),
        (["summary", "--id", "x"], 2, "error: give a key or --id, not both: see reportgen artifact delete --help"),
        (["--id", "x", "--version", "1"], 2, "error: --version belongs to a key: see"),
    ],
)
def test_deletion_that_cannot_be_is_one_line_and_touches_nothing(
    logs: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    text: str,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    before = {path: path.read_bytes() for path in logs.rglob("*") if path.is_file()}
    assert run(["artifact", "delete", *words]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(text)
    assert err.count("\n") == 1
    assert {path: path.read_bytes() for path in logs.rglob("*") if path.is_file()} == before


def test_site_is_not_deleted_from(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["build", "-q"]) == 0
    assert run(["artifact", "delete", "summary", "-y", "--logs", "site"]) == 1
    assert capsys.readouterr().err == (
        "error: site is a site, not a log directory: delete from the logs and build again\n"
    )
