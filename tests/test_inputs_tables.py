"""Tables in any of their forms: one result whatever they came in, small as JSON, large as Parquet."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import uuid
from collections import OrderedDict, UserList, defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recording import run_python
from tabular import json_cells, read_back

from reportgen.inputs.tables import LargeTable, SmallTable, read_table, to_table

NAN, INF = math.nan, math.inf


class Capsule:
    """A data frame of which only the Arrow interface is known, as polars' or duckdb's."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


TABLE = {"columns": ["id", "p"], "rows": [[1, 0.5], [2, None]]}


@pytest.mark.parametrize(
    "table",
    [
        {"id": [1, 2], "p": [0.5, NAN]},
        {"id": (1, 2), "p": iter([0.5, None])},
        OrderedDict(id=range(1, 3), p=[0.5, None]),
        [{"id": 1, "p": 0.5}, {"id": 2}],
        ({"id": 1, "p": 0.5}, {"id": 2, "p": None}),
        UserList([{"id": 1, "p": 0.5}, {"id": 2}]),
        pa.table({"id": [1, 2], "p": [0.5, None]}),
        pa.record_batch({"id": [1, 2], "p": [0.5, NAN]}),
        Capsule(pa.table({"id": [1, 2], "p": [0.5, None]})),
        iter([{"id": 1, "p": 0.5}, {"id": 2}]),
        (row for row in [{"id": 1, "p": 0.5}, {"id": 2}]),
    ],
    ids=lambda table: type(table).__name__,
)
def test_table_has_one_form_whatever_it_came_in(table: Any) -> None:
    assert to_table(table) == TABLE


def test_columns_are_the_union_of_keys_in_order_of_appearance() -> None:
    table = to_table([{"b": 1}, {"a": 2, "b": 3}, {}, {"c": 4, "a": 5}])
    assert table == {"columns": ["b", "a", "c"], "rows": [[1, None, None], [3, 2, None], [None] * 3, [None, 5, 4]]}


def test_lists_are_rows_and_short_ones_are_filled() -> None:
    assert to_table([[1, 2], (3,), []]) == {"columns": ["0", "1"], "rows": [[1, 2], [3, None], [None, None]]}


def test_names_of_columns_become_text() -> None:
    assert to_table({1: ["a"], None: ["b"]})["columns"] == ["1", "None"]
    assert to_table([{1: "a", ("x", 2): "b"}]) == {"columns": ["1", "('x', 2)"], "rows": [["a", "b"]]}


@pytest.mark.parametrize("table", [{}, [], (), pa.table({}), [{}, {}], [[], []]], ids=str)
def test_empty_table_is_a_table(table: Any) -> None:
    assert to_table(table) == {"columns": [], "rows": []}


def test_table_without_rows_keeps_its_columns() -> None:
    assert to_table({"a": [], "b": []}) == {"columns": ["a", "b"], "rows": []}
    assert to_table(pa.table({"a": pa.array([], pa.int64())})) == {"columns": ["a"], "rows": []}


def test_data_frame_may_name_two_columns_alike() -> None:
    table = pa.table([[1], [2]], names=["a", "a"])
    assert to_table(table) == {"columns": ["a", "a"], "rows": [[1, 2]]}


def test_data_frame_columns_of_every_kind() -> None:
    table = pa.table(
        {
            "text": ["é"],
            "number": pa.array([1.5], pa.float32()),
            "flag": [True],
            "decimal": pa.array([Decimal("1.50")]),
            "day": pa.array([dt.date(2026, 11, 20)]),
            "time": pa.array([1], pa.time64("ns")),
            "at": pa.array([1_000_000_123_456_789], pa.timestamp("ns", "UTC")),
            "took": pa.array([1_500_000_001], pa.duration("ns")),
            "list": [[1, None]],
            "struct": [{"a": INF}],
            "category": pa.array(["x"]).dictionary_encode(),
            "nothing": pa.nulls(1),
        }
    )
    (row,) = to_table(table)["rows"]
    assert dict(zip(table.column_names, row, strict=True)) == {
        "text": "é",
        "number": 1.5,
        "flag": True,
        "decimal": "1.50",
        "day": "2026-11-20",
        "time": "00:00:00",
        "at": "1970-01-12T13:46:40.123456+00:00",
        "took": "PT1.5S",
        "list": [1, None],
        "struct": {"a": "Infinity"},
        "category": "x",
        "nothing": None,
    }


@pytest.mark.parametrize(
    "cell", [1j, b"x", object(), print, int, range(3), (n for n in "ab")], ids=lambda c: str(type(c))
)
def test_cell_of_another_type_names_row_and_column(cell: Any) -> None:
    kind = type(cell).__name__
    message = re.escape(f"row 1, column 'p': {kind} cannot be shown in a table; convert it to text or a number")
    for table in ({"p": [1, cell]}, [{"p": 1}, {"p": cell}], [{"p": 1}, {"p": [{"deep": cell}]}]):
        with pytest.raises(TypeError, match=f"^{message}$"):
            to_table(table)
    with pytest.raises(TypeError, match=r"^row 1, column '0': "):
        to_table([[1], [cell]])


def test_cell_of_a_data_frame_that_cannot_be_shown_names_row_and_column() -> None:
    with pytest.raises(TypeError, match=r"^row 0, column 'raw': bytes cannot be shown"):
        to_table(pa.table({"id": [1], "raw": [b"x"]}))


def test_endless_cell_names_row_and_column() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(TypeError, match=r"^row 0, column 'a': list is nested too deeply"):
        to_table({"a": [endless]})


@pytest.mark.parametrize(
    "table", [None, 3, "text", b"bytes", bytearray(2), {1, 2}, object(), dict, 1j], ids=lambda t: type(t).__name__
)
def test_what_is_no_table_is_a_type_error(table: Any) -> None:
    kind = type(table).__name__
    message = "a table must be a dict of lists, a list of dicts or lists, a two-dimensional array or a data frame"
    with pytest.raises(TypeError, match=f"^{message}, not {kind}$"):
        read_table(table)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ((n for n in "ab"), "row 0 must be a list, not str"),
        ({"a": {1, 2}}, "column 'a' must be a list, not set"),
        ({"a": 1}, "column 'a' must be a list, not int"),
        ({"a": "text"}, "column 'a' must be a list, not str"),
        ([1], "row 0 must be a list, not int"),
        ([[1], "text"], "row 1 must be a list, not str"),
        ([[1], {"a": 1}], "row 1 must be a list, not dict"),
    ],
)
def test_what_is_no_column_or_row_is_named(table: Any, message: str) -> None:
    with pytest.raises(TypeError, match=f"^{message}$"):
        to_table(table)


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"must have one length, not \{'a': 1, 'b': 2\}"):
        to_table({"a": [1], "b": [1, 2]})


def test_wide_table_is_read_once() -> None:
    class Counted(dict[str, int]):
        n_reads = 0

        def items(self) -> Any:
            Counted.n_reads += 1
            return super().items()

    to_table([Counted({str(column): column for column in range(50)}) for _ in range(3)])
    assert Counted.n_reads == 3


@given(
    st.dictionaries(st.text(min_size=1), json_cells, min_size=1, max_size=4).flatmap(lambda row: st.lists(st.just(row)))
)
def test_dict_of_lists_and_list_of_dicts_are_one_table(rows: list[dict[str, Any]]) -> None:
    by_row = to_table(rows)
    by_column = to_table({name: [row[name] for row in rows] for name in (rows[0] if rows else {})})
    assert by_row == by_column
    assert json.loads(json.dumps(by_row, allow_nan=False)) == by_row


def test_key_that_is_missing_in_one_row_is_not_made_up() -> None:
    rows = [defaultdict(int, a=1, b=2), defaultdict(int, a=3, c=4)]
    assert to_table(rows)["rows"] == [[1, 2, None], [3, None, 4]]
    assert "b" not in rows[1]


def test_rows_of_as_many_but_other_keys_are_one_table() -> None:
    assert to_table([{"a": 1, "b": 2}, {"a": 3, "c": 4}])["rows"] == [[1, 2, None], [3, None, 4]]
    assert to_table([{"a": 1, "b": 2}, {"b": 3, "a": 4}])["rows"] == [[1, 2], [4, 3]]


# NumPy and data frames


def test_numpy_columns_and_rows_make_tables() -> None:
    np = pytest.importorskip("numpy")
    table = {"columns": ["a"], "rows": [[1.0], [None]]}
    assert to_table({"a": np.array([1.0, np.nan])}) == table
    assert to_table([np.array([1.0]), np.array([np.nan])]) == {**table, "columns": ["0"]}


def test_arrays_of_libraries_are_columns() -> None:
    np, pd, pl = (pytest.importorskip(name) for name in ("numpy", "pandas", "polars"))
    arrays = {"n": np.arange(2), "s": pd.Series(["a", None], dtype=object), "p": pl.Series([1.5, None])}
    arrays |= {"a": pa.array([1, None]), "w": np.array(["x", "y"]), "l": np.array([1, 2], np.longdouble)}
    assert to_table(arrays)["rows"] == [[0, "a", 1.5, 1, "x", 1.0], [1, None, None, None, "y", 2.0]]


def test_numpy_array_with_two_dimensions_is_a_table() -> None:
    np = pytest.importorskip("numpy")
    expected = {"columns": ["0", "1"], "rows": [[0, 1], [2, 3]]}
    for array in (np.arange(4).reshape(2, 2), np.array([[0, 1], [2, 3]], dtype=object)):
        assert to_table(array) == expected
    words = np.array([["é", "b"], ["c", "d"]])
    assert to_table(words)["rows"] == [["é", "b"], ["c", "d"]]
    assert to_table(np.ma.masked_array([[1, 2]], [[True, False]]))["rows"] == [[None, 2]]


def test_numpy_array_of_foreign_byte_order_or_a_matrix_is_a_table() -> None:
    np = pytest.importorskip("numpy")
    square = np.arange(4).reshape(2, 2)
    for array in (square.astype(">i8"), square.view(np.matrix)):
        assert to_table(array)["rows"] == [[0, 1], [2, 3]]
    assert isinstance(read_table({"n": np.arange(2_000, dtype=">f4")}), LargeTable)


def test_numpy_array_with_named_fields_is_a_table() -> None:
    np = pytest.importorskip("numpy")
    array = np.array([(1, "x", "2026-11-20"), (2, "y", "NaT")], dtype=[("n", "i4"), ("s", "U3"), ("d", "M8[D]")])
    rows = [[1, "x", "2026-11-20T00:00:00"], [2, "y", None]]
    assert to_table(array)["rows"] == [[1, "x", to_table({"d": array["d"]})["rows"][0][0]], [2, "y", None]]
    assert to_table(array)["columns"] == ["n", "s", "d"]
    assert rows[1] == to_table(array)["rows"][1]


def test_numpy_array_of_another_shape_or_kind_is_a_type_error() -> None:
    np = pytest.importorskip("numpy")
    for shape in ((3,), (), (1, 2, 3)):
        with pytest.raises(
            TypeError, match=re.escape(f"must have two dimensions, or one and named fields, not the shape {shape}")
        ):
            read_table(np.zeros(shape))
    with pytest.raises(TypeError, match=r"^row 0, column '0': complex"):
        read_table(np.zeros((1, 1), complex))


def test_pandas_data_frame_is_a_table() -> None:
    pd = pytest.importorskip("pandas")
    assert to_table(pd.DataFrame({"id": [1, 2], "p": [0.5, NAN]})) == TABLE


def test_index_of_pandas_becomes_columns_as_reset_index_names_them() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1, 2]})
    levels = pd.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["k", None])
    for index, columns in [
        (pd.RangeIndex(2), ["a"]),
        (pd.RangeIndex(5, 7), ["index", "a"]),
        (pd.RangeIndex(2, name="k"), ["k", "a"]),
        (pd.Index(["x", "y"]), ["index", "a"]),
        (pd.Index(["x", "y"], name="a"), ["a", "a"]),
        (levels, ["k", "level_1", "a"]),
    ]:
        indexed = frame.set_axis(index)
        assert to_table(indexed)["columns"] == columns
        assert [row[:-1] for row in to_table(indexed)["rows"]] == [
            ([*label] if isinstance(label, tuple) else [label])[: len(columns) - 1] for label in index
        ]


def test_pandas_series_is_a_table_of_one_column_and_its_index() -> None:
    pd = pytest.importorskip("pandas")
    assert to_table(pd.Series([1, 2])) == {"columns": ["0"], "rows": [[1], [2]]}
    assert to_table(pd.Series(["a", "b", "a"], name="k").value_counts()) == {
        "columns": ["k", "count"],
        "rows": [["a", 2], ["b", 1]],
    }


def make_pandas() -> Any:
    pd = pytest.importorskip("pandas")
    return pd.DataFrame(
        {
            "whole": pd.array([1, None], dtype="Int64"),
            "flag": pd.array([True, None], dtype="boolean"),
            "category": pd.Categorical(["x", None]),
            "range": pd.cut([0.5, NAN], [0, 1, 2]),
            "period": pd.PeriodIndex(["2026-11", "NaT"], freq="M"),
            "took": pd.to_timedelta([1.5, None], unit="s"),
            "zoned": pd.to_datetime(["2026-07-01", None]).tz_localize("Europe/Berlin"),
            "naive": pd.to_datetime(["2026-07-01 00:00:00.123456789", None]),
            "mixed": pd.Series([1, "a"], dtype=object),
            "exact": pd.Series([Decimal("1.50"), pd.NA], dtype=object),
            "numbers": pd.Series([1, 2.5], dtype=object),
            "ids": pd.Series([uuid.UUID(int=1), None], dtype=object),
            "text": pd.Series(["a", None], dtype=object),
            "new_text": pd.Series(["a", None], dtype="string"),
            "complex_free": pd.Series([[1, {"a": NAN}], None], dtype=object),
        }
    )


def test_pandas_columns_of_every_kind() -> None:
    table = to_table(make_pandas())
    assert dict(zip(table["columns"], zip(*table["rows"], strict=True), strict=True)) == {
        "whole": (1, None),
        "flag": (True, None),
        "category": ("x", None),
        "range": ("(0.0, 1.0]", None),
        "period": ("2026-11", None),
        "took": ("PT1.5S", None),
        "zoned": ("2026-07-01T00:00:00+02:00", None),
        "naive": ("2026-07-01T00:00:00.123456", None),
        "mixed": (1, "a"),
        "exact": ("1.50", None),
        "numbers": (1, 2.5),
        "ids": ("00000000-0000-0000-0000-000000000001", None),
        "text": ("a", None),
        "new_text": ("a", None),
        "complex_free": ([1, {"a": None}], None),
    }


def test_wrong_cell_of_a_pandas_frame_names_row_and_column() -> None:
    pd = pytest.importorskip("pandas")
    for n_rows in (2, 2000):
        values = pd.Series(["a"] * (n_rows - 1) + [b"raw"], dtype=object)
        with pytest.raises(TypeError, match=f"^row {n_rows - 1}, column 'p': bytes cannot be shown"):
            read_table(pd.DataFrame({"n": range(n_rows), "p": values}))


def make_polars() -> Any:
    pl = pytest.importorskip("polars")
    return pl.DataFrame(
        {
            "text": ["é", None],
            "category": pl.Series(["x", None], dtype=pl.Categorical),
            "choice": pl.Series(["x", None], dtype=pl.Enum(["x"])),
            "exact": pl.Series([Decimal("1.50"), None], dtype=pl.Decimal(10, 2)),
            "time": [dt.time(1, 2, 3), None],
            "took": [dt.timedelta(days=1), None],
            "at": [dt.datetime(2026, 11, 20, 2, tzinfo=dt.UTC), None],
            "list": [[1, 2], None],
            "struct": [{"a": INF}, None],
        }
    )


def test_polars_frame_lazy_frame_and_series_are_tables() -> None:
    pl = pytest.importorskip("polars")
    expected = {
        "columns": ["text", "category", "choice", "exact", "time", "took", "at", "list", "struct"],
        "rows": [
            ["é", "x", "x", "1.50", "01:02:03", "P1D", "2026-11-20T02:00:00+00:00", [1, 2], {"a": "Infinity"}],
            [None] * 9,
        ],
    }
    expected["rows"][1][8] = to_table(make_polars())["rows"][1][8]  # a struct of nulls or null: polars' choice
    assert to_table(make_polars()) == expected
    assert to_table(make_polars().lazy()) == expected
    assert to_table(pl.Series("n", [1, 2])) == {"columns": ["n"], "rows": [[1], [2]]}
    assert to_table(pl.Series([1])) == {"columns": ["0"], "rows": [[1]]}


def test_duckdb_relation_is_a_table() -> None:
    duckdb = pytest.importorskip("duckdb")
    query = (
        "select 1 as id, 'x' as s, date '2026-11-20' as d, 1.50::decimal(5, 2) as p, [1, 2] as l, 'n'::blob is null b"
    )
    assert to_table(duckdb.sql(query)) == {
        "columns": ["id", "s", "d", "p", "l", "b"],
        "rows": [[1, "x", "2026-11-20", "1.50", [1, 2], False]],
    }


def test_arrow_columns_of_rare_kinds() -> None:
    table = pa.table(
        {
            "view": pa.array(["x", None]).cast(pa.string_view()),
            "runs": pa.RunEndEncodedArray.from_arrays([2], ["x"]),
            "seconds": pa.array([0, None], pa.timestamp("s", "+02:00")),
            "long": pa.array([Decimal(10**60), None], pa.decimal256(70, 0)),
            "nested": pa.array([[1_000_000_123], None], pa.list_(pa.timestamp("ns"))),
            "raw": pa.array([None, None], pa.binary()),
        }
    )
    (row, _) = to_table(table)["rows"]
    expected = ["x", "x", "1970-01-01T02:00:00+02:00", str(10**60), ["1970-01-01T00:00:01"], None]
    assert row == expected


def test_time_that_python_cannot_hold_names_row_and_column() -> None:
    for column in (pa.array([0, 10**7], pa.date32()), pa.array([0, 10**12], pa.timestamp("s", "UTC"))):
        with pytest.raises(TypeError, match=r"^row 1, column 'd': \w+ cannot be shown in a table"):
            read_table(pa.table({"d": column}))


# Small tables and large ones


def is_large(table: Any) -> bool:
    return isinstance(read_table(table), LargeTable)


def test_small_table_is_json_encoded_once() -> None:
    small = read_table([{"id": 1, "p": NAN}, {"id": 2, "p": INF}])
    assert isinstance(small, SmallTable)
    assert small.data_json == b'{"columns":["id","p"],"rows":[[1,null],[2,"Infinity"]]}'


def test_text_without_a_form_in_utf8_is_replaced() -> None:
    small = read_table({"a\ud800": ["b\udfff"], "n": [10**30]})
    assert isinstance(small, SmallTable)
    assert json.loads(small.data_json) == {"columns": ["a\ufffd", "n"], "rows": [["b\ufffd", 10**30]]}


def test_table_is_large_by_rows_or_by_bytes() -> None:
    assert [is_large({"a": [1] * n}) for n in (1000, 1001)] == [False, True]
    assert [is_large({"a": ["x" * n]}) for n in (255_000, 257_000)] == [False, True]


def test_record_of_a_large_table_names_its_file_and_holds_the_first_rows() -> None:
    large = read_table({"n": range(2000), "p": [NAN] * 2000})
    assert isinstance(large, LargeTable)
    assert (large.columns, large.n_rows, large.n_columns, large.extension) == (["n", "p"], 2000, 2, "parquet")
    rows = [[n, None] for n in range(5)]
    assert json.loads(large.data_json("x.parquet")) == {
        "blob": "x.parquet",
        "columns": ["n", "p"],
        "n_rows": 2000,
        "rows": rows,
    }


def test_record_of_a_table_of_long_rows_stays_short() -> None:
    large = read_table({"a": ["x" * 300_000]})
    assert isinstance(large, LargeTable)
    assert len(large.data_json("x.parquet")) < 20_000


def test_wrong_cell_of_a_large_table_names_row_and_column() -> None:
    with pytest.raises(TypeError, match=r"^row 1500, column 'p': complex cannot be shown"):
        read_table({"p": [*["a"] * 1500, 1j]})
    with pytest.raises(TypeError, match=r"^row 1500, column 'p': bytes cannot be shown"):
        read_table(pa.table({"p": [None] * 1500 + [b"a"]}))


def large_form(table: Any, monkeypatch: pytest.MonkeyPatch) -> LargeTable:
    """The large form of any table."""
    monkeypatch.setattr("reportgen.inputs.tables.MAX_SMALL_ROWS", -1)
    large = read_table(table)
    assert isinstance(large, LargeTable)
    return large


def as_small(table: Any) -> Any:
    return json.loads(json.dumps(to_table(table), allow_nan=False))


cells_of_one_kind = st.sampled_from(
    [
        st.none() | st.booleans(),
        st.none() | st.integers(),
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.floats(),
        st.none() | st.text(),
        st.none() | st.datetimes(timezones=st.timezones() | st.none()),
        json_cells,
    ]
)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[Any]]:
    n_rows = draw(st.integers(0, 6))
    names = draw(st.lists(st.text(), unique=True, max_size=4))
    return {name: draw(st.lists(draw(cells_of_one_kind), min_size=n_rows, max_size=n_rows)) for name in names}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables())
def test_large_form_read_back_is_the_small_form(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, table: dict[str, list[Any]]
) -> None:
    large = large_form(table, monkeypatch)
    assert read_back(large.content, tmp_path) == as_small(table)
    assert large_form(table, monkeypatch).content == large.content


ARROW_COLUMNS: list[Any] = [
    pa.array([1, None], pa.uint64()),
    pa.array([2**64 - 1, 0], pa.uint64()),
    pa.array([1.5, NAN], pa.float16()),
    pa.array([0.1, -INF], pa.float32()),
    pa.array([None, None]),
    pa.array(["x", None]).dictionary_encode(),
    pa.array([dt.date(1, 1, 1), dt.date(9999, 12, 31)]),
    pa.array([86_400_000, None], pa.date64()),
    pa.array([1, None], pa.time32("s")),
    pa.array([1, -1], pa.timestamp("ns")),
    pa.array([0, None], pa.timestamp("us", "America/St_Johns")),
    pa.array([-1, None], pa.duration("ms")),
    pa.array([Decimal("0E-5"), Decimal("-1.50000")], pa.decimal128(10, 5)),
    pa.array([[1, None], None]),
    pa.array([{"a": 1, "b": None}, None]),
    pa.array(["x", None], pa.large_string()),
]


@pytest.mark.parametrize("column", ARROW_COLUMNS, ids=lambda column: str(column.type))
def test_large_form_of_an_arrow_column_read_back_is_the_small_form(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, column: Any
) -> None:
    table = pa.table({"a.b": column, "": column})
    assert read_back(large_form(table, monkeypatch).content, tmp_path) == as_small(table)


@pytest.mark.parametrize("make", [make_pandas, make_polars])
def test_large_form_of_a_data_frame_read_back_is_the_small_form(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, make: Callable[[], Any]
) -> None:
    assert read_back(large_form(make(), monkeypatch).content, tmp_path) == as_small(make())


def test_columns_of_one_name_are_told_apart_in_the_file_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    table = pa.table([["x"], ["y"], ["z"]], names=["a", "a", "a.2"])
    large = large_form(table, monkeypatch)
    assert read_back(large.content, tmp_path) == as_small(table)
    assert pq.read_schema(pa.BufferReader(large.content)).names == ["a", "a.2", "a.2.2"]


def test_column_of_one_kind_has_a_type_of_parquet(monkeypatch: pytest.MonkeyPatch) -> None:
    large = large_form({"s": ["a"], "n": [1], "p": [NAN], "b": [True], "m": [[1]], "z": [None]}, monkeypatch)
    schema = pq.read_schema(pa.BufferReader(large.content))
    assert [str(field.type) for field in schema] == ["string", "int64", "double", "bool", "string", "null"]
    assert [field.name for field in schema if field.metadata] == ["m"]


def test_reading_small_tables_loads_no_large_library() -> None:
    code = "import sys; from reportgen.inputs.tables import read_table; read_table({'a': [1]}); print(*sys.modules)"
    assert not set(run_python(code).stdout.split()) & {"pyarrow", "numpy", "pandas", "polars"}


def test_whole_number_of_too_many_digits_names_row_and_column() -> None:
    for n_rows in (3, 3000):
        with pytest.raises(TypeError, match=rf"^row {n_rows}, column 'n': a whole number of over 4,300 digits"):
            read_table({"n": [*range(n_rows), 10**5000], "m": [""] * (n_rows + 1)})


def test_long_arrays_are_columns_of_a_large_table(tmp_path: Path) -> None:
    np = pytest.importorskip("numpy")
    arrays = {"n": np.arange(2000), "p": np.full(2000, np.inf), "s": np.array(["x"] * 2000), "c": [None] * 2000}
    large = read_table(arrays)
    assert isinstance(large, LargeTable)
    assert read_back(large.content, tmp_path) == as_small(arrays)
    assert read_back(large.content, tmp_path)["rows"][1999] == [1999, "Infinity", "x", None]
