"""How two texts differ, as a page shows it: as they read, and line by line in their source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup

from reportgen.diff import Fold, LineChange, Piece, compare_texts, count_words, fold_lines
from reportgen.model import Artifact
from reportgen.prose import ChangedBlock, compare_rendered
from reportgen.text import MINUS, NBSP, format_count, join_words

SIGNS = {"=": "", "+": "+", "-": MINUS, "~": "~"}
_WORDS = {"=": "", "+": "added", "-": "removed", "~": "changed"}
_MAX_LINES = 400
_LONG_SAME, _LONG_CHANGE = 400, 1_000
_MAX_RENDERED = 20_000  # characters of a text that is compared as it reads too: converting it takes longest
_MAX_BLOCKS = 60
_MAX_HTML = 60_000


class Line(NamedTuple):
    """A line of a text: its sign and what that means, and its pieces, whose signs are `=`, `+` and `-`."""

    sign: str
    word: str
    tone: str
    pieces: Sequence[Piece]
    folded: str = ""


class Block(NamedTuple):
    """A block of a text as it reads: what happened to it in a word, and its HTML; or how many are left out."""

    word: str
    html: Markup
    folded: str = ""


@dataclass(frozen=True)
class TextChanges:
    """What changed in a text.

    Attributes
    ----------
    headline
        In words: how much.
    counts
        How many words and lines: sign and words.
    blocks
        The text as it reads, unchanged blocks folded; empty where nothing of that differs, or it is long.
    lines
        The lines of its source, long unchanged stretches folded.
    note
        What is not shown or was not compared.
    """

    headline: str
    counts: Sequence[tuple[str, str]] = ()
    blocks: Sequence[Block] = ()
    lines: Sequence[Line] = ()
    note: str = ""


def make_text_changes(
    before: Artifact, artifact: Artifact, render_before: Callable[[], Markup | None], html: Markup | None
) -> TextChanges:
    """Compare two versions of a text; what the old one reads as is asked for only if it is needed."""
    old, new = before.data, artifact.data
    if not isinstance(old, str) or not isinstance(new, str):
        raise TypeError("not text")
    found = compare_texts(old, new)
    if not found.is_compared:
        sizes = join_words(f"{len(text):,}{NBSP}characters" for text in (old, new))
        return TextChanges("new text", note=f"Not compared, since the texts are too long: {sizes}.")
    n_added, n_removed = (count_words(found.lines, sign) for sign in "+-")
    shown, left_out = _cut(fold_lines(found.lines))
    is_short = max(len(old), len(new)) <= _MAX_RENDERED
    blocks = compare_rendered(render_before() or "", html or "") if shown and is_short else None
    return TextChanges(
        _describe_words(n_added, n_removed),
        counts=[*_iter_counts(n_added, n_removed, found.n_same)],
        blocks=[*_fold_blocks(blocks or [])],
        lines=[_show_line(line) for line in shown],
        note=left_out or ("" if shown else "Only the ends of lines differ."),
    )


def _describe_words(n_added: int, n_removed: int) -> str:
    if n_added and n_removed:
        return f"{format_count(n_added, 'word')} added, {n_removed:,} removed"
    if n_added or n_removed:
        return f"{format_count(n_added or n_removed, 'word')} {'added' if n_added else 'removed'}"
    return "only signs or blanks changed"


def _iter_counts(n_added: int, n_removed: int, n_same: int) -> Iterator[tuple[str, str]]:
    for n, noun, sign in ((n_added, "word", "+"), (n_removed, "word", "-"), (n_same, "line", "=")):
        if n:
            yield sign, f"{format_count(n, noun)} {_WORDS[sign] or 'unchanged'}"


def _cut(lines: Sequence[LineChange | Fold]) -> tuple[Sequence[LineChange | Fold], str]:
    """Give the lines that are shown, and say how many changed ones are not."""
    if all(isinstance(line, Fold) or line.sign == "=" for line in lines):
        return [], ""
    rest = [line for line in lines[_MAX_LINES:] if isinstance(line, LineChange) and line.sign != "="]
    if not rest:
        return lines[:_MAX_LINES], ""
    return lines[:_MAX_LINES], f"{format_count(len(rest), 'more changed line')} not shown."


def _show_line(line: LineChange | Fold) -> Line:
    if isinstance(line, Fold):
        return Line("", "", "", (), f"{format_count(line.n_lines, 'line')} unchanged")
    tone = {"+": "add", "-": "del"}.get(line.sign, "")
    return Line(SIGNS[line.sign], _WORDS[line.sign], tone, [_shorten(piece) for piece in line.pieces])


def _shorten(piece: Piece) -> Piece:
    """Leave out what is in the middle of a very long stretch."""
    most = _LONG_SAME if piece.sign == "=" else _LONG_CHANGE
    if len(piece.text) <= most:
        return piece
    left_out = f" … {len(piece.text) - most:,} characters … "
    return Piece(piece.sign, piece.text[: most // 2] + left_out + piece.text[-most // 2 :])


# As the text reads


def _fold_blocks(blocks: Sequence[ChangedBlock]) -> Iterator[Block]:
    """Leave out unchanged blocks, but for the heading that a change stands below."""
    n_changed = n_characters = n_same = 0
    heading: Markup | None = None
    for block in blocks:
        if block.sign == "=":
            n_same += 1
            heading = block.html if block.is_heading else heading
            continue
        n_changed += 1
        n_characters += len(block.html)
        if n_changed > _MAX_BLOCKS or n_characters > _MAX_HTML:
            break
        yield from _show_unchanged(n_same, heading)
        n_same, heading = 0, None
        yield Block(_describe_block(block), block.html)
    if n_changed > _MAX_BLOCKS or n_characters > _MAX_HTML:
        yield Block("", Markup(), "More changed blocks are not shown.")
    elif n_changed:
        yield from _show_unchanged(n_same, None)


def _show_unchanged(n_blocks: int, heading: Markup | None) -> Iterator[Block]:
    n_left_out = n_blocks - (heading is not None)
    if n_left_out:
        yield Block("", Markup(), f"{format_count(n_left_out, 'block')} unchanged")
    if heading is not None:
        yield Block("", heading)


def _describe_block(block: ChangedBlock) -> str:
    if block.sign != "~":
        return f"{_WORDS[block.sign].capitalize()}:"
    return "" if "<ins>" in block.html or "<del>" in block.html else "Only its form, a sign or a link changed:"
