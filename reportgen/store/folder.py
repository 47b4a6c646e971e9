"""A store on the disk: the tables of a site or of a cache, opened one by one as they are asked for.

    <folder>/runs.parquet, steps.parquet, …
    <folder>/contents/<day>.parquet, points/<day>.parquet, records/<day>.parquet
    <folder>/blobs/<sha256>.<ext>

`Store` is what questions are asked of, wherever the tables are: `StoreFolder` reads them from files, and
`reportgen.compact.Compaction` has them in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from reportgen.arrays import unique_texts
from reportgen.store.parquet import Where, read_parquet
from reportgen.text import iso_day

SUFFIX = ".parquet"


class Store(Protocol):
    """Tables of `reportgen.store.schema`, wherever they are."""

    def read(self, table: str, columns: Sequence[str] | None = None, where: Where | None = None) -> pa.Table:
        """Give rows of a whole table: some columns, and those rows that have one of some values in columns of text.

        Raises
        ------
        InputError
            A file cannot be read.
        """
        ...

    def days_of(self, table: str) -> list[str]:
        """Give the days (`YYYY-MM-DD`) that `contents`, `points` or `records` has tables of."""
        ...

    def read_day(
        self, table: str, day: str, columns: Sequence[str] | None = None, where: Where | None = None
    ) -> pa.Table:
        """Give rows of the table of a day, as `read` does."""
        ...


class LayeredStore(Store, Protocol):
    """A store that may have only some days."""

    def has_day(self, table: str, day: str) -> bool:
        """Whether it has the table of a day."""
        ...


class StoreFolder:
    """The tables in a folder.

    Raises
    ------
    InputError
        From its methods: a file is missing, damaged, or of a newer format.
    """

    def __init__(self, folder: Path, *, is_own: bool | Callable[[Path], bool] = False) -> None:
        """Take a folder; the values of files that are known to be as a build wrote them need not be checked."""
        self.folder = folder
        self._is_own = is_own

    def read(self, table: str, columns: Sequence[str] | None = None, where: Where | None = None) -> pa.Table:
        return self._read(self.folder / f"{table}{SUFFIX}", table, columns, where)

    def days_of(self, table: str) -> list[str]:
        """Give the days as the runs have them, so that a file that is not there is noticed."""
        return list_days(self, table)

    def read_day(
        self, table: str, day: str, columns: Sequence[str] | None = None, where: Where | None = None
    ) -> pa.Table:
        return self._read(self.folder / table / f"{day}{SUFFIX}", table, columns, where)

    def _read(self, path: Path, table: str, columns: Sequence[str] | None, where: Where | None) -> pa.Table:
        return read_parquet(
            path, table, columns, where, check=not (self._is_own(path) if callable(self._is_own) else self._is_own)
        )

    def has_day(self, table: str, day: str) -> bool:
        """Whether the file of a day is there."""
        return (self.folder / table / f"{day}{SUFFIX}").is_file()


class Layers:
    """Several stores as one: whole tables are those of the first, and days those of the first that has them."""

    def __init__(self, stores: Sequence[LayeredStore]) -> None:
        self._stores = stores

    def read(self, table: str, columns: Sequence[str] | None = None, where: Where | None = None) -> pa.Table:
        return self._stores[0].read(table, columns, where)

    def days_of(self, table: str) -> list[str]:
        return list_days(self._stores[0], table)

    def read_day(
        self, table: str, day: str, columns: Sequence[str] | None = None, where: Where | None = None
    ) -> pa.Table:
        holder = next((store for store in self._stores if store.has_day(table, day)), self._stores[-1])
        return holder.read_day(table, day, columns, where)


def list_days(store: Store, table: str) -> list[str]:
    """Give the days on which runs began that have rows in a table by day."""
    runs = store.read("runs", ["run_id", "started_at"])
    holders = _runs_with(store, table)
    return days_of_runs(runs if holders is None else runs.filter(pc.is_in(runs["run_id"], value_set=holders)))


def days_of_runs(runs: pa.Table) -> list[str]:
    """Give the days on which the runs of a table began, sorted."""
    started: Any = runs["started_at"].cast(pa.int64()).cast(pa.timestamp("us"))
    days = pc.unique(pc.floor_temporal(started, unit="day"))
    return sorted(map(iso_day, days.cast(pa.int64()).to_pylist()))


def _runs_with(store: Store, table: str) -> Any:
    """Give the runs that have rows in a table by day; `None` for all."""
    if table == "points":
        lists = store.read("lists", ["run_id", "n_values"])
        has_points: Any = lists["n_values"].cast(pa.bool_())
        return unique_texts(lists.filter(has_points)["run_id"])
    if table == "contents":
        artifacts = store.read("artifacts", ["run_id", "deleted_at"])
        return unique_texts(artifacts.filter(pc.is_null(artifacts["deleted_at"]))["run_id"])
    return None
