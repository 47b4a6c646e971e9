"""`reportgen prune`: what it lists, what it asks, what it deletes, and what it says after."""

from __future__ import annotations

import fcntl
import json
import sys
import time
from pathlib import Path

import click
import pytest
from logs import HOUR, START, artifact, compact, end, rows_of, run_start, write_run

from reportgen import cli
from reportgen.build import build_site
from reportgen.deletion import delete_runs
from reportgen.options import Options

DAY = 24 * HOUR
NOW = START + 100 * DAY


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: NOW * 1000)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Logs in `runs` of the working directory: four runs, of 100, 99, 50 and 10 days ago, with a version each."""
    for n, day in enumerate((0, 1, 50, 90)):
        records = [run_start(tags=["release"] if n == 1 else []), artifact(f"a{n}"), end()]
        write_run(tmp_path / "runs", f"r{n}", records, at=START + day * DAY)
    return tmp_path / "runs"


def deleted(runs: Path) -> list[str]:
    """Ids of deleted runs, and of deleted artifacts of the others."""
    compaction = compact(runs)
    gone = [row["run_id"] for row in rows_of(compaction, "runs") if row["deleted_at"] is not None]
    rows = [row for row in rows_of(compaction, "artifacts") if row["deleted_at"] is not None]
    return gone + [row["artifact_id"] for row in rows if row["run_id"] not in gone]


def test_dry_run_lists_what_would_go_and_changes_nothing(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in runs.rglob("*.*")}
    assert cli.run(["prune", "--max-age", "90d", "--max-versions", "1", "--dry-run"]) == 0
    out, err = capsys.readouterr()
    *listed, summary = out.splitlines()
    assert [line.split() for line in listed] == [
        "Run Pipeline Reason Started Last record".split(),
        "r0 churn pruned: older than 90 days 3 months ago 3 months ago".split(),
        [],
        "Key Version Reason Created Run".split(),
        "summary 3 pruned: more than 1 version of its key 50 days ago r2".split(),
    ]
    assert (summary, err) == ("1 run and 1 version would be deleted", "")
    assert {path: path.read_bytes() for path in runs.rglob("*.*")} == before


def test_with_yes_it_deletes_without_a_question(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["prune", "runs", "--max-age", "90d", "--max-versions", "1", "--yes"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[-1].startswith("deleted 1 run and 1 version; ")
    assert out.splitlines()[-1].endswith(" B freed")
    assert err == ""
    assert deleted(runs) == ["r0", "a2"]


def test_what_stays_is_not_deleted_by_a_second_time(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.run(["prune", "--max-age", "90d", "-y"])
    before = {path: path.read_bytes() for path in runs.rglob("*.*")}
    capsys.readouterr()
    assert cli.run(["prune", "--max-age", "90d"]) == 0
    assert capsys.readouterr().out == "nothing to prune\n"
    assert {path: path.read_bytes() for path in runs.rglob("*.*")} == before


@pytest.mark.parametrize(("answer", "code", "gone"), [("y", 0, ["r0"]), ("n", 1, []), ("", 1, [])])
def test_on_a_terminal_it_asks_and_takes_nothing_for_no(
    runs: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    code: int,
    gone: list[str],
) -> None:
    asked: list[str] = []

    def reply(text: str) -> str:
        asked.append(text)
        return answer

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(click.termui, "visible_prompt_func", reply)
    assert cli.run(["prune", "--max-age", "90d"]) == code
    assert deleted(runs) == gone
    out = capsys.readouterr().out
    assert "Delete 1 run? [y/N]" in "".join([out, *asked])
    assert "r0" in out


def test_without_a_terminal_nobody_can_be_asked(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["prune", "--max-age", "90d"]) == 1
    err = capsys.readouterr().err
    assert err == "error: Delete 1 run needs a confirmation, and there is no terminal to ask on: add --yes\n"
    assert deleted(runs) == []


@pytest.mark.parametrize(
    ("flags", "gone"),
    [
        (["--max-runs", "1"], ["r0", "r2"]),
        (["--max-versions", "1"], ["a0", "a2"]),
        (["--max-age", "49d"], ["r0", "r2"]),
        (["--max-age", "2y"], []),
    ],
)
def test_flags_say_what_goes(runs: Path, flags: list[str], gone: list[str]) -> None:
    assert cli.run(["prune", "-y", *flags]) == 0
    assert deleted(runs) == gone


def test_configuration_says_what_goes_and_flags_win(runs: Path) -> None:
    Path("reportgen.toml").write_text('[retention]\nmax_age = "95d"\n', "utf-8")
    assert cli.run(["prune", "-y", "--max-age", "2y"]) == 0
    assert deleted(runs) == []
    assert cli.run(["prune", "-y"]) == 0
    assert deleted(runs) == ["r0"]
    assert cli.run(["prune", "-y", "--max-versions", "1"]) == 0
    assert deleted(runs) == ["r0", "a2"]


def test_logs_are_those_that_a_build_reads(runs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    runs.rename(tmp_path / "elsewhere")
    monkeypatch.setenv("REPORTGEN_LOG_DIR", "elsewhere")
    assert cli.run(["prune", "-y", "--max-age", "90d"]) == 0
    assert deleted(tmp_path / "elsewhere") == ["r0"]


# Wrong usage


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "give --max-age, --max-versions or --max-runs, or set [retention] in reportgen.toml"),
        (["--max-age", "90 days"], 'must be an age such as "36h", "90d", "12w" or "2y", not \'90 days\''),
        (["--max-runs", "0"], "0 is not in the range x>=1"),
        (["--max-versions", "many"], "'many' is not a valid integer"),
    ],
)
def test_wrong_usage_deletes_nothing(
    runs: Path, capsys: pytest.CaptureFixture[str], flags: list[str], message: str
) -> None:
    assert cli.run(["prune", "-y", *flags]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
    assert deleted(runs) == []


def test_site_is_refused(runs: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    build_site([runs], tmp_path / "site", Options())
    assert cli.run(["prune", "runs", "site", "--max-age", "90d", "-y"]) == 1
    err = capsys.readouterr().err
    assert "site is a site, not a log directory" in err
    assert "and build again" in err
    assert deleted(runs) == []


# What did not go


def test_journal_in_use_is_named_and_its_content_goes_the_next_time(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (runs / "r0" / "main.jsonl").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert cli.run(["prune", "--max-age", "90d", "-y"]) == 0
    out, err = capsys.readouterr()
    assert "deleted 1 run; 0 B freed" in out
    assert "r0/main.jsonl, still open" in err
    assert cli.run(["prune", "--max-age", "90d", "--dry-run"]) == 0
    assert b"text of a0" in (runs / "r0" / "main.jsonl").read_bytes()
    capsys.readouterr()
    assert cli.run(["prune", "--max-age", "90d"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("took out what was deleted before from 1 run; ")
    assert b"text of a0" not in (runs / "r0" / "main.jsonl").read_bytes()


def test_failure_is_named_and_is_the_exit_code(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(path: Path, *_: object) -> Path:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("reportgen.deletion.tombstones.write_beside", fail)
    assert cli.run(["prune", "--max-age", "49d", "-y"]) == 1
    out, err = capsys.readouterr()
    assert "deleted" not in out
    assert "nothing to prune" not in out
    assert [line.split(":")[1].strip() for line in err.splitlines()] == ["run r0", "run r2"]
    assert "cannot be rewritten (No space left on device)" in err
    assert deleted(runs) == []


# JSON


def test_json_is_one_object_with_what_goes_and_what_became_of_it(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    delete_runs([runs], ["r2"])
    command = ["prune", "--max-age", "90d", "--max-versions", "1", "-o", "json"]
    assert cli.run([*command, "--dry-run"]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert planned == {
        "runs": [
            {
                "run_id": "r0",
                "pipeline": "churn",
                "reason": "pruned: older than 90 days",
                "started_at": "2026-01-01T00:00:00.000000Z",
                "last_record_at": "2026-01-01T00:00:03.000000Z",
                "deleted": False,
            }
        ],
        "versions": [],
        "purged": [],
        "skipped": [],
        "failed": [],
        "n_bytes_freed": 0,
    }
    with (runs / "r0" / "main.jsonl").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert cli.run([*command, "--yes"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert done["runs"] == [{**planned["runs"][0], "deleted": True}]
    assert done["skipped"] == [{"file": "runs/r0/main.jsonl", "reason": "still open"}]


def test_json_tells_versions_by_key_and_id(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["prune", "--max-versions", "3", "-o", "json", "-y"]) == 0
    done = json.loads(capsys.readouterr().out)
    (row,) = done["versions"]
    assert (row["key"], row["version"], row["artifact_id"], row["run_id"]) == ("summary", 1, "a0", "r0")
    assert (row["deleted"], done["n_bytes_freed"] > 0, done["runs"]) == (True, True, [])
