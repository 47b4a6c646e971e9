"""Records become tables: one row per run, step, artifact version, metric and list metric.

`compact_run` looks at one run alone; `merge_runs` puts the parts together, numbers versions by key and
applies tombstones. Neither depends on the order in which files are found or read, and reading a file
twice changes nothing, because (run, writer, seq) identifies a record.

Within a writer, `seq` is the order, even when its clock stepped back: a record counts as not earlier than
the ones before it. Between writers the time decides, then the writer's name.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from reportgen.floats import decode_number
from reportgen.log.reader import Problem, RunRecords
from reportgen.records import (
    AnyRecord,
    Artifact,
    Delete,
    End,
    ListMetric,
    Metric,
    Progress,
    RunStart,
    StepStart,
    Use,
)
from reportgen.stats import mean
from reportgen.text import iso_day

if TYPE_CHECKING:
    from reportgen.store import Tables

UNKNOWN_PIPELINE = "unknown"
_MOST_LOST = 100_000_000

Row = dict[str, Any]


class _Event(NamedTuple):
    """A record with the time that orders it (microseconds, never falling within a writer)."""

    at: int
    writer: str
    seq: int
    record: AnyRecord


@dataclass
class RunPart:
    """The rows that one run gives, by table, and what only the merge can place."""

    run_id: str
    day: str
    tables: dict[str, list[Row]] = field(default_factory=dict)
    deletes: list[Row] = field(default_factory=list)

    def add(self, table: str, row: Row) -> None:
        self.tables.setdefault(table, []).append({"run_id": self.run_id, **row})


@dataclass(frozen=True)
class Compaction:
    """All runs as tables; `points` are in a table for each day on which runs began (`YYYY-MM-DD`, UTC)."""

    tables: Tables
    points: Tables


def compact_run(run: RunRecords) -> RunPart:
    """Give the rows of one run. Without a single good record it has problems, but no row of its own."""
    events = _order(run.records)
    start = next((event.record for event in events if isinstance(event.record, RunStart)), None)
    part = RunPart(run.run_id, iso_day(min((event.at for event in events), default=0)))
    problems = list(run.problems)
    if start is None:
        problems.append(Problem(run.run_id, run.run_id, 0, "the record of the run's beginning is missing"))
    if events:
        _add_run(part, run, events, start)
    _add_steps(part, events)
    _add_artifacts(part, events, problems)
    _add_metrics(part, events)
    _add_lists(part, events)
    _add_edges(part, events)
    for problem in sorted(set(problems)):
        part.tables.setdefault("problems", []).append(problem._asdict())
    for unknown in sorted(set(run.unknown)):
        part.add("unknown", unknown._asdict())
    return part


def _order(records: dict[tuple[str, int], AnyRecord]) -> list[_Event]:
    events: list[_Event] = []
    writer_before, latest = None, 0
    for (writer, seq), record in sorted(records.items(), key=lambda item: item[0]):
        latest = max(latest, record.ts) if writer == writer_before else record.ts
        writer_before = writer
        events.append(_Event(latest, writer, seq, record))
    return sorted(events, key=lambda event: event[:3])


def _error_columns(end: End | None) -> Row:
    error = end.error if end else None
    return {
        "error_type": error.type if error else None,
        "error_message": error.message if error else None,
        "error_traceback": error.traceback if error else None,
    }


def _add_run(part: RunPart, run: RunRecords, events: Sequence[_Event], start: RunStart | None) -> None:
    end = next((e for e in reversed(events) if isinstance(e.record, End) and e.record.step is None), None)
    end_record = end.record if end and isinstance(end.record, End) else None
    start = start or RunStart(ts=0, seq=0, pipeline=UNKNOWN_PIPELINE)
    row = {
        "pipeline": start.pipeline,
        "deployment": start.deployment,
        "name": start.name,
        "status": end_record.status if end_record else None,
        "started_at": events[0].at,
        "ended_at": end.at if end else None,
        "last_record_at": events[-1].at,
        "longest_silence_us": max((after.at - before.at for before, after in pairwise(events)), default=0),
        "parent_run_id": start.parent,
        "params_json": _json(start.params),
        "tags": start.tags,
        "context_json": _json(start.context),
        **_error_columns(end_record),
        "detached": start.detached,
        "n_records": len(run.records),
        "n_writers": len({writer for writer, _ in run.records}),
        "n_missing": sum(_count_missing(run).values()),
    }
    part.add("runs", row)


def _count_missing(run: RunRecords) -> dict[str, int]:
    """Count what each writer lost: what it says itself, or the sequence numbers that never arrived if those are more.

    A record whose number is further beyond the others than a disk could have lost says nothing of losses.
    """
    numbers: dict[str, set[int]] = {}
    for writer, seq in [*run.records, *((unknown.writer, unknown.seq) for unknown in run.unknown)]:
        numbers.setdefault(writer, set()).add(seq)
    missing = {writer: max(seqs) + 1 - len(seqs) for writer, seqs in numbers.items()}
    for (writer, _), record in run.records.items():
        missing[writer] = max(missing[writer], record.lost)
    return {writer: n for writer, n in missing.items() if n < _MOST_LOST}


def _add_steps(part: RunPart, events: Sequence[_Event]) -> None:
    ends = {e.record.step: e for e in events if isinstance(e.record, End) and e.record.step is not None}
    seen: set[str] = set()
    for event in events:
        step = event.record
        if not isinstance(step, StepStart) or step.id in seen:
            continue
        seen.add(step.id)
        end = ends.get(step.id)
        end_record = end.record if end and isinstance(end.record, End) else None
        row = {
            "step_id": step.id,
            "parent_step_id": step.step,
            "name": step.name,
            "attempt": step.attempt,
            "status": end_record.status if end_record else None,
            "started_at": event.at,
            "ended_at": end.at if end else None,
            **_error_columns(end_record),
        }
        part.add("steps", row)


def _add_artifacts(part: RunPart, events: Sequence[_Event], problems: list[Problem]) -> None:
    rows: dict[str, Row] = {}
    for event in events:
        record = event.record
        if isinstance(record, Artifact) and record.id not in rows:
            rows[record.id] = _artifact_row(event, record)
        elif isinstance(record, Delete):
            part.deletes.append({"artifact_id": record.artifact, "at": event.at, "reason": record.reason})
    for event in events:  # afterwards: the clock of the writer that updates may be behind
        if isinstance(event.record, Progress):
            _fold_progress(rows.get(event.record.artifact), event, event.record, part.run_id, problems)
    for row in rows.values():
        part.add("artifacts", row)


def _artifact_row(event: _Event, record: Artifact) -> Row:
    return {
        "key": record.key,
        "version": None,
        "artifact_id": record.id,
        "type": record.type,
        "step_id": record.step,
        "created_at": event.at,
        "updated_at": event.at,
        "n_updates": 0,
        "description": record.description,
        "data_json": _json(record.data),
        "metadata_json": _json(record.metadata),
        "deleted_at": None,
        "deleted_reason": None,
        "writer": event.writer,
        "seq": event.seq,
    }


def _fold_progress(row: Row | None, event: _Event, record: Progress, run_id: str, problems: list[Problem]) -> None:
    if row is None or row["type"] != "progress":
        reason = "is not in this run" if row is None else f"is of type {row['type']}"
        file = f"{run_id}/{event.writer}"
        problems.append(Problem(run_id, file, 0, f"progress of artifact {record.artifact}, which {reason}"))
        return
    row["data_json"] = _json(record.progress)
    row["updated_at"] = max(event.at, row["created_at"])
    row["n_updates"] += 1
    if record.description is not None:
        row["description"] = record.description


def _add_metrics(part: RunPart, events: Sequence[_Event]) -> None:
    rows: dict[str, Row] = {}
    for event in events:
        record = event.record
        if isinstance(record, Metric):
            n_before = rows[record.name]["n_values"] if record.name in rows else 0
            rows[record.name] = {
                "name": record.name,
                "step_id": record.step,
                "value": decode_number(record.value),
                "recorded_at": event.at,
                "n_values": n_before + 1,
            }
    for name in sorted(rows):
        part.add("metrics", rows[name])


def _add_lists(part: RunPart, events: Sequence[_Event]) -> None:
    calls: dict[str, list[_Event]] = {}
    for event in events:
        if isinstance(event.record, ListMetric):
            calls.setdefault(event.record.name, []).append(event)
    for name in sorted(calls):
        values: list[float] = []
        xs: list[float] = []
        for event in calls[name]:
            record = event.record
            if isinstance(record, ListMetric):
                values += [decode_number(value) for value in record.values]
                xs += [float(decode_number(x)) for x in (record.x or [])[: len(record.values)]]
                xs += [float(index) for index in range(len(xs), len(values))]
        last = calls[name][-1]
        part.add("lists", {"name": name, "step_id": last.record.step, "recorded_at": last.at, **_summary(values)})
        for index, value in enumerate(values):
            part.add("points", {"name": name, "index": index, "x": xs[index], "value": value})


def _summary(values: Sequence[float]) -> Row:
    """Length, first and last of a list metric, and min, max and mean of its finite values."""
    finite = [value for value in values if math.isfinite(value)]
    return {
        "n_values": len(values),
        "first": values[0] if values else None,
        "last": values[-1] if values else None,
        "min": min(finite, default=None),
        "max": max(finite, default=None),
        "mean": mean(finite) if finite else None,
    }


def _add_edges(part: RunPart, events: Sequence[_Event]) -> None:
    for event in events:
        record = event.record
        if isinstance(record, Use):
            row = {
                "step_id": record.step,
                "direction": record.direction,
                "artifact_id": record.artifact,
                "key": record.key,
                "version": None,
                "uri": record.uri,
                "name": record.name,
                "digest": record.digest,
                "at": event.at,
            }
            part.add("edges", row)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def merge_runs(parts: Iterable[RunPart]) -> Compaction:
    """Put the parts of all runs together; each run must be there once."""
    from reportgen.store import make_table  # loads pyarrow, which a look at one key does without

    ordered = sorted(parts, key=lambda part: part.run_id)
    rows: dict[str, list[Row]] = {name: [] for name in _ROW_ORDER}
    days: dict[str, list[Row]] = {}
    for part in ordered:
        for name, more in part.tables.items():
            (days.setdefault(part.day, []) if name == "points" else rows[name]).extend(more)
    number_versions(rows["artifacts"])
    bury(rows["artifacts"], [delete for part in ordered for delete in part.deletes])
    _place_edges(rows["edges"], rows["artifacts"])
    for name, columns in _ROW_ORDER.items():
        rows[name].sort(key=lambda row: tuple(_sortable(row[column]) for column in columns))
    points = {day: make_table("points", sorted(days[day], key=_point_order)) for day in sorted(days)}
    return Compaction({name: make_table(name, rows[name]) for name in rows}, points)


_ROW_ORDER = {
    "runs": ("started_at", "run_id"),
    "steps": ("run_id", "started_at"),  # steps of one moment stay in the order of their records
    "artifacts": ("key", "version", "created_at", "run_id", "writer", "seq"),
    "metrics": ("name", "run_id"),
    "lists": ("name", "run_id"),
    "edges": ("run_id", "at", "direction", "artifact_id", "uri", "step_id"),
    "problems": ("run_id", "file", "line", "reason"),
    "unknown": ("run_id", "writer", "seq", "json"),
}


def _sortable(value: Any) -> tuple[bool, Any]:
    return (value is not None, value)


def _point_order(row: Mapping[str, Any]) -> tuple[str, str, int]:
    return row["name"], row["run_id"], row["index"]


def number_versions(artifacts: list[Row]) -> None:
    """Count the versions of each key by (created, run id, writer, seq), from 1."""
    artifacts.sort(key=lambda row: (row["created_at"], row["run_id"], row["writer"], row["seq"]))
    counts: dict[str, int] = {}
    for row in artifacts:
        if row["key"] is not None:
            counts[row["key"]] = row["version"] = counts.get(row["key"], 0) + 1


def bury(artifacts: Iterable[Row], deletes: Iterable[Row]) -> None:
    """Leave a tombstone of each deleted artifact: the row stays, its content goes."""
    first: dict[str, Row] = {}
    for delete in sorted(deletes, key=lambda row: (row["at"], row["reason"] or "")):
        first.setdefault(delete["artifact_id"], delete)
    for row in artifacts:
        delete = first.get(row["artifact_id"], {})
        if delete:
            row.update(
                deleted_at=delete["at"],
                deleted_reason=delete["reason"],
                data_json="null",
                metadata_json="{}",
                description=None,
            )


def _place_edges(edges: Sequence[Row], artifacts: Sequence[Row]) -> None:
    """Fill in key and version of the artifacts that steps used."""
    known = {row["artifact_id"]: row for row in artifacts}
    for edge in edges:
        artifact = known.get(edge["artifact_id"] or "")
        if artifact:
            edge["key"], edge["version"] = artifact["key"], artifact["version"]
