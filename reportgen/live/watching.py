"""Says when something changed below some folders: at once where the system tells, by looking again and again elsewhere.

The system tells through `watchfiles` where that is installed. Network file systems tell nothing of what other machines
write, and a folder that is removed and made anew is another one; so there is a look now and then in any case.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from reportgen.errors import InputError
from reportgen.log.find import FoundFile, scan_logs
from reportgen.log.layout import BLOB_DIR

_STEP_MS, _DEBOUNCE_MS, _TIMEOUT_MS = 20, 100, 200
_LOOK_S = 0.25  # between looks where the system tells nothing
_NET_S = 3.0  # where it does
_SHARE = 10  # a look takes at most one part in so many of the time

Look = dict[str, object]
Watch = Callable[..., Iterator[set[Any]]]


class Watcher:
    """Waits for changes of logs and other files.

    Attributes
    ----------
    way
        How, for people.
    """

    def __init__(self, log_dirs: Sequence[Path], others: Sequence[Path] = ()) -> None:
        """Take the log directories, and the folders and files beside them that matter, which need not be there."""
        self._log_dirs = log_dirs
        self._others = others
        self._events: Iterator[set[Any]] = iter(())
        self._roots: list[tuple[int, int]] = []
        self._watch = _find_watch()
        self._last = self._look()
        self._cost_s = 0.0

    @property
    def way(self) -> str:
        return "watchfiles" if self._watch else "polling"

    def wait(self, seconds: float) -> bool:
        """Wait for a change, at most so long; say whether there was one since the last call."""
        end = time.monotonic() + seconds
        while True:
            if self._has_changed():
                return True
            left = end - time.monotonic()
            if left <= 0:
                return False
            pause = max(_NET_S if self._watch else _LOOK_S, _SHARE * self._cost_s)
            self._pause(min(pause, left))

    def _has_changed(self) -> bool:
        begin = time.perf_counter()
        look = self._look()
        self._cost_s = time.perf_counter() - begin
        is_new = look != self._last
        self._last = look
        return is_new

    def _look(self) -> Look:
        look: Look = {}
        for folder in self._log_dirs:
            try:
                files = scan_logs(folder)
                look[os.fspath(folder)] = files, [*_iter_blob_times(files)]
            except InputError as error:
                look[os.fspath(folder)] = str(error)
        for path in self._others:
            look[os.fspath(path)] = [*_iter_stamps(path)]
        return look

    def _pause(self, seconds: float) -> None:
        """Sleep, until the system tells of a change if it does."""
        roots = [*self._iter_roots()]
        if not self._watch or not roots or len(roots) < len(self._log_dirs):
            time.sleep(min(seconds, _LOOK_S))
            return
        if roots != self._roots:
            self._roots, self._events = roots, self._open_events(self._watch)
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end and not next(self._events):
                pass
        except (OSError, RuntimeError):  # no more watches to be had
            self._watch = None

    def _open_events(self, watch: Watch) -> Iterator[set[Any]]:
        return watch(
            *(path for path in self._log_dirs if path.is_dir()),
            watch_filter=None,
            step=_STEP_MS,
            debounce=_DEBOUNCE_MS,
            rust_timeout=_TIMEOUT_MS,
            yield_on_timeout=True,
            raise_interrupt=True,
        )

    def _iter_roots(self) -> Iterator[tuple[int, int]]:
        for folder in self._log_dirs:
            with contextlib.suppress(OSError):
                facts = folder.stat()
                yield facts.st_dev, facts.st_ino


def _find_watch() -> Watch | None:
    try:
        from watchfiles import watch
    except ImportError:
        return None
    return watch


def _iter_blob_times(files: Sequence[FoundFile]) -> Iterator[int]:
    for folder in {os.path.dirname(file.path): None for file in files}:  # noqa: PTH120 — a path object takes longer
        with contextlib.suppress(OSError):
            yield os.stat(f"{folder}/{BLOB_DIR}").st_mtime_ns  # noqa: PTH116


def _iter_stamps(path: Path) -> Iterator[tuple[str, int, int]]:
    """Give name, size and time of a file, or of all files of a folder."""
    with contextlib.suppress(OSError):
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            facts = file.stat()
            yield str(file), facts.st_size, facts.st_mtime_ns
