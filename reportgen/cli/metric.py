"""`reportgen metric`: which metrics there are, and their values run by run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reportgen.cli.output import Column, output_option, print_rows
from reportgen.cli.place import complete_metric, complete_run, logs_option, open_place
from reportgen.errors import InputError

if TYPE_CHECKING:
    from reportgen.store import Store

_LIST = [
    Column("Metric", "name", shrinks=True),
    Column("Latest", "value", "number"),
    Column("Pipeline", "pipeline", shrinks=True),
    Column("Deployment", "deployment", shrinks=True),
    Column("Runs", "n_runs", "count"),
    Column("Points", "n_points", "count"),
    Column("Updated", "recorded_at", "time"),
]
_VALUES = [
    Column("Value", "value", "number"),
    Column("Run", "run_name", shrinks=True),
    Column("Pipeline", "pipeline", shrinks=True),
    Column("Deployment", "deployment", shrinks=True),
    Column("Recorded", "recorded_at", "time"),
    Column("Run id", "run_id", "id"),
]
_CURVES = [
    Column("Points", "n_values", "count"),
    Column("First", "first", "number"),
    Column("Last", "last", "number"),
    Column("Min", "min", "number"),
    Column("Max", "max", "number"),
    Column("Mean", "mean", "number"),
    *_VALUES[1:],
]


@click.group()
def metric() -> None:
    """List metrics, and show their values."""


@metric.command()
@click.option("--pipeline", metavar="NAME", help="Only metrics of this pipeline.")
@click.option("--deployment", metavar="NAME", help="Only metrics of this deployment.")
@logs_option
@output_option
def ls(pipeline: str | None, deployment: str | None, logs: tuple[Path | str, ...], output: str) -> None:
    """List metrics and list metrics by pipeline and deployment, each with its latest value.

    Of a list metric that is the last value of its latest run.
    """
    store = open_place(logs).store
    runs = _read_runs(store, pipeline, deployment, None)
    rows = _summarise(store, "metrics", "value", runs) + _summarise(store, "lists", "last", runs)
    rows.sort(key=lambda row: (row["name"], row["pipeline"], row["deployment"] or ""))
    print_rows(rows, _LIST, output, empty="no metrics")


def _read_runs(store: Store, pipeline: str | None, deployment: str | None, run_text: str | None) -> dict[str, Any]:
    from reportgen.queries.runs import resolve_run
    from reportgen.store import table_rows

    where = {name: [value] for name, value in (("pipeline", pipeline), ("deployment", deployment)) if value is not None}
    if run_text is not None:
        where["run_id"] = [resolve_run(store, run_text)]
    columns = ["run_id", "pipeline", "deployment", "name", "started_at"]
    return {row["run_id"]: row for row in table_rows(store.read("runs", columns, where))}


def _summarise(store: Store, table: str, field: str, runs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give a row for each name, pipeline and deployment."""
    from reportgen.store import table_rows

    columns = ["name", "run_id", field, "recorded_at", *(["n_values"] if table == "lists" else [])]
    found: dict[tuple[str, str, str | None], dict[str, Any]] = {}
    latest: dict[tuple[str, str, str | None], tuple[int, str]] = {}
    for row in table_rows(store.read(table, columns, {"run_id": runs})):
        run = runs[row["run_id"]]
        place = row["name"], run["pipeline"], run["deployment"]
        new = {"name": place[0], "pipeline": place[1], "deployment": place[2], "n_runs": 0, "n_points": None}
        summary = found.setdefault(place, new)
        summary["n_runs"] += 1
        if table == "lists":
            summary["n_points"] = (summary["n_points"] or 0) + row["n_values"]
        if latest.get(place, (-1, "")) < (run["started_at"], row["run_id"]):
            latest[place] = run["started_at"], row["run_id"]
            summary |= {"value": row[field], "recorded_at": row["recorded_at"]}
    return [*found.values()]


@metric.command()
@click.argument("name", shell_complete=complete_metric)
@click.option("--pipeline", metavar="NAME", help="Only runs of this pipeline.")
@click.option("--deployment", metavar="NAME", help="Only runs of this deployment.")
@click.option("--run", "run_text", metavar="RUN", shell_complete=complete_run, help="Only this run.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many runs to show.")
@click.option("--all", "every", is_flag=True, help="Show every run.")
@logs_option
@output_option
def get(
    name: str,
    pipeline: str | None,
    deployment: str | None,
    run_text: str | None,
    limit: int,
    every: bool,
    logs: tuple[Path | str, ...],
    output: str,
) -> None:
    """Show the values of the metric NAME, the newest run first.

    Of a list metric these are its length, first, last, smallest, largest and mean value; with -o json all values, too.
    RUN is an id, its beginning, latest, or latest~1 for the run before that.
    """
    store = open_place(logs).store
    runs = _read_runs(store, pipeline, deployment, run_text)
    values = _read_values(store, "metrics", name, runs)
    curves = _read_values(store, "lists", name, runs)
    if not (values or curves):
        raise _no_such_metric(store, name)
    for rows, columns in ((values, _VALUES), (curves, _CURVES)):
        if rows:
            shown = rows if every else rows[:limit]
            if columns is _CURVES and output == "json":
                columns = [*columns, Column("", "values")]  # noqa: PLW2901
                shown = _with_points(store, name, shown)
            print_rows(shown, columns, output)
            if len(shown) < len(rows):
                click.echo(f"{len(shown):,} of {len(rows):,} runs; --all shows all", err=True)


def _read_values(store: Store, table: str, name: str, runs: Mapping[str, Any]) -> list[dict[str, Any]]:
    from reportgen.store import table_rows
    from reportgen.text import readable_name

    rows = []
    for row in table_rows(store.read(table, where={"name": [name], "run_id": runs})):
        run = runs[row["run_id"]]
        rows.append({**run, **row, "run_name": run["name"] or readable_name(row["run_id"])})
    return sorted(rows, key=lambda row: (row["started_at"], row["run_id"]), reverse=True)


def _with_points(store: Store, name: str, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    from reportgen.queries.metrics import find_list_metrics

    values = {
        row["run_id"]: answer["values"]
        for row in rows
        for answer in find_list_metrics(store, name, execution_id=row["run_id"])
    }
    return [{**row, "values": values[row["run_id"]]} for row in rows]


def _no_such_metric(store: Store, name: str) -> InputError:
    import difflib

    import pyarrow.compute as pc

    names: list[Any] = [
        n for table in ("metrics", "lists") for n in pc.unique(store.read(table, ["name"])["name"]).to_pylist()
    ]
    if name in names:
        return InputError(
            f"no run that was asked for has the metric {name!r}", hint="ask for fewer conditions", slug="no-such-metric"
        )
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else "reportgen metric ls lists the metrics"
    return InputError(f"there is no metric {name!r}", hint=hint, slug="no-such-metric")
