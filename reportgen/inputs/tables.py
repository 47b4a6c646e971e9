"""Tables in any of their forms become columns and rows: JSON in the record, or a Parquet file beside it.

A table of up to 1,000 rows and 256 kB is JSON, encoded here once. A larger one would make a record that every reader
must take in whole, so it is kept by content as a Parquet file (`reportgen.tables`) and its record holds the first rows.

What step code calls often, with small tables of plain values, costs little more than the encoding: rows are taken
apart column by column, and a column whose types are plain is its own JSON form. pyarrow is imported for data
frames and large tables only.
"""

from __future__ import annotations

from reportgen.inputs.cells import are_plain, to_cells
from reportgen.jsontext import clean_text, encode_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

MAX_SMALL_ROWS = 1_000
MAX_SMALL_BYTES = 256_000
_PREVIEW_ROWS = 5
_PREVIEW_BYTES = 16_000
_PLAIN_KINDS = ("b", "i", "u", "f", "U")
_FORMS = "a dict of lists, a list of dicts or lists, a two-dimensional array or a data frame"


class SmallTable:
    """A table to be put into its record.

    Attributes
    ----------
    data_json
        `{"columns": [name, …], "rows": [[cell, …], …]}`.
    """

    __slots__ = ("data_json",)

    def __init__(self, data_json: bytes) -> None:
        self.data_json = data_json


class LargeTable:
    """A table to be kept by content.

    Attributes
    ----------
    content
        A Parquet file, as `docs/log-format.md` describes it.
    columns, n_rows, n_columns
        Names, and the size of the table.
    rows_json
        The first rows, `[[cell, …], …]`: at most 5, and none when they are long.
    """

    extension = "parquet"
    __slots__ = ("columns", "content", "n_columns", "n_rows", "rows_json")

    def __init__(self, content: bytes, columns: list[str], n_rows: int, rows_json: bytes) -> None:
        self.content = content
        self.columns = columns
        self.n_rows = n_rows
        self.n_columns = len(columns)
        self.rows_json = rows_json

    def data_json(self, blob: str) -> bytes:
        """Give the record's data; `blob` is the name that the file was kept under."""
        head = encode_json({"blob": blob, "columns": self.columns, "n_rows": self.n_rows})
        return b'%b,"rows":%b}' % (head[:-1], self.rows_json)


def read_table(table: Any) -> SmallTable | LargeTable:
    """Take a table in any of its forms.

    Parameters
    ----------
    table
        A dict of lists or arrays; a list or an iterator of dicts (columns are the union of keys in order of
        appearance) or of lists (columns are named 0, 1, 2 …); a NumPy array with two dimensions or named fields;
        a data frame or series of pandas, polars, pyarrow or duckdb, or any object of the Arrow PyCapsule interface.
        An index of pandas becomes columns as `reset_index` names them, unless it only counts the rows from 0.
        A table without columns has no rows.

    Raises
    ------
    TypeError
        It has none of these forms, or a cell cannot be shown; the message names row and column.
    ValueError
        Columns differ in length, or two have one name.
    """
    parts = _take_apart(table)
    if parts.n_rows <= MAX_SMALL_ROWS:
        data_json = _encode(parts)
        if len(data_json) <= MAX_SMALL_BYTES:
            return SmallTable(data_json)
    return _make_large(parts)


def to_table(table: Any) -> dict[str, Any]:
    """Take a table as `read_table` does; give `{"columns": [name, …], "rows": [[cell, …], …]}` whatever its size."""
    parts = _take_apart(table)
    return {"columns": parts.names, "rows": [list(row) for row in _make_rows(parts)]}


class _Parts:
    """A table taken apart: names, and one list, tuple or Arrow column for each. `rows` are there if it came by row."""

    __slots__ = ("columns", "n_rows", "names", "rows")

    def __init__(self, names: list[str], columns: Sequence[Any], rows: Sequence[Any] | None = None) -> None:
        self.names = names
        self.columns = columns
        self.n_rows = len(columns[0]) if columns else 0
        self.rows = rows if columns else ()


def _encode(parts: _Parts) -> bytes:
    """Give the JSON of a small table. Of rows that hold plain values only, nothing is made but this."""
    rows = parts.rows
    if rows is None or not all(map(are_plain, parts.columns)):
        rows = _make_rows(parts)
    try:
        return encode_json({"columns": parts.names, "rows": rows})
    except ValueError:  # a whole number of too many digits: a closer look names its place
        _make_cells(parts)
        raise


def _make_cells(parts: _Parts) -> None:
    """Make all cells of lists, one by one, for the error that one of them raises."""
    for column, name in zip(parts.columns, parts.names, strict=True):
        if isinstance(column, (list, tuple)):
            to_cells(column, name)


def _make_rows(parts: _Parts) -> list[tuple[Any, ...]]:
    cells = [_column_cells(column, name) for column, name in zip(parts.columns, parts.names, strict=True)]
    return [*zip(*cells, strict=True)]


def _column_cells(column: Any, name: str) -> Sequence[Any]:
    if isinstance(column, (list, tuple)):
        return column if are_plain(column) else to_cells(column, name)
    from reportgen.tables import column_cells

    cells: list[Any] = column_cells(column)
    return cells


def _make_large(parts: _Parts) -> LargeTable:
    from reportgen.tables import encode_table

    names = [*map(clean_text, parts.names)]
    columns = [_storable(column, name) for column, name in zip(parts.columns, names, strict=True)]
    rows_json = encode_json(_make_rows(_Parts(names, [column[:_PREVIEW_ROWS] for column in columns])))
    preview = rows_json if len(rows_json) <= _PREVIEW_BYTES else b"[]"
    try:
        content = encode_table(names, columns)
    except ValueError:
        _make_cells(parts)
        raise
    return LargeTable(content, names, parts.n_rows, preview)


def _storable(column: Any, name: str) -> Any:
    """Give a column that has a Parquet form: cells, or floats as they are, or an Arrow column."""
    if not isinstance(column, (list, tuple)) or are_plain(column) or set(map(type, column)) <= {float, type(None)}:
        return column
    return to_cells(column, name)


def _take_apart(table: Any) -> _Parts:
    if isinstance(table, dict):
        return _from_columns(table)
    if isinstance(table, (list, tuple)):
        return _from_rows(table)
    if _is_frame(table):
        from reportgen.inputs.frames import read_frame

        return _Parts(*read_frame(table))
    from collections.abc import Iterator, Mapping, Sequence

    if isinstance(table, Mapping):
        return _from_columns(table)
    if isinstance(table, (Sequence, Iterator)) and not isinstance(table, (str, bytes, bytearray, memoryview)):
        return _from_rows([*table])
    raise TypeError(f"a table must be {_FORMS}, not {type(table).__name__}")


def _is_frame(table: Any) -> bool:
    """Whether `reportgen.inputs.frames` may know it: data frames, series, arrays; polars' lazy frames too."""
    marks = ("__arrow_c_stream__", "__arrow_c_array__", "__array_interface__", "to_frame", "collect_schema")
    return not isinstance(table, type) and any(hasattr(table, mark) for mark in marks)


def _from_columns(table: Mapping[Any, Any]) -> _Parts:
    names = [str(name) for name in table]
    if len(set(names)) < len(names):
        raise ValueError(f"two columns of a table have the same name as text: {[*table]!r}")
    columns = [_as_column(values, f"column {name!r}") for name, values in table.items()]
    if len(set(map(len, columns))) > 1:
        lengths = dict(zip(names, map(len, columns), strict=True))
        raise ValueError(f"the columns of a table must have one length, not {lengths}")
    return _Parts(names, columns)


def _as_column(values: Any, what: str) -> Any:
    """Give a list, or for a long array the column of Arrow that needs no Python object for each number."""
    if _is_plain_array(values) and len(values) > MAX_SMALL_ROWS:
        from reportgen.inputs.frames import settle_array

        return settle_array(values)
    return _as_list(values, what)


def _as_list(values: Any, what: str) -> list[Any] | tuple[Any, ...]:
    if isinstance(values, (list, tuple)):
        return values
    from collections.abc import Iterable, Mapping

    if isinstance(values, (str, bytes, bytearray, set, frozenset, Mapping)) or not isinstance(values, Iterable):
        raise TypeError(f"{what} must be a list, not {type(values).__name__}")
    listed: Any = values
    if hasattr(listed, "to_pylist"):  # an array of Arrow, whose items are no values yet
        listed = listed.to_pylist()
    elif _is_plain_array(listed):
        listed = listed.tolist()
    return [*listed]


def _is_plain_array(values: Any) -> bool:
    """Whether it is a NumPy array that gives exact Python values: not of long doubles, times or objects, nor masked."""
    kind = getattr(getattr(values, "dtype", None), "kind", "")
    plain = kind in _PLAIN_KINDS and hasattr(values, "__array_interface__") and values.ndim == 1
    return plain and (kind == "U" or values.dtype.itemsize <= 8) and not hasattr(values, "mask")


def _from_rows(table: Sequence[Any]) -> _Parts:
    if [*map(type, table)].count(dict) == len(table) > 0:
        return _from_like_dicts(table) or _from_dicts(table)
    from collections.abc import Mapping

    if table and all(isinstance(row, Mapping) for row in table):
        return _from_dicts(table)
    rows = [_as_list(row, f"row {index}") for index, row in enumerate(table)]
    width = max(map(len, rows), default=0)
    if any(len(row) < width for row in rows):
        rows = [[*row, *[None] * (width - len(row))] for row in rows]
    return _Parts([str(index) for index in range(width)], [*zip(*rows, strict=True)], rows)


def _from_like_dicts(table: Sequence[dict[Any, Any]]) -> _Parts | None:
    """Take apart dicts that all have the keys of the first, the usual case; `None` when they do not."""
    from operator import itemgetter

    first = table[0]
    names = [*map(str, first)]
    if len(names) < 2 or [*map(len, table)].count(len(set(names))) < len(table):
        return None
    try:
        rows = [*map(itemgetter(*first), table)]
    except KeyError:
        return None
    return _Parts(names, [*zip(*rows, strict=True)], rows)


def _from_dicts(table: Sequence[Mapping[Any, Any]]) -> _Parts:
    """Take apart dicts of any keys; each is read once."""
    named_rows = [{str(name): cell for name, cell in row.items()} for row in table]
    names = [*{name: None for row in named_rows for name in row}]
    return _Parts(names, [[row.get(name) for row in named_rows] for name in names])
