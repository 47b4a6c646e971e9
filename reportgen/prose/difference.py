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
_BLOCK_TAG = re.compile(rf"(<(/?)({'|'.join(sorted(BLOCKS, key=len, reverse=True))})(?![a-z0-9]){_REST})")
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


@dataclass(slots=True)
class _Node:
    """A block, or inline content between blocks (then without a name); of its inside either blocks or text is known."""

    name: str
    start: str
    end: str = ""
    source: str = ""
    blocks: list[_Node] = field(default_factory=list)
    text: str = ""  # inline HTML
    pieces: list[str | list[str]] | None = None  # of the text: tags, and what is between, in words
    words: Sequence[str] = ()  # all of these, each with the blanks after it
    bare: Sequence[str] = ()  # the same, without the blanks
    vocabulary: set[str] | None = None


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
        if match[2]:
            depth -= 1
        else:
            if not depth and not fragment[at : match.start()].isspace() and at < match.start():
                yield fragment[at : match.start()].strip()
            at = at if depth else match.start()
            depth += match[3] not in VOID
        if not depth:
            yield fragment[at : match.end()]
            at = match.end()
    rest = fragment[at:].strip()
    if rest:
        yield rest


def _parse(block: str) -> _Node:
    root = node = _Node("", "")
    path: list[tuple[_Node, int]] = []  # the elements around, and where the one within begins
    at = 0
    pieces = iter(_BLOCK_TAG.split(block))
    for between, tag, slash, name in zip(pieces, pieces, pieces, pieces, strict=False):
        start = at + len(between)
        at = start + len(tag)
        if slash and not node.blocks:
            node.text = between
        elif between and not between.isspace():
            node.blocks.append(_Node("", "", source=between, text=between))
        if slash:
            node.end = tag
            ended = node
            node, start = path.pop()
            ended.source = block[start:at]
            continue
        child = _Node(name, tag, source=tag)
        node.blocks.append(child)
        if name not in VOID:
            path.append((node, start))
            node = child
    rest = block[at:]
    return root.blocks[0] if root.blocks else _Node("", "", source=rest, text=rest)


def _read_words(node: _Node) -> None:
    if node.pieces is None:
        texts = _TAG_OR_TEXT.findall(node.text)
        node.pieces = [text if text[0] == "<" else split_words(_unescape(text)) for text in texts]
        node.words = [word for piece in node.pieces if type(piece) is list for word in piece]
        node.bare = [*map(str.rstrip, node.words)]


def _vocabulary_of(node: _Node) -> set[str]:
    if node.vocabulary is None:
        if node.blocks:
            node.vocabulary = set().union(*map(_vocabulary_of, node.blocks))
        else:
            _read_words(node)
            node.vocabulary = {*node.bare}
    return node.vocabulary


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
        _read_words(old)
        _read_words(new)
        n_old, n_new = len(old.words), len(new.words)
        self._n_left -= n_old + n_new
        if self._n_left < 0 or not n_new:
            return None
        matches = match_closely(old.bare, new.bare, min((n_old + n_new) // 2 + 2, _MOST_EDITS))
        if matches is None:
            if new.name not in ("td", "th"):
                return None
            matches = []
        if not matches and "<" not in new.text:  # so mostly in the cells of tables
            return new.start + _write_removed("".join(old.words)) + _write_added(new.words) + new.end
        return new.start + _write_words(new, _iter_stretches(old.words, matches, n_new)) + new.end


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
    olds, news = _vocabulary_of(old), _vocabulary_of(new)
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


_Stretch = tuple[int, bool, str]  # where new words end that stand together, if they are old ones, what was before them


def _iter_stretches(olds: Sequence[str], matches: Sequence[Match], n_new: int) -> Iterator[_Stretch]:
    """Give all new words in stretches; the last is empty where something was removed at the end."""
    i = j = 0
    for match in [*matches, Match(len(olds), n_new, 0)]:
        removed = "".join(olds[i : match.old])
        if match.new > j:
            yield match.new, False, removed
            removed = ""
        i, j = match.old + match.size, match.new + match.size
        if match.size or removed:
            yield j, match.size > 0, removed


def _write_words(node: _Node, stretches: Iterator[_Stretch]) -> str:
    """Write what a block holds, with what was removed where it stood."""
    out: list[str] = []
    place = end = 0
    is_kept = False
    for piece in node.pieces or ():
        if isinstance(piece, str):
            out.append(piece)
            continue
        at = 0
        while at < len(piece):
            if place == end:
                end, is_kept, removed = next(stretches)
                out.append(_write_removed(removed, keeps_gap=is_kept))
            words = piece[at : at + end - place]
            out.append(_escape("".join(words)) if is_kept else _write_added(words))
            at += len(words)
            place += len(words)
        if place == len(node.words):
            gap = "" if piece[-1][-1:].isspace() else " "
            out += (gap + _write_removed(removed) for _, _, removed in stretches)
    return "".join(out)


def _write_removed(text: str, *, keeps_gap: bool = False) -> str:
    """Write what was removed, if that is more than blanks, with the blanks at its end or without."""
    kept = text.rstrip()
    gap = text[len(kept) :] if keeps_gap else ""
    return f"<del>{_escape(kept.lstrip())}</del>{gap}" if kept else ""


def _write_added(words: Sequence[str]) -> str:
    text = "".join(words)
    added = text.strip()
    if not added:
        return text
    start, _, end = text.partition(added)
    return f"{start}<ins>{_escape(added)}</ins>{end}"
