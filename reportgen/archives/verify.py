"""Compares the files of a site with a manifest: the site's own, or that of a build made anew."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Literal, NamedTuple

from reportgen.archives.holding import DAMAGE, NO_FILE, Holding, open_holding, read_manifest
from reportgen.errors import InputError
from reportgen.publish.manifest import FileFacts, Manifest
from reportgen.urls import MANIFEST

_CHUNK = 2**20
_NO_FILE_TEXT = "a link or a device"

Kind = Literal["missing", "changed", "added", "wrong case"]


class Difference(NamedTuple):
    """A file that is not as a manifest lists it.

    Attributes
    ----------
    kind
        How: `"missing"`, `"changed"`, `"added"`, or `"wrong case"` of its name.
    url
        Its address in the site.
    detail
        What is there instead, in some words; of a file that is missing or added there is nothing to say.
    """

    kind: Kind
    url: str
    detail: str = ""


class Verified(NamedTuple):
    """What came of checking a site.

    Attributes
    ----------
    manifest
        What its files were compared with.
    differences
        Files that are otherwise, by address.
    """

    manifest: Manifest
    differences: list[Difference]


def verify_site(path: Path) -> Verified:
    """Check every file of a site against its manifest.

    Parameters
    ----------
    path
        The folder of a site, or a zip of it, which is not unpacked.

    Raises
    ------
    InputError
        There is no site, its manifest was changed by hand, or the zip is damaged or hostile.
    """
    with open_holding(path) as holding:
        manifest = read_manifest(holding)
        return Verified(manifest, [*compare_files(holding, read_files(path, manifest))])


def read_files(path: Path, manifest: Manifest) -> dict[str, FileFacts]:
    """Give the files that a manifest lists.

    Raises
    ------
    InputError
        It is not as a build wrote it.
    """
    try:
        return manifest.read_files()
    except ValueError as error:
        hint = "get the manifest from where the site was built, or build the site again"
        message = f"{MANIFEST} of {path} is not as it was built ({error})"
        raise InputError(message, hint=hint, slug="damaged-site") from error


def compare_files(holding: Holding, files: Mapping[str, FileFacts]) -> Iterator[Difference]:
    """Give the files that differ, sorted by address.

    Parameters
    ----------
    holding
        The site.
    files
        SHA-256 and size that each file should have, by address.
    """
    strange = {url for url in holding.sizes if url not in files and url != MANIFEST}
    folded = {url.casefold(): url for url in sorted(strange)}
    twins = {url: folded[url.casefold()] for url in files if url not in holding.sizes and url.casefold() in folded}
    for url in sorted({*files, *strange} - {*twins.values()}):
        if url in twins:
            yield Difference("wrong case", url, f"it is there as {twins[url]}")
        elif url in strange:
            yield Difference("added", url, _NO_FILE_TEXT if holding.sizes[url] == NO_FILE else "")
        elif url not in holding.sizes:
            yield Difference("missing", url)
        elif detail := _compare(holding, url, *files[url]):
            yield Difference("changed", url, detail)


def _compare(holding: Holding, url: str, sha256: str, n_bytes: int) -> str:
    """Say how a file differs from what it should be; nothing when it does not."""
    size = holding.sizes[url]
    if size == NO_FILE:
        return _NO_FILE_TEXT
    if size != n_bytes:
        return f"{size:,} bytes instead of {n_bytes:,}"
    try:
        with holding.open(url) as file:
            digest = _digest(file, n_bytes)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    except DAMAGE:
        return "its content in the zip is damaged"
    return "" if digest == sha256 else "another SHA-256"


def _digest(file: IO[bytes], n_bytes: int) -> str:
    """Give the SHA-256 of a file, of which no more is read than it should have."""
    digest = hashlib.sha256()
    left = n_bytes + 1
    while left and (chunk := file.read(min(left, _CHUNK))):
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest()
