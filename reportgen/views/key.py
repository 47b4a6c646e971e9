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
)
from reportgen.views.parts import (
    Fact,
    Frame,
    Here,
    Link,
    Moment,
    Page,
    Pager,
    make_frame,
    short_moment,
)
from reportgen.views.pipeline import run_labels
from reportgen.views.version import short_difference
from reportgen.views.versions import (
    SIZE_LABELS,
    VersionRow,
    allows_choice,
    list_versions,
    older_choices,
    page_through,
    size_of,
    start_of_newest,
)

_MOST_PICTURES = 12
_MOST_DRAWN = 400
_MOST_USERS = 100
_FILM_SCALE = 0.625  # of the size in lists


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
    older_choices
        The numbers of the versions on older pages that can be chosen, too; see `reportgen.views.versions`.
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
    older_choices: str
    versions: Sequence[VersionRow]
    size_label: str
    pager: Pager
    used_by: Sequence[Link]
    used_note: str


def make_page(model: Model, key: Key) -> Page:
    """Make the page of one key."""
    url = urls.key(key.name)
    here = Here(url)
    start = start_of_newest(key)
    versions = [*key.versions[start:]]
    newest = key.newest
    users = [(artifact, user) for artifact in reversed(versions) for user in model.users(artifact)]
    page = artifact_page(newest)
    film = _film(model, here, versions)
    older = "" if film else older_choices(model, key)
    can_choose = not film and (older != "" or allows_choice(versions))
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
        older_choices=older,
        versions=list_versions(model, here, key, start, len(key.versions), shown=newest.description),
        size_label=SIZE_LABELS.get(newest.type, ""),
        pager=page_through(here, key, None),
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


def _trend(model: Model, here: Here, key: Key, versions: Sequence[Artifact]) -> TrendView | None:
    sizes = [size_of(artifact) for artifact in versions]
    if key.newest.type not in SIZE_LABELS or sum(size is not None for size in sizes) < 3:
        return None
    name = SIZE_LABELS[key.newest.type]
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
