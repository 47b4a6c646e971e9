"""HTML from the Markdown library, made safe and made ours.

Two passes. `shape` walks over the tags once and writes a new, balanced fragment from allow-listed tags: every
element it opens it closes, formatting never spans blocks, images become links, headings get levels below the
page's own, without a gap, and anchors, ids and fragments get the prefix, inline styles become classes, Pygments'
hundred classes become nine of our own (`hl-…`: the short ones collide with the site's). Then nh3, a real HTML
parser with its own allow-list (`sanitize`), has the last word, so a mistake in the first pass costs looks and
never safety.

A tag that HTML does not know (`vector<int>`) stays visible as text; a comment and the content of `<script>` and
`<style>` are dropped; one that never ends is text, so it cannot swallow what follows.
"""

from __future__ import annotations

import html
import re
from urllib.parse import unquote

from reportgen.prose.tags import TAG, Tag, read_tag
from reportgen.prose.vocabulary import BARRIERS, BLOCKS, HEADINGS, HIDDEN, INLINE, PARENTS, TABLE_PARTS, VOID

MAX_OPEN = 80  # open elements; HTML parsers take quadratic time in the depth

_KNOWN = BLOCKS | INLINE | HIDDEN
_DROPPED = HIDDEN - INLINE
_ONLY_PARTS = frozenset(("table", "thead", "tbody", "tfoot", "tr"))  # no text or formatting stands right inside them
_ENDS_IN_CELL = frozenset(("table", *TABLE_PARTS))  # the only end tags that reach out of a cell
_TAG = re.compile("<[^>]*>")
_IN_PARAGRAPH = INLINE | {"p", "pre", *HEADINGS}  # what a block closes before it opens
_TABLE = '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table'
_REL = ' rel="noreferrer nofollow"'
_NOT_IN_SLUG = re.compile(r"[^\w\- ]")
_MARKUP = re.compile(r"<[^>]*>")


class TooDeepError(Exception):
    """The fragment nests more than `MAX_OPEN` elements."""


class _Fragment:
    """One walk over a document: the tags written so far and the elements that are open."""

    def __init__(self, heading_base: int, id_prefix: str) -> None:
        self.heading_base = heading_base
        self.headings: list[int] = []  # levels, as written, of the headings that what comes stands under
        self.id_prefix = id_prefix
        self.out: list[str] = []
        self.open: list[tuple[str, int]] = []  # name and its place in `out`
        self.ids: set[str] = set()
        self.slugs: dict[str, int] = {}
        self.fragments: list[tuple[int, int, str]] = []  # places of an opening and closing tag, and the target
        self.targets: dict[int, str] = {}
        self.silent: set[int] = set()  # places of elements that were left out
        self.absent: set[str] = set()  # ends of comments and scripts that do not come any more

    def start(self, tag: Tag) -> None:
        name = tag.name
        if name == "a":
            self._anchor(tag)
        elif name == "img":
            self._image(tag)
        elif name == "span":
            self._span(tag)
        elif name == "input":
            if tag.kept and self._make_room(name):
                self._write(name, tag.kept)
        elif self._make_room(name):
            written = self._nested(int(name[1])) if name in HEADINGS else name
            self._write(written, self._claimed(tag) + tag.kept if tag.identifier else tag.kept)

    def end(self, name: str) -> None:
        if name in VOID:
            return
        if name in HEADINGS:  # of whatever level, as in HTML
            name = next((opened for opened, _ in reversed(self.open) if opened in HEADINGS), name)
        for place in range(len(self.open) - 1, -1, -1):
            opened = self.open[place][0]
            if opened == name:
                self._close_to(place)
                return
            if (name in INLINE and opened in BLOCKS) or (opened in ("td", "th") and name not in _ENDS_IN_CELL):
                return

    def finish(self) -> str:
        self._close_to(0)
        for start, end, target in self.fragments:
            found = next((name for name in (target, unquote(target), target.lower()) if name in self.ids), None)
            if found is None:  # a fragment that leads nowhere is text
                self.out[start] = self.out[end] = ""
            else:
                self.out[start] = self.out[start].replace("\x00", html.escape(self.id_prefix + found))
        return "".join(self.out)

    def _nested(self, level: int) -> str:
        """The element of a heading: one level below the one that it stands under, whatever levels were passed over."""
        while self.headings and self.headings[-1] >= level:
            self.headings.pop()
        self.headings.append(level)
        return f"h{min(6, self.heading_base + len(self.headings) - 1)}"

    def _make_room(self, name: str) -> bool:
        """Close what `name` may not stand in; False if it may stand nowhere here."""
        if name in BLOCKS:
            self._close_inline()
            if name in PARENTS:
                return self._close_to_parent(name)
        if self.open and self.open[-1][0] in _ONLY_PARTS:
            return False
        if name in HEADINGS and self.open and self.open[-1][0] in HEADINGS:
            self._close_to(len(self.open) - 1)
        return True

    def _close_inline(self) -> None:
        place = len(self.open)
        while place and self.open[place - 1][0] in _IN_PARAGRAPH:
            place -= 1
        self._close_to(place)

    def _close_to_parent(self, name: str) -> bool:
        for place in range(len(self.open) - 1, -1, -1):
            opened = self.open[place][0]
            if opened in PARENTS[name]:
                self._close_to(place + 1)
                return True
            if opened == "table" or (name not in TABLE_PARTS and opened in BARRIERS):
                return False
        return False

    def _is_empty(self, name: str, start: int) -> bool:
        """Whether an element that is about to end is a paragraph with nothing in it, or a heading without a text."""
        if name == "p":
            return len(self.out) - start < 3 and not "".join(self.out[start + 1 :]).strip()
        return name in HEADINGS and not _TAG.sub("", "".join(self.out[start + 1 :])).strip()

    def _close_to(self, place: int) -> None:
        while len(self.open) > place:
            name, start = self.open.pop()
            if self._is_empty(name, start):
                self.out[start] = ""
                self.silent.add(start)
                if name in HEADINGS:
                    self.headings.pop()
            end = "</table></div>" if name == "table" else f"</{name}>"
            self.out.append("" if start in self.silent else end)
            if name in HEADINGS and start not in self.silent:
                self._anchor_heading(start)
            if start in self.targets:
                self.fragments.append((start, len(self.out) - 1, self.targets.pop(start)))

    def _write(self, name: str, attributes: str) -> None:
        if name not in VOID:
            self.open.append((name, len(self.out)))
            if len(self.open) > MAX_OPEN:
                raise TooDeepError
        self.out.append(f"{_TABLE if name == 'table' else '<' + name}{attributes}>")

    def _claim(self, identifier: str) -> str:
        """The id with its prefix; an empty string if it is taken."""
        if not identifier or identifier in self.ids:
            return ""
        self.ids.add(identifier)
        return html.escape(self.id_prefix + identifier)

    def _claimed(self, tag: Tag) -> str:
        identifier = self._claim(tag.identifier)
        return f' id="{identifier}"' if identifier else ""

    def _anchor_heading(self, start: int) -> None:
        if ' id="' in self.out[start]:
            return
        text = html.unescape(_MARKUP.sub("", "".join(self.out[start:])))
        slug = _NOT_IN_SLUG.sub("", text.strip().lower()).replace(" ", "-")[:80] or "section"
        number = self.slugs.get(slug, 0)
        name = f"{slug}-{number}" if number else slug
        while name in self.ids:
            number += 1
            name = f"{slug}-{number}"
        self.slugs[slug] = number + 1
        level, rest = self.out[start][1:3], self.out[start][3:]
        self.out[start] = f'<{level} id="{self._claim(name)}"{rest}'

    def _span(self, tag: Tag) -> None:
        attributes = self._claimed(tag) + tag.kept
        if self._make_room("span"):
            self._write("span", attributes)
            if not attributes:
                self._leave_out()

    def _anchor(self, tag: Tag) -> None:
        claimed = self._claimed(tag)
        if any(name == "a" for name, _ in self.open) or not self._make_room("a"):
            return
        if tag.url:
            self._write("a", f'{claimed}{tag.kept} href="{html.escape(tag.url)}"{_REL}')
        elif tag.target:
            self.targets[len(self.out)] = tag.target
            self._write("a", f'{claimed}{tag.kept} href="#\x00"')
        else:
            self._write("a", claimed + tag.kept)
            if not claimed:
                self._leave_out()

    def _leave_out(self) -> None:
        """Take back the tag just written; its end tag still finds it, and no other element's."""
        place = self.open[-1][1]
        self.out[place] = ""
        self.silent.add(place)

    def _image(self, tag: Tag) -> None:
        if not tag.alt or not self._make_room("a"):
            return
        text = html.escape(tag.alt, quote=False)
        if tag.url and not any(name == "a" for name, _ in self.open):
            self._write("a", f' href="{html.escape(tag.url)}"{_REL}')
            self.out.append(text)
            self.end("a")
        else:
            self.out.append(text)


def shape(source: str, *, heading_base: int, id_prefix: str) -> str:
    """Write the allow-listed, balanced fragment of some HTML. Linear in its length.

    Parameters
    ----------
    source
        HTML of any quality.
    heading_base
        The level that the topmost headings get, 1 to 6.
    id_prefix
        Stands before every id and the target of every fragment link.

    Raises
    ------
    TooDeepError
        More than `MAX_OPEN` elements are open at once.
    """
    fragment = _Fragment(heading_base, id_prefix)
    lower = source.lower()
    position = 0
    while (start := source.find("<", position)) >= 0:
        fragment.out.append(source[position:start])
        position = _read_markup(fragment, source, lower, start)
    fragment.out.append(source[position:])
    return fragment.finish()


def _read_markup(fragment: _Fragment, source: str, lower: str, start: int) -> int:
    """Handle what begins at a `<`; the position after it."""
    match = TAG.match(source, start)
    if not match:
        if source.startswith("<!--", start):
            return _skip_past(fragment, lower, start, "-->")
        fragment.out.append("&lt;")
        return start + 1
    tag = read_tag(match)
    if tag.name in _DROPPED:
        if tag.name in ("script", "style") and not tag.is_end:
            return _skip_past(fragment, lower, start, f"</{tag.name}>")
    elif tag.name not in _KNOWN:
        fragment.out.append("&lt;")
        return start + 1
    elif tag.is_end:
        fragment.end(tag.name)
    else:
        fragment.start(tag)
    return match.end()


def _skip_past(fragment: _Fragment, lower: str, start: int, end: str) -> int:
    found = -1 if end in fragment.absent else lower.find(end, start)
    if found < 0:
        fragment.absent.add(end)  # nor is there one further on: never search for it again
        fragment.out.append("&lt;")
        return start + 1
    return found + len(end)
