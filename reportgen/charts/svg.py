"""The smallest pieces of markup: safe text, fixed number formats, and the one place that calls markup safe.

Every other module of the package builds plain strings from these and hands them to `finish`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from markupsafe import Markup, escape

_PLAIN = re.compile("[\t\n\r !#-%(-;=?-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")  # XML, but none of & < > ' "
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(value: str) -> str:
    """Escape text for element content and attribute values; what XML cannot hold becomes U+FFFD."""
    if _PLAIN.fullmatch(value):
        return value
    return str(escape(_NOT_XML.sub("\ufffd", value)))


def percent(share: float) -> str:
    """Write a share of the width as a coordinate: 0.5 is "50.00%"."""
    return f"{100 * clamp(share):.2f}%"


def px(value: float) -> str:
    """Write a length in pixels with one decimal."""
    return f"{value:.1f}"


def clamp(share: float) -> float:
    """Bring a share into 0..1; NaN counts as 0."""
    return 0.0 if math.isnan(share) else min(max(0.0, share), 1.0)


def link(inner: str, *, url: str = "", tip: str = "") -> str:
    """Wrap a drawing in a link and give it a tip; either may be missing.

    The link is left out of the tab order: the table beside each chart holds the same links for the keyboard.
    """
    title = f"<title>{text(tip)}</title>" if tip else ""
    if url:
        return f'<a href="{text(url)}" tabindex="-1">{title}{inner}</a>'
    return f"<g>{title}{inner}</g>" if title else inner


def finish(parts: Iterable[str]) -> Markup:
    """Join finished parts; each is a number, a constant, or went through `text`."""
    return Markup("".join(parts))  # noqa: S704
