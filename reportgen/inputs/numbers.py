"""Numbers: metrics, their positions, and per cents."""

from __future__ import annotations

import decimal
import math
import numbers
from collections.abc import Iterable, Mapping
from typing import Any

from reportgen.floats import Number, encode_number


def to_number(value: Any, what: str) -> Number:
    """Take a real number (int, float, bool, NumPy scalar, Fraction, Decimal); NaN and infinities are kept.

    Raises
    ------
    TypeError
        The value is not a real number.
    """
    if isinstance(value, (numbers.Real, decimal.Decimal)) or _is_numpy_number(value):
        try:
            return encode_number(float(value))
        except OverflowError:
            return "Infinity" if value > 0 else "-Infinity"
    raise TypeError(f"{what} must be a real number, not {type(value).__name__}")


def _is_numpy_number(value: Any) -> bool:
    """NumPy scalars, and arrays with no dimension, of a kind that is a real number."""
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return kind in ("b", "i", "u", "f") and getattr(value, "shape", None) == ()


def to_numbers(values: Any, what: str) -> list[Number]:
    """Take a sequence of real numbers, e.g. a list, a tuple or a one-dimensional array.

    Raises
    ------
    TypeError
        It is not a sequence, or one of its values is not a real number.
    """
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise TypeError(f"{what} must be a list of real numbers, not {type(values).__name__}")
    if hasattr(values, "tolist"):
        if getattr(getattr(values, "dtype", None), "kind", "") in ("M", "m"):  # nanoseconds would become plain integers
            raise TypeError(f"{what} must be a list of real numbers, not of times")
        values = values.tolist()
        if not isinstance(values, list):
            raise TypeError(f"{what} must have one dimension")
    return [to_number(value, f"{what}[{index}]") for index, value in enumerate(values)]


def to_percent(progress: Any) -> tuple[float, bool]:
    """Take a progress value; give it clamped to 0–100, and whether clamping was needed.

    Raises
    ------
    ValueError
        It is NaN.
    TypeError
        It is not a real number.
    """
    value = float(to_number(progress, "progress"))
    if math.isnan(value):
        raise ValueError("progress must be a number from 0 to 100, not NaN")
    clamped = min(max(value, 0.0), 100.0)
    return clamped, clamped != value
