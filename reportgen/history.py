"""What a site in an output folder was built from: the log files, as they were then.

It is remembered beside the log directory, not in the site, which is the same wherever and whenever it is built.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from reportgen.log.layout import BLOB_DIR
from reportgen.seen import SeenFile, basis_of, digest, iter_cache_folders, make_cache_folder

_FOLDER = "builds"


class BuildState(msgspec.Struct, frozen=True):
    """What a site was built from.

    Attributes
    ----------
    manifest
        SHA-256 of the site's manifest.
    basis
        What the tables depend on but the files.
    files
        The log files, and whose they are.
    blobs
        By folder with logs that keeps images or large tables: when a file was last added there or taken away.
    """

    manifest: str
    basis: str
    files: list[SeenFile]
    blobs: dict[str, int]


def load_state(log_dirs: Sequence[Path], output: Path, manifest_digest: str) -> BuildState | None:
    """Give what the site was built from, if it is the one that is remembered."""
    for path in _places(log_dirs, output):
        with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
            state = msgspec.json.decode(path.read_bytes(), type=BuildState)
            if state.manifest == manifest_digest and state.basis == basis_of(log_dirs):
                return state
    return None


def look_at_blobs(files: Iterable[SeenFile]) -> dict[str, int]:
    """Say of the folders of logs when a file was added to what they keep by content, or taken away."""
    stamps = {}
    for folder in {os.path.dirname(file.path) for file in files}:  # noqa: PTH120 — a path object takes longer
        with contextlib.suppress(OSError):
            stamps[folder] = os.stat(f"{folder}/{BLOB_DIR}").st_mtime_ns  # noqa: PTH116
    return stamps


def find_changed_runs(before: BuildState, after: BuildState) -> tuple[set[str], set[str]]:
    """Give the runs of which something came or changed, and those of which something went."""
    if before.files == after.files and before.blobs == after.blobs:
        return set(), set()
    old, new = {*before.files}, {*after.files}
    moved = {folder for folder, _ in before.blobs.items() ^ after.blobs.items()}
    came = {file.run_id for file in new - old}
    came.update(file.run_id for file in (new if moved else ()) if os.path.dirname(file.path) in moved)  # noqa: PTH120
    return came, {file.run_id for file in old - new}


def save_state(log_dirs: Sequence[Path], output: Path, state: BuildState) -> None:
    """Remember what a site was built from, where that can be written, if all names can be."""
    try:
        content = msgspec.json.encode(state)
    except UnicodeEncodeError:
        return
    for path in _places(log_dirs, output):
        with contextlib.suppress(OSError):
            make_cache_folder(path.parent.parent)
            path.parent.mkdir(exist_ok=True)
            fresh = path.with_name(f".new-{path.name}")  # one build at a time writes it, see `lock_site`
            try:
                fresh.write_bytes(content)
                fresh.replace(path)
            finally:
                fresh.unlink(missing_ok=True)
            return


def _places(log_dirs: Sequence[Path], output: Path) -> Iterator[Path]:
    name = f"{digest(os.fspath(output.resolve()), *map(os.fspath, log_dirs))}.json"
    for folder in iter_cache_folders(log_dirs) if log_dirs else ():
        yield folder / _FOLDER / name
