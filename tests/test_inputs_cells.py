"""Every value that a cell or a parameter can have gets a documented JSON form, or is refused."""

from __future__ import annotations

import datetime as dt
import enum
import json
import math
import uuid
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording import run_python
from tabular import json_cells

from reportgen.inputs.cells import are_plain, to_cell, to_cells, to_param

NAN, INF = math.nan, math.inf


class Colour(enum.Enum):
    RED = "red"
    BLUE = 2.5
    NOTHING = None


class Level(enum.IntEnum):
    HIGH = 3


class Word(enum.StrEnum):
    YES = "yes"


class NumPyText(str):
    """A subclass of `str`, as NumPy's scalar is one."""

    __slots__ = ()


CELLS: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (3, 3),
    (10**30, 10**30),
    (0.5, 0.5),
    ("é\n", "é\n"),
    (NAN, None),
    (INF, "Infinity"),
    (-INF, "-Infinity"),
    (dt.date(2026, 11, 20), "2026-11-20"),
    (dt.datetime(2026, 11, 20, 2, 0, 4), "2026-11-20T02:00:04"),  # noqa: DTZ001
    (dt.datetime(2026, 11, 20, 2, tzinfo=dt.UTC), "2026-11-20T02:00:00+00:00"),
    (dt.time(2, 0, 4, 5), "02:00:04.000005"),
    (dt.timedelta(days=1, seconds=2.5), "P1DT2.5S"),
    (dt.timedelta(seconds=-1), "-PT1S"),
    (Decimal("1.50"), "1.50"),
    (Decimal("NaN"), None),
    (Decimal("sNaN"), None),
    (Decimal("-Infinity"), "-Infinity"),
    (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    (Colour.RED, "red"),
    (Colour.BLUE, 2.5),
    (Colour.NOTHING, None),
    (Level.HIGH, 3),
    (Word.YES, "yes"),
    (PurePosixPath("a/b"), "a/b"),
    (NumPyText("a"), "a"),
    ([1, NAN, (2,)], [1, None, [2]]),
    ({"a": {"b": INF}, 1: Path("x")}, {"a": {"b": "Infinity"}, "1": "x"}),
    ({3, 1, 2}, [1, 2, 3]),
    (frozenset("ba"), ["a", "b"]),
]


@pytest.mark.parametrize(
    ("cell", "form"), CELLS, ids=[f"{type(cell).__name__}-{n}" for n, (cell, _) in enumerate(CELLS)]
)
def test_cell_has_a_json_form(cell: Any, form: Any) -> None:
    result = to_cell(cell, "here")
    assert result == form
    assert type(result) is type(form)
    assert json.loads(json.dumps(result, allow_nan=False)) == form


class NotATime(dt.datetime):
    """pandas' NaT: a `datetime` that does not equal itself."""

    def __ne__(self, other: object) -> bool:
        return True

    __hash__ = dt.datetime.__hash__


def test_missing_time_is_null() -> None:
    assert to_cell(NotATime(1970, 1, 1, tzinfo=dt.UTC), "here") is None


@given(json_cells)
def test_form_of_a_form_is_itself(cell: Any) -> None:
    form = to_cell(cell, "here")
    assert to_cell(form, "here") == form


def test_numpy_cells_have_the_forms_of_python_cells() -> None:
    np = pytest.importorskip("numpy")
    cells = [
        (np.float32("nan"), None),
        (np.float32("inf"), "Infinity"),
        (np.longdouble("0.5"), 0.5),
        (np.bool_(True), True),
        (np.int64(3), 3),
        (np.str_("é"), "é"),
        (np.datetime64("2026-11-20T02:00:04.123456789"), "2026-11-20T02:00:04.123456"),
        (np.datetime64("2026-11-20"), "2026-11-20T00:00:00"),
        (np.datetime64("NaT"), None),
        (np.datetime64("99999-01-01"), "99999-01-01"),
        (np.timedelta64(1500, "ms"), "PT1.5S"),
        (np.timedelta64("NaT"), None),
        (np.array([1.0, np.nan]), [1.0, None]),
        (np.array(3), 3),
    ]
    for cell, form in cells:
        assert to_cell(cell, "here") == form
        assert type(to_cell(cell, "here")) is type(form)
    for cell in (np.complex64(1), np.bytes_(b"a")):
        with pytest.raises(TypeError, match=r"^here: "):
            to_cell(cell, "here")


class Tensor:
    """A tensor with no dimension, as PyTorch has them: its `dtype` has no `kind`."""

    dtype = object()
    shape = ()

    def item(self) -> float:
        return 0.5


def test_scalar_of_another_library_is_its_item() -> None:
    assert to_cell(Tensor(), "here") == 0.5


# Parameters


class Unprintable:
    def __repr__(self) -> str:
        raise OSError("no words")


class Hostile(Mapping[str, int]):
    def __getitem__(self, key: str) -> int:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("not today")

    def __len__(self) -> int:
        return 1


def make_endless() -> Any:
    endless: dict[str, Any] = {}
    endless["again"] = endless
    return endless


def make_deep() -> Any:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    return deep


@pytest.mark.parametrize(
    ("make", "start"),
    [
        (lambda: 0.1, 0.1),
        (lambda: {"lr": [0.1, Path("a")]}, {"lr": [0.1, "a"]}),
        (lambda: 10**30, 10**30),
        (lambda: 1j, "1j"),
        (lambda: b"ab", "b'ab'"),
        (Unprintable, "<Unprintable>"),
        (lambda: {"deep": [Unprintable()]}, "<dict>"),
        (Hostile, "<"),
        (make_endless, "{'again': {...}}"),
        (make_deep, "<list>"),
        (lambda: "\ud800", "'\\ud800'"),
    ],
    ids=[
        "float",
        "dict",
        "large-int",
        "complex",
        "bytes",
        "unprintable",
        "nested-unprintable",
        "hostile",
        "endless",
        "deep",
        "lone-surrogate",
    ],
)
def test_every_parameter_has_a_form(make: Callable[[], Any], start: Any) -> None:
    form = to_param(make())
    assert form == start or (isinstance(form, str) and form.startswith(start))


@pytest.mark.parametrize("make", [lambda: "x" * 10**6, lambda: list(range(10**5)), lambda: {"a": b"x" * 10**6}])
def test_huge_parameter_is_cut(make: Callable[[], Any]) -> None:
    form = to_param(make())
    assert isinstance(form, str)
    assert len(form) == 501
    assert form.endswith("…")


def test_huge_parameter_is_not_taken_apart() -> None:
    class Items(list[int]):
        def __iter__(self) -> Any:
            raise AssertionError

    assert str(to_param(Items(range(10**5)))).startswith("[0, 1, 2")


def test_series_of_polars_is_a_list() -> None:
    polars = pytest.importorskip("polars")
    assert to_cell(polars.Series([1.5, None]), "cell") == [1.5, None]


# Columns


def test_wrong_cell_of_a_column_is_named_by_its_place() -> None:
    with pytest.raises(TypeError, match=r"^row 2, column 'p': complex cannot be shown in a table; convert it to text"):
        to_cells([1, None, 1j], "p")


def test_whole_number_of_more_digits_than_readers_take_is_refused() -> None:
    assert to_cells([10**4299], "n") == [10**4299]
    with pytest.raises(TypeError, match=r"^row 0, column 'n': a whole number of over 4,300 digits cannot be shown"):
        to_cells([-(10**4301)], "n")


PLAIN_COLUMNS: list[list[Any]] = [[], [None], [True, None], [1, 2], [1.5, 2], [1.5, None, 0.0], ["a", None], [10**30]]
OTHER_COLUMNS: list[list[Any]] = [[NAN], [INF, -INF], [1.0, INF], [b"a"], [Level.HIGH], [Word.YES], [[1]], [{}]]


@pytest.mark.parametrize("values", PLAIN_COLUMNS, ids=str)
def test_plain_column_is_its_own_form(values: list[Any]) -> None:
    assert are_plain(values)
    assert to_cells(values, "a") == values


@pytest.mark.parametrize("values", OTHER_COLUMNS, ids=str)
def test_column_that_needs_a_closer_look_is_not_plain(values: list[Any]) -> None:
    assert not are_plain(values)


@given(st.lists(json_cells, max_size=5))
def test_column_found_plain_is_its_own_form(values: list[Any]) -> None:
    if are_plain(values):
        assert to_cells(values, "a") == values


# Values of libraries


def test_missing_values_of_pandas_and_numpy_are_null() -> None:
    np, pd = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    assert to_cells([pd.NA, pd.NaT, np.ma.masked, pd.Timestamp("NaT")], "a") == [None] * 4


def test_values_of_pandas_have_the_forms_of_python_values() -> None:
    pd = pytest.importorskip("pandas")
    cells = [
        (pd.Timestamp("2026-11-20 02:00:04.123456789"), "2026-11-20T02:00:04.123456"),
        (pd.Timestamp("2026-11-20", tz="Europe/Berlin"), "2026-11-20T00:00:00+01:00"),
        (pd.Timedelta("1 day 00:00:02.5"), "P1DT2.5S"),
        (pd.Period("2026-11", freq="M"), "2026-11"),
        (pd.Interval(0.0, 1.5), "(0.0, 1.5]"),
    ]
    for cell, form in cells:
        assert to_cell(cell, "here") == form


def test_looking_at_cells_loads_no_library() -> None:
    code = (
        "import sys; from reportgen.inputs.cells import to_cell; to_cell([1, {'a': 2.5}], 'here'); print(*sys.modules)"
    )
    loaded = set(run_python(code).stdout.split())
    assert not loaded & {"datetime", "decimal", "uuid", "pathlib", "typing", "msgspec", "numpy", "pandas"}
