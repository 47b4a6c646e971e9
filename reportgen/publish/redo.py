"""The redo record of an update: what is still to be done once all of its files are written.

An update is made in the folder `.NAME.new-XXXX` beside the site:

    files/        the new and changed files at their addresses, and the new manifest.json
    commit.json   the record, once all of them are there

From the moment that the record is there, the update can be finished by anyone, as often as it takes: files that are
no longer in `files` are in their place already. The manifest is put in its place last, so the site's manifest tells
whether an update is still to be finished, is done, or is of a site that is there no more.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

import msgspec

from reportgen.log.rewrite import sync_folder
from reportgen.publish.disk import cannot_update, foreign_output
from reportgen.publish.manifest import Manifest
from reportgen.publish.writer import check_url, write_synced
from reportgen.urls import MANIFEST

FILES = "files"
RECORD = "commit.json"
_FORMAT = 1


class PutFile(msgspec.Struct, frozen=True, array_like=True):
    """A file that is to be put in its place."""

    url: str
    sha256: str
    n_bytes: int


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an update does.

    Attributes
    ----------
    format
        The version of this record.
    before, after
        Digest of the site's manifest before and after.
    put
        The files to put in their place.
    gone
        The addresses of the files to remove.
    """

    format: int
    before: str
    after: str
    put: list[PutFile]
    gone: list[str]

    @property
    def urls(self) -> list[str]:
        """The addresses of all files that the update touches."""
        return [*(file.url for file in self.put), *self.gone]


def make_record(before: Manifest, after: Manifest, files: Mapping[str, tuple[str, int]], gone: Iterable[str]) -> Record:
    """Make the record of an update."""
    put = [PutFile(url, *facts) for url, facts in sorted(files.items())]
    return Record(_FORMAT, before.digest, after.digest, put, sorted(gone))


def write_record(staging: Path, record: Record) -> None:
    """Write the record; on return it is on the disk, and on an error it is not there."""
    unfinished = staging / f"{RECORD}.part"
    write_synced(unfinished, msgspec.json.encode(record))
    unfinished.rename(staging / RECORD)
    sync_folder(staging)
    sync_folder(staging.parent)


def has_record(staging: Path) -> bool:
    """Whether a folder beside a site holds an update that was written to its end."""
    return (staging / RECORD).exists()


def read_record(staging: Path) -> Record | None:
    """Read the record of an update; `None` when it is damaged or of a newer format."""
    try:
        record = msgspec.json.decode((staging / RECORD).read_bytes(), type=Record)
        for url in record.urls:
            check_url(url)
    except (OSError, ValueError):
        return None
    return record if record.format == _FORMAT else None


def refuse_obstacles(output: Path, target: Path, listed: Manifest, record: Record) -> None:
    """Refuse an update that something in the site is in the way of.

    Raises
    ------
    OutputError
        A file that reportgen did not write, or a folder in the place of a file or the other way round.
    """
    folders: dict[str, None] = {}
    for url in record.urls:
        folders.update(dict.fromkeys(str(folder) for folder in PurePosixPath(url).parents))
        facts = _look(target / url)
        if facts is None or (stat.S_ISREG(facts.st_mode) and url in listed):
            continue
        if stat.S_ISDIR(facts.st_mode) or url in listed:
            raise cannot_update(output, f"{url} is in the way")
        raise foreign_output(output, [url])
    for folder in folders:
        facts = _look(target / folder)
        if facts is not None and not stat.S_ISDIR(facts.st_mode):
            raise (
                cannot_update(output, f"{folder} is in the way")
                if folder in listed
                else foreign_output(output, [folder])
            )


def _look(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def finish(staging: Path, target: Path, record: Record) -> None:
    """Put the files of an update in their place, remove those that are gone, and put the manifest there last."""
    for url in [file.url for file in record.put]:
        _put(staging / FILES / url, target / url)
    for url in record.gone:
        _remove(target, url)
    _put(staging / FILES / MANIFEST, target / MANIFEST)


def _put(staged: Path, place: Path) -> None:
    if not staged.exists():  # it is in its place already
        return
    try:
        staged.replace(place)
    except FileNotFoundError:
        place.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(place)


def _remove(target: Path, url: str) -> None:
    """Remove a file and the folders that are empty without it."""
    (target / url).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        for folder in PurePosixPath(url).parents[:-1]:
            (target / folder).rmdir()


def can_finish(staging: Path, target: Path, record: Record) -> bool:
    """Whether each file of an update is whole, be it staged or in its place."""
    if not has_digest(staging / FILES / MANIFEST, record.after):
        return False
    return all(_is_whole(staging, target, file) for file in record.put)


def _is_whole(staging: Path, target: Path, file: PutFile) -> bool:
    staged = staging / FILES / file.url
    return has_digest(staged if staged.exists() else target / file.url, file.sha256)


def has_digest(path: Path, digest: str | None) -> bool:
    """Whether a file is there and has this SHA-256."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == digest
    except OSError:
        return False


def iter_pending(target: Path) -> Iterator[Path]:
    """Give the folders beside a site that hold an update that was written to its end."""
    return filter(has_record, iter_staging(target))


def iter_staging(target: Path) -> Iterator[Path]:
    """Give the folders beside a site that builds wrote into and did not remove."""
    prefix = f".{target.name}.new-"
    with contextlib.suppress(FileNotFoundError):
        yield from sorted(path for path in target.parent.iterdir() if path.name.startswith(prefix))
