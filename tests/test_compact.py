"""Compaction: what the records of runs come to, whatever the order in which they are found."""

from __future__ import annotations

import hashlib
import json
import math
import random
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logs import (
    HOUR,
    MINUTE,
    SECOND,
    START,
    artifact,
    compact,
    contents_of,
    delete,
    end,
    list_metric,
    metric,
    number_records,
    points_of,
    progress,
    rows_of,
    run_start,
    step_start,
    use,
    write_run,
)

from reportgen.compact import Compaction, compact_runs, expand_run, merge
from reportgen.compact.archive import without_contents
from reportgen.contentfacts import digest_content
from reportgen.log.reader import Problem, RunRecords, Unknown
from reportgen.records import Delete, Record
from reportgen.sources import load_store
from reportgen.store import table_rows, to_parquet

CONTENT_FACTS = ("content_digest", "n_rows", "n_columns", "percent", "blob")


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def versions(compaction: Compaction, key: str = "summary") -> dict[str, int]:
    rows = rows_of(compaction, "artifacts")
    return {row["artifact_id"]: row["version"] for row in rows if row["key"] == key}


# Versions


def test_versions_count_up_by_time_of_creation(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), artifact("late")], at=START + HOUR)
    write_run(logs, "r2", [run_start(), artifact("early")])
    assert versions(compact(logs)) == {"early": 1, "late": 2}


def test_versions_of_one_moment_count_up_by_run_then_writer_then_number(logs: Path) -> None:
    at = START + MINUTE
    write_run(logs, "r2", [run_start(), artifact("d", ts=at)])
    write_run(logs, "r1", [artifact("b", ts=at), artifact("c", ts=at)], writer="w2")
    write_run(logs, "r1", [run_start(), artifact("z", ts=at)], writer="w1")
    assert versions(compact(logs)) == {"z": 1, "b": 2, "c": 3, "d": 4}


def test_each_key_is_counted_by_itself_and_no_key_is_not_counted(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), artifact("a", "one"), artifact("b", "two"), artifact("c", None)])
    rows = {row["artifact_id"]: (row["key"], row["version"]) for row in rows_of(compact(logs), "artifacts")}
    assert rows == {"a": ("one", 1), "b": ("two", 1), "c": (None, None)}


def test_artifact_recorded_twice_under_one_id_is_one_version(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), artifact("a", data="first"), artifact("a", data="again")])
    compaction = compact(logs)
    assert [row["version"] for row in rows_of(compaction, "artifacts")] == [1]
    assert contents_of(compaction) == {"a": '"first"'}


def test_progress_updates_are_folded_into_one_version(logs: Path) -> None:
    records = [
        run_start(),
        artifact("p", type="progress", data=0, description="start"),
        progress("p", 40.0),
        progress("p", 99.5, description="nearly"),
        progress("p", 100.0),
    ]
    write_run(logs, "r1", records)
    compaction = compact(logs)
    (row,) = rows_of(compaction, "artifacts")
    assert (row["version"], row["n_updates"], row["percent"], row["description"]) == (1, 3, 100.0, "nearly")
    assert contents_of(compaction) == {"p": "100.0"}
    assert (row["created_at"], row["updated_at"]) == (START + 2 * SECOND, START + 5 * SECOND)


def test_progress_of_a_writer_whose_clock_is_behind_is_folded_too(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), artifact("p", type="progress", data=0)], at=START + MINUTE)
    write_run(logs, "r1", [progress("p", 70.0)], writer="child")
    compaction = compact(logs)
    (row,) = rows_of(compaction, "artifacts")
    assert (row["percent"], row["n_updates"]) == (70.0, 1)
    assert contents_of(compaction) == {"p": "70.0"}
    assert row["updated_at"] == row["created_at"]
    assert rows_of(compaction, "problems") == []


@pytest.mark.parametrize(
    ("target", "reason"), [("a", "is of type markdown"), ("nowhere", "is not in this run")], ids=["type", "unknown"]
)
def test_progress_of_what_is_no_progress_artifact_is_a_problem(logs: Path, target: str, reason: str) -> None:
    write_run(logs, "r1", [run_start(), artifact("a", data="text"), progress(target, 40.0)])
    compaction = compact(logs)
    assert contents_of(compaction) == {"a": '"text"'}
    (problem,) = rows_of(compaction, "problems")
    assert reason in problem["reason"]
    assert problem["run_id"] == "r1"


def test_deleted_version_keeps_its_number_and_loses_its_content(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), artifact("a", description="why"), artifact("b"), artifact("c")])
    write_run(logs, "r2", [run_start(), delete("b", "private data"), artifact("d")], at=START + HOUR)
    compaction = compact(logs)
    assert versions(compaction) == {"a": 1, "b": 2, "c": 3, "d": 4}
    rows = {row["artifact_id"]: row for row in rows_of(compaction, "artifacts")}
    gone = rows["b"]
    assert (gone["deleted_at"], gone["deleted_reason"]) == (START + HOUR + 2 * SECOND, "private data")
    assert [gone[name] for name in ("description", *CONTENT_FACTS)] == [None] * 6
    assert rows["a"]["deleted_at"] is None
    assert contents_of(compaction) == {name: f'"text of {name}"' for name in "acd"}


def test_deletion_takes_the_content_of_its_own_artifact_only(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), artifact("a"), artifact("b")])
    write_run(logs, "r2", [run_start(), artifact("b", data="of another run"), delete(None)], at=START + 30 * HOUR)
    compaction = compact(logs)
    assert contents_of(compaction) == {"a": '"text of a"', "b": '"text of b"'}
    assert [*compaction.days["contents"]] == ["2026-01-01"]  # no file for a day without any


def test_first_of_two_deletions_counts(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), artifact("a"), delete("a", "first"), delete("a", "second")])
    (row,) = rows_of(compact(logs), "artifacts")
    assert (row["deleted_reason"], row["deleted_at"]) == ("first", START + 3 * SECOND)


# Contents


def test_contents_lie_by_the_day_their_run_began_sorted_by_run_and_artifact(logs: Path) -> None:
    late = artifact("z", ts=START + 30 * HOUR)
    write_run(logs, "r2", [run_start(), late, artifact("a", ts=START + 40 * HOUR)], at=START + 24 * HOUR - SECOND)
    write_run(logs, "r1", [run_start(), artifact("m")], at=START + 20 * HOUR)
    write_run(logs, "r0", [run_start(), artifact("x")], at=START + 24 * HOUR)
    write_run(logs, "r9", [run_start()], at=START + 90 * HOUR)
    days = compact(logs).days["contents"]
    found = {day: [(row["run_id"], row["artifact_id"]) for row in table_rows(table)] for day, table in days.items()}
    assert found == {"2026-01-01": [("r1", "m"), ("r2", "a"), ("r2", "z")], "2026-01-02": [("r0", "x")]}


FACTS: dict[str, tuple[str, Any, tuple[int | None, int | None, float | None, str | None]]] = {
    "text": ("markdown", "text", (None, None, None, None)),
    "text that looks like a file": ("markdown", {"blob": "x.png"}, (None, None, None, None)),
    "link": ("link", {"link": "https://example.org"}, (None, None, None, None)),
    "table": ("table", {"columns": ["a", "b"], "rows": [[1, 2], [3, 4], [5, 6]]}, (3, 2, None, None)),
    "empty table": ("table", {"columns": ["a", "b"], "rows": []}, (0, 2, None, None)),
    "rows wider than names": ("table", {"columns": ["a"], "rows": [[1], [2, 3, 4]]}, (2, 3, None, None)),
    "table in a file": ("table", {"columns": ["a"], "rows": [[1]], "blob": "x", "n_rows": 9}, (9, 1, None, "x")),
    "file with fewer rows": ("table", {"columns": ["a"], "rows": [[1]], "blob": "x", "n_rows": 0}, (1, 1, None, "x")),
    "file with odd rows": ("table", {"columns": ["a"], "rows": [], "blob": "x", "n_rows": 10**30}, (0, 1, None, "x")),
    "file with a flag": ("table", {"columns": ["a"], "rows": [], "blob": 7, "n_rows": True}, (0, 1, None, None)),
    "rows without a file": ("table", {"columns": ["a"], "rows": [], "n_rows": 9}, (0, 1, None, None)),
    "rows that are none": ("table", {"columns": ["a"], "rows": [1]}, (0, 0, None, None)),
    "table that is a text": ("table", "text", (0, 0, None, None)),
    "table that is nothing": ("table", None, (0, 0, None, None)),
    "image": ("image", {"blob": "x.png", "name": "plot.png"}, (None, None, None, "x.png")),
    "image elsewhere": ("image", {"url": "https://example.org/x.png"}, (None, None, None, None)),
    "image with an odd file": ("image", {"blob": ["x.png"]}, (None, None, None, None)),
    "progress": ("progress", 50, (None, None, 50.0, None)),
    "progress that is a flag": ("progress", True, (None, None, None, None)),
    "progress that is a text": ("progress", "50", (None, None, None, None)),
    "progress out of range": ("progress", 10**400, (None, None, None, None)),
}


@pytest.mark.parametrize(("kind", "data", "expected"), FACTS.values(), ids=FACTS)
def test_facts_of_the_content_stand_with_the_artifact(
    logs: Path, kind: str, data: Any, expected: tuple[Any, ...]
) -> None:
    write_run(logs, "r1", [run_start(), artifact("a", type=kind, data=data)])
    compaction = compact(logs)
    (row,) = rows_of(compaction, "artifacts")
    content = contents_of(compaction)["a"]
    assert json.loads(content) == data
    assert row["content_digest"] == hashlib.blake2b(content.encode(), digest_size=16).hexdigest()
    assert tuple(row[name] for name in CONTENT_FACTS[1:]) == expected


def test_facts_of_progress_are_those_of_its_last_state(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), artifact("a", type="progress", data=0), progress("a", 70.0)])
    write_run(logs, "r2", [run_start(), artifact("b", type="progress", data=70.0)])
    one, other = rows_of(compact(logs), "artifacts")
    assert (one["percent"], one["content_digest"]) == (other["percent"], other["content_digest"])


# Metrics


def test_last_metric_wins_whoever_wrote_it(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), metric("accuracy", 0.1), metric("accuracy", 0.2, ts=START + HOUR)])
    write_run(logs, "r1", [metric("accuracy", 0.3)], writer="child", at=START + MINUTE)
    (row,) = rows_of(compact(logs), "metrics")
    assert (row["value"], row["n_values"], row["recorded_at"]) == (0.2, 3, START + HOUR)


@pytest.mark.parametrize(("written", "read"), [("NaN", math.nan), ("Infinity", math.inf), ("-Infinity", -math.inf)])
def test_metrics_that_are_not_finite_are_kept(logs: Path, written: str, read: float) -> None:
    write_run(logs, "r1", [run_start(), metric("loss", written)])
    assert rows_of(compact(logs), "metrics")[0]["value"] == pytest.approx(read, nan_ok=True)


def test_calls_of_a_list_metric_concatenate_and_count_x_on(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), list_metric("loss", [1.5, 1.25]), list_metric("loss", [1.0])])
    compaction = compact(logs)
    assert points_of(compaction, "loss") == [(0, 1.5), (1, 1.25), (2, 1.0)]
    (row,) = rows_of(compaction, "lists")
    assert (row["n_values"], row["first"], row["last"]) == (3, 1.5, 1.0)
    assert (row["min"], row["max"], row["mean"]) == (1.0, 1.5, 1.25)


def test_given_x_and_default_x_go_together(logs: Path) -> None:
    records = [list_metric("loss", [5, 6], [100, 200]), list_metric("loss", [7]), list_metric("loss", [8], [50.5])]
    write_run(logs, "r1", [run_start(), *records])
    assert points_of(compact(logs), "loss") == [(100, 5), (200, 6), (2, 7), (50.5, 8)]


@pytest.mark.parametrize("x", [[100], [100, 200, 300, 400]], ids=["too few", "too many"])
def test_x_of_another_length_does_not_shift_later_points(logs: Path, x: list[float]) -> None:
    write_run(logs, "r1", [run_start(), list_metric("loss", [5, 6, 7], x), list_metric("loss", [8, 9])])
    points = points_of(compact(logs), "loss")
    assert points[0] == (100, 5)
    assert points[3:] == [(3, 8), (4, 9)]


def test_summary_of_a_list_metric_is_of_its_finite_values(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), list_metric("loss", [2.0, "NaN", "Infinity", 4.0, "-Infinity"])])
    (row,) = rows_of(compact(logs), "lists")
    assert (row["n_values"], row["min"], row["max"], row["mean"], row["last"]) == (5, 2.0, 4.0, 3.0, -math.inf)


def test_empty_list_metric_has_no_numbers(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), list_metric("loss", [])])
    (row,) = rows_of(compact(logs), "lists")
    assert [row[name] for name in ("n_values", "first", "last", "min", "max", "mean")] == [0, *[None] * 5]


def test_points_lie_by_the_day_their_run_began(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), list_metric("loss", [1], ts=START + 30 * HOUR)], at=START + 24 * HOUR - SECOND)
    write_run(logs, "r2", [run_start(), list_metric("loss", [1])], at=START + 24 * HOUR)
    assert sorted(compact(logs).days["points"]) == ["2026-01-01", "2026-01-02"]


# Runs and steps


def test_run_is_one_row_with_what_it_began_and_ended_with(logs: Path) -> None:
    records = [
        run_start("churn", name="mine", deployment="nightly", params={"lr": 0.1}, tags=["a", "b"], parent="r0"),
        end("failed", ("ValueError", "no rows", "trace")),
    ]
    write_run(logs, "r1", records)
    write_run(logs, "r1", [metric("x", 1)], writer="child", at=START + SECOND)
    (row,) = rows_of(compact(logs), "runs")
    facts = {
        "run_id": "r1",
        "pipeline": "churn",
        "name": "mine",
        "deployment": "nightly",
        "params_json": '{"lr":0.1}',
        "tags": ["a", "b"],
        "parent_run_id": "r0",
        "status": "failed",
        "error_type": "ValueError",
        "error_message": "no rows",
        "error_traceback": "trace",
        "started_at": START,
        "ended_at": START + 2 * SECOND,
        "last_record_at": START + 2 * SECOND,
        "longest_silence_us": SECOND,
        "n_records": 5,
        "n_writers": 2,
        "n_missing": 0,
        "detached": False,
    }
    assert {name: row[name] for name in facts} == facts


def test_run_whose_beginning_was_lost_is_kept_with_a_problem(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), metric("x", 1)], without=[1])
    compaction = compact(logs)
    (row,) = rows_of(compaction, "runs")
    assert (row["pipeline"], row["n_missing"]) == ("unknown", 1)
    assert "beginning is missing" in rows_of(compaction, "problems")[0]["reason"]


def test_lost_records_are_counted_by_holes_for_each_writer(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), *[metric("x", n) for n in range(8)]], without=[3, 4, 7])
    write_run(logs, "r1", [metric("y", n) for n in range(3)], writer="child", without=[1])
    (row,) = rows_of(compact(logs), "runs")
    assert (row["n_missing"], row["n_writers"], row["n_records"]) == (4, 2, 10)


def test_records_of_unknown_kinds_are_kept_and_not_missing(logs: Path) -> None:
    path = write_run(logs, "r1", [run_start(), metric("x", 1)])
    later = '{"kind":"hologram","ts":1,"seq":3}\n{"kind":"metric","ts":1,"seq":4,"name":"x","value":2,"colour":"red"}\n'
    path.write_text(path.read_text("utf-8") + later, "utf-8")
    compaction = compact(logs)
    assert [(row["seq"], row["kind"]) for row in rows_of(compaction, "unknown")] == [(3, "hologram"), (4, "metric")]
    assert rows_of(compaction, "runs")[0]["n_missing"] == 0
    assert rows_of(compaction, "metrics")[0]["value"] == 2


def test_steps_have_their_parents_attempts_outcomes_and_errors(logs: Path) -> None:
    records = [
        run_start(),
        step_start("a", "fit"),
        step_start("b", "inner", step="a"),
        end("failed", ("OSError", "disk", "trace"), step="b"),
        end(step="a"),
        step_start("c", "fit", attempt=2),
    ]
    write_run(logs, "r1", records)
    columns = ("step_id", "parent_step_id", "name", "attempt", "status", "started_at", "ended_at", "error_type")
    assert [tuple(row[name] for name in columns) for row in rows_of(compact(logs), "steps")] == [
        ("a", None, "fit", 1, "completed", START + 2 * SECOND, START + 5 * SECOND, None),
        ("b", "a", "inner", 1, "failed", START + 3 * SECOND, START + 4 * SECOND, "OSError"),
        ("c", None, "fit", 2, None, START + 6 * SECOND, None, None),
    ]


# Clocks


def test_clock_that_steps_back_does_not_change_the_order_within_a_writer(logs: Path) -> None:
    records = [
        run_start(),
        metric("x", 1, ts=START + HOUR),
        artifact("first", ts=START + MINUTE),
        artifact("second", ts=START + SECOND),
        metric("x", 2, ts=START),
        end(ts=START + 2 * SECOND),
    ]
    write_run(logs, "r1", records)
    compaction = compact(logs)
    assert rows_of(compaction, "metrics")[0]["value"] == 2
    assert versions(compaction) == {"first": 1, "second": 2}
    (run,) = rows_of(compaction, "runs")
    assert (run["started_at"], run["ended_at"]) == (START, START + HOUR)


def test_steps_of_one_moment_stay_in_the_order_they_began(logs: Path) -> None:
    at = START + MINUTE
    records = [run_start(), *[step_start(name, name, ts=at) for name in ("z", "a", "m")]]
    write_run(logs, "r1", records)
    assert [row["step_id"] for row in rows_of(compact(logs), "steps")] == ["z", "a", "m"]


# Lineage


def test_edges_name_key_and_version_of_the_artifact_that_was_used(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), artifact("a"), artifact("b")])
    write_run(logs, "r2", [run_start(), use(artifact="b", step="s"), use(artifact="gone", key="old")], at=START + HOUR)
    rows = {row["artifact_id"]: row for row in rows_of(compact(logs), "edges")}
    assert (rows["b"]["key"], rows["b"]["version"], rows["b"]["step_id"]) == ("summary", 2, "s")
    assert (rows["gone"]["key"], rows["gone"]["version"]) == ("old", None)


def test_datasets_outside_are_edges_too(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), use("write", uri="s3://b/x", name="x", digest="sha256:1")])
    (row,) = rows_of(compact(logs), "edges")
    assert (row["direction"], row["uri"], row["name"], row["digest"]) == ("write", "s3://b/x", "x", "sha256:1")


# Bad and hostile input


def test_problems_of_reading_are_kept(logs: Path) -> None:
    path = write_run(logs, "r1", [run_start()])
    path.write_bytes(path.read_bytes() + b'{"kind":"metric","ts":1\n' + b'{"kind":"met')
    places = [(row["file"], row["line"]) for row in rows_of(compact(logs), "problems")]
    assert places == [("r1/main.jsonl", 3), ("r1/main.jsonl", 4)]


def test_one_number_far_beyond_the_others_counts_no_losses(logs: Path) -> None:
    path = write_run(logs, "r1", [run_start()])
    path.write_bytes(path.read_bytes() + b'{"kind":"metric","ts":1,"seq":9007199254740990,"name":"m","value":1}\n')
    (row,) = rows_of(compact(logs), "runs")
    assert (row["n_records"], row["n_missing"]) == (3, 0)


def test_journal_without_any_good_record_is_a_problem_and_no_run(logs: Path) -> None:
    (logs / "r1").mkdir(parents=True)
    (logs / "r1" / "main.jsonl").write_bytes(b"\x00" * 64 + b"\nnonsense\n")
    compaction = compact(logs)
    assert rows_of(compaction, "runs") == []
    assert [row["run_id"] for row in rows_of(compaction, "problems")] == ["r1"] * 3


BAD_NUMBERS = {
    "time out of range": ("metric", {"ts": 10**30}),
    "time long ago": ("metric", {"ts": -(10**18)}),
    "time far ahead": ("metric", {"ts": 10**18}),
    "number out of range": ("metric", {"seq": 10**30}),
    "number at the edge": ("metric", {"seq": 2**63 - 1}),
    "number below zero": ("metric", {"seq": -5}),
    "number out of range in an unknown kind": ("hologram", {"seq": 10**30}),
    "attempt out of range": ("step", {"id": "s", "attempt": 10**30}),
}


@pytest.mark.parametrize(("kind", "fields"), BAD_NUMBERS.values(), ids=BAD_NUMBERS)
def test_numbers_that_no_writer_gives_are_problems(logs: Path, kind: str, fields: dict[str, Any]) -> None:
    path = write_run(logs, "r1", [run_start()])
    value = {"value": 1} if kind == "metric" else {}
    line = json.dumps({"kind": kind, "ts": START, "seq": 2, "name": "x", **value, **fields})
    path.write_text(path.read_text("utf-8") + line + "\n", "utf-8")
    compaction = compact(logs)
    assert [(row["file"], row["line"]) for row in rows_of(compaction, "problems")] == [("r1/main.jsonl", 3)]
    assert [(row["pipeline"], row["n_missing"]) for row in rows_of(compaction, "runs")] == [("churn", 0)]


def test_number_of_any_size_may_be_in_a_table(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), artifact("t", type="table", data={"columns": ["n"], "rows": [[10**30]]})])
    assert str(10**30) in contents_of(compact(logs))["t"]


# Laws

names = st.sampled_from(["a", "b", "c"])
numbers = st.one_of(st.floats(-5, 5, allow_nan=False), st.sampled_from(["NaN", "Infinity", "-Infinity"]))
times = st.integers(START, START + 5)  # 0 would be no time for `number_records`


@st.composite
def records(draw: st.DrawFn) -> Record:
    kind = draw(st.sampled_from(["artifact", "progress", "metric", "list", "step", "end", "use", "delete", "run"]))
    ts, name = draw(times), draw(names)
    step = draw(st.sampled_from([None, "s1", "s2"]))
    match kind:
        case "artifact":
            shapes: list[dict[str, Any]] = [
                {"type": "progress", "data": 1},
                {"type": "table", "data": {"columns": ["a"], "rows": [[1]]}},
                {"type": "image", "data": {"blob": "x.png"}},
                {},
            ]
            shape = draw(st.sampled_from(shapes))
            return artifact(draw(names), draw(st.sampled_from([None, "k1", "k2"])), ts=ts, step=step, **shape)
        case "progress":
            return progress(name, draw(st.floats(0, 100)), ts=ts)
        case "metric":
            return metric(name, draw(numbers), ts=ts, step=step)
        case "list":
            values = draw(st.lists(numbers, max_size=3))
            return list_metric(name, values, [*range(len(values))] if draw(st.booleans()) else None, ts=ts)
        case "step":
            return step_start(draw(st.sampled_from(["s1", "s2", "s3"])), name, ts=ts, step=step)
        case "end":
            return end(draw(st.sampled_from(["completed", "failed"])), ts=ts, step=step)
        case "use":
            return use(draw(st.sampled_from(["read", "write"])), ts=ts, artifact=name, uri=draw(names), step=step)
        case "delete":
            return delete(draw(st.sampled_from([name, name, name, None])), draw(names), ts=ts)
        case _:
            return run_start(name, ts=ts)


journals = st.dictionaries(
    st.tuples(st.sampled_from(["r1", "r2", "r3"]), st.sampled_from(["main", "w2"])),
    st.lists(records(), max_size=6),
    min_size=1,
    max_size=5,
)
Journals = dict[tuple[str, str], list[Record]]


def as_bytes(compaction: Compaction) -> dict[str, bytes]:
    days = {f"{name}/{day}": table for name, days in compaction.days.items() for day, table in days.items()}
    return {name: to_parquet(table) for name, table in {**compaction.tables, **days}.items()}


def write_journals(log_dir: Path, logs: Journals) -> None:
    for (run_id, writer), content in logs.items():
        write_run(log_dir, run_id, content, writer)


def run_records(logs: Journals, order: Sequence[tuple[str, str]], shuffle: random.Random) -> list[RunRecords]:
    """The records as a reader gives them that found the files and lines in this order."""
    runs: dict[str, RunRecords] = {}
    for run_id, writer in order:
        run = runs.setdefault(run_id, RunRecords(run_id))
        lines = number_records(run_id, logs[run_id, writer], writer)
        shuffle.shuffle(lines)
        run.records.update({(writer, record.seq): record for record in lines})
        run.problems[:0] = [Problem(run_id, f"{run_id}/{writer}.jsonl", 1, "odd")]
        run.unknown[:0] = [Unknown(writer, 99, "hologram", "{}")]
    found = list(runs.values())
    shuffle.shuffle(found)
    return found


@given(journals, st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_order_of_files_and_of_reading_does_not_matter(logs: Journals, shuffle: random.Random) -> None:
    order = [*logs]
    one = compact_runs(run_records(logs, order, shuffle))
    shuffle.shuffle(order)
    other = compact_runs(run_records(logs, order, shuffle))
    assert as_bytes(one) == as_bytes(other)


@given(journals, st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_reading_copied_files_again_changes_nothing(logs: Journals, shuffle: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one, copy = Path(folder, "one"), Path(folder, "copy")
        write_journals(one, logs)
        before = as_bytes(compact(one))
        shutil.copytree(one, copy)
        kept = shuffle.choice([*logs])
        shutil.copyfile(one / kept[0] / f"{kept[1]}.jsonl", one / kept[0] / "copy-of-it.jsonl")
        assert as_bytes(compact(one)) == before
        assert as_bytes(compact(one, copy)) == before
        assert as_bytes(compact(copy, one)) == before


def through_parquet(compaction: Compaction, folder: Path) -> Compaction:
    """Write a store to the disk, as a site has it, and read it back."""
    for name, content in as_bytes(compaction).items():
        path = folder / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return load_store(folder)


@given(journals, st.randoms(use_true_random=False), st.integers(1, 4))
@settings(max_examples=60)
def test_compacting_parts_and_merging_is_compacting_the_whole(
    logs: Journals, shuffle: random.Random, n_parts: int
) -> None:
    whole = compact_runs(run_records(logs, [*logs], shuffle))
    order = [*logs]
    shuffle.shuffle(order)
    parts = [compact_runs(run_records(logs, order[n::n_parts], shuffle)) for n in range(n_parts)]
    assert as_bytes(merge(parts)) == as_bytes(whole)
    assert as_bytes(merge([merge(parts[:2]), merge(parts[2:])])) == as_bytes(whole)
    assert as_bytes(merge([whole, *parts])) == as_bytes(whole)


@given(journals, st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_store_on_the_disk_is_as_good_as_the_logs(logs: Journals, shuffle: random.Random) -> None:
    order = [*logs]
    shuffle.shuffle(order)
    one, other = (compact_runs(run_records(logs, order[n::2], shuffle)) for n in range(2))
    with tempfile.TemporaryDirectory() as folder:
        back = through_parquet(one, Path(folder))
        assert as_bytes(back) == as_bytes(one)
        assert as_bytes(merge([back])) == as_bytes(one)
        assert as_bytes(merge([back, other])) == as_bytes(compact_runs(run_records(logs, [*logs], shuffle)))


@given(journals, st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_records_come_out_of_the_archive_as_they_went_in(logs: Journals, shuffle: random.Random) -> None:
    runs = {run.run_id: run for run in run_records(logs, [*logs], shuffle)}
    store = compact_runs(runs.values())
    for run_id, run in runs.items():
        back = expand_run(store, run_id)
        if any(isinstance(record, Delete) for r in runs.values() for record in r.records.values()):
            assert [*back.records] == sorted(without_contents(run).records) or back.records.keys() == run.records.keys()
        else:
            assert back.records == run.records
        assert set(back.unknown) == set(run.unknown) or not back.unknown
        assert set(back.problems) == set(run.problems) or not back.problems


@given(journals)
@settings(max_examples=40)
def test_versions_of_a_key_count_from_one_without_a_hole(logs: Journals) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_journals(Path(folder), logs)
        rows = table_rows(compact(Path(folder)).tables["artifacts"])
    for key in ("k1", "k2"):
        found = [row["version"] for row in rows if row["key"] == key]
        assert found == list(range(1, len(found) + 1))


@given(journals, st.randoms(use_true_random=False), st.integers(1, 4))
@settings(max_examples=40)
def test_artifact_has_a_content_unless_it_was_deleted(logs: Journals, shuffle: random.Random, n_parts: int) -> None:
    order = [*logs]
    parts = [compact_runs(run_records(logs, order[n::n_parts], shuffle)) for n in range(n_parts)]
    merged = merge(parts)
    merged.check()
    contents = {(row["run_id"], row["artifact_id"]): row["data_json"] for row in rows_of(merged, "contents")}
    for row in rows_of(merged, "artifacts"):
        content = contents.pop((row["run_id"], row["artifact_id"]), None)
        assert (content is None) == (row["deleted_at"] is not None)
        assert row["content_digest"] == (None if content is None else digest_content(content))
    assert contents == {}
