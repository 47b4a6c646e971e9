"""Seals journals: the same records as Parquet, beside the journal, which then goes.

Whoever is killed in the middle loses nothing: the segment is written under another name, synced, read back and
compared, and only then takes its place, and only after that does the journal go. Until then both are there, and the
reader takes a record that is in both once. Sealing again finishes what was begun.

A journal that a process has open is left alone: the process has a shared lock on it. Where a file system has no
locks, a journal that has grown meanwhile is left alone too. A process that goes on with a sealed journal begins a new
one, whose records the next sealing adds to the segment.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from reportgen.errors import InputError, OutputError, ReportgenError
from reportgen.log.find import LogFile, find_journals, identify
from reportgen.log.layout import SEGMENT_SUFFIX
from reportgen.log.parse import Line, iter_lines, record_form
from reportgen.log.reader import read_run, read_segment
from reportgen.log.rewrite import is_same_line, open_journal, write_beside
from reportgen.log.rewrite import lock_alone as _lock
from reportgen.log.rewrite import sync_folder as _sync_folder
from reportgen.records import End

IDLE_HOURS = 24.0


@dataclass(frozen=True)
class SealResult:
    """What became of a journal.

    Attributes
    ----------
    path
        The journal.
    outcome
        Whether it is `sealed` now, was `skipped` because it is in use, or `failed`; either way it is as it was.
    reason
        Why it is not sealed, in one line; empty when it is.
    n_bytes_before, n_bytes_after
        Size of journal and segment together.
    """

    path: Path
    outcome: Literal["sealed", "skipped", "failed"]
    reason: str = ""
    n_bytes_before: int = 0
    n_bytes_after: int = 0


# Which journals


def find_finished(
    log_dirs: Iterable[Path], *, run_id: str | None = None, idle_hours: float = IDLE_HOURS
) -> list[LogFile]:
    """Find the journals that nobody will append to.

    Parameters
    ----------
    log_dirs
        Folders that hold one folder per run.
    run_id
        Look at this run only.
    idle_hours
        How long nothing must have been appended to a run that has no end.

    Raises
    ------
    InputError
        The logs cannot be read, or the run is not there.
    """
    found = find_journals(log_dirs)
    if run_id is not None and run_id not in found:
        hint = "the folders of the log directory are named after their runs"
        raise InputError(f"there is no run {run_id!r} in these logs", hint=hint, slug="no-such-run")
    finished: list[LogFile] = []
    for files in found.values() if run_id is None else [found[run_id]]:
        journals = [file for file in files if not file.is_segment]
        if journals and (_is_idle(journals, idle_hours) or _has_ended(files)):
            finished += journals
    return finished


def _is_idle(journals: Sequence[LogFile], hours: float) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return time.time() - max(file.path.stat().st_mtime for file in journals) >= hours * 3600
    return False


def _has_ended(files: Sequence[LogFile]) -> bool:
    return any(isinstance(record, End) and record.step is None for record in read_run(files).records.values())


def seal_logs(
    log_dirs: Iterable[Path], *, run_id: str | None = None, idle_hours: float = IDLE_HOURS
) -> list[SealResult]:
    """Seal the finished journals of some log directories; one that fails does not stop the others.

    Parameters
    ----------
    log_dirs, run_id, idle_hours
        As `find_finished` takes them.

    Raises
    ------
    InputError
        The logs cannot be read, or the run is not there.
    """
    return [try_to_seal(file.path) for file in find_finished(log_dirs, run_id=run_id, idle_hours=idle_hours)]


# One journal


def try_to_seal(path: Path) -> SealResult:
    """Seal a journal, and give an error as a result."""
    try:
        return seal_journal(path)
    except ReportgenError as error:
        return SealResult(path, "failed", str(error))


def seal_journal(path: Path) -> SealResult:
    """Turn a journal into a segment with the same records, and remove it.

    A segment that is there already is taken into the new one.

    Raises
    ------
    InputError
        The journal, or the segment beside it, cannot be read.
    OutputError
        The segment cannot be written or is not what was to be written; the journal is as it was.
    """
    try:
        with open_journal(path) as journal:
            if not _lock(journal):
                return SealResult(path, "skipped", "still open")
            return _seal_locked(path, journal)
    except FileNotFoundError:
        return SealResult(path, "skipped", "gone meanwhile")
    except OSError as error:
        raise _cannot_seal(path, error.strerror or str(error)) from error


def _cannot_seal(
    path: Path, reason: str, hint: str = "the journal is as it was; mend that and seal again"
) -> OutputError:
    return OutputError(f"{path} cannot be sealed ({reason})", hint=hint, slug="cannot-seal")


def _seal_locked(path: Path, journal: BinaryIO) -> SealResult:
    segment = path.with_suffix(SEGMENT_SUFFIX)
    size = os.fstat(journal.fileno()).st_size
    if _has_changed(path, journal, size):
        return SealResult(path, "skipped", "changed meanwhile")
    size_before = size + (segment.stat().st_size if segment.exists() else 0)
    file = identify(path)
    lines = _join(_read_older(file, segment), iter_lines(journal))
    temporary = _write_temporary(file, lines, stat.S_IMODE(os.fstat(journal.fileno()).st_mode))
    try:
        _compare(path, temporary, lines)
        if _has_changed(path, journal, size):
            return SealResult(path, "skipped", "changed meanwhile")
        temporary.replace(segment)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)
    if _has_changed(path, journal, size):
        return SealResult(path, "skipped", "changed meanwhile")
    path.unlink()
    _sync_folder(path.parent)
    return SealResult(path, "sealed", "", size_before, segment.stat().st_size)


def _read_older(file: LogFile, segment: Path) -> list[Line]:
    """Read the segment that an earlier sealing left beside the journal."""
    from reportgen.log.segment import DamagedSegmentError

    if not segment.exists():
        return []
    try:
        lines = [*read_segment(segment)]
    except DamagedSegmentError as damage:
        raise _cannot_seal(
            file.path, f"{segment.name} beside it is {damage}", "move that away and seal again"
        ) from None
    older = identify(segment)
    if (older.run_id, older.writer) != (file.run_id, file.writer):
        reason = f"{segment.name} beside it is of writer {older.writer} of run {older.run_id}"
        raise _cannot_seal(file.path, reason, "move one of the two away and seal again")
    return lines


def _join(older: list[Line], newer: Iterable[Line]) -> list[Line]:
    """Put lines behind those of an older segment, without those that it has."""
    known = {_what_it_says(line) for line in older}
    return older + [line for line in newer if not known or _what_it_says(line) not in known]


def _what_it_says(line: Line) -> tuple[int, bytes]:
    return (line.number, line.raw) if line.record is None else (0, record_form(line.record))


def _write_temporary(file: LogFile, lines: Sequence[Line], mode: int) -> Path:
    """Write the segment under another name."""
    from reportgen.log.segment import encode_segment

    return write_beside(file.path, encode_segment(file.run_id, file.writer, lines), mode)


def _compare(path: Path, temporary: Path, lines: Sequence[Line]) -> None:
    """Read back what was written: the journal goes only for one that says the same."""
    from reportgen.log.segment import DamagedSegmentError

    try:
        written = [*read_segment(temporary)]
    except DamagedSegmentError as damage:
        raise _cannot_seal(path, f"what was written is {damage}") from None
    if len(written) != len(lines) or not all(map(is_same_line, lines, written)):
        hint = "the journal is as it was; please report this"
        raise _cannot_seal(path, "what was written does not read back as the same records", hint)


def _has_changed(path: Path, journal: BinaryIO, size: int) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return True
    return there.st_size != size or not os.path.samestat(there, os.fstat(journal.fileno()))
