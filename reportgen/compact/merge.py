"""Parts of the store become one: rows are put together and sorted, versions numbered, deletions applied.

A part may be the rows of runs that were just read, a whole site, or a merger of those. However the runs, and even the
files of one run, are divided into parts, and in whatever order parts are merged, the result is the same: what several
parts say of one run is made into records again, merged as records, and compacted anew.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reportgen.arrays import as_array, int_array, number_array, text_array
from reportgen.compact.compaction import EMPTY, Compaction, expand_run, without_runs
from reportgen.compact.deletions import Dead, bury, cut_out, drop_contents, drop_lines, find_dead
from reportgen.compact.rows import Curve, RunPart, compact_run
from reportgen.log.reader import RunRecords, merge_records
from reportgen.store import DAY_TABLES, HELD, TABLES, WHOLE_TABLES, make_table

_CurvePoints = tuple[str, str, pa.Table]  # of a list metric: its name, its run, and its points without these
_NAMELESS = pa.schema([field for field in HELD["points"] if field.name not in ("name", "run_id")])


def compact_runs(runs: Iterable[RunRecords]) -> Compaction:
    """Compact the records of some runs, each of which is there once."""
    return merge([_to_tables([compact_run(run) for run in runs])])


def _to_tables(parts: Sequence[RunPart]) -> Compaction:
    rows: dict[str, list[Mapping[str, Any]]] = {name: [] for name in WHOLE_TABLES}
    days: dict[str, dict[str, list[Mapping[str, Any]]]] = {"contents": {}, "records": {}}
    curves: dict[str, list[_CurvePoints]] = {}
    for part in sorted(parts, key=lambda part: part.run_id):
        for name, more in part.tables.items():
            (days[name].setdefault(part.day, []) if name in days else rows[name]).extend(more)
        for curve in filter(lambda curve: curve.values, part.curves):
            curves.setdefault(part.day, []).append((curve.name, part.run_id, _curve_table(curve)))
    rows["lists"].sort(key=lambda row: (row["name"], row["run_id"]))  # as the points are
    return Compaction(
        {name: make_table(name, rows[name]) for name in rows},
        {
            **{name: {day: make_table(name, more) for day, more in sorted(days[name].items())} for name in days},
            "points": {day: join_curves(curves[day]) for day in sorted(curves)},
        },
    )


def _curve_table(curve: Curve) -> pa.Table:
    """Give the points of a curve without the names that all of them share."""
    columns: list[array[Any]] = [_count_up(len(curve.values)), curve.xs, curve.values, curve.recorded_at]
    return pa.Table.from_arrays(
        [number_array(field.type, numbers) for field, numbers in zip(_NAMELESS, columns, strict=True)],
        schema=_NAMELESS,
    )


@lru_cache(64)
def _count_up(n: int) -> array[int]:
    return array("q", range(n))


def join_curves(curves: Iterable[_CurvePoints]) -> pa.Table:
    """Put the points of a day together, sorted by name and run."""
    ordered = sorted(curves, key=lambda curve: curve[:2])
    points = pa.concat_tables([table for _, _, table in ordered]).combine_chunks()
    lengths = [len(table) for _, _, table in ordered]
    names = _repeat([name for name, _, _ in ordered], lengths)
    run_ids = _repeat([run_id for _, run_id, _ in ordered], lengths)
    return pa.Table.from_arrays([names, run_ids, *points.columns], schema=HELD["points"])


def _repeat(texts: Sequence[str], lengths: Sequence[int]) -> Any:
    codes = {text: code for code, text in enumerate(dict.fromkeys(texts))}
    indices = array("i")
    for text, n in zip(texts, lengths, strict=True):
        indices.extend(array("i", [codes[text]]) * n)
    return pa.DictionaryArray.from_arrays(number_array(pa.int32(), indices), text_array(codes))


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
    tables["artifacts"] = artifacts = bury(artifacts, tables["deletes"])
    tables["edges"] = _place_edges(tables["edges"], artifacts)
    dead = find_dead(artifacts)
    tables["unknown"] = drop_lines(tables["unknown"], dead)
    for name, table in tables.items():
        if name != "artifacts":
            tables[name] = _sorted(table, TABLES[name].order)
    return Compaction(tables, {name: _join_days(parts, name, dead) for name in DAY_TABLES})


def _shared_runs(parts: Sequence[Compaction]) -> set[str]:
    """The runs of which more than one part has something."""
    seen: set[str] = set()
    shared: set[str] = set()
    for part in parts:
        shared |= seen & part.run_ids
        seen |= part.run_ids
    return shared


def _sorted(table: pa.Table, columns: Sequence[str]) -> pa.Table:
    if len(table) < 2:
        return table.combine_chunks()
    table = table.combine_chunks()
    keys: Any = [(name, "ascending") for name in columns]
    compared = pa.table({name: _comparable(table[name]) for name in columns})
    return table.take(pc.sort_indices(compared, sort_keys=keys))


def _comparable(column: Any) -> Any:
    """Give ranks in place of texts that are kept once each, for Arrow does not compare these."""
    if not pa.types.is_dictionary(column.type):
        return column
    one = as_array(column)
    return pc.rank(one.dictionary, tiebreaker="dense").take(one.indices)


# Versions


def _number_versions(artifacts: pa.Table) -> pa.Table:
    """Count the versions of each key by (created, run id, writer, seq), from 1."""
    table = _sorted(artifacts, ("key", "created_at", "run_id", "writer", "seq"))
    keys = as_array(table["key"])
    if isinstance(keys, pa.ChunkedArray):  # of more text than one array holds
        keys = pa.concat_arrays(keys.chunks)
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


# Lineage


def _place_edges(edges: pa.Table, artifacts: pa.Table) -> pa.Table:
    """Fill in key and version of the artifacts that steps used."""
    if not len(edges) or not len(artifacts):
        return edges
    found = pc.index_in(edges["artifact_id"], value_set=as_array(artifacts["artifact_id"]), skip_nulls=True)
    for name in ("key", "version"):
        placed = pc.if_else(pc.is_valid(found), pc.take(artifacts[name], found), edges[name])
        edges = edges.set_column(edges.schema.get_field_index(name), name, placed)
    return edges


# Days


def join_day(name: str, parts: Sequence[pa.Table], dead: Dead) -> pa.Table:
    """Put together what parts have of the table of a day, each of which is sorted.

    Parameters
    ----------
    name
        The table.
    parts
        Rows of it; no run is in two of them.
    dead
        The artifacts that were deleted, by run and artifact.
    """
    if name == "points":
        curves = (curve for part in parts for curve in iter_curves(part))
        return parts[0] if len(parts) == 1 else join_curves(curves)
    rows = _sorted(pa.concat_tables(parts), TABLES[name].order)
    return cut_out(rows, dead) if name == "records" else drop_contents(rows, dead)


def _join_days(parts: Sequence[Compaction], name: str, dead: Dead) -> dict[str, pa.Table]:
    days = sorted({day for part in parts for day in part.days[name]})
    joined = {
        day: join_day(name, [part.days[name][day] for part in parts if day in part.days[name]], dead) for day in days
    }
    return {day: table for day, table in joined.items() if len(table)}


def iter_curves(points: pa.Table) -> Iterator[tuple[str, str, pa.Table]]:
    """Divide points by list metric and run: give name, run, and the points without these."""
    nameless = points.select(_NAMELESS.names)
    start = 0
    for name, run_id, n in _count_repeats(points):
        yield name, run_id, nameless.slice(start, n)
        start += n


def _count_repeats(points: pa.Table) -> Iterator[tuple[str, str, int]]:
    for batch in points.select(["name", "run_id"]).unify_dictionaries().combine_chunks().to_batches():
        columns: list[Any] = [batch.column(0), batch.column(1)]
        names, run_ids = (column.dictionary.to_pylist() for column in columns)
        codes = pc.add(
            pc.multiply(columns[0].indices.cast(pa.int64()), int_array([len(run_ids)])[0]), columns[1].indices
        )
        repeats: Any = pc.call_function("run_end_encode", [codes])
        end = 0
        for code, next_end in zip(repeats.values.to_pylist(), repeats.run_ends.to_pylist(), strict=True):
            yield names[code // len(run_ids)], run_ids[code % len(run_ids)], next_end - end
            end = next_end
