"""Answers browsers from the folder of a site, in a process of its own, so that a build never makes a reader wait.

Only GET and HEAD, only plain files that the manifest of the site lists, no folder and no link. A request has to come
under an address of this machine, or a name that is known to be its own: else a page of another site could read the
reports through a name that it lets lead here (DNS rebinding). Files are for pages of this server alone.

Visible pages wait for the next state of the site with one request that is answered when it comes. It is no stream of
events: browsers keep six connections to a server, and a seventh open page would load nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import json
import os
import signal
import socket
import stat
import threading
import urllib.parse
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from reportgen import urls
from reportgen.datafolders import find_data_folder
from reportgen.live.pages import FILE_POLICY, PREFIX, SCRIPT, STYLE, WAIT, follow, make_note, root_links
from reportgen.publish import Manifest
from reportgen.publish.manifest import NO_FILES

_LONGEST_WAIT_S = 25.0
_IDLE_S = 75.0
_MOST_PATH = 2_000
_LOOPBACK_NAMES = frozenset({"localhost", "localhost."})
_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "json": "application/json",
    "xml": "application/xml",
    "csv": "text/csv; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
}


class State(NamedTuple):
    """What pages are told.

    Attributes
    ----------
    build
        Names the state of the site that is in the folder; empty while there is none.
    note
        What readers should know, for people; mostly empty.
    """

    build: str
    note: str = ""


class _Board:
    """The state, for those who wait for the next one."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._changed = threading.Condition()

    def post(self, state: State) -> None:
        with self._changed:
            self.state = state
            self._changed.notify_all()

    def wait(self, known: State, seconds: float) -> State:
        """Wait until the state is another one, at most so long, and give it."""
        with self._changed:
            self._changed.wait_for(lambda: self.state != known, seconds)
            return self.state


class Place(NamedTuple):
    """What is served: the folder of the site, under which host, and whether other machines can reach it."""

    folder: Path
    host: str
    is_open: bool


def run_server(listener: socket.socket, states: Connection, own_end: Connection, place: Place) -> None:
    """Serve until the other end of `states` is gone; the process that gets Ctrl-C is the other one."""
    own_end.close()  # else it would not be seen to be gone
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = _Server(listener, place)
    threading.Thread(target=server.serve_forever, name="serve", daemon=True).start()
    with contextlib.suppress(EOFError, OSError):
        while True:
            state = State(*states.recv())
            server.manifest = Manifest.read(place.folder) or NO_FILES
            server.board.post(state)
    os._exit(0)  # whoever waits for the next state would hold it up


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, listener: socket.socket, place: Place) -> None:
        super().__init__(("", 0), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_address = listener.getsockname()
        self.place = place
        self.root = place.folder.absolute()
        self.manifest = NO_FILES
        self.board = _Board(State(""))

    def handle_error(self, *_: object) -> None:
        """Say nothing: a browser that hangs up is no error."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = _IDLE_S
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _refuse_method(self) -> None:
        self.close_connection = True  # a body may follow
        self._send(HTTPStatus.METHOD_NOT_ALLOWED, b"only GET and HEAD\n", {"Allow": "GET, HEAD"})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):  # of any other method
            return self._refuse_method
        raise AttributeError(name)

    def version_string(self) -> str:
        return "reportgen"

    def log_message(self, *_: object) -> None:
        """Say nothing: the terminal is for builds."""

    def _answer(self) -> None:
        if not is_own_host(self.headers.get("Host", ""), self.server.place):
            self._send(HTTPStatus.MISDIRECTED_REQUEST, b"this server does not go by that name\n")
            return
        path, _, query = self.path.partition("?")
        if path == WAIT:
            self._wait(query)
        elif path in (SCRIPT, STYLE):
            folder = find_data_folder("templates")
            own = folder / "live" / "live.js" if path == SCRIPT else folder / "static" / "report.css"
            self._send(HTTPStatus.OK, own.read_bytes(), {"Content-Type": _type_of(own.name)})
        elif path == "/favicon.ico":  # browsers ask for one whatever a page says
            self._send(HTTPStatus.NO_CONTENT, b"")
        elif path.startswith(PREFIX):
            self._send(HTTPStatus.NOT_FOUND, b"no such file\n")
        else:
            self._send_file(path)

    def _wait(self, query: str) -> None:
        if self.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            self._send(HTTPStatus.FORBIDDEN, b"for pages of this server alone\n")
            return
        asked = urllib.parse.parse_qs(query, keep_blank_values=True)
        known = State(asked.get("build", [""])[0], asked.get("note", [""])[0])
        state = self.server.board.wait(known, _LONGEST_WAIT_S)
        content = json.dumps(state._asdict()).encode()
        self._send(HTTPStatus.OK, content, {"Content-Type": _TYPES["json"], "Cache-Control": "no-store"})

    def _send_file(self, path: str) -> None:
        build, note = self.server.board.state  # before the file is read, which may be newer but never older
        if not build:
            page = make_note("No site yet", note or "It is being built, and shows here when it is there.")
            self._send_page(HTTPStatus.SERVICE_UNAVAILABLE, page, "")
            return
        url = find_url(path)
        is_listed = url == urls.MANIFEST or url in self.server.manifest
        content = read_plain_file(self.server.root, url) if is_listed else None
        if content is None:
            missing = read_plain_file(self.server.root, urls.NOT_FOUND)
            page = root_links(missing) if missing else make_note("There is no page here", "The overview leads on.")
            self._send_page(HTTPStatus.NOT_FOUND, page, build)
        elif url.endswith(".html"):
            self._send_page(HTTPStatus.OK, content, build)
        else:
            headers = {"Content-Type": _type_of(url), "Content-Security-Policy": FILE_POLICY}
            self._send_tagged(HTTPStatus.OK, content, headers)

    def _send_page(self, status: HTTPStatus, page: bytes, build: str) -> None:
        content, policy = follow(page, build)
        self._send_tagged(status, content, {"Content-Type": _TYPES["html"], "Content-Security-Policy": policy})

    def _send_tagged(self, status: HTTPStatus, content: bytes, headers: Mapping[str, str]) -> None:
        tag = f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'
        if status == HTTPStatus.OK and self.headers.get("If-None-Match") == tag:
            status, content = HTTPStatus.NOT_MODIFIED, b""
        self._send(status, content, {**headers, "ETag": tag})

    def _send(self, status: HTTPStatus, content: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        said = {
            "Content-Type": _TYPES["txt"],
            "Content-Security-Policy": FILE_POLICY,
            "Cache-Control": "no-cache",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            **(headers or {}),
        }
        for name, value in said.items():
            self.send_header(name, value)
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()


def _type_of(name: str) -> str:
    return _TYPES.get(name.rpartition(".")[2], "application/octet-stream")


def is_own_host(host: str, place: Place) -> bool:
    """Whether the `Host` of a request is one by which this server is known."""
    try:
        name = urllib.parse.urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(name)
        return place.is_open or address.is_loopback
    known = (
        {place.host.lower(), socket.gethostname().lower(), socket.getfqdn().lower()} if place.is_open else set[str]()
    )
    return name in _LOOPBACK_NAMES | known


def find_url(path: str) -> str:
    """Give the address of the file of the site that the path of a request means; nothing when it means none."""
    if not path.startswith("/") or len(path) > _MOST_PATH:
        return ""
    try:
        text = urllib.parse.unquote(path, errors="strict")
    except UnicodeDecodeError:
        return ""
    text = text.removeprefix("/")
    if not text or text.endswith("/"):
        text += "index.html"
    parts = text.split("/")
    is_plain = all(part and not part.startswith(".") and part.isprintable() for part in parts)
    return text if is_plain and not set(text) & set('\\:*?"<>|') else ""


def read_plain_file(root: Path, url: str) -> bytes | None:
    """Read a plain file below a folder; no link is followed."""
    path = root
    try:
        for part in url.split("/"):
            path /= part
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                return None
        return path.read_bytes() if stat.S_ISREG(mode) else None
    except (OSError, ValueError):
        return None
