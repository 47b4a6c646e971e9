"""Watches logs, builds their site whenever they change, and tells the server.

While a run has no end the site speaks of now, so that one that falls silent comes to be shown as stalled, at the moment
it does; when all have ended it is the site that any build makes. What goes wrong is told on the terminal and on the
pages, and the next change is tried again: logs may go and come back.
"""

from __future__ import annotations

import multiprocessing
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.basis import source_date_us
from reportgen.build import build_site
from reportgen.errors import InputError, OutputError, ReportgenError
from reportgen.live.moments import find_moments, whole_seconds
from reportgen.live.server import Place, State, run_server
from reportgen.live.watching import Watcher
from reportgen.mirror import local_path
from reportgen.options import Options
from reportgen.plan import BuildResult, NoProgress, Progress
from reportgen.publish import Manifest
from reportgen.seen import iter_cache_folders, make_cache_folder
from reportgen.settings import CONFIG_NAME, is_url

_PORTS_TRIED = 20
_LONGEST_WAIT_S = 3600.0
_MIRROR_S = 10.0  # between looks at an object store
_LONGEST_REST_S = 2.0
_NOTHING_YET = frozenset({"no-runs", "no-log-directory"})
_FOLDER = "live"


@dataclass
class Session:
    """A site that follows its logs.

    Attributes
    ----------
    places
        Log directories and sites: folders, and URLs, which are mirrored. None when others build the site, which is then
        served as it is.
    output
        The folder of the site.
    load_options
        Reads the options, which may change meanwhile.
    built
        Is told of each build that changed something, with the seconds it took.
    trouble
        Is told once why none is possible.
    progress
        Shows how far the first build is.
    """

    places: Sequence[Path | str]
    output: Path
    load_options: Callable[[], Options] = Options
    built: Callable[[BuildResult, float], None] = lambda result, seconds: None
    trouble: Callable[[str], None] = lambda reason: None
    progress: Progress = field(default_factory=NoProgress)

    def __post_init__(self) -> None:
        self._name = secrets.token_hex(4)  # tells the states of this session from those of another
        self._n_states = 0
        self._is_first = True
        self._digest = ""
        self._note = ""
        self._is_unfinished = False
        self._due_us: int | None = None

    def refresh(self) -> State:
        """Bring the site up to date, and say in what state it is.

        Raises
        ------
        ReportgenError
            It is the first time, and there is more amiss than that there are no runs yet.
        """
        begin = time.monotonic()
        result, note = None, ""
        try:
            result = self._build()
        except ReportgenError as error:
            if self._is_first and error.slug not in _NOTHING_YET:
                raise
            note = self._explain(error)
        except OSError as error:
            note = f"{error.filename or self.output} cannot be read or written, {error.strerror or error}"
        self._is_first = False
        if note and note != self._note:
            self.trouble(note)
        manifest = Manifest.read(self.output)
        digest = manifest.digest if manifest else ""
        if manifest and digest != self._digest:
            self._n_states += 1
            if result:
                self.built(result, time.monotonic() - begin)
        self._digest, self._note = digest, note
        return State(f"{self._name}-{self._n_states}" if digest else "", note)

    def _build(self) -> BuildResult | None:
        if not self.places:
            return None
        self._due_us = None
        paths = [local_path(place) for place in self.places]
        as_of_us = whole_seconds(_now_us()) if self._is_unfinished and source_date_us() is None else None
        result = build_site(paths, self.output, self.load_options(), progress=self.progress, as_of_us=as_of_us)
        self.progress = NoProgress()
        manifest = Manifest.read(self.output)
        if manifest and source_date_us() is None:
            moments = find_moments(self.output, manifest.facts["as_of_us"], _now_us())
            self._is_unfinished, self._due_us = moments
        return result

    def _explain(self, error: ReportgenError) -> str:
        if error.slug in _NOTHING_YET and not self._digest:
            return f"Waiting for the first run: {error.message}"
        return f"{error}"

    def seconds_left(self) -> float:
        """Say how long there is nothing to do unless something changes."""
        left = _LONGEST_WAIT_S if self._due_us is None else (self._due_us - _now_us()) / 1_000_000
        return max(0.0, min(left, _MIRROR_S) if any(map(is_url, self.places)) else left)

    def follow(self, post: Callable[[State], None]) -> None:
        """Refresh after each change, for ever, and post the states."""
        watcher = self._watch()
        state = State("")
        while True:
            begin = time.monotonic()
            now = self.refresh()
            if now != state:
                post(now)
                if state.build:
                    time.sleep(min(time.monotonic() - begin, _LONGEST_REST_S))  # leaves half of a processor to others
                else:
                    self._warm_up()
            state = now
            watcher.wait(self.seconds_left())

    def _warm_up(self) -> None:
        """Load what the next builds need, after the one that readers wait for; its workers had it, and are gone."""
        if self.places:
            from reportgen.theme import load_theme
            from reportgen.work import warm_up

            with suppress(ReportgenError, OSError):
                warm_up(load_theme(self.load_options().theme))

    def _watch(self) -> Watcher:
        with suppress(InputError):
            theme = self.load_options().theme
            others = [Path(CONFIG_NAME), Path("pyproject.toml"), *([Path(theme).expanduser()] if theme else [])]
        if not self.places:
            return Watcher([], [self.output / "manifest.json"])
        return Watcher([Path(place) for place in self.places if not is_url(place)], others)


def _now_us() -> int:
    return time.time_ns() // 1000


def choose_folder(log_dirs: Sequence[Path]) -> Path:
    """Choose where a live site lies unless that is said: beside the logs with what else is remembered of them.

    Raises
    ------
    OutputError
        No such place can be written.
    """
    for folder in iter_cache_folders([path.resolve() for path in log_dirs]):
        with suppress(OSError):
            make_cache_folder(folder)
            if os.access(folder, os.W_OK):
                return folder / _FOLDER
    raise OutputError("there is no folder for the site", hint="name one with -o", slug="cannot-write")


# Serving


def open_port(host: str, port: int | None, default: int) -> socket.socket:
    """Listen on a port: the one that is asked for, else the next that is free.

    Raises
    ------
    OutputError
        The host is none of this machine.
    """
    first = default if port is None else port
    try:
        family, _, _, _, address = socket.getaddrinfo(host, first, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (OSError, UnicodeError) as error:
        raise _no_host(host, error) from error
    failure: OSError = OSError()
    for number in [*range(first, min(first + _PORTS_TRIED, 65_536)), 0]:
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            if os.name != "nt":  # there it would let two servers have one port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address[0], number))
            listener.listen(64)
        except OSError as error:
            listener.close()
            failure = error
        else:
            return listener
    raise _no_host(host, failure) from failure


def _no_host(host: str, error: Exception) -> OutputError:
    reason = getattr(error, "strerror", None) or str(error)
    hint = "leave --host out to serve this machine alone"
    return OutputError(f"cannot listen on {host} ({reason})", hint=hint, slug="cannot-listen")


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this machine can reach it."""
    address = str(listener.getsockname()[0])
    return address == "::1" or address.startswith("127.")


@contextmanager
def serving(listener: socket.socket, folder: Path, host: str) -> Iterator[Callable[[State], None]]:
    """Serve a folder meanwhile, from a process of its own; gives what tells it of a new state."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    place = Place(folder, host, not is_loopback(listener))
    process = multiprocessing.Process(target=run_server, args=(listener, receiver, sender, place), daemon=True)
    process.start()
    receiver.close()
    listener.close()
    try:
        yield lambda state: sender.send(tuple(state))
    finally:
        sender.close()
        process.terminate()
        process.join(5)
