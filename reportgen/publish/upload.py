"""Puts a site into an object store: what differs from the site that is there, and nothing else.

The order is: a note of what is about to change (`upload.json`), files that are new or differ by SHA-256, then what is
gone, then `manifest.json`, then the note goes. So the manifest in the store lists what is there, but for what a note
lists; who finds a note of an upload that was cut short takes the files that it names as unknown, and puts them anew.

A place that holds objects but neither a manifest nor a note of ours is not ours, nor is an object under the name of a
new file that no manifest of ours lists. Stores have no locks: two machines that upload at the same time to one place
end in a mixture, which the next upload with `full` mends.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from reportgen.errors import OutputError
from reportgen.mirror import N_THREADS, Place, Stage, cache_folder, is_safe, list_objects, no_stage
from reportgen.publish.lock import lock_site
from reportgen.publish.manifest import GENERATOR
from reportgen.remote import explaining, open_store
from reportgen.settings import is_url
from reportgen.urls import MANIFEST

NOTE = "upload.json"
_CHUNK = 1 << 20
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".svg": "image/svg+xml",
    ".avif": "image/avif",
    ".webp": "image/webp",
    ".txt": "text/plain; charset=utf-8",
}


class _File(msgspec.Struct, frozen=True):
    sha256: str
    n_bytes: int = msgspec.field(name="bytes")


class _Listed(msgspec.Struct, frozen=True):
    generator: str
    files: dict[str, _File]


class _Note(msgspec.Struct, frozen=True):
    generator: str
    changes: list[str]


@dataclass(frozen=True)
class Uploaded:
    """What an upload did.

    Attributes
    ----------
    url
        The place, as messages show it.
    n_files, n_bytes
        What was put there, but for the manifest.
    n_removed
        How many files are there no more.
    n_left
        How many were there already.
    """

    url: str
    n_files: int
    n_bytes: int
    n_removed: int
    n_left: int


@contextmanager
def hold_remote_site(url: str, inputs: Iterable[Place] = ()) -> Iterator[RemoteSite]:
    """Give the place of a site, and keep other builds of this machine from it meanwhile.

    Raises
    ------
    InputError, OutputError
        As from `RemoteSite`; or the cache cannot be written.
    """
    folder = cache_folder("sites", url) / "site"
    with lock_site(folder):
        yield RemoteSite(url, folder, inputs)


class RemoteSite:
    """The place of a site in an object store. Making one looks at what is there.

    Parameters
    ----------
    url
        The place.
    folder
        Where its site is built; it stays, so that the next build goes on from it.
    inputs
        What the site is built from: no log directory may be within the place, or around it.

    Raises
    ------
    InputError
        The URL cannot be used.
    OutputError
        The store cannot be read, or the place is not ours.
    """

    def __init__(self, url: str, folder: Path, inputs: Iterable[Place] = ()) -> None:
        self.folder = folder
        self._store = open_store(url)
        self._refuse_overlap(inputs)
        manifest, note = self._read(MANIFEST), self._read(NOTE)
        self._manifest_digest = hashlib.sha256(manifest or b"").hexdigest()
        listed, noted = _decode(manifest, _Listed), _decode(note, _Note)
        files = listed.files if listed else {}
        self._files: dict[str, str] = {url: file.sha256 for url, file in files.items() if is_safe(url)}
        self._unsure: set[str] = {*filter(is_safe, noted.changes)} if noted else set()
        self._is_noted = noted is not None
        if listed is None:
            self._refuse_foreign(manifest)

    def _read(self, name: str) -> bytes | None:
        files, path = self._store.files, self._store.path(name)
        with (
            suppress(FileNotFoundError),
            explaining(self._store.url, OutputError),
            files.open_input_stream(path) as file,
        ):
            return bytes(file.read())
        return None

    def _refuse_overlap(self, inputs: Iterable[Place]) -> None:
        for place in inputs:
            if not is_url(place):
                continue
            logs = open_store(str(place))
            one, other = f"{logs.base}/", f"{self._store.base}/"
            is_same = logs.files.equals(self._store.files) and one == other  # a site, of which the runs are kept
            if (
                logs.files.equals(self._store.files)
                and not is_same
                and (one.startswith(other) or other.startswith(one))
            ):
                what = f"{self._store.url} and the log directory {logs.url} are within each other"
                raise OutputError(what, hint="give a place beside the logs", slug="output-in-logs")

    def _refuse_foreign(self, manifest: bytes | None) -> None:
        objects = {*list_objects(self._store)} - {NOTE, MANIFEST} - self._unsure
        if objects or manifest is not None:
            raise self._foreign(sorted(objects) or [MANIFEST])

    def _foreign(self, names: list[str]) -> OutputError:
        shown = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
        what = f"{self._store.url} holds objects that reportgen did not write ({shown})"
        hint = "give an empty place or that of an earlier site; move other objects away first"
        return OutputError(what, hint=hint, slug="foreign-output")

    def upload(self, *, full: bool = False, stage: Stage = no_stage) -> Uploaded:
        """Put the site that was built in the folder there.

        Parameters
        ----------
        full
            Put every file, whatever the manifest in the store says.
        stage
            Begins to show progress, by a label and a number of files.

        Raises
        ------
        OutputError
            The store cannot be written, or an object of others is in the way; the next upload goes on.
        """
        manifest = (self.folder / MANIFEST).read_bytes()
        site = msgspec.json.decode(manifest, type=_Listed).files
        known = {} if full else {url: digest for url, digest in self._files.items() if url not in self._unsure}
        put = sorted(url for url, file in site.items() if known.get(url) != file.sha256)
        gone = sorted((self._files.keys() | self._unsure) - site.keys() - {MANIFEST, NOTE})
        if put or gone or self._is_noted or hashlib.sha256(manifest).hexdigest() != self._manifest_digest:
            self._refuse_obstacles(put)
            self._put_json(NOTE, {"generator": GENERATOR, "changes": [*put, *gone]})
            with stage("Sending", len(put) + len(gone)) as advance:
                self._each(self._put_file, put, advance)
                self._each(self._remove, gone, advance)
            self._put_file(MANIFEST)
            self._remove(NOTE)
        n_bytes = sum(site[url].n_bytes for url in put)
        return Uploaded(self._store.url, len(put), n_bytes, len(gone), len(site) - len(put))

    def _refuse_obstacles(self, put: list[str]) -> None:
        """Refuse to write over objects of others, beside a site; in an empty place there are none."""
        from pyarrow.fs import FileType

        if not self._files:
            return
        found: list[str] = []

        def look(url: str) -> None:
            with explaining(self._store.url, OutputError):
                if self._store.files.get_file_info(self._store.path(url)).type == FileType.File:
                    found.append(url)

        self._each(look, [url for url in put if url not in self._files and url not in self._unsure])
        if found:
            raise self._foreign(sorted(found))

    def _each(
        self, do: Callable[[str], None], urls: list[str], advance: Callable[[int], None] = lambda n: None
    ) -> None:
        pool = ThreadPoolExecutor(N_THREADS, "reportgen-upload")
        try:
            for task in [pool.submit(do, url) for url in urls]:
                task.result()
                advance(1)
        finally:
            pool.shutdown(cancel_futures=True)

    def _put_file(self, url: str) -> None:
        with (self.folder / url).open("rb") as file, explaining(self._store.url, OutputError):
            stream = self._store.files.open_output_stream(self._store.path(url), metadata=metadata_of(url))
            with stream:
                shutil.copyfileobj(file, stream, _CHUNK)

    def _put_json(self, url: str, value: Mapping[str, Any]) -> None:
        with explaining(self._store.url, OutputError):
            stream = self._store.files.open_output_stream(self._store.path(url), metadata=metadata_of(url))
            with stream:
                stream.write(json.dumps(value).encode())

    def _remove(self, url: str) -> None:
        with suppress(FileNotFoundError), explaining(self._store.url, OutputError):
            self._store.files.delete_file(self._store.path(url))


def metadata_of(url: str) -> dict[str, str]:
    """Give the headers with which a store is to serve a file: its type; pages and manifest are asked for each time."""
    suffix = Path(url).suffix
    kind = _TYPES.get(suffix) or mimetypes.guess_type(url, strict=True)[0] or "application/octet-stream"
    return {"Content-Type": kind, **({"Cache-Control": "no-cache"} if suffix == ".html" or url == MANIFEST else {})}


def _decode(content: bytes | None, kind: type[Any]) -> Any:
    """Take JSON that we wrote; `None` for any other."""
    try:
        value = msgspec.json.decode(content or b"", type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return value if value.generator == GENERATOR else None
