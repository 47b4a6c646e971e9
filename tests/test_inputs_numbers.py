"""What is a number, and what is said when it is none."""

from __future__ import annotations

import datetime as dt
import enum
import json
import math
import re
from collections import UserList
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen import jsontext
from reportgen.inputs.numbers import numbers_text, to_number, to_percent

NAN, INF = math.nan, math.inf


class Colour(enum.Enum):
    RED = "red"
    BLUE = 2.5
    NOTHING = None


class Level(enum.IntEnum):
    HIGH = 3


def to_numbers(values: Any, what: str) -> list[Any]:
    n_values, text = numbers_text(values, what)
    numbers: list[Any] = json.loads(text)
    assert len(numbers) == n_values
    return numbers


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3.0),
        (0.5, 0.5),
        (True, 1.0),
        (Fraction(1, 4), 0.25),
        (Decimal("0.5"), 0.5),
        (Level.HIGH, 3.0),
        (NAN, "NaN"),
        (INF, "Infinity"),
        (-INF, "-Infinity"),
        (Decimal("NaN"), "NaN"),
        (10**400, "Infinity"),
        (-(10**400), "-Infinity"),
    ],
    ids=str,
)
def test_real_number_is_taken(value: Any, number: object) -> None:
    assert to_number(value, "x") == number
    assert type(to_number(value, "x")) in {float, str}


@pytest.mark.parametrize(
    "value",
    ["1", b"1", None, 1j, [1], {}, object(), Colour.BLUE, dt.timedelta(1)],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_real_number_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError, match=f"^metric 'm' must be a real number, not {type(value).__name__}$"):
        to_number(value, "metric 'm'")


@pytest.mark.parametrize("values", [[1, 2.5, True], (1, 2.5, True), iter([1, 2.5, True]), UserList([1, 2.5, True])])
def test_any_sequence_of_numbers_is_taken(values: Any) -> None:
    assert to_numbers(values, "x") == [1.0, 2.5, 1.0]


@pytest.mark.parametrize("values", ["12", b"12", {1: 2}])
def test_what_is_no_sequence_of_numbers_is_a_type_error(values: Any) -> None:
    with pytest.raises(TypeError, match=f"^x must be a list of real numbers, not {type(values).__name__}$"):
        to_numbers(values, "x")


def test_error_in_a_sequence_names_the_place() -> None:
    with pytest.raises(TypeError, match=re.escape("x[2] must be a real number, not str")):
        to_numbers([1, 2, "3"], "x")


ANY_NUMBER = st.one_of(
    st.floats(),
    st.integers(),
    st.booleans(),
    st.fractions(),
    st.decimals(),
    st.sampled_from([Level.HIGH, -0.0, 5e-324, 1.7976931348623157e308, 10**400]),
)


@given(st.lists(ANY_NUMBER), st.booleans())
def test_list_of_numbers_says_what_its_numbers_say_one_by_one(values: list[Any], is_bulk: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsontext, "fast_encode", msgspec.json.encode if is_bulk else None)
        found = to_numbers(values, "x")
    assert [float(number) for number in found] == pytest.approx(
        [float(to_number(value, "x")) for value in values], rel=0, abs=0, nan_ok=True
    )


@given(st.lists(ANY_NUMBER, min_size=1), st.sampled_from([None, "1", 1j, [1], {}, object()]), st.data())
def test_one_wrong_value_is_found_wherever_it_is(values: list[Any], wrong: Any, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(values)))
    values.insert(place, wrong)
    with pytest.raises(TypeError, match=rf"^x\[{place}\] must be a real number, not "):
        to_numbers(values, "x")


@pytest.mark.parametrize(
    ("progress", "percent", "clamped"),
    [
        (0, 0, False),
        (100, 100, False),
        (33.3, 33.3, False),
        (-1, 0, True),
        (100.1, 100, True),
        (INF, 100, True),
        (-INF, 0, True),
        (True, 1, False),
    ],
)
def test_progress_is_clamped(progress: float, percent: float, clamped: bool) -> None:
    assert to_percent(progress) == (percent, clamped)


def test_progress_is_never_nan() -> None:
    with pytest.raises(ValueError, match="not NaN"):
        to_percent(NAN)


def test_progress_is_a_number() -> None:
    with pytest.raises(TypeError, match="progress must be a real number, not str"):
        to_percent("50")


def test_numpy_scalars_are_numbers() -> None:
    np = pytest.importorskip("numpy")
    for kind in ("float16", "float32", "float64", "longdouble", "int8", "uint64", "bool"):
        assert to_number(np.dtype(kind).type(1), "x") == 1.0
    assert to_number(np.array(2.5), "x") == 2.5
    assert to_number(np.float32("nan"), "x") == "NaN"


def test_numpy_arrays_are_lists_of_numbers() -> None:
    np = pytest.importorskip("numpy")
    assert to_numbers(np.arange(3), "x") == [0.0, 1.0, 2.0]
    assert to_numbers(np.array([True, False]), "x") == [1.0, 0.0]
    assert to_numbers([np.float32(0.5), np.int8(1)], "x") == [0.5, 1.0]


def test_series_of_pandas_are_lists_of_numbers() -> None:
    pandas = pytest.importorskip("pandas")
    assert numbers_text(pandas.Series([1.5, 2.5], index=["a", "b"]), "list metric 'loss'") == (2, "[1.5,2.5]")
    with pytest.raises(TypeError, match="not DataFrame"):
        numbers_text(pandas.DataFrame({"a": [1]}), "list metric 'loss'")
    with pytest.raises(TypeError, match="not of times"):
        numbers_text(pandas.Series(pandas.to_datetime(["2026-07-01"])), "list metric 'loss'")


def test_numpy_arrays_of_other_things_are_type_errors() -> None:
    np = pytest.importorskip("numpy")
    times = np.array(["2026-01-01"], dtype="M8[ns]")
    for values in (np.ones((2, 2)), np.array(["a"]), np.array([1j]), times, times - times):
        with pytest.raises(TypeError, match=r"^x"):
            to_numbers(values, "x")
    for value in (np.ones(1), np.array(["a"])[0], np.complex64(1), times[0]):
        with pytest.raises(TypeError, match=r"^x must be a real number, not "):
            to_number(value, "x")
