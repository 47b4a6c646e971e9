"""The lineage page of a key: its newest version in full, and every version over time, older ones on further pages."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from reportgen import urls
from reportgen.charts import Series, format_tick, line_chart
from reportgen.model import Artifact, Key, Model
from reportgen.prose import render_inline, render_markdown
from reportgen.text import format_count, format_number, format_time, number_form
from reportgen.views.content import (
    Content,
    ImageContent,
    artifact_page,
    artifact_url,
    image_origin,
    kind_word,
    make_content,
    percent_text,
    table_size,
)
from reportgen.views.parts import (
    Fact,
    Frame,
    Here,
    Link,
    Moment,
    Page,
    Pager,
    count_pages,
    make_frame,
    make_pager,
    short_moment,
)
from reportgen.views.pipeline import run_labels
from reportgen.views.version import describe_deletion, short_difference

_PAGE_SIZE = 100
_MOST_PICTURES = 12
_MOST_DRAWN = 400
_MOST_USERS = 100
_FILM_SCALE = 0.625  # of the size in lists


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


class TrendView(msgspec.Struct, frozen=True):
    """A number over the versions: its name, last value and chart."""

    name: str
    last: str
    chart: Markup


class FilmPicture(msgspec.Struct, frozen=True):
    """A version of an image, small: its name and page, when it was recorded, and the image; `None` when deleted.

    `size` is width and height of the whole image in pixels; 0 when not known.
    """

    version: Link
    recorded: Moment
    image: ImageContent | None
    size: tuple[int, int]


class KeyView(msgspec.Struct, frozen=True):
    """A key's page.

    Attributes
    ----------
    frame
        What surrounds the page.
    key
        The key.
    kind
        Type and number of versions, in words.
    lede
        The newest description, when it is short; `None` when there is none.
    description
        The newest description, when it is long.
    facts
        Newest version, by whom, what changed.
    newest_title
        Heading of the newest version.
    newest_page
        Its page.
    content
        Its content in full.
    trend
        Rows or progress over the versions; `None` where there is no such number.
    film
        Of images: the newest versions as small pictures, oldest first; empty where there is one alone.
    can_choose
        Whether scripts let any two versions be compared: when there are more than the two that are.
    versions
        The versions, newest first; older ones are on pages of their own.
    size_label
        What `size` of a version counts; empty when nothing.
    pager
        Where the versions go on.
    used_by
        Runs that read one of these versions, with the version; at most 100.
    used_note
        How many more there are; empty when all are shown.
    """

    frame: Frame
    key: str
    kind: str
    lede: Markup | None
    description: Markup | None
    facts: Sequence[Fact]
    newest_title: str
    newest_page: Link
    content: Content
    trend: TrendView | None
    film: Sequence[FilmPicture]
    can_choose: bool
    versions: Sequence[VersionRow]
    size_label: str
    pager: Pager
    used_by: Sequence[Link]
    used_note: str


class OlderVersionsView(msgspec.Struct, frozen=True):
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


def count_older_pages(key: Key) -> int:
    """Say how many pages of older versions a key has."""
    return count_pages(len(key.versions), _PAGE_SIZE)


def slice_of_page(number: int) -> slice:
    """Say which versions a page of older ones depends on: its own, and the one before them."""
    start = (number - 1) * _PAGE_SIZE
    return slice(max(start - 1, 0), start + _PAGE_SIZE)


def make_older_page(model: Model, key: Key, number: int) -> Page:
    """Make a page of older versions; page 1 has the oldest."""
    url = urls.older_versions(key.name, number)
    here = Here(url)
    heading = f"Versions of {key.name}, page {number}"
    start = (number - 1) * _PAGE_SIZE
    can_choose = key.newest.type != "image" and _can_choose(key.versions[start : start + _PAGE_SIZE])
    view = OlderVersionsView(
        frame=make_frame(
            model,
            url,
            f"Versions, page {number}",
            crumbs=[("Artifacts", urls.ARTIFACTS), (key.name, urls.key(key.name))],
            has_frames=can_choose,
            more="versions" if can_choose else "",
        ),
        heading=heading,
        key=Link(f"Newest versions of {key.name}", here.to(urls.key(key.name))),
        can_choose=can_choose,
        versions=_rows(model, here, key, start, start + _PAGE_SIZE),
        size_label=_SIZE_LABELS.get(key.newest.type, ""),
        pager=_make_pager(here, key, number),
    )
    return Page(url, "versions.html", view)


def _can_choose(versions: Sequence[Artifact]) -> bool:
    """Whether there are more versions to compare than the two that are."""
    return sum(artifact.deleted_at is None and artifact.has_page for artifact in versions) > 2


def _make_pager(here: Here, key: Key, page: int | None) -> Pager:
    """Make the pager of one page; `page` is its number, `None` for the page of the key itself."""
    newest, n_pages = urls.key(key.name), count_older_pages(key)
    return make_pager(
        here,
        "Versions",
        range(
            (n_pages if page is None else page - 1) * _PAGE_SIZE,
            len(key.versions) if page is None else page * _PAGE_SIZE,
        ),
        len(key.versions),
        page,
        n_pages,
        lambda number: urls.older_versions(key.name, number) if number <= n_pages else newest,
    )


def make_page(model: Model, key: Key) -> Page:
    """Make the page of one key."""
    url = urls.key(key.name)
    here = Here(url)
    start = count_older_pages(key) * _PAGE_SIZE
    versions = [*key.versions[start:]]
    newest = key.newest
    users = [(artifact, user) for artifact in reversed(versions) for user in model.users(artifact)]
    page = artifact_page(newest)
    film = _film(model, here, versions)
    can_choose = not film and _can_choose(versions)
    text = newest.description.strip()
    short = len(text) <= 300 and "\n" not in text
    view = KeyView(
        frame=make_frame(
            model,
            url,
            key.name,
            crumbs=[("Artifacts", urls.ARTIFACTS)],
            image_origin=image_origin(newest),
            has_frames=can_choose,
            more="pictures" if film else "versions" if can_choose else "",
        ),
        key=key.name,
        kind=f"{kind_word(newest)}, {format_count(len(key.versions), 'version')}",
        lede=render_inline(text) if text and short else None,
        description=render_markdown(text, id_prefix="about-") if text and not short else None,
        facts=_facts(model, here, key),
        newest_title=f"Newest, v{newest.version}",
        newest_page=Link(f"Page of v{newest.version}", here.to(page)),
        content=make_content(model, newest, here, page),
        trend=_trend(model, here, key, [*key.versions[-_MOST_DRAWN:]]),
        film=film,
        can_choose=can_choose,
        versions=_rows(model, here, key, start, len(key.versions), shown=newest.description),
        size_label=_SIZE_LABELS.get(newest.type, ""),
        pager=_make_pager(here, key, None),
        used_by=[
            Link(f"v{artifact.version} → {user.name}", here.run(user).url) for artifact, user in users[:_MOST_USERS]
        ],
        used_note=f"and {len(users) - _MOST_USERS:,} more" if len(users) > _MOST_USERS else "",
    )
    return Page(url, "key.html", view)


def _film(model: Model, here: Here, versions: Sequence[Artifact]) -> list[FilmPicture]:
    shown = [artifact for artifact in versions if artifact.has_page][-_MOST_PICTURES:]
    if len(shown) < 2 or versions[-1].type != "image":
        return []
    return [_film_picture(model, here, artifact) for artifact in shown]


def _film_picture(model: Model, here: Here, artifact: Artifact) -> FilmPicture:
    page = artifact_page(artifact)
    image = make_content(model, artifact, here, page, peek=True).image
    small = _shrink(image, f"v{artifact.version}: {image.alt}") if image else None
    facts = model.image_of(artifact) if artifact.blob else None
    size = (facts.width, facts.height) if facts else (0, 0)
    return FilmPicture(Link(f"v{artifact.version}", here.to(page)), short_moment(artifact.created_at), small, size)


def _shrink(image: ImageContent, alt: str) -> ImageContent:
    width, height = (math.ceil(length * _FILM_SCALE) for length in (image.width, image.height))
    return msgspec.structs.replace(image, width=width, height=height, source=None, alt=alt)


_SIZE_LABELS = {"table": "Rows", "progress": "Progress"}


def _facts(model: Model, here: Here, key: Key) -> list[Fact]:
    newest = key.newest
    run = model.run_of(newest)
    step = run.step_name(newest.step_id)
    by = [here.run(run), *([Link(f"/ {step}")] if step else []), Link("of"), here.pipeline_of(model, run)]
    page = here.to(artifact_page(newest))
    facts = [
        Fact("Newest", [Link(f"v{newest.version}", page), Link(format_time(newest.created_at))]),
        Fact("By", by),
    ]
    if newest.version > 1:
        facts.append(
            Fact(f"Against v{newest.version - 1}", [Link(short_difference(model.version_before(newest), newest), page)])
        )
    facts.append(Fact("Since", [Link(format_time(key.versions[0].created_at))]))
    return facts


def _rows(model: Model, here: Here, key: Key, start: int, stop: int, *, shown: str = "") -> list[VersionRow]:
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


def _size(artifact: Artifact) -> float | None:
    """The number that counts for its type: rows of a table, per cent of progress."""
    if artifact.deleted_at is not None:
        return None
    if artifact.type == "table":
        return table_size(artifact)[0]
    return artifact.percent


def _size_text(artifact: Artifact) -> str:
    size = _size(artifact)
    if size is None:
        return ""
    return percent_text(artifact) if artifact.type == "progress" else f"{size:,.0f}"


def _trend(model: Model, here: Here, key: Key, versions: Sequence[Artifact]) -> TrendView | None:
    sizes = [_size(artifact) for artifact in versions]
    if key.newest.type not in _SIZE_LABELS or sum(size is not None for size in sizes) < 3:
        return None
    name = _SIZE_LABELS[key.newest.type]
    unit = "\u00a0%" if name == "Progress" else ""
    form = number_form(sizes)
    starts = [model.run_of(artifact).started_at for artifact in versions]
    tips = [
        f"v{artifact.version}: {format_number(size, form)}{unit}"
        for artifact, size in zip(versions, sizes, strict=True)
    ]
    last = format_number(sizes[-1], form) + unit
    chart = line_chart(
        [
            Series(
                name,
                range(len(sizes)),
                sizes,
                urls=[artifact_url(here, artifact) for artifact in versions],
                tips=tips,
            )
        ],
        chart_id="trend",
        title=f"{name} over {format_count(len(versions), 'version')} of {key.name}",
        description=f"{name} of the newest version: {last}. The list of versions has every number.",
        height=120,
        x_kind="category",
        x_labels=[
            f"v{artifact.version}, {label}" for artifact, label in zip(versions, run_labels(starts), strict=True)
        ],
        y_format=lambda value: format_tick(value) + unit,
        y_from_zero=True,
    )
    return TrendView(name, last, chart)
