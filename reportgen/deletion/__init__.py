"""Deletes runs and artifacts: a tombstone goes into the log first, then the content out of its files.

A tombstone is a small journal in each folder of the run; from then on no table shows the content. Purging, which
follows, takes it from the disk. Of a deleted run that leaves one short journal a writer, with what tables still show
of it; in a run that lives on, the records of deleted artifacts are emptied and every other line stays as it was. So
purging changes no table, whether it is killed in the middle, is done again, or meets copies that were not purged.

Nothing is forced: a journal that a process has open, and a file that changes meanwhile, keep their content until they
are purged again. Files kept by content go before the records that name them, so that none is left behind unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from reportgen.deletion.eraser import Eraser
from reportgen.deletion.result import Deletion, Failed, Skipped

__all__ = ["Deletion", "Eraser", "Failed", "Skipped", "delete_artifacts", "delete_runs"]


def delete_runs(log_dirs: Iterable[Path], run_ids: Iterable[str], reason: str | None = None) -> Deletion:
    """Delete runs with all that they recorded; trouble with one does not stop the others.

    Parameters
    ----------
    log_dirs
        Folders that hold one folder per run.
    run_ids
        The runs. One that was deleted before keeps its tombstone and is purged.
    reason
        Why, in a sentence for the tombstone.

    Raises
    ------
    InputError
        The logs cannot be read, one is a site, or a run is not there; nothing was deleted.
    """
    eraser = Eraser(log_dirs)
    wanted = [*dict.fromkeys(run_ids)]
    eraser.check_runs(wanted)
    for run_id in wanted:
        eraser.delete_run(run_id, reason)
    return eraser.result


def delete_artifacts(
    log_dirs: Iterable[Path], artifacts: Iterable[tuple[str, str]], reason: str | None = None
) -> Deletion:
    """Delete artifacts, named by the ids of run and artifact. All else is as for `delete_runs`."""
    wanted: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for run_id, artifact_id in artifacts:
        wanted[run_id][artifact_id] = None
    eraser = Eraser(log_dirs)
    eraser.check_runs(wanted)
    for run_id, artifact_ids in wanted.items():
        eraser.delete_artifacts(run_id, [*artifact_ids], reason)
    return eraser.result
