"""The last word on HTML from Markdown: nh3, a real HTML parser, with an allow-list of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import nh3

from reportgen.prose.source import clean_characters
from reportgen.prose.vocabulary import ALL_CLASSES, ALLOWED_TAGS
from reportgen.webaddress import web_address

_ALLOWED_ATTRIBUTES = {
    "*": {"id", "dir", "lang", "title", "class"},
    "a": {"href", "rel"},
    "ol": {"start"},
    "th": {"colspan", "rowspan"},
    "td": {"colspan", "rowspan"},
    "details": {"open"},
    "input": {"disabled", "checked", "aria-label"},
    "div": {"tabindex", "role", "aria-label"},
    "pre": {"tabindex"},
}


class _Sanitizer(threading.local):
    """One thread's nh3: it takes longer to set up than to clean a paragraph, and its filter knows one prefix."""

    def __init__(self) -> None:
        self.id_prefix = ""
        options: dict[str, Any] = {
            "tags": set(ALLOWED_TAGS),
            "attributes": _ALLOWED_ATTRIBUTES,
            "attribute_filter": self._keep,
            "tag_attribute_values": {"input": {"type": {"checkbox"}}},
            "url_schemes": {"http", "https", "mailto"},
            "link_rel": None,
        }
        is_new = hasattr(nh3, "Cleaner")  # the older versions have only the function
        self.clean: Callable[[str], str] = nh3.Cleaner(**options).clean if is_new else partial(nh3.clean, **options)

    def _keep(self, tag: str, name: str, value: str) -> str | None:
        allowed = True
        if name == "class":
            allowed = value in ALL_CLASSES or ALL_CLASSES.issuperset(value.split())
        elif name == "href":
            allowed = web_address(value) != "" or value.startswith("#" + self.id_prefix)
        elif name == "id":
            allowed = value.startswith(self.id_prefix)
        return value if allowed else None


_sanitizer = _Sanitizer()


def sanitize(fragment: str, *, id_prefix: str) -> str:
    """The fragment as nh3 lets it pass: only our tags, attributes, classes and addresses."""
    _sanitizer.id_prefix = id_prefix
    return clean_characters(_sanitizer.clean(fragment))
