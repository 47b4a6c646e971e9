"""Whether an SVG file may be published."""

from __future__ import annotations

import re
from xml.etree import ElementTree

_INERT_DATA = tuple(f"data:image/{kind}" for kind in ("png", "jpeg", "gif", "webp", "avif"))
_REMOTE = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_REMOTE_STYLE = re.compile(r"@import|image-set\(|url\(\s*['\"]?\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_STYLE_ESCAPE = re.compile(r"\\(?:([0-9a-f]{1,6})\s?|(.))", re.IGNORECASE)
_HTML = "{http://www.w3.org/1999/xhtml}"
_ACTIVE_ELEMENTS = {"script", "foreignobject", "iframe", "object", "embed", "handler", "listener"}


def find_risk(content: bytes) -> str:
    """Say why an SVG file must not be published; empty when it may.

    Shown by `<img>` an SVG runs nothing, but a reader may open the file itself, and then its scripts would run
    with the rights of the site.
    """
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - expat limits entity expansion; entities are refused below
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        return f"it is not well-formed SVG ({error})"
    if b"<!ENTITY" in content or b"<?xml-stylesheet" in content:
        return "it is an SVG with entities or a style sheet of its own"
    for element in root.iter():
        name = str(element.tag).rpartition("}")[2].lower()
        if name in _ACTIVE_ELEMENTS or any(_is_active(key, value) for key, value in element.attrib.items()):
            return "it is an SVG that holds script"
        if str(element.tag).startswith(_HTML):  # which may lead the reader elsewhere
            return "it is an SVG that holds HTML"
        if _loads_from_outside(element):
            return "it is an SVG that loads files from elsewhere"
    return ""


def _is_active(attribute: str, value: str) -> bool:
    name, target = attribute.rpartition("}")[2].lower(), "".join(value.split()).lower()
    if name.startswith("on") or "javascript:" in target:
        return True
    return name in ("href", "src") and target.startswith("data:") and not target.startswith(_INERT_DATA)


def _loads_from_outside(element: ElementTree.Element) -> bool:
    """Whether the file, opened by itself, would ask another host for something."""
    styles = [element.text or "", *element.attrib.values()]
    targets = [value for key, value in element.attrib.items() if key.rpartition("}")[2].lower() in ("href", "src")]
    is_link = str(element.tag).rpartition("}")[2].lower() == "a"
    return any(_REMOTE_STYLE.search(_STYLE_ESCAPE.sub(_unescape, style)) for style in styles) or (
        not is_link and any(_REMOTE.match(target.strip()) for target in targets)
    )


def _unescape(escape: re.Match[str]) -> str:
    """Give the character that an escape of CSS stands for."""
    return chr(min(int(escape[1], 16), 0xFFFD)) if escape[1] else escape[2]
