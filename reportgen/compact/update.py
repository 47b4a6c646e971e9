"""From tables of earlier to those of now: only runs that changed are read, and only their days."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reportgen.arrays import text_array
from reportgen.compact.compaction import EMPTY, Compaction, without_runs
from reportgen.compact.merge import merge
from reportgen.store import DAY_TABLES, WHOLE_TABLES, Store, Tables, days_of_runs, list_days

ReadRuns = Callable[[Collection[str]], Compaction]


class Update:
    """Puts runs that changed in the place of what tables have of them.

    Attributes
    ----------
    before
        The whole tables as they were.
    after
        After `apply`: the tables of now; of those by day only the days in which something changed.
    run_ids
        The runs whose rows are made anew; after `apply` also those that depend on them.
    touched
        After `apply`: the days in which something may have changed.
    kept_days
        After `apply`: table and day of what stayed as it was.
    """

    def __init__(
        self,
        store: Store,
        run_ids: Collection[str],
        read_runs: ReadRuns,
        *,
        day_tables: Sequence[str] = tuple(DAY_TABLES),
        keep: bool = False,
    ) -> None:
        """Take the tables and what changed.

        Parameters
        ----------
        store
            The tables of earlier.
        run_ids
            The runs whose logs changed, came or went.
        read_runs
            Reads what the logs have of some runs.
        day_tables
            The tables by day that are of interest.
        keep
            Whether what the tables have of these runs stays, and the logs are added to it; else it is dropped.

        Raises
        ------
        InputError
            The tables cannot be read.
        """
        self._store = store
        self._read_runs = read_runs
        self._day_tables = day_tables
        self._keep = keep
        self.run_ids = {*run_ids}
        self.before: Tables = {name: store.read(name).combine_chunks() for name in WHOLE_TABLES}
        self.after = EMPTY
        self.touched: set[str] = set()
        self.kept_days: list[tuple[str, str]] = []

    def apply(self) -> None:
        """Make the tables of now.

        Raises
        ------
        InputError
            The tables or a log cannot be read.
        """
        part = self._read_runs(self.run_ids)
        dependent = set() if self._keep else self._find_dependent(part)
        if dependent:
            self.run_ids |= dependent
            part = self._read_runs(self.run_ids)
        self.touched = self._find_touched(part)
        days = {name: self._read_days(name) if name in self._day_tables else {} for name in DAY_TABLES}
        base = Compaction(self.before, days)
        self.after = merge([base if self._keep else without_runs(base, self.run_ids), self._only_days(part)])

    def _only_days(self, part: Compaction) -> Compaction:
        return Compaction(
            part.tables, {name: part.days[name] if name in self._day_tables else {} for name in DAY_TABLES}
        )

    def _find_touched(self, part: Compaction) -> set[str]:
        """The days of which something changes: those of the runs that changed, and of the artifacts they deleted."""
        deleted: set[Any] = {*part.tables["deletes"]["artifact_id"].to_pylist()}
        dead = pc.is_in(self.before["artifacts"]["artifact_id"], value_set=text_array(deleted - {None}))
        losers: list[Any] = self.before["artifacts"].filter(dead)["run_id"].to_pylist()
        runs = self.before["runs"]
        changed = runs.filter(pc.is_in(runs["run_id"], value_set=text_array(self.run_ids | {*losers})))
        return {*days_of_runs(changed), *part.run_days.values()}

    def _find_dependent(self, part: Compaction) -> set[str]:
        """The other runs that a deletion or an artifact is gone for, which the tables cannot undo."""
        tables = self.before
        changed = text_array(sorted(self.run_ids))

        def gone(table: str) -> Any:
            mask = pc.is_in(tables[table]["run_id"], value_set=changed)
            before: set[Any] = {*tables[table].filter(mask)["artifact_id"].to_pylist()}
            return text_array(before - {None, *part.tables[table]["artifact_id"].to_pylist()})

        def users(table: str, artifact_ids: Any) -> set[str]:
            mask = pc.is_in(tables[table]["artifact_id"], value_set=artifact_ids)
            run_ids: list[Any] = tables[table].filter(mask)["run_id"].to_pylist()
            return {*run_ids}

        return (users("artifacts", gone("deletes")) | users("edges", gone("artifacts"))) - self.run_ids

    def _read_days(self, table: str) -> dict[str, pa.Table]:
        days = {}
        for day in list_days(Compaction(self.before, {}), table):
            if day in self.touched:
                days[day] = self._store.read_day(table, day)
            else:
                self.kept_days.append((table, day))
        return days
