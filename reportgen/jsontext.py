"""JSON text of plain values, with two encoders: the standard one, and `msgspec` for who writes much.

Step code starts with the standard encoder; loading the other one costs tens of milliseconds. Text that has no form in
UTF-8 loses nothing else: lone halves of a surrogate pair become U+FFFD.
"""

from __future__ import annotations

import json
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


MANY_RECORDS = 100_000  # after so many, or so many long texts, the slower encoder has cost what loading `msgspec` does
_MANY_CHARACTERS = 20 * MANY_RECORDS

_n_slow = 0
fast_encode: Callable[[Any], bytes] | None = None  # that of `msgspec` once it is loaded


def load_fast_encoder() -> None:
    """Use `msgspec` from now on; loading it costs tens of milliseconds, which only pays for who records much."""
    global fast_encode  # noqa: PLW0603 — a process needs it once
    import msgspec

    fast_encode = msgspec.json.encode


def to_json_bulk(value: str | list[float], size: int) -> str:
    """Give the JSON text of a long text or of many finite floats, of about `size` characters."""
    global _n_slow  # noqa: PLW0603 — a count that only decides which of two encoders is used
    if fast_encode is None:
        if "msgspec" not in sys.modules and _n_slow < _MANY_CHARACTERS:
            _n_slow += size
            return to_json(value)
        load_fast_encoder()
    try:
        return fast_encode(value).decode()  # type: ignore[misc]
    except (UnicodeEncodeError, TypeError):  # halves of a surrogate pair; subclasses of text and of numbers
        return to_json(value)


def encode_json(value: Any) -> bytes:
    """Give the JSON text of a value made of dicts, lists, text, numbers, booleans and `None`; NaN becomes null."""
    import msgspec

    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return encode_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def encode_text(text: str) -> bytes:
    """Give the UTF-8 of a text."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return clean_text(text).encode()


def clean_text(text: str) -> str:
    """Give a text that has a form in UTF-8."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
