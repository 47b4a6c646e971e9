"""Numbers that JSON lacks: NaN and the infinities are strings in a record.

Apart from the schema, so that recording need not load it.
"""

from __future__ import annotations

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Number = float | Literal["NaN", "Infinity", "-Infinity"]

_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def encode_number(value: float) -> Number:
    """Give the form of a number in a record: itself, or the string for NaN and the infinities."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def decode_number(value: Number) -> float:
    """Undo `encode_number`."""
    return _NON_FINITE[value] if isinstance(value, str) else value
