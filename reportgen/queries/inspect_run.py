"""Everything that is known of one run, but the content of its artifacts and the points of its list metrics."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from reportgen.queries.runs import Row, describe_run, read_runs
from reportgen.store import Store, table_rows

_RELATED = ["pipeline"]
_MAX_DEPTH = 50


class RunDetails(msgspec.Struct, frozen=True):
    """A run with all that it recorded.

    Attributes
    ----------
    run
        Its row of the table `runs`, as `describe_run` gives it, with `params` and `context` as objects.
    parent
        The run that started it, if that is known.
    children
        The runs that it started, oldest first.
    steps
        Its steps in the order they began, each after the step around it, with `depth`, `duration_us` and a judged
        `status`.
    metrics, lists, artifacts
        What it recorded, with the name of the `step`; artifacts in the order in which they were made, with `metadata`.
    inputs, outputs
        What its steps read and wrote.
    problems, unknown
        What could not be used of its logs.
    """

    run: Row
    parent: Row | None
    children: Sequence[Row]
    steps: Sequence[Row]
    metrics: Sequence[Row]
    lists: Sequence[Row]
    artifacts: Sequence[Row]
    inputs: Sequence[Row]
    outputs: Sequence[Row]
    problems: Sequence[Row]
    unknown: Sequence[Row]


def inspect_run(store: Store, run_id: str, now_us: int) -> RunDetails:
    """Read what is known of a run that is there.

    Parameters
    ----------
    now_us
        The moment at which a run without an end is judged: microseconds since the epoch.
    """
    run = read_run(store, run_id, now_us)
    steps = arrange_steps(_rows(store, "steps", run_id), run)
    names = {step["step_id"]: step["name"] for step in steps}
    edges = _with_steps(_rows(store, "edges", run_id), names)
    return RunDetails(
        run=run,
        parent=_find_parent(store, run, now_us),
        children=_find_children(store, run_id, now_us),
        steps=steps,
        metrics=_with_steps(_rows(store, "metrics", run_id), names),
        lists=_with_steps(_rows(store, "lists", run_id), names),
        artifacts=_with_steps(_read_artifacts(store, run_id), names),
        inputs=[edge for edge in edges if edge["direction"] == "read"],
        outputs=[edge for edge in edges if edge["direction"] != "read"],
        problems=_rows(store, "problems", run_id),
        unknown=_rows(store, "unknown", run_id),
    )


def read_run(store: Store, run_id: str, now_us: int) -> Row:
    """Give the row of a run that is there, as people see it, with `params` and `context` as objects."""
    row = table_rows(store.read("runs", where={"run_id": [run_id]}))[0]
    objects = {name: read_object(row[f"{name}_json"]) for name in ("params", "context")}
    return {**describe_run(row, now_us), **objects}


def read_object(text: str) -> dict[str, Any]:
    """Read a JSON object; what is nested deeper than anybody reads is left out."""
    try:
        value = json.loads(text)
    except RecursionError:
        value = None
    return {name: _cut_deep(item, _MAX_DEPTH) for name, item in value.items()} if isinstance(value, dict) else {}


def _cut_deep(value: Any, depth: int) -> Any:
    if not isinstance(value, (dict, list)):
        return value
    if depth == 0:
        return "…"
    if isinstance(value, dict):
        return {name: _cut_deep(item, depth - 1) for name, item in value.items()}
    return [_cut_deep(item, depth - 1) for item in value]


def flatten(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give what an object holds under names with dots, e.g. `{"a": {"b": 1}}` as `{"a.b": 1}`; lists stay whole.

    Where two would have one name, the one with dots in its own keys has these in quotes.
    """
    flat: dict[str, Any] = {}
    for path, value in sorted(_iter_leaves(values, ()), key=lambda leaf: (-len(leaf[0]), leaf[0])):
        name = ".".join(path)
        if name in flat:
            name = ".".join(json.dumps(key, ensure_ascii=False) for key in path)
        while name in flat:
            name = json.dumps(name, ensure_ascii=False)
        flat[name] = value
    return dict(sorted(flat.items()))


def _iter_leaves(values: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _iter_leaves(value, (*path, key))
        else:
            yield (*path, key), value


def arrange_steps(rows: Sequence[Row], run: Mapping[str, Any]) -> list[Row]:
    """Put steps, which are in the order they began, each after the step around it, and add what people see of them."""
    known = {row["step_id"] for row in rows}
    inner: dict[str | None, list[Row]] = {}
    for row in rows:
        inner.setdefault(row["parent_step_id"] if row["parent_step_id"] in known else None, []).append(row)
    arranged: dict[str, Row] = {}
    outer = [*inner.get(None, ()), *rows]  # steps that name each other as parents have no outermost one
    stack = [(row, 0) for row in reversed(outer)]
    while stack:
        row, depth = stack.pop()
        if row["step_id"] not in arranged:
            arranged[row["step_id"]] = {**row, "depth": depth, **_judge_step(row, run)}
            stack += [(step, depth + 1) for step in reversed(inner.get(row["step_id"], ()))]
    return list(arranged.values())


def _judge_step(row: Mapping[str, Any], run: Mapping[str, Any]) -> Row:
    """A step without an end still runs if its run does, and was left when that ended."""
    unended = run["status"] if run["status"] in ("running", "stalled") else "cancelled"
    ended_at = row["ended_at"] or max(run["last_record_at"], row["started_at"])
    return {"status": row["status"] or unended, "duration_us": ended_at - row["started_at"]}


def _find_parent(store: Store, run: Mapping[str, Any], now_us: int) -> Row | None:
    found = read_runs(store, [run["parent_run_id"]], now_us, _RELATED) if run["parent_run_id"] else []
    return found[0] if found else None


def _find_children(store: Store, run_id: str, now_us: int) -> list[Row]:
    ids: list[Any] = store.read("runs", ["run_id"], {"parent_run_id": [run_id]})["run_id"].to_pylist()
    return read_runs(store, ids, now_us, _RELATED) if ids else []


def _read_artifacts(store: Store, run_id: str) -> list[Row]:
    rows = _rows(store, "artifacts", run_id)
    rows.sort(key=lambda row: (row["created_at"], row["writer"], row["seq"]))
    return [{**row, "metadata": read_object(row["metadata_json"])} for row in rows]


def _rows(store: Store, table: str, run_id: str) -> list[Row]:
    return table_rows(store.read(table, where={"run_id": [run_id]}))


def _with_steps(rows: Sequence[Row], names: Mapping[str, str]) -> list[Row]:
    return [{**row, "step": names.get(row["step_id"])} for row in rows]
