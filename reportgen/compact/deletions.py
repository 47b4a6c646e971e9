"""What deletions leave: tombstones in the tables, and an archive without the content."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from reportgen.arrays import int_array, make_array, text_array
from reportgen.compact.archive import decode_line
from reportgen.log.cut import artifact_of, has_content
from reportgen.log.parse import interpret
from reportgen.records import without_content
from reportgen.store import table_rows

_OF_CONTENT = ("description", "content_digest", "n_rows", "n_columns", "percent", "blob")

Dead = Collection[tuple[Any, Any]]  # run and artifact


class _Tombs(msgspec.Struct, frozen=True):
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


def bury(artifacts: pa.Table, deletes: pa.Table) -> pa.Table:
    """Leave a tombstone of each deleted artifact: the row stays, its content goes."""
    tombs = _find_tombs(deletes)
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
            "metadata_json": ["{}"] * len(dead),
            **dict.fromkeys(_OF_CONTENT, [None] * len(dead)),
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
        both = pa.chunked_array([*table.column(index).chunks, make_array(values, kind)], kind)
        table = table.set_column(index, name, both.take(int_array(order)))
    return table


def cut_out(records: pa.Table, dead: Dead) -> pa.Table:
    """Leave the content of deleted artifacts out of the archive."""
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


def drop_contents(contents: pa.Table, dead: Dead) -> pa.Table:
    """Leave out the contents of deleted artifacts."""
    run_ids = text_array(sorted({run_id for run_id, _ in dead}))
    suspects: list[Any] = pc.indices_nonzero(pc.is_in(contents["run_id"], value_set=run_ids)).to_pylist()
    rows = contents.select(["run_id", "artifact_id"]).take(int_array(suspects)).to_pylist()
    gone = {place for place, row in zip(suspects, rows, strict=True) if (row["run_id"], row["artifact_id"]) in dead}
    return contents.take(int_array(n for n in range(len(contents)) if n not in gone)) if gone else contents


def drop_lines(unknown: pa.Table, dead: Dead) -> pa.Table:
    """Leave out the lines of deleted artifacts that hold content; those of their fields that are known stay records."""
    mask = [not _is_content_of(row["run_id"], row["json"], dead) for row in unknown.to_pylist()] if dead else []
    return unknown.filter(make_array(mask, pa.bool_())) if mask else unknown


def _is_content_of(run_id: str, line: str, dead: Dead) -> bool:
    record = interpret(line.encode()).record
    return has_content(record) and (run_id, artifact_of(record)) in dead


def find_dead(artifacts: pa.Table) -> Dead:
    """Give the artifacts of which a tombstone is left."""
    table = artifacts.filter(pc.is_valid(artifacts["deleted_at"]))
    return {*zip(table["run_id"].to_pylist(), table["artifact_id"].to_pylist(), strict=True)}
