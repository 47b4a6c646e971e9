"""What differs between two runs: values to the last digit, metrics with a judgement, artifacts by their content."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from logs import HOUR, MINUTE, START, artifact, delete, end, list_metric, metric, progress, run_start, write_run

from reportgen.build import build_site
from reportgen.compact import EMPTY, Compaction
from reportgen.options import MetricOptions, Options
from reportgen.queries.compare import Comparison, NumberDifference, choose_form, compare_runs
from reportgen.records import Record
from reportgen.sources import open_source
from reportgen.store import make_table
from reportgen.text import format_number

NOW = START + 6 * HOUR
PARTS = ("facts", "context", "params", "metrics", "lists", "artifacts")

Compare = Callable[..., Comparison]


@pytest.fixture(params=["logs", "site"])
def compare(request: pytest.FixtureRequest, tmp_path: Path) -> Compare:
    """Writes two runs and compares them, read from the logs or from the site that is built of them."""

    def write_and_compare(old: Sequence[Record], new: Sequence[Record], **known: MetricOptions) -> Comparison:
        write_run(tmp_path / "runs", "run-old", [*old])
        write_run(tmp_path / "runs", "run-new", [*new], at=START + HOUR)
        place = tmp_path / "runs"
        if request.param == "site":
            place = tmp_path / "site"
            build_site([tmp_path / "runs"], place, Options())
        return compare_runs(open_source([place]).store, "run-old", "run-new", NOW, known)

    return write_and_compare


def values(rows: Sequence[Any]) -> dict[str, tuple[Any, ...]]:
    return {row.name: (row.outcome, row.old, row.new) for row in rows}


def number(old: float | None, new: float | None, **known: Any) -> NumberDifference:
    """Compare a metric of two runs that have nothing else."""
    rows = [{"name": "m", "run_id": run_id, "value": value} for run_id, value in (("a", old), ("b", new))]
    runs = [{"run_id": run_id, "started_at": 0, "last_record_at": 0, "longest_silence_us": 0} for run_id in "ab"]
    objects = {"params_json": "{}", "context_json": "{}", "pipeline": "p"}
    tables = {
        **EMPTY.tables,
        "runs": make_table("runs", [{**run, **objects} for run in runs]),
        "metrics": make_table("metrics", [row for row in rows if row["value"] is not None]),
    }
    (row,) = compare_runs(Compaction(tables, EMPTY.days), "a", "b", NOW, {"m": MetricOptions(**known)}).metrics
    return row


# Facts and parameters


def test_run_compared_with_itself_is_the_same(tmp_path: Path) -> None:
    records = [run_start(params={"a": 1}, tags=["t"]), metric("m", "NaN"), list_metric("l", []), artifact("a1"), end()]
    write_run(tmp_path, "r1", records)
    comparison = compare_runs(open_source([tmp_path]).store, "r1", "r1", NOW, {})
    assert {row.outcome for part in PARTS for row in getattr(comparison, part)} == {"same"}
    assert [getattr(comparison.without_same(), part) for part in PARTS] == [[]] * 6


def test_facts_are_compared(compare: Compare) -> None:
    error = ("ValueError", "no rows", "Traceback …")
    old = [run_start("churn", deployment="nightly", tags=["a"]), end()]
    new = [run_start("churn", tags=["a", "b"]), metric("m", 1), end("failed", error)]
    assert values(compare(old, new).facts) == {
        "pipeline": ("same", "churn", "churn"),
        "deployment": ("gone", "nightly", None),
        "status": ("changed", "completed", "failed"),
        "duration_us": ("changed", 2_000_000, 3_000_000),
        "tags": ("changed", ["a"], ["a", "b"]),
        "error_type": ("new", None, "ValueError"),
    }


def test_code_is_compared(compare: Compare) -> None:
    old = [run_start(context={"git": {"commit": "c1", "dirty": False}, "command": "x"})]
    new = [run_start(context={"git": {"commit": "c2", "dirty": False}, "python": "3.12"})]
    assert values(compare(old, new).without_same().context) == {
        "command": ("gone", "x", None),
        "git.commit": ("changed", "c1", "c2"),
        "python": ("new", None, "3.12"),
    }


def test_parameters_are_compared_at_every_depth(compare: Compare) -> None:
    old = [run_start(params={"lr": 0.1, "net": {"width": 8, "depth": 2}, "seed": None, "layers": [1, 2], "on": True})]
    new = [run_start(params={"lr": 0.1, "net": {"width": 9, "act": "relu"}, "layers": [1, 3], "on": 1})]
    assert values(compare(old, new).params) == {
        "lr": ("same", 0.1, 0.1),
        "layers": ("changed", [1, 2], [1, 3]),
        "net.act": ("new", None, "relu"),
        "net.depth": ("gone", 2, None),
        "net.width": ("changed", 8, 9),
        "on": ("changed", True, 1),
        "seed": ("gone", None, None),
    }


def test_parameters_come_in_the_order_of_the_alphabet(compare: Compare) -> None:
    comparison = compare([run_start(params={"b": 1, "d": 1})], [run_start(params={"c": 1, "a": 1})])
    assert [param.name for param in comparison.params] == ["a", "b", "c", "d"]


def test_deleted_run_is_told(compare: Compare) -> None:
    comparison = compare([run_start(), metric("m", 1), end()], [run_start(), metric("m", 1), delete(None), end()])
    assert values(comparison.facts)["deleted"] == ("new", None, True)
    assert values(comparison.metrics) == {"m": ("gone", 1.0, None)}


# Metrics


def test_metrics_are_compared_by_name(compare: Compare) -> None:
    old = [run_start(), metric("b", 1), metric("a", 2.5), metric("same", 7)]
    new = [run_start(), metric("c", 3), metric("a", 5), metric("same", 7)]
    metrics = compare(old, new).metrics
    assert [(m.name, m.outcome, m.old, m.new, m.difference, m.percent) for m in metrics] == [
        ("a", "changed", 2.5, 5.0, 2.5, 100.0),
        ("b", "gone", 1.0, None, None, None),
        ("c", "new", None, 3.0, None, None),
        ("same", "same", 7.0, 7.0, 0.0, 0.0),
    ]


@pytest.mark.parametrize(
    ("old", "new", "outcome", "difference"),
    [
        (math.nan, math.nan, "same", None),
        (0.5, math.nan, "changed", None),
        (math.nan, 0.5, "changed", None),
        (math.inf, math.inf, "same", None),
        (math.inf, -math.inf, "changed", None),
        (0.0, -0.0, "same", 0.0),
        (None, math.nan, "new", None),
        (math.nan, None, "gone", None),
        (0.1 + 0.2, 0.3, "changed", 0.3 - (0.1 + 0.2)),
    ],
)
def test_odd_numbers_are_compared(old: float | None, new: float | None, outcome: str, difference: float | None) -> None:
    row = number(old, new, goal="max")
    assert (row.outcome, row.difference) == (outcome, difference)
    assert row.change is None or row.change.word == ""


def test_share_of_nothing_is_none() -> None:
    assert (number(0, 5).difference, number(0, 5).percent) == (5.0, None)
    assert number(-2, -1).percent == 50.0


@pytest.mark.parametrize(
    ("old", "new", "known", "word"),
    [
        (0.9, 0.95, {}, ""),
        (0.9, 0.95, {"goal": "max"}, "better"),
        (0.9, 0.95, {"goal": "min"}, "worse"),
        (0.95, 0.9, {"goal": "max"}, "worse"),
        (0.95, 0.9, {"goal": "min"}, "better"),
        (0.9, 0.905, {"goal": "max", "tolerance": 0.01}, "in tolerance"),
        (0.9, 0.95, {"goal": "max", "tolerance": 0.01}, "better"),
        (-100, -101, {"goal": "max", "tolerance": 0.01}, "in tolerance"),
    ],
)
def test_change_is_judged_by_goal_and_tolerance(old: float, new: float, known: Any, word: str) -> None:
    change = number(old, new, **known).change
    assert change is not None
    assert change.word == word


def test_unit_belongs_to_the_form() -> None:
    row = number(0.03, 0.035, unit="%")
    assert [format_number(value, row.form) for value in (row.old, row.new)] == ["3.0\u00a0%", "3.5\u00a0%"]


@given(st.floats(1e-3, 1e9), st.floats(1e-3, 1e9))
def test_numbers_that_differ_enough_read_differently(old: float, new: float) -> None:
    form = choose_form(old, new, "")
    texts = {format_number(value, form) for value in (old, new)}
    assert len(texts) == 2 or abs(old - new) <= 1e-11 or form.decimals is None


@given(st.floats() | st.none(), st.floats() | st.none(), st.sampled_from(["max", "min"]))
def test_comparing_the_other_way_round_turns_everything_around(old: Any, new: Any, goal: Any) -> None:
    if old is None and new is None:
        return
    there, back = number(old, new, goal=goal), number(new, old, goal=goal)
    turned = {"same": "same", "changed": "changed", "new": "gone", "gone": "new"}
    assert turned[there.outcome] == back.outcome
    assert there.difference is None or there.difference == -back.difference  # type: ignore[operator]
    words = {"": "", "better": "worse", "worse": "better"}
    assert not there.change or not back.change or words[there.change.word] == back.change.word


def test_list_metrics_are_compared_by_last_smallest_and_largest(compare: Compare) -> None:
    old = [run_start(), list_metric("loss", [3, 1, 2]), list_metric("empty", []), list_metric("only", [1])]
    new = [run_start(), list_metric("loss", [4, 1]), list_metric("empty", []), list_metric("odd", ["NaN"])]
    lists = compare(old, new, loss=MetricOptions("min")).without_same().lists
    assert [(m.name, m.measure, m.outcome, m.old, m.new) for m in lists[:2]] == [
        ("loss", "last", "changed", 2.0, 1.0),
        ("loss", "max", "changed", 3.0, 4.0),
    ]
    assert [m.change.word for m in lists[:2] if m.change] == ["better", "worse"]
    assert [(m.name, m.measure, m.outcome) for m in lists[2:]] == [
        *(("odd", measure, "new") for measure in ("last", "min", "max")),
        *(("only", measure, "gone") for measure in ("last", "min", "max")),
    ]


# Artifacts


def test_artifacts_are_compared_by_key_and_content(compare: Compare) -> None:
    link = {"link": "https://example.org", "link_text": "x"}
    old = [
        run_start(),
        artifact("o1", "same", data="text", description="before"),
        artifact("o2", "changed", data="text"),
        artifact("o3", "gone"),
        artifact("o4", "kind", type="link", data=link),
        artifact("o5", "epochs", type="progress", data=10),
        artifact("o6", None, data="one"),
    ]
    new = [
        run_start(),
        artifact("n1", "same", data="text", description="after"),
        artifact("n2", "changed", data="other"),
        artifact("n3", "new"),
        artifact("n4", "kind", type="markdown", data="x"),
        artifact("n5", "epochs", type="progress", data=10),
        progress("n5", 50),
        artifact("n6", None, data="two"),
    ]
    rows = compare(old, new).artifacts
    assert [(a.key, a.outcome, a.old_version, a.new_version, a.old_type, a.new_type) for a in rows] == [
        ("changed", "changed", 1, 2, "markdown", "markdown"),
        ("epochs", "changed", 1, 2, "progress", "progress"),
        ("gone", "gone", 1, None, "markdown", None),
        ("kind", "changed", 1, 2, "link", "markdown"),
        ("new", "new", None, 1, None, "markdown"),
        ("same", "same", 1, 2, "markdown", "markdown"),
    ]


def test_last_version_that_a_run_made_is_compared(compare: Compare) -> None:
    old = [run_start(), artifact("o1", "k", data="a"), artifact("o2", "k", data="b")]
    new = [run_start(), artifact("n1", "k", data="b"), artifact("n2", "k", data="gone"), delete("n2")]
    (row,) = compare(old, new).artifacts
    assert (row.outcome, row.old_version, row.new_version) == ("same", 2, 3)


def test_without_same_leaves_the_rest_as_it_is(compare: Compare) -> None:
    old = [run_start(params={"a": 1, "b": 1}), metric("m", 1), metric("n", 1), end()]
    new = [run_start(params={"a": 1, "b": 2}), metric("m", 1), metric("n", 2), end()]
    whole = compare(old, new)
    shown = whole.without_same()
    assert [[row.name for row in part] for part in (shown.facts, shown.params, shown.metrics)] == [[], ["b"], ["n"]]
    assert (shown.old, shown.new) == (whole.old, whole.new)
    assert replace(shown, **{f.name: getattr(whole, f.name) for f in fields(whole)}) == whole


def test_runs_without_an_end_are_judged_at_the_moment_that_is_asked_for(tmp_path: Path) -> None:
    write_run(tmp_path, "r1", [run_start(), end()])
    write_run(tmp_path, "r2", [run_start()])
    store = open_source([tmp_path]).store
    for now_us, status in ((START + MINUTE, "running"), (NOW, "stalled")):
        comparison = compare_runs(store, "r1", "r2", now_us, {})
        assert values(comparison.facts)["status"] == ("changed", "completed", status)
