"""The feed: the newest runs as Atom (RFC 4287), for feed readers and chat channels.

Ids of entries come from those of the runs, so that they stay when a run ends or the site moves. Links are relative to
the feed unless the configuration says where the site is published.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from markupsafe import Markup

from reportgen import urls
from reportgen.model import Model, Run
from reportgen.text import first_line, format_number, iso_time, printable
from reportgen.views.parts import RawFile, change_of, duration_text, headline_metrics

TYPE = "application/atom+xml"
_N_ENTRIES = 30
_N_METRICS = 3
_ENTRY = Markup(
    "<entry>\n<id>{id}</id>\n<title>{title}</title>\n<updated>{updated}</updated>\n<published>{published}</published>\n"
    '<link rel="alternate" type="text/html" href="{url}"/>\n<category term="{status}"/>\n'
    "<summary>{summary}</summary>\n</entry>\n"
)
_FEED = Markup(
    '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n<id>{id}</id>\n'
    "<title>{title}</title>\n<updated>{updated}</updated>\n<author><name>{title}</name></author>\n"
    '<link rel="self" type="application/atom+xml" href="{own_url}"/>\n'
    '<link rel="alternate" type="text/html" href="{url}"/>\n<generator>reportgen</generator>\n{entries}</feed>\n'
)


def make_page(model: Model) -> RawFile:
    """Make the feed of the newest 30 runs."""
    base = f"{model.options.url.rstrip('/')}/" if model.options.url else ""
    runs = [run for run in reversed(model.runs[-_N_ENTRIES:]) if run.has_page]
    title = printable(model.options.title) or "reportgen"
    feed = _FEED.format(
        id=_name("feed", model.options.url or model.options.title),
        title=title,
        updated=iso_time(max((run.last_record_at for run in runs), default=model.newest_us)),
        own_url=f"{base}{urls.FEED}",
        url=f"{base}{urls.OVERVIEW}",
        entries=Markup().join(_entry(model, run, base) for run in runs),
    )
    return RawFile(urls.FEED, feed.encode())


def _entry(model: Model, run: Run, base: str) -> Markup:
    place = f"{run.pipeline}, {run.deployment}" if run.deployment else run.pipeline
    return _ENTRY.format(
        id=_run_id(run.id),
        title=printable(f"{first_line(place)}: {first_line(run.name)} {_WORDS[run.status]}"),
        updated=iso_time(run.last_record_at),
        published=iso_time(run.started_at),
        url=f"{base}{urls.run(run.id)}",
        status=run.status,
        summary=printable(". ".join(_iter_sentences(model, run)) + "."),
    )


_WORDS = {
    "completed": "completed",
    "failed": "failed",
    "cancelled": "was cancelled",
    "running": "is running",
    "stalled": "has stalled",
}


def _iter_sentences(model: Model, run: Run) -> Iterator[str]:
    yield f"Took {duration_text(run)}" if not run.detached else "Recorded outside a run"
    if run.error:
        yield first_line(f"{run.error.type}: {run.error.message}").rstrip(".")
    for value in headline_metrics(model, run, _N_METRICS):
        info = model.metrics[value.name]
        change = change_of(info, value.value, model.value_before(value))
        how = f", {change.text} {change.word}".rstrip() if change else ""
        yield f"{first_line(value.name)} {format_number(value.value, info.form)}{how}"


def _run_id(run_id: str) -> str:
    try:
        return uuid.UUID(run_id).urn
    except ValueError:
        return _name("run", run_id)


def _name(kind: str, identity: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"reportgen:{kind}:{identity}").urn
