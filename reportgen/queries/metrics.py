"""Questions about metrics and list metrics, asked and answered as in Craft AI."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

import pyarrow as pa

from reportgen.errors import InputError
from reportgen.store import Store, table_rows
from reportgen.text import iso_day, iso_time

Row = dict[str, Any]


def find_metrics(
    store: Store,
    name: str | None = None,
    pipeline_name: str | None = None,
    deployment_name: str | None = None,
    execution_id: str | UUID | None = None,
) -> list[Row]:
    """Give metrics as dicts of `name value created_at execution_id deployment_name pipeline_name`, the oldest first.

    Raises
    ------
    TypeError
        A parameter is no text.
    ValueError
        More than one of pipeline, deployment and execution is given.
    """
    runs = _find_runs(store, name, pipeline_name, deployment_name, execution_id)
    rows = _read(store, "metrics", name, runs)
    return [_answer(row, runs, "value", row["value"]) for row in _by_time(rows)]


def find_list_metrics(
    store: Store,
    name: str | None = None,
    pipeline_name: str | None = None,
    deployment_name: str | None = None,
    execution_id: str | UUID | None = None,
) -> list[Row]:
    """Give list metrics in the same way, with `values` in place of `value`."""
    runs = _find_runs(store, name, pipeline_name, deployment_name, execution_id)
    rows = _read(store, "lists", name, runs)
    values = _read_values(store, rows, runs)
    return [_answer(row, runs, "values", values.get((row["name"], row["run_id"]), [])) for row in _by_time(rows)]


def _find_runs(
    store: Store, name: object, pipeline_name: object, deployment_name: object, execution_id: object
) -> dict[str, Row]:
    """Give the runs that are asked for, by id."""
    if isinstance(execution_id, UUID):
        execution_id = str(execution_id)
    asked = {"pipeline_name": pipeline_name, "deployment_name": deployment_name, "execution_id": execution_id}
    for parameter, value in {"name": name, **asked}.items():
        if value is not None and not isinstance(value, str):
            raise TypeError(f"{parameter} must be text or None, not {type(value).__name__}")
    given = [parameter for parameter, value in asked.items() if value is not None]
    if len(given) > 1:
        rule = "name combines with one of pipeline_name, deployment_name and execution_id, not with several"
        raise ValueError(f"{' and '.join(given)} exclude each other: {rule}")
    columns = {"pipeline_name": "pipeline", "deployment_name": "deployment", "execution_id": "run_id"}
    where = {columns[parameter]: {str(asked[parameter])} for parameter in given}
    if execution_id is not None:
        where["run_id"].add(_spell(str(execution_id)))
    table = store.read("runs", ["run_id", "pipeline", "deployment", "started_at"], where)
    return {row["run_id"]: row for row in table_rows(table)}


def _spell(identity: str) -> str:
    """Write an id as recorders do; those of foreign writers may be any text."""
    try:
        return str(UUID(identity))
    except ValueError:
        return identity


def _read(store: Store, table: str, name: str | None, runs: Collection[str]) -> list[Row]:
    where: dict[str, Collection[str]] = {"run_id": runs}
    if name is not None:
        where["name"] = [name]
    columns = ["name", "run_id", "recorded_at", "value" if table == "metrics" else "n_values"]
    return table_rows(store.read(table, columns, where))


def _by_time(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["recorded_at"], row["name"], row["run_id"]))


def _answer(row: Row, runs: dict[str, Row], field: str, value: Any) -> Row:
    run = runs[row["run_id"]]
    return {
        "name": row["name"],
        field: value,
        "created_at": iso_time(row["recorded_at"]),
        "execution_id": row["run_id"],
        "deployment_name": run["deployment"],
        "pipeline_name": run["pipeline"],
    }


def _read_values(store: Store, lists: Iterable[Row], runs: dict[str, Row]) -> dict[tuple[str, str], list[float]]:
    """Read the values of list metrics, from the days of their runs only."""
    asked: dict[str, list[Row]] = {}
    for row in lists:
        if row["n_values"]:
            asked.setdefault(iso_day(runs[row["run_id"]]["started_at"]), []).append(row)
    values: dict[tuple[str, str], list[float]] = {}
    for day, rows in asked.items():
        where = {"name": {row["name"] for row in rows}, "run_id": {row["run_id"] for row in rows}}
        values |= _split(store.read_day("points", day, where=where), rows)
    return values


def _split(points: pa.Table, asked: Iterable[Row]) -> dict[tuple[str, str], list[float]]:
    """Divide the points of a day, which are sorted, by list metric."""
    numbers: list[Any] = points["value"].to_pylist()
    names: list[Any] = points["name"].to_pylist()
    run_ids: list[Any] = points["run_id"].to_pylist()
    values: dict[tuple[str, str], list[float]] = {}
    for name, run_id, number in zip(names, run_ids, numbers, strict=True):
        values.setdefault((name, run_id), []).append(number)
    for row in asked:
        if len(values.get((row["name"], row["run_id"]), ())) != row["n_values"]:
            what = f"points of {row['name']} of run {row['run_id']} are missing"
            raise InputError(what, hint="the copy is not whole: copy or build the site again", slug="damaged-store")
    return values
