"""`reportgen run`: lists, shows, compares and deletes, from logs and from a site."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from logs import HOUR, MINUTE, SECOND, START, artifact, end, metric, run_start, write_run, write_small_project

from reportgen import cli
from reportgen.cli.runs import runs
from reportgen.sources import open_source
from reportgen.store import table_rows
from reportgen.text import readable_name

ROOT = Path(__file__).resolve().parent.parent
NOW = START + 6 * HOUR
WILD = "a\x1b[2J\u202eb\nc"
CONFIG = """
headline_metrics = ["loss", "accuracy"]
[metrics.accuracy]
goal = "max"
tolerance = 0.015
[metrics.loss]
goal = "min"
"""

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command is there, and now is six hours after the first record."""
    monkeypatch.setitem(cli.cli.commands, "run", runs)
    monkeypatch.setattr("time.time_ns", lambda: NOW * 1000)


def call(*arguments: str) -> int:
    return cli.run(["run", *arguments])


def read_json(capsys: Capture) -> Any:
    out, err = capsys.readouterr()
    assert err == ""
    return json.loads(out)


def sections(text: str) -> dict[str, list[list[str]]]:
    """Give the rows below each title, as their words; what comes first has the title ''."""
    first, *others = text.split("\n\n")
    parts = [("", first.splitlines()), *((lines[0], lines[1:]) for lines in map(str.splitlines, others))]
    return {title: [line.split() for line in lines] for title, lines in parts}


@pytest.fixture(params=["logs", "site"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """Where to look: the logs in the folder `runs`, which are found by themselves, or a site."""
    write_small_project(tmp_path / "runs")
    write_run(tmp_path / "runs", "run-w", [run_start("watch", name="watching")], at=NOW - MINUTE)
    if request.param == "logs":
        return []
    assert cli.run(["build", "-q"]) == 0
    shutil.rmtree(tmp_path / "runs")
    return ["--logs", "site"]


# ls


def test_runs_are_listed_newest_first(place: list[str], capsys: Capture) -> None:
    assert call("ls", *place) == 0
    out, err = capsys.readouterr()
    assert err == ""
    head, *rows = [line.split("  ") for line in out.splitlines()]
    assert [word.strip() for word in head if word] == [
        *("Id", "Name", "Pipeline", "Deployment", "Status", "Started", "Took", "Error")
    ]
    cells = [[word.strip() for word in row if word] for row in rows]
    assert cells[0] == ["run-w", "watching", "watch", "–", "running", "1 min ago", "1.0 s", "–"]
    assert cells[2] == ["run-f", readable_name("run-f"), "etl", "–", "failed", "1 h ago", "5.0 s", "ValueError"]
    assert [row[0] for row in cells] == ["run-w", "run-r", "run-f", "run-3", "run-2", "run-1", "run-0"]


def test_columns_that_no_run_has_are_left_out_of_the_table(place: list[str], capsys: Capture) -> None:
    assert call("ls", "--pipeline", "watch", *place) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["Id", "Name", "Pipeline", "Status", "Started", "Took"]


def test_headline_metrics_are_columns(tmp_path: Path, place: list[str], capsys: Capture) -> None:
    (tmp_path / "reportgen.toml").write_text(CONFIG, "utf-8")
    assert call("ls", "--deployment", "nightly", *place) == 0
    head, *rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert head[-2:] == ["loss", "accuracy"]
    assert [row[-2:] for row in rows] == [["0.2", "0.93"], ["NaN", "0.92"], ["0.4", "0.91"], ["0.5", "0.9"]]
    assert call("ls", "-o", "json", *place) == 0
    found = {row["run_id"]: (row["metrics.loss"], row["metrics.accuracy"]) for row in read_json(capsys)}
    assert (found["run-2"], found["run-w"]) == (("NaN", 0.92), (None, None))


def test_exact_forms_have_whole_ids_and_exact_times(place: list[str], capsys: Capture) -> None:
    assert call("ls", "--status", "FAILED", "-o", "json", *place) == 0
    assert read_json(capsys) == [
        {
            "run_id": "run-f",
            "name": readable_name("run-f"),
            "pipeline": "etl",
            "deployment": None,
            "status": "failed",
            "started_at": "2026-01-01T05:00:00.000000Z",
            "ended_at": "2026-01-01T05:00:05.000000Z",
            "duration_us": 5_000_000,
            "parent_run_id": "run-3",
            "tags": [],
            "error_type": "ValueError",
            "error_message": "no rows",
            "deleted_at": None,
        }
    ]
    assert call("ls", "-o", "csv", "--tag", "demo", *place) == 0
    rows = [*csv.DictReader(io.StringIO(capsys.readouterr().out))]
    assert [(row["run_id"], row["tags"]) for row in rows] == [(f"run-{n}", '["demo"]') for n in (3, 2, 1, 0)]


@pytest.mark.parametrize(
    ("options", "n", "said"),
    [
        (["--limit", "2"], 2, "2 of 7 runs; --all shows all\n"),
        (["--limit", "7"], 7, ""),
        (["--all", "--limit", "2"], 7, ""),
        (["--limit", "1", "--deployment", "nightly"], 1, "1 of 4 runs; --all shows all\n"),
    ],
)
@pytest.mark.parametrize("output", ["table", "csv"])
def test_limit_says_how_many_there_are(
    place: list[str], capsys: Capture, options: list[str], n: int, said: str, output: str
) -> None:
    assert call("ls", *options, "-o", output, *place) == 0
    out, err = capsys.readouterr()
    assert (len(out.splitlines()), err) == (n + 1, said)


def test_twenty_runs_are_listed_unless_asked(tmp_path: Path, capsys: Capture) -> None:
    for number in range(25):
        write_run(tmp_path / "runs", f"run-{number:02}", [run_start()], at=START + number * SECOND)
    assert call("ls") == 0
    out, err = capsys.readouterr()
    assert (len(out.splitlines()), err) == (21, "20 of 25 runs; --all shows all\n")


def test_without_runs_that_is_said(place: list[str], capsys: Capture) -> None:
    assert call("ls", "--pipeline", "nothing", *place) == 0
    assert capsys.readouterr() == ("", "no runs\n")
    assert call("ls", "--pipeline", "nothing", "-o", "json", *place) == 0
    assert read_json(capsys) == []


def test_deleted_runs_are_listed_when_asked_for(tmp_path: Path, capsys: Capture) -> None:
    write_run(tmp_path / "runs", "run-1", [run_start(), end()])
    write_run(tmp_path / "runs", "run-2", [run_start(), end()])
    assert call("delete", "run-1", "--yes") == 0
    capsys.readouterr()
    assert call("ls", "-o", "json") == 0
    assert [row["run_id"] for row in read_json(capsys)] == ["run-2"]
    assert call("ls", "--deleted", "-o", "json") == 0
    assert [(row["run_id"], row["deleted_at"]) for row in read_json(capsys)] == [
        ("run-2", None),
        ("run-1", "2026-01-01T06:00:00.000000Z"),
    ]
    assert call("ls", "--deleted") == 0
    assert capsys.readouterr().out.splitlines()[0].split()[-1] == "Deleted"


def test_listed_ids_are_those_that_other_commands_take(tmp_path: Path, capsys: Capture) -> None:
    ids = ["019a1b2c-3d4e-7000-8000-000000000001", "019a1b2c-3d4e-7100-8000-000000000002", "019a1b2d-3d4e-7000-8000-3"]
    for run_id in ids:
        write_run(tmp_path / "runs", run_id, [run_start()])
    assert call("ls") == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]]
    assert sorted(listed) == ["019a1b2c-3d4e-70", "019a1b2c-3d4e-71", "019a1b2d"]
    for short in listed:
        assert call("inspect", short, "-o", "json") == 0
        assert read_json(capsys)["run_id"] in [run_id for run_id in ids if run_id.startswith(short)]


# inspect


def test_everything_of_a_run_is_shown(place: list[str], capsys: Capture) -> None:
    assert call("inspect", "run-3", *place) == 0
    out, err = capsys.readouterr()
    assert err == ""
    shown = sections(out)
    assert shown[""][:5] == [
        ["Id", "run-3"],
        ["Name", readable_name("run-3")],
        ["Pipeline", "churn"],
        ["Deployment", "nightly"],
        ["Status", "completed"],
    ]
    assert ["Started", "1", "Jan", "2026,", "03:00:00", "UTC", "(3", "h", "ago)"] in shown[""]
    assert ["Missing", "0"] in shown[""]
    assert shown["Parameters"][1:] == [["lr", "0.30000000000000004"], ["note", "null"]]
    assert shown["Code and machine"][1:] == [["v", "1"]]
    assert shown["Steps"][1:] == [["load", "1", "completed", "3.0", "s"], ["train", "1", "completed", "11.0", "s"]]
    assert shown["Metrics"][1:] == [["accuracy", "0.93", "1", "train"], ["loss", "0.2", "1", "train"]]
    assert shown["List metrics"][1] == ["curve", "5", "1.4", "0.8", "0.8", "1.4", "train"]
    assert shown["Artifacts"][3] == ["worst-rows", "4", "table", "–", "#", "Title"]
    assert shown["Artifacts"][6] == ["–", "–", "markdown", "–", "Without", "key"]
    assert shown["Inputs"][1:] == [["summary", "version", "3", "load"]]
    assert shown["Runs that it started"][1][:3] == ["run-f", readable_name("run-f"), "etl"]


def test_error_of_a_run_is_shown_with_its_traceback(place: list[str], capsys: Capture) -> None:
    assert call("inspect", "run-f", *place) == 0
    out = capsys.readouterr().out
    assert "Error       ValueError: no rows\n" in out
    assert f"Started by  run-3 ({readable_name('run-3')}, churn)\n" in out
    assert out.endswith("\nTraceback\n  Traceback (most recent call last):\n    …\n  ValueError: no rows\n")


def test_json_of_a_run_is_complete(place: list[str], capsys: Capture) -> None:
    assert call("inspect", "run-2", "-o", "json", *place) == 0
    run = read_json(capsys)
    assert {name: run[name] for name in ("run_id", "status", "started_at", "duration_us", "tags", "error")} == {
        "run_id": "run-2",
        "status": "completed",
        "started_at": "2026-01-01T02:00:00.000000Z",
        "duration_us": 18 * SECOND,
        "tags": ["demo"],
        "error": None,
    }
    assert (run["params"], run["context"], run["n_missing"]) == ({"lr": 0.2, "note": None}, {"v": 1}, 0)
    assert [(step["name"], step["depth"], step["error"]) for step in run["steps"]] == [
        ("load", 0, None),
        ("train", 0, None),
    ]
    assert {metric["name"]: metric["value"] for metric in run["metrics"]} == {"accuracy": 0.92, "loss": "NaN"}
    assert {row["name"]: (row["n_values"], row["first"], row["last"]) for row in run["list_metrics"]} == {
        "curve": (5, 1.4, 0.8),
        "late": (3, 1.0, 3.0),
    }
    assert [(row["key"], row["version"]) for row in run["artifacts"]] == [
        *((key, 3) for key in ("source", "summary", "worst-rows", "plot", "epochs")),
        (None, None),
    ]
    assert run["artifacts"][2]["description"] == "# Title\n\nThe worst rows.\n\nMore of it."
    assert [(edge["key"], edge["version"], edge["step"]) for edge in run["inputs"]] == [("summary", 2, "load")]
    assert [run[name] for name in ("outputs", "started_runs", "problems", "unknown")] == [[], [], [], []]


def test_json_of_an_error_has_its_parts(place: list[str], capsys: Capture) -> None:
    assert call("inspect", "run-f", "-o", "json", *place) == 0
    run = read_json(capsys)
    error = {
        "type": "ValueError",
        "message": "no rows",
        "traceback": "Traceback (most recent call last):\n  …\nValueError: no rows",
    }
    assert (run["error"], run["steps"][0]["error"]) == (error, error)


def test_run_that_still_runs_tells_its_newest_record(place: list[str], capsys: Capture) -> None:
    assert call("inspect", "latest", *place) == 0
    facts = sections(capsys.readouterr().out)[""]
    assert [fact[0] for fact in facts][3:6] == ["Status", "Started", "Last"]
    assert ["Status", "running"] in facts


def test_lines_that_could_not_be_used_are_shown(tmp_path: Path, capsys: Capture) -> None:
    path = write_run(tmp_path / "runs", "run-1", [run_start()])
    path.write_bytes(path.read_bytes() + b'{"kind":"metric"\n')
    assert call("inspect", "run-1") == 0
    (problem,) = sections(capsys.readouterr().out)["Problems"][1:]
    assert problem[:2] == ["run-1/main.jsonl", "3"]


# compare


def test_only_what_differs_is_shown(tmp_path: Path, place: list[str], capsys: Capture) -> None:
    (tmp_path / "reportgen.toml").write_text(CONFIG, "utf-8")
    assert call("compare", "run-1", "run-3", *place) == 0
    out, err = capsys.readouterr()
    shown = sections(out)
    assert err == ""
    assert [*shown] == ["", "Parameters", "Metrics", "Artifacts"]
    assert [row[:2] for row in shown[""][1:]] == [["old", "run-1"], ["new", "run-3"]]
    assert shown["Parameters"][1:] == [["lr", "0.1", "0.30000000000000004", "changed"]]
    assert shown["Metrics"] == [
        ["Metric", "Old", "New", "Change", "Verdict"],
        ["accuracy", "0.91", "0.93", "↑", "+0.02", "(+2.2", "%)", "better"],
        ["loss", "0.4", "0.2", "↓", "-0.2", "(-50.0", "%)", "better"],
    ]
    assert shown["Artifacts"][1:] == [
        ["epochs", "progress", "version", "2", "progress", "version", "4", "changed"],
        ["summary", "–", "markdown", "version", "4", "new"],
    ]


def test_tolerance_and_direction_are_honoured(tmp_path: Path, place: list[str], capsys: Capture) -> None:
    (tmp_path / "reportgen.toml").write_text(CONFIG, "utf-8")
    assert call("compare", "run-1", "run-0", "-o", "json", *place) == 0
    assert [(row["name"], row["old"], row["new"], row["verdict"]) for row in read_json(capsys)["metrics"]] == [
        ("accuracy", 0.91, 0.9, "in tolerance"),
        ("loss", 0.4, 0.5, "worse"),
    ]


def test_everything_is_shown_when_asked_for(place: list[str], capsys: Capture) -> None:
    assert call("compare", "run-1", "run-2", "--all", *place) == 0
    shown = sections(capsys.readouterr().out)
    assert [*shown] == [*("", "Run", "Parameters", "Metrics", "List metrics", "Artifacts", "Code and machine")]
    assert ["pipeline", "churn", "churn", "same"] in shown["Run"]
    assert ["duration", "18.0", "s", "18.0", "s", "same"] in shown["Run"]
    assert ["curve", "last", "0.8", "0.8", "same"] in shown["List metrics"]
    assert ["plot", "image", "version", "2", "image", "version", "3", "same"] in shown["Artifacts"]


def test_runs_without_differences_are_told_so(place: list[str], capsys: Capture) -> None:
    assert call("compare", "run-1", "run-1", *place) == 0
    out, err = capsys.readouterr()
    assert (len(out.splitlines()), err) == (3, "no differences; --all shows what is equal\n")


def test_json_of_a_comparison_has_every_part(place: list[str], capsys: Capture) -> None:
    assert call("compare", "latest~3", "run-f", "-o", "json", *place) == 0
    found = read_json(capsys)
    assert (found["old"]["run_id"], found["new"]["run_id"]) == ("run-3", "run-f")
    assert {row["name"]: (row["old"], row["new"]) for row in found["facts"]} == {
        "pipeline": ("churn", "etl"),
        "deployment": ("nightly", None),
        "status": ("completed", "failed"),
        "error_type": (None, "ValueError"),
        "duration_us": (18_000_000, 5_000_000),
        "tags": (["demo"], None),
    }
    assert found["metrics"][1] == {
        "name": "loss",
        "outcome": "gone",
        "old": 0.2,
        "new": None,
        "difference": None,
        "percent": None,
        "verdict": None,
    }
    assert [row["measure"] for row in found["list_metrics"]] == ["last", "min", "max"] * 2
    assert found["context"] == [{"name": "v", "outcome": "gone", "old": 1, "new": None}]
    assert found["artifacts"][0] == {
        "key": "epochs",
        "outcome": "gone",
        "old_version": 4,
        "new_version": None,
        "old_type": "progress",
        "new_type": None,
    }


def test_values_that_read_the_same_are_told_apart(tmp_path: Path, capsys: Capture) -> None:
    old = [run_start(params={"n": 1, "seed": None}), metric("m", 0.1 + 0.2), metric("big", 0.93)]
    new = [run_start(params={"n": "1"}), metric("m", 0.3), metric("big", 0.930_001)]
    write_run(tmp_path / "runs", "run-1", old)
    write_run(tmp_path / "runs", "run-2", new, at=START + HOUR)
    assert call("compare", "run-1", "run-2") == 0
    shown = sections(capsys.readouterr().out)
    assert shown["Parameters"][1:] == [["n", "1", '"1"', "changed"], ["seed", "null", "–", "gone"]]
    assert shown["Metrics"][1:] == [
        ["big", "0.930000", "0.930001", "↑", "+0.000001", "(+0.00", "%)"],
        ["m", "0.300000000000", "0.300000000000", "-5.55e-17"],
    ]


# delete


def deleted_runs(log_dir: Path) -> dict[str, str | None]:
    """The runs that were deleted, and why."""
    rows = table_rows(open_source([log_dir]).store.read("runs"))
    return {row["run_id"]: row["deleted_reason"] for row in rows if row["deleted_at"] is not None}


@pytest.fixture
def log_dir(tmp_path: Path) -> Path:
    write_small_project(tmp_path / "runs")
    write_run(tmp_path / "runs", "run-w", [run_start("watch"), artifact("aw")], at=NOW - MINUTE)
    return tmp_path / "runs"


def test_run_is_deleted_with_its_reason(log_dir: Path, capsys: Capture) -> None:
    assert call("delete", "run-0", "--yes", "--reason", "wrong data") == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith(f"deleted run run-0 ({readable_name('run-0')}, churn); ")
    assert deleted_runs(log_dir) == {"run-0": "wrong data"}
    assert b"text of a0" not in b"".join(path.read_bytes() for path in log_dir.rglob("*") if path.is_file())


def test_several_runs_are_deleted_at_once(log_dir: Path, capsys: Capture) -> None:
    assert call("delete", "run-0", "latest~2", "run-f", "-y") == 0
    assert capsys.readouterr().out.startswith("deleted 2 runs (run-0, run-f); ")
    assert deleted_runs(log_dir) == {"run-0": None, "run-f": None}


class Terminal(io.StringIO):
    """A standard input where somebody types."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "code", "gone"), [("y\n", 0, ["run-0"]), ("n\n", 1, []), ("\n", 1, [])])
def test_question_comes_first_and_names_what_will_be_lost(
    log_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, answer: str, code: int, gone: list[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert call("delete", "run-0") == code
    question = f"Delete run run-0 ({readable_name('run-0')}, churn) with 6 artifacts and 4 metrics? [y/N]:"
    assert capsys.readouterr().out.startswith(question)
    assert [*deleted_runs(log_dir)] == gone


def test_without_a_terminal_nothing_is_deleted_unless_yes_is_said(
    log_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert call("delete", "run-0") == 1
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert err.endswith("add --yes\n")
    assert deleted_runs(log_dir) == {}


def test_run_that_still_runs_is_deleted_by_force_only(log_dir: Path, capsys: Capture) -> None:
    assert call("delete", "run-0", "run-w", "--yes") == 1
    err = capsys.readouterr().err
    assert "run run-w " in err
    assert err.endswith("is still running: wait for its end, or add --force\n")
    assert deleted_runs(log_dir) == {}
    assert call("delete", "run-w", "--yes", "--force") == 0
    assert [*deleted_runs(log_dir)] == ["run-w"]


def test_run_is_deleted_once(log_dir: Path, capsys: Capture) -> None:
    assert call("delete", "run-0", "--yes") == 0
    capsys.readouterr()
    assert call("delete", "run-0", "--yes") == 1
    assert "is deleted already" in capsys.readouterr().err


def test_nothing_is_deleted_from_a_site(log_dir: Path, capsys: Capture) -> None:
    assert cli.run(["build", "-q"]) == 0
    before = {path: path.read_bytes() for path in Path("site").rglob("*") if path.is_file()}
    assert call("delete", "run-0", "--yes", "--logs", "site") == 1
    err = capsys.readouterr().err
    assert err == "error: site is a site, not a log directory: delete from the logs and build again\n"
    assert {path: path.read_bytes() for path in Path("site").rglob("*") if path.is_file()} == before


def test_unknown_run_among_others_stops_all(log_dir: Path, capsys: Capture) -> None:
    assert call("delete", "run-0", "run-x", "--yes") == 1
    assert "there is no run 'run-x'" in capsys.readouterr().err
    assert deleted_runs(log_dir) == {}


# All of them


COMMANDS: list[list[str]] = [["inspect"], ["compare", "run-0"], ["delete", "--yes"]]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
@pytest.mark.parametrize("text", ["nothing", "run-", "latest~99", ""])
def test_what_means_no_run_is_one_line(log_dir: Path, capsys: Capture, command: list[str], text: str) -> None:
    assert call(*command, text) == 1
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert err.startswith("error: ")


@pytest.mark.parametrize("words", [["inspect"], ["compare", "run-0"], ["delete"], ["ls", "--limit", "0"]])
def test_wrong_usage_is_told_apart(log_dir: Path, words: list[str]) -> None:
    assert call(*words) == 2


@pytest.fixture
def wild(tmp_path: Path) -> None:
    """Two runs in which every text is hostile."""
    for number in range(2):
        records = [
            run_start(WILD, name=WILD, deployment=WILD, tags=[WILD], params={WILD: WILD}, context={WILD: [WILD]}),
            artifact(f"a{number}", "key", data=str(number), description=WILD),
            metric(WILD, number),
            end("failed", (WILD, WILD, WILD)),
        ]
        write_run(tmp_path / "runs", f"run-{number}", records, at=START + number * HOUR)


@pytest.mark.parametrize(
    "words", [["ls"], ["inspect", "run-0"], ["compare", "run-0", "run-1", "--all"], ["delete", "run-0", "-y"]]
)
@pytest.mark.parametrize("output", ["table", "json"])
def test_hostile_texts_reach_no_terminal(wild: None, capsys: Capture, words: list[str], output: str) -> None:
    (Path.cwd() / "reportgen.toml").write_text(f"headline_metrics = [{json.dumps(WILD)}]\n", "utf-8")
    assert call(*words, *(["-o", output] if words[0] != "delete" else [])) == 0
    out, err = capsys.readouterr()
    assert not {*out, *err} & {*"\x1b\u202e"}
    if output == "json" and words[0] == "inspect":
        assert json.loads(out)["params"] == {WILD: WILD}


def test_deeply_nested_values_are_shown(tmp_path: Path, capsys: Capture) -> None:
    path = write_run(tmp_path / "runs", "run-1", [run_start(params={"deep": "DEEP"})])
    path.write_bytes(path.read_bytes().replace(b'"DEEP"', b"[" * 900 + b"]" * 900))
    for words in (["inspect", "run-1"], ["inspect", "run-1", "-o", "json"], ["compare", "run-1", "latest", "--all"]):
        assert call(*words) == 0
        assert "…" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["inspect", "run-1", "-o", "json"], ["compare", "run-0", "run-2"], ["ls"]])
def test_logs_and_site_give_the_same_answer(log_dir: Path, capsys: Capture, words: Sequence[str]) -> None:
    def answer(*more: str) -> tuple[str, str]:
        assert call(*words, *more) == 0
        return capsys.readouterr()

    assert cli.run(["build", "-q"]) == 0
    assert answer() == answer("--logs", "site") == answer("--logs", "runs", "--logs", "site")


def test_help_is_instant() -> None:
    code = (
        "import sys; from reportgen import cli; from reportgen.cli.runs import runs; cli.cli.add_command(runs)\n"
        "for word in 'ls', 'inspect', 'compare', 'delete': assert cli.run(['run', word, '--help']) == 0\n"
        "print(sorted({'pyarrow', 'jinja2', 'msgspec', 'numpy', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_ids_are_completed(log_dir: Path) -> None:
    from click.shell_completion import ShellComplete

    complete: Callable[..., Any] = ShellComplete(cli.cli, {}, "reportgen", "_X").get_completions
    for words in (["run", "inspect"], ["run", "compare", "run-0"], ["run", "delete", "run-0"]):
        assert [item.value for item in complete(words, "run-1")] == ["run-1"]
