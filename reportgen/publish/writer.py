"""Writes the files of a site into the folder that it is made in."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Any

import msgspec

from reportgen.publish.disk import not_shared
from reportgen.publish.manifest import NO_FILES, FileFacts, Manifest
from reportgen.urls import MANIFEST

WrittenFile = tuple[str, str, int]  # address, SHA-256 in hex, size in bytes


def write_file(folder: Path, url: str, content: bytes) -> WrittenFile:
    """Write one file of a site, in any process. What a worker that died left of it is written again.

    Parameters
    ----------
    folder
        `SiteWriter.folder`.
    url
        The file's address in the site.

    Returns
    -------
    tuple
        Address, SHA-256 and size: what `SiteWriter.add` takes.

    Raises
    ------
    ValueError
        The address leads out of the site.
    OutputError
        The folder is not there.
    OSError
        The disk failed; the error names the file.
    """
    path = folder / check_url(url)
    try:
        _write(folder, url, content)
    except OSError as error:  # one of a full disk names no file
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    return url, hashlib.sha256(content).hexdigest(), len(content)


def _write(folder: Path, url: str, content: bytes) -> None:
    try:
        file = _open_new(folder, url)
    except FileExistsError:
        path = folder / url
        if path.read_bytes() == content:
            return
        path.unlink()  # another process may still write into it, and must not into the one that is made now
        file = _open_new(folder, url)
    with file:
        file.write(content)


def _open_new(folder: Path, url: str) -> IO[bytes]:
    try:
        return (folder / url).open("xb")
    except FileNotFoundError:
        make_parents(folder, url)
        return (folder / url).open("xb")


def make_parents(folder: Path, url: str) -> None:
    """Make the folders that an address is in, but never the one of the site: when that is gone, its build is, too.

    Raises
    ------
    OutputError
        The folder is not there.
    """
    try:
        for parent in reversed(PurePosixPath(url).parents[:-1]):
            (folder / parent).mkdir(exist_ok=True)
    except FileNotFoundError as error:
        raise not_shared(folder) from error


def check_url(url: str) -> str:
    """Give an address as it is if it is one of a file of a site; `ValueError` if it leads out of the site."""
    if url == MANIFEST or not {"", ".", ".."}.isdisjoint(url.split("/")):
        raise ValueError(f"not an address to write: {url}")
    return url


class _Files(Mapping[str, FileFacts]):
    """Facts of files by address. A site may have more than 100,000, so digests and sizes are kept as bytes."""

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}

    def add(self, url: str, sha256: bytes, n_bytes: int) -> None:
        if url in self._packed:
            raise ValueError(f"written twice: {url}")
        self._packed[url] = sha256 + n_bytes.to_bytes(8, "big")

    def __getitem__(self, url: str) -> FileFacts:
        packed = self._packed[url]
        return packed[:-8].hex(), int.from_bytes(packed[-8:], "big")

    def __contains__(self, url: object) -> bool:
        return url in self._packed

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)


class SiteWriter:
    """Writes the files of a site, or those that change; made by `open_site` and `update_site`.

    Parameters
    ----------
    folder
        Where the files are written, at their addresses.
    old
        The manifest of the files that stay unless they are written or removed.
    """

    def __init__(self, folder: Path, old: Manifest = NO_FILES) -> None:
        self.folder = folder
        self.manifest: Manifest | None = None
        self._files = _Files()
        self._parts: list[bytes] = []  # of what was written: half as large as in `_files`
        self._old = old
        self._removed: set[str] = set()

    @property
    def files(self) -> Mapping[str, FileFacts]:
        """The files that were written, by address.

        Raises
        ------
        ValueError
            An address was written twice.
        """
        while self._parts:
            for url, sha256, n_bytes in msgspec.msgpack.decode(self._parts.pop(), type=list[tuple[str, bytes, int]]):
                self._files.add(url, sha256, n_bytes)
        return self._files

    def write(self, url: str, content: bytes) -> None:
        """Write one file at an address of the site.

        Raises
        ------
        ValueError
            The address leads out of the site.
        OSError
            The disk failed; `open_site` and `update_site` make an `OutputError` of it.
        """
        self.add([write_file(self.folder, url, content)])

    def add(self, files: Iterable[WrittenFile]) -> None:
        """Take note of files that other processes wrote with `write_file`: address, SHA-256 in hex, size.

        Raises
        ------
        ValueError
            An address leads out of the site, or a file has another size.
        OSError
            A file is not there.
        """
        part = []
        for url, sha256, n_bytes in files:
            if (self.folder / check_url(url)).stat().st_size != n_bytes:
                raise ValueError(f"not of {n_bytes} bytes: {url}")
            part.append((url, bytes.fromhex(sha256), n_bytes))
        self._parts.append(msgspec.msgpack.encode(part))

    def remove(self, urls: Iterable[str]) -> None:
        """Take files of the old site away, unless they are written, too; those that are not there are let be."""
        self._removed.update(url for url in urls if url in self._old)

    @property
    def gone(self) -> frozenset[str]:
        """The addresses of files of the old site that are there no more."""
        return frozenset(self._removed - self.files.keys())

    def size_below(self, folder: str, suffix: str) -> int:
        """Give the size of the files of the site, as far as it is made, below a folder and with a suffix."""
        stay = self._old.read_files() if len(self._old) else {}
        gone = self.gone
        return sum(
            n_bytes
            for url, (_, n_bytes) in {**stay, **self.files}.items()
            if url.startswith(f"{folder}/") and url.endswith(suffix) and url not in gone
        )

    def write_manifest(self, facts: dict[str, Any]) -> Manifest:
        """Write the list of all files with size and SHA-256, last, and wait until it is on the disk.

        Raises
        ------
        ValueError
            An address was written twice.
        OSError
            The disk failed; `open_site` and `update_site` make an `OutputError` of it.
        """
        self.manifest = self._old.change(facts, self.files, self.gone)
        path = self.folder / MANIFEST
        try:
            write_synced(path, self.manifest.content)
        except OSError as error:
            raise OSError(error.errno, error.strerror, os.fspath(path)) from error
        return self.manifest


def write_synced(path: Path, content: bytes) -> None:
    """Write a file through to the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
