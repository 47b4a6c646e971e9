"""The records of one run become rows: of the run, its steps, artifacts, metrics and list metrics.

Nothing depends on the order in which files are found or read, and reading a file twice changes nothing, because
(run, writer, seq) identifies a record.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple, cast

import msgspec

from reportgen.compact.archive import find_deletion, to_archive, without_contents
from reportgen.compact.events import Event, order_events
from reportgen.contentfacts import describe_content
from reportgen.floats import decode_number
from reportgen.log.reader import Problem, RunRecords
from reportgen.records import (
    Artifact,
    Delete,
    End,
    ListMetric,
    LogStart,
    Metric,
    Number,
    Progress,
    RunStart,
    StepStart,
    Use,
)
from reportgen.stats import mean
from reportgen.text import iso_day

UNKNOWN_PIPELINE = "unknown"
_MOST_LOST = 100_000_000

Row = dict[str, Any]


class Curve(NamedTuple):
    """The points of a list metric: values, where they lie, and when each was recorded, all of one length."""

    name: str
    values: array[float]
    xs: array[float]
    recorded_at: array[int]


class RunPart(msgspec.Struct):
    """The rows that one run gives, by table, and its curves; `day` (`YYYY-MM-DD`, UTC) is when it began."""

    run_id: str
    day: str
    tables: dict[str, list[Row]] = msgspec.field(default_factory=dict)
    curves: list[Curve] = msgspec.field(default_factory=list)

    def add(self, table: str, row: Row) -> None:
        self.tables.setdefault(table, []).append({"run_id": self.run_id, **row})


def compact_run(run: RunRecords) -> RunPart:
    """Give the rows of one run. Without a single good record it has problems, but no row of its own."""
    deletion = find_deletion(run)
    if deletion:
        run = without_contents(run)
    events = order_events(run)
    start = next((event.record for event in events if isinstance(event.record, RunStart)), None)
    part = RunPart(run.run_id, iso_day(min((event.at for event in events), default=0)))
    misfits: list[Problem] = []
    if start is None:
        misfits.append(Problem(run.run_id, run.run_id, 0, "the record of the run's beginning is missing"))
    if events:
        _add_run(part, run, events, start, deletion)
    _add_steps(part, events)
    _add_artifacts(part, events, misfits)
    _add_metrics(part, events)
    _add_lists(part, events)
    _add_edges(part, events)
    _add_problems(part, "file", run.problems)
    _add_problems(part, "run", () if deletion else misfits)
    _add_problems(part, "masked", run.masked)
    for unknown in sorted(set(run.unknown)):
        part.add("unknown", unknown._asdict())
    _add_records(part, run)
    return part


def _add_problems(part: RunPart, origin: str, problems: Iterable[Problem]) -> None:
    for problem in sorted(set(problems)):
        part.tables.setdefault("problems", []).append({**problem._asdict(), "origin": origin})


def _error_columns(end: End | None) -> Row:
    error = end.error if end else None
    return {
        "error_type": error.type if error else None,
        "error_message": error.message if error else None,
        "error_traceback": error.traceback if error else None,
    }


def _add_run(
    part: RunPart, run: RunRecords, events: Sequence[Event], start: RunStart | None, deletion: Event | None
) -> None:
    end = next((e for e in reversed(events) if isinstance(e.record, End) and e.record.step is None), None)
    end_record = end.record if end and isinstance(end.record, End) else None
    start = start or RunStart(ts=0, seq=0, pipeline=UNKNOWN_PIPELINE)
    told = _without_deletions(events)
    row = {
        "pipeline": start.pipeline,
        "deployment": start.deployment,
        "name": start.name,
        "status": end_record.status if end_record else None,
        "started_at": events[0].at,
        "ended_at": end.at if end else None,
        "last_record_at": told[-1].at,
        "longest_silence_us": max((after.at - before.at for before, after in pairwise(told)), default=0),
        "parent_run_id": start.parent,
        "params_json": _json(start.params),
        "tags": start.tags,
        "context_json": _json(start.context),
        **_error_columns(end_record),
        "detached": start.detached,
        "n_records": len(run.records),
        "n_writers": len({writer for writer, _ in run.records}),
        "n_missing": 0 if deletion else sum(_count_missing(run).values()),
        "deleted_at": deletion.at if deletion else None,
        "deleted_reason": deletion.record.reason if deletion and isinstance(deletion.record, Delete) else None,
    }
    part.add("runs", row)


def _without_deletions(events: Sequence[Event]) -> Sequence[Event]:
    """Leave out what those wrote who deleted something later: it says nothing of how the run went."""
    deleters = {event.writer for event in events if isinstance(event.record, Delete)}
    if not deleters:
        return events
    writers = {event.writer for event in events if not isinstance(event.record, (LogStart, Delete))}
    told = [e for e in events if not isinstance(e.record, Delete) and (e.writer in writers or e.writer not in deleters)]
    return told or events


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


def _add_steps(part: RunPart, events: Sequence[Event]) -> None:
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


def _add_artifacts(part: RunPart, events: Sequence[Event], problems: list[Problem]) -> None:
    rows: dict[str, Row] = {}
    contents: dict[str, Any] = {}
    for event in events:
        record = event.record
        if isinstance(record, Artifact) and record.id not in rows:
            rows[record.id] = _artifact_row(event, record)
            contents[record.id] = record.data
        elif isinstance(record, Delete):
            part.add("deletes", {"artifact_id": record.artifact, "deleted_at": event.at, "reason": record.reason})
    for event in events:  # afterwards: the clock of the writer that updates may be behind
        record = event.record
        if isinstance(record, Progress) and _fold_progress(
            rows.get(record.artifact), event, record, part.run_id, problems
        ):
            contents[record.artifact] = record.progress
    for artifact_id, row in rows.items():
        data_json = _json(contents[artifact_id])
        part.add("artifacts", {**row, **describe_content(row["type"], contents[artifact_id], data_json)})
        part.add("contents", {"artifact_id": artifact_id, "data_json": data_json})


def _artifact_row(event: Event, record: Artifact) -> Row:
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
        "metadata_json": _json(record.metadata),
        "deleted_at": None,
        "deleted_reason": None,
        "writer": event.writer,
        "seq": event.seq,
    }


def _fold_progress(row: Row | None, event: Event, record: Progress, run_id: str, problems: list[Problem]) -> bool:
    """Note in the row of an artifact that its progress changed, and say whether that can be."""
    if row is None or row["type"] != "progress":
        reason = "is not in this run" if row is None else f"is of type {row['type']}"
        file = f"{run_id}/{event.writer}"
        problems.append(Problem(run_id, file, 0, f"progress of artifact {record.artifact}, which {reason}"))
        return False
    row["updated_at"] = max(event.at, row["created_at"])
    row["n_updates"] += 1
    if record.description is not None:
        row["description"] = record.description
    return True


def _add_metrics(part: RunPart, events: Sequence[Event]) -> None:
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


def _add_lists(part: RunPart, events: Sequence[Event]) -> None:
    calls: dict[str, list[Event]] = {}
    for event in events:
        if isinstance(event.record, ListMetric):
            calls.setdefault(event.record.name, []).append(event)
    for name in sorted(calls):
        curve = _join_calls(name, calls[name])
        last = calls[name][-1]
        row = {"name": name, "step_id": last.record.step, "recorded_at": last.at, **_summary(curve.values)}
        part.add("lists", row)
        part.curves.append(curve)


def _join_calls(name: str, calls: Sequence[Event]) -> Curve:
    curve = Curve(name, array("d"), array("d"), array("q"))
    for event in calls:
        record = event.record
        if isinstance(record, ListMetric):
            curve.values.extend(_to_floats(record.values))
            curve.xs.extend(_to_floats((record.x or [])[: len(record.values)]))
            curve.xs.extend(_places(len(curve.xs), len(curve.values)))
            curve.recorded_at.extend(array("q", [event.at]) * len(record.values))
    return curve


@lru_cache(64)  # most list metrics are recorded in calls of the same lengths
def _places(start: int, stop: int) -> array[float]:
    return array("d", range(start, stop))


def _to_floats(numbers: Sequence[Number]) -> array[float]:
    try:
        return array("d", cast("Sequence[float]", numbers))  # the words of NaN and infinities are an error
    except (TypeError, OverflowError):
        return array("d", map(decode_number, numbers))


def _summary(values: Sequence[float]) -> Row:
    """Length, first and last of a list metric, and min, max and mean of its finite values."""
    finite = values if math.isfinite(sum(values)) else [value for value in values if math.isfinite(value)]
    return {
        "n_values": len(values),
        "first": values[0] if values else None,
        "last": values[-1] if values else None,
        "min": min(finite, default=None),
        "max": max(finite, default=None),
        "mean": mean(finite) if finite else None,
    }


def _add_edges(part: RunPart, events: Sequence[Event]) -> None:
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
                "recorded_at": event.at,
            }
            part.add("edges", row)


def _add_records(part: RunPart, run: RunRecords) -> None:
    for (writer, seq), record in sorted(run.records.items(), key=lambda item: item[0]):
        n_points, line = to_archive(record)
        kind = str(record.__struct_config__.tag)
        part.add("records", {"writer": writer, "seq": seq, "kind": kind, "n_points": n_points, "json": line})


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
