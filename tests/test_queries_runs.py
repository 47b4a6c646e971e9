"""Questions about runs: which ones, what people mean by an id, and all that is known of one."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
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
    run_start,
    step_start,
    use,
    write_run,
    write_small_project,
)

from reportgen.build import build_site
from reportgen.compact import EMPTY, Compaction
from reportgen.errors import InputError
from reportgen.options import Options
from reportgen.queries.inspect_run import RunDetails, flatten, inspect_run, read_object
from reportgen.queries.runs import MIN_ID, find_run_ids, names_of_runs, read_runs, resolve_run, shorten_ids
from reportgen.sources import open_source
from reportgen.store import Store, make_table
from reportgen.text import readable_name

NOW = START + 6 * HOUR
FIRST = "019a1b2c-3d4e-7000-8000-000000000001"


def runs_with_ids(*ids: str) -> Store:
    """A store of runs that have nothing but ids; the last one is the newest."""
    rows = [{"run_id": run_id, "started_at": START + n * SECOND} for n, run_id in enumerate(ids)]
    return Compaction({**EMPTY.tables, "runs": make_table("runs", rows)}, EMPTY.days)


def open_both(log_dir: Path) -> list[Store]:
    """The logs, and the site that is built of them."""
    site = log_dir.with_name("site")
    build_site([log_dir], site, Options())
    return [open_source([log_dir]).store, open_source([site]).store]


@pytest.fixture(scope="module", params=["logs", "site"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The small project, with one run that was deleted, one that runs, and one with a few odd ways."""
    log_dir = tmp_path_factory.mktemp("project") / "runs"
    write_small_project(log_dir)
    write_run(log_dir, "run-d", [run_start("old", tags=["demo"]), metric("x", 1), delete(None, "a mistake")])
    write_run(log_dir, "run-w", [run_start("watch", tags=["a", "b"], name="watching")], at=NOW - MINUTE)
    logs, site = open_both(log_dir)
    return site if request.param == "site" else logs


@pytest.fixture(scope="module", params=["logs", "site"])
def odd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RunDetails:
    """A run with retried, nested and unfinished steps, odd numbers, lost records and lines that are none."""
    log_dir = tmp_path_factory.mktemp("odd") / "runs"
    error = ("OSError", "no host\nsecond line", "Traceback …")
    records = [
        run_start(params={"a": {"b": 1}}, context={"git": {"commit": "c0ffee"}}, parent="gone"),
        step_start("s1", "outer"),
        step_start("s2", "fetch", step="s1"),
        end("failed", error, step="s2"),
        step_start("s3", "fetch", step="s1", attempt=2),
        metric("loss", 0.5, step="s3"),
        metric("loss", "NaN", step="s3"),
        list_metric("curve", [3, "Infinity", 1], step="s3"),
        artifact("a1", "summary", step="s3", description="First\n\nsecond", metadata={"n": 1}),
        use(uri="s3://b/x.csv", name="x", digest="d1", step="s3"),
        use("write", uri="s3://b/y.csv"),
        step_start("s4", "after"),
        end(step="s4"),
    ]
    path = write_run(log_dir, "run-1", records)
    path.write_bytes(path.read_bytes() + b'{"kind":"metric"\n{"kind":"later","ts":1,"seq":15}\n')
    write_run(log_dir, "run-2", [run_start("child", parent="run-1"), end()], at=START + HOUR)
    logs, site = open_both(log_dir)
    return inspect_run(site if request.param == "site" else logs, "run-1", START + MINUTE)


# Which runs


def test_runs_are_found_newest_first_without_the_deleted_ones(project: Store) -> None:
    assert find_run_ids(project, NOW) == ["run-w", "run-r", "run-f", "run-3", "run-2", "run-1", "run-0"]
    assert find_run_ids(project, NOW, with_deleted=True)[-2:] == ["run-d", "run-0"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"pipeline": "etl"}, ["run-f"]),
        ({"pipeline": "nothing"}, []),
        ({"deployment": "nightly"}, ["run-3", "run-2", "run-1", "run-0"]),
        ({"tag": "b"}, ["run-w"]),
        ({"tag": ""}, []),
        ({"status": "failed"}, ["run-f"]),
        ({"status": "completed", "deployment": "nightly"}, ["run-3", "run-2", "run-1", "run-0"]),
        ({"status": "running"}, ["run-w"]),
        ({"status": "stalled"}, ["run-r"]),
        ({"status": "cancelled"}, []),
        ({"tag": "demo", "with_deleted": True}, ["run-3", "run-2", "run-1", "run-d", "run-0"]),
    ],
)
def test_runs_are_found_by_what_they_are(project: Store, wanted: Any, found: list[str]) -> None:
    assert find_run_ids(project, NOW, **wanted) == found


def test_detached_runs_count_as_completed(tmp_path: Path) -> None:
    write_run(tmp_path, "r1", [run_start(detached=True), artifact("a1")])
    store = open_source([tmp_path]).store
    assert find_run_ids(store, NOW, status="completed") == ["r1"]
    assert find_run_ids(store, NOW, status="stalled") == []


def test_rows_come_in_the_order_of_the_ids_with_what_people_see(project: Store) -> None:
    first, second = read_runs(project, ["run-w", "absent", "run-f"], NOW, ["pipeline"])
    assert (first["name"], first["status"], first["pipeline"], first["duration_us"]) == (
        "watching",
        "running",
        "watch",
        SECOND,
    )
    assert (second["name"], second["status"], second["duration_us"]) == (readable_name("run-f"), "failed", 5 * SECOND)
    assert "params_json" not in first
    assert "params_json" in read_runs(project, ["run-w"], NOW)[0]


def test_runs_have_names(project: Store) -> None:
    assert names_of_runs(project, ["run-w", "run-0"]) == {"run-w": "watching", "run-0": readable_name("run-0")}


# Ids


def test_ids_are_cut_to_what_tells_them_apart() -> None:
    store = runs_with_ids("019a1b2c-3d4e-7000-8000-1", "019a1b2c-3d4f-7000-8000-2", "019a1b2d-0000-7000-8000-3")
    short = shorten_ids(store, ["019a1b2c-3d4e-7000-8000-1", "019a1b2d-0000-7000-8000-3"])
    assert list(short.values()) == ["019a1b2c-3d4e", "019a1b2d"]


def test_ids_that_cannot_be_told_apart_by_a_beginning_stay_whole() -> None:
    ids = ["run-number-1", "run-number-10", "RUN-NUMBER-1", "r"]
    assert shorten_ids(runs_with_ids(*ids), ids) == {run_id: run_id for run_id in ids}


@given(st.lists(st.text("abAB-~1", min_size=1, max_size=12), unique=True, max_size=8))
@example(["latest-1", "latest-2"])
@example(["aaaaaaaab", "AAAAAAAAB", "aaaaaaaa"])
def test_short_ids_mean_the_run_they_were_made_of(ids: list[str]) -> None:
    store = runs_with_ids(*ids)
    for run_id, short in shorten_ids(store, ids).items():
        assert run_id.startswith(short)
        assert len(short) >= min(MIN_ID, len(run_id))
        assert resolve_run(store, short) == run_id


def test_runs_are_found_by_id_and_by_its_beginning_in_any_case() -> None:
    store = runs_with_ids(FIRST, "029b")
    for text in (FIRST, FIRST.upper(), "019A1B2C", "01"):
        assert resolve_run(store, text) == FIRST


def test_whole_id_wins_over_longer_ones() -> None:
    assert resolve_run(runs_with_ids("run-1", "run-10"), "run-1") == "run-1"


def test_latest_counts_back_as_the_listing_does(project: Store) -> None:
    listed = find_run_ids(project, NOW)
    assert [resolve_run(project, "latest"), resolve_run(project, "latest~0")] == [listed[0]] * 2
    assert [resolve_run(project, f"latest~{n}") for n in range(len(listed))] == listed


def test_deleted_runs_are_found_by_id(project: Store) -> None:
    assert resolve_run(project, "run-d") == "run-d"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nothing", "there is no run 'nothing': reportgen run ls lists the runs"),
        ("", "there is no run '': reportgen run ls lists the runs"),
        ("latest~7", "there is no run 'latest~7', there are 7: reportgen run ls lists the runs"),
        ("latest~-1", "there is no run 'latest~-1': reportgen run ls lists the runs"),
        ("run-", "'run-' is the beginning of 8 runs (run-w, run-r, run-f …): give more of the id"),
        ("watching", "there is no run 'watching': runs are known by their ids; the last of this name is run-w"),
        (readable_name("run-0"), "the last of this name is run-0"),
        ("a\x1b[2J\nb", "there is no run 'a\\x1b[2J\\nb': reportgen run ls lists the runs"),
    ],
)
def test_what_means_no_run_is_refused_with_what_to_do(project: Store, text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        resolve_run(project, text)
    assert message in str(error.value)
    assert error.value.slug == ("ambiguous-run" if text == "run-" else "no-such-run")


def test_without_runs_there_is_no_latest() -> None:
    with pytest.raises(InputError, match="no run 'latest', there are 0"):
        resolve_run(runs_with_ids(), "latest")


# One run


def test_facts_of_a_run_have_objects_and_a_judged_status(odd: RunDetails) -> None:
    run = odd.run
    assert (run["pipeline"], run["status"], run["params"], run["context"]) == (
        "churn",
        "running",
        {"a": {"b": 1}},
        {"git": {"commit": "c0ffee"}},
    )
    assert (run["parent_run_id"], odd.parent) == ("gone", None)
    assert [(child["run_id"], child["pipeline"], child["status"]) for child in odd.children] == [
        ("run-2", "child", "completed")
    ]


def test_parent_of_a_run_is_named(project: Store) -> None:
    parent = inspect_run(project, "run-f", NOW).parent
    assert parent is not None
    assert (parent["run_id"], parent["name"], parent["pipeline"]) == ("run-3", readable_name("run-3"), "churn")


def test_steps_stand_after_the_step_around_them(odd: RunDetails) -> None:
    assert [(s["name"], s["depth"], s["attempt"], s["status"], s["duration_us"]) for s in odd.steps] == [
        ("outer", 0, 1, "running", 11 * SECOND),
        ("fetch", 1, 1, "failed", SECOND),
        ("fetch", 1, 2, "running", 8 * SECOND),
        ("after", 0, 1, "completed", SECOND),
    ]
    assert [s["error_type"] for s in odd.steps] == [None, "OSError", None, None]


def test_steps_that_name_each_other_as_parents_are_all_there(tmp_path: Path) -> None:
    steps = [step_start("a", "one", step="b"), step_start("b", "two", step="a"), step_start("c", "three", step="c")]
    write_run(tmp_path, "r1", [run_start(), *steps, end()])
    details = inspect_run(open_source([tmp_path]).store, "r1", NOW)
    assert sorted((s["name"], s["status"]) for s in details.steps) == [
        ("one", "cancelled"),
        ("three", "cancelled"),
        ("two", "cancelled"),
    ]


def test_what_was_recorded_has_the_names_of_its_steps(odd: RunDetails) -> None:
    (loss,) = odd.metrics
    assert (loss["name"], loss["n_values"], loss["step"]) == ("loss", 2, "fetch")
    assert math.isnan(loss["value"])
    (curve,) = odd.lists
    assert [curve[name] for name in ("name", "n_values", "first", "last", "min", "max", "step")] == [
        "curve",
        3,
        3.0,
        1.0,
        1.0,
        3.0,
        "fetch",
    ]
    (made,) = odd.artifacts
    assert (made["key"], made["version"], made["type"], made["step"], made["metadata"]) == (
        "summary",
        1,
        "markdown",
        "fetch",
        {"n": 1},
    )
    assert "data_json" not in made


def test_inputs_and_outputs_are_apart(odd: RunDetails) -> None:
    assert [(e["name"], e["uri"], e["digest"], e["step"]) for e in odd.inputs] == [("x", "s3://b/x.csv", "d1", "fetch")]
    assert [(e["name"], e["uri"], e["step"]) for e in odd.outputs] == [(None, "s3://b/y.csv", None)]


def test_what_could_not_be_used_is_told(odd: RunDetails) -> None:
    assert [problem["line"] for problem in odd.problems] == [15]
    assert [(record["kind"], record["seq"]) for record in odd.unknown] == [("later", 15)]
    assert odd.run["n_missing"] == 1


def test_artifacts_come_in_the_order_in_which_they_were_made(project: Store) -> None:
    keys = [artifact["key"] for artifact in inspect_run(project, "run-0", NOW).artifacts]
    assert keys == ["source", "summary", "worst-rows", "plot", "epochs", None]


def test_deleted_run_has_its_tombstone_only(project: Store) -> None:
    details = inspect_run(project, "run-d", NOW)
    assert (details.run["deleted_reason"], details.metrics) == ("a mistake", [])


# Objects


def test_nested_objects_become_names_with_dots() -> None:
    values = {"b": {"x": 1, "y": {"z": [1, {"a": 2}]}}, "a": None, "empty": {}}
    assert flatten(values) == {"a": None, "b.x": 1, "b.y.z": [1, {"a": 2}], "empty": {}}
    assert [*flatten(values)] == ["a", "b.x", "b.y.z", "empty"]


def test_dots_in_names_do_not_make_two_of_one() -> None:
    assert flatten({"a.b": 1, "c.d": 2, "a": {"b": 3}}) == {"a.b": 3, '"a.b"': 1, "c.d": 2}


objects = st.recursive(
    st.integers(), lambda inner: st.dictionaries(st.sampled_from(["a", "b", "a.b", '"a', ""]), inner), max_leaves=12
)


@given(st.dictionaries(st.sampled_from(["a", "b", "a.b", '"a"', '"a.b"']), objects))
def test_flattening_loses_nothing(values: dict[str, Any]) -> None:
    def count(value: Any) -> int:
        return sum(map(count, value.values())) if isinstance(value, dict) and value else 1

    assert len(flatten(values)) == (count(values) if values else 0)


@pytest.mark.parametrize("depth", [100, 900, 100_000])
def test_objects_nested_too_deeply_are_cut(depth: int) -> None:
    value: Any = read_object('{"plain": 1, "deep": ' + "[" * depth + "]" * depth + "}").get("deep", [])
    n = 0
    while isinstance(value, list) and value:
        value, n = value[0], n + 1
    assert n <= 50
