"""Writes a site: a new tree beside the old one, then a switch.

Until the switch the old site is as it was; a build that fails, is killed or runs out of disk leaves it so.
Where the system can exchange two folders in one step (Linux), there is no moment without a site. Only an
empty folder or one that reportgen made is replaced, and only if it holds nothing else. What a killed
build left beside the site is removed by the next one.
"""

from __future__ import annotations

import contextlib
import ctypes
import glob
import hashlib
import json
import os
import secrets
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reportgen.errors import OutputError
from reportgen.urls import MANIFEST

GENERATOR = "reportgen"
SITE_FORMAT = 1

_FOREIGN_BUT_HARMLESS = {".DS_Store", "Thumbs.db", "desktop.ini"}
_RENAME_EXCHANGE = 2
_AT_FDCWD = -100


def check_output(output: Path, log_dirs: Sequence[Path]) -> None:
    """Refuse an output folder that is not ours to replace.

    Raises
    ------
    OutputError
        It is a file, lies within a log directory or around one, or holds files that reportgen did not write.
    """
    with _explaining(output):
        _check_output(output, log_dirs)


def _check_output(output: Path, log_dirs: Sequence[Path]) -> None:
    target = output.resolve()
    for log_dir in log_dirs:
        logs = log_dir.resolve()
        if target == logs or target.is_relative_to(logs) or logs.is_relative_to(target):
            hint = "give an output folder beside the logs, e.g. -o site"
            raise OutputError(
                f"{output} and the log directory {log_dir} are within each other", hint=hint, slug="output-in-logs"
            )
    if not target.exists():
        return
    if not target.is_dir():
        raise OutputError(f"{output} is a file", hint="give a folder, e.g. -o site", slug="output-is-a-file")
    foreign = _foreign_files(target)
    if foreign:
        hint = "give an empty folder or an earlier site; move other files away first"
        names = ", ".join(foreign[:3]) + (" …" if len(foreign) > 3 else "")
        raise OutputError(
            f"{output} holds files that reportgen did not write ({names})", hint=hint, slug="foreign-output"
        )


def _foreign_files(folder: Path) -> list[str]:
    """Files in a folder that its manifest does not list; all of them when it has no manifest of ours."""
    listed = {MANIFEST, *read_manifest(folder).get("files", {})}
    ours = len(listed) > 1
    found = (path for path in sorted(folder.rglob("*")) if not path.is_dir() or path.is_symlink())
    names = [path.relative_to(folder).as_posix() for path in found if path.name not in _FOREIGN_BUT_HARMLESS]
    return [name for name in names if not (ours and name in listed)]


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read a site's manifest; empty when there is none of ours."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    ours = isinstance(manifest, dict) and manifest.get("generator") == GENERATOR
    return manifest if ours and isinstance(manifest.get("files"), dict) else {}


class SiteWriter:
    """Writes the files of a new site into a folder beside the old one; made by `open_site`."""

    def __init__(self, folder: Path, output: Path) -> None:
        self.folder = folder
        self._output = output
        self._files: dict[str, dict[str, Any]] = {}
        self._made: set[Path] = {folder}

    @property
    def n_files(self) -> int:
        """How many files were written."""
        return len(self._files)

    def write(self, url: str, content: bytes) -> None:
        """Write one file at an address of the site.

        Raises
        ------
        ValueError
            The address was written before, or leads out of the site.
        OutputError
            The disk failed.
        """
        path = self.folder / url
        if url in self._files or url.startswith("/") or ".." in url.split("/"):
            raise ValueError(f"not an address to write: {url}")
        with _explaining(self._output):
            if path.parent not in self._made:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._made.add(path.parent)
            with path.open("xb") as file:
                file.write(content)
        self._files[url] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}

    def write_manifest(self, facts: dict[str, Any]) -> None:
        """Write the list of all files with size and SHA-256, last."""
        files = {url: self._files[url] for url in sorted(self._files)}
        manifest = {"generator": GENERATOR, "format": SITE_FORMAT, **facts, "files": files}
        content = json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
        with _explaining(self._output):
            (self.folder / MANIFEST).write_bytes(content.encode())


@contextlib.contextmanager
def open_site(output: Path) -> Iterator[SiteWriter]:
    """Give a writer for a new site; on leaving without an error the new site takes the old one's place.

    Raises
    ------
    OutputError
        The disk failed; the old site is as it was.
    """
    target = output.resolve()
    fresh = target.with_name(f".{target.name}.new-{secrets.token_hex(4)}")
    try:
        with _explaining(output):
            target.parent.mkdir(parents=True, exist_ok=True)
            _remove_leftovers(target)
            fresh.mkdir()
        with _claim(fresh):
            yield SiteWriter(fresh, output)
            with _explaining(output):
                _switch(fresh, target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@contextlib.contextmanager
def _explaining(output: Path) -> Iterator[None]:
    """Turn a failing disk into an `OutputError` that says what to do."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "the old site is as it was; make room or mend the path and its permissions, then build again"
        raise OutputError(f"{output} cannot be written ({reason})", hint=hint, slug="cannot-write") from error


@contextlib.contextmanager
def _claim(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder while this build uses it, so that no other build takes it for a leftover."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _remove_leftovers(target: Path) -> None:
    """Remove the unfinished folders of builds that were killed; those of running builds are locked."""
    name = glob.escape(target.name)
    for leftover in sorted(target.parent.glob(f".{name}.new-*")):
        with contextlib.suppress(OSError), _claim(leftover):
            shutil.rmtree(leftover)
    for old in sorted(target.parent.glob(f".{name}.old-*")):
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:  # killed between the two renames of a system that cannot exchange folders
            old.rename(target)


def _switch(fresh: Path, target: Path) -> None:
    """Put the new tree in the place of the old one, which ends up at the new one's name or is gone."""
    if not target.exists():
        fresh.rename(target)
        return
    if _exchange(fresh, target):
        return
    old = target.with_name(f".{target.name}.old-{secrets.token_hex(4)}")
    target.rename(old)
    try:
        fresh.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step with renameat2(2); say whether the system could."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    return bool(renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)
