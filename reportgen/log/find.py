"""Finds the files of logs and says whose they are: run and writer, from a file's beginning or else from its path.

Stops only at what cannot be judged: a folder that is none, a file that cannot be opened, a newer log format.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from reportgen.errors import InputError
from reportgen.log.layout import BLOB_DIR, JOURNAL_SUFFIX, SEGMENT_SUFFIX
from reportgen.log.parse import PADDING
from reportgen.records import LOG_FORMAT, LogStart


class FoundFile(NamedTuple):
    """A journal or segment by its name, and what tells that it was changed."""

    path: str
    n_bytes: int
    modified_ns: int


_MOST_TRIES = 5
_LOG_SUFFIXES = (JOURNAL_SUFFIX, SEGMENT_SUFFIX)


class LogFile(msgspec.Struct, frozen=True):
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


def find_journals(log_dirs: Iterable[Path]) -> dict[str, list[LogFile]]:
    """Find the journals of some log directories, sealed or not, by run id; runs and files sorted.

    Raises
    ------
    InputError
        A directory is none or holds no run, a file cannot be opened, or its format is newer than this reportgen.
    """
    return group_files(identify_found(file) for log_dir in log_dirs for file in scan_logs(log_dir))


def group_files(files: Iterable[LogFile]) -> dict[str, list[LogFile]]:
    """Group files by run id; runs and files sorted."""
    found: dict[str, list[LogFile]] = {}
    for file in files:
        found.setdefault(file.run_id, []).append(file)
    return {run_id: _sorted(found[run_id]) for run_id in sorted(found)}


def _sorted(files: list[LogFile]) -> list[LogFile]:
    return sorted(files, key=lambda file: file.place) if len(files) > 1 else files


def scan_logs(log_dir: Path) -> list[FoundFile]:
    """List the journals and segments of a log directory by name, without opening one.

    Raises
    ------
    InputError
        The directory is none or holds no run.
    """
    try:
        _check_log_dir(log_dir)
        files = [*_iter_found(log_dir)]
    except OSError as error:
        raise unreadable(Path(error.filename or log_dir), error) from error
    if not files:
        raise _no_runs(log_dir)
    return files


def _iter_found(log_dir: Path) -> Iterator[FoundFile]:
    with os.scandir(log_dir) as entries:
        folders = sorted(entry.path for entry in entries if entry.is_dir() and entry.name != BLOB_DIR)
    for folder in folders:
        yield from _list_folder(folder)


def _list_folder(folder: str, tries: int = _MOST_TRIES) -> list[FoundFile]:
    """List the journals and segments of a run; anew when one is sealed or removed meanwhile."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.name.endswith(_LOG_SUFFIXES) and entry.name not in _LOG_SUFFIXES:
                    facts = entry.stat()
                    found.append(FoundFile(entry.path, facts.st_size, facts.st_mtime_ns))
    except FileNotFoundError as error:
        if not os.path.lexists(folder):
            return []
        if not tries or Path(error.filename or folder).is_symlink():
            raise
        return _list_folder(folder, tries - 1)
    return found


def identify_found(file: FoundFile) -> LogFile:
    """Identify a file that was found; a journal that was sealed since is the segment beside it.

    Raises
    ------
    InputError
        As from `identify`.
    """
    path = Path(file.path)
    segment = path.with_suffix(SEGMENT_SUFFIX)
    try:
        return identify(path)
    except InputError as error:
        if has_vanished(error) and path != segment and segment.exists():
            return identify(segment)
        raise


def find_again(files: Sequence[LogFile]) -> list[LogFile]:
    """Find the files of a run anew, in the folders where they were, since one of them is there no more.

    Raises
    ------
    InputError
        A folder cannot be read.
    """
    try:
        found = [file for folder in {str(file.path.parent): None for file in files} for file in _list_folder(folder)]
    except OSError as error:
        raise unreadable(files[0].path.parent, error) from error
    return group_files(identify_found(file) for file in found).get(files[0].run_id, [])


def has_vanished(error: InputError) -> bool:
    """Whether a file is there no more that was there a moment ago."""
    return isinstance(error.__cause__, FileNotFoundError)


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
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> InputError:
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
        raise unreadable(path, error) from error
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
        raise unreadable(path, error) from error
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
