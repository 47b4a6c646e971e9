"""Carries records from this machine to an object store.

Objects cannot be appended to. So a run whose log directory is a URL is recorded in a folder of this machine, as any run
is: at the same cost, and safe when its process is killed. From there its journals are sent in parts, which are journals
themselves: they repeat the line that says whose they are. The last part of a journal is sent again as it grows; a part
of 1 MB is full. What a killed process, or a store that did not answer, left behind is sent by the next process of this
machine that records to the same place.

    <state>/outbox/<digest of the place>/<run>/<writer>.jsonl     a journal
    <state>/outbox/<digest of the place>/<run>/blobs/<name>       images and files by content
    <state>/outbox/<digest of the place>/<run>/.sent              what of these the store has; locked by who sends

    <place>/<run>/<writer>.part-00001.jsonl                       in the store

A process sends all that it finds there. One that was forked from a process that sends does not.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import platformdirs

from reportgen.errors import OutputError, ReportgenError, warn_caller
from reportgen.log.layout import BLOB_DIR, BLOB_NAME, JOURNAL_SUFFIX
from reportgen.remote import check_url, digest_of_place, explaining, open_store, plain_url

if TYPE_CHECKING:
    from reportgen.remote import Store

_PART_BYTES = 1_000_000
_INTERVAL_S = 10.0  # from one look at what is new to the next
_SENT = ".sent"
_OPENING = b'{"kind":"log"'


class Outbox:
    """What this machine records to one place in an object store.

    Parameters
    ----------
    url
        The place.

    Raises
    ------
    InputError
        The URL cannot be that of a log directory.
    """

    def __init__(self, url: str) -> None:
        check_url(url)
        self.shown = plain_url(url)
        self.folder = platformdirs.user_state_path("reportgen") / "outbox" / digest_of_place(url)
        self._url = url
        self._store: Store | None = None

    def _open(self) -> Store:
        self._store = self._store or open_store(self._url)
        return self._store

    def run_ids(self) -> list[str]:
        """Give the runs of which something is here."""
        try:
            return sorted(entry.name for entry in os.scandir(self.folder) if entry.is_dir())
        except OSError:
            return []

    def knows(self, run_id: str) -> bool:
        """Whether something of a run is here or in the store.

        Raises
        ------
        InputError
            The store cannot be read.
        """
        if (self.folder / run_id).is_dir():
            return True
        store = self._open()
        from pyarrow.fs import FileSelector

        with explaining(self.shown):
            return bool(store.files.get_file_info(FileSelector(store.path(run_id), allow_not_found=True)))

    def send(self, run_id: str, *, wait: bool = True) -> None:
        """Send what is new of a run, and clear away what is sent and written by nobody any longer.

        Parameters
        ----------
        wait
            Whether to wait while another process sends it.

        Raises
        ------
        ReportgenError
            The store cannot be written, or the folder cannot; what was not sent stays.
        """
        folder = self.folder / run_id
        try:
            with _hold(folder, wait) as sent, contextlib.ExitStack() as stack:
                if sent is None:
                    return
                paths = sorted(path for path in folder.iterdir() if path.suffix == JOURNAL_SUFFIX)
                journals = {path: stack.enter_context(path.open("r+b")) for path in paths}
                are_closed = {path: _is_closed(journal) for path, journal in journals.items()}
                self._send_blobs(folder, sent)
                for path, journal in journals.items():
                    self._send_journal(path, journal, sent, is_closed=are_closed[path])
                if all(are_closed.values()):
                    _clear(folder, paths, sent)
        except FileNotFoundError:
            return  # nothing was recorded, or another process has sent it
        except OSError as error:
            message = f"{error.filename or folder} cannot be read or written ({error.strerror or error})"
            hint = "what is there is sent by the next process that records to the same place"
            raise OutputError(message, hint=hint, slug="outbox-failed") from error

    def _send_blobs(self, folder: Path, sent: _Sent) -> None:
        for path in sorted((folder / BLOB_DIR).glob("*")):
            if BLOB_NAME.fullmatch(path.name) and path.name not in sent.blobs:
                self._put(f"{folder.name}/{BLOB_DIR}/{path.name}", path.read_bytes())
                sent.blobs.append(path.name)
                sent.write()

    def _send_journal(self, path: Path, journal: BinaryIO, sent: _Sent, *, is_closed: bool) -> None:
        opening = journal.readline()
        number, start, end = sent.parts.get(path.stem, (1, 0, 0))
        while True:
            journal.seek(start)
            text = journal.read(_PART_BYTES)
            if not text.endswith(b"\n"):
                text += journal.readline()
            if not text.endswith(b"\n") and not is_closed:
                text = text[: text.rfind(b"\n") + 1]  # the rest is being written
            if start + len(text) <= end:
                return
            head = opening if start and opening.startswith(_OPENING) else b""
            self._put(f"{path.parent.name}/{path.stem}.part-{number:05}{JOURNAL_SUFFIX}", head + text)
            end = start + len(text)
            if len(text) >= _PART_BYTES:
                number, start = number + 1, end
            sent.parts[path.stem] = number, start, end
            sent.write()

    def _put(self, name: str, content: bytes) -> None:
        store = self._open()
        with explaining(self.shown, OutputError), store.files.open_output_stream(store.path(name)) as stream:
            stream.write(content)


class _Sent:
    """What the store has of a run. When that is lost, all is sent again, under the same names.

    Attributes
    ----------
    parts
        By writer: the number of its last part, and between which bytes of the journal that lies.
    blobs
        Names of files.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.parts: dict[str, tuple[int, int, int]] = {}
        self.blobs: list[str] = []
        file.seek(0)
        with contextlib.suppress(ValueError, TypeError, KeyError):
            said = json.loads(file.read())
            parts = {str(writer): (int(n), int(start), int(end)) for writer, (n, start, end) in said["parts"].items()}
            self.parts, self.blobs = parts, [*map(str, said["blobs"])]

    def write(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._file.write(json.dumps({"parts": self.parts, "blobs": self.blobs}).encode())
        self._file.flush()


@contextlib.contextmanager
def _hold(folder: Path, wait: bool) -> Iterator[_Sent | None]:
    """Keep other processes from sending a run meanwhile; `None` when one is at it, or has cleared it away."""
    descriptor = os.open(folder / _SENT, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield None
            return
        except (ImportError, OSError):
            pass  # no locks here: two that send write the same
        yield _Sent(file) if os.fstat(file.fileno()).st_nlink else None


def _is_closed(journal: BinaryIO) -> bool:
    """Whether nobody has a journal open, which is kept so until the file is closed. Without locks nobody can tell."""
    try:
        import fcntl

        if not os.fstat(journal.fileno()).st_size:
            return False  # it was made just now, and is locked before anything is written
        fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True


def _clear(folder: Path, journals: list[Path], sent: _Sent) -> None:
    """Remove what was sent of a run; what was added meanwhile stays."""
    blobs = [folder / BLOB_DIR / name for name in sent.blobs]
    for path in (*journals, *blobs, folder / _SENT):
        path.unlink(missing_ok=True)
    for empty in (folder / BLOB_DIR, folder):
        with contextlib.suppress(OSError):
            empty.rmdir()


class Sender:
    """Sends what is in an outbox now and then, when it is asked to, and when Python exits.

    Parameters
    ----------
    outbox
        What it sends.
    strict
        Raise when the store cannot be written, instead of warning once.
    before_exit
        Is called before the last time.
    """

    def __init__(self, outbox: Outbox, *, strict: bool, before_exit: Callable[[], None]) -> None:
        self.outbox = outbox
        self._strict = strict
        self._before_exit = before_exit
        self._has_warned = False
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._process = os.getpid()
        import pyarrow.fs  # noqa: F401 — which registers what ends its clients at exit: after the last time we send

        atexit.register(self.finish)
        self._thread = threading.Thread(target=self._send_now_and_then, name="reportgen-sender", daemon=True)
        self._thread.start()

    @property
    def folder(self) -> str:
        """Where to record what is to be sent."""
        return str(self.outbox.folder)

    def send(self, run_id: str) -> None:
        """Send what was recorded of a run until now.

        Raises
        ------
        ReportgenError
            The store cannot be written, and the sender is strict.
        """
        if os.getpid() != self._process:
            return  # a fork, whose parent sends
        try:
            with self._lock:
                self.outbox.send(run_id)
        except ReportgenError as error:
            if self._strict:
                raise
            self._warn(error)

    def finish(self) -> None:
        """Send all that is there, for the last time."""
        if os.getpid() != self._process:
            return
        atexit.unregister(self.finish)
        self._before_exit()
        self._stopped.set()
        self._thread.join()
        for run_id in self.outbox.run_ids():
            self.send(run_id)

    def _send_now_and_then(self) -> None:
        while not self._stopped.is_set():
            for run_id in self.outbox.run_ids():
                try:
                    with self._lock:
                        self.outbox.send(run_id, wait=False)
                except ReportgenError as error:
                    self._warn(error)
                    break
            self._stopped.wait(_INTERVAL_S)

    def _warn(self, error: ReportgenError) -> None:
        if not self._has_warned:
            self._has_warned = True
            stays = f"records stay in {self.outbox.folder}, and the next process that records there sends them"
            with contextlib.suppress(RuntimeWarning):  # where warnings are errors, the job goes on all the same
                warn_caller(f"reportgen could not send what was recorded: {error}; {stays}", RuntimeWarning)


_senders: dict[str, Sender] = {}
_making = threading.Lock()


def open_sender(url: str, *, strict: bool, before_exit: Callable[[], None]) -> Sender:
    """Give the sender of this process to a place; a fork has that of its parent.

    Raises
    ------
    InputError
        The URL cannot be that of a log directory.
    """
    with _making:
        key = digest_of_place(url)
        if key not in _senders:
            _senders[key] = Sender(Outbox(url), strict=strict, before_exit=before_exit)
        return _senders[key]


def close_senders() -> None:
    """Send all that is there, as when Python exits."""
    with _making:
        for key in [*_senders]:
            _senders.pop(key).finish()


def _begin_anew_in_child() -> None:
    global _making  # noqa: PLW0603 — a thread that the child does not have may have held it
    _making = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew_in_child)
