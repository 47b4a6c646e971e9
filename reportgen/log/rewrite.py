"""What it takes to put another file in the place of a log's, for sealing and for cutting out what was deleted.

Whoever is killed in the middle loses nothing: what is new is written under another name, through to the disk, and then
renamed. Readers pass over such names, and the next who writes a file of that name removes what was left of one.

A journal that a process has open is left alone: the process has a shared lock on it. Where a file system has no locks,
a file that has changed since it was read is left alone too.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from reportgen.log.layout import JOURNAL_SUFFIX, is_sealing_name, sealing_name
from reportgen.log.parse import Line, record_form

FileState = tuple[int, int, int, int]
Files = Mapping[Path, FileState]  # files as they were when they were read


class LeftAloneError(Exception):
    """A file that is not to be touched now, and why, in a few words."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def file_state(path: Path) -> FileState:
    """Give what tells that a file was changed or replaced."""
    facts = path.stat()
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


def file_mode(path: Path) -> int:
    """Give a file's permissions, for the one that takes its place."""
    return stat.S_IMODE(path.stat().st_mode)


# Alone with a file


@contextlib.contextmanager
def hold(files: Files) -> Iterator[None]:
    """Take files for this process alone, a segment by the journal beside it, which sealing holds.

    Raises
    ------
    LeftAloneError
        A process has one open, or one is not as it was.
    """
    with contextlib.ExitStack() as stack:
        for path in sorted({path.with_suffix(JOURNAL_SUFFIX) for path in files}):
            with contextlib.suppress(FileNotFoundError):
                if not lock_alone(stack.enter_context(open_journal(path))):
                    raise LeftAloneError(path, "still open")
        check_unchanged(files)
        yield


def check_unchanged(files: Files) -> None:
    """Check that files are as they were.

    Raises
    ------
    LeftAloneError
        One is not.
    """
    for path, state in files.items():
        if path.is_symlink():
            raise LeftAloneError(path, "a link to another file")
        if not path.exists() or file_state(path) != state:
            raise LeftAloneError(path, "changed meanwhile")


def open_journal(path: Path) -> BinaryIO:
    """Open a journal to lock it."""
    try:
        return path.open("r+b")  # on NFS only a file that is open for writing can be locked
    except PermissionError:
        return path.open("rb")


def lock_alone(journal: BinaryIO) -> bool:
    """Take a journal for this process alone, if no other has it. File systems without locks go without."""
    try:
        import fcntl

        fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        pass
    return True


# Writing


def put_file(path: Path, content: bytes, mode: int, files: Files) -> None:
    """Put a file in its place, if others, which this process holds, are as they were.

    Raises
    ------
    LeftAloneError
        One is not; nothing was changed.
    OSError
        The disk is full or not writable; nothing was changed.
    """
    temporary = write_beside(path, content, mode)
    try:
        check_unchanged(files)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_beside(path: Path, content: bytes, mode: int) -> Path:
    """Write a file under another name, through to the disk; what a killed process left of one goes."""
    remove_unfinished(path.parent, {path.stem})
    temporary = path.with_name(sealing_name(path.stem))
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            temporary.chmod(mode)
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def remove_unfinished(folder: Path, stems: Collection[str]) -> None:
    """Remove what killed processes left of files that they wrote; whoever calls this holds the files of these names."""
    for path in [*folder.iterdir()]:
        if any(is_sealing_name(path.name, stem) for stem in stems):
            path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last. Where folders cannot be synced, that is left to the system."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def is_same_line(line: Line, written: Line) -> bool:
    """Whether a line reads back from a segment as it was."""
    if line.number != written.number or (line.record is None) != (written.record is None):
        return False
    if written.raw or line.record is None or written.record is None:
        return line.raw == written.raw
    return record_form(line.record) == record_form(written.record)
