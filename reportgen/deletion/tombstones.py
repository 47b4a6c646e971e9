"""Tombstones: small journals that say what was deleted, when, and why.

There is one in each folder of the run, the same in all, so that each folder says by itself what is gone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence

from reportgen.errors import InputError
from reportgen.jsontext import clean_text
from reportgen.log.find import LogFile
from reportgen.log.layout import JOURNAL_SUFFIX
from reportgen.log.reader import RunRecords
from reportgen.log.rewrite import file_mode, sync_folder, write_beside
from reportgen.records import LOG_FORMAT, Artifact, Delete, LogStart, encode_line

Target = str | None  # the id of an artifact, or `None` for the run itself


def check_artifacts(run: RunRecords, targets: Iterable[Target]) -> None:
    """Check that a run has artifacts of these ids.

    Raises
    ------
    InputError
        One is not there.
    """
    known = {record.id for record in run.records.values() if isinstance(record, Artifact)}
    for target in targets:
        if target is not None and target not in known:
            message = f"there is no artifact {target!r} in run {run.run_id}"
            hint = "reportgen artifact ls --all lists the ids"
            raise InputError(message, hint=hint, slug="no-such-artifact")


def find_missing(run: RunRecords, targets: Iterable[Target]) -> list[Target]:
    """Give those of which the run's log does not say yet that they are deleted."""
    buried = {record.artifact or None for record in run.records.values() if isinstance(record, Delete)}
    return [target for target in targets if not {target, None} & buried]


def write_tombstones(
    run: RunRecords, files: Sequence[LogFile], targets: Iterable[Target], reason: str | None
) -> Iterator[LogFile]:
    """Write the same journal into each folder of a run: whole, through to the disk, or not at all.

    Raises
    ------
    OSError
        The disk is full or not writable.
    """
    writer = f"delete-{os.urandom(4).hex()}"
    content = _encode(run, writer, targets, reason)
    for folder, file in {file.path.parent: file for file in files}.items():
        path = folder / f"{writer}{JOURNAL_SUFFIX}"
        write_beside(folder / f"delete{JOURNAL_SUFFIX}", content, file_mode(file.path)).replace(path)
        sync_folder(folder)
        yield LogFile(path, run.run_id, writer)


def _encode(run: RunRecords, writer: str, targets: Iterable[Target], reason: str | None) -> bytes:
    """Give the journal: of now, but not before anything that the run recorded."""
    at = max([time.time_ns() // 1000, *(record.ts for record in run.records.values())])
    text = None if reason is None else clean_text(reason)
    start = LogStart(ts=at, seq=0, format=LOG_FORMAT, run=run.run_id, writer=writer)
    deletes = [Delete(ts=at, seq=seq, artifact=target, reason=text) for seq, target in enumerate(targets, 1)]
    return b"".join(map(encode_line, [start, *deletes]))
