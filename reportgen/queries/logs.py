"""`Logs`: everything that was recorded, as Arrow tables, for notebooks and other programs."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

import pyarrow as pa

from reportgen.arrays import empty_table
from reportgen.sources import Source
from reportgen.store import SCHEMAS, WHOLE_TABLES


class Logs:
    """What log directories or a site hold, as Arrow tables, each read when it is first asked for.

    `docs/data.md` describes the tables and their columns. Any library that takes Arrow data takes them as they are:
    `polars.from_arrow(logs.metrics)`, `duckdb.arrow(logs.metrics)`.

    Attributes
    ----------
    runs, steps, artifacts, metrics, list_metrics, edges, deletes, problems, unknown
        `pyarrow.Table`, sorted as documented; `list_metrics` has a row for each list, without its points.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def table(self, name: str) -> pa.Table:
        """Give a table by its name.

        Raises
        ------
        ValueError
            There is no table of this name.
        InputError
            It cannot be read.
        """
        name = _FILES.get(name, name)
        if name in ("contents", "points"):
            return self._read_days(name, {})
        if name not in WHOLE_TABLES:
            known = ", ".join([*WHOLE_TABLES, *_FILES, "contents", "points"])
            raise ValueError(f"there is no table {name!r}: the tables are {known}")
        return self._source.store.read(name).cast(SCHEMAS[name])

    runs = cached_property(lambda self: self.table("runs"))
    steps = cached_property(lambda self: self.table("steps"))
    artifacts = cached_property(lambda self: self.table("artifacts"))
    metrics = cached_property(lambda self: self.table("metrics"))
    list_metrics = cached_property(lambda self: self.table("lists"))
    edges = cached_property(lambda self: self.table("edges"))
    deletes = cached_property(lambda self: self.table("deletes"))
    problems = cached_property(lambda self: self.table("problems"))
    unknown = cached_property(lambda self: self.table("unknown"))

    def points(self, name: str | None = None, run_id: str | None = None) -> pa.Table:
        """Give the points of list metrics.

        Parameters
        ----------
        name, run_id
            Only those of this list metric, or of this run; by default all, which may be very many.

        Returns
        -------
        pyarrow.Table
            Sorted by the day on which runs began, then by name, run and index.
        """
        return self._read_days("points", {"name": name, "run_id": run_id})

    def contents(self, run_id: str | None = None, artifact_id: str | None = None) -> pa.Table:
        """Give the contents of artifacts that are not deleted.

        Parameters
        ----------
        run_id, artifact_id
            Only those of this run, or of this artifact; by default all, which may be very much.

        Returns
        -------
        pyarrow.Table
            Sorted by the day on which runs began, then by run and artifact.
        """
        return self._read_days("contents", {"run_id": run_id, "artifact_id": artifact_id})

    def _read_days(self, table: str, asked: Mapping[str, str | None]) -> pa.Table:
        where: dict[str, Collection[str]] = {name: [value] for name, value in asked.items() if value is not None}
        store = self._source.store
        days = [store.read_day(table, day, where=where).cast(SCHEMAS[table]) for day in store.days_of(table)]
        return pa.concat_tables([empty_table(SCHEMAS[table]), *days])

    def to_pandas(self, name: str) -> Any:
        """Give a table, `"contents"` or `"points"` as a `pandas.DataFrame`; pandas must be installed.

        Raises
        ------
        ImportError, ValueError, InputError
            pandas is not installed; there is no table of this name; it cannot be read.
        """
        importlib.import_module("pandas")  # says more clearly than Arrow that it is not installed
        return self.table(name).to_pandas()

    def to_polars(self, name: str) -> Any:
        """Do what `to_pandas` does for a `polars.DataFrame`; polars must be installed."""
        return importlib.import_module("polars").DataFrame(self.table(name))

    def __repr__(self) -> str:
        places = [*map(str, self._source.logs), *map(str, self._source.sites)]
        return f"<Logs of {', '.join(places)}>"


_FILES = {"list_metrics": "lists"}
