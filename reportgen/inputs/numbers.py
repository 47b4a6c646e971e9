"""Numbers: metrics, their positions, and per cents.

Plain finite floats, which is what nearly all numbers are, take the shortest way. All others end up as one of them or as
the text that stands for NaN and the infinities.
"""

from __future__ import annotations

import math

from reportgen.floats import encode_number
from reportgen.jsontext import to_json, to_json_bulk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reportgen.floats import Number

_FLOAT_LENGTH = 20
_NOT_OF_NUMBERS = ("t", "f", "n", "{", '"')  # true, false, null, objects, texts


def to_number(value: Any, what: str) -> Number:
    """Take a real number (int, float, bool, NumPy scalar, Fraction, Decimal); NaN and infinities are kept.

    Raises
    ------
    TypeError
        The value is not a real number.
    """
    if _is_number(value):
        try:
            return encode_number(float(value))
        except OverflowError:
            return "Infinity" if value > 0 else "-Infinity"
        except ValueError:  # a signalling NaN of `decimal`
            return "NaN"
    raise TypeError(f"{what} must be a real number, not {type(value).__name__}")


def _is_number(value: Any) -> bool:
    return isinstance(value, (float, int)) or _is_numpy_number(value) or _is_other_number(value)


def _is_numpy_number(value: Any) -> bool:
    """NumPy scalars, and arrays with no dimension, of a kind that is a real number."""
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return kind in ("b", "i", "u", "f") and getattr(value, "shape", None) == ()


def _is_other_number(value: Any) -> bool:
    import decimal
    import numbers

    return isinstance(value, (numbers.Real, decimal.Decimal))


def number_text(value: Any, what: str) -> str:
    """Give the JSON text of a real number.

    Raises
    ------
    TypeError
        The value is not a real number.
    """
    number = to_number(value, what)
    return repr(number) if isinstance(number, float) else f'"{number}"'


def numbers_text(values: Any, what: str) -> tuple[int, str]:
    """Take a sequence of real numbers, e.g. a list, a tuple or a one-dimensional array, or a single one.

    Returns
    -------
    tuple
        How many there are, and the JSON text of their list.

    Raises
    ------
    TypeError
        It is not a sequence, or one of its values is not a real number; the message names its place.
    """
    if not hasattr(values, "__iter__") or getattr(values, "shape", None) == ():
        if not _is_number(values):
            raise TypeError(f"{what} must be a list of real numbers, not {type(values).__name__}")
        return 1, f"[{number_text(values, what)}]"
    numbers = _listed(values, what)
    text = _plain_text(numbers)
    if text is None:
        text = to_json([to_number(value, f"{what}[{index}]") for index, value in enumerate(numbers)])
    return len(numbers), text


def _plain_text(numbers: list[Any]) -> str | None:
    """Give the JSON text of finite floats and ints; `None` when there is anything else among them.

    Looking at the sum and the text costs a fraction of looking at each number: the sum shows NaN, the infinities and
    what cannot be added to numbers, the text what is written as another thing than a number.
    """
    try:
        total = sum(numbers)
        if not math.isfinite(total):
            return None
        if type(total) is int:  # one of them may be beyond all floats
            numbers = [*map(float, numbers)]
        text = to_json_bulk(numbers, len(numbers) * _FLOAT_LENGTH)
    except Exception:  # what is no number may raise anything; looking at each one says what it is
        return None
    return None if any(mark in text for mark in _NOT_OF_NUMBERS) else text


def _listed(values: Any, what: str) -> list[Any]:
    if isinstance(values, list):
        return values
    is_series = hasattr(values, "tolist")  # that of pandas has keys, as a dict and a data frame have
    if isinstance(values, (str, bytes, bytearray)) or (hasattr(values, "keys") and not is_series):
        raise TypeError(f"{what} must be a list of real numbers, not {type(values).__name__}")
    if is_series:
        if getattr(getattr(values, "dtype", None), "kind", "") in ("M", "m"):  # nanoseconds would become plain integers
            raise TypeError(f"{what} must be a list of real numbers, not of times")
        return list(values.tolist())
    return list(values)


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
