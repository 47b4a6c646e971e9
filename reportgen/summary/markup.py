"""Texts of records within GitHub-flavoured Markdown, in which they mean nothing.

Besides what Markdown itself reads, GitHub and GitLab look in the finished text for people, issues, labels and
addresses: a zero-width space after the sign keeps a name from calling somebody.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from reportgen.text import printable

LONGEST_NAME = 120
_BARS = "▁▂▃▄▅▆▇█"
_GAP = "·"

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "$": "&#36;"}
_SPECIAL = re.compile(r"[\\`*_\[\]~:&<>|$]|(?<=www)\.", re.IGNORECASE)
_REFERENCE = re.compile(r"[@#!%&$~](?=[\w\"'])|\bGH-(?=\d)", re.IGNORECASE)
_ZERO_WIDTH_SPACE = "\u200b"


def escape(text: str, limit: int = LONGEST_NAME) -> str:
    """Write a text so that it reads as it is, in one line, cut to a length; it must not begin a line."""
    line = " ".join(text[: 20 * limit].split())
    plain = printable(line)
    cut = plain if len(plain) <= limit else f"{plain[: limit - 1].rstrip()}…"
    apart = _REFERENCE.sub(lambda match: match[0] + _ZERO_WIDTH_SPACE, cut)
    return _SPECIAL.sub(lambda match: _ENTITIES.get(match[0], f"\\{match[0]}"), apart)


def link(text: str, url: str) -> str:
    """Write a text that leads to an address of this program's making, or the text alone for an empty address."""
    return f"[{escape(text)}]({url})" if url else escape(text)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Write a table; heads that begin with `>` stand over columns of numbers."""
    rule = ["--:" if head.startswith(">") else "---" for head in heads]
    lines = [[head.removeprefix(">") for head in heads], rule, *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def sparkline(values: Sequence[float | None]) -> str:
    """Draw values as bars of text, oldest first; what is not finite is a dot, and equal values are low bars."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    return "".join(_bar(value, low, high) for value in values)


def _bar(value: float | None, low: float, high: float) -> str:
    if value is None or not math.isfinite(value):
        return _GAP
    share = (value / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.0  # halves do not overflow
    return _BARS[min(int(share * len(_BARS)), len(_BARS) - 1)]
