"""Publishes a site: all of it, or what changes; and finishes what was interrupted."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from reportgen.publish import redo
from reportgen.publish.disk import cannot_update, explaining, explaining_begun, explaining_below
from reportgen.publish.lock import Waiting, lock_site
from reportgen.publish.manifest import SITE_FORMAT, Manifest
from reportgen.publish.switch import switch
from reportgen.publish.writer import SiteWriter
from reportgen.urls import MANIFEST

Repair = Literal["unneeded", "finished", "damaged"]


@contextlib.contextmanager
def open_site(output: Path, waiting: Waiting | None = None) -> Iterator[SiteWriter]:
    """Give a writer for a new site; on leaving without an error the new site takes the old one's place.

    Parameters
    ----------
    output
        The site's folder.
    waiting
        As `lock_site` takes it.

    Raises
    ------
    OutputError
        The disk failed; the old site is as it was.
    """
    target = output.resolve()
    with lock_site(output, waiting):
        repair_site(output)
        with _staging(output, target) as fresh:
            yield SiteWriter(fresh)
            with explaining(output):
                switch(fresh, target)
        for leftover in redo.iter_staging(target):  # an update of the old site that could not be finished
            _discard(leftover, target)


@contextlib.contextmanager
def open_scratch(output: Path, waiting: Waiting | None = None) -> Iterator[Path]:
    """Give a folder beside a site for what its build needs meanwhile; the next build removes it if this one cannot.

    Parameters
    ----------
    output
        The site's folder.
    waiting
        As `lock_site` takes it.

    Raises
    ------
    OutputError
        The disk failed; the old site is as it was.
    """
    with lock_site(output, waiting), _staging(output, output.resolve()) as folder:
        yield folder


@contextlib.contextmanager
def update_site(output: Path, manifest: Manifest, waiting: Waiting | None = None) -> Iterator[SiteWriter]:
    """Give a writer for the files of a site that change; on leaving without an error they take their places.

    Parameters
    ----------
    output
        The site's folder.
    manifest
        The site's manifest. Files of it that are neither written nor removed stay. Hold `lock_site` from before it was
        read, or another build may change the site meanwhile, which is then an error.
    waiting
        As `lock_site` takes it.

    Raises
    ------
    OutputError
        The disk failed, the site has to be built in full, or a file that reportgen did not write is in the way; the
        old site is as it was. With the slug `cannot-finish`, `repair_site` can finish the update.
    ValueError
        No manifest was written.
    """
    target = output.resolve()
    with lock_site(output, waiting):
        _check_updatable(output, manifest)
        with _staging(output, target) as staging:
            with explaining(output):
                (staging / redo.FILES).mkdir()
            site = SiteWriter(staging / redo.FILES, manifest)
            yield site
            _commit(output, staging, site, manifest)


def _check_updatable(output: Path, manifest: Manifest) -> None:
    if repair_site(output) == "damaged":
        raise cannot_update(output, "an earlier update was interrupted, and its files are damaged")
    if not redo.has_digest(output / MANIFEST, manifest.digest):
        raise cannot_update(output, "it has changed since its manifest was read")
    if manifest.facts.get("format") != SITE_FORMAT:
        raise cannot_update(output, "it is of another format")


def _commit(output: Path, staging: Path, site: SiteWriter, manifest: Manifest) -> None:
    if site.manifest is None:
        raise ValueError("no manifest was written")
    if site.manifest.digest == manifest.digest:  # what was written is there already
        return
    target = output.resolve()
    record = redo.make_record(manifest, site.manifest, site.files, site.gone)
    with explaining(output):
        redo.refuse_obstacles(output, target, manifest, record)
        redo.write_record(staging, record)
    with explaining_begun(output):
        redo.finish(staging, target, record)
    _discard(staging, target)


def repair_site(output: Path, waiting: Waiting | None = None) -> Repair:
    """Finish what a killed build left: put an update in place, or a site back; remove the rest.

    Parameters
    ----------
    output
        The site's folder.
    waiting
        As `lock_site` takes it.

    Returns
    -------
    Repair
        `finished`: an update that had been interrupted is in place now. `damaged`: it cannot be finished, because its
        files are not what was written; the site may be half of it and has to be built in full. Else `unneeded`.

    Raises
    ------
    OutputError
        The disk failed.
    """
    target = output.resolve()
    with lock_site(output, waiting), explaining(output):
        _put_back(target)
        outcomes = [_repair(leftover, target, output) for leftover in redo.iter_staging(target)]
    return "damaged" if "damaged" in outcomes else "finished" if "finished" in outcomes else "unneeded"


def _put_back(target: Path) -> None:
    """Put a site back whose build was killed between the two renames of a system that cannot exchange folders."""
    prefix = f".{target.name}.old-"
    for old in sorted(path for path in target.parent.iterdir() if path.name.startswith(prefix)):
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(target)


def _repair(leftover: Path, target: Path, output: Path) -> Repair:
    outcome: Repair = "unneeded"
    if redo.has_record(leftover):
        record = redo.read_record(leftover)
        if record is None:
            return "damaged"
        if redo.has_digest(target / MANIFEST, record.before):
            if not redo.can_finish(leftover, target, record):
                return "damaged"
            with explaining_begun(output):
                redo.finish(leftover, target, record)
            outcome = "finished"
    _discard(leftover, target)
    return outcome


@contextlib.contextmanager
def _staging(output: Path, target: Path) -> Iterator[Path]:
    """Make a folder beside a site, and remove it in the end unless it holds an update that is to be finished."""
    folder = _name_staging(target)
    try:
        with explaining(output):
            folder.mkdir()
        with explaining_below(folder, output):
            yield folder
    finally:
        if not redo.has_record(folder):
            _discard(folder, target)


def _name_staging(target: Path) -> Path:
    return target.with_name(f".{target.name}.new-{secrets.token_hex(4)}")


def _discard(folder: Path, target: Path) -> None:
    """Remove a folder beside a site; workers that outlive their build for a moment no longer find it by then."""
    with contextlib.suppress(OSError):
        folder = folder.rename(_name_staging(target))
    shutil.rmtree(folder, ignore_errors=True)
