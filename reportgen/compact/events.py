"""The records of a run in the order of time.

Within a writer, `seq` is the order, even when its clock stepped back: a record counts as not earlier than
the ones before it. Between writers the time decides, then the writer's name.
"""

from __future__ import annotations

from typing import NamedTuple

from reportgen.log.reader import RunRecords
from reportgen.records import AnyRecord


class Event(NamedTuple):
    """A record with the time that orders it (microseconds, never falling within a writer)."""

    at: int
    writer: str
    seq: int
    record: AnyRecord


def order_events(run: RunRecords) -> list[Event]:
    """Give a run's records in the order of time."""
    events: list[Event] = []
    writer_before, latest = None, 0
    for (writer, seq), record in sorted(run.records.items(), key=lambda item: item[0]):
        latest = max(latest, record.ts) if writer == writer_before else record.ts
        writer_before = writer
        events.append(Event(latest, writer, seq, record))
    return sorted(events, key=lambda event: event[:3])
