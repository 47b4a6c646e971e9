"""The files of a site where they are: in a folder, or in a zip that is read without being unpacked.

A zip is refused as a whole when it cannot be an honest copy of a site: names that lead out of the folder it would be
unpacked to, names that are there twice, links, encryption, or far more content than its own size could hold.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Protocol

from reportgen.errors import InputError
from reportgen.publish import Manifest
from reportgen.publish.manifest import is_safe_url
from reportgen.text import format_bytes
from reportgen.urls import MANIFEST

NO_FILE = -1  # the size of what is a link, a pipe or a device
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)  # from reading a member of a zip
LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}  # that systems leave behind where somebody looks

_MOST_MANIFEST_BYTES = 2**28  # for about two million files
_MOST_GROWTH = 200  # how many times its size a zip may hold
_ALWAYS_FITS = 2**30
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1 | 0x40 | 0x2000


class Holding(Protocol):
    """Where the files of a site are.

    Attributes
    ----------
    path
        The folder or the zip.
    sizes
        By address: the size in bytes of every file, `NO_FILE` of what is no file.
    """

    @property
    def path(self) -> Path: ...

    @property
    def sizes(self) -> Mapping[str, int]: ...

    def open(self, url: str) -> IO[bytes]:
        """Open a file; `OSError` when it cannot be read."""
        ...


@contextmanager
def open_holding(path: Path) -> Iterator[Holding]:
    """Open a folder or a zip.

    Raises
    ------
    InputError
        It is neither, cannot be read, or is a zip that no honest copy of a site is.
    """
    if path.is_dir():
        yield _Folder(path)
        return
    with ExitStack() as stack:
        yield _open_zip(path, stack)


def _open_zip(path: Path, stack: ExitStack) -> _Zip:
    try:
        file = stack.enter_context(path.open("rb"))
        is_zip = file.read(2) == b"PK"
        return _Zip(path, stack.enter_context(zipfile.ZipFile(file)), os.fstat(file.fileno()).st_size)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        if not is_zip:
            raise not_a_site(path) from error
        hint = "copy it again from where it came"
        raise InputError(f"{path} is a zip that is damaged or cut short", hint=hint, slug="bad-zip") from error
    except OSError as error:
        raise not_a_site(path, error.strerror or str(error)) from error


def not_a_site(path: Path, reason: str = "") -> InputError:
    """The error of a place that holds no site."""
    hint = "give the folder of a site, or a zip that `reportgen pack` made"
    return InputError(f"{path} is no site{reason and f' ({reason})'}", hint=hint, slug="not-a-site")


def read_manifest(holding: Holding) -> Manifest:
    """Read the manifest of a site.

    Raises
    ------
    InputError
        There is none of ours, or a newer reportgen wrote it.
    """
    size = holding.sizes.get(MANIFEST, NO_FILE)
    if not 0 <= size <= _MOST_MANIFEST_BYTES:
        raise not_a_site(holding.path, f"it has no {MANIFEST}" if size < 0 else f"its {MANIFEST} is too large")
    try:
        with holding.open(MANIFEST) as file:
            content = file.read(size + 1)
    except (OSError, *DAMAGE) as error:
        hint = "copy it again from where it came"
        raise InputError(f"{MANIFEST} of {holding.path} cannot be read", hint=hint, slug="damaged-site") from error
    manifest = Manifest.parse(content)
    if manifest is None:
        raise not_a_site(holding.path, f"its {MANIFEST} is not one of reportgen, or damaged")
    manifest.check_format(holding.path)
    return manifest


class _Folder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.sizes: dict[str, int] = {}
        self._look(path, "")

    def _look(self, folder: Path | str, prefix: str) -> None:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    self._look(entry.path, name + "/")
                elif entry.name not in LITTER:
                    is_file = entry.is_file(follow_symlinks=False)
                    self.sizes[name] = entry.stat(follow_symlinks=False).st_size if is_file else NO_FILE

    def open(self, url: str) -> IO[bytes]:
        return (self.path / url).open("rb")


class _Zip:
    def __init__(self, path: Path, archive: zipfile.ZipFile, n_bytes: int) -> None:
        self.path = path
        self._archive = archive
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in archive.infolist():
            self._check(member)
            if not member.is_dir():
                self._members[member.filename] = member
        self._check_sizes(n_bytes)
        self._prefix = self._find_prefix()
        self.sizes = {name.removeprefix(self._prefix): info.file_size for name, info in self._members.items()}

    def _check(self, member: zipfile.ZipInfo) -> None:
        """Refuse what makes a zip dangerous to unpack."""
        name = member.filename.removesuffix("/") if member.is_dir() else member.filename
        mode = member.external_attr >> 16
        if member.orig_filename != member.filename or not is_safe_url(name):
            raise _hostile(self.path, f"the name {member.orig_filename!r} leads out of its folder or is none")
        if name in self._members:
            raise _hostile(self.path, f"{name} is in it twice")
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _hostile(self.path, f"{name} is a link or a device")
        if member.flag_bits & _ENCRYPTED:
            raise _hostile(self.path, f"{name} is encrypted")
        if member.compress_type not in _METHODS:
            raise _hostile(self.path, f"{name} is compressed in a way that reportgen never does")

    def _check_sizes(self, n_bytes: int) -> None:
        members = self._members.values()
        held, packed = sum(one.file_size for one in members), sum(one.compress_size for one in members)
        if packed > n_bytes or held > max(_ALWAYS_FITS, _MOST_GROWTH * n_bytes):
            raise _hostile(self.path, f"it would unpack to {format_bytes(held)}, far more than it can hold")

    def _find_prefix(self) -> str:
        """Give the folder that all files are in, as some tools pack a folder; mostly none."""
        first = next(iter(self._members), "")
        prefix = first[: first.find("/") + 1]
        if MANIFEST in self._members or not prefix:
            return ""
        return prefix if all(name.startswith(prefix) for name in self._members) else ""

    def open(self, url: str) -> IO[bytes]:
        return self._archive.open(self._members[self._prefix + url])


def _hostile(path: Path, reason: str) -> InputError:
    hint = "do not unpack it; get the archive from where it was made"
    return InputError(f"{path} is no zip of a site: {reason}".replace("\u00a0", " "), hint=hint, slug="unsafe-zip")
