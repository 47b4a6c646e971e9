"""Packs a site into one zip that depends on nothing but the site.

Names are sorted, times, attributes and compression fixed, and what is compressed already is stored. Deflate is that of
the zlib of this Python: versions of zlib may compress the same text to other bytes, all of which unpack to the same.
`compress=False` stores everything, which is the same everywhere.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from reportgen.archives.holding import DAMAGE, NO_FILE, Holding, open_holding, read_manifest
from reportgen.archives.verify import read_files
from reportgen.errors import InputError, OutputError
from reportgen.publish.manifest import FileFacts, Manifest
from reportgen.urls import MANIFEST

_COMPRESSED = {"parquet", "png", "jpg", "jpeg", "webp", "gif", "avif", "woff", "woff2"}
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first that a zip can tell
_MODE = 0o100644
_UNIX = 3
_CHUNK = 2**20


def pack_site(site: Path, output: Path, *, compress: bool = True, force: bool = False) -> Manifest:
    """Write a zip of a site; every file is checked against the manifest on the way.

    Parameters
    ----------
    site
        Its folder.
    output
        The zip. One of a site that is there is replaced.
    compress
        Whether to compress what is not compressed already.
    force
        Replace any file that is there.

    Returns
    -------
    Manifest
        The manifest of the site.

    Raises
    ------
    InputError
        There is no site, or a file of it is not as it was built.
    OutputError
        What is there is not a zip of a site, or the disk failed; it is as it was.
    """
    check_target(output, site, is_own=_is_zip_of_site, force=force)
    with open_holding(site) as holding:
        manifest = read_manifest(holding)
        files = {**read_files(site, manifest), MANIFEST: (manifest.digest, holding.sizes[MANIFEST])}
        with writing(output) as file, zipfile.ZipFile(file, "w") as archive:
            for url, facts in sorted(files.items()):
                _add(archive, holding, url, *facts, compress=compress)
    return manifest


def _add(archive: zipfile.ZipFile, holding: Holding, url: str, sha256: str, n_bytes: int, *, compress: bool) -> None:
    info = zipfile.ZipInfo(url, _EPOCH)
    is_stored = not compress or url.rpartition(".")[2] in _COMPRESSED
    info.compress_type = zipfile.ZIP_STORED if is_stored else zipfile.ZIP_DEFLATED
    info.create_system = _UNIX
    info.external_attr = _MODE << 16
    info.file_size = n_bytes
    with archive.open(info, "w") as packed:
        _copy(holding, url, (sha256, n_bytes), packed)


def copy_checked(holding: Holding, url: str, facts: FileFacts, path: Path) -> None:
    """Copy a file of a site to a new place, and check it on the way.

    Raises
    ------
    InputError
        It is not as it was built.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        _copy(holding, url, facts, file)


def _copy(holding: Holding, url: str, facts: FileFacts, output: IO[bytes]) -> None:
    sha256, left = facts[0], facts[1] + 1
    digest = hashlib.sha256()
    with suppress(*DAMAGE):
        for chunk in _iter_chunks(holding, url, left):
            digest.update(chunk)
            output.write(chunk)
    if digest.hexdigest() != sha256:
        hint = "see what differs with `reportgen verify`, build the site again, and do this when no build is at work"
        raise InputError(f"{holding.path}: {url} is not as it was built", hint=hint, slug="damaged-site")


def _iter_chunks(holding: Holding, url: str, left: int) -> Iterator[bytes]:
    """Give a file in parts, up to a size; nothing of one that is not there."""
    if holding.sizes.get(url, NO_FILE) == NO_FILE:
        return
    with holding.open(url) as file:
        while left and (chunk := file.read(min(left, _CHUNK))):
            left -= len(chunk)
            yield chunk


def _is_zip_of_site(path: Path) -> bool:
    try:
        with open_holding(path) as holding:
            return bool(read_manifest(holding))
    except InputError:
        return False


# What is written as one file


def check_target(output: Path, site: Path, *, is_own: Callable[[Path], bool], force: bool) -> None:
    """Refuse to write where something of others would be lost.

    Parameters
    ----------
    output
        The file to write.
    site
        The site that it is made from.
    is_own
        Whether a file that is there was made by the same command.
    force
        Replace any file that is there.

    Raises
    ------
    OutputError
        It is a folder, in the site, or a file of others.
    """
    if output.is_dir():
        hint = "name the file in it, e.g. " + os.fspath(output / "report.zip")
        raise OutputError(f"{output} is a folder", hint=hint, slug="output-is-a-folder")
    if site.resolve() in output.resolve().parents:
        hint = "give a file beside the site"
        raise OutputError(
            f"{output} lies in the site, which would no longer be as it was built", hint=hint, slug="output-in-site"
        )
    if not force and (output.is_symlink() or output.exists()) and not is_own(output):
        hint = "give another name, or --force to replace it"
        raise OutputError(f"{output} is there and not of reportgen", hint=hint, slug="foreign-file")


@contextmanager
def writing(output: Path) -> Iterator[IO[bytes]]:
    """Give a file that takes the place of another when it is written to its end.

    Raises
    ------
    OutputError
        The disk failed; what was there is as it was.
    """
    fresh = output.with_name(f".{output.name}.{secrets.token_hex(4)}.part")
    try:
        with fresh.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(output)
    except OSError as error:
        if error.filename not in (None, os.fspath(fresh)):
            raise
        hint = "make room or mend the path and its permissions; what was there is as it was"
        reason = error.strerror or error
        raise OutputError(f"{output} cannot be written ({reason})", hint=hint, slug="cannot-write") from error
    finally:
        fresh.unlink(missing_ok=True)
