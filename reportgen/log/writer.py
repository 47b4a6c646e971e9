"""Appends records to a journal, one unbuffered `write` a record.

What `append` returned for survives `kill -9`: the bytes are with the kernel. With `durability="disk"` they are
on the disk. A disk that fails never raises here (unless `strict`): it warns once, the lost record leaves a hole in
the sequence numbers, and the next record that can be written says how many were lost. The records that a reader
cannot do without, those that begin a journal and a run, are not lost but written as soon as that works again.

A forked child never writes into its parent's journal: it opens one of its own. An open journal has a shared lock, so
that sealing leaves it alone; writing does not depend on it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
import weakref
from os import write
from time import time_ns

from reportgen.errors import warn_caller
from reportgen.jsontext import MANY_RECORDS, encode_text, load_fast_encoder, to_json
from reportgen.log.layout import blob_name, journal_name, segment_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    Durability = Literal["process", "disk"]

LOG_FORMAT = 1  # the format that is written here; `reportgen.records` lists what each version changed

_LOG_OPENING = '{"kind":"log"'
_MOST_TRIES = 20
_OPEN_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def open_line(kind: str, **fields: Any) -> str:
    """Begin the line of a record, to which the journal adds `,"ts":…,"seq":…}`; fields that are `None` are left out.

    Lines are put together by hand so that step code need not load a schema library to start. `reportgen.records` is the
    schema of what is written; tests decode every kind with it.
    """
    present = {name: value for name, value in fields.items() if value is not None}
    return to_json({"kind": kind, **present})[:-1]


class Journal:
    """One writer's open file.

    Parameters
    ----------
    log_dir, run_id
        Where to append; folders are made when the first record comes.
    writer
        Name of the writer, unique within the run.
    durability
        `"disk"` adds an fsync to each record.
    strict
        Raise `OSError` when a record cannot be written, instead of warning once and counting it.
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str],
        run_id: str,
        writer: str,
        *,
        durability: Durability = "process",
        strict: bool = False,
    ) -> None:
        self.log_dir = os.fspath(log_dir)
        self.run_id = run_id
        self.durability = durability
        self.strict = strict
        self._begin_as(writer)
        _journals.add(self)

    def _begin_as(self, writer: str) -> None:
        self._lock = threading.RLock()  # a signal handler may record while its thread does
        self._acquire, self._release = self._lock.acquire, self._lock.release
        self.n_lost = self._n_lost_told = 0
        self._has_warned = False
        self._beginnings: list[tuple[str, int]] = []
        self._take_name(writer)

    def _take_name(self, writer: str) -> None:
        """Go on in a new file."""
        self.writer = writer
        self._descriptor = -1
        self._seq = 0
        self._torn = False
        self.n_lost -= self._n_lost_told
        self._n_lost_told = 0
        opening = open_line("log", format=LOG_FORMAT, run=self.run_id, writer=writer)
        others = [later for later in self._beginnings if not later[0].startswith(_LOG_OPENING)]
        self._beginnings = [(opening, now_us()), *others]
        self._plain_until = 0  # the record from which more than a `write` is needed

    @property
    def path(self) -> str:
        """The file."""
        return os.path.join(self.log_dir, journal_name(self.run_id, self.writer))

    @property
    def size(self) -> int:
        """Bytes in the file; 0 when it is not there."""
        try:
            return os.path.getsize(self.path)
        except OSError:
            return 0

    def append(self, opening: str, rest: str = "") -> None:
        """Write one record; its time and number are filled in here.

        Parameters
        ----------
        opening
            Its line up to there, as `open_line` begins it.
        rest
            What follows it, so that callers need not join the two.

        Raises
        ------
        OSError
            The disk failed and the journal is `strict`.
        """
        self._acquire()
        try:
            seq = self._seq
            if seq < self._plain_until:
                self._seq = seq + 1
                try:
                    line = f'{opening}{rest},"ts":{time_ns() // 1000},"seq":{seq}}}\n'.encode()
                    n_written = write(self._descriptor, line)
                except OSError as error:
                    self.report_loss(error)
                    return
                except UnicodeEncodeError:
                    self._give_back(seq)
                else:
                    if n_written == len(line):
                        return
                    self._torn = True
                    self.report_loss(_torn_error(n_written, line))
                    return
            self._append_with_care(f"{opening}{rest}")
        finally:
            self._release()

    def begin(self, opening: str) -> None:
        """Write a record that readers cannot do without: when the disk fails now, it is written later.

        Raises
        ------
        OSError
            The disk failed and the journal is `strict`.
        """
        with self._lock:
            self._beginnings.append((opening, now_us()))
            self._plain_until = 0
            try:
                self._write_beginnings()
            except OSError as error:
                self._report(error)

    def _append_with_care(self, opening: str) -> None:
        """Write a record when the file is not open yet, or something went wrong before."""
        try:
            self._write_beginnings()
            n_lost = self.n_lost
            self._write(opening if n_lost == self._n_lost_told else f'{opening},"lost":{n_lost}', now_us())
        except OSError as error:
            self._seq += 1  # the hole that shows it
            self.report_loss(error)
            return
        self._n_lost_told = n_lost
        if self._seq > MANY_RECORDS:
            load_fast_encoder()
        if self.durability == "process":
            self._plain_until = MANY_RECORDS if self._seq <= MANY_RECORDS else sys.maxsize

    def _write_beginnings(self) -> None:
        if self._descriptor < 0:
            self._open()
        while self._beginnings:
            beginning = self._beginnings.pop(0)  # a signal handler that records now must not write it too
            try:
                self._write(*beginning)
            except BaseException:
                self._beginnings.insert(0, beginning)
                raise

    def _write(self, opening: str, ts: int) -> None:
        """Write one record; its number is used up only when that worked.

        Raises
        ------
        OSError
            Less than the whole line was written.
        """
        seq = self._seq
        self._seq = seq + 1  # at once: a signal handler that records now takes the next one
        line = _make_line(opening, ts, seq)
        if self._torn:
            line = b"\n" + line  # ends what a full disk cut short, so that only that record is bad
        try:
            n_written = write(self._descriptor, line)
            self._torn = n_written < len(line)
            if self._torn:
                raise _torn_error(n_written, line)
        except OSError:
            self._give_back(seq)
            raise
        if self.durability == "disk":
            os.fsync(self._descriptor)

    def _give_back(self, seq: int) -> None:
        if self._seq == seq + 1:  # else a signal handler has taken the next one
            self._seq = seq

    def _open(self) -> None:
        descriptor = self._open_file()
        if self._is_gone():
            with contextlib.suppress(OSError):
                os.unlink(self.path)
        if not (_lock_shared(descriptor) and os.fstat(descriptor).st_nlink):
            os.close(descriptor)  # it is being sealed or sent just now, or was and is gone
            self._take_name(new_writer())
            descriptor = self._open_file()  # nobody else knows its name
            _lock_shared(descriptor)
        if self._descriptor < 0:
            self._descriptor = descriptor
        else:  # a signal handler that recorded meanwhile has opened it
            os.close(descriptor)

    def _is_gone(self) -> bool:
        """Whether what was written here before is no more, so that what follows would be nobody's."""
        return self._seq > 0 and not self.size and not os.path.exists(segment_path(self.path))

    def _open_file(self) -> int:
        return _create(self.path, _OPEN_FLAGS, 0o644)

    def report_loss(self, error: OSError) -> None:
        """Count one lost record or file, and warn if it is the first trouble.

        Raises
        ------
        OSError
            The journal is `strict`.
        """
        self._plain_until = 0
        self.n_lost += 1
        self._report(error)

    def _report(self, error: OSError) -> None:
        if self.strict:
            raise error
        if not self._has_warned:
            self._has_warned = True
            folder = os.path.join(self.log_dir, self.run_id)
            message = f"reportgen could not write to {folder}: {error}; the job goes on, records are lost"
            with contextlib.suppress(RuntimeWarning):  # where warnings are errors, the job goes on all the same
                warn_caller(message, RuntimeWarning)

    def add_blob(self, content: bytes, extension: str) -> str:
        """Keep a file's content beside the journal and give its name, `<sha256>.<extension>`.

        Written to a temporary name and renamed, so a blob is there in whole or not at all.
        """
        import hashlib

        blob = f"{hashlib.sha256(content).hexdigest()}.{extension}"
        path = os.path.join(self.log_dir, blob_name(self.run_id, blob))
        try:
            if not os.path.exists(path):
                _write_atomically(path, content, fsync=self.durability == "disk")
        except OSError as error:
            with self._lock:
                self.report_loss(error)
        return blob

    def close(self) -> None:
        """Close the file. A later `append` opens it again.

        Raises
        ------
        OSError
            The file was deleted meanwhile, and the journal is `strict`.
        """
        with self._lock:
            self._plain_until = 0
            if self._descriptor >= 0:
                is_gone = not os.fstat(self._descriptor).st_nlink and not os.path.exists(self.path)
                os.close(self._descriptor)
                self._descriptor = -1
                if is_gone:
                    self.report_loss(FileNotFoundError(errno.ENOENT, "its journal was deleted", self.path))

    def _begin_anew_in_child(self) -> None:
        """After a fork: leave the parent's file alone, whatever thread of the parent held the lock."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
        self._begin_as(new_writer())


_journals: weakref.WeakSet[Journal] = weakref.WeakSet()


def _begin_anew_in_child() -> None:
    for journal in list(_journals):
        journal._begin_anew_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew_in_child)


def now_us() -> int:
    """Whole microseconds since the epoch, UTC."""
    return time_ns() // 1000


def new_writer() -> str:
    """Name a further writer of a run: unique without asking anybody."""
    return os.urandom(6).hex()


def _make_line(opening: str, ts: int, seq: int) -> bytes:
    return encode_text(f'{opening},"ts":{ts},"seq":{seq}}}\n')


def _torn_error(n_written: int, line: bytes) -> OSError:
    return OSError(f"only {n_written} of {len(line)} bytes fitted on the disk")


def _lock_shared(descriptor: int) -> bool:
    """Say that a process has the journal open, unless it is being sealed. File systems without locks go without."""
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        pass
    return True


def _create(path: str, flags: int, mode: int) -> int:
    """Open a file of a folder that may have to be made, again and again while another process removes it for empty."""
    for _ in range(_MOST_TRIES):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            return os.open(path, flags, mode)
    return os.open(path, flags, mode)


def _write_atomically(path: str, content: bytes, *, fsync: bool) -> None:
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.{os.urandom(4).hex()}")
    try:
        with open(_create(temporary, _OPEN_FLAGS | os.O_EXCL, 0o666), "wb") as file:
            file.write(content)
            if fsync:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
