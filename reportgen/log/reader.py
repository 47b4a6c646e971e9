"""Reads journals back: good records are used, each bad line is reported, nothing is silently dropped.

Takes in its stride a torn last line, torn UTF-8, NUL blocks of a crashed file system, files that were copied
twice, and the fields and kinds of a newer minor version. Stops only at what it cannot judge: a folder that is
none, a file that cannot be opened, a newer log format.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, get_args

import msgspec

from reportgen.errors import InputError
from reportgen.log.layout import BLOB_DIR, JOURNAL_SUFFIX, SEGMENT_SUFFIX
from reportgen.records import LOG_FORMAT, MAX_SEQ, AnyRecord, LogStart

_PADDING = b"\x00 \t\r\n"


class Problem(NamedTuple):
    """What could not be used as it is.

    Attributes
    ----------
    run_id
        The run it concerns.
    file
        Path below the log directory, with `/`.
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
class JournalFile:
    """One journal on the disk, with the identity that its first line or else its path gives."""

    path: Path
    run_id: str
    writer: str

    @property
    def label(self) -> str:
        """Its path below the log directory, with `/`."""
        return _as_text(f"{self.path.parent.name}/{self.path.name}")


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


def find_journals(log_dirs: Iterable[Path]) -> dict[str, list[JournalFile]]:
    """Find the journals of some log directories, by run id; runs and files sorted.

    Raises
    ------
    InputError
        A directory is none or holds no run, a file cannot be opened, or its format is newer than this reportgen.
    """
    found: dict[str, list[JournalFile]] = {}
    for log_dir in log_dirs:
        journals = [_identify(path) for path in _iter_journal_paths(log_dir)]
        if not journals:
            raise _no_runs(log_dir)
        for journal in journals:
            found.setdefault(journal.run_id, []).append(journal)
    return {run_id: sorted(found[run_id], key=lambda journal: journal.path.as_posix()) for run_id in sorted(found)}


def _iter_journal_paths(log_dir: Path) -> Iterator[Path]:
    try:
        _check_log_dir(log_dir)
        for run_dir in sorted(log_dir.iterdir()):
            if run_dir.is_dir() and run_dir.name != BLOB_DIR:
                yield from _journal_paths(run_dir)
    except OSError as error:
        raise _unreadable(log_dir, error) from error


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


def _journal_paths(run_dir: Path) -> list[Path]:
    paths = sorted(run_dir.iterdir())
    journals = [path for path in paths if path.suffix == JOURNAL_SUFFIX]
    segments = {path.stem: path for path in paths if path.suffix == SEGMENT_SUFFIX}
    for sealed in sorted(segments.keys() - {path.stem for path in journals}):
        hint = "install a newer reportgen (pip install -U reportgen)"
        message = f"{segments[sealed]} is a sealed journal, which this reportgen cannot read"
        raise InputError(message, hint=hint, slug="sealed-journal")
    return journals


def _no_runs(log_dir: Path) -> InputError:
    if any(log_dir.glob(f"*{JOURNAL_SUFFIX}")):
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


def _identify(path: Path) -> JournalFile:
    """Take the journal's run and writer from its first line; from its path when that line is not there."""
    try:
        with path.open("rb") as file:
            head = file.readline()
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        start = msgspec.json.decode(head.strip(_PADDING))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        start = None
    if not isinstance(start, dict) or start.get("kind") != LogStart.__struct_config__.tag:
        return JournalFile(path, _as_text(path.parent.name), _as_text(path.stem))
    version, run, writer = start.get("format"), start.get("run"), start.get("writer")
    if isinstance(version, int) and version > LOG_FORMAT:
        raise InputError(
            f"{path} is in log format {version}, this reportgen reads up to {LOG_FORMAT}",
            hint="install a newer reportgen (pip install -U reportgen)",
            slug="newer-log-format",
        )
    return JournalFile(
        path,
        run if isinstance(run, str) and run else _as_text(path.parent.name),
        writer if isinstance(writer, str) and writer else _as_text(path.stem),
    )


def _as_text(name: str) -> str:
    """Write the bytes of a file name that are no text, which tables and pages cannot hold, as escapes."""
    return name.encode("utf-8", "backslashreplace").decode()


def read_run(journals: Sequence[JournalFile]) -> RunRecords:
    """Read all journals of one run.

    Raises
    ------
    InputError
        A file cannot be read.
    """
    run = RunRecords(journals[0].run_id)
    lines: dict[tuple[str, int], bytes] = {}
    for journal in journals:
        try:
            with journal.path.open("rb") as file:
                _read_lines(journal, file, run, lines)
        except OSError as error:
            raise _unreadable(journal.path, error) from error
    return run


def _read_lines(
    journal: JournalFile, file: Iterable[bytes], run: RunRecords, lines: dict[tuple[str, int], bytes]
) -> None:
    for number, raw in enumerate(file, 1):

        def report(reason: str, number: int = number) -> None:
            run.problems.append(Problem(run.run_id, journal.label, number, reason))

        line = raw.strip(_PADDING)
        if b"\x00" in raw:
            report(f"{raw.count(0):,} NUL bytes, as a crashed file system leaves them")
        if not line:
            continue
        record, reason = _decode_line(line, journal, run)
        if record is None:
            if reason:
                report(reason if raw.endswith(b"\n") else f"torn, as when a process is stopped while writing: {reason}")
            continue
        identity = (journal.writer, record.seq)
        known = lines.setdefault(identity, line)
        if known != line:
            report(f"another record has the same number {record.seq}; one of the two is left out")
        lines[identity] = min(known, line)
        if lines[identity] == line:
            run.records[identity] = record


def _decode_line(line: bytes, journal: JournalFile, run: RunRecords) -> tuple[AnyRecord | None, str]:
    """Give the record, or `None` and the reason; no reason when the line was kept as unknown."""
    try:
        return _decode(line), ""
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = _describe(error)
    try:
        fields: Any = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None, reason
    if not (isinstance(fields, dict) and isinstance(fields.get("seq"), int) and isinstance(fields.get("kind"), str)):
        return None, reason
    if not 0 <= fields["seq"] <= MAX_SEQ:
        return None, reason
    struct = _STRUCTS.get(fields["kind"])
    unknown = Unknown(journal.writer, fields["seq"], fields["kind"], line.decode())
    if struct is None:
        run.unknown.append(unknown)
        return None, ""
    known = {key: value for key, value in fields.items() if key in struct.__struct_fields__}
    try:
        record: AnyRecord = msgspec.convert(known, struct)
    except msgspec.ValidationError:
        return None, reason
    run.unknown.append(unknown)
    return record, ""


def _describe(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "not valid UTF-8"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return str(error).replace(os.linesep, " ")


_decode = msgspec.json.Decoder(AnyRecord).decode
_STRUCTS: dict[str, Any] = {str(struct.__struct_config__.tag): struct for struct in get_args(AnyRecord)}
