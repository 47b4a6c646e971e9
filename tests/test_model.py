"""The model: what the tables of a site mean."""

from __future__ import annotations

import gc
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from logs import (
    HOUR,
    MINUTE,
    SECOND,
    START,
    artifact,
    delete,
    end,
    list_metric,
    metric,
    model_of,
    run_start,
    step_start,
    use,
    write_run,
)

from reportgen.model import Model, Run
from reportgen.model.rows import TextIndex
from reportgen.text import readable_name


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def model_at(logs: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> Model:
    """The model of a site that speaks of a given moment."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(at // SECOND))
    return model_of(logs)


def find(model: Model, run_id: str) -> Run:
    run = model.find_run(run_id)
    assert run is not None
    return run


# Status


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_run_that_ended_has_the_status_it_ended_with(logs: Path, monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    write_run(logs, "r1", [run_start(), end(status)])
    assert find(model_at(logs, monkeypatch, START + 1000 * HOUR), "r1").status == status


@pytest.mark.parametrize(
    ("longest_silence", "silence", "status"),
    [
        (MINUTE, 10 * MINUTE, "running"),
        (MINUTE, 10 * MINUTE + SECOND, "stalled"),
        (HOUR, 3 * HOUR, "running"),
        (HOUR, 3 * HOUR + SECOND, "stalled"),
        (MINUTE, -HOUR, "running"),
    ],
)
def test_run_without_end_runs_until_it_is_silent_for_long(
    logs: Path, monkeypatch: pytest.MonkeyPatch, longest_silence: int, silence: int, status: str
) -> None:
    last = START + SECOND + longest_silence
    write_run(logs, "r1", [run_start(), metric("x", 1, ts=last)])
    assert find(model_at(logs, monkeypatch, last + silence), "r1").status == status


def test_without_a_source_date_the_newest_record_is_now(logs: Path) -> None:
    write_run(logs, "r1", [run_start()])
    write_run(logs, "r2", [run_start(), end()], at=START + HOUR)
    model = model_of(logs)
    assert model.as_of == START + HOUR + 2 * SECOND
    assert find(model, "r1").status == "stalled"


def test_detached_run_is_never_unfinished(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(logs, "r1", [run_start(detached=True)])
    assert find(model_at(logs, monkeypatch, START + 1000 * HOUR), "r1").status == "completed"


def test_unfinished_step_shares_the_fate_of_its_run(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(logs, "r1", [run_start(), step_start("s")])
    write_run(logs, "r2", [run_start(), step_start("s"), end("failed")])
    assert find(model_at(logs, monkeypatch, START + MINUTE), "r1").steps[0].status == "running"
    model = model_at(logs, monkeypatch, START + 10 * HOUR)
    assert [run.steps[0].status for run in model.runs] == ["stalled", "cancelled"]


# Steps


def test_steps_stand_after_the_step_around_them(logs: Path) -> None:
    steps = [step_start("a"), step_start("b"), step_start("a1", step="a"), step_start("a11", step="a1")]
    write_run(logs, "r1", [run_start(), *steps, step_start("lost", step="unknown")])
    found = [(step.id, step.depth) for step in find(model_of(logs), "r1").steps]
    assert found == [("a", 0), ("a1", 1), ("a11", 2), ("b", 0), ("lost", 0)]


@pytest.mark.parametrize("parents", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "c", "b": "a", "c": "b"}])
def test_steps_that_are_each_others_parents_are_not_dropped(logs: Path, parents: dict[str, str]) -> None:
    steps = [step_start(name, step=parent) for name, parent in parents.items()]
    write_run(logs, "r1", [run_start(), *steps, step_start("x")])
    assert sorted(step.id for step in find(model_of(logs), "r1").steps) == sorted([*parents, "x"])


# Runs and their neighbours


def test_neighbours_are_of_the_same_pipeline_and_deployment(logs: Path) -> None:
    places = [("p", None), ("p", "nightly"), ("q", None), ("p", None), ("p", "nightly"), ("p", None)]
    for number, (pipeline, deployment) in enumerate(places):
        write_run(logs, f"r{number}", [run_start(pipeline, deployment=deployment)], at=START + number * HOUR)
    model = model_of(logs)
    before = {run.id: earlier.id for run in model.runs if (earlier := model.run_before(run))}
    after = {run.id: later.id for run in model.runs if (later := model.run_after(run))}
    assert before == {"r3": "r0", "r4": "r1", "r5": "r3"}
    assert after == {"r0": "r3", "r1": "r4", "r3": "r5"}


def test_value_before_skips_runs_without_the_metric_and_other_deployments(logs: Path) -> None:
    for number, (deployment, value) in enumerate([("a", 1), ("b", 2), ("a", None), ("a", 4), ("b", 5)]):
        records = [run_start(deployment=deployment), *([] if value is None else [metric("x", value)])]
        write_run(logs, f"r{number}", records, at=START + number * HOUR)
    model = model_of(logs)
    before = {}
    for run in model.runs:
        before[run.id] = model.value_before(run.metrics["x"]) if "x" in run.metrics else None
    assert before == {"r0": None, "r1": None, "r2": None, "r3": 1, "r4": 2}


def test_history_of_a_metric_ends_with_the_run(logs: Path) -> None:
    for number in range(4):
        write_run(logs, f"r{number}", [run_start(), metric("x", number)], at=START + number * HOUR)
    model = model_of(logs)
    assert model.history(find(model, "r2").metrics["x"], 20) == [0, 1, 2]
    assert model.history(find(model, "r2").metrics["x"], 2) == [1, 2]


def test_runs_are_ordered_by_their_beginning_then_id(logs: Path) -> None:
    for run_id, at in [("c", START), ("b", START + HOUR), ("a", START + HOUR)]:
        write_run(logs, run_id, [run_start()], at=at)
    assert [run.id for run in model_of(logs).runs] == ["c", "a", "b"]


def test_children_are_the_runs_that_a_run_started(logs: Path) -> None:
    write_run(logs, "r1", [run_start()])
    write_run(logs, "r2", [run_start(parent="r1")])
    write_run(logs, "r3", [run_start(parent="elsewhere")])
    model = model_of(logs)
    assert {run.id: [child.id for child in model.children(run)] for run in model.runs} == {
        "r1": ["r2"],
        "r2": [],
        "r3": [],
    }


@pytest.mark.parametrize("order", [["f", "s", "r", "x", "c", "d"], ["d", "c", "x", "r", "s", "f"]])
def test_pipelines_that_need_attention_come_first(
    logs: Path, monkeypatch: pytest.MonkeyPatch, order: list[str]
) -> None:
    now = START + 10 * HOUR
    ends = {"f": "failed", "x": "cancelled", "c": "completed", "d": "completed"}
    for number, name in enumerate(order):
        at = now - MINUTE if name == "r" else START + number
        write_run(logs, f"run{number}", [run_start(name), *([end(ends[name])] if name in ends else [])], at=at)
    assert [pipeline.name for pipeline in model_at(logs, monkeypatch, now).worst_first()] == [*"fsrxcd"]


# Keys


def test_newest_version_skips_deleted_ones(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), artifact("a"), artifact("b"), artifact("c"), delete("c")])
    key = model_of(logs).keys["summary"]
    assert [version.version for version in key.versions] == [1, 2, 3]
    assert key.newest.id == "b"


def test_newest_version_of_a_key_whose_versions_are_all_deleted_is_the_highest(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), artifact("a"), artifact("b"), delete("a"), delete("b")])
    assert model_of(logs).keys["summary"].newest.id == "b"


def test_artifacts_of_a_run_stand_in_the_order_they_were_recorded(logs: Path) -> None:
    at = START + MINUTE
    write_run(logs, "r1", [run_start(), *[artifact(name, None, ts=at) for name in ("z", "a", "m")]])
    assert [one.id for one in find(model_of(logs), "r1").artifacts] == ["z", "a", "m"]


def test_users_of_an_artifact_are_the_runs_that_read_it(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), artifact("a"), artifact("b"), use("write", artifact="a")])
    write_run(logs, "r2", [run_start(), use(artifact="a"), use(uri="s3://x")], at=START + HOUR)
    model = model_of(logs)
    users = {one.id: [run.id for run in model.users(one)] for one in find(model, "r1").artifacts}
    assert users == {"a": ["r2"], "b": []}


def test_artifact_is_found_by_its_id_and_knows_its_run_and_content(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), artifact("a"), artifact("b", data="other"), delete("a")])
    model = model_of(logs)
    found = [model.find_artifact(name) for name in ("a", "b")]
    assert [(one.version, one.data, model.run_of(one).id) for one in found if one] == [
        (1, None, "r1"),
        (2, "other", "r1"),
    ]
    assert [model.find_artifact("c"), model.find_artifact(None), model.find_run("r9"), model.find_run(None)] == [
        None
    ] * 4


def test_versions_before_and_after_are_of_the_same_key(logs: Path) -> None:
    records = [
        artifact("a", "k"),
        artifact("b", "l"),
        artifact("c", "k"),
        artifact("d", None),
        artifact("e", "k"),
        delete("c"),
    ]
    write_run(logs, "r1", [run_start(), *records])
    model = model_of(logs)
    artifacts = find(model, "r1").artifacts
    before = {one.id: earlier.id for one in artifacts if (earlier := model.version_before(one))}
    after = {one.id: later.id for one in artifacts if (later := model.version_after(one))}
    assert before == {"c": "a", "e": "c"}
    assert after == {"a": "c", "c": "e"}


def test_versions_of_a_key_are_a_sequence(logs: Path) -> None:
    write_run(
        logs, "r1", [run_start(), artifact("z", "a"), *[artifact(f"v{n}") for n in range(1, 6)], artifact("n", None)]
    )
    versions = model_of(logs).keys["summary"].versions
    ids = [f"v{n}" for n in range(1, 6)]
    assert ([one.id for one in versions], len(versions), versions[-1].id) == (ids, 5, "v5")
    assert [one.id for one in versions[1:3]] == ids[1:3]
    assert [one.id for one in versions[::-2]] == ids[::-2]
    with pytest.raises(IndexError):
        versions[5]


# Metrics


def test_metric_has_a_series_for_each_pipeline_and_deployment(logs: Path) -> None:
    for number, place in enumerate([("p", "b"), ("p", "a"), ("o", None), ("p", "b")]):
        write_run(
            logs, f"r{number}", [run_start(place[0], deployment=place[1]), metric("x", number)], at=START + number
        )
    series = model_of(logs).metrics["x"].series
    assert [(s.pipeline, s.deployment, [*s.positions], [*s.values]) for s in series] == [
        ("o", "", [2], [2]),
        ("p", "a", [1], [1]),
        ("p", "b", [0, 3], [0, 3]),
    ]


@pytest.mark.parametrize("most", [1_000_000, 7, 0])
def test_points_are_fetched_by_name_and_run(logs: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr("reportgen.model.points._MOST_POINTS", most)
    write_run(logs, "r1", [run_start(), list_metric("loss", [3, 2]), list_metric("accuracy", [0.5], [10])])
    write_run(logs, "r2", [run_start(), list_metric("loss", [9, 8, 7])])
    write_run(logs, "r3", [run_start(), list_metric("loss", [])], at=START + 48 * HOUR)
    write_run(logs, "r4", [run_start(), list_metric("loss", [6])], at=START + 48 * HOUR)
    points = model_of(logs).points
    assert points.fetch("loss", "r1") == ((0, 1), (3, 2))
    assert points.fetch("accuracy", "r1") == ((10,), (0.5,))
    assert points.fetch("loss", "r2") == ((0, 1, 2), (9, 8, 7))
    assert points.fetch("loss", "r3") == points.fetch("loss", "r9") == points.fetch("other", "r1") == ((), ())
    assert points.fetch("loss", "r4") == ((0,), (6,))


@pytest.mark.parametrize(("most", "n_reads"), [(7, 2), (6, 4)])
def test_points_of_the_last_days_are_kept(logs: Path, monkeypatch: pytest.MonkeyPatch, most: int, n_reads: int) -> None:
    monkeypatch.setattr("reportgen.model.points._MOST_KEPT_POINTS", most)
    for number, values in enumerate([[1, 2, 3], [4, 5, 6], [7]]):
        write_run(logs, f"r{number}", [run_start(), list_metric("loss", values)], at=START + number // 2 * 48 * HOUR)
    model = model_of(logs)
    reads = []
    read_day = model.points._read
    monkeypatch.setattr(model.points, "_read", lambda *given: reads.append(given[0]) or read_day(*given))
    found = [model.points.fetch("loss", run_id)[1] for run_id in ("r0", "r1", "r2", "r1", "r2")]
    assert found == [(1, 2, 3), (4, 5, 6), (7,), (4, 5, 6), (7,)]
    assert len(reads) == n_reads
    assert len({*reads}) == 2


def test_rows_of_runs_are_found_wherever_they_lie(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reportgen.model.rows.BLOCK", 2)
    names = {f"r{number}": [f"m{place}" for place in range(number % 4)] for number in range(7)}
    for number, (run_id, mine) in enumerate(names.items()):
        write_run(logs, run_id, [run_start(), *(metric(name, number) for name in mine)], at=START - number * HOUR)
    model = model_of(logs)
    assert {run.id: [*run.metrics] for run in model.runs} == names
    assert all(value.run_id == run.id for run in model.runs for value in run.metrics.values())


pairs = st.tuples(st.none() | st.text("aé\U0001f600", max_size=3), st.none() | st.integers(0, 5))


@given(st.lists(pairs, max_size=20), st.text("aé\U0001f600", max_size=3))
def test_numbers_are_found_by_text(rows: list[tuple[str | None, int | None]], text: str) -> None:
    texts = pa.chunked_array([[one for one, _ in rows]], pa.string())
    index = TextIndex(texts, pa.chunked_array([[n for _, n in rows]], pa.int64()))
    assert [*index.find(text)] == sorted(n for one, n in rows if one == text and n is not None)


def test_model_that_was_closed_holds_no_memory_that_waits_for_a_search_for_garbage(logs: Path) -> None:
    records = [run_start(), metric("loss", 0.5), list_metric("curve", [1.0] * 50), artifact("a1", "rows")]
    write_run(logs, "r1", records)
    before, gc_was_on = pa.total_allocated_bytes(), gc.isenabled()
    gc.disable()
    try:
        model = model_of(logs)
        model.load()
        (run,) = model.runs
        assert (run.artifacts[0].key, [*run.metrics]) == ("rows", ["loss"])
        assert len(model.points.fetch("curve", "r1")[0]) == 50
        assert pa.total_allocated_bytes() > before
        model.close()
        del model, run
        assert pa.total_allocated_bytes() <= before
    finally:
        if gc_was_on:
            gc.enable()


# Names


def test_readable_names_are_stable() -> None:
    assert readable_name("0197d1b2-0000-7000-8000-000000000001") == "vivid-fox"
    assert readable_name("") == "red-bay"


@given(st.text())
def test_readable_name_is_two_words(identity: str) -> None:
    first, second = readable_name(identity).split("-")
    assert first.isalpha()
    assert second.isalpha()


def test_run_without_a_name_gets_a_readable_one(logs: Path) -> None:
    write_run(logs, "r1", [run_start()])
    write_run(logs, "r2", [run_start(name="mine")])
    assert [run.name for run in model_of(logs).runs] == [readable_name("r1"), "mine"]


def test_artifact_is_the_same_wherever_it_was_read(logs: Path) -> None:
    for number in (1, 2):
        write_run(logs, f"r{number}", [run_start(), artifact(f"a{number}", key="plan"), end()], at=START + number)
    model = model_of(logs)
    old, new = find(model, "r1").artifacts[0], find(model, "r2").artifacts[0]
    assert new == model.keys["plan"].newest
    assert not new != model.keys["plan"].newest  # noqa: SIM202 — which need not follow
    assert old != new
    assert len({new, model.keys["plan"].newest}) == 1
