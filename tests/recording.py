"""What tests of the recording half share: reading journals as plain JSON, and starting as a fresh process does."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reportgen.recorder import process

ROOT = Path(__file__).resolve().parent.parent

Fields = dict[str, Any]


def journals_of(log_dir: Path | str = "runs") -> dict[str, list[Fields]]:
    """The records of every journal of a log directory, by its path below it."""
    folder = Path(log_dir)
    return {
        path.relative_to(folder).as_posix(): [json.loads(line) for line in path.read_bytes().splitlines()]
        for path in sorted(folder.glob("*/*.jsonl"))
    }


def records_of(log_dir: Path | str = "runs", *kinds: str) -> list[Fields]:
    """All records of a log directory, of some kinds or of all, journal after journal."""
    return [
        record
        for records in journals_of(log_dir).values()
        for record in records
        if not kinds or record["kind"] in kinds
    ]


def only(log_dir: Path | str, kind: str) -> Fields:
    """The one record of a kind."""
    (record,) = records_of(log_dir, kind)
    return record


@contextmanager
def fresh_process() -> Iterator[None]:
    """Forget the runs that this process began, joined or recorded without one, before and after."""
    holders = process.open_runs, process.joined_runs, process.joined_scopes, process.detached_runs
    kept = [copy.copy(holder) for holder in holders]
    for holder in holders:
        holder.clear()
    yield
    for run in [*process.open_runs.values(), *process.joined_runs.values(), *process.detached_runs]:
        if run._journal:
            run._journal.close()
    for holder, before in zip(holders, kept, strict=True):
        holder.clear()
        if isinstance(holder, dict):
            holder.update(before)
        else:
            holder.extend(before)


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a new Python in the working directory, with reportgen importable."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
