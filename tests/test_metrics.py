"""The functions that record metrics: what is written, what comes back, what is refused."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording import journals_of, only, records_of

import reportgen
from reportgen.floats import decode_number


@pytest.fixture
def run() -> Iterator[reportgen.Run]:
    with reportgen.start_run("churn") as run:
        yield run


RECORD: dict[str, Callable[[Any, Any], bool]] = {
    "metric": reportgen.record_metric_value,
    "list": lambda name, value: reportgen.record_list_metric_values(name, [value]),
}
both = pytest.mark.parametrize("kind", RECORD)


# One number


def test_metric_is_recorded_with_its_step(run: reportgen.Run) -> None:
    with run.step("train") as step:
        assert reportgen.record_metric_value("accuracy", 0.93) is True
    record = only("runs", "metric")
    assert (record["name"], record["value"], record["step"]) == ("accuracy", 0.93, step.id)


def test_metric_needs_no_step(run: reportgen.Run) -> None:
    assert reportgen.record_metric_value("accuracy", 0.93) is True
    assert "step" not in only("runs", "metric")


def test_every_value_of_a_metric_is_recorded(run: reportgen.Run) -> None:
    for value in (1, 2, 1):
        reportgen.record_metric_value("a", value)
    assert [record["value"] for record in records_of("runs", "metric")] == [1, 2, 1]


@given(st.floats())
def test_metric_keeps_every_number_that_python_has(value: float) -> None:
    with reportgen.start_run("churn") as run:
        reportgen.record_metric_value("a", value)
    (record,) = [fields for fields in journals_of()[f"{run.id}/main.jsonl"] if fields["kind"] == "metric"]
    number = decode_number(record["value"])
    assert number == value or (math.isnan(number) and math.isnan(value))


@both
@pytest.mark.parametrize("value", ["1", None, 1j, b"1", [[1]], {}])
def test_what_is_no_real_number_raises_and_writes_nothing(kind: str, value: Any, run: reportgen.Run) -> None:
    with pytest.raises(TypeError, match=r"metric 'a'(\[0\])? must be a real number, not "):
        RECORD[kind]("a", value)
    assert records_of("runs", kind) == []


@both
@pytest.mark.parametrize("name", ["", " ", "a\nb", "a" * 201])
def test_wrong_name_raises_and_writes_nothing(kind: str, name: str, run: reportgen.Run) -> None:
    with pytest.raises(ValueError, match=r"^the name of a metric must be 1 to 200 printable characters"):
        RECORD[kind](name, 1)
    assert records_of("runs", kind) == []


@both
def test_name_that_is_no_text_is_a_type_error(kind: str, run: reportgen.Run) -> None:
    with pytest.raises(TypeError, match=r"^the name of a metric must be text, not int$"):
        RECORD[kind](3, 1)


@both
def test_name_may_be_of_a_subclass_of_text(kind: str, run: reportgen.Run) -> None:
    np = pytest.importorskip("numpy")
    assert RECORD[kind](np.str_("loss"), 1) is True
    assert only("runs", kind)["name"] == "loss"


# Lists


def test_list_metric_is_recorded_with_its_step(run: reportgen.Run) -> None:
    with run.step("train") as step:
        assert reportgen.record_list_metric_values("loss", [1.4, 1.2], x=[0, 10]) is True
    record = only("runs", "list")
    assert (record["name"], record["values"], record["x"], record["step"]) == ("loss", [1.4, 1.2], [0, 10], step.id)


def test_list_metric_needs_no_x(run: reportgen.Run) -> None:
    reportgen.record_list_metric_values("loss", [1.4, 1.2])
    assert "x" not in only("runs", "list")


@pytest.mark.parametrize(
    "values", [(1, 2), iter([1, 2]), range(1, 3), {1: 0, 2: 0}.keys()], ids=lambda v: type(v).__name__
)
def test_list_metric_takes_any_sequence(values: Any, run: reportgen.Run) -> None:
    reportgen.record_list_metric_values("loss", values)
    assert only("runs", "list")["values"] == [1, 2]


def test_list_metric_takes_a_single_value(run: reportgen.Run) -> None:
    reportgen.record_list_metric_values("loss", 1.5, x=3)
    record = only("runs", "list")
    assert (record["values"], record["x"]) == ([1.5], [3])


def test_list_metric_keeps_numbers_that_json_lacks(run: reportgen.Run) -> None:
    reportgen.record_list_metric_values("loss", [math.nan, math.inf, -math.inf], x=[0, math.inf, 2])
    record = only("runs", "list")
    assert (record["values"], record["x"]) == (["NaN", "Infinity", "-Infinity"], [0, "Infinity", 2])


def test_empty_list_records_nothing(run: reportgen.Run) -> None:
    assert reportgen.record_list_metric_values("loss", []) is True
    assert records_of("runs", "list") == []


@pytest.mark.parametrize(
    ("values", "x", "error", "message"),
    [
        ([1, "2"], None, TypeError, r"^list metric 'loss'\[1\] must be a real number, not str$"),
        ("12", None, TypeError, "^list metric 'loss' must be a list of real numbers, not str$"),
        ({"a": 1}, None, TypeError, "^list metric 'loss' must be a list of real numbers, not dict$"),
        (None, None, TypeError, "^list metric 'loss' must be a list of real numbers, not NoneType$"),
        ([1], ["0"], TypeError, r"^x of list metric 'loss'\[0\] must be a real number, not str$"),
        ([1, 2], [0], ValueError, "^list metric 'loss': 2 values but 1 positions in x$"),
        ([], [0], ValueError, "^list metric 'loss': 0 values but 1 positions in x$"),
    ],
)
def test_wrong_values_or_positions_raise_and_write_nothing(
    values: Any, x: Any, error: type[Exception], message: str, run: reportgen.Run
) -> None:
    with pytest.raises(error, match=message):
        reportgen.record_list_metric_values("loss", values, x)
    assert records_of("runs", "list") == []


def test_list_metric_takes_numpy_arrays(run: reportgen.Run) -> None:
    np = pytest.importorskip("numpy")
    reportgen.record_list_metric_values("loss", np.array([0.5, np.nan]), x=np.arange(2))
    reportgen.record_list_metric_values("loss", np.float32(0.25))
    first, second = records_of("runs", "list")
    assert (first["values"], first["x"], second["values"]) == ([0.5, "NaN"], [0, 1], [0.25])


def test_call_that_would_pass_the_limit_raises_and_stores_nothing_of_it() -> None:
    Path("reportgen.toml").write_text("max_list_values = 3")
    with reportgen.start_run("churn"):
        assert reportgen.record_list_metric_values("loss", [1, 2]) is True
        with pytest.raises(ValueError, match=r"'loss' would hold 4 values, over the limit of 3: .* max_list_values"):
            reportgen.record_list_metric_values("loss", [3, 4])
        assert reportgen.record_list_metric_values("loss", [3]) is True
        assert reportgen.record_list_metric_values("other", [1, 2, 3]) is True
    assert [(record["name"], record["values"]) for record in records_of("runs", "list")] == [
        ("loss", [1, 2]),
        ("loss", [3]),
        ("other", [1, 2, 3]),
    ]


def test_limit_counts_each_run_alone() -> None:
    Path("reportgen.toml").write_text("max_list_values = 3")
    for _ in range(2):
        with reportgen.start_run("churn"):
            assert reportgen.record_list_metric_values("loss", [1, 2, 3]) is True


def test_list_holds_50_000_values_by_default(run: reportgen.Run) -> None:
    values = [0.5] * 50_000
    with pytest.raises(ValueError, match=r"would hold 50,001 values, over the limit of 50,000"):
        reportgen.record_list_metric_values("loss", [*values, 0.5])
    assert reportgen.record_list_metric_values("loss", values) is True
    with pytest.raises(ValueError, match="over the limit"):
        reportgen.record_list_metric_values("loss", [0.5])
    assert len(only("runs", "list")["values"]) == 50_000


def test_limit_of_zero_is_none() -> None:
    Path("reportgen.toml").write_text("max_list_values = 0")
    with reportgen.start_run("churn"):
        assert reportgen.record_list_metric_values("loss", [0.5] * 50_001) is True


# Outside a run


@both
def test_metric_outside_a_run_is_not_recorded_and_warns(kind: str) -> None:
    with pytest.warns(UserWarning, match=r"^no run is active: the metric is not recorded$") as caught:
        assert RECORD[kind]("a", 1) is False
    assert len(caught) == 1
    assert not Path("runs").exists()


def calls_at_known_lines() -> list[int]:
    line = sys._getframe().f_lineno
    reportgen.record_metric_value("a", 1)
    reportgen.record_list_metric_values("a", [1])
    return [line + 1, line + 2]


@pytest.mark.parametrize("caller", [calls_at_known_lines, reportgen.step(calls_at_known_lines)], ids=["plain", "step"])
def test_warning_is_at_the_line_of_the_caller(caller: Callable[[], list[int]]) -> None:
    with pytest.warns(UserWarning, match="no run is active") as caught:
        lines = caller()
    assert [(warning.filename, warning.lineno) for warning in caught] == [(__file__, line) for line in lines]


def test_warning_comes_every_time_that_filters_allow() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            reportgen.record_metric_value("a", 1)
    assert len(caught) == 3


@both
def test_warning_can_be_silenced_by_configuration(kind: str) -> None:
    Path("reportgen.toml").write_text("warn_outside_run = false")
    assert RECORD[kind]("a", 1) is False
    assert not Path("runs").exists()


@both
def test_wrong_value_outside_a_run_raises_all_the_same(kind: str) -> None:
    with pytest.raises(TypeError, match="real number"):
        RECORD[kind]("a", "text")
