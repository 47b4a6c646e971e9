"""Retention: which runs and versions have had their time, and how they go.

A plan is made from the tables alone and changes nothing; `prune` carries it out. The rules:

* Age counts from the last record of a run. Of each pipeline the newest runs stay, by when they began, and of each key
  the newest versions; a number counts all that live, tagged ones too, and what a rule below keeps stays in addition.
* Tagged runs stay, and all their versions. So do runs that are still running; those that stalled may go.
* A run that holds the newest living version of a key stays, and so does that version.
* Runs are decided first, then versions, counted among what stays.
* What is deleted already is not deleted again, but purged if it could not be then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reportgen.arrays import int_array
from reportgen.deletion import Deletion, Eraser
from reportgen.status import judge_status
from reportgen.store import Store, table_rows

Row = Mapping[str, Any]
Doomed = tuple[Row, str]  # a row, and the reason that its tombstone shows
Progress = Callable[[Sequence[str]], Iterable[str]]

_HOUR_US = 3_600_000_000
_RUN_COLUMNS = [
    "run_id",
    "pipeline",
    "name",
    "status",
    "started_at",
    "last_record_at",
    "longest_silence_us",
    "tags",
    "detached",
    "deleted_at",
]
_VERSION_COLUMNS = ["key", "version", "type", "run_id", "artifact_id", "created_at"]


@dataclass(frozen=True)
class Policy:
    """How long things are kept; `None` is for ever.

    Attributes
    ----------
    max_age_us
        Runs without a record for longer may go, in microseconds.
    max_versions
        Versions to keep of each key.
    max_runs
        Runs to keep of each pipeline.
    """

    max_age_us: int | None = None
    max_versions: int | None = None
    max_runs: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing may go."""
        return self.max_age_us is self.max_versions is self.max_runs is None


@dataclass(frozen=True)
class Plan:
    """What is to be deleted, and why.

    Attributes
    ----------
    runs
        Rows of the table `runs`, the oldest first, with the reason.
    versions
        Rows of the table `artifacts`, by key and version, with the reason.
    deleted_runs
        Ids of the runs that were deleted before.
    deleted_artifacts
        By run that lives: ids of the artifacts that were.
    """

    runs: Sequence[Doomed]
    versions: Sequence[Doomed]
    deleted_runs: Sequence[str]
    deleted_artifacts: Mapping[str, Sequence[str]]


def plan(store: Store, policy: Policy, now_us: int) -> Plan:
    """Choose what a policy lets go.

    Parameters
    ----------
    store
        The tables of the logs.
    policy
        How long things are kept.
    now_us
        The moment from which ages count, in microseconds since the epoch.

    Raises
    ------
    InputError
        The tables cannot be read.
    """
    runs = table_rows(store.read("runs", _RUN_COLUMNS))
    artifacts = store.read("artifacts", [*_VERSION_COLUMNS, "deleted_at"])
    living = artifacts.filter(pc.and_(pc.is_null(artifacts["deleted_at"]), pc.is_valid(artifacts["key"])))
    versions = _Versions(living)
    kept_whole = {row["run_id"] for row in runs if row["tags"] or judge_status(row, now_us) == "running"}
    protected = kept_whole | versions.newest_run_ids
    doomed_runs = [
        (row, reason)
        for row, reason in _find_old_runs([row for row in runs if row["deleted_at"] is None], policy, now_us)
        if row["run_id"] not in protected
    ]
    gone = {row["run_id"] for row, _ in doomed_runs}
    deleted_runs = [row["run_id"] for row in runs if row["deleted_at"] is not None]
    return Plan(
        doomed_runs,
        versions.find_surplus(policy.max_versions, gone, kept_whole),
        deleted_runs,
        _group_deleted(artifacts, gone | {*deleted_runs}),
    )


def _find_old_runs(runs: Sequence[Row], policy: Policy, now_us: int) -> Iterator[Doomed]:
    """Give the living runs that are too old, or beyond the number of their pipeline."""
    numbers: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(1))
    ranks = {
        row["run_id"]: next(numbers[row["pipeline"]])
        for row in sorted(runs, key=lambda row: (row["started_at"], row["run_id"]), reverse=True)
    }
    for row in runs:
        if policy.max_age_us is not None and now_us - row["last_record_at"] > policy.max_age_us:
            yield row, f"pruned: older than {_describe_age(policy.max_age_us)}"
        elif policy.max_runs is not None and ranks[row["run_id"]] > policy.max_runs:
            yield row, f"pruned: more than {_describe_number(policy.max_runs, 'run')} of its pipeline"


class _Versions:
    """The living versions of all keys, newest last."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table.sort_by([("key", "ascending"), ("version", "ascending")])
        self._keys: list[Any] = self._table["key"].to_pylist()
        self._run_ids: list[Any] = self._table["run_id"].to_pylist()
        self.newest_run_ids = {self._run_ids[place] for place in dict(zip(self._keys, count(), strict=False)).values()}

    def find_surplus(self, most: int | None, gone: Iterable[str], kept_whole: Iterable[str]) -> list[Doomed]:
        """Give the versions beyond the number of their key, without runs that go or stay as a whole."""
        if most is None:
            return []
        gone, kept_whole = {*gone}, {*kept_whole}
        numbers: defaultdict[str, int] = defaultdict(int)
        places: list[int] = []
        for place in reversed(range(len(self._keys))):
            if self._run_ids[place] not in gone:
                numbers[self._keys[place]] += 1
                if numbers[self._keys[place]] > most and self._run_ids[place] not in kept_whole:
                    places.append(place)
        reason = f"pruned: more than {_describe_number(most, 'version')} of its key"
        rows = self._table.select(_VERSION_COLUMNS).take(int_array(places[::-1]))
        return [(row, reason) for row in table_rows(rows)]


def _group_deleted(artifacts: pa.Table, dead_run_ids: Iterable[str]) -> dict[str, list[str]]:
    table = artifacts.filter(pc.is_valid(artifacts["deleted_at"])).select(["run_id", "artifact_id"])
    groups: defaultdict[str, list[str]] = defaultdict(list)
    dead = {*dead_run_ids}
    columns: list[list[Any]] = [table[name].to_pylist() for name in ("run_id", "artifact_id")]
    for run_id, artifact_id in zip(*columns, strict=True):
        if run_id not in dead:
            groups[run_id].append(artifact_id)
    return dict(groups)


def _describe_age(age_us: int) -> str:
    n_hours = age_us / _HOUR_US
    return _describe_number(n_hours / 24, "day") if n_hours % 24 == 0 else _describe_number(n_hours, "hour")


def _describe_number(n: float, noun: str) -> str:
    return f"{int(n) if n == int(n) else n:,} {noun}{'' if n == 1 else 's'}"


def prune(log_dirs: Iterable[Path], plan: Plan, progress: Progress = iter) -> Deletion:
    """Delete what a plan lists, one run at a time; trouble with one does not stop the others.

    Parameters
    ----------
    log_dirs
        Folders that hold one folder per run.
    plan
        What goes. What was deleted before is purged, too, if it could not be then.
    progress
        Gives back the ids of the runs, one after the other, and may show how far that is.

    Raises
    ------
    InputError
        The logs cannot be read, or one is a site; nothing was deleted.
    """
    eraser = Eraser(log_dirs)
    reasons = {row["run_id"]: reason for row, reason in plan.runs}
    versions: defaultdict[str, list[str]] = defaultdict(list)
    for row, reason in plan.versions:
        versions[row["run_id"]].append(row["artifact_id"])
        reasons[row["run_id"]] = reason
    for run_id in progress([*dict.fromkeys([*reasons, *plan.deleted_runs, *plan.deleted_artifacts])]):
        before = plan.deleted_artifacts.get(run_id, ())
        if run_id in versions:
            eraser.delete_artifacts(run_id, versions[run_id], reasons[run_id], also_purge=before)
        elif run_id in reasons:
            eraser.delete_run(run_id, reasons[run_id])
        else:
            eraser.purge(run_id, before)
    return eraser.result
