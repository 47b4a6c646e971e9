"""A compaction: all tables of some runs, in memory, and the records of a run made again from it."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from reportgen.arrays import empty_table, int_array, text_array
from reportgen.compact.archive import Points, from_archive
from reportgen.log.reader import Problem, RunRecords, Unknown
from reportgen.store import DAY_TABLES, HELD, WHOLE_TABLES, Tables, Where, make_table, table_rows
from reportgen.text import iso_day

Spans = dict[str, tuple[int, int]]  # by run: its first row, and how many it has

_DAY_US = 86_400_000_000


class Compaction(msgspec.Struct, frozen=True, dict=True):
    """All tables of some runs.

    Attributes
    ----------
    tables
        Those that are whole, by name.
    days
        Of the other tables, by name: a table for each day on which runs began (`YYYY-MM-DD`, UTC).
    """

    tables: Tables
    days: Mapping[str, Tables]

    @cached_property
    def run_days(self) -> dict[str, str]:
        """The day of each run that has a row."""
        runs = table_rows(self.tables["runs"].select(["run_id", "started_at"]))
        days = {row["started_at"] // _DAY_US: row["started_at"] for row in runs}
        names = {day: iso_day(at) for day, at in days.items()}
        return {row["run_id"]: names[row["started_at"] // _DAY_US] for row in runs}

    @cached_property
    def run_ids(self) -> set[str]:
        """All runs, those that have nothing but problems too."""
        found: set[Any] = set()
        for name in ("runs", "problems", "unknown"):
            found.update(pc.unique(self.tables[name]["run_id"]).to_pylist())
        return found

    @cached_property
    def curve_places(self) -> dict[tuple[str, str], tuple[str, int, int]]:
        """By name and run of a list metric: the day whose table has its points, the first row there, and how many."""
        places: dict[tuple[str, str], tuple[str, int, int]] = {}
        ends: dict[str, int] = {}
        lists = self.tables["lists"]
        columns = (lists[column].to_pylist() for column in ("name", "run_id", "n_values"))
        for name, run_id, n_values in zip(*columns, strict=True):
            day = self.run_days[run_id]
            places[name, run_id] = day, ends.get(day, 0), n_values
            ends[day] = ends.get(day, 0) + n_values
        return places

    @cached_property
    def spans(self) -> dict[str, Spans]:
        """Of the tables that are sorted by run before all else: where the rows of each run are."""
        return {name: _find_spans(self.tables[name]) for name in ("unknown", "problems")}

    @cached_property
    def record_spans(self) -> dict[str, Spans]:
        """The same of the records of each day."""
        return {day: _find_spans(table) for day, table in self.days["records"].items()}

    def check(self) -> None:
        """Check that the tables fit together.

        Raises
        ------
        ValueError
            They do not.
        """
        known: list[Any] = self.tables["runs"]["run_id"].to_pylist()
        if len(set(known)) < len(known):
            raise ValueError("a run is there twice")
        for name in ("steps", "artifacts", "metrics", "lists", "edges"):
            strange: set[Any] = {*pc.unique(self.tables[name]["run_id"]).to_pylist()} - {*known}
            if strange:
                raise ValueError(f"{name} has rows of the run {min(strange)!r}, which runs has not")
        self._check_points()
        self._check_contents()

    def _check_points(self) -> None:
        if any(n < 0 for _, _, n in self.curve_places.values()):
            raise ValueError("lists has a row with fewer than no values")
        ends = dict.fromkeys(self.days["points"], 0)
        starts: dict[str, list[tuple[int, str, str]]] = {day: [] for day in ends}
        for (name, run_id), (day, start, n) in self.curve_places.items():
            if n:
                starts.setdefault(day, []).append((start, name, run_id))
                ends[day] = start + n
        for day, table in self.days["points"].items():
            expected = starts[day] if ends[day] == len(table) else []
            first = table.select(["name", "run_id"]).take(int_array(start for start, _, _ in expected))
            found = [(row["name"], row["run_id"]) for row in first.to_pylist()]
            if ends[day] != len(table) or found != [(name, run_id) for _, name, run_id in expected]:
                raise ValueError(f"points of {day} are not those of lists")

    def _check_contents(self) -> None:
        artifacts = self.tables["artifacts"]
        living = artifacts.filter(pc.is_null(artifacts["deleted_at"]))
        is_table = pc.is_in(living["type"], value_set=text_array(["table"]))
        tables = living.filter(is_table)
        for name, rows in (("content_digest", living), ("n_rows", tables), ("n_columns", tables)):
            if rows[name].null_count:
                raise ValueError(f"artifacts has a row without {name} that is not deleted")
        expected: dict[str, list[tuple[Any, Any]]] = {}
        for run_id, artifact_id in _identities(living):
            expected.setdefault(self.run_days[run_id], []).append((run_id, artifact_id))
        for day in sorted({*expected, *self.days["contents"]}):
            found = _identities(self.days["contents"].get(day, EMPTY_CONTENTS))
            if sorted(found) != sorted(expected.get(day, [])):
                raise ValueError(f"contents of {day} are not those of artifacts")

    def read(self, table: str, columns: Sequence[str] | None = None, where: Where | None = None) -> pa.Table:
        """Give rows of a whole table, as `reportgen.store.Store` says."""
        found = _where(self.tables[table], where or {})
        return found if columns is None else found.select(columns)

    def days_of(self, table: str) -> list[str]:
        return [*self.days[table]]

    def has_day(self, table: str, day: str) -> bool:
        """Whether there is a table of a day."""
        return day in self.days[table]

    def read_day(
        self, table: str, day: str, columns: Sequence[str] | None = None, where: Where | None = None
    ) -> pa.Table:
        """Give rows of the table of a day; none of a day that has none."""
        found = _where(self.days[table].get(day, empty_table(HELD[table])), where or {})
        return found if columns is None else found.select(columns)


def _identities(table: pa.Table) -> list[tuple[Any, Any]]:
    return [*zip(table["run_id"].to_pylist(), table["artifact_id"].to_pylist(), strict=True)]


def _find_spans(table: pa.Table) -> Spans:
    spans: Spans = {}
    start = 0
    for run_id, rows in itertools.groupby(table["run_id"].to_pylist()):
        if run_id in spans:
            raise ValueError(f"the rows of run {run_id} lie apart")
        spans[str(run_id)] = start, sum(1 for _ in rows)
        start += spans[str(run_id)][1]
    return spans


def _where(table: pa.Table, where: Where) -> pa.Table:
    for name, values in where.items():
        table = table.filter(pc.is_in(table[name], value_set=text_array(values)))
    return table


EMPTY_CONTENTS, EMPTY_RECORDS = make_table("contents", []), make_table("records", [])
EMPTY = Compaction({name: make_table(name, []) for name in WHOLE_TABLES}, {name: {} for name in DAY_TABLES})


def expand_run(part: Compaction, run_id: str) -> RunRecords:
    """Make the records of a run again from the rows that a part has of it."""

    def rows(table: pa.Table, spans: Spans) -> list[dict[str, Any]]:
        start, n = spans.get(run_id, (0, 0))
        return table_rows(table.slice(start, n)) if n else []

    def fetch_points(name: str) -> Points:
        day, start, n = part.curve_places[name, run_id]
        if not n:
            return [], []
        points = part.days["points"][day].slice(start, n)
        values: list[Any] = points["value"].to_pylist()
        xs: list[Any] = points["x"].to_pylist()
        return values, xs

    day = part.run_days.get(run_id, "")
    records = part.days["records"].get(day, EMPTY_RECORDS)
    run = from_archive(run_id, rows(records, part.record_spans.get(day, {})), fetch_points)
    unknown, problems = (rows(part.tables[name], part.spans[name]) for name in ("unknown", "problems"))
    run.unknown = [Unknown(**_without(row, "run_id")) for row in unknown]
    run.problems = [Problem(**_without(row, "origin")) for row in problems if row["origin"] == "file"]
    run.masked = [Problem(**_without(row, "origin")) for row in problems if row["origin"] == "masked"]
    return run


def _without(row: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}


def without_runs(part: Compaction, run_ids: Collection[str]) -> Compaction:
    """Leave out all that a part has of some runs."""
    gone = text_array(sorted(run_ids))

    def rest(table: pa.Table) -> pa.Table:
        found: Any = pc.is_in(table["run_id"], value_set=gone)
        return table.filter(pc.invert(found)) if pc.any(found).as_py() else table

    touched = {part.run_days[run_id] for run_id in run_ids if run_id in part.run_days}
    days = {
        name: {day: rest(table) if day in touched else table for day, table in tables.items()}
        for name, tables in part.days.items()
    }
    return Compaction(
        {name: rest(table) for name, table in part.tables.items()},
        {name: {day: table for day, table in tables.items() if len(table)} for name, tables in days.items()},
    )
