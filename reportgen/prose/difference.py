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
_REST = r'[^<>"]*+(?:"[^"]*"[^<>"]*+)*+>'  # of a tag, after its name
_BLOCK_TAG = re.compile(rf"<(/?)({'|'.join(sorted(BLOCKS, key=len, reverse=True))})(?![a-z0-9]){_REST}")
_TAG_OR_TEXT = re.compile(rf"<{_REST}|[^<]+")
_LONG_TAG = re.compile(rf"<[a-z][a-z0-9]* {_REST}")
_ANCHOR = re.compile(r' (?:id="|href="#)[^"]*"')
_OWN_MARK = re.compile(r"<(/?)(ins|del)(?=[ >])")  # of the text itself: not to be taken for changes
_OTHER_MARKS = {"ins": "u", "del": "s"}
_SPECIAL = re.compile("[&<>]")


class ChangedBlock(NamedTuple):
    """A block of the text: `"="` unchanged, `"+"` added, `"-"` removed, `"~"` changed; `is_heading` says its kind."""

    sign: str
    html: Markup
    is_heading: bool


_Word = tuple[str, str]  # a word or sign, and the blanks after it


@dataclass(slots=True)
class _Node:
    """A block, or inline content between blocks (then without a name); of its inside either blocks or text is known."""

    name: str
    start: str
    end: str = ""
    source: str = ""
    blocks: list[_Node] = field(default_factory=list)
    text: str = ""  # inline HTML
    words: list[_Word] | None = None


_HEADING_TAG = re.compile(r"<(/?)h[1-6]\b[^>]*>")


def compare_rendered(old: str, new: str) -> list[ChangedBlock] | None:
    """Compare two fragments of `render_markdown`, block by block; `None` when they are too long.

    Of unchanged blocks only headings are given as HTML.
    """
    if max(len(old), len(new)) > MAX_CHARACTERS:
        return None
    olds, news = ([*_split_blocks(_clean(str(fragment)))] for fragment in (old, new))
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
    """Clean a block; a heading is a bold line here, since those that it stands below may be left out."""
    plain = _HEADING_TAG.sub(lambda tag: "</strong></p>" if tag[1] else "<p><strong>", text)
    return Markup(sanitize(plain, id_prefix="\0")) if text else Markup()  # noqa: S704 — nh3 has cleaned it


def _is_heading(block: str) -> bool:
    return block[1:3] in HEADINGS


# Reading


def _clean(fragment: str) -> str:
    """Drop ids and links within the page, and let marks of the text itself look otherwise."""
    if _OWN_MARK.search(fragment):
        fragment = _OWN_MARK.sub(lambda match: f"<{match[1]}{_OTHER_MARKS[match[2]]}", fragment)
    return _LONG_TAG.sub(lambda match: _ANCHOR.sub("", match[0]), fragment)


def _split_blocks(fragment: str) -> Iterator[str]:
    """Give the outermost blocks, and what stands between them."""
    depth = at = 0
    for match in _BLOCK_TAG.finditer(fragment):
        if match[1]:
            depth -= 1
        else:
            if not depth and not fragment[at : match.start()].isspace() and at < match.start():
                yield fragment[at : match.start()].strip()
            at = at if depth else match.start()
            depth += match[2] not in VOID
        if not depth:
            yield fragment[at : match.end()]
            at = match.end()
    rest = fragment[at:].strip()
    if rest:
        yield rest


def _parse(block: str) -> _Node:
    root = _Node("", "")
    path = [root]
    starts = [0]
    at = 0
    for match in _BLOCK_TAG.finditer(block):
        node = path[-1]
        between = block[at : match.start()]
        at = match.end()
        if match[1]:
            _add_text(node, between, is_last=True)
            node.end = match[0]
            node.source = block[starts.pop() : at]
            path.pop()
            continue
        _add_text(node, between)
        child = _Node(match[2], match[0], source=match[0])
        node.blocks.append(child)
        if match[2] not in VOID:
            path.append(child)
            starts.append(match.start())
    _add_text(root, block[at:])
    return root.blocks[0]


def _add_text(node: _Node, text: str, *, is_last: bool = False) -> None:
    if is_last and not node.blocks:
        node.text = text
    elif text and not text.isspace():
        node.blocks.append(_Node("", "", source=text, text=text))


def _words_of(node: _Node) -> list[_Word]:
    if node.words is None:
        if node.blocks:
            node.words = [word for block in node.blocks for word in _words_of(block)]
        else:
            texts = (text for text in _TAG_OR_TEXT.findall(node.text) if text[0] != "<")
            node.words = [word for text in texts for word in split_words(_unescape(text))]
    return node.words


def _unescape(text: str) -> str:
    return html.unescape(text) if "&" in text else text


def _escape(text: str) -> str:
    return html.escape(text, quote=False) if _SPECIAL.search(text) else text


# Comparing


_Change = tuple[str, str, bool]  # sign, HTML, whether it is a heading


class _Comparison:
    """Compares blocks by their words as long as there are not too many."""

    def __init__(self) -> None:
        self._n_left = _MAX_WORDS

    def _compare_insides(self, old: _Node, new: _Node) -> str:
        """Compare what two elements hold, block by block."""
        parts: list[str] = []
        i = j = 0
        end = Match(len(old.blocks), len(new.blocks), 0)
        for match in [*match_sequences([one.source for one in old.blocks], [one.source for one in new.blocks]), end]:
            parts += (text for _, text, _ in self.compare_runs(old.blocks[i : match.old], new.blocks[j : match.new]))
            i, j = match.old + match.size, match.new + match.size
            parts += (one.source for one in new.blocks[match.new : j])
        return "".join(parts)

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
        if old.blocks and new.blocks:
            return new.start + self._compare_insides(old, new) + new.end
        if old.blocks or new.blocks:
            return None
        olds, news = _words_of(old), _words_of(new)
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
    olds, news = ({word for word, _ in _words_of(node)} for node in (old, new))
    return len(olds & news) >= _LIKE * (len(olds) + len(news)) / 2


# Writing


def _mark(node: _Node, tag: str) -> str:
    """Write a block with all of its text struck or set anew."""
    if node.blocks:
        return node.start + "".join(_mark(block, tag) for block in node.blocks) + node.end
    texts = (
        text if text[0] == "<" or text.isspace() else f"<{tag}>{text}</{tag}>"
        for text in _TAG_OR_TEXT.findall(node.text)
    )
    return node.start + "".join(texts) + node.end


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
        for text in _TAG_OR_TEXT.findall(node.text):
            if text[0] == "<":
                self._close()
                self._out.append(text)
            else:
                for word, blank in split_words(_unescape(text)):
                    self._write_word(word, blank)
        self._close()
        return "".join(self._out) + node.end

    def _write_word(self, word: str, blank: str) -> None:
        is_kept = self._place in self._kept
        removed = self._removed.get(self._place)
        if removed is not None or is_kept:
            self._close()
        if removed is not None:
            self._write_removed(removed, gap=removed[len(removed.rstrip()) :] if is_kept else "")
        if is_kept or not word:
            self._close()
            self._out.append(_escape(word + blank))
        else:
            self._out.append(self._held if self._is_open else "<ins>")
            self._out.append(_escape(word))
            self._is_open, self._held = True, blank
        self._place += 1
        last = self._removed.get(self._place) if self._place == self._n_new else None
        if last is not None:
            self._close()
            self._out.append("" if blank else " ")
            self._write_removed(last, gap="")

    def _write_removed(self, removed: str, gap: str) -> None:
        self._out.append(f"<del>{_escape(removed.strip())}</del>{gap}")

    def _close(self) -> None:
        if self._is_open:
            self._out.append(f"</ins>{self._held}")
            self._is_open, self._held = False, ""
