"""How a version differs from the one before it, as its page shows it: in a sentence, and in full.

The version before is the newest one that is still there. It is read for this page alone, and nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from reportgen import urls
from reportgen.images import PixelChange, compare_pixels
from reportgen.model import Artifact, Model
from reportgen.text import (
    NBSP,
    NumberForm,
    format_count,
    format_delta,
    format_part,
    format_time,
    join_words,
    no_break,
)
from reportgen.views.content import (
    Content,
    ImageContent,
    artifact_page,
    artifact_url,
    image_origin,
    kind_word,
    make_content,
    percent_text,
)
from reportgen.views.parts import Here, Link, RawFile
from reportgen.views.tabledifference import TableChanges, make_table_changes
from reportgen.views.textdifference import SIGNS, Block, Line, make_text_changes
from reportgen.webaddress import web_address


class Count(NamedTuple):
    """How many of something were added, removed or changed: a sign and the number in words."""

    sign: str
    text: str


class Pair(msgspec.Struct, frozen=True):
    """A part of a content that is another now: its label, and how it was and is."""

    label: str
    was: Link
    now: Link
    change: str = ""


class Picture(msgspec.Struct, frozen=True):
    """One of two images side by side: version, time, and the image.

    `frame` is width and height of what both fit into, in pixels, where they are of different sizes.
    """

    label: str
    version: str
    image: ImageContent
    frame: tuple[int, int] | None = None


class Pixels(msgspec.Struct, frozen=True):
    """Which pixels of two images differ: how many in words, the picture of them, and what that shows."""

    text: str
    image: ImageContent
    caption: str


class Difference(msgspec.Struct, frozen=True):
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
    blocks
        Of a text as it reads: its blocks, unchanged ones folded; empty where that tells nothing.
    lines
        Of its source: its lines, long unchanged stretches folded.
    table
        Of a table: what changed in it.
    pictures
        Of an image: the one before and this one.
    pairs
        Of a link or progress: what is another.
    pixels
        Of an image: which of its pixels differ; `None` when that is not known.
    note
        What is to be said besides: that there is no difference, or what was not compared.
    files
        What lies beside the page: the picture of the pixels that differ.
    """

    title: str
    sentence: str
    before: Link
    skipped: str = ""
    counts: Sequence[Count] = ()
    blocks: Sequence[Block] = ()
    lines: Sequence[Line] = ()
    table: TableChanges | None = None
    pictures: Sequence[Picture] = ()
    pixels: Pixels | None = None
    pairs: Sequence[Pair] = ()
    note: str = ""
    files: Sequence[RawFile] = ()


class _Parts(NamedTuple):
    """What the makers of the kinds fill in; `detail` goes on where the sentence ended."""

    headline: str
    detail: str = ""
    counts: Sequence[Count] = ()
    blocks: Sequence[Block] = ()
    lines: Sequence[Line] = ()
    table: TableChanges | None = None
    pictures: Sequence[Picture] = ()
    pixels: Pixels | None = None
    pairs: Sequence[Pair] = ()
    note: str = ""
    files: Sequence[RawFile] = ()


def make_difference(model: Model, here: Here, artifact: Artifact, content: Content) -> Difference | None:
    """Compare a version, whose content is shown, with the newest before it; `None` when one of them is not there."""
    found = None if artifact.deleted_at is not None else model.living_version_before(artifact)
    if found is None:
        return None
    before = msgspec.structs.replace(found)  # without what it would remember of its content
    parts = _compare(model, here, before, artifact, content)
    name = f"v{before.version}"
    return Difference(
        title=f"Changes since {name}",
        sentence=f"{parts.headline[:1].upper()}{parts.headline[1:]} since {name}{parts.detail}.",
        before=Link(f"{name}, {format_time(before.created_at)}", artifact_url(here, before)),
        skipped=_describe_skipped(before.version + 1, artifact.version - 1),
        counts=parts.counts,
        blocks=parts.blocks,
        lines=parts.lines,
        table=parts.table,
        pictures=parts.pictures,
        pixels=parts.pixels,
        pairs=parts.pairs,
        note=parts.note,
        files=parts.files,
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
    if before.blob and not before.has_page:
        return _Parts("new content", note=f"Not compared: v{before.version} is not in this site, which is thinned.")
    try:
        if artifact.type == "image":
            before_content = make_content(model, before, here, artifact_page(before))
            return _compare_images(model, here, artifact, content, before, before_content)
        if artifact.type == "markdown":
            return _compare_markdown(model, artifact, content, before)
        return _MAKERS[artifact.type](before, artifact)
    except (KeyError, TypeError, ValueError, AttributeError):  # a foreign writer's data has another shape
        return _Parts("new content", note="Not compared: the data of one of them has not the form of its type.")


# Texts, tables, images, links, progress


def _compare_markdown(model: Model, artifact: Artifact, content: Content, before: Artifact) -> _Parts:
    page = artifact_page(before)
    text = make_text_changes(before, artifact, lambda: make_content(model, before, Here(page), page).html, content.html)
    counts = [Count(SIGNS[sign], words) for sign, words in text.counts]
    return _Parts(text.headline, "", counts, lines=text.lines, blocks=text.blocks, note=text.note)


def _compare_tables(before: Artifact, artifact: Artifact) -> _Parts:
    table = make_table_changes(before, artifact)
    counts = [Count(SIGNS[sign], text) for sign, text in table.counts]
    return _Parts(table.headline, table.detail, counts, table=table if table.rows else None, note=table.note)


def _compare_images(
    model: Model, here: Here, artifact: Artifact, content: Content, before: Artifact, content_before: Content
) -> _Parts:
    if artifact.blob and before.blob == artifact.blob:
        return _Parts("the same image", note="No difference: the image is the same, byte for byte.")
    if content_before.image is None or content.image is None:
        raise TypeError("no image")
    old, new = content_before.image, content.image
    pictures = [_make_picture(before, old, artifact, new), _make_picture(artifact, new, artifact, old)]
    parts = _Parts("another image", _describe_sizes(old, new), pictures=pictures)
    paths = [model.image_of(one).path if one.blob else None for one in (before, artifact)]
    if paths[0] is None or paths[1] is None:
        return parts
    change = compare_pixels(paths[0], paths[1])
    if isinstance(change, str):
        return parts._replace(note=f"Not compared pixel by pixel: {change}." if change else "")
    return _add_pixels(parts, change, here, artifact)


def _make_picture(one: Artifact, image: ImageContent, artifact: Artifact, other: ImageContent) -> Picture:
    """Show an image beside another, at its scale."""
    is_allowed = not image.source or image_origin(one) == image_origin(artifact)  # by the policy of this page
    shown = msgspec.structs.replace(image, url=image.url if is_allowed else "", alt=f"v{one.version}: {image.alt}")
    is_drawing = image.url.endswith(".svg") or other.url.endswith(".svg")  # those are shown by `<img>` alone
    sizes = {(image.width, image.height), (other.width, other.height)}
    is_framed = image.width and other.width and len(sizes) > 1 and not is_drawing
    frame = (max(image.width, other.width), max(image.height, other.height)) if is_framed else None
    return Picture(f"v{one.version}, {format_time(one.created_at)}", f"v{one.version}", shown, frame)


def _add_pixels(parts: _Parts, change: PixelChange, here: Here, artifact: Artifact) -> _Parts:
    """Say how many pixels differ, and show which."""
    motion = " Of an animated image the first picture is compared." if change.has_motion else ""
    if not change.n_changed:
        note = f"No pixel differs: the files differ only in how the image is written.{motion}"
        return parts._replace(detail=f"{parts.detail}; no pixel differs", note=note)
    share = format_part(change.n_changed, change.n_pixels)
    if not artifact.has_files:
        return parts._replace(detail=f"{parts.detail}; {share} of the pixels differ")
    url = urls.download(artifact_page(artifact), "difference.png")
    alt = f"{share} of the pixels differ; they are magenta on a faded v{artifact.version}."
    image = ImageContent(here.to(url), change.width, change.height, alt, "", None, "", full=here.to(url))
    text = f"{change.n_changed:,} of {format_count(change.n_pixels, 'pixel')} differ ({share})"
    pixels = Pixels(f"{text}, {_describe_strong(change)}.", image, _describe_picture(change) + motion)
    return parts._replace(
        detail=f"{parts.detail}; {share} of the pixels differ",
        pixels=pixels,
        files=[RawFile(url, change.picture)],
    )


def _describe_strong(change: PixelChange) -> str:
    if change.n_strong == change.n_changed:
        return "all of them clearly" if change.n_strong > 1 else "clearly"
    return f"{change.n_strong:,} of them clearly" if change.n_strong else "none of them clearly"


def _describe_picture(change: PixelChange) -> str:
    """Say how the picture of the pixels is to be read."""
    words = "Dark magenta: clearly different, by an eighth of the range of a channel or more; light: slightly."
    if not change.is_same_size:
        words += " What only one of the images has is light, too."
    if change.scale > 1:
        words += f" A pixel of it stands for {change.scale} × {change.scale}."
    return f"{words} Each is drawn three times as wide and high." if change.is_enlarged else words


def _describe_sizes(old: ImageContent, new: ImageContent) -> str:
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
    "table": _compare_tables,
    "link": _compare_links,
    "progress": _compare_progress,
}
