"""The last word on HTML from Markdown: nh3, a real HTML parser, with an allow-list of its own."""

from __future__ import annotations

from collections.abc import Callable

import nh3

from reportgen.prose.source import clean_characters
from reportgen.prose.vocabulary import ALL_CLASSES, ALLOWED_TAGS, safe_url


def _attribute_filter(id_prefix: str) -> Callable[[str, str, str], str | None]:
    def keep(tag: str, name: str, value: str) -> str | None:
        allowed = True
        if name == "href":
            allowed = safe_url(value) is not None or value.startswith("#" + id_prefix)
        elif name == "id":
            allowed = value.startswith(id_prefix)
        elif name == "class":
            allowed = ALL_CLASSES.issuperset(value.split())
        return value if allowed else None

    return keep


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


def sanitize(fragment: str, *, id_prefix: str) -> str:
    """The fragment as nh3 lets it pass: only our tags, attributes, classes and addresses."""
    return clean_characters(
        nh3.clean(
            fragment,
            tags=set(ALLOWED_TAGS),
            attributes=_ALLOWED_ATTRIBUTES,
            attribute_filter=_attribute_filter(id_prefix),
            tag_attribute_values={"input": {"type": {"checkbox"}}},
            url_schemes={"http", "https", "mailto"},
            link_rel=None,
        )
    )
