"""The versions of a key: their rows, as its own page lists the newest, and the pages of the older ones."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from reportgen import urls
from reportgen.model import Artifact, Key, Model
from reportgen.views import parts
from reportgen.views.content import artifact_url, percent_text, table_size
from reportgen.views.parts import Frame, Here, Link, Moment, Page, Pager, make_frame, make_pager, short_moment
from reportgen.views.version import describe_deletion, short_difference

SIZE_LABELS = {"table": "Rows", "progress": "Progress"}
_PAGE_SIZE = 100


class VersionRow(msgspec.Struct, frozen=True):
    """A version in the list: when, by whom, how big, what changed. `deleted` says when and why it went."""

    version: Link
    is_newest: bool
    recorded: Moment
    run: Link
    step: str
    size: str
    difference: Link
    description: str
    deleted: str


class VersionsView(msgspec.Struct, frozen=True):
    """A page of older versions of a key.

    Attributes
    ----------
    frame
        What surrounds the page.
    heading
        Its title.
    key
        The page of the key.
    can_choose
        Whether scripts let any two of these versions be compared.
    versions
        The versions, newest first.
    size_label
        What `size` of a version counts; empty when nothing.
    pager
        Where the versions go on.
    """

    frame: Frame
    heading: str
    key: Link
    can_choose: bool
    versions: Sequence[VersionRow]
    size_label: str
    pager: Pager


def count_pages(key: Key) -> int:
    """Say how many pages of older versions a key has."""
    return parts.count_pages(len(key.versions), _PAGE_SIZE)


def start_of_newest(key: Key) -> int:
    """Say how many versions are on pages of older ones: the page of the key begins after them."""
    return count_pages(key) * _PAGE_SIZE


def slice_of_page(number: int) -> slice:
    """Say which versions a page of older ones depends on: its own, and the one before them."""
    start = (number - 1) * _PAGE_SIZE
    return slice(max(start - 1, 0), start + _PAGE_SIZE)


def make_page(model: Model, key: Key, number: int) -> Page:
    """Make a page of older versions; page 1 has the oldest."""
    url = urls.older_versions(key.name, number)
    here = Here(url)
    heading = f"Versions of {key.name}, page {number}"
    start = (number - 1) * _PAGE_SIZE
    can_compare = key.newest.type != "image" and allows_choice(key.versions[start : start + _PAGE_SIZE])
    view = VersionsView(
        frame=make_frame(
            model,
            url,
            f"Versions, page {number}",
            crumbs=[("Artifacts", urls.ARTIFACTS), (key.name, urls.key(key.name))],
            has_frames=can_compare,
            more="versions" if can_compare else "",
        ),
        heading=heading,
        key=Link(f"Newest versions of {key.name}", here.to(urls.key(key.name))),
        can_choose=can_compare,
        versions=list_versions(model, here, key, start, start + _PAGE_SIZE),
        size_label=SIZE_LABELS.get(key.newest.type, ""),
        pager=page_through(here, key, number),
    )
    return Page(url, "versions.html", view)


def allows_choice(versions: Sequence[Artifact]) -> bool:
    """Whether there are more versions to compare than the two that are."""
    return sum(artifact.deleted_at is None and artifact.has_page for artifact in versions) > 2


def older_choices(model: Model, key: Key) -> str:
    """Name the versions on older pages that can be compared, by ranges of numbers, e.g. `"1-12 14-100"`."""
    older = key.versions[: start_of_newest(key)]
    if any(model.horizon):
        numbers = [artifact.version for artifact in older if artifact.deleted_at is None and artifact.has_page]
    else:
        first = key.versions.places.start
        numbers = [place - first + 1 for place in older.places if place not in model.deleted_places]
    starts = [number for before, number in pairwise([0, *numbers]) if before == 0 or number != before + 1]
    ends = [number for number, after in pairwise([*numbers, 0]) if number + 1 != after]
    return " ".join(f"{start}-{end}" for start, end in zip(starts, ends, strict=True))


def page_through(here: Here, key: Key, page: int | None) -> Pager:
    """Make the pager of one page; `page` is its number, `None` for the page of the key itself."""
    newest, n, n_pages = urls.key(key.name), len(key.versions), count_pages(key)
    shown = range(start_of_newest(key), n) if page is None else range((page - 1) * _PAGE_SIZE, page * _PAGE_SIZE)

    def address(number: int) -> str:
        return urls.older_versions(key.name, number) if number <= n_pages else newest

    return make_pager(here, "Versions", shown, n, page, n_pages, address)


def list_versions(model: Model, here: Here, key: Key, start: int, stop: int, *, shown: str = "") -> list[VersionRow]:
    """Give the rows of some versions, newest first; `shown` is a description that stands elsewhere on the page."""
    versions = [*key.versions[max(start - 1, 0) : stop]]
    pairs = [*zip([None, *versions], versions, strict=False)][-(stop - start) :]
    return [_row(model, here, artifact, before, key.newest_place, shown) for before, artifact in reversed(pairs)]


def _row(
    model: Model, here: Here, artifact: Artifact, before: Artifact | None, newest_place: int, shown: str
) -> VersionRow:
    page = artifact_url(here, artifact)
    run = model.run_of(artifact)
    return VersionRow(
        version=Link(f"v{artifact.version}", page),
        is_newest=artifact.place == newest_place,
        recorded=short_moment(artifact.created_at),
        run=here.run(run),
        step=run.step_name(artifact.step_id),
        size=_size_text(artifact),
        difference=Link(short_difference(before, artifact), page),
        description="" if artifact.description in (shown, before and before.description) else artifact.description,
        deleted=describe_deletion(artifact),
    )


def size_of(artifact: Artifact) -> float | None:
    """The number that counts for its type: rows of a table, per cent of progress."""
    if artifact.deleted_at is not None:
        return None
    if artifact.type == "table":
        return table_size(artifact)[0]
    return artifact.percent


def _size_text(artifact: Artifact) -> str:
    size = size_of(artifact)
    if size is None:
        return ""
    return percent_text(artifact) if artifact.type == "progress" else f"{size:,.0f}"
