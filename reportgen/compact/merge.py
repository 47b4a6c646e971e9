"""Parts of the store become one: rows are put together and sorted, versions numbered, deletions applied.

A part may be the rows of runs that were just read, a whole site, or a merger of those. However the runs, and even the
files of one run, are divided into parts, and in whatever order parts are merged, the result is the same: what several
parts say of one run is made into records again, merged as records, and compacted anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from reportgen.compact.archive import Points, decode_line, from_archive
from reportgen.compact.rows import Curve, RunPart, compact_run
from reportgen.log.cut import artifact_of, has_content
from reportgen.log.parse import interpret
from reportgen.log.reader import Problem, RunRecords, Unknown, merge_records
from reportgen.records import without_content
from reportgen.store import DAY_TABLES, POINTS, SCHEMAS, TABLES, WHOLE_TABLES, Tables, Where, make_table, table_rows
from reportgen.store.arrays import int_array, text_array
from reportgen.text import iso_day

_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Compaction:
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

    def read(self, table: str, columns: Sequence[str] | None = None, where: Where | None = None) -> pa.Table:
        """Give rows of a whole table, as `reportgen.store.Store` says."""
        found = _where(self.tables[table], where or {})
        return found if columns is None else found.select(columns)

    def days_of(self, table: str) -> list[str]:
        return [*self.days[table]]

    def read_day(self, table: str, day: str, where: Where | None = None) -> pa.Table:
        """Give rows of the table of a day."""
        return _where(self.days[table][day], where or {})


def _where(table: pa.Table, where: Where) -> pa.Table:
    for name, values in where.items():
        table = table.filter(pc.is_in(table[name], value_set=text_array(values)))
    return table


EMPTY = Compaction({name: make_table(name, []) for name in WHOLE_TABLES}, {name: {} for name in DAY_TABLES})


def compact_runs(runs: Iterable[RunRecords]) -> Compaction:
    """Compact the records of some runs, each of which is there once."""
    return merge([_to_tables([compact_run(run) for run in runs])])


def _to_tables(parts: Sequence[RunPart]) -> Compaction:
    rows: dict[str, list[Mapping[str, Any]]] = {name: [] for name in WHOLE_TABLES}
    records: dict[str, list[Mapping[str, Any]]] = {}
    curves: dict[str, list[tuple[str, str, pa.Table]]] = {}
    for part in sorted(parts, key=lambda part: part.run_id):
        for name, more in part.tables.items():
            (records.setdefault(part.day, []) if name == "records" else rows[name]).extend(more)
        for curve in filter(lambda curve: curve.values, part.curves):
            curves.setdefault(part.day, []).append((curve.name, part.run_id, _curve_table(part.run_id, curve)))
    rows["lists"].sort(key=lambda row: (row["name"], row["run_id"]))  # as the points are
    return Compaction(
        {name: make_table(name, rows[name]) for name in rows},
        {
            "points": {day: _join_curves(curves[day]) for day in sorted(curves)},
            "records": {day: make_table("records", records[day]) for day in sorted(records)},
        },
    )


def _curve_table(run_id: str, curve: Curve) -> pa.Table:
    n = len(curve.values)
    columns = [
        pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), n), pa.array([text], pa.string()))
        for text in (curve.name, run_id)
    ]
    index, x, value = (
        pa.array(v, kind)
        for v, kind in ((range(n), pa.int64()), (curve.xs, pa.float64()), (curve.values, pa.float64()))
    )
    at = pa.array(curve.recorded_at, pa.int64()).cast(SCHEMAS["points"].field("recorded_at").type)
    return pa.Table.from_arrays([*columns, index, x, value, at], schema=POINTS)


def _join_curves(curves: Iterable[tuple[str, str, pa.Table]]) -> pa.Table:
    """Put the points of a day together, sorted by name and run."""
    return pa.concat_tables([table for _, _, table in sorted(curves, key=lambda curve: curve[:2])]).unify_dictionaries()


# Merging


def merge(parts: Sequence[Compaction]) -> Compaction:
    """Merge parts of a store.

    Raises
    ------
    LookupError, ValueError
        A part that had to be made into records again contradicts itself.
    """
    shared = _shared_runs(parts)
    if shared:
        again = [
            merge_records([expand_run(part, run_id) for part in parts if run_id in part.run_ids])
            for run_id in sorted(shared)
        ]
        parts = [*(without_runs(part, shared) for part in parts), _to_tables([compact_run(run) for run in again])]
    tables = {
        name: pa.concat_tables([part.tables[name] for part in parts]) if parts else EMPTY.tables[name]
        for name in WHOLE_TABLES
    }
    artifacts = _number_versions(tables["artifacts"])
    tombs = _find_tombs(tables["deletes"])
    tables["artifacts"] = artifacts = _bury(artifacts, tombs)
    tables["edges"] = _place_edges(tables["edges"], artifacts)
    tables["unknown"] = _drop_lines(tables["unknown"], artifacts)
    for name, table in tables.items():
        if name != "artifacts":
            tables[name] = _sorted(table, TABLES[name].order)
    records = _join_days(parts, "records")
    return Compaction(
        tables,
        {
            "points": _merge_points(parts),
            "records": {
                day: _cut_out(_sorted(table, TABLES["records"].order), artifacts) for day, table in records.items()
            },
        },
    )


def _shared_runs(parts: Sequence[Compaction]) -> set[str]:
    """The runs of which more than one part has something."""
    seen: set[str] = set()
    shared: set[str] = set()
    for part in parts:
        shared |= seen & part.run_ids
        seen |= part.run_ids
    return shared


def expand_run(part: Compaction, run_id: str) -> RunRecords:
    """Make the records of a run again from the rows that a part has of it."""

    def rows(table: pa.Table) -> list[dict[str, Any]]:
        return table_rows(_where(table, {"run_id": [run_id]}))

    def fetch_points(name: str) -> Points:
        day, start, n = part.curve_places[name, run_id]
        if not n:
            return [], []
        points = part.days["points"][day].slice(start, n)
        values: list[Any] = points["value"].to_pylist()
        xs: list[Any] = points["x"].to_pylist()
        return values, xs

    days = part.days["records"]
    day = part.run_days.get(run_id, "")
    run = from_archive(run_id, rows(days[day]) if day in days else (), fetch_points)
    run.unknown = [Unknown(**_without(row, "run_id")) for row in rows(part.tables["unknown"])]
    problems = [row for row in rows(part.tables["problems"]) if row["origin"] == "file"]
    run.problems = [Problem(**_without(row, "origin")) for row in problems]
    return run


def _without(row: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}


def without_runs(part: Compaction, run_ids: Collection[str]) -> Compaction:
    """Leave out all that a part has of some runs."""
    gone = text_array(sorted(run_ids))

    def rest(table: pa.Table) -> pa.Table:
        return table.filter(pc.invert(pc.is_in(table["run_id"], value_set=gone)))

    touched = {part.run_days[run_id] for run_id in run_ids if run_id in part.run_days}
    days = {
        name: {day: rest(table) if day in touched else table for day, table in tables.items()}
        for name, tables in part.days.items()
    }
    return Compaction(
        {name: rest(table) for name, table in part.tables.items()},
        {name: {day: table for day, table in tables.items() if len(table)} for name, tables in days.items()},
    )


def _sorted(table: pa.Table, columns: Sequence[str]) -> pa.Table:
    if len(table) < 2:
        return table.combine_chunks()
    table = table.combine_chunks()
    keys: Any = [(name, "ascending") for name in columns]
    return table.take(pc.sort_indices(table.select(columns), sort_keys=keys))


# Versions


def _number_versions(artifacts: pa.Table) -> pa.Table:
    """Count the versions of each key by (created, run id, writer, seq), from 1."""
    table = _sorted(artifacts, ("key", "created_at", "run_id", "writer", "seq"))
    keys = table["key"].combine_chunks()
    if isinstance(keys, pa.ChunkedArray):  # of no rows, or of more text than one array holds
        keys = pa.concat_arrays(keys.chunks) if keys.num_chunks else text_array([])
    codes = keys.dictionary_encode().indices
    starts: list[int] = []
    n_before = 0
    counts: list[Any] = pc.value_counts(keys.drop_null()).field("counts").to_pylist()
    for count in counts:
        starts.append(n_before)
        n_before += count
    places = int_array(range(1, len(table) + 1))
    versions = pc.subtract(places, pc.take(int_array(starts), codes))
    return table.set_column(table.schema.get_field_index("version"), "version", versions)


# Deletions

Dead = Collection[tuple[Any, Any]]  # run and artifact


@dataclass(frozen=True)
class _Tombs:
    """When and why artifacts and runs were deleted first, by id."""

    artifacts: dict[str, tuple[int, str | None]]
    runs: dict[str, tuple[int, str | None]]

    def of(self, artifact_id: str, run_id: str) -> tuple[int, str | None]:
        found = [tomb for tomb in (self.artifacts.get(artifact_id), self.runs.get(run_id)) if tomb]
        return min(found, key=lambda tomb: (tomb[0], tomb[1] or ""))


def _find_tombs(deletes: pa.Table) -> _Tombs:
    tombs = _Tombs({}, {})
    for row in sorted(table_rows(deletes), key=lambda row: (row["deleted_at"], row["reason"] or "")):
        kind, identity = (tombs.artifacts, row["artifact_id"]) if row["artifact_id"] else (tombs.runs, row["run_id"])
        kind.setdefault(identity, (row["deleted_at"], row["reason"]))
    return tombs


def _bury(artifacts: pa.Table, tombs: _Tombs) -> pa.Table:
    """Leave a tombstone of each deleted artifact: the row stays, its content goes."""
    if not (tombs.artifacts or tombs.runs):
        return artifacts
    mask = pc.or_(
        pc.is_in(artifacts["artifact_id"], value_set=text_array(tombs.artifacts)),
        pc.is_in(artifacts["run_id"], value_set=text_array(tombs.runs)),
    )
    dead = artifacts.select(["artifact_id", "run_id"]).filter(mask).to_pylist()
    found = [tombs.of(row["artifact_id"], row["run_id"]) for row in dead]
    return _replace_rows(
        artifacts,
        mask,
        {
            "deleted_at": [at for at, _ in found],
            "deleted_reason": [reason for _, reason in found],
            "data_json": ["null"] * len(dead),
            "metadata_json": ["{}"] * len(dead),
            "description": [None] * len(dead),
        },
    )


def _replace_rows(table: pa.Table, mask: Any, columns: Mapping[str, Sequence[Any]]) -> pa.Table:
    """Put new cells into the rows that a mask has; times are given as microseconds."""
    order: list[int] = [*range(len(table))]
    places: list[Any] = pc.indices_nonzero(mask).to_pylist()
    for n, place in enumerate(places):
        order[place] = len(table) + n
    for name, values in columns.items():
        index = table.schema.get_field_index(name)
        kind = table.schema.field(name).type
        is_time = pa.types.is_timestamp(kind)
        cells = pa.array(values, pa.int64()).cast(kind) if is_time else pa.array(values, kind)
        both = pa.chunked_array([*table.column(index).chunks, cells], kind)
        table = table.set_column(index, name, both.take(int_array(order)))
    return table


def _cut_out(records: pa.Table, artifacts: pa.Table) -> pa.Table:
    """Leave the content of deleted artifacts out of the archive."""
    dead = _find_dead(artifacts)
    mask = pc.and_(
        pc.is_in(records["kind"], value_set=text_array(["artifact", "progress"])),
        pc.is_in(records["run_id"], value_set=text_array(sorted({run_id for run_id, _ in dead}))),
    )
    before = records.select(["run_id", "json"]).filter(mask).to_pylist() if dead else []
    lines = [_without_dead_content(row["run_id"], row["json"], dead) for row in before]
    return _replace_rows(records, mask, {"json": lines}) if lines else records


def _without_dead_content(run_id: str, line: str, dead: Dead) -> str:
    record = decode_line(line)
    is_dead = (run_id, artifact_of(record)) in dead
    return msgspec.json.encode(without_content(record)).decode() if is_dead else line


def _drop_lines(unknown: pa.Table, artifacts: pa.Table) -> pa.Table:
    """Leave out the lines of deleted artifacts that hold content; those of their fields that are known stay records."""
    dead = _find_dead(artifacts) if len(unknown) else ()
    mask = [not _is_content_of(row["run_id"], row["json"], dead) for row in unknown.to_pylist()] if dead else []
    return unknown.filter(pa.array(mask)) if mask else unknown


def _is_content_of(run_id: str, line: str, dead: Dead) -> bool:
    record = interpret(line.encode()).record
    return has_content(record) and (run_id, artifact_of(record)) in dead


def _find_dead(artifacts: pa.Table) -> Dead:
    table = artifacts.filter(pc.is_valid(artifacts["deleted_at"]))
    return {*zip(table["run_id"].to_pylist(), table["artifact_id"].to_pylist(), strict=True)}


# Lineage


def _place_edges(edges: pa.Table, artifacts: pa.Table) -> pa.Table:
    """Fill in key and version of the artifacts that steps used."""
    if not len(edges) or not len(artifacts):
        return edges
    found = pc.index_in(edges["artifact_id"], value_set=artifacts["artifact_id"].combine_chunks(), skip_nulls=True)
    for name in ("key", "version"):
        placed = pc.if_else(pc.is_valid(found), pc.take(artifacts[name], found), edges[name])
        edges = edges.set_column(edges.schema.get_field_index(name), name, placed)
    return edges


# Days


def _join_days(parts: Sequence[Compaction], name: str) -> dict[str, pa.Table]:
    days = sorted({day for part in parts for day in part.days[name]})
    return {day: pa.concat_tables([part.days[name][day] for part in parts if day in part.days[name]]) for day in days}


def _merge_points(parts: Sequence[Compaction]) -> dict[str, pa.Table]:
    days = sorted({day for part in parts for day in part.days["points"]})
    merged = {}
    for day in days:
        holders = [part for part in parts if day in part.days["points"]]
        merged[day] = (
            holders[0].days["points"][day]
            if len(holders) == 1
            else _join_curves(curve for part in holders for curve in _iter_curves(part, day))
        )
    return merged


def _iter_curves(part: Compaction, day: str) -> Iterable[tuple[str, str, pa.Table]]:
    for (name, run_id), (at, start, n) in part.curve_places.items():
        if at == day:
            yield name, run_id, part.days["points"][day].slice(start, n)
