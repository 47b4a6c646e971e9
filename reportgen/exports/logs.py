"""Logs from a site: the records that its archive keeps, as journals that a build reads like any others.

A site that is built from them is the one they came from, byte for byte. What a site does not have cannot be in them:
lines that could not be read, of which there is only a note, and what was deleted.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from reportgen import urls
from reportgen.blobs import BlobError, find_blob
from reportgen.compact import Compaction, expand_run
from reportgen.errors import InputError
from reportgen.exports.folder import find_site_store, new_folder
from reportgen.log.cut import blob_of
from reportgen.log.layout import blob_name, journal_name
from reportgen.log.reader import RunRecords
from reportgen.records import LogStart, encode_line
from reportgen.store import DAY_TABLES, WHOLE_TABLES, StoreFolder, table_rows
from reportgen.text import iso_day


class ExportedLogs(NamedTuple):
    """What was written.

    Attributes
    ----------
    n_runs
        How many runs.
    n_unreadable
        How many notes of lines that could not be read have no line.
    n_missing_blobs
        How many images and large tables the site does not have.
    """

    n_runs: int
    n_unreadable: int
    n_missing_blobs: int


def export_logs(site: Path, output: Path) -> ExportedLogs:
    """Write the logs of a site.

    Parameters
    ----------
    site
        Its folder.
    output
        A folder that is not there yet, or is empty; it becomes a log directory.

    Raises
    ------
    InputError
        There is no site, or its tables are damaged or contradict each other.
    OutputError
        The folder is taken, or the disk failed; nothing was written.
    """
    folder = find_site_store(site)
    n_runs = n_unreadable = n_missing = 0
    with new_folder(output, site) as target:
        for part in _iter_parts(StoreFolder(folder)):
            try:
                part.check()
                runs = [expand_run(part, run_id) for run_id in sorted(part.run_ids)]
            except (LookupError, ValueError) as error:
                hint = "the copy is not whole: copy or build the site again"
                message = f"the tables in {folder} contradict each other ({error})"
                raise InputError(message, hint=hint, slug="damaged-store") from error
            for run in runs:
                n_missing += _write_run(run, target, folder)
                n_runs += 1
                n_unreadable += len(run.problems)
    return ExportedLogs(n_runs, n_unreadable, n_missing)


def _iter_parts(store: StoreFolder) -> Iterator[Compaction]:
    """Give the runs of each day, which are together in the tables of days, and those that have no day."""
    by_day: dict[str, list[str]] = {}
    for row in table_rows(store.read("runs", ["run_id", "started_at"])):
        by_day.setdefault(iso_day(row["started_at"]), []).append(row["run_id"])
    for day, run_ids in sorted(by_day.items()):
        yield _take(store, run_ids, day)
    dated = {run_id for run_ids in by_day.values() for run_id in run_ids}
    noted: set[Any] = {run_id for name in ("problems", "unknown") for run_id in store.read(name)["run_id"].to_pylist()}
    if noted - dated:
        yield _take(store, sorted(noted - dated), "")


def _take(store: StoreFolder, run_ids: Collection[str], day: str) -> Compaction:
    where = {"run_id": [*run_ids]}
    days = {name: {day: store.read_day(name, day)} if store.has_day(name, day) else {} for name in DAY_TABLES}
    return Compaction({name: store.read(name, where=where) for name in WHOLE_TABLES}, days)


def _write_run(run: RunRecords, target: Path, store: Path) -> int:
    """Write the journals of a run and the files that it keeps by content; give how many of those are missing."""
    folder = urls.slug(run.run_id)
    for writer, lines in sorted(_lines_of(run).items()):
        path = target / journal_name(folder, urls.slug(writer))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(_head(run, writer, path) + b"".join(line for _, line in sorted(lines)))
    n_missing = 0
    names = {blob_of(record) for record in run.records.values()}
    for name in sorted(name for name in names if name):
        path = target / blob_name(folder, name)
        try:
            source = find_blob(name, [store])
        except BlobError:
            n_missing += 1
        else:
            path.parent.mkdir(exist_ok=True, parents=True)
            shutil.copyfile(source, path)
    return n_missing


def _lines_of(run: RunRecords) -> dict[str, list[tuple[int, bytes]]]:
    """Give the lines of each writer with their numbers; of a record that is not known in full, the line as it was."""
    lines: dict[str, list[tuple[int, bytes]]] = {}
    for unknown in run.unknown:
        lines.setdefault(unknown.writer, []).append((unknown.seq, unknown.json.encode() + b"\n"))
    in_full = {(unknown.writer, unknown.seq) for unknown in run.unknown}
    for (writer, seq), record in run.records.items():
        if (writer, seq) not in in_full:
            lines.setdefault(writer, []).append((seq, encode_line(record)))
    return lines


def _head(run: RunRecords, writer: str, path: Path) -> bytes:
    """Say whose a journal is where its first line was lost and its name does not say it."""
    first = min(
        ((seq, record) for (name, seq), record in run.records.items() if name == writer),
        default=(0, None),
        key=lambda one: one[0],
    )[1]
    if isinstance(first, LogStart) or (path.parent.name, path.stem) == (run.run_id, writer):
        return b""
    return msgspec.json.encode({"kind": "log", "run": run.run_id, "writer": writer}) + b"\n"
