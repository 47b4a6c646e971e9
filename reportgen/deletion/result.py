"""What became of what was to be deleted."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class Skipped(NamedTuple):
    """A file that keeps its content until the next time, and why, in a few words."""

    path: Path
    reason: str


class Failed(NamedTuple):
    """A run that could not be deleted or purged, and why, in a line."""

    run_id: str
    reason: str


@dataclass
class Deletion:
    """What became of runs and artifacts that were to be deleted.

    Attributes
    ----------
    runs
        Ids of the runs that are deleted now: their tombstones stand.
    artifacts
        Ids of run and artifact of the artifacts that are.
    purged
        Ids of the runs where content went that was deleted before.
    n_bytes
        What that freed on the disk.
    skipped
        Files that keep their content for now.
    failed
        Runs that trouble with the disk or the logs stopped; those among the deleted ones keep content.
    """

    runs: list[str] = field(default_factory=list)
    artifacts: list[tuple[str, str]] = field(default_factory=list)
    purged: list[str] = field(default_factory=list)
    n_bytes: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
