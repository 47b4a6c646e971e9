"""Tables in any of their forms become columns and rows of JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reportgen.inputs.cells import to_cell


def to_table(table: Any) -> dict[str, Any]:
    """Take a table in any of its forms and give `{"columns": [name, …], "rows": [[cell, …], …]}`.

    Parameters
    ----------
    table
        A dict of lists, a list of dicts (columns are the union of keys in order of appearance), a list of
        lists (columns are named 0, 1, 2 …), or any object of the Arrow PyCapsule interface
        (pandas, polars, pyarrow, duckdb).

    Raises
    ------
    TypeError
        It has none of these forms, or a cell cannot be shown; the message names row and column.
    ValueError
        The lists of a dict of lists differ in length.
    """
    if hasattr(table, "__arrow_c_stream__"):
        import pyarrow as pa

        arrow = pa.table(table)
        columns = [str(name) for name in arrow.column_names]
        rows: Iterable[Sequence[Any]] = list(zip(*(_arrow_cells(column) for column in arrow.columns), strict=True))
    elif isinstance(table, Mapping):
        columns, rows = _from_columns(table)
    elif isinstance(table, Sequence) and not isinstance(table, (str, bytes)):
        columns, rows = _from_rows(table)
    else:
        kind = type(table).__name__
        raise TypeError(f"a table must be a dict of lists, a list of dicts or lists, or a data frame, not {kind}")
    return {
        "columns": columns,
        "rows": [
            [_table_cell(cell, f"row {index}, column {name!r}") for name, cell in zip(columns, row, strict=True)]
            for index, row in enumerate(rows)
        ],
    }


def _arrow_cells(column: Any) -> list[Any]:
    """Give a column's values; times lose what is finer than a microsecond, which Python cannot hold."""
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    elif pa.types.is_duration(column.type) and column.type.unit == "ns":
        column = column.cast(pa.duration("us"), safe=False)
    elif pa.types.is_time64(column.type):
        column = column.cast(pa.time64("us"), safe=False)
    return list(column.to_pylist())


def _from_columns(table: Mapping[Any, Any]) -> tuple[list[str], list[tuple[Any, ...]]]:
    _check_names(table)
    columns = {str(name): list(_as_list(values, f"column {name!r}")) for name, values in table.items()}
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"the columns of a table must have one length, not {lengths}")
    return list(columns), list(zip(*columns.values(), strict=True))


def _check_names(names: Mapping[Any, Any]) -> None:
    if len({str(name) for name in names}) < len(names):
        raise ValueError(f"two columns of a table have the same name as text: {[*names]!r}")


def _as_list(values: Any, what: str) -> Iterable[Any]:
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise TypeError(f"{what} must be a list, not {type(values).__name__}")
    return values


def _from_rows(table: Sequence[Any]) -> tuple[list[str], list[list[Any]]]:
    if table and all(isinstance(row, Mapping) for row in table):
        names = {str(name): None for row in table for name in row}
        named_rows = ({str(name): cell for name, cell in row.items()} for row in table)
        return list(names), [[row.get(name) for name in names] for row in named_rows]
    rows = [list(_as_list(row, f"row {index}")) for index, row in enumerate(table)]
    width = max((len(row) for row in rows), default=0)
    return [str(index) for index in range(width)], [row + [None] * (width - len(row)) for row in rows]


def _table_cell(value: Any, where: str) -> Any:
    try:
        return to_cell(value, where)
    except RecursionError:
        raise TypeError(f"{where}: {type(value).__name__} is nested too deeply to be shown in a table") from None
