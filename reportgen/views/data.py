"""The data behind the site: its tables for other programs, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reportgen import urls
from reportgen.model import Model
from reportgen.store import DATA_FORMAT, SCHEMAS
from reportgen.text import format_count
from reportgen.views.parts import Frame, Here, Link, Page, make_frame

_MAX_PROBLEMS = 1000


@dataclass(frozen=True)
class TableRow:
    """A Parquet file: what it has, how many rows, which columns."""

    file: Link
    what: str
    n_rows: str
    columns: Sequence[str]


@dataclass(frozen=True)
class FileProblem:
    """A line or file that could not be used."""

    run: Link
    place: str
    reason: str


@dataclass(frozen=True)
class DataView:
    """The page of the data.

    Attributes
    ----------
    frame
        What surrounds the page.
    lede
        What is here, in a sentence.
    tables
        The Parquet files.
    points
        The files of list-metric points, one a day.
    manifest
        The list of all files with their SHA-256.
    problems
        What could not be used, at most 1,000.
    problems_note
        How many there are.
    """

    frame: Frame
    lede: str
    tables: Sequence[TableRow]
    points: Sequence[Link]
    manifest: Link
    problems: Sequence[FileProblem]
    problems_note: str


_WHAT = {
    "runs": "a row for each run",
    "steps": "a row for each attempt of a step",
    "artifacts": "a row for each artifact version",
    "metrics": "a row for each metric of a run",
    "lists": "a row for each list metric of a run",
    "edges": "a row for each version or dataset that a step read or wrote",
    "problems": "a row for each line that could not be used",
    "unknown": "records of kinds or with fields that this version does not know",
}


def make_pages(model: Model) -> Iterator[Page]:
    """Make the page of the data."""
    here = Here(urls.DATA)
    problems = [
        FileProblem(
            run=here.run(model.run_by_id[p.run_id]) if p.run_id in model.run_by_id else Link("not a run"),
            place=f"{p.file}, line {p.line}" if p.line else p.file,
            reason=p.reason,
        )
        for p in model.problems
    ]
    view = DataView(
        frame=make_frame(model, urls.DATA, "Data"),
        lede=f"Everything on these pages as Parquet (data format {DATA_FORMAT}) for DuckDB, pandas, polars and others.",
        tables=[
            TableRow(
                file=Link(f"{name}.parquet", here.to(urls.table(name))),
                what=what,
                n_rows=format_count(model.tables[name].num_rows, "row"),
                columns=SCHEMAS[name].names,
            )
            for name, what in _WHAT.items()
        ],
        points=[Link(f"{day}.parquet", here.to(urls.points(day))) for day in model.point_days],
        manifest=Link("manifest.json", here.to(urls.MANIFEST)),
        problems=problems[:_MAX_PROBLEMS],
        problems_note=format_count(len(problems), "problem"),
    )
    yield Page(urls.DATA, "data.html", view)
