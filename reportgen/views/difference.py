"""How a version differs from the one before it, as its page shows it: in a sentence, and in full.

The version before is the newest one that is still there. It is read for this page alone, and nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from reportgen.diff import Fold, LineChange, Piece, compare_texts, count_words, fold_lines
from reportgen.model import Artifact, Model
from reportgen.text import MINUS, NBSP, NumberForm, format_count, format_delta, format_time, join_words, no_break
from reportgen.views.content import (
    Content,
    ImageContent,
    artifact_page,
    image_origin,
    kind_word,
    make_content,
    percent_text,
)
from reportgen.views.parts import Here, Link
from reportgen.views.tabledifference import TableChanges, make_table_changes
from reportgen.webaddress import web_address

SIGNS = {"=": "", "+": "+", "-": MINUS, "~": "~"}
WORDS = {"=": "", "+": "added", "-": "removed", "~": "changed"}
_MAX_LINES = 400
_LONG_SAME, _LONG_CHANGE = 400, 1_000


class Count(NamedTuple):
    """How many of something were added, removed or changed: a sign and the number in words."""

    sign: str
    text: str


class Line(NamedTuple):
    """A line of a text: its sign and what that means, and its pieces, whose signs are `=`, `+` and `-`."""

    sign: str
    word: str
    tone: str
    pieces: Sequence[Piece]
    folded: str = ""


@dataclass(frozen=True)
class Pair:
    """A part of a content that is another now: its label, and how it was and is."""

    label: str
    was: Link
    now: Link
    change: str = ""


@dataclass(frozen=True)
class Picture:
    """One of two images side by side: version and time, and the image."""

    label: str
    image: ImageContent


@dataclass(frozen=True)
class Difference:
    """How a version differs from the one it is compared with.

    Attributes
    ----------
    title
        Heading.
    sentence
        The difference in a sentence.
    before
        The version it is compared with, and when that was recorded.
    skipped
        Which versions between are deleted; mostly empty.
    counts
        What was added, removed and changed.
    lines
        Of a text: its lines, long unchanged stretches folded.
    table
        Of a table: what changed in it.
    pictures
        Of an image: the one before and this one.
    pairs
        Of a link or progress: what is another.
    note
        What is to be said besides: that there is no difference, or what was not compared.
    """

    title: str
    sentence: str
    before: Link
    skipped: str = ""
    counts: Sequence[Count] = ()
    lines: Sequence[Line] = ()
    table: TableChanges | None = None
    pictures: Sequence[Picture] = ()
    pairs: Sequence[Pair] = ()
    note: str = ""


class _Parts(NamedTuple):
    """What the makers of the kinds fill in; `detail` goes on where the sentence ended."""

    headline: str
    detail: str = ""
    counts: Sequence[Count] = ()
    lines: Sequence[Line] = ()
    table: TableChanges | None = None
    pictures: Sequence[Picture] = ()
    pairs: Sequence[Pair] = ()
    note: str = ""


def make_difference(model: Model, here: Here, artifact: Artifact, content: Content) -> Difference | None:
    """Compare a version, whose content is shown, with the newest before it; `None` when one of them is not there."""
    found = None if artifact.deleted_at is not None else model.living_version_before(artifact)
    if found is None:
        return None
    before = replace(found)  # without what it would remember of its content
    parts = _compare(model, here, before, artifact, content)
    name = f"v{before.version}"
    return Difference(
        title=f"Changes since {name}",
        sentence=f"{parts.headline[:1].upper()}{parts.headline[1:]} since {name}{parts.detail}.",
        before=Link(f"{name}, {format_time(before.created_at)}", here.to(artifact_page(before))),
        skipped=_describe_skipped(before.version + 1, artifact.version - 1),
        counts=parts.counts,
        lines=parts.lines,
        table=parts.table,
        pictures=parts.pictures,
        pairs=parts.pairs,
        note=parts.note,
    )


def _describe_skipped(first: int, last: int) -> str:
    if last < first:
        return ""
    return f"v{first} is deleted" if first == last else f"v{first} to v{last} are deleted"


def _compare(model: Model, here: Here, before: Artifact, artifact: Artifact, content: Content) -> _Parts:
    if before.type != artifact.type:
        note = f"v{before.version} was of another kind: {kind_word(before)}. There is nothing to compare."
        return _Parts(f"{kind_word(artifact)} instead of {kind_word(before)}", note=note)
    if before.content_digest == artifact.content_digest:
        if before.description == artifact.description:
            return _Parts("no change", note="No difference: the content is the same.")
        return _Parts("another description", note="No difference in the content; only the description is another.")
    try:
        if artifact.type == "image":
            return _compare_images(artifact, content, before, make_content(model, before, here, artifact_page(before)))
        return _MAKERS[artifact.type](before, artifact)
    except (KeyError, TypeError, ValueError, AttributeError):  # a foreign writer's data has another shape
        return _Parts("new content", note="Not compared: the data of one of them has not the form of its type.")


# Texts


def _compare_markdown(before: Artifact, artifact: Artifact) -> _Parts:
    old, new = before.data, artifact.data
    if not isinstance(old, str) or not isinstance(new, str):
        raise TypeError("not text")
    found = compare_texts(old, new)
    if not found.is_compared:
        sizes = join_words(f"{len(text):,}{NBSP}characters" for text in (old, new))
        return _Parts("new text", note=f"Not compared, since the texts are too long: {sizes}.")
    n_added, n_removed = (count_words(found.lines, sign) for sign in "+-")
    shown, left_out = _cut(fold_lines(found.lines))
    return _Parts(
        _describe_words(n_added, n_removed),
        counts=_list_counts(n_added, n_removed, found.n_same),
        lines=[_show_line(line) for line in shown],
        note=left_out or ("" if shown else "Only the ends of lines differ."),
    )


def _describe_words(n_added: int, n_removed: int) -> str:
    if n_added and n_removed:
        return f"{format_count(n_added, 'word')} added, {n_removed:,} removed"
    if n_added or n_removed:
        return f"{format_count(n_added or n_removed, 'word')} {'added' if n_added else 'removed'}"
    return "only signs or blanks changed"


def _list_counts(n_added: int, n_removed: int, n_same: int) -> list[Count]:
    counts = [(n_added, "word", "+"), (n_removed, "word", "-"), (n_same, "line", "=")]
    return [
        Count(SIGNS[sign], f"{format_count(n, noun)} {WORDS[sign] or 'unchanged'}") for n, noun, sign in counts if n
    ]


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
    return Line(SIGNS[line.sign], WORDS[line.sign], tone, [_shorten(piece) for piece in line.pieces])


def _shorten(piece: Piece) -> Piece:
    """Leave out what is in the middle of a very long stretch."""
    most = _LONG_SAME if piece.sign == "=" else _LONG_CHANGE
    if len(piece.text) <= most:
        return piece
    left_out = f" … {len(piece.text) - most:,} characters … "
    return Piece(piece.sign, piece.text[: most // 2] + left_out + piece.text[-most // 2 :])


# Tables, images, links, progress


def _compare_tables(before: Artifact, artifact: Artifact) -> _Parts:
    table = make_table_changes(before, artifact)
    counts = [Count(SIGNS[sign], text) for sign, text in table.counts]
    return _Parts(table.headline, table.detail, counts, table=table if table.rows else None, note=table.note)


def _compare_images(artifact: Artifact, content: Content, before: Artifact, content_before: Content) -> _Parts:
    if artifact.blob and before.blob == artifact.blob:
        return _Parts("the same image", note="No difference: the image is the same, byte for byte.")
    pictures = []
    for one, image in ((before, content_before.image), (artifact, content.image)):
        if image is None:
            raise TypeError("no image")
        is_allowed = not image.source or image_origin(one) == image_origin(artifact)  # by the policy of this page
        shown = replace(image, url=image.url if is_allowed else "", alt=f"v{one.version}: {image.alt}")
        pictures.append(Picture(f"v{one.version}, {format_time(one.created_at)}", shown))
    return _Parts("another image", _describe_pixels(*(picture.image for picture in pictures)), pictures=pictures)


def _describe_pixels(old: ImageContent, new: ImageContent) -> str:
    if not (old.width and new.width):
        return ""
    sizes = [no_break(f"{image.width:,} × {image.height:,}") for image in (old, new)]
    return f", {sizes[0]} → {sizes[1]}{NBSP}pixels" if sizes[0] != sizes[1] else f", {sizes[0]}{NBSP}pixels as before"


def _compare_links(before: Artifact, artifact: Artifact) -> _Parts:
    pairs = []
    old, new = _link_of(before), _link_of(artifact)
    if old.text != new.text:
        pairs.append(Pair("Text", Link(old.text), Link(new.text)))
    if old.url != new.url:
        pairs.append(Pair("Address", Link(old.url, web_address(old.url)), Link(new.url, web_address(new.url))))
    if not pairs:
        return _Parts("no change", note="No difference: text and address are the same.")
    return _Parts(f"another {join_words(pair.label.lower() for pair in pairs)}", pairs=pairs)


def _link_of(artifact: Artifact) -> Link:
    address = artifact.data["link"]
    text = artifact.data.get("link_text") or address
    if not isinstance(address, str) or not isinstance(text, str):
        raise TypeError("not text")
    return Link(text, address)


def _compare_progress(before: Artifact, artifact: Artifact) -> _Parts:
    was, now = percent_text(before), percent_text(artifact)
    delta = "" if before.percent is None or artifact.percent is None else _points(artifact.percent - before.percent)
    pair = Pair("Progress", Link(was), Link(now), delta)
    return _Parts(f"{was} → {now}" + (f" ({delta})" if delta else ""), pairs=[pair])


def _points(delta: float) -> str:
    return f"{format_delta(delta, NumberForm(1 if delta % 1 else 0))}{NBSP}points"


_MAKERS: dict[str, Callable[[Artifact, Artifact], _Parts]] = {
    "markdown": _compare_markdown,
    "table": _compare_tables,
    "link": _compare_links,
    "progress": _compare_progress,
}
