"""The difference of two texts: lines are matched first, then words within lines that are alike.

Nothing is lost: the old text is what is unchanged and removed, the new one what is unchanged and added, save that both
kinds of line ends count as one. Of a text that is too long nothing is compared, of a very long line not its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import NamedTuple

from reportgen.diff.sequence import Match, match_closely, match_sequences

MAX_CHARACTERS = 256_000
MAX_LINES = 5_000
_MOST_LINE_EDITS = 200
_MAX_WORDS = 20_000  # that are compared within lines, of the whole text
_WINDOW = 8
_CHANGED = 3  # of so many words one may be another, for a line to be shown as changed
_MOST_WORD_EDITS = 200
_WORD = re.compile(r"\w+(?:[.,:]\w+)*")
_TOKEN = re.compile(r"(?:\w+(?:[.,:]\w+)*|[^\w\s]|^)\s*")  # a word or sign, and the blanks after it


class Piece(NamedTuple):
    """A stretch of a line: `"="` unchanged, `"-"` removed, `"+"` added."""

    sign: str
    text: str


class LineChange(NamedTuple):
    """A line: `"="` unchanged, `"-"` removed, `"+"` added, `"~"` with some words removed and added."""

    sign: str
    pieces: Sequence[Piece]


class Fold(NamedTuple):
    """Unchanged lines that are left out."""

    n_lines: int


class TextDiff(NamedTuple):
    """The difference of two texts.

    Attributes
    ----------
    lines
        All lines of both, in order; empty when nothing was compared.
    is_compared
        Whether the texts were short enough.
    """

    lines: Sequence[LineChange]
    is_compared: bool = True

    @property
    def n_same(self) -> int:
        """How many lines are unchanged."""
        return sum(line.sign == "=" for line in self.lines)


def compare_texts(old: str, new: str) -> TextDiff:
    """Compare two texts."""
    old, new = old.replace("\r\n", "\n"), new.replace("\r\n", "\n")
    if max(len(old), len(new)) > MAX_CHARACTERS or max(old.count("\n"), new.count("\n")) >= MAX_LINES:
        return TextDiff([], is_compared=False)
    return TextDiff([*_compare_lines(old.split("\n"), new.split("\n"))])


def _compare_lines(old: list[str], new: list[str]) -> Iterator[LineChange]:
    words = _Words()
    i = j = 0
    for match in match_sequences(old, new, most_edits=_MOST_LINE_EDITS):
        yield from words.compare_blocks(old[i : match.old], new[j : match.new])
        i, j = match.old + match.size, match.new + match.size
        yield from (LineChange("=", [Piece("=", line)]) for line in old[match.old : i])
    yield from words.compare_blocks(old[i:], new[j:])


class _Words:
    """Compares lines by their words, as long as there are not too many."""

    def __init__(self) -> None:
        self._n_left = _MAX_WORDS

    def compare_blocks(self, old: Sequence[str], new: Sequence[str]) -> Iterator[LineChange]:
        """Compare lines that stand in each other's place: like ones by their words, the others as wholes."""
        olds = [_read(line) for line in old] if new else []
        at = 0
        added: list[str] = []
        for text in new:
            line = _read(text) if at < len(olds) else _NO_WORDS
            found = _find_like(olds, at, line)
            pieces = None if found is None else self._compare_words(olds[found], line)
            if found is None or pieces is None:
                added.append(text)
                continue
            yield from _whole_lines(old[at:found], added)
            yield LineChange("~" if len(pieces) > 1 or pieces[0].sign != "=" else "=", pieces)
            at, added = found + 1, []
        yield from _whole_lines(old[at:], added)

    def _compare_words(self, old: _Line, new: _Line) -> list[Piece] | None:
        """Give the pieces of two lines; `None` when too many words differ, or there are too many."""
        n_words = len(old.words) + len(new.words)
        if n_words > self._n_left:
            return None
        self._n_left -= n_words
        matches = match_closely(old.words, new.words, _most_edits(n_words))
        return None if matches is None else _join_words(old.tokens, new.tokens, matches)


def _most_edits(n_words: int) -> int:
    """Say how many words of two lines may come and go while the lines are alike; one may change in any."""
    return min(max(n_words // _CHANGED, 2), _MOST_WORD_EDITS)


def split_words(line: str) -> list[str]:
    """Divide a text into words and signs, each with the blanks after it; blanks at its start stand alone."""
    tokens: list[str] = _TOKEN.findall(line)
    return tokens


class _Line(NamedTuple):
    """A line's words and signs: with the blanks after them, without, and which these are."""

    tokens: Sequence[str]
    words: Sequence[str]
    vocabulary: Set[str]


_NO_WORDS = _Line((), (), frozenset())


def _read(line: str) -> _Line:
    tokens = split_words(line)
    words = [*map(str.rstrip, tokens)]
    return _Line(tokens, words, {*words})


def _find_like(lines: Sequence[_Line], start: int, line: _Line) -> int | None:
    """Find the first of some lines that has most of its words in common with another."""
    n_words = len(line.vocabulary)
    for place in range(start, min(start + _WINDOW, len(lines))):
        other = lines[place].vocabulary
        n_shared = len(other & line.vocabulary)
        if n_shared and n_words + len(other) - 2 * n_shared <= _most_edits(n_words + len(other)):
            return place
    return None


def _join_words(old: Sequence[str], new: Sequence[str], matches: Sequence[Match]) -> list[Piece]:
    """Give the pieces of a line, neighbours of one sign joined."""
    line = _Pieces()
    i = j = 0
    for match in matches:
        line.change(old[i : match.old], new[j : match.new])
        i, j = match.old + match.size, match.new + match.size
        _keep_words(line, old[match.old : i], new[match.new : j])
    line.change(old[i:], new[j:])
    return line.finish()


def _keep_words(line: _Pieces, old: Sequence[str], new: Sequence[str]) -> None:
    """Add words that are the same in both; the blanks after them may differ."""
    if old == new:
        line.keep("".join(old))
        return
    for token, new_token in zip(old, new, strict=True):
        if token == new_token:
            line.keep(token)
        else:
            word = token.rstrip()
            line.keep(word)
            line.change([token[len(word) :]], [new_token[len(word) :]])


class _Pieces:
    """Collects a line piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._same: list[str] = []
        self._removed: list[str] = []
        self._added: list[str] = []

    def keep(self, text: str) -> None:
        if self._removed or self._added:
            self._end_change()
        self._same.append(text)

    def change(self, removed: Iterable[str], added: Iterable[str]) -> None:
        self._removed += removed
        self._added += added

    def _end_change(self) -> None:
        removed, added = "".join(self._removed), "".join(self._added)
        blank = _shared_blank(removed, added)
        n_kept = len(blank)
        removed, added = removed[: len(removed) - n_kept], added[: len(added) - n_kept]
        changes = Piece("=", "".join(self._same)), Piece("-", removed), Piece("+", added)
        self._pieces += [piece for piece in changes if piece.text]
        self._same, self._removed, self._added = [blank], [], []

    def finish(self) -> list[Piece]:
        self._end_change()
        blank = "".join(self._same)
        return [*self._pieces, Piece("=", blank)] if blank or not self._pieces else self._pieces


def _shared_blank(removed: str, added: str) -> str:
    """Give the blanks that both end with."""
    if not (removed and added):
        return ""
    blanks = [text[len(text.rstrip()) :] for text in (removed, added)]
    shorter, longer = sorted(blanks, key=len)
    return shorter if longer.endswith(shorter) else ""


def _whole_lines(removed: Iterable[str], added: Iterable[str]) -> Iterator[LineChange]:
    yield from (LineChange("-", [Piece("-", line)]) for line in removed)
    yield from (LineChange("+", [Piece("+", line)]) for line in added)


def count_words(lines: Iterable[LineChange], sign: str) -> int:
    """Say how many words were added (`"+"`) or removed (`"-"`)."""
    texts = [piece.text for line in lines for piece in line.pieces if piece.sign == sign]
    return len(_WORD.findall("\n".join(texts)))


def fold_lines(lines: Sequence[LineChange], context: int = 2) -> list[LineChange | Fold]:
    """Leave out unchanged lines that are farther than `context` lines from a change; a single one stays."""
    folded: list[LineChange | Fold] = []
    start = 0
    while start < len(lines):
        if lines[start].sign != "=":
            folded.append(lines[start])
            start += 1
            continue
        end = next((place for place in range(start, len(lines)) if lines[place].sign != "="), len(lines))
        head = start + context if start else 0
        tail = end - context if end < len(lines) else end
        if tail - head > 1:
            folded += [*lines[start:head], Fold(tail - head), *lines[tail:end]]
        else:
            folded += lines[start:end]
        start = end
    return folded
