"""What several pages share: the frame around a page, links, marks, metric cells, listings in pages."""

from __future__ import annotations

import json
import math
import urllib.parse
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import msgspec
from markupsafe import Markup

from reportgen import urls
from reportgen.charts import format_tick, sparkline
from reportgen.model import MetricInfo, MetricValue, Model, Run
from reportgen.text import (
    Change,
    NumberForm,
    describe_change,
    format_clock,
    format_duration,
    format_number,
    format_short_time,
    html_time,
)
from reportgen.theme import Logo

T = TypeVar("T")

_NAVIGATION = (
    ("Overview", urls.OVERVIEW),
    ("Runs", urls.RUNS),
    ("Pipelines", urls.PIPELINES),
    ("Artifacts", urls.ARTIFACTS),
    ("Metrics", urls.METRICS),
    ("Lineage", urls.LINEAGE),
    ("Data", urls.DATA),
    ("Search", urls.SEARCH),
)
_SECTIONS = {url for _, url in _NAVIGATION}
HISTORY = 20
_LOG_SPAN = 1000.0


class Link(NamedTuple):
    """A text and where it leads; an empty `url` leaves it a text."""

    text: str
    url: str = ""


class NavItem(NamedTuple):
    """An entry of the navigation; `current` marks the section this page is in."""

    text: str
    url: str
    current: bool


class Moment(NamedTuple):
    """A time for people and, in `iso`, for programs."""

    text: str
    iso: str


class Mark(NamedTuple):
    """A status: `symbol` of the sprite, its class `tone`, the word."""

    symbol: str
    tone: str
    word: str


class Fact(NamedTuple):
    """A labelled fact below a title; `links` stand one after the other."""

    label: str
    links: Sequence[Link]
    is_id: bool = False


def value_text(value: Any) -> str:
    """Write a parameter or another plain value as it is recorded."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


MARKS = {
    "completed": Mark("m-ok", "ok", "Completed"),
    "failed": Mark("m-bad", "bad", "Failed"),
    "running": Mark("m-run", "run", "Running"),
    "stalled": Mark("m-warn", "warn", "Stalled"),
    "cancelled": Mark("m-off", "off", "Cancelled"),
}


class Frame(msgspec.Struct, frozen=True):
    """What surrounds the content of every page.

    Attributes
    ----------
    title
        Of the document.
    site_title
        Of the site.
    home, style, stamp, script
        Links to the overview and to the shared files.
    more_style, more_script
        Links to the style and script that only this kind of page needs; mostly empty.
    theme_style
        Link to the style of the theme; mostly empty.
    logo
        The image before the title of the site, if the theme has one.
    navigation
        The site's sections.
    crumbs
        Where the page is; the last one is the page itself.
    has_frames
        Whether scripts of the page may open other pages of the site in it.
    image_origin
        The one other origin whose images the page may show; mostly empty.
    build_notes
        Link to what could not be read.
    """

    title: str
    site_title: str
    home: str
    style: str
    stamp: str
    script: str
    more_style: str
    more_script: str
    theme_style: str
    logo: Logo | None
    navigation: Sequence[NavItem]
    crumbs: Sequence[Link]
    has_frames: bool
    image_origin: str
    build_notes: str


class Page(msgspec.Struct, frozen=True):
    """A page to render: its address, its template, and the view that the template gets."""

    url: str
    template: str
    view: Any


class RawFile(msgspec.Struct, frozen=True):
    """A file of the site that is not a page."""

    url: str
    content: bytes


class Here:
    """The page that links are relative to."""

    def __init__(self, page: str) -> None:
        self.page = page

    def to(self, target: str) -> str:
        """Give the link to an address of the site."""
        return urls.relative(target, self.page)

    def run(self, run: Run) -> Link:
        return Link(run.name, self.to_run(run))

    def to_run(self, run: Run, fragment: str = "") -> str:
        """Give the link to the page of a run, or to a part of it; empty when the page is thinned."""
        return self.to(urls.run(run.id) + fragment) if run.has_page else ""

    def pipeline(self, name: str) -> Link:
        return Link(name, self.to(urls.pipeline(name)))

    def pipeline_of(self, model: Model, run: Run) -> Link:
        """Link to the pipeline of a run; of a deleted run it may have no page."""
        return self.pipeline(run.pipeline) if run.pipeline in model.pipelines else Link(run.pipeline)

    def metric(self, name: str) -> Link:
        return Link(name, self.to(urls.metric(name)))

    def key(self, name: str) -> Link:
        return Link(name, self.to(urls.key(name)))

    def comparison(self, text: str, *runs: Run) -> Link:
        """Link to runs side by side; the others are held against the first."""
        ids = ",".join(urllib.parse.quote(run.id, safe="") for run in runs)
        return Link(text, self.to(urls.COMPARE) + (f"?runs={ids}" if ids else ""))

    def version(self, key: str, number: int) -> Link:
        return Link(f"{key} v{number}", self.to(urls.version(key, number)))


def make_frame(
    model: Model,
    page: str,
    title: str,
    *,
    crumbs: Sequence[tuple[str, str]] = (),
    image_origin: str = "",
    has_frames: bool = False,
    more: str = "",
) -> Frame:
    """Make the frame of a page.

    Parameters
    ----------
    crumbs
        Text and address of the pages between the overview and this one.
    image_origin
        The one other origin whose images it may show.
    has_frames
        Whether scripts of the page may open other pages of the site in it.
    more
        The name of the style and script in `static` that only this kind of page needs.
    """
    here = Here(page)
    site_title = model.options.title
    trail = [Link("Overview", here.to(urls.OVERVIEW)), *(Link(text, here.to(url)) for text, url in crumbs), Link(title)]
    return Frame(
        title=f"{title} · {site_title}",
        site_title=site_title,
        home=here.to(urls.OVERVIEW),
        style=here.to(urls.STYLE),
        stamp=here.to(urls.STAMP),
        script=here.to(urls.SCRIPT),
        more_style=here.to(f"static/{more}.css") if more else "",
        more_script=here.to(f"static/{more}.js") if more else "",
        theme_style=here.to(model.theme.style) if model.theme.style else "",
        logo=msgspec.structs.replace(model.theme.logo, url=here.to(model.theme.logo.url)) if model.theme.logo else None,
        navigation=_make_navigation(page if page in _SECTIONS else f"{page.rpartition('/')[0]}/"),
        crumbs=trail if page not in (urls.OVERVIEW, urls.NOT_FOUND) else (),
        has_frames=has_frames,
        image_origin=image_origin,
        build_notes=here.to(f"{urls.DATA}#problems"),
    )


@lru_cache(1000)  # for all pages of a folder, save the sections themselves
def _make_navigation(place: str) -> Sequence[NavItem]:
    section = place.split("/", maxsplit=1)[0]
    return [
        NavItem(text, urls.relative(url, place), url.split("/", maxsplit=1)[0] == section) for text, url in _NAVIGATION
    ]


def short_moment(at_us: int) -> Moment:
    """A time in a list that mixes days."""
    return Moment(format_short_time(at_us), html_time(at_us))


def clock_moment(at_us: int) -> Moment:
    """A time in a list below the heading of its day."""
    return Moment(format_clock(at_us), html_time(at_us))


def duration_text(run: Run) -> str:
    """How long a run took, or has taken so far."""
    if run.detached:
        return "–"
    text = format_duration(run.duration_us)
    return text if run.ended_at is not None else f"{text} so far"


def comma_separated(links: Iterable[Link]) -> list[Link]:
    """Put commas between links that stand one after the other."""
    items = list(links)
    return [part for link in items for part in (link, Link(","))][:-1]


class MetricCell(msgspec.Struct, frozen=True):
    """A metric's value in a run beside the value before.

    Attributes
    ----------
    link
        Name and page of the metric.
    value, before
        As text; `before` is empty when there is none.
    change
        The difference; `None` when there is no value before.
    spark
        Its last 20 values as a tiny chart.
    """

    link: Link
    value: str
    before: str
    change: Change | None
    spark: Markup


def metric_cell(model: Model, here: Here, value: MetricValue) -> MetricCell:
    """Make the cell of one metric of a run."""
    info, before = model.metrics[value.name], model.value_before(value)
    return MetricCell(
        link=here.metric(value.name),
        value=format_number(value.value, info.form),
        before="" if before is None else format_number(before, info.form),
        change=change_of(info, value.value, before),
        spark=sparkline(model.history(value, HISTORY)),
    )


def change_of(info: MetricInfo, now: float | None, before: float | None) -> Change | None:
    """Say how a metric changed, judged by its goal and tolerance."""
    return describe_change(now, before, info.form, goal=info.options.goal, tolerance=info.options.tolerance)


def tick_format(form: NumberForm) -> Callable[[float], str]:
    """Give the function that writes the ticks of an axis: short, and as per cent where the metric is."""
    if form.unit == "%":
        return lambda value: f"{format_tick(value * 100)}\u00a0%"
    return format_tick


def needs_log_scale(values: Sequence[float]) -> bool:
    """Whether values, all above zero, span so much that a linear axis would hide most of them."""
    finite = [value for value in values if math.isfinite(value)]
    return bool(finite) and min(finite) > 0 and max(finite) / min(finite) > _LOG_SPAN


def headline_metrics(model: Model, run: Run, limit: int = 2) -> list[MetricValue]:
    """The metrics to show where there is room for few: those configured, then those with a goal, then by name."""
    return [run.metrics[name] for name in headline_order(model, run.metrics)[:limit]]


def headline_order(model: Model, names: Iterable[str]) -> list[str]:
    """Sort names of metrics: those configured, then those with a goal, then by name."""
    configured = {name: position for position, name in enumerate(model.options.headline_metrics)}
    return sorted(
        names,
        key=lambda name: (configured.get(name, len(configured)), model.metrics[name].options.goal is None, name),
    )


class Pager(msgspec.Struct, frozen=True):
    """Where a listing goes on.

    Attributes
    ----------
    range_text
        Which entries this page has, e.g. `"Runs 184–160 of 184"`.
    newer, older, oldest
        Links to further pages; `None` where there is none.
    """

    range_text: str
    newer: Link | None
    older: Link | None
    oldest: Link | None


def count_pages(n: int, size: int) -> int:
    """Say into how many full pages, which never change, the older ones of `n` entries are divided.

    Page 1 has the oldest. The newest entries are `size` to `2 * size - 1` many when there are that many, so the
    first page a reader sees is never nearly empty, and a new entry touches it alone.
    """
    return max(n // size - 1, 0)


def make_pager(
    here: Here, noun: str, shown: range, n_all: int, page: int | None, n_pages: int, address: Callable[[int], str]
) -> Pager:
    """Make the pager of one page of a listing.

    Parameters
    ----------
    noun
        What is listed, in the plural.
    shown
        Which of `n_all` entries the page has, counted from the oldest.
    page
        Its number; `None` for the page of the newest entries.
    n_pages
        How many pages of older entries there are.
    address
        Gives the address of a page by its number; after the last one follows that of the newest entries.
    """
    older = n_pages if page is None else page - 1
    text = f"{noun} {shown.stop:,}–{shown.start + 1:,}" if len(shown) > 1 else ""
    return Pager(
        range_text=text + (f" of {n_all:,}" if text and page is None else ""),
        newer=None if page is None else Link("Newer", here.to(address(page + 1))),
        older=Link(f"Older: page {older}", here.to(address(older))) if older else None,
        oldest=Link("Oldest: page 1", here.to(address(1))) if older > 1 else None,
    )
