"""HTML from the Markdown library, made safe and made ours.

Two passes. `shape` walks over the tags once and writes a new, balanced fragment from allow-listed tags: every
element it opens it closes, formatting never spans blocks, images become links, headings are shifted and get
anchors, ids and fragments get the prefix, inline styles become classes, Pygments' hundred classes become nine
of our own (`hl-…`: the short ones collide with the site's). Then nh3, a real HTML parser with its own
allow-list (`sanitize`), has the last word, so a mistake in the first pass costs looks and never safety.

A tag that HTML does not know (`vector<int>`) stays visible as text; a comment and the content of `<script>` and
`<style>` are dropped; one that never ends is text, so it cannot swallow what follows.
"""

from __future__ import annotations

import html
import re
from urllib.parse import unquote

from reportgen.prose.vocabulary import (
    ALIGNS,
    BARRIERS,
    BLOCKS,
    CLASSES,
    HEADINGS,
    HIDDEN,
    HIGHLIGHT,
    INLINE,
    PARENTS,
    TABLE_PARTS,
    VOID,
    safe_url,
)

MAX_OPEN = 80  # open elements; HTML parsers take quadratic time in the depth

_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[\s/](?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)?)>""")
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]++)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s"'=<>`]++))?""")
_LANGUAGE = re.compile(r"[A-Za-z0-9-]{1,35}\Z")
_NOT_IN_SLUG = re.compile(r"[^\w\- ]")
_TEXT_ALIGN = re.compile(r"text-align:\s*(left|right|center)")

Attributes = dict[str, str]


class TooDeepError(Exception):
    """The fragment nests more than `MAX_OPEN` elements."""


class _Fragment:
    """One walk over a document: the tags written so far and the elements that are open."""

    def __init__(self, heading_base: int, id_prefix: str) -> None:
        self.heading_base = heading_base
        self.id_prefix = id_prefix
        self.out: list[str] = []
        self.open: list[tuple[str, int]] = []  # name and its place in `out`
        self.ids: set[str] = set()
        self.slugs: dict[str, int] = {}
        self.fragments: list[tuple[int, int, str]] = []  # places of an opening and closing tag, and the target
        self.targets: dict[int, str] = {}
        self.silent: set[int] = set()  # places of elements that were left out
        self.absent: set[str] = set()  # ends of comments and scripts that do not come any more

    def text(self, text: str) -> None:
        self.out.append(text.replace("<", "&lt;"))

    def start(self, name: str, attributes: Attributes) -> None:
        if name in HEADINGS:
            name = f"h{min(6, int(name[1]) + self.heading_base - 1)}"
        if name == "img":
            self._image(attributes)
        elif name == "input":
            self._checkbox(attributes)
        elif name == "span":
            self._span(attributes)
        elif name == "a":
            self._anchor(attributes)
        elif self._make_room(name):
            self._write(name, self._kept(name, attributes))

    def end(self, name: str) -> None:
        if name in HEADINGS:
            name = f"h{min(6, int(name[1]) + self.heading_base - 1)}"
        if name in VOID:
            return
        for place in range(len(self.open) - 1, -1, -1):
            opened = self.open[place][0]
            if opened == name:
                self._close_to(place)
                return
            if (name in INLINE and opened in BLOCKS) or (
                opened in ("td", "th") and name not in (*TABLE_PARTS, "table")
            ):
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

    def _make_room(self, name: str) -> bool:
        """Close what `name` may not stand in; False if it may stand nowhere here."""
        if name in BLOCKS:
            self._close_inline()
        if name in PARENTS:
            return self._close_to_parent(name)
        if self.open and self.open[-1][0] in ("table", "thead", "tbody", "tfoot", "tr"):
            return False
        if name in HEADINGS and self.open and self.open[-1][0] in HEADINGS:
            self._close_to(len(self.open) - 1)
        return True

    def _close_inline(self) -> None:
        place = len(self.open)
        while place and (self.open[place - 1][0] in INLINE or self.open[place - 1][0] in ("p", "pre")):
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

    def _close_to(self, place: int) -> None:
        while len(self.open) > place:
            name, start = self.open.pop()
            if name == "p" and len(self.out) - start < 3 and not "".join(self.out[start + 1 :]).strip():
                self.out[start] = ""
                self.silent.add(start)
            end = "</table></div>" if name == "table" else f"</{name}>"
            self.out.append("" if start in self.silent else end)
            if name in HEADINGS:
                self._anchor_heading(start)
            if start in self.targets:
                self.fragments.append((start, len(self.out) - 1, self.targets.pop(start)))

    def _write(self, name: str, attributes: Attributes) -> None:
        if name == "pre":
            attributes["tabindex"] = "0"  # it scrolls, so the keyboard must reach it
        tag = name + "".join(f' {key}="{html.escape(value)}"' for key, value in attributes.items())
        frame = '<div class="scroll" tabindex="0" role="region" aria-label="Table">' if name == "table" else ""
        if name not in VOID:
            self.open.append((name, len(self.out)))
            if len(self.open) > MAX_OPEN:
                raise TooDeepError
        self.out.append(f"{frame}<{tag}>")

    def _kept(self, name: str, attributes: Attributes) -> Attributes:
        kept: Attributes = {}
        if identifier := self._claim(attributes.get("id", "")):
            kept["id"] = identifier
        if attributes.get("dir", "").lower() in ("rtl", "ltr", "auto"):
            kept["dir"] = attributes["dir"].lower()
        if _LANGUAGE.match(attributes.get("lang", "")):
            kept["lang"] = attributes["lang"]
        if attributes.get("title"):
            kept["title"] = attributes["title"]
        if classes := self._classes(name, attributes):
            kept["class"] = classes
        return kept | _own_attributes(name, attributes)

    def _classes(self, name: str, attributes: Attributes) -> str:
        classes = [one for one in attributes.get("class", "").split() if one in CLASSES]
        if name in ("th", "td"):
            styled = _TEXT_ALIGN.search(attributes.get("style", ""))
            align = styled[1] if styled else attributes.get("align", "").lower()
            classes += [ALIGNS[align]] if align in ALIGNS else []
        return " ".join(dict.fromkeys(classes))

    def _claim(self, identifier: str) -> str:
        identifier = identifier.strip()[:100]
        if not identifier or identifier in self.ids or re.search(r"\s", identifier):
            return ""
        self.ids.add(identifier)
        return self.id_prefix + identifier

    def _anchor_heading(self, start: int) -> None:
        if ' id="' in self.out[start]:
            return
        text = html.unescape(re.sub(r"<[^>]*>", "", "".join(self.out[start:])))
        slug = _NOT_IN_SLUG.sub("", text.strip().lower()).replace(" ", "-")[:80] or "section"
        number = self.slugs.get(slug, 0)
        name = f"{slug}-{number}" if number else slug
        while name in self.ids:
            number += 1
            name = f"{slug}-{number}"
        self.slugs[slug] = number + 1
        level, rest = self.out[start][1:3], self.out[start][3:]
        self.out[start] = f'<{level} id="{html.escape(self._claim(name))}"{rest}'

    def _span(self, attributes: Attributes) -> None:
        shorts = attributes.get("class", "").split()
        kept = self._kept("span", {**attributes, "class": ""})
        if token := next((HIGHLIGHT[one] for one in shorts if one in HIGHLIGHT), ""):
            kept["class"] = token
        if self._make_room("span"):
            self._write("span", kept)
            if not kept:
                self._leave_out()

    def _anchor(self, attributes: Attributes) -> None:
        kept = self._kept("a", {**attributes, "id": attributes.get("id") or attributes.get("name", "")})
        href = attributes.get("href", "").strip()
        if any(name == "a" for name, _ in self.open) or not self._make_room("a"):
            return
        if url := safe_url(href):
            self._write("a", kept | {"href": url, "rel": "noreferrer nofollow"})
        elif href.startswith("#") and len(href) > 1:
            self.targets[len(self.out)] = href[1:]
            self._write("a", kept | {"href": "#\x00"})
        else:
            self._write("a", kept)
            if "id" not in kept:
                self._leave_out()

    def _leave_out(self) -> None:
        """Take back the tag just written; its end tag still finds it, and no other element's."""
        place = self.open[-1][1]
        self.out[place] = ""
        self.silent.add(place)

    def _image(self, attributes: Attributes) -> None:
        url = safe_url(attributes.get("src", "")) if attributes.get("src", "")[:4].lower() == "http" else None
        text = attributes.get("alt", "").strip() or url or ""
        if not text or not self._make_room("a"):
            return
        if url and not any(name == "a" for name, _ in self.open):
            self._write("a", {"href": url, "rel": "noreferrer nofollow"})
            self.out.append(html.escape(text, quote=False))
            self.end("a")
        else:
            self.out.append(html.escape(text, quote=False))

    def _checkbox(self, attributes: Attributes) -> None:
        if attributes.get("type", "").lower() == "checkbox" and self._make_room("input"):
            done = {"checked": ""} if "checked" in attributes else {}
            label = "Done" if done else "To do"
            self._write("input", {"type": "checkbox", "disabled": "", **done, "aria-label": label})


def _own_attributes(name: str, attributes: Attributes) -> Attributes:
    numbers = {"ol": ("start",), "th": ("colspan", "rowspan"), "td": ("colspan", "rowspan")}.get(name, ())
    own = {key: attributes[key] for key in numbers if re.fullmatch(r"[1-9][0-9]{0,2}", attributes.get(key, ""))}
    if name == "details" and "open" in attributes:
        own["open"] = ""
    return own


def _attributes(source: str) -> Attributes:
    found: Attributes = {}
    for match in _ATTRIBUTE.finditer(source):
        value = match[2] or ""
        value = value[1:-1] if value[:1] in ('"', "'") else value
        found.setdefault(match[1].lower(), html.unescape(value))
    return found


def shape(source: str, *, heading_base: int, id_prefix: str) -> str:
    """Write the allow-listed, balanced fragment of some HTML. Linear in its length.

    Parameters
    ----------
    source
        HTML of any quality.
    heading_base
        The level that `<h1>` gets, 1 to 6.
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
        fragment.text(source[position:start])
        position = _read_markup(fragment, source, lower, start)
    fragment.text(source[position:])
    return fragment.finish()


def _read_markup(fragment: _Fragment, source: str, lower: str, start: int) -> int:
    """Handle what begins at a `<`; the position after it."""
    if source.startswith("<!--", start):
        return _skip_past(fragment, lower, start, "-->")
    tag = _TAG.match(source, start)
    name = tag[2].lower() if tag else ""
    if not tag or name not in BLOCKS | INLINE | HIDDEN:
        fragment.text("<")
        return start + 1
    if name in ("script", "style") and not tag[1]:
        return _skip_past(fragment, lower, start, f"</{name}>")
    if name in HIDDEN and name not in INLINE:
        return tag.end()
    if tag[1]:
        fragment.end(name)
    else:
        fragment.start(name, _attributes(tag[3]))
    return tag.end()


def _skip_past(fragment: _Fragment, lower: str, start: int, end: str) -> int:
    found = -1 if end in fragment.absent else lower.find(end, start)
    if found < 0:
        fragment.absent.add(end)  # nor is there one further on: never search for it again
        fragment.text("<")
        return start + 1
    return found + len(end)
