"""How two rendered Markdown texts differ: the new one as HTML, its words struck and set anew where they changed.

Both come from `render_markdown`, so they are trees of allowed elements. These are matched from the outside in: equal
blocks first, then blocks that are alike, and within those rows, items and at last words. Marks stand right around
words, where a word stood before, so that they never break an element. Ids and links within the page are dropped: the
page has the text itself as well. nh3 has the last word again.

No HTML is compared that is very long; the source of a text then has to do.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from markupsafe import Markup

from reportgen.diff import Match, match_closely, match_sequences, split_words
from reportgen.prose.sanitize import sanitize
from reportgen.prose.vocabulary import BLOCKS, HEADINGS, VOID

MAX_CHARACTERS = 60_000  # of HTML
_MAX_WORDS = 10_000  # that are compared, of both
_MOST_EDITS = 200
_LIKE = 0.4  # of the words of both must be in both, for a block to be shown as changed
_WINDOW = 8
_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)((?:[^<>"]|"[^"]*")*)>')
_ANCHOR = re.compile(r' (?:id="|href="#)[^"]*"')
_OWN_MARKS = {"ins": "u", "del": "s"}  # those of the text itself are not to be taken for changes


class ChangedBlock(NamedTuple):
    """A block of the text: `"="` unchanged, `"+"` added, `"-"` removed, `"~"` changed; `is_heading` says its kind."""

    sign: str
    html: Markup
    is_heading: bool


@dataclass
class _Node:
    """An element, or inline content that stands between blocks (then without a name)."""

    name: str
    start: str = ""
    children: list[_Node | str] = field(default_factory=list)
    source: str = ""
    has_blocks: bool = False

    @property
    def end(self) -> str:
        return f"</{self.name}>" if self.name and self.name not in VOID else ""


def compare_rendered(old: str, new: str) -> list[ChangedBlock] | None:
    """Compare two fragments of `render_markdown`, block by block; `None` when they are too long.

    Of unchanged blocks only headings are given as HTML.
    """
    if max(len(old), len(new)) > MAX_CHARACTERS:
        return None
    olds, news = ([*_split_blocks(str(fragment))] for fragment in (old, new))
    comparison = _Comparison()
    changes: list[_Change] = []
    i = j = 0
    for match in [*match_sequences(olds, news), Match(len(olds), len(news), 0)]:
        runs = [[_parse(block) for block in blocks] for blocks in (olds[i : match.old], news[j : match.new])]
        changes += comparison.compare_runs(*runs)
        i, j = match.old + match.size, match.new + match.size
        changes += (("=", block if _is_heading(block) else "", _is_heading(block)) for block in news[match.new : j])
    return [ChangedBlock(sign, _as_safe(text), is_heading) for sign, text, is_heading in changes]


def _as_safe(text: str) -> Markup:
    return Markup(sanitize(text, id_prefix="\0")) if text else Markup()  # noqa: S704 — nh3 has cleaned it


def _is_heading(block: str) -> bool:
    return block[1:3] in HEADINGS


# Reading


def _split_blocks(fragment: str) -> Iterator[str]:
    """Give the outermost blocks, without ids and links within the page."""
    parts: list[str] = []
    depth = at = 0
    for match in _TAG.finditer(fragment):
        is_end, name, attributes = match.groups()
        is_block = name in BLOCKS
        if is_block and not is_end and not depth:
            parts.append(fragment[at : match.start()])
            yield from _join(parts)
            at = match.start()
        if attributes and _ANCHOR.search(attributes):
            parts += (fragment[at : match.start()], f"<{name}{_ANCHOR.sub('', attributes)}>")
            at = match.end()
        if name not in VOID:
            depth += -1 if is_end else 1
        if is_block and not depth:
            parts.append(fragment[at : match.end()])
            yield from _join(parts)
            at = match.end()
    parts.append(fragment[at:])
    yield from _join(parts)


def _join(parts: list[str]) -> Iterator[str]:
    block = "".join(parts).strip()
    parts.clear()
    if block:
        yield block


def _parse(block: str) -> _Node:
    root = _Node("", has_blocks=True)
    path = [root]
    at = 0
    for match in _TAG.finditer(block):
        _add_text(path[-1], block[at : match.start()])
        at = match.end()
        is_end, name, attributes = match.groups()
        if is_end:
            _finish(path)
            continue
        name = _OWN_MARKS.get(name, name)
        node = _Node(name, f"<{name}{attributes}>")
        path[-1].children.append(node)
        path.append(node)
        if name in VOID:
            _finish(path)
    _add_text(path[-1], block[at:])
    while len(path) > 1:
        _finish(path)
    nodes = [*_group(root.children)]
    return nodes[0] if len(nodes) == 1 else _Node("", children=[*nodes], source=block, has_blocks=True)


def _add_text(node: _Node, text: str) -> None:
    if text:
        node.children.append(html.unescape(text))


def _finish(path: list[_Node]) -> None:
    if len(path) < 2:  # nh3 leaves no end tag without a start
        return
    node = path.pop()
    node.has_blocks = any(isinstance(child, _Node) and child.name in BLOCKS for child in node.children)
    if node.has_blocks:
        node.children = [*_group(node.children)]
    node.source = node.start + "".join(map(_source, node.children)) + node.end


def _group(children: Sequence[_Node | str]) -> Iterator[_Node]:
    """Put inline content that stands between blocks into nodes of its own; blanks there are dropped."""
    inline: list[_Node | str] = []
    for child in [*children, _Node("p")]:
        if isinstance(child, str) or child.name not in BLOCKS:
            inline.append(child)
            continue
        source = "".join(map(_source, inline))
        if source.strip():
            yield _Node("", "", inline, source)
        inline = []
        if child.start:
            yield child


def _source(child: _Node | str) -> str:
    return child.source if isinstance(child, _Node) else html.escape(child, quote=False)


def _iter_texts(node: _Node) -> Iterator[str]:
    for child in node.children:
        if isinstance(child, _Node):
            yield from _iter_texts(child)
        else:
            yield child


def _words(node: _Node) -> list[tuple[str, str]]:
    return [word for text in _iter_texts(node) for word in split_words(text)]


# Comparing


_Change = tuple[str, str, bool]  # sign, HTML, whether it is a heading


class _Comparison:
    """Compares blocks by their words as long as there are not too many."""

    def __init__(self) -> None:
        self._n_left = _MAX_WORDS

    def compare(self, old: _Node, new: _Node) -> list[_Change]:
        """Compare what two elements hold, block by block."""
        olds, news = _nodes(old), _nodes(new)
        changes: list[_Change] = []
        i = j = 0
        end = Match(len(olds), len(news), 0)
        for match in [*match_sequences([one.source for one in olds], [one.source for one in news]), end]:
            changes += self.compare_runs(olds[i : match.old], news[j : match.new])
            i, j = match.old + match.size, match.new + match.size
            changes += (("=", one.source, one.name in HEADINGS) for one in news[match.new : j])
        return changes

    def compare_runs(self, olds: Sequence[_Node], news: Sequence[_Node]) -> Iterator[_Change]:
        """Compare blocks that stand in each other's place."""
        at = 0
        added: list[_Change] = []
        for new, place in zip(news, _pair(olds, news), strict=True):
            changed = None if place is None else self._compare_pair(olds[place], new)
            if place is None or changed is None:
                added.append(("+", _mark(new, "ins"), new.name in HEADINGS))
                continue
            yield from _remove(olds[at:place])
            yield from added
            yield "~", changed, new.name in HEADINGS
            at, added = place + 1, []
        yield from _remove(olds[at:])
        yield from added

    def _compare_pair(self, old: _Node, new: _Node) -> str | None:
        """Give a block with its changes; `None` when they are too many."""
        if old.has_blocks and new.has_blocks:
            return new.start + "".join(text for _, text, _ in self.compare(old, new)) + new.end
        if old.has_blocks or new.has_blocks:
            return None
        olds, news = _words(old), _words(new)
        self._n_left -= len(olds) + len(news)
        if self._n_left < 0 or not news:
            return None
        most = min((len(olds) + len(news)) // 2 + 2, _MOST_EDITS)
        matches = match_closely([word for word, _ in olds], [word for word, _ in news], most)
        if matches is None:
            if new.name not in ("td", "th"):
                return None
            matches = []
        return _Words(olds, matches, len(news)).write(new)


def _remove(nodes: Sequence[_Node]) -> Iterator[_Change]:
    yield from (("-", _mark(one, "del"), one.name in HEADINGS) for one in nodes)


def _nodes(node: _Node) -> list[_Node]:
    return [child for child in node.children if isinstance(child, _Node)]


def _pair(olds: Sequence[_Node], news: Sequence[_Node]) -> list[int | None]:
    """Give for each new block the place of the old one that it is compared with, in order."""
    if not olds:
        return [None] * len(news)
    names = [one.name for one in olds]
    if names == [one.name for one in news] and (len(news) == 1 or {*names} <= {"td", "th"}):
        return [*range(len(news))] if len(news) > 1 or _is_like(olds[0], news[0]) else [None]
    places: list[int | None] = []
    at = 0
    for new in news:
        window = range(at, min(at + _WINDOW, len(olds)))
        found = next((place for place in window if _is_like(olds[place], new)), None)
        places.append(found)
        at = at if found is None else found + 1
    return places


def _is_like(old: _Node, new: _Node) -> bool:
    """Whether two blocks are of one kind and have many words in common; cells, rows and short ones need not."""
    if old.name != new.name:
        return False
    if old.name in ("td", "th", "thead", "tbody", "table"):
        return True
    olds, news = ({word for word, _ in _words(node)} for node in (old, new))
    return len(olds & news) >= _LIKE * (len(olds) + len(news)) / 2


# Writing


def _mark(node: _Node, tag: str) -> str:
    """Write a block with all of its text struck or set anew."""
    parts = [node.start]
    for child in node.children:
        if isinstance(child, _Node):
            parts.append(_mark(child, tag))
        elif child.strip():
            parts.append(f"<{tag}>{html.escape(child, quote=False)}</{tag}>")
        else:
            parts.append(child)
    return "".join(parts) + node.end


class _Words:
    """Writes a block word by word, with what was removed where it stood."""

    def __init__(self, olds: Sequence[tuple[str, str]], matches: Sequence[Match], n_new: int) -> None:
        self._kept: set[int] = set()
        self._removed: dict[int, str] = {}  # by the place of the word it stands before
        self._n_new = n_new
        i = j = 0
        for match in [*matches, Match(len(olds), n_new, 0)]:
            removed = "".join(word + blank for word, blank in olds[i : match.old])
            if removed.strip():
                self._removed[j] = removed
            i, j = match.old + match.size, match.new + match.size
            self._kept.update(range(match.new, match.new + match.size))
        self._out: list[str] = []
        self._place = 0
        self._held = ""  # blanks after an added word, which are marked only if another follows
        self._is_open = False

    def write(self, node: _Node) -> str:
        self._out.append(node.start)
        self._write_children(node)
        self._close()
        return "".join(self._out) + node.end

    def _write_children(self, node: _Node) -> None:
        for child in node.children:
            if isinstance(child, _Node):
                self._close()
                self._out.append(child.start)
                self._write_children(child)
                self._close()
                self._out.append(child.end)
            else:
                for word, blank in split_words(child):
                    self._write_word(word, blank)

    def _write_word(self, word: str, blank: str) -> None:
        is_kept = self._place in self._kept
        removed = self._removed.get(self._place)
        if removed is not None or is_kept:
            self._close()
        if removed is not None:
            self._write_removed(removed, gap=removed[len(removed.rstrip()) :] if is_kept else "")
        if is_kept or not word:
            self._close()
            self._out.append(html.escape(word + blank, quote=False))
        else:
            self._out.append(self._held if self._is_open else "<ins>")
            self._out.append(html.escape(word, quote=False))
            self._is_open, self._held = True, blank
        self._place += 1
        last = self._removed.get(self._place) if self._place == self._n_new else None
        if last is not None:
            self._close()
            self._out.append("" if blank else " ")
            self._write_removed(last, gap="")

    def _write_removed(self, removed: str, gap: str) -> None:
        self._out.append(f"<del>{html.escape(removed.strip(), quote=False)}</del>{gap}")

    def _close(self) -> None:
        if self._is_open:
            self._out.append(f"</ins>{self._held}")
            self._is_open, self._held = False, ""
