"""Questions about artifacts.

Only the columns that decide are read of all of them; `reportgen.queries.contents` reads the content of those that are
looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reportgen.arrays import as_array, int_array
from reportgen.queries.filters import artifact_mask, columns_needed
from reportgen.store import Store, table_rows

SORTS: dict[str, list[tuple[str, str]]] = {
    "CREATED_DESC": [("created_at", "descending"), ("artifact_id", "descending")],
    "UPDATED_DESC": [("updated_at", "descending"), ("artifact_id", "descending")],
    "ID_DESC": [("artifact_id", "descending")],
    "KEY_ASC": [("key", "ascending"), ("created_at", "descending"), ("artifact_id", "descending")],
    "KEY_DESC": [("key", "descending"), ("created_at", "descending"), ("artifact_id", "descending")],
}
_IDENTITY = ("run_id", "writer", "seq")

Filter = Mapping[str, Any]
Row = dict[str, Any]


def find_artifacts(
    store: Store,
    filter: Filter | None = None,  # noqa: A002 — Prefect's name for it
    sort: str = "CREATED_DESC",
    limit: int | None = None,
    offset: int = 0,
    *,
    latest: bool = False,
) -> list[Row]:
    """Give the rows of the artifacts that a filter selects; deleted ones are not among them.

    Parameters
    ----------
    filter
        As `reportgen.queries.filters` describes it.
    sort
        One of `SORTS`; artifacts without a key come last.
    limit, offset
        How many to give, `None` for all, and how many to pass over.
    latest
        Look only at the highest version of each key.

    Raises
    ------
    TypeError, ValueError
        A parameter cannot be used.
    """
    _check(sort, limit, offset)
    found = _select(store, filter, latest, {name for name, _ in SORTS[sort]} | {*_IDENTITY, "key"})
    keys: Any = SORTS[sort]
    order = pc.sort_indices(found.select([name for name, _ in keys]), sort_keys=keys)
    return _read_whole(store, found.take(order[offset:] if limit is None else order[offset : offset + limit]))


def count_artifacts(store: Store, filter: Filter | None = None, *, latest: bool = False) -> int:  # noqa: A002
    """Count the artifacts that a filter selects; parameters and errors as for `find_artifacts`."""
    return len(_select(store, filter, latest, {"run_id"}))


def find_versions(store: Store, key: str) -> list[Row]:
    """Give all versions of a key, oldest first, deleted ones too."""
    return table_rows(store.read("artifacts", where={"key": [key]}))


def find_version(store: Store, key: str, version: int | None = None) -> Row | None:
    """Give a version of a key, by default the highest that is not deleted; `None` when it is not there, or deleted."""
    known = store.read("artifacts", ["key", "version", "deleted_at"], {"key": [key]})
    living: list[Any] = known.filter(pc.is_null(known["deleted_at"]))["version"].to_pylist()
    wanted: Any = max(living, default=None) if version is None else version
    if wanted not in living:
        return None
    rows = table_rows(store.read("artifacts", where={"key": [key]}))
    return next(row for row in rows if row["version"] == wanted)


def _check(sort: str, limit: int | None, offset: int) -> None:
    if sort not in SORTS:
        raise ValueError(f"sort must be one of {', '.join(SORTS)}, not {sort!r}")
    for name, value in (("limit", limit), ("offset", offset)):
        if (value is None and name == "offset") or (
            value is not None and (not hasattr(value, "__index__") or isinstance(value, bool))
        ):
            raise TypeError(f"{name} must be a whole number, not {type(value).__name__}")
        if value is not None and value < 0:
            raise ValueError(f"{name} must not be below 0, and is {value}")


def _select(store: Store, filter: Filter | None, latest: bool, columns: Collection[str]) -> pa.Table:  # noqa: A002
    """Give columns of the living artifacts that a filter selects."""
    needed = {"deleted_at", *columns, *columns_needed(filter)} | ({"key", "version"} if latest else set())
    table = store.read("artifacts", sorted(needed))
    table = table.filter(pc.is_null(table["deleted_at"]))
    if latest:
        table = _only_latest(table)
    mask = artifact_mask(
        filter, table, lambda: _read_for(store, "runs", filter), lambda: _read_for(store, "steps", filter)
    )
    return table if mask is None else table.filter(mask)


def _read_for(store: Store, table: str, filter: Filter | None) -> pa.Table:  # noqa: A002
    return store.read(table, sorted(columns_needed(filter, table)))


def _only_latest(table: pa.Table) -> pa.Table:
    keyed = table.filter(pc.is_valid(table["key"]))
    order = pc.sort_indices(
        keyed.select(["key", "version"]), sort_keys=[("key", "ascending"), ("version", "descending")]
    )
    keyed = keyed.take(order)
    counts: list[Any] = pc.value_counts(as_array(keyed["key"])).field("counts").to_pylist()
    starts, n_before = [], 0
    for count in counts:
        starts.append(n_before)
        n_before += count
    return keyed.take(int_array(starts))


def _read_whole(store: Store, chosen: pa.Table) -> list[Row]:
    """Read the rows of chosen artifacts, in their order."""
    places = {tuple(row.values()): place for place, row in enumerate(chosen.select(_IDENTITY).to_pylist())}
    keys: set[Any] = {*chosen["key"].to_pylist()}
    where: dict[str, Collection[str]] = {"run_id": {run_id for run_id, _, _ in places}}
    if None not in keys:
        where["key"] = keys
    rows = table_rows(store.read("artifacts", where=where))
    found = {places.get(tuple(row[name] for name in _IDENTITY), -1): row for row in rows}
    return [found[place] for place in sorted(found) if place >= 0]
