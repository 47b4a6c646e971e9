"""Reads logs back: good records are used, each bad line is reported, nothing is silently dropped.

A log file is a journal or the segment that it was sealed to; both give the same lines, and those of a segment
count as the lines of its journal, so that sealing changes nothing in what is read. Where both are there, the
segment is read first: its records are the older ones.

Takes in its stride a torn last line, torn UTF-8, NUL blocks of a crashed file system, files that were copied
twice, damaged segments, and the fields and kinds of a newer minor version. `reportgen.log.find` says which files
there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from reportgen.errors import InputError
from reportgen.log.find import LogFile, find_again, has_vanished, read_file, unreadable
from reportgen.log.layout import JOURNAL_SUFFIX
from reportgen.log.parse import Line, interpret, iter_lines, record_form
from reportgen.records import AnyRecord, without_content

_MOST_TRIES = 5


class Problem(NamedTuple):
    """What could not be used as it is.

    Attributes
    ----------
    run_id
        The run it concerns.
    file
        Path below the log directory, with `/`; of a line that was sealed, the path of its journal.
    line
        Line in the file, from 1; 0 when it concerns the file or the run as a whole.
    reason
        One line for people.
    """

    run_id: str
    file: str
    line: int
    reason: str


class Unknown(NamedTuple):
    """A record with fields or of a kind that this version does not know; `json` is its whole line."""

    writer: str
    seq: int
    kind: str
    json: str


class RunRecords(msgspec.Struct):
    """All that was read of one run.

    Attributes
    ----------
    records
        By (writer, seq); a record that was found twice is here once.
    unknown
        Lines that hold what this version does not know.
    problems
        What could not be used.
    masked
        What was masked: how many texts (`line`) by which rule (`reason`), and in which file if it was one.
    """

    run_id: str
    records: dict[tuple[str, int], AnyRecord] = msgspec.field(default_factory=dict)
    unknown: list[Unknown] = msgspec.field(default_factory=list)
    problems: list[Problem] = msgspec.field(default_factory=list)
    masked: list[Problem] = msgspec.field(default_factory=list)


def read_run(files: Sequence[LogFile]) -> RunRecords:
    """Read all journals of one run, sealed or not; those that are sealed meanwhile, too.

    Raises
    ------
    InputError
        A file cannot be read.
    """
    for _ in range(_MOST_TRIES):
        try:
            return _read_once(files)
        except InputError as error:
            files = find_again(files) if has_vanished(error) else []
            if not files:
                raise
    return _read_once(files)


def _read_once(files: Sequence[LogFile]) -> RunRecords:
    merge = _Merge(files[0].run_id)
    for file in files:
        if file.is_segment:
            merge.add_segment(file)
        else:
            merge.add_journal(file)
    return merge.result()


def merge_records(runs: Sequence[RunRecords]) -> RunRecords:
    """Put together what was read of one run in several places; the order of places does not matter."""
    merge = _Merge(runs[0].run_id)
    for run in runs:
        merge.add_run(run)
    return merge.result()


def read_segment(path: Path) -> Iterator[Line]:
    """Read the lines of a sealed journal.

    Raises
    ------
    InputError
        The file cannot be read.
    DamagedSegmentError
        It is not a whole segment.
    """
    from reportgen.log.segment import decode_segment

    return decode_segment(read_file(path))


class _Merge:
    """Puts the lines of a run's files together. What was there before is not added and not reported again."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.records: dict[tuple[str, int], AnyRecord] = {}
        self.unknown: dict[Unknown, None] = {}
        self.problems: dict[Problem, None] = {}
        self.masked: dict[Problem, None] = {}
        self._forms: dict[tuple[str, int], set[bytes]] = {}  # of the records that have others than their own

    def result(self) -> RunRecords:
        return RunRecords(self.run_id, self.records, [*self.unknown], [*self.problems], [*self.masked])

    def add_run(self, run: RunRecords) -> None:
        lines: dict[tuple[str, int], list[bytes]] = {}
        for unknown in run.unknown:
            lines.setdefault((unknown.writer, unknown.seq), []).append(unknown.json.encode())
        for (writer, seq), record in run.records.items():
            own = [line for line in lines.get((writer, seq), ()) if interpret(line).record == record]
            self._add_form(writer, record, min(own, default=b"") or record_form(record))
        self.unknown.update(dict.fromkeys(run.unknown))
        self.problems.update(dict.fromkeys(run.problems))
        self.masked.update(dict.fromkeys(run.masked))

    def add_journal(self, journal: LogFile) -> None:
        try:
            with journal.path.open("rb") as file:
                self._add_lines(journal, iter_lines(file))
        except OSError as error:
            raise unreadable(journal.path, error) from error

    def add_segment(self, segment: LogFile) -> None:
        from reportgen.log.segment import DamagedSegmentError

        try:
            lines = read_segment(segment.path)
        except DamagedSegmentError as damage:
            self.problems[Problem(self.run_id, segment.label, 0, str(damage))] = None
        else:
            self._add_lines(segment, lines)

    def _add_lines(self, file: LogFile, lines: Iterable[Line]) -> None:
        records = self.records
        for line in lines:
            record = line.record
            if record is None:
                self._add_raw(file, line)
            elif records.setdefault((file.writer, record.seq), record) is not record:
                self._add_form(file.writer, record, record_form(record))

    def _add_raw(self, file: LogFile, line: Line) -> None:
        record, unknown, reasons = interpret(line.raw)
        for reason in reasons:
            self._report(file.journal_label, line.number, reason)
        if unknown is not None:
            self.unknown[Unknown(file.writer, *unknown)] = None
        if record is not None:
            form = record_form(record) if unknown is None else unknown[2].encode()
            self._add_form(file.writer, record, form)

    def _add_form(self, writer: str, record: AnyRecord, form: bytes) -> None:
        """Take a record whose number may be taken: of those that differ, the one whose form sorts first."""
        identity = (writer, record.seq)
        known = self.records.get(identity)
        forms = self._forms.get(identity, set() if known is None else {record_form(known)})
        if form in forms:
            return
        if known is not None and not _is_one_cut_out_of(known, record):
            reason = f"two records have the same number {record.seq}; one of them is left out"
            self._report(_as_journal(self.run_id, writer), 0, reason)
        if not forms or form < min(forms):
            self.records[identity] = record
        self._forms[identity] = forms | {form}

    def _report(self, label: str, line: int, reason: str) -> None:
        self.problems[Problem(self.run_id, label, line, reason)] = None


def _as_journal(run_id: str, writer: str) -> str:
    return f"{run_id}/{writer}{JOURNAL_SUFFIX}"


def _is_one_cut_out_of(one: AnyRecord, other: AnyRecord) -> bool:
    """Whether one of two records is the other without the content of a deleted artifact."""
    return one != other and (one == without_content(other) or other == without_content(one))
