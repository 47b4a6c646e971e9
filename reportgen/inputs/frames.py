"""Data frames, series and arrays of other libraries become columns: Arrow's, or lists of values.

Where Arrow's types allow it no Python object is made for a cell: numbers, booleans, text, dates, times and decimals
stay Arrow columns of the types that `reportgen.tables` stores. What is left (nested, mixed and rare types) becomes a
list of values, which are converted and judged one by one like those of any list.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute

from reportgen.tables import PYTHON_YEARS, is_stored

pc: Any = pyarrow.compute  # its functions are made at run time

Column = Any  # a `pa.ChunkedArray` of a type that is stored, or a list of values
_PLAIN_KINDS = "biufU"


def read_frame(table: Any) -> tuple[list[str], list[Column]]:
    """Give the names and the columns of a data frame, a series or an array.

    Raises
    ------
    TypeError
        It has no columns, or its library cannot give them.
    """
    if _is_from("pandas", table, "DataFrame", "Series", "Index"):
        return _read_pandas(table)
    if _is_from("numpy", table, "ndarray"):
        return _read_array(table)
    if not hasattr(table, "__arrow_c_stream__") and hasattr(table, "collect"):
        table = table.collect()  # a lazy frame of polars
    return _read_arrow(table)


def _is_from(module: str, table: Any, *names: str) -> bool:
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(table, tuple(getattr(loaded, name) for name in names))


def _read_arrow(table: Any) -> tuple[list[str], list[Column]]:
    kind = type(table).__name__
    if not any(hasattr(table, mark) for mark in ("__arrow_c_stream__", "__arrow_c_array__")):
        raise TypeError(f"a table must be a dict, a list or a data frame with the Arrow interface, not {kind}")
    try:
        if isinstance(table, pa.Table):  # `pa.table` would load pandas to look at it
            arrow = table
        elif isinstance(table, (pa.Array, pa.ChunkedArray)):
            arrow = pa.table([table], names=["0"])
        elif hasattr(table, "name") and hasattr(table, "to_frame"):  # a series of polars
            arrow = pa.table(table.to_frame(str(table.name) or "0"))
        else:
            arrow = pa.table(table)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise TypeError(f"the {kind} gives no Arrow table: {error}") from error
    return [str(name) for name in arrow.column_names], [_settle(column) for column in arrow.columns]


def _read_pandas(table: Any) -> tuple[list[str], list[Column]]:
    if not hasattr(table, "columns"):
        table = table.to_frame(index=False) if not hasattr(table, "index") else table.to_frame()
    index = table.index
    counts_rows = hasattr(index, "step") and index.name is None and index.start == 0 and index.step == 1
    if not counts_rows:
        table = table.reset_index(allow_duplicates=True)
    columns = [_settle_series(table.iloc[:, place]) for place in range(table.shape[1])]
    return [str(name) for name in table.columns], columns


def _settle_series(series: Any) -> Column:
    if series.dtype == object and not _is_text(series):
        return [*series]  # Arrow would make one type of them: 1 and 2.5 would both be floats
    try:
        column = pa.array(series, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, NotImplementedError):
        return [*series]
    if isinstance(column, pa.Array):
        column = pa.chunked_array([column])
    if _has_extension(column.type):  # periods and intervals: pandas itself knows their text
        return [*series]
    return _settle(column)


def _is_text(series: Any) -> bool:
    kind = sys.modules["pandas"].api.types.infer_dtype(series, skipna=True)
    return bool(kind == "string")


def _has_extension(kind: pa.DataType) -> bool:
    return isinstance(kind, pa.BaseExtensionType) or (pa.types.is_dictionary(kind) and _has_extension(kind.value_type))


def _read_array(array: Any) -> tuple[list[str], list[Column]]:
    if array.dtype.names and array.ndim == 1:
        return [*array.dtype.names], [settle_array(array[name]) for name in array.dtype.names]
    if array.ndim != 2:
        raise TypeError(f"an array must have two dimensions, or one and named fields, not the shape {array.shape}")
    if not hasattr(array, "mask"):
        array = array.view(sys.modules["numpy"].ndarray)  # a column of a matrix would be a matrix too
    width = array.shape[1]
    return [str(place) for place in range(width)], [settle_array(array[:, place]) for place in range(width)]


def settle_array(values: Any) -> Column:
    """Give a column of a NumPy array. Scalars of rare kinds stay themselves, so that they are judged as cells."""
    plain = values.ndim == 1 and values.dtype.kind in _PLAIN_KINDS and values.dtype.itemsize != 16
    if not plain or hasattr(values, "mask"):
        return [*values]
    if not values.dtype.isnative:  # as files of scientific formats have it
        values = values.astype(values.dtype.newbyteorder("="))
    return values.tolist() if values.dtype.kind == "U" else pa.chunked_array([pa.array(values)])


def _settle(column: Any) -> Column:
    """Give a column of a type that is stored; a list of its values when there is none."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _settle(_spell_out(column))
    if pa.types.is_run_end_encoded(kind):
        decoded = [pc.run_end_decode(chunk) for chunk in column.chunks]
        return _settle(pa.chunked_array(decoded, kind.value_type))
    if (target := _stored_type(kind)) is not None:
        column = _cast(column, target)
    if is_stored(column.type) and _is_in_python_range(column):
        return column
    return _values(column)


def _spell_out(column: Any) -> Any:
    """Give the values of a dictionary column; Arrow's own cast does not know all types of values."""
    kind = column.type.value_type
    target = _stored_type(kind) or kind
    chunks: Any = [_cast(chunk.dictionary, target).take(chunk.indices) for chunk in column.chunks]
    return pa.chunked_array(chunks or [pa.array([], target)])


def _cast(column: Any, target: pa.DataType) -> Any:
    """Cast a column. Times may lose what is finer than a microsecond, but nothing may overflow."""
    finer = getattr(column.type, "unit", "") == "ns"
    try:
        return column.cast(target, safe=not finer)
    except pa.ArrowInvalid:
        return column


_CASTS: list[tuple[Callable[[pa.DataType], bool], Callable[[Any], pa.DataType]]] = [
    (pa.types.is_large_string, lambda kind: pa.string()),
    (pa.types.is_string_view, lambda kind: pa.string()),
    (pa.types.is_date64, lambda kind: pa.date32()),
    (pa.types.is_time, lambda kind: pa.time64("us")),
    (pa.types.is_timestamp, lambda kind: pa.timestamp("us", kind.tz)),
    (pa.types.is_duration, lambda kind: pa.duration("us")),
    (pa.types.is_decimal32, lambda kind: pa.decimal128(kind.precision, kind.scale)),
    (pa.types.is_decimal64, lambda kind: pa.decimal128(kind.precision, kind.scale)),
]


def _stored_type(kind: pa.DataType) -> pa.DataType | None:
    """The type that a column of this type is cast to; `None` when it stays."""
    return next((target(kind) for is_kind, target in _CASTS if is_kind(kind)), None)


def _is_in_python_range(column: Any) -> bool:
    """Whether Python's dates and times can hold every value."""
    if not (pa.types.is_date(column.type) or pa.types.is_timestamp(column.type)):
        return True
    unit = 1 if pa.types.is_date(column.type) else 86_400_000_000
    span = pc.min_max(column.cast(pa.int32() if unit == 1 else pa.int64())).as_py()
    return span["min"] is None or PYTHON_YEARS[0] * unit <= span["min"] <= span["max"] <= PYTHON_YEARS[1] * unit


def _values(column: Any) -> list[Any]:
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError, pa.ArrowException):
        return [_value(scalar) for scalar in _in_microseconds(column)]
    return values


def _in_microseconds(column: Any) -> Any:
    """Cast the times within a nested column to what Python's types hold, if Arrow can."""
    try:
        return column.cast(_with_microseconds(column.type), safe=False)
    except pa.ArrowException:
        return column


def _with_microseconds(kind: Any) -> Any:
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_with_microseconds(field.type)) for field in kind])
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_with_microseconds(kind.value_type))
    return (_stored_type(kind) or kind) if pa.types.is_temporal(kind) and getattr(kind, "unit", "") == "ns" else kind


def _value(scalar: Any) -> Any:
    """A value; the scalar itself, which is no cell, where Python's types do not reach: dates after the year 9999."""
    try:
        return scalar.as_py()
    except (ValueError, OverflowError, pa.ArrowException):
        return scalar
