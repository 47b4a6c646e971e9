"""The manifest of a site: every file but itself, with size and SHA-256, as `manifest.json`.

It is plain JSON, the facts first, with one file a line, sorted by address:

    {
     "generator": "reportgen",
     "format": 1,
     "files": {
      "404.html": {"sha256": "36d8…", "bytes": 2876},
      "index.html": {"sha256": "09be…", "bytes": 5104}
     }
    }

A site may have more than 100,000 files, so the lines are kept as the bytes they are: an address is found by bisecting,
and a changed manifest is put together from pieces of the old one. Only a manifest of another form is read as JSON.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from reportgen.errors import InputError
from reportgen.formats import check_data_format
from reportgen.urls import MANIFEST

GENERATOR = "reportgen"
SITE_FORMAT = 1

FileFacts = tuple[str, int]  # SHA-256 in hex, and size in bytes

_FILES = b' "files": {\n'
_END = b"\n }\n}\n"
_UNSAFE = re.compile(r'[\\:*?"<>|]')
_LARGE = re.compile(rb'"bytes": ([0-9]{8,})\}')
_MIDDLE = b'": {"sha256": "'  # within a JSON string, a quote has a backslash before it: this is never within an address


class _ListedFile(msgspec.Struct, frozen=True, gc=False):
    sha256: str
    n_bytes: int = msgspec.field(name="bytes")


class _Listed(msgspec.Struct, frozen=True):
    generator: str
    files: dict[str, _ListedFile]


class _ListedSize(msgspec.Struct, frozen=True, gc=False):
    n_bytes: int = msgspec.field(name="bytes")


class _ListedSizes(msgspec.Struct, frozen=True):
    files: dict[str, _ListedSize]


class Manifest:
    """The list of the files of a site; made by `read` and `change`.

    Parameters
    ----------
    facts
        What is said before the files: `generator`, `format`, and what the build adds.
    lines
        The file in pieces from the first line of a file to the last, each line with `,` and a line feed at its end.
    """

    def __init__(self, facts: Mapping[str, Any], lines: Sequence[bytes | memoryview] = ()) -> None:
        said = "".join(f" {_to_json(name)}: {_to_json(value)},\n" for name, value in facts.items())
        head = b"{\n" + said.encode() + _FILES
        last = [lines[-1][:-2]] if lines else []
        self._take(facts, b"".join([head, *lines[:-1], *last, _END]), len(head))

    def _take(self, facts: Mapping[str, Any], content: bytes, start: int) -> None:
        self.facts = dict(facts)
        self.content = content
        self._start = start
        stop = len(content) - len(_END)
        self._stop = stop + 1 if start < stop else start  # the last line ends with the line feed of the end

    @classmethod
    def read(cls, folder: Path) -> Manifest | None:
        """Read the manifest of the site in a folder; `None` when there is none of ours."""
        try:
            return cls.parse((folder / MANIFEST).read_bytes())
        except OSError:
            return None

    @classmethod
    def parse(cls, content: bytes) -> Manifest | None:
        """Take the content of such a file; `None` when it is none of ours."""
        try:
            manifest = cls._parse(content) or cls._parse_any(content)
        except ValueError:
            return None
        return manifest if manifest.facts.get("generator") == GENERATOR else None

    @classmethod
    def _parse(cls, content: bytes) -> Manifest | None:
        """Take a manifest of our form as it is; `None` when it is of another."""
        start = content.find(b"\n" + _FILES) + 1
        if not start or not content.endswith(_END):
            return None
        facts = json.loads(content[:start].rstrip(b",\n") + b"}")
        manifest = cls.__new__(cls)
        manifest._take(facts, content, start + len(_FILES))
        n_lines = content.count(b"\n", manifest._start, manifest._stop)
        return manifest if n_lines == len(manifest) else None

    @classmethod
    def _parse_any(cls, content: bytes) -> Manifest:
        """Take any JSON that says what a manifest says."""
        files = msgspec.json.decode(content, type=_Listed).files
        n_bytes = sum(file.n_bytes for file in files.values())
        facts = {name: value for name, value in json.loads(content).items() if name != "files"} | {"n_bytes": n_bytes}
        manifest = cls(facts, [_line(url, file.sha256, file.n_bytes) for url, file in sorted(files.items())])
        manifest.digest = hashlib.sha256(content).hexdigest()
        return manifest

    @functools.cached_property
    def digest(self) -> str:
        """The SHA-256 of the file, in hex."""
        return hashlib.sha256(self.content).hexdigest()

    def __len__(self) -> int:
        return self.content.count(_MIDDLE, self._start)

    def __contains__(self, url: object) -> bool:
        if not isinstance(url, str):
            return False
        start, end = self._find(url, self._start)
        return start < end

    def digest_of(self, url: str) -> str | None:
        """Give the SHA-256 of a file, in hex; `None` when the site has no such file."""
        start, end = self._find(url, self._start)
        if start == end:
            return None
        digest = self.content.index(_MIDDLE, start) + len(_MIDDLE)
        return self.content[digest : digest + 64].decode()

    @property
    def urls(self) -> Iterator[str]:
        """The addresses of the files, sorted."""
        start = self._start
        while start < self._stop:
            yield self._url_at(start)
            start = self.content.index(b"\n", start) + 1

    def change(
        self, facts: Mapping[str, Any], files: Mapping[str, FileFacts], gone: frozenset[str] = frozenset()
    ) -> Manifest:
        """Make the manifest of a site whose other files stay as they are.

        Parameters
        ----------
        facts
            All facts that the new manifest says.
        files
            The files that are new or have changed, by address.
        gone
            The addresses of the files that are there no more.
        """
        pieces: list[bytes | memoryview] = []
        at = self._start
        n_bytes = self.n_bytes + sum(size for _, size in files.values())
        for url in sorted(files.keys() | gone):
            start, end = self._find(url, at)
            n_bytes -= self._size_at(start, end)
            pieces += self._lines(at, start)
            if url in files:
                pieces.append(_line(url, *files[url]))
            at = end
        pieces += self._lines(at, self._stop)
        said = {"generator": GENERATOR, "format": SITE_FORMAT, **facts, "n_bytes": n_bytes}
        return Manifest(said, pieces)

    @property
    def n_bytes(self) -> int:
        """The size of all files together."""
        n = self.facts.get("n_bytes", 0)
        return n if isinstance(n, int) else 0

    def find_large(self, n_bytes: int) -> list[tuple[str, int]]:
        """Give address and size of the files of more than some bytes."""
        lines = _LARGE.finditer(self.content, self._start)
        found = ((match.start(), int(match[1])) for match in lines)
        return [(self._url_at(self.content.rfind(b"\n", 0, at) + 1), size) for at, size in found if size > n_bytes]

    def _size_at(self, start: int, end: int) -> int:
        line = self.content[start:end]
        return int(line[line.rindex(b" ") : line.rindex(b"}")]) if line else 0

    def _lines(self, start: int, end: int) -> list[bytes | memoryview]:
        """Give some lines as they are, with `,` and a line feed at the end of each."""
        if start == end:
            return []
        if end < self._stop:
            return [memoryview(self.content)[start:end]]
        return [memoryview(self.content)[start : end - 1], b",\n"]

    def check_format(self, folder: Path) -> None:
        """Refuse a site that a newer reportgen built; `folder` is its place, for the message.

        Raises
        ------
        InputError
            It is one.
        """
        version = self.facts.get("format")
        if isinstance(version, int) and version > SITE_FORMAT:
            message = f"{folder} is a site of format {version}, this reportgen knows up to {SITE_FORMAT}"
            hint = "install a newer reportgen (pip install -U reportgen)"
            raise InputError(message, hint=hint, slug="newer-site-format")
        check_data_format(folder, self.facts.get("data_format"))

    def find_damage(self, folder: Path) -> list[str]:
        """Find the files that are missing in a folder, have another size there, or are no files; give their addresses.

        One look at every name and size, none at what the files hold. A manifest changed by hand is damage, too.
        """
        try:
            files = msgspec.json.decode(self.content, type=_ListedSizes).files
        except msgspec.MsgspecError:
            return [MANIFEST]
        if [*files] != sorted(files):
            return [MANIFEST]
        sizes = {url: file.n_bytes for url, file in files.items()}
        if sum(sizes.values()) != self.n_bytes:
            return [MANIFEST]
        _cross_out(sizes, os.fspath(folder), "")
        return [*sizes]

    def read_files(self) -> dict[str, FileFacts]:
        """Give all files by address.

        Raises
        ------
        ValueError
            It is not as a build wrote it, or lists what cannot be a file of a site.
        """
        files = msgspec.json.decode(self.content, type=_Listed).files
        if [*files] != sorted(files) or len(files) != len(self):
            raise ValueError("its lines are not in order")
        if sum(file.n_bytes for file in files.values()) != self.n_bytes:
            raise ValueError("the sizes of the files are not what they come to")
        for url, file in files.items():
            if not is_safe_url(url) or url == MANIFEST or file.n_bytes < 0:
                raise ValueError(f"{url!r} cannot be a file of a site")
        return {url: (file.sha256, file.n_bytes) for url, file in files.items()}

    def _find(self, url: str, low: int) -> tuple[int, int]:
        """Give where the line of an address begins and ends, from `low` on; twice where it would be if it is not."""
        content, high = self.content, self._stop
        while low < high:
            start = content.rfind(b"\n", low, (low + high) // 2) + 1 or low
            end = content.index(b"\n", start) + 1
            found = self._url_at(start)
            if found == url:
                return start, end
            low, high = (end, high) if found < url else (low, start)
        return low, low

    def _url_at(self, start: int) -> str:
        """Give the address of the line that begins there."""
        text = self.content[start + 2 : self.content.index(_MIDDLE, start) + 1]
        return str(json.loads(text)) if b"\\" in text else text[1:-1].decode()


def is_safe_url(url: str) -> bool:
    """Whether a name leads to a place within a folder, on any system."""
    return url.isprintable() and not _UNSAFE.search(url) and {"", ".", ".."}.isdisjoint(url.split("/"))


def _line(url: str, sha256: str, n_bytes: int) -> bytes:
    return f'  {_to_json(url)}: {{"sha256": "{sha256}", "bytes": {n_bytes}}},\n'.encode()


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _cross_out(sizes: dict[str, int], folder: str, prefix: str) -> None:
    """Take the files out of a list that are below a folder with their sizes; links are no files."""
    below = []
    with contextlib.suppress(OSError), _scanning(folder) as entries:
        for entry in entries:
            size = sizes.get(prefix + entry.name)
            if size is None:
                if entry.is_dir(follow_symlinks=False):
                    below.append(entry.name)
            elif entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_size == size:
                del sizes[prefix + entry.name]
    for name in below:
        _cross_out(sizes, f"{folder}/{name}", f"{prefix}{name}/")


@contextlib.contextmanager
def _scanning(folder: str) -> Iterator[Iterator[os.DirEntry[str]]]:
    """Open a folder once, where the system can, so that its files are not looked up by their whole paths."""
    if os.scandir not in os.supports_fd:
        with os.scandir(folder) as entries:
            yield entries
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        with os.scandir(number) as entries:
            yield entries
    finally:
        os.close(number)


NO_FILES = Manifest({})
