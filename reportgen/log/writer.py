"""Appends records to a journal, one unbuffered `write` a record.

What `append` returned for survives `kill -9`: the bytes are with the kernel. With
`durability="disk"` they are on the disk. A disk that fails never raises here (unless `strict`):
it warns once, the lost record leaves a hole in the sequence numbers, and the next record that can be written
says how many were lost.
A forked child never writes into its parent's journal: it opens one of its own.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import threading
import time
import warnings
from pathlib import Path
from typing import Any, Literal

import msgspec

from reportgen.log.layout import blob_path, journal_path
from reportgen.records import LOG_FORMAT, LogStart, Record

Durability = Literal["process", "disk"]

_SURROGATE = re.compile("[\\ud800-\\udfff]")


def _to_plain(value: Any) -> str:
    """Turn a subclass of `str`, such as NumPy's, into text."""
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be recorded")


_encode = msgspec.json.Encoder(enc_hook=_to_plain).encode


def now_us() -> int:
    """Whole microseconds since the epoch, UTC."""
    return time.time_ns() // 1000


def encode_line(record: Record) -> bytes:
    """Give the record's line, with its newline. Lone surrogates, which UTF-8 cannot hold, become U+FFFD."""
    try:
        return _encode(record) + b"\n"
    except UnicodeEncodeError:
        return _encode(_scrub(msgspec.to_builtins(record, enc_hook=_to_plain))) + b"\n"


def _scrub(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_scrub(item) for item in value]
    if isinstance(value, dict):
        return {_scrub(key): _scrub(item) for key, item in value.items()}
    return value


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
        self, log_dir: Path, run_id: str, writer: str, *, durability: Durability = "process", strict: bool = False
    ) -> None:
        self.log_dir = log_dir
        self.run_id = run_id
        self.durability = durability
        self.strict = strict
        self._open_as(writer)

    def _open_as(self, writer: str) -> None:
        self.writer = writer
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._descriptor: int | None = None
        self._seq = 0
        self._torn = False
        self.n_lost = 0

    def append(self, kind: type[Record], **fields: Any) -> None:
        """Write one record of this kind; `ts` and `seq` are filled in here.

        Raises
        ------
        OSError
            The disk failed and the journal is `strict`.
        """
        if os.getpid() != self._pid:  # before taking the lock, which another thread may have held at the fork
            self._open_as(new_writer())
        with self._lock:
            if self._seq == 0:
                self._write(LogStart(ts=now_us(), seq=0, format=LOG_FORMAT, run=self.run_id, writer=self.writer))
            self._write(kind(ts=now_us(), seq=self._seq, lost=self.n_lost, **fields))

    def _write(self, record: Record) -> None:
        line = encode_line(record)
        self._seq += 1
        try:
            self._write_bytes(line)
        except OSError as error:
            self.report_loss(error)

    def report_loss(self, error: OSError) -> None:
        """Count one lost record or file, and warn if it is the first.

        Raises
        ------
        OSError
            The journal is `strict`.
        """
        if self.strict:
            raise error
        self.n_lost += 1
        if self.n_lost == 1:
            message = (
                f"reportgen could not write to {self.log_dir / self.run_id}: {error}; the job goes on, records are lost"
            )
            with contextlib.suppress(RuntimeWarning):  # where warnings are errors, the job goes on all the same
                warnings.warn(message, RuntimeWarning, stacklevel=2)

    def _write_bytes(self, line: bytes) -> None:
        if self._descriptor is None:
            path = journal_path(self.log_dir, self.run_id, self.writer)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(
                path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o644
            )
        if self._torn:
            line = b"\n" + line  # ends what a full disk cut short, so that only that record is bad
        n_written = os.write(self._descriptor, line)
        self._torn = n_written < len(line)
        if self._torn:
            raise OSError(f"only {n_written} of {len(line)} bytes fitted on the disk")
        if self.durability == "disk":
            os.fsync(self._descriptor)

    def add_blob(self, content: bytes, extension: str) -> str:
        """Keep a file's content beside the journal and give its name, `<sha256>.<extension>`.

        Written to a temporary name and renamed, so a blob is there in whole or not at all.
        """
        blob = f"{hashlib.sha256(content).hexdigest()}.{extension}"
        path = blob_path(self.log_dir, self.run_id, blob)
        try:
            if not path.exists():
                _write_atomically(path, content, fsync=self.durability == "disk")
        except OSError as error:
            self.report_loss(error)
        return blob

    def close(self) -> None:
        """Close the file. A later `append` opens it again."""
        with self._lock:
            if self._descriptor is not None and os.getpid() == self._pid:
                os.close(self._descriptor)
            self._descriptor = None


def _write_atomically(path: Path, content: bytes, *, fsync: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            if fsync:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def new_writer() -> str:
    """Name a further writer of a run: unique without asking anybody."""
    return secrets.token_hex(6)
