"""Reads a page of a site and gives its content with other ids and links; all else stays as it is, to the byte."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape, unescape
from html.parser import HTMLParser
from typing import NamedTuple

import msgspec

Attributes = dict[str, str]

_LISTS_OF_IDS = {
    "aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "aria-details", "aria-flowto", "headers",
}  # fmt: skip
_IDS = {"id", "for", "form", "list", "aria-activedescendant", "popovertarget", "commandfor"}
_LINKS = {"href", "xlink:href", "src"}
_TAKEN = _LISTS_OF_IDS | _IDS | _LINKS | {"usemap", "srcset", "aria-label", "aria-current"}
_URL_OF_ID = re.compile(r"url\((['\"]?)#([^)'\"]*)\1\)")
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_NOT_CONTENT = {"script", "style", "link", "meta", "base", "noscript", "template", "iframe", "object", "embed"}


class Tag(NamedTuple):
    """A start tag that has to be written anew: its name, its attributes, whether it is closed, and in an SVG."""

    name: str
    attributes: Attributes
    is_closed: bool
    in_svg: bool


class End(NamedTuple):
    """The end of an element that may be written under another name."""

    name: str


Piece = str | Tag | End


class Content(msgspec.Struct):
    """What a page says.

    Attributes
    ----------
    title
        The title of its document.
    heading
        Its first heading, without its mark and the kind of thing that stands beside it.
    pieces
        What is in its `main`, in order: text as it is, and tags to be written anew.
    head
        What stands before that within `body`: the sprite of marks, and the masthead.
    scripts, styles
        Links to its scripts and styles, in order.
    ids
        The ids in its `main`.
    """

    title: str = ""
    heading: str = ""
    pieces: list[Piece] = msgspec.field(default_factory=list)
    head: list[Piece] = msgspec.field(default_factory=list)
    scripts: list[str] = msgspec.field(default_factory=list)
    styles: list[str] = msgspec.field(default_factory=list)
    ids: set[str] = msgspec.field(default_factory=set)

    @property
    def links(self) -> Iterator[str]:
        """Where the links in its `main` lead, in order."""
        for piece in self.pieces:
            if isinstance(piece, Tag) and piece.name == "a":
                yield piece.attributes.get("href") or piece.attributes.get("xlink:href") or ""


def read_page(html: str) -> Content:
    """Take a page apart."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.content


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.content = Content()
        self._out: list[Piece] | None = None
        self._skipped = 0
        self._in_title = False
        self._heading: bool | None = None  # whether within the first one
        self._unseen = False
        self._svg = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]], is_closed: bool = False) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "title" and self._out is None:
            self._in_title = True
        elif tag == "body":
            self._out = self.content.head
        elif tag == "main":
            self._out = self.content.pieces
        elif tag in _NOT_CONTENT:
            self._note(tag, attributes)
            if tag not in _VOID and not is_closed:
                self._skipped += 1
        elif self._out is not None and not self._skipped:
            self._out.append(self._read_tag(tag, attributes, is_closed))
        if tag == "h1" and self._heading is None:
            self._heading = True
        if self._heading and attributes.get("class") == "kind":
            self._heading = False
        if attributes.get("class") == "vh":
            self._unseen = True
        if tag == "svg" and not is_closed:
            self._svg += 1

    def _read_tag(self, tag: str, attributes: Attributes, is_closed: bool) -> Piece:
        if self._out is self.content.pieces and "id" in attributes:
            self.content.ids.add(attributes["id"])
        refers = tag == "a" or any(name in _TAKEN or _URL_OF_ID.search(value) for name, value in attributes.items())
        radio = tag == "input" and "name" in attributes
        if refers or radio or any(name.startswith("on") for name in attributes):
            return Tag(tag, attributes, is_closed or tag in _VOID, self._svg > 0)
        return self.get_starttag_text() or ""

    def _note(self, tag: str, attributes: Attributes) -> None:
        if tag == "script" and attributes.get("src"):
            self.content.scripts.append(attributes["src"])
        if tag == "link" and "stylesheet" in attributes.get("rel", ""):
            self.content.styles.append(attributes.get("href", ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs, is_closed=True)

    def handle_endtag(self, tag: str) -> None:
        self._unseen = False
        if tag == "svg":
            self._svg = max(self._svg - 1, 0)
        if tag == "title":
            self._in_title = False
        if tag == "h1":
            self._heading = False
        if tag in _NOT_CONTENT:
            self._skipped = max(self._skipped - 1, 0)
        elif tag in ("main", "body"):
            self._out = None
        elif self._out is not None and not self._skipped:
            self._out.append(End(tag) if tag == "a" else f"</{tag}>")

    def _add(self, text: str) -> None:
        if self._in_title:
            self.content.title += unescape(text)
        elif self._out is not None and not self._skipped:
            self._out.append(text)
            if self._heading and not self._unseen:
                self.content.heading += unescape(text)

    def handle_data(self, data: str) -> None:
        self._add(data)

    def handle_entityref(self, name: str) -> None:
        self._add(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._add(f"&#{name};")


def write_pieces(pieces: list[Piece], prefix: str, own: set[str], change: Callable[[Tag], Tag | str]) -> Iterator[str]:
    """Write pieces of a page, with other ids.

    Parameters
    ----------
    pieces
        What to write.
    prefix
        Goes before ids.
    own
        The ids that get it; what refers to any other is left.
    change
        Gives each tag as it should be, with its links as they should be, or text to put in its place.
    """
    names: list[str] = []  # of the links that are open, and what is written for them
    for piece in pieces:
        if isinstance(piece, str):
            yield piece
        elif isinstance(piece, End):
            yield f"</{names.pop() if names else piece.name}>"
        else:
            changed = change(_rename(piece, prefix, own))
            if piece.name == "a" and not piece.is_closed:
                names.append(changed.name if isinstance(changed, Tag) else "span")
            yield changed if isinstance(changed, str) else write_tag(changed)


def _rename(tag: Tag, prefix: str, own: set[str]) -> Tag:
    def new(one: str) -> str:
        return prefix + one if one in own else one

    def rename(name: str, value: str) -> str:
        if name in _LISTS_OF_IDS:
            return " ".join(map(new, value.split()))
        if name in _IDS:
            return new(value)
        if name in _LINKS or name == "usemap":
            return "#" + new(value[1:]) if value.startswith("#") else value
        if name == "name" and tag.name == "input":
            return prefix + value
        return _URL_OF_ID.sub(lambda match: f"url(#{new(match[2])})", value)

    kept = ((name, value) for name, value in tag.attributes.items() if not name.startswith("on") and name != "srcset")
    return tag._replace(attributes={name: rename(name, value) for name, value in kept})


def write_tag(tag: Tag) -> str:
    """Write a start tag."""
    attributes = "".join(
        f' {name}="{escape(value)}"' if value else f" {name}" for name, value in tag.attributes.items()
    )
    return f"<{tag.name}{attributes}{'/' if tag.is_closed and tag.in_svg else ''}>"
