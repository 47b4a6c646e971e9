"""One HTML tag as it stands in the text, and what of it may be kept.

What is kept of a tag depends on its text alone, save for its id, its heading level and the elements around it;
those are the shaper's. A document repeats few tags many times, so short ones are remembered.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from functools import lru_cache

from reportgen.prose.vocabulary import ALIGNS, CLASSES, HIGHLIGHT
from reportgen.webaddress import web_address

MAX_REMEMBERED = 120  # characters of a tag

TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[\s/](?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)?)>""")
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]++)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s"'=<>`]++))?""")
_LANGUAGE = re.compile(r"[A-Za-z0-9-]{1,35}\Z")
_TEXT_ALIGN = re.compile(r"text-align:\s*(left|right|center)")
_NUMBER = re.compile(r"[1-9][0-9]{0,2}")
_NUMBERS = {"ol": ("start",), "th": ("colspan", "rowspan"), "td": ("colspan", "rowspan")}

Attributes = dict[str, str]


@dataclass(frozen=True, slots=True)
class Tag:
    """A start or end tag.

    Attributes
    ----------
    name
        In lower case.
    is_end
        Whether it closes an element.
    identifier
        The id it asks for, without blanks at its ends; empty if none or none that HTML allows.
    kept
        Its other attributes that may stay, as HTML, with a blank before each.
    url
        The safe address that `href` or `src` has; empty if none.
    target
        The fragment that `href` leads to, without `#`.
    alt
        The text of an image.
    """

    name: str
    is_end: bool = False
    identifier: str = ""
    kept: str = ""
    url: str = ""
    target: str = ""
    alt: str = ""


def read_tag(match: re.Match[str]) -> Tag:
    """What may be kept of a tag that `TAG` found."""
    source = match[0]
    return _remembered_tag(source) if len(source) <= MAX_REMEMBERED else _tag(match)


@lru_cache(maxsize=1024)
def _remembered_tag(source: str) -> Tag:
    match = TAG.match(source)
    assert match  # noqa: S101  (the text of a match)
    return _tag(match)


def _tag(match: re.Match[str]) -> Tag:
    name = match[2].lower()
    if match[1]:
        return Tag(name, is_end=True)
    attributes = _attributes(match[3]) if match[3] else {}
    if not attributes:
        return Tag(name, kept=' tabindex="0"' if name == "pre" else "")
    if name == "a":
        attributes["id"] = attributes.get("id") or attributes.get("name", "")
    url, target, alt = _address(name, attributes)
    kept = "".join(f' {key}="{html.escape(value)}"' for key, value in _kept(name, attributes).items())
    return Tag(name, False, _identifier(attributes.get("id", "")), kept, url, target, alt)


def _attributes(source: str) -> Attributes:
    found: Attributes = {}
    for match in _ATTRIBUTE.finditer(source):
        value = match[2] or ""
        value = value[1:-1] if value[:1] in ('"', "'") else value
        found.setdefault(match[1].lower(), html.unescape(value))
    return found


def _identifier(source: str) -> str:
    identifier = source.strip()[:100]
    return "" if re.search(r"\s", identifier) else identifier


def _kept(name: str, attributes: Attributes) -> Attributes:
    if name == "input":
        return _checkbox(attributes)
    kept: Attributes = {}
    if attributes.get("dir", "").lower() in ("rtl", "ltr", "auto"):
        kept["dir"] = attributes["dir"].lower()
    if _LANGUAGE.match(attributes.get("lang", "")):
        kept["lang"] = attributes["lang"]
    if attributes.get("title"):
        kept["title"] = attributes["title"]
    if classes := _classes(name, attributes):
        kept["class"] = classes
    for key in _NUMBERS.get(name, ()):
        if _NUMBER.fullmatch(attributes.get(key, "")):
            kept[key] = attributes[key]
    if name == "details" and "open" in attributes:
        kept["open"] = ""
    if name == "pre":
        kept["tabindex"] = "0"  # it scrolls, so the keyboard must reach it
    return kept


def _classes(name: str, attributes: Attributes) -> str:
    words = attributes.get("class", "").split()
    if name == "span":
        return next((HIGHLIGHT[one] for one in words if one in HIGHLIGHT), "")
    classes = [one for one in words if one in CLASSES]
    if name in ("th", "td"):
        styled = _TEXT_ALIGN.search(attributes.get("style", ""))
        align = styled[1] if styled else attributes.get("align", "").lower()
        classes += [ALIGNS[align]] if align in ALIGNS else []
    return " ".join(dict.fromkeys(classes))


def _checkbox(attributes: Attributes) -> Attributes:
    """Those of a checkbox that nobody can click; none for any other input."""
    if attributes.get("type", "").lower() != "checkbox":
        return {}
    done = {"checked": ""} if "checked" in attributes else {}
    return {"type": "checkbox", "disabled": "", **done, "aria-label": "Done" if done else "To do"}


def _address(name: str, attributes: Attributes) -> tuple[str, str, str]:
    """The safe address, the fragment, and the text of an image."""
    if name == "a":
        href = attributes.get("href", "").strip()
        url = web_address(href)
        return url, href[1:] if href.startswith("#") and not url else "", ""
    if name == "img":
        source = attributes.get("src", "")
        url = web_address(source) if source[:4].lower() == "http" else ""
        return url, "", attributes.get("alt", "").strip() or url
    return "", "", ""
