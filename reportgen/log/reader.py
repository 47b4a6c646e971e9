"""Reads logs back: good records are used, each bad line is reported, nothing is silently dropped.

A log file is a journal or the segment that it was sealed to; both give the same lines, and those of a segment
count as the lines of its journal, so that sealing changes nothing in what is read. Where both are there, the
segment is read first: its records are the older ones.

Takes in its stride a torn last line, torn UTF-8, NUL blocks of a crashed file system, files that were copied
twice, damaged segments, and the fields and kinds of a newer minor version. Stops only at what it cannot judge: a
folder that is none, a file that cannot be opened, a newer log format.
"""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from reportgen.errors import InputError
from reportgen.log.layout import BLOB_DIR, JOURNAL_SUFFIX, SEGMENT_SUFFIX
from reportgen.log.parse import PADDING, Line, interpret, iter_lines, record_form
from reportgen.records import LOG_FORMAT, AnyRecord, LogStart


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


@dataclass(frozen=True)
class LogFile:
    """One journal or segment on the disk, with the identity that its beginning or else its path gives."""

    path: Path
    run_id: str
    writer: str

    @property
    def is_segment(self) -> bool:
        """Whether it is sealed."""
        return self.path.suffix == SEGMENT_SUFFIX

    @property
    def label(self) -> str:
        """Its path below the log directory, with `/`."""
        return _as_text(f"{self.path.parent.name}/{self.path.name}")

    @property
    def journal_label(self) -> str:
        """The same for the journal that it is or was."""
        return _as_text(f"{self.path.parent.name}/{self.path.stem}{JOURNAL_SUFFIX}")

    @property
    def place(self) -> tuple[str, bool]:
        """Sorts files by path, a segment before its journal."""
        return self.path.with_suffix(JOURNAL_SUFFIX).as_posix(), not self.is_segment


@dataclass
class RunRecords:
    """All that was read of one run.

    Attributes
    ----------
    records
        By (writer, seq); a record that was found twice is here once.
    unknown
        Lines that hold what this version does not know.
    problems
        What could not be used.
    """

    run_id: str
    records: dict[tuple[str, int], AnyRecord] = field(default_factory=dict)
    unknown: list[Unknown] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def find_journals(log_dirs: Iterable[Path]) -> dict[str, list[LogFile]]:
    """Find the journals of some log directories, sealed or not, by run id; runs and files sorted.

    Raises
    ------
    InputError
        A directory is none or holds no run, a file cannot be opened, or its format is newer than this reportgen.
    """
    found: dict[str, list[LogFile]] = {}
    for log_dir in log_dirs:
        files = [identify(path) for path in _iter_log_paths(log_dir)]
        if not files:
            raise _no_runs(log_dir)
        for file in files:
            found.setdefault(file.run_id, []).append(file)
    return {run_id: sorted(found[run_id], key=lambda file: file.place) for run_id in sorted(found)}


def _iter_log_paths(log_dir: Path) -> Iterator[Path]:
    try:
        _check_log_dir(log_dir)
        for run_dir in sorted(log_dir.iterdir()):
            if run_dir.is_dir() and run_dir.name != BLOB_DIR:
                yield from _log_paths(run_dir)
    except OSError as error:
        raise _unreadable(Path(error.filename or log_dir), error) from error


def _check_log_dir(log_dir: Path) -> None:
    if stat.S_ISREG(_mode(log_dir)):
        hint = "give the folder that holds one folder per run"
        raise InputError(f"{log_dir} is a file, not a log directory", hint=hint, slug="logs-not-a-folder")
    if not stat.S_ISDIR(_mode(log_dir)):
        hint = "record a run first, or name the folder that your pipeline records to"
        raise InputError(f"there is no log directory {log_dir}", hint=hint, slug="no-log-directory")


def _mode(path: Path) -> int:
    """The file mode; 0 when there is no such file. Raises `OSError` when that cannot be told."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0


def _log_paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in {JOURNAL_SUFFIX, SEGMENT_SUFFIX})


def _no_runs(log_dir: Path) -> InputError:
    if any(not file.is_segment or _segment_identity(file.path) for file in map(_by_path, _log_paths(log_dir))):
        hint = f"give its parent, {log_dir.parent}"
        return InputError(f"{log_dir} is the folder of a single run", hint=hint, slug="logs-of-one-run")
    hint = "record a run first; README shows the ten lines it takes"
    return InputError(f"{log_dir} holds no run", hint=hint, slug="no-runs")


def read_file(path: Path) -> bytes:
    """Read a file of a log directory whole.

    Raises
    ------
    InputError
        It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> InputError:
    reason = error.strerror or str(error)
    hint = "mend its permissions or move it away, then build again"
    return InputError(f"{path} cannot be read ({reason})", hint=hint, slug="unreadable")


def identify(path: Path) -> LogFile:
    """Take a file's run and writer from its beginning; from its path when that does not say.

    A journal without a first line goes on where the segment beside it ends, and is of the same writer.

    Raises
    ------
    InputError
        The file cannot be opened, or its format is newer than this reportgen.
    """
    by_path = _by_path(path)
    if by_path.is_segment:
        return _segment_identity(path) or by_path
    version, run, writer = _first_line(path)
    _check_format(path, version)
    if run or writer:
        return LogFile(path, run or by_path.run_id, writer or by_path.writer)
    segment = path.with_suffix(SEGMENT_SUFFIX)
    before = _segment_identity(segment) if segment.exists() else None
    return LogFile(path, before.run_id, before.writer) if before else by_path


def _by_path(path: Path) -> LogFile:
    return LogFile(path, _as_text(path.parent.name), _as_text(path.stem))


def _first_line(path: Path) -> tuple[object, str, str]:
    """What the first line of a journal says of format, run and writer; empty where it does not."""
    try:
        with _open(path) as file:
            head = file.readline().strip(PADDING)
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        start = msgspec.json.decode(head)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        start = None
    if not isinstance(start, dict) or start.get("kind") != LogStart.__struct_config__.tag:
        return None, "", ""
    run, writer = (name if isinstance(name, str) else "" for name in (start.get("run"), start.get("writer")))
    return start.get("format"), run, writer


def _open(path: Path) -> BinaryIO:
    """Open a file of a log directory, but no pipe and no device, whose reading might never end."""
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, "it is a pipe or a device")
    return path.open("rb")


def _segment_identity(path: Path) -> LogFile | None:
    """Take a segment's run and writer from its metadata. `None` when it is damaged, which reading it will report."""
    from reportgen.log.segment import DamagedSegmentError, read_identity

    try:
        with _open(path) as file:
            version, run_id, writer = read_identity(file)
    except DamagedSegmentError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from error
    _check_format(path, version)
    return LogFile(path, run_id, writer)


def _check_format(path: Path, version: object) -> None:
    if isinstance(version, int) and version > LOG_FORMAT:
        raise InputError(
            f"{path} is in log format {version}, this reportgen reads up to {LOG_FORMAT}",
            hint="install a newer reportgen (pip install -U reportgen)",
            slug="newer-log-format",
        )


def _as_text(name: str) -> str:
    """Write the bytes of a file name that are no text, which tables and pages cannot hold, as escapes."""
    return name.encode("utf-8", "backslashreplace").decode()


def read_run(files: Sequence[LogFile]) -> RunRecords:
    """Read all journals of one run, sealed or not.

    Raises
    ------
    InputError
        A file cannot be read.
    """
    merge = _Merge(files[0].run_id)
    for file in files:
        if file.is_segment:
            merge.add_segment(file)
        else:
            merge.add_journal(file)
    return RunRecords(merge.run_id, merge.records, [*merge.unknown], [*merge.problems])


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
        self._forms: dict[tuple[str, int], set[bytes]] = {}  # of the records that have others than their own

    def add_journal(self, journal: LogFile) -> None:
        try:
            with journal.path.open("rb") as file:
                self._add_lines(journal, iter_lines(file))
        except OSError as error:
            raise _unreadable(journal.path, error) from error

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
                self._add_form(file, line, record, record_form(record))

    def _add_raw(self, file: LogFile, line: Line) -> None:
        record, unknown, reasons = interpret(line.raw)
        for reason in reasons:
            self._report(file, line, reason)
        if unknown is not None:
            self.unknown[Unknown(file.writer, *unknown)] = None
        if record is not None:
            self._add_form(file, line, record, record_form(record) if unknown is None else unknown[2].encode())

    def _add_form(self, file: LogFile, line: Line, record: AnyRecord, form: bytes) -> None:
        """Take a record whose number may be taken: of those that differ, the one whose form sorts first."""
        identity = (file.writer, record.seq)
        known = self.records.get(identity)
        forms = self._forms.get(identity, set() if known is None else {record_form(known)})
        if form in forms:
            return
        if forms:
            self._report(file, line, f"another record has the same number {record.seq}; one of the two is left out")
        if not forms or form < min(forms):
            self.records[identity] = record
        self._forms[identity] = forms | {form}

    def _report(self, file: LogFile, line: Line, reason: str) -> None:
        self.problems[Problem(self.run_id, file.journal_label, line.number, reason)] = None
