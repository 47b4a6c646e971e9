"""Lasting changes of a metric: found where they are, not found in noise, shown with what else changed."""

from __future__ import annotations

import json
import math
import random
import shutil
import tarfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from logs import HOUR, START, artifact, end, metric, run_start, use, write_run
from pages import find, parse, text_of

from reportgen.build import build_site
from reportgen.levels import LEAST_VALUES, find_levels
from reportgen.options import MetricOptions, Options

any_values = st.lists(st.floats() | st.sampled_from([0.0, 1.0, 1.0, 2.0]), max_size=60)


def noise(n: int, seed: int = 1, draw: Callable[[random.Random], float] = lambda rng: rng.gauss(0, 1)) -> list[float]:
    rng = random.Random(seed)
    return [draw(rng) for _ in range(n)]


def starts(values: Sequence[float], **options: float) -> list[int]:
    return [level.start for level in find_levels(values, **options)][1:]


# Where the level changes


@given(any_values)
def test_levels_divide_any_values_without_a_gap(values: list[float]) -> None:
    levels = find_levels(values)
    if sum(map(math.isfinite, values)) < LEAST_VALUES:
        assert levels == []
        return
    assert (levels[0].start, levels[-1].stop) == (0, len(values))
    assert all(before.stop == after.start for before, after in pairwise(levels))
    for level in levels:
        inside = [value for value in values[level.start : level.stop] if math.isfinite(value)]
        assert min(inside) <= level.value <= max(inside)


@given(
    st.lists(st.integers(-99, 99), min_size=10, max_size=60),
    st.integers(-8, 8),
    st.integers(-1000, 1000),
)
@example([0, 0, -11, 0, -11, 1, -4, 29, 33, 34], 0, 0)
def test_unit_of_a_metric_does_not_matter(numbers: list[int], exponent: int, shift: int) -> None:
    values = [number / 8 for number in numbers]
    scaled = [value * 2.0**exponent for value in values]
    assert starts(scaled) == starts(values)
    if any(after != before for before, after in pairwise(values)):
        assert starts([-value for value in values]) == starts(values)
    assert starts([value + shift for value in values]) == starts(values) or len({*values}) < 3


@pytest.mark.parametrize(("n", "cut", "height"), [(20, 12, 8.0), (60, 30, 6.0), (400, 390, 8.0), (1000, 7, 9.0)])
def test_step_is_found_where_it_is(n: int, cut: int, height: float) -> None:
    values = [value + (height if place >= cut else 0) for place, value in enumerate(noise(n))]
    assert starts(values) == [cut]
    before, after = find_levels(values)
    assert after.value - before.value == pytest.approx(height, abs=1.5)


def test_two_steps_that_cancel_each_other_are_found() -> None:
    values = [value + (8 if 30 <= place < 42 else 0) for place, value in enumerate(noise(90))]
    assert starts(values) == [30, 42]


def test_values_that_hardly_ever_change_need_a_change_that_holds() -> None:
    assert starts([5.0] * 20 + [6.0] + [5.0] * 20) == []
    assert starts([5.0] * 20 + [6.0] * 8) == [20]
    assert starts([0.0] * 20) == []


def test_outliers_are_no_change() -> None:
    values = noise(200)
    for place in (3, 50, 51, 120, 199):
        values[place] += 1e6
    assert starts(values) == []


def test_last_runs_have_to_hold() -> None:
    assert starts([*noise(100), 50.0, 50.0]) == []
    assert starts([*noise(100), *(50 + value for value in noise(6, 2))]) == [100]


def test_change_within_the_tolerance_is_none() -> None:
    values = [100 + value / 10 for value in noise(30)] + [103 + value / 10 for value in noise(30, 2)]
    assert starts(values, tolerance=0.02) == [30]
    assert starts(values, tolerance=0.04) == []


def test_values_that_are_not_finite_are_passed_over() -> None:
    values = [math.nan, *noise(15), math.inf, *(20 + value for value in noise(15, 2)), -math.inf]
    assert starts(values) == [17]


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: rng.gauss(0, 1),
        lambda rng: rng.random(),
        lambda rng: rng.lognormvariate(0, 1),
        lambda rng: rng.gauss(0, 1) + (rng.choice([-9, 9]) if rng.random() < 0.1 else 0),
        lambda rng: float(rng.choice([5, 5, 5, 5, 6])),
    ],
    ids=["normal", "uniform", "skewed", "with outliers", "whole numbers"],
)
def test_flat_noise_gives_no_alarm(draw: Callable[[random.Random], float]) -> None:
    alarms = [seed for seed in range(40) if starts(noise(100, seed, draw))]
    assert len(alarms) <= 1


def test_known_slowdowns_of_a_real_project_are_found(shared_data: Path, tmp_path: Path) -> None:
    with tarfile.open(shared_data / "asv-conda/results.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    results = sorted(
        (found["date"], found["results"])
        for path in tmp_path.glob("results/*/*-*.json")
        if "results" in (found := json.loads(path.read_bytes()))
    )
    name = next(name for name in results[-1][1] if name.endswith("time_create_python"))
    values = [_seconds(result.get(name)) for _, result in results]
    levels = find_levels(values)
    assert 5 <= len(levels) <= 10
    assert [round(level.value, 1) for level in levels[-3:]] == [4.0, 5.6, 6.3]


def _seconds(result: object) -> float:
    value = result["result"][0] if isinstance(result, dict) else result
    return math.nan if value is None else float(value)


# On the page of the metric

OPTIONS = Options(metrics={"seconds": MetricOptions(goal="min")})


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Sixteen runs: from the tenth on slower, with another parameter, and other content of what they read."""
    logs = tmp_path / "runs"
    for number, value in enumerate(noise(16)):
        is_slow = number >= 9
        data = "a" if number < 7 else "b"
        records = [
            run_start(params={"threads": 4 if is_slow else 8, "seed": 1}),
            artifact(f"input-{number}", "input", data=data),
            *([use(artifact=f"input-{number - 1}", key="input")] if number else []),
            metric("seconds", 20 + value / 100 + 5 * is_slow),
            end(),
        ]
        write_run(logs, f"run-{number:02}", records, at=START + number * HOUR)
    return logs


def rows_of(site: Path) -> list[str]:
    (section,) = (one for one in find(parse(_page(site)), "section") if one.get("id") == "levels")
    return [text_of(row) for row in find(section, "tr")][1:]


def _page(site: Path) -> bytes:
    return (site / "metrics/seconds.html").read_bytes()


def test_page_names_the_run_and_what_else_changed(logs: Path, tmp_path: Path) -> None:
    build_site([logs], tmp_path / "site", OPTIONS)
    (row,) = rows_of(tmp_path / "site")
    assert "1 Jan 2026" in row
    assert "20.0" in row
    assert "since then, 7 runs" in row
    assert "worse" in row
    assert "threads 8 → 4" in row
    assert "seed" not in row
    assert "input has other content" not in row
    page = _page(tmp_path / "site").decode()
    assert "1\N{NO-BREAK SPACE}lasting change." in page
    assert page.count('class="rule"') == 1
    assert page.count('class="level"') == 1


def test_page_says_that_nothing_else_is_known(logs: Path, tmp_path: Path) -> None:
    for number in range(16):
        value = 20 + number % 3 / 100 + 5 * (number >= 9)
        write_run(logs, f"run-{number:02}", [run_start(), metric("seconds", value), end()], at=START + number * HOUR)
    build_site([logs], tmp_path / "site", OPTIONS)
    (row,) = rows_of(tmp_path / "site")
    assert row.endswith("nothing else that is recorded")


def test_short_history_says_nothing_of_levels(logs: Path, tmp_path: Path) -> None:
    for number in range(9, 16):
        shutil.rmtree(logs / f"run-{number:02}")
    build_site([logs], tmp_path / "site", OPTIONS)
    assert b"lasting change" not in _page(tmp_path / "site")


def test_update_says_the_same_when_content_that_was_read_changes(logs: Path, tmp_path: Path) -> None:
    build_site([logs], tmp_path / "site", OPTIONS)
    again = [run_start(params={"threads": 4, "seed": 1}), artifact("input-8", "input", data="c"), end()]
    write_run(logs, "run-08", again, "second", at=START + 8 * HOUR)
    path = logs / "run-08" / "main.jsonl"
    path.write_bytes(b"".join(line for line in path.read_bytes().splitlines(True) if b'"input-8"' not in line))
    build_site([logs], tmp_path / "site", OPTIONS)
    assert "input has other content" in rows_of(tmp_path / "site")[0]
    updated = _page(tmp_path / "site")
    build_site([logs], tmp_path / "fresh", OPTIONS)
    assert updated == _page(tmp_path / "fresh")
