"""Cells of tables and parameters: every value gets the JSON form that `docs/log-format.md` gives, or is refused.

A value of a type from a library can only exist once that library is loaded, so types are looked up among the loaded
modules and nothing is imported here: `import reportgen` stays cheap.
"""

from __future__ import annotations

import math
import sys

from reportgen.floats import encode_number
from reportgen.jsontext import to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

_MAX_PARAM = 500
_MAX_BITS = 14_284  # of a whole number: 4,300 digits are the most that Python and other readers take from text
_NONE = type(None)
_AS_THEY_ARE: frozenset[type] = frozenset((_NONE, bool, str))
_PLAIN: frozenset[type] = _AS_THEY_ARE | {int}
_NUMBERS: frozenset[type] = frozenset((_NONE, bool, int, float))


def to_cell(value: Any, where: str) -> Any:
    """Give the JSON form of a cell.

    NaN and missing values become null, infinities the strings of `reportgen.floats.NonFinite`; dates, times and
    durations ISO 8601; Decimal, UUID and Path text; an Enum its value; lists, sets and dicts stay, cell by cell.

    Raises
    ------
    TypeError
        The value is of another type; the message says where.
    """
    (cell,) = _to_cells((value,), lambda row: where)
    return cell


def to_cells(values: Iterable[Any], column: str) -> list[Any]:
    """Give the JSON forms of the cells of one column.

    Raises
    ------
    TypeError
        A value is of another type; the message names row and column.
    """
    return _to_cells(values, lambda row: f"row {row}, column {column!r}")


def are_plain(values: Sequence[Any]) -> bool:
    """Whether the cells of a column are their own JSON form; `False` when that would cost much to find out.

    It costs less than to make the forms: of numbers the sum tells, since NaN and the infinities show in it.
    """
    kinds = [*map(type, values)]
    types = {kinds[0]} if kinds and kinds.count(kinds[0]) == len(kinds) else set(kinds)  # counting is faster
    if float not in types:
        return types <= _PLAIN
    if not types <= _NUMBERS:
        return False
    try:
        return math.isfinite(sum(filter(None, values) if _NONE in types else values))
    except OverflowError:  # of a whole number beyond all floats
        return False


def _to_cells(values: Iterable[Any], where: Any) -> list[Any]:
    cells: list[Any] = []
    try:
        for value in values:
            cells.append(value if type(value) in _AS_THEY_ARE else _convert(value))  # its length is the row
    except RecursionError:
        kind = type(value).__name__
        raise TypeError(f"{where(len(cells))}: {kind} is nested too deeply to be shown in a table") from None
    except TypeError as error:
        raise TypeError(f"{where(len(cells))}: {error}") from None
    return cells


def _convert(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return None if value != value else encode_number(float(value))  # noqa: PLR0124
    if _is(value, "enum", "Enum"):
        return _convert(value.value)
    if isinstance(value, str):
        return str(value)  # NumPy's text is a subclass that JSON encoders refuse
    if isinstance(value, int):
        return _whole(int(value))
    if _is_missing(value):
        return None
    if hasattr(value, "dtype") and hasattr(value, "item"):
        return _numpy_cell(value)
    if _is(value, "decimal", "Decimal"):
        return None if value.is_nan() else str(value)  # not by comparing: a signalling NaN raises
    if _is(value, "datetime", "date", "time", "timedelta"):
        return _time_cell(value)
    if _is(value, "uuid", "UUID") or _is(value, "pathlib", "PurePath") or _is(value, "pandas", "Period", "Interval"):
        return str(value)
    return _nested_cell(value)


def _nested_cell(value: Any) -> Any:
    if isinstance(value, dict) or _is(value, "collections.abc", "Mapping"):
        return {str(key): _convert(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_convert(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return [_convert(item) for item in sorted(value, key=repr)]
    raise TypeError(f"{type(value).__name__} cannot be shown in a table; convert it to text or a number")


def _is(value: Any, module: str, *names: str) -> bool:
    """Whether a value is of one of these types of a module, which is not loaded for that."""
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(value, tuple(getattr(loaded, name, _NONE) for name in names))


def _is_missing(value: Any) -> bool:
    """Whether it is pandas' `NA` or NumPy's `masked`, each of which is the one value of its kind."""
    pandas, numpy = sys.modules.get("pandas"), sys.modules.get("numpy")
    return (pandas is not None and value is pandas.NA) or (numpy is not None and value is numpy.ma.masked)


def _whole(value: int) -> int:
    if value.bit_length() > _MAX_BITS:
        raise TypeError("a whole number of over 4,300 digits cannot be shown in a table; convert it to text")
    return value


def _numpy_cell(value: Any) -> Any:
    if getattr(value, "shape", ()) != ():
        items = value.tolist() if hasattr(value, "tolist") else value.to_list()  # a series of polars
        return [_convert(item) for item in items]
    kind = getattr(value.dtype, "kind", "")
    if kind in ("M", "m"):
        item = value.astype(f"{kind}8[us]").item()
        return str(value) if isinstance(item, int) else _convert(item)  # int: beyond what Python's types hold
    return _convert(float(value) if kind == "f" else value.item())  # a long double's item is itself


def _time_cell(value: Any) -> str | None:
    if value != value:  # pandas' NaT  # noqa: PLR0124
        return None
    if hasattr(value, "isoformat") and not hasattr(value, "total_seconds"):
        whole = value.replace(nanosecond=0) if getattr(value, "nanosecond", 0) else value
        return str(whole.isoformat())
    return duration_text(value)


def duration_text(value: Any) -> str:
    """Give a `timedelta` as an ISO 8601 duration of days and seconds."""
    import datetime as dt

    import msgspec

    plain = dt.timedelta(days=value.days, seconds=value.seconds, microseconds=value.microseconds)
    return str(msgspec.to_builtins(plain))


def to_param(value: Any) -> Any:
    """Give the JSON form of a parameter. What has none is shown by a short `repr`: a parameter never stops a run."""
    try:
        if not _is_long(value):
            cell = to_cell(value, "parameter")
            if len(to_json(cell).encode()) <= _MAX_PARAM * 4:  # what UTF-8 cannot hold is shown by its repr
                return cell
    except Exception:  # noqa: S110 — no JSON form; a user's mapping or scalar may raise anything
        pass
    try:
        text = repr(value[: _MAX_PARAM + 1] if type(value) in (str, list, tuple) else value)
    except Exception:  # a user's __repr__ may raise anything
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _MAX_PARAM else f"{text[:_MAX_PARAM]}…"


def _is_long(value: Any) -> bool:
    """Whether a value has so many items that its JSON would be too long: then it need not be made to find out."""
    size = getattr(value, "size", None)
    return (size if isinstance(size, int) else len(value) if hasattr(value, "__len__") else 0) > _MAX_PARAM * 4
