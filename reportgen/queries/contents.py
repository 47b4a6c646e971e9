"""The contents of artifacts, which lie apart from what else is known of them.

Only what is looked at is read, and of each day once, however many of its contents are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from reportgen.errors import InputError
from reportgen.store import Store, table_rows
from reportgen.text import iso_day

_Identity = tuple[str, str]  # run and artifact


class Contents:
    """The contents of some artifacts.

    Parameters
    ----------
    store
        The tables.
    rows
        The artifacts: rows of the table `artifacts`, with `run_id`, `artifact_id` and `deleted_at`.
    """

    def __init__(self, store: Store, rows: Iterable[Mapping[str, Any]]) -> None:
        self._store = store
        self._asked = {(row["run_id"], row["artifact_id"]) for row in rows if row["deleted_at"] is None}
        self._read: dict[str, dict[_Identity, str]] = {}

    def fetch(self, run_id: str, artifact_id: str) -> str:
        """Give the content of one of the artifacts as JSON; `null` for a deleted one.

        Raises
        ------
        InputError
            The tables cannot be read, or do not have it.
        """
        if (run_id, artifact_id) not in self._asked:
            return "null"
        day = self._days.get(run_id)
        if day is not None and day not in self._read:
            self._read[day] = self._read_day(day)
        content = self._read.get(day or "", {}).get((run_id, artifact_id))
        if content is None:
            what = f"the content of artifact {artifact_id} of run {run_id} is missing"
            raise InputError(what, hint="the copy is not whole: copy or build the site again", slug="damaged-store")
        return content

    @cached_property
    def _days(self) -> dict[str, str]:
        where = {"run_id": {run_id for run_id, _ in self._asked}}
        rows = table_rows(self._store.read("runs", ["run_id", "started_at"], where))
        return {row["run_id"]: iso_day(row["started_at"]) for row in rows}

    def _read_day(self, day: str) -> dict[_Identity, str]:
        asked = [identity for identity in self._asked if self._days.get(identity[0]) == day]
        where = {"run_id": {run_id for run_id, _ in asked}, "artifact_id": {artifact_id for _, artifact_id in asked}}
        rows = self._store.read_day("contents", day, where).to_pylist()
        return {(row["run_id"], row["artifact_id"]): row["data_json"] for row in rows}
