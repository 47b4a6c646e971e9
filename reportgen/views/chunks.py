"""Data for scripts of pages: classic scripts that hand over one JSON text each, which a page loads when it needs it.

    reportgen.take("compare/0-0.js",JSON.parse('…'))

A page from the disk may load scripts and nothing else. Texts that many runs share stand once in a chunk, and numbers
refer to them.
"""

from __future__ import annotations

import json
from typing import Any

from reportgen.jsontext import encode_json
from reportgen.views.parts import RawFile

_ESCAPES = [("\\", "\\\\"), ("'", "\\'"), ("<", "\\x3c"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029")]


class Texts:
    """Texts of a chunk, each once, in the order they were first asked for."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """Give the number that stands for a text."""
        return self._numbers.setdefault(text, len(self._numbers))

    def listed(self) -> list[str]:
        return [*self._numbers]


def make_chunk(url: str, data: Any) -> RawFile:
    """Make the script that hands over data under its address."""
    text = encode_json(data).decode()
    for character, escape in _ESCAPES:
        text = text.replace(character, escape)
    return RawFile(url, f"reportgen.take({json.dumps(url)},JSON.parse('{text}'))\n".encode())


def other(text: str, usual: str) -> str | int:
    """Give a text for a chunk; 0 where it is the usual one."""
    return 0 if text == usual else text
