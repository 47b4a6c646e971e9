"""The data behind the site: its tables for other programs, how to ask them, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from markupsafe import Markup

from reportgen import urls
from reportgen.formats import DATA_FORMAT
from reportgen.model import Model
from reportgen.prose import render_inline
from reportgen.store import TABLES, TableInfo
from reportgen.store.reading import QUERIES, TYPES
from reportgen.text import NBSP, format_count, format_time
from reportgen.views.parts import Frame, Here, Link, Page, make_frame

_MAX_PROBLEMS = 1000
_MAX_DAYS = 62


class ColumnRow(msgspec.Struct, frozen=True):
    """A column: its name, its type in a word, and what it means."""

    name: str
    type: str
    meaning: Markup


class DayFiles(msgspec.Struct, frozen=True):
    """The files of a table that has one for each day: how many, the newest of them, and where the others are found."""

    label: str
    newest: Sequence[Link]
    note: str


class TableRow(msgspec.Struct, frozen=True):
    """A table: its file, or the pattern of its files by day; how many rows; what a row is; its columns and order."""

    file: Link
    n_rows: str
    meaning: str
    columns_label: str
    columns: Sequence[ColumnRow]
    order: str
    days: DayFiles | None


class Answer(msgspec.Struct, frozen=True):
    """How a tool answers a question: its name, and the text to give it."""

    tool: str
    code: str


class Question(msgspec.Struct, frozen=True):
    """A ready query: what it gives, what to know of it, and its text for each tool."""

    title: str
    note: Markup
    answers: Sequence[Answer]


class FileProblem(msgspec.Struct, frozen=True):
    """A line or file that could not be used."""

    run: Link
    place: str
    reason: str


class DataView(msgspec.Struct, frozen=True):
    """The page of the data.

    Attributes
    ----------
    frame
        What surrounds the page.
    lede
        What is here, in a sentence.
    tables
        The tables, with their files and columns.
    manifest
        The list of all files with their SHA-256.
    questions
        The ready queries; the same on every site.
    problems
        What could not be used, at most 1,000.
    problems_note
        How many there are.
    masked
        How much was masked, by rule.
    thinned
        What this site leaves out to be within its limits, in sentences; empty when nothing.
    """

    frame: Frame
    lede: str
    tables: Sequence[TableRow]
    manifest: Link
    questions: Sequence[Question]
    problems: Sequence[FileProblem]
    problems_note: str
    masked: str
    thinned: Sequence[str]


def make_page(model: Model) -> Page:
    """Make the page of the data."""
    here = Here(urls.DATA)
    problems = [
        FileProblem(
            run=here.run(run) if (run := model.find_run(p.run_id)) else Link("not a run"),
            place=f"{p.file}, line {p.line}" if p.line else p.file,
            reason=p.reason,
        )
        for p in model.first_problems(_MAX_PROBLEMS)
    ]
    view = DataView(
        frame=make_frame(model, urls.DATA, "Data"),
        lede=f"Everything on these pages as Parquet (data format {DATA_FORMAT}) for DuckDB, pandas, polars and others.",
        tables=[_table_row(model, here, name, info) for name, info in TABLES.items()],
        manifest=Link("manifest.json", here.to(urls.MANIFEST)),
        questions=[
            Question(
                query.title,
                render_inline(query.note),
                [Answer("DuckDB", query.sql), Answer("pandas", query.pandas), Answer("polars", query.polars)],
            )
            for query in QUERIES
        ],
        problems=problems,
        problems_note=format_count(model.n_problems, "problem"),
        masked=_describe_masked(model.masked),
        thinned=[*_iter_thinned(model)],
    )
    return Page(urls.DATA, "data.html", view)


def _describe_masked(masked: Mapping[str, int]) -> str:
    if not masked:
        return ""
    rules = ", ".join(f"{n:,}{NBSP}{rule}" for rule, n in masked.items())
    return f"{format_count(sum(masked.values()), 'text')} masked when this site was built: {rules}."


def _iter_thinned(model: Model) -> Iterator[str]:
    for what, before in zip(_THINNED, model.horizon, strict=True):
        n = sum(model.is_thinned(position, before) for position in range(before))
        if n:
            at = format_time(model.columns.started_at[before - 1])
            yield f"{what}: of {format_count(n, 'run')} that began up to {at} UTC."


_THINNED = (
    "Downloads, further pages of rows, and pictures of differences",
    "Pages, images and files of artifacts",
    "Pages of runs",
)


def _table_row(model: Model, here: Here, name: str, info: TableInfo) -> TableRow:
    return TableRow(
        file=Link(f"{name}/*.parquet") if info.by_day else Link(f"{name}.parquet", here.to(urls.table(name))),
        n_rows=format_count(model.count_rows(name), "row"),
        meaning=info.meaning,
        columns_label=format_count(len(info.columns), "column"),
        columns=[ColumnRow(c.name, TYPES[c.type].word, render_inline(c.meaning)) for c in info.columns],
        order=", ".join(info.order),
        days=_day_files(model.days_of(name), here, name) if info.by_day and model.days_of(name) else None,
    )


def _day_files(days: Sequence[str], here: Here, name: str) -> DayFiles:
    newest = sorted(days, reverse=True)[:_MAX_DAYS]
    note = "A file for each day (UTC) on which runs began."
    if len(newest) < len(days):
        note += f" These are the newest {_MAX_DAYS}; {urls.MANIFEST} lists all."
    return DayFiles(
        label=f"{format_count(len(days), 'file')} by day",
        newest=[Link(day, here.to(urls.day_table(name, day))) for day in newest],
        note=note,
    )
