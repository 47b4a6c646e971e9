"""Runs by spans of time: what is in one, and that few change."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reportgen.views.spans import Span, divide_runs, find_span

times = st.lists(st.integers(0, 2**54) | st.integers(0, 100) | st.integers(2**50, 2**50 + 1000), max_size=60)
limits = st.integers(1, 9)


def model_of(started_at: list[int]) -> Any:
    return SimpleNamespace(columns=SimpleNamespace(started_at=sorted(started_at)))


def runs_of(started_at: list[int], limit: int) -> dict[str, list[int]]:
    spans = divide_runs(model_of(started_at), limit)
    return {span.name: sorted(started_at)[span.positions.start : span.positions.stop] for span in spans}


@given(times, limits)
def test_every_run_is_in_one_span_and_spans_follow_each_other(started_at: list[int], limit: int) -> None:
    spans = divide_runs(model_of(started_at), limit)
    assert [position for span in spans for position in span.positions] == [*range(len(started_at))]
    assert all(span.positions for span in spans)
    assert len({span.name for span in spans}) == len(spans)


@given(times, limits)
def test_span_has_more_runs_than_fit_only_when_they_began_together(started_at: list[int], limit: int) -> None:
    for inside in runs_of(started_at, limit).values():
        assert len(inside) <= limit or len({min(at, 2**53 - 1) for at in inside}) == 1


@given(times, limits)
def test_span_is_found_by_its_name(started_at: list[int], limit: int) -> None:
    model = model_of(started_at)
    for span in divide_runs(model, limit):
        assert find_span(model, span.name) == span


@given(times.filter(bool), limits, st.data())
def test_run_that_comes_changes_no_span_but_the_one_it_began_in(
    started_at: list[int], limit: int, data: st.DataObject
) -> None:
    late = data.draw(st.sampled_from(started_at) | st.integers(0, 2**54))
    before, after = runs_of(started_at, limit), runs_of([*started_at, late], limit)
    touched = [name for name in before if after.get(name) != before[name]]
    assert len(touched) <= 1
    held = before[touched[0]] if touched else []
    new = [at for name, inside in after.items() if name not in before or name in touched for at in inside]
    assert sorted(new) == sorted([*held, late])


def test_runs_of_a_usual_history_fill_spans_half_at_least() -> None:
    hour = 3_600_000_000
    spans: list[Span] = divide_runs(model_of([n * hour + 1_767_225_600_000_000 for n in range(5000)]), 24)
    assert 5000 / len(spans) > 12
