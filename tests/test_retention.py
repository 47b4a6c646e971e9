"""Retention: what a policy lets go, what it never does, and what pruning leaves."""

from __future__ import annotations

import fcntl
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logs import HOUR, MINUTE, SECOND, START, artifact, compact, delete, end, metric, rows_of, run_start, write_run

from reportgen.compact import EMPTY, Compaction
from reportgen.deletion import Skipped, delete_artifacts, delete_runs
from reportgen.records import Record
from reportgen.retention import Plan, Policy, plan, prune
from reportgen.store import make_table

DAY = 24 * HOUR
NOW = START + 100 * DAY
OLD = Policy(max_age_us=90 * DAY)
NOTHING = Plan([], [], [], {})


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def write(logs: Path, run_id: str, *records: Record, day: float = 0, pipeline: str = "churn", **fields: Any) -> Path:
    """Write a run that ended, some days after the start."""
    return write_run(logs, run_id, [run_start(pipeline, **fields), *records, end()], at=START + int(day * DAY))


def plan_for(logs: Path, policy: Policy, now_us: int = NOW) -> Plan:
    return plan(compact(logs), policy, now_us)


def runs_of(plan: Plan) -> dict[str, str]:
    return {row["run_id"]: reason for row, reason in plan.runs}


def versions_of(plan: Plan) -> list[tuple[str, int]]:
    return [(row["key"], row["version"]) for row, _ in plan.versions]


# Age


def test_runs_without_a_record_for_longer_than_the_age_go(logs: Path) -> None:
    for day in (0, 9, 11, 99):
        write(logs, f"day-{day}", day=day)
    found = plan_for(logs, OLD)
    assert runs_of(found) == dict.fromkeys(["day-0", "day-9"], "pruned: older than 90 days")
    assert [row["pipeline"] for row, _ in found.runs] == ["churn", "churn"]
    assert found.versions == []


def test_age_counts_from_the_last_record(logs: Path) -> None:
    write(logs, "long", metric("x", 1, ts=START + 11 * DAY))
    write(logs, "edge", metric("x", 1, ts=START + 10 * DAY - 2 * SECOND), end(ts=START + 10 * DAY))
    write(logs, "short")
    assert [*runs_of(plan_for(logs, OLD))] == ["short"]
    assert [*runs_of(plan_for(logs, OLD, NOW + 1))] == ["edge", "short"]


def test_deleting_a_version_does_not_make_its_run_younger(logs: Path) -> None:
    write(logs, "r1", artifact("a"))
    write(logs, "r2", artifact("b"), day=99)
    delete_artifacts([logs], [("r1", "a")])
    assert [*runs_of(plan_for(logs, OLD))] == ["r1"]


@pytest.mark.parametrize(
    ("age_us", "text"),
    [(DAY, "1 day"), (36 * HOUR, "36 hours"), (HOUR, "1 hour"), (730 * DAY, "730 days"), (HOUR // 2, "0.5 hours")],
)
def test_reason_tells_the_age(logs: Path, age_us: int, text: str) -> None:
    write(logs, "r1")
    assert runs_of(plan_for(logs, Policy(max_age_us=age_us), START + 1000 * DAY)) == {
        "r1": f"pruned: older than {text}"
    }


# Number of runs


def test_newest_runs_of_each_pipeline_stay(logs: Path) -> None:
    for day in range(4):
        write(logs, f"a{day}", day=day, pipeline="a")
        write(logs, f"b{day}", day=day + 10, pipeline="b")
    reasons = runs_of(plan_for(logs, Policy(max_runs=2)))
    assert reasons == dict.fromkeys(["a0", "a1", "b0", "b1"], "pruned: more than 2 runs of its pipeline")
    assert set(runs_of(plan_for(logs, Policy(max_runs=3))).values()) == {"pruned: more than 3 runs of its pipeline"}
    assert runs_of(plan_for(logs, Policy(max_runs=4))) == {}


def test_newest_run_is_the_one_that_began_last(logs: Path) -> None:
    write(logs, "began-first", metric("x", 1, ts=START + 50 * DAY))
    write(logs, "began-last", day=1)
    assert [*runs_of(plan_for(logs, Policy(max_runs=1)))] == ["began-first"]


def test_tagged_runs_count_among_the_newest_and_stay_beyond_them(logs: Path) -> None:
    for day, tags in enumerate([["x"], [], ["x"], []]):
        write(logs, f"r{day}", day=day, tags=tags)
    assert [*runs_of(plan_for(logs, Policy(max_runs=2)))] == ["r1"]


def test_deleted_runs_do_not_count(logs: Path) -> None:
    for day in range(3):
        write(logs, f"r{day}", day=day)
    delete_runs([logs], ["r2"])
    found = plan_for(logs, Policy(max_runs=1))
    assert ([*runs_of(found)], found.deleted_runs) == (["r0"], ["r2"])


def test_old_run_beyond_the_number_is_listed_once_for_its_age(logs: Path) -> None:
    write(logs, "r0")
    write(logs, "r1", day=99)
    assert runs_of(plan_for(logs, Policy(90 * DAY, None, 1))) == {"r0": "pruned: older than 90 days"}


# Number of versions


def test_newest_versions_of_each_key_stay(logs: Path) -> None:
    for day in range(4):
        write(logs, f"r{day}", artifact(f"a{day}", "a"), artifact(f"n{day}", None), day=day)
    write(logs, "r9", artifact("b0", "b"), artifact("b1", "b"), artifact("b2", "b"), day=9)
    found = plan_for(logs, Policy(max_versions=2))
    assert versions_of(found) == [("a", 1), ("a", 2), ("b", 1)]
    assert {reason for _, reason in found.versions} == {"pruned: more than 2 versions of its key"}
    assert found.versions[0][0]["artifact_id"] == "a0"
    assert runs_of(found) == {}


def test_versions_of_tagged_runs_count_and_stay(logs: Path) -> None:
    for day, tags in enumerate([["x"], [], ["x"], []]):
        write(logs, f"r{day}", artifact(f"a{day}"), day=day, tags=tags)
    assert versions_of(plan_for(logs, Policy(max_versions=2))) == [("summary", 2)]


def test_versions_of_a_run_that_is_running_stay(logs: Path) -> None:
    versions = [artifact(f"a{n}") for n in range(3)]
    write_run(logs, "r1", [run_start(), *versions], at=NOW - MINUTE)
    assert versions_of(plan_for(logs, Policy(max_versions=1))) == []
    assert versions_of(plan_for(logs, Policy(max_versions=1), NOW + DAY)) == [("summary", 1), ("summary", 2)]


def test_deleted_versions_do_not_count(logs: Path) -> None:
    write(logs, "r1", *(artifact(f"a{n}") for n in range(4)), delete("a2"))
    found = plan_for(logs, Policy(max_versions=2))
    assert versions_of(found) == [("summary", 1)]
    assert found.deleted_artifacts == {"r1": ["a2"]}


def test_versions_are_counted_among_the_runs_that_stay(logs: Path) -> None:
    for day in (0, 50, 60, 70):
        write(logs, f"r{day}", artifact(f"a{day}"), day=day)
    found = plan_for(logs, Policy(max_age_us=45 * DAY, max_versions=1))
    assert [*runs_of(found)] == ["r0", "r50"]
    assert versions_of(found) == [("summary", 3)]


# What never goes


def test_run_with_the_newest_version_of_any_key_stays_with_its_versions(logs: Path) -> None:
    write(logs, "r0", artifact("a0", "other"), artifact("a1"))
    write(logs, "r1", artifact("a2"), day=1)
    write(logs, "r2", artifact("a3"), artifact("n", None), day=2)
    found = plan_for(logs, Policy(max_age_us=DAY, max_versions=1, max_runs=1))
    assert [*runs_of(found)] == ["r1"]
    assert versions_of(found) == [("summary", 1)]


def test_newest_version_is_the_newest_that_lives(logs: Path) -> None:
    write(logs, "r0", artifact("a0"))
    write(logs, "r1", artifact("a1"), day=1)
    delete_artifacts([logs], [("r1", "a1")])
    assert [*runs_of(plan_for(logs, OLD))] == ["r1"]


def test_tagged_runs_stay_however_old(logs: Path) -> None:
    write(logs, "r0", tags=["release"])
    assert plan_for(logs, Policy(1, 1, 1)) == NOTHING


def test_run_that_is_still_running_stays_and_one_that_stalled_goes(logs: Path) -> None:
    write_run(logs, "slow", [run_start(), metric("x", 1, ts=START + 40 * DAY)])
    write_run(logs, "killed", [run_start(), metric("x", 1)])
    assert [*runs_of(plan_for(logs, Policy(max_age_us=DAY, max_runs=1)))] == ["killed"]


def test_nothing_is_planned_without_runs() -> None:
    assert plan(EMPTY, Policy(1, 1, 1), NOW) == NOTHING


@pytest.mark.parametrize(("policy", "is_empty"), [(Policy(), True), (OLD, False), (Policy(None, 1), False)])
def test_policy_without_a_limit_is_empty(logs: Path, policy: Policy, is_empty: bool) -> None:
    write(logs, "r1")
    assert policy.is_empty == is_empty
    assert not is_empty or plan_for(logs, policy) == NOTHING


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    return draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "day": st.integers(0, 9),
                    "pipeline": st.sampled_from("ab"),
                    "tags": st.sampled_from([[], [], ["x"]]),
                    "keys": st.lists(st.sampled_from(["k1", "k2", None]), max_size=3),
                    "has_ended": st.booleans(),
                }
            ),
            min_size=1,
            max_size=8,
        )
    )


def write_history(logs: Path, history: Iterable[dict[str, Any]]) -> None:
    for n, run in enumerate(history):
        made = [artifact(f"a{n}-{m}", key) for m, key in enumerate(run["keys"])]
        records = [run_start(run["pipeline"], tags=run["tags"]), *made, *([end()] if run["has_ended"] else [])]
        write_run(logs, f"r{n}", records, at=START + run["day"] * DAY)


def newest(compaction: Compaction) -> dict[str, str]:
    rows = rows_of(compaction, "artifacts")
    living = [row for row in rows if row["key"] is not None and row["deleted_at"] is None]
    return {row["key"]: row["artifact_id"] for row in living}


policies = st.builds(
    Policy,
    st.none() | st.integers(1, 10).map(DAY.__mul__),
    st.none() | st.integers(1, 3),
    st.none() | st.integers(1, 3),
)


@given(histories(), policies, policies)
@settings(max_examples=25)
def test_pruning_keeps_its_promises_and_is_done_after_once(
    history: list[dict[str, Any]], policy: Policy, other: Policy
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        logs = Path(folder)
        write_history(logs, history)
        for each in (policy, other):
            before = compact(logs)
            found = plan(before, each, START + 10 * DAY)
            result = prune([logs], found)
            after = compact(logs)
            assert (result.failed, result.skipped) == ([], [])
            assert newest(after) == newest(before)
            numbers = [
                {(row["run_id"], row["artifact_id"]): row["version"] for row in rows_of(compaction, "artifacts")}
                for compaction in (before, after)
            ]
            assert numbers[0] == numbers[1]
            dead = {row["run_id"] for row in rows_of(after, "runs") if row["deleted_at"] is not None}
            assert dead == {*found.deleted_runs, *runs_of(found)}
            assert not any(row["tags"] and row["run_id"] in dead for row in rows_of(after, "runs"))
            again = plan(after, each, START + 10 * DAY)
            assert (again.runs, again.versions) == ([], [])


# Pruning


def test_pruned_runs_and_versions_are_tombstones_with_the_reason(logs: Path) -> None:
    for day in (0, 50, 60):
        write(logs, f"r{day}", artifact(f"a{day}"), artifact(f"b{day}", "other"), day=day)
    result = prune([logs], plan_for(logs, Policy(max_age_us=90 * DAY, max_versions=1)))
    assert (result.runs, result.artifacts, result.purged) == (["r0"], [("r50", "b50"), ("r50", "a50")], [])
    assert result.n_bytes > 0
    reasons = {row["artifact_id"]: row["deleted_reason"] for row in rows_of(compact(logs), "artifacts")}
    assert reasons == {
        **dict.fromkeys(["a0", "b0"], "pruned: older than 90 days"),
        **dict.fromkeys(["a50", "b50"], "pruned: more than 1 version of its key"),
        **dict.fromkeys(["a60", "b60"]),
    }


def test_content_that_could_not_go_then_goes_the_next_time(logs: Path) -> None:
    path = write(logs, "r0", artifact("a"))
    other = write(logs, "r1", artifact("b"), artifact("c"), day=1)
    with path.open("ab") as one, other.open("ab") as two:
        fcntl.flock(one, fcntl.LOCK_SH)
        fcntl.flock(two, fcntl.LOCK_SH)
        first = prune([logs], plan_for(logs, Policy(max_age_us=90 * DAY, max_versions=1)))
    assert (first.runs, first.artifacts) == (["r0"], [("r1", "b")])
    assert first.skipped == [Skipped(path, "still open"), Skipped(other, "still open")]
    second = prune([logs], plan_for(logs, OLD))
    assert (second.runs, second.artifacts, second.purged, second.skipped) == ([], [], ["r0", "r1"], [])
    assert second.n_bytes > 0
    assert b"text of b" not in other.read_bytes()
    assert prune([logs], plan_for(logs, OLD)).purged == []


def test_versions_of_a_run_go_together_with_what_was_left_of_it(logs: Path) -> None:
    path = write(logs, "r1", *(artifact(f"a{n}") for n in range(4)), delete("a2"))
    result = prune([logs], plan_for(logs, Policy(max_versions=1)))
    assert result.artifacts == [("r1", "a0"), ("r1", "a1")]
    assert [name for name in ("a0", "a1", "a2", "a3") if f"text of {name}".encode() in path.read_bytes()] == ["a3"]


def test_failure_in_one_run_does_not_stop_the_others(logs: Path) -> None:
    for day in range(3):
        write(logs, f"r{day}", day=day)
    found = plan_for(logs, OLD)
    (logs / "r1" / "main.jsonl").unlink()
    result = prune([logs], found)
    assert (result.runs, [failed.run_id for failed in result.failed]) == (["r0", "r2"], ["r1"])
    assert "there is no run 'r1' in these logs" in result.failed[0].reason


def test_progress_sees_every_run_once(logs: Path) -> None:
    for day in range(3):
        write(logs, f"r{day}", artifact(f"a{day}"), artifact(f"b{day}"), day=day)
    seen: list[str] = []

    def watch(run_ids: Iterable[str]) -> Iterable[str]:
        for run_id in run_ids:
            yield run_id
            seen.append(run_id)

    prune([logs], plan_for(logs, Policy(max_age_us=99 * DAY - HOUR, max_versions=1)), watch)
    assert seen == ["r0", "r1", "r2"]


def test_plan_for_twenty_thousand_runs_takes_no_second() -> None:
    tags: list[list[str]] = [[], ["x"]]
    runs = [
        {
            "run_id": f"r{n:05}",
            "pipeline": f"p{n % 40}",
            "status": "completed",
            "started_at": START + n * MINUTE,
            "last_record_at": START + n * MINUTE,
            "longest_silence_us": 0,
            "tags": tags[n % 100 == 0],
            "detached": False,
        }
        for n in range(20_000)
    ]
    made = [
        {"key": f"k{n % 300:03}", "version": n // 300 + 1, "artifact_id": f"a{n:05}", "run_id": f"r{n // 3:05}"}
        for n in range(60_000)
    ]
    rows = {"runs": make_table("runs", runs), "artifacts": make_table("artifacts", made)}
    store = Compaction({**EMPTY.tables, **rows}, EMPTY.days)
    began = time.process_time()
    found = plan(store, Policy(10 * DAY, 10, 100), START + 20_000 * MINUTE)
    assert time.process_time() - began < 1
    assert (len(found.runs) > 10_000, len(found.versions) > 0) == (True, True)
