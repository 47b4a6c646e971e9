"""Cells of tables and parameters: every value gets the JSON form that `docs/log-format.md` gives, or is refused."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import math
import uuid
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import msgspec

from reportgen.floats import encode_number

_MAX_PARAM = 500


def to_cell(value: Any, where: str) -> Any:
    """Give the JSON form of a cell.

    NaN and missing values become null, infinities the strings of `reportgen.floats.NonFinite`; dates, times and
    durations ISO 8601; Decimal, UUID and Path text; an Enum its value; lists and dicts stay, cell by cell.

    Raises
    ------
    TypeError
        The value is of another type; the message says where.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, enum.Enum):
        return to_cell(value.value, where)
    if isinstance(value, str):
        return str(value)  # NumPy's text is a subclass that JSON encoders refuse
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return None if math.isnan(value) else encode_number(float(value))
    if hasattr(value, "dtype") and hasattr(value, "item"):
        return _numpy_cell(value, where)
    if isinstance(value, decimal.Decimal):
        return None if value.is_nan() else str(value)
    if isinstance(value, (dt.date, dt.time, dt.timedelta)):
        return _time_cell(value)
    if isinstance(value, (uuid.UUID, PurePath)):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): to_cell(item, where) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value
        return [to_cell(item, where) for item in items]
    raise TypeError(f"{where}: {type(value).__name__} cannot be shown in a table; convert it to text or a number")


def _numpy_cell(value: Any, where: str) -> Any:
    if getattr(value, "shape", ()) != ():
        return [to_cell(item, where) for item in value.tolist()]
    kind = getattr(value.dtype, "kind", "")
    if kind in ("M", "m"):
        item = value.astype(f"{kind}8[us]").item()
        return str(value) if isinstance(item, int) else to_cell(item, where)  # int: beyond what Python's types hold
    return to_cell(float(value) if kind == "f" else value.item(), where)  # a long double's item is itself


def _time_cell(value: dt.date | dt.time | dt.timedelta) -> str | None:
    if value != value:  # pandas' NaT  # noqa: PLR0124
        return None
    if isinstance(value, dt.timedelta):
        plain = dt.timedelta(days=value.days, seconds=value.seconds, microseconds=value.microseconds)
        return str(msgspec.to_builtins(plain))
    return value.isoformat()


def to_param(value: Any) -> Any:
    """Give the JSON form of a parameter. What has none is shown by a short `repr`: a parameter never stops a run."""
    try:
        cell = to_cell(value, "parameter")
        if len(msgspec.json.encode(cell)) <= _MAX_PARAM * 4:
            return cell
    except Exception:  # noqa: S110 — no JSON form; a user's mapping or scalar may raise anything
        pass
    try:
        text = repr(value)
    except Exception:  # a user's __repr__ may raise anything
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _MAX_PARAM else f"{text[:_MAX_PARAM]}…"
