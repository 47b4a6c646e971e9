"""The archive: every record as a row of the store, from which the records of a run are made again.

That is what lets a site stand for the logs that it came from: records that arrive later, or that another site has of
the same run, are merged with those of the archive as if all had been read together. The values of list metrics, which
are most of what long runs record, are not kept twice: they are taken from the points.

What was deleted is cut out here, too. Of a deleted run there stays what its tombstone shows, and which versions of
keys it made, since those are counted on.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from reportgen.compact.events import Event, order_events
from reportgen.floats import encode_number
from reportgen.log.reader import RunRecords
from reportgen.records import (
    AnyRecord,
    Artifact,
    Delete,
    End,
    ListMetric,
    LogStart,
    Number,
    RunStart,
    without_content,
)

Points = tuple[list[float], list[float]]  # values, and where they lie

_decode: Callable[[str], AnyRecord] = msgspec.json.Decoder(AnyRecord).decode


def decode_line(line: str) -> AnyRecord:
    """Read the line of an archived record.

    Raises
    ------
    ValueError
        It is none.
    """
    try:
        return _decode(line)
    except msgspec.MsgspecError as error:
        raise ValueError(f"a record that cannot be read ({error})") from error


# Deletion


def find_deletion(run: RunRecords) -> Event | None:
    """Give the first record that deletes the run itself."""
    deletes = (event for event in order_events(run) if isinstance(event.record, Delete))
    return next((event for event in deletes if isinstance(event.record, Delete) and not event.record.artifact), None)


def without_contents(run: RunRecords) -> RunRecords:
    """Give what stays of a run that was deleted.

    Each record gets the time that it has among the others, so that versions keep their numbers when those are gone.
    """
    kept = RunRecords(run.run_id)
    for event in order_events(run):
        tombstone = _tombstone(event.record)
        if tombstone is not None:
            kept.records[event.writer, event.seq] = msgspec.structs.replace(tombstone, ts=event.at, lost=0)
    return kept


def _tombstone(record: AnyRecord) -> AnyRecord | None:
    match record:
        case RunStart():
            return msgspec.structs.replace(record, params={}, context={})
        case End(step=None):
            return msgspec.structs.replace(record, error=None)
        case Artifact():
            return without_content(record)
        case LogStart() | Delete():
            return record
    return None


# Into the archive


def to_archive(record: AnyRecord) -> tuple[int | None, str]:
    """Give how many points a record has in `points`, if any, and its line without them."""
    n_points = None
    if isinstance(record, ListMetric) and (record.x is None or len(record.x) == len(record.values)):
        n_points = len(record.values)
        record = msgspec.structs.replace(record, values=[], x=None if record.x is None else [])
    return n_points, msgspec.json.encode(record).decode()


# Out of the archive


def from_archive(
    run_id: str,
    rows: Iterable[Mapping[str, Any]],
    fetch_points: Callable[[str], Points],
) -> RunRecords:
    """Make the records of a run again.

    Parameters
    ----------
    run_id
        The run.
    rows
        Its rows of the table `records`.
    fetch_points
        Gives values and x of a list metric of the run by its name.

    Raises
    ------
    ValueError
        A row holds no record, or points are missing.
    """
    run = RunRecords(run_id)
    n_points: dict[tuple[str, int], int] = {}
    for row in rows:
        identity = row["writer"], row["seq"]
        run.records[identity] = decode_line(row["json"])
        if row["n_points"] is not None:
            n_points[identity] = row["n_points"]
    curves: dict[str, Iterator[tuple[Number, Number]]] = {}
    for event in order_events(run):
        if isinstance(event.record, ListMetric):
            identity = event.writer, event.seq
            n = n_points.get(identity)
            curve = curves.get(event.record.name) or _iter_points(*fetch_points(event.record.name))
            curves[event.record.name] = curve
            n_wanted = len(event.record.values) if n is None else n
            points = [*itertools.islice(curve, n_wanted)]
            if len(points) < n_wanted:
                raise ValueError(f"points of {event.record.name} are missing")
            if n is not None:
                run.records[identity] = _with_points(event.record, points)
    return run


def _iter_points(values: list[float], xs: list[float]) -> Iterator[tuple[Number, Number]]:
    return zip(map(encode_number, values), map(encode_number, xs), strict=True)


def _with_points(record: ListMetric, points: list[tuple[Number, Number]]) -> ListMetric:
    xs = None if record.x is None else [x for _, x in points]
    return msgspec.structs.replace(record, values=[value for value, _ in points], x=xs)
