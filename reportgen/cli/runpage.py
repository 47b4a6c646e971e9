"""What `reportgen run inspect` prints."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from reportgen.cli.output import Column, exact_values, print_facts, print_json
from reportgen.cli.sections import Row, Section, exact_columns, exact_sections, print_sections, with_cells
from reportgen.text import first_line

if TYPE_CHECKING:
    from reportgen.queries.inspect_run import RunDetails

_MAX_INDENT = 10

_FACTS = [
    Column("Id", "run_id", "id"),
    Column("Name", "name"),
    Column("Pipeline", "pipeline"),
    Column("Deployment", "deployment"),
    Column("Status", "status", "status"),
    Column("Started", "started_at", "time"),
    Column("Ended", "ended_at", "time"),
    Column("Last record", "silent_since", "time"),
    Column("Took", "duration_us", "duration"),
    Column("Started by", "parent"),
    Column("Tags", "tags"),
    Column("Error", "error"),
    Column("Records", "n_records", "count"),
    Column("Writers", "n_writers", "count"),
    Column("Missing", "n_missing", "count"),
    Column("Deleted", "deleted_at", "time"),
    Column("Reason", "deleted_reason"),
]
_VALUES = [Column("Name", "name"), Column("Value", "text", shrinks=True)]
_STEPS = [
    Column("Step", "title", shrinks=True),
    Column("Attempt", "attempt", "count"),
    Column("Status", "status", "status"),
    Column("Took", "duration_us", "duration"),
    Column("Error", "line", shrinks=True),
]
_METRICS = [
    Column("Metric", "name", shrinks=True),
    Column("Value", "value", "number"),
    Column("Times", "n_values", "count"),
    Column("Step", "step", shrinks=True),
]
_LISTS = [
    Column("List metric", "name", shrinks=True),
    Column("Points", "n_values", "count"),
    Column("First", "first", "number"),
    Column("Last", "last", "number"),
    Column("Min", "min", "number"),
    Column("Max", "max", "number"),
    Column("Step", "step", shrinks=True),
]
_ARTIFACTS = [
    Column("Key", "key", shrinks=True),
    Column("Version", "version", "count"),
    Column("Type", "type"),
    Column("Step", "step", shrinks=True),
    Column("Deleted", "deleted_at", "time"),
    Column("Description", "line", shrinks=True),
]
_EDGES = [
    Column("Artifact or dataset", "what", shrinks=True),
    Column("Address", "address", shrinks=True),
    Column("Digest", "digest", shrinks=True),
    Column("Step", "step", shrinks=True),
]
_RUNS = [
    Column("Id", "run_id", "id"),
    Column("Name", "name", shrinks=True),
    Column("Pipeline", "pipeline", shrinks=True),
    Column("Status", "status", "status"),
    Column("Started", "started_at", "time"),
]
_PROBLEMS = [Column("File", "file"), Column("Line", "line", "count"), Column("Reason", "reason", shrinks=True)]
_UNKNOWN = [Column("Writer", "writer"), Column("Record", "seq"), Column("Kind", "kind")]

_EXACT_RUN = exact_columns(
    "run_id name pipeline deployment status started_at ended_at last_record_at duration_us parent_run_id tags params"
    " context error detached n_records n_writers n_missing deleted_at deleted_reason"
)
_EXACT_STEPS = exact_columns("step_id parent_step_id depth name attempt status started_at ended_at duration_us error")
_EXACT_METRICS = exact_columns("name value n_values step_id step recorded_at")
_EXACT_LISTS = exact_columns("name n_values first last min max mean step_id step recorded_at")
_EXACT_ARTIFACTS = exact_columns(
    "artifact_id key version type step_id step created_at updated_at n_updates description metadata deleted_at"
    " deleted_reason"
)
_EXACT_EDGES = exact_columns("artifact_id key version uri name digest step_id step recorded_at")
_EXACT_RUNS = exact_columns("run_id name pipeline status started_at")


def print_details(details: RunDetails, output: str, now_us: int) -> None:
    """Print everything of a run."""
    facts, sections = _make_facts(details), _make_sections(details)
    if output == "json":
        print_json({**exact_values(facts, _EXACT_RUN), **exact_sections(sections)})
        return
    shown = {**facts, "error": error_line(details.run), "tags": details.run["tags"] or None}
    print_facts(shown, with_cells([shown], _FACTS), output, now_us=now_us)
    print_sections(sections, now_us)
    if details.run["error_traceback"]:
        click.echo("\nTraceback")
        print_facts({"text": details.run["error_traceback"]}, [Column("", "text")], output)


def _make_facts(details: RunDetails) -> Row:
    run, parent = details.run, details.parent
    return {
        **run,
        "silent_since": None if run["ended_at"] else run["last_record_at"],
        "parent": f"{run['parent_run_id']} ({parent['name']}, {parent['pipeline']})"
        if parent
        else run["parent_run_id"],
        "error": _error(run),
    }


def _make_sections(details: RunDetails) -> list[Section]:
    return [
        Section("Parameters", _value_rows(details.run["params"]), _VALUES),
        Section("Code and machine", _value_rows(details.run["context"]), _VALUES),
        Section("Steps", list(map(_step_row, details.steps)), _STEPS, "steps", _EXACT_STEPS),
        Section("Metrics", details.metrics, _METRICS, "metrics", _EXACT_METRICS),
        Section("List metrics", details.lists, _LISTS, "list_metrics", _EXACT_LISTS),
        Section("Artifacts", list(map(_artifact_row, details.artifacts)), _ARTIFACTS, "artifacts", _EXACT_ARTIFACTS),
        Section("Inputs", list(map(_edge_row, details.inputs)), _EDGES, "inputs", _EXACT_EDGES),
        Section("Outputs", list(map(_edge_row, details.outputs)), _EDGES, "outputs", _EXACT_EDGES),
        Section("Runs that it started", details.children, _RUNS, "started_runs", _EXACT_RUNS),
        Section("Problems", details.problems, _PROBLEMS, "problems", exact_columns("file line reason origin")),
        Section("Unknown records", details.unknown, _UNKNOWN, "unknown", exact_columns("writer seq kind json")),
    ]


def _error(row: Row) -> Mapping[str, Any] | None:
    """Give the error of a run or a step as an object."""
    if row["error_type"] is None:
        return None
    return {name: row[f"error_{name}"] for name in ("type", "message", "traceback")}


def error_line(row: Row) -> str | None:
    """Give type and first line of the error of a run or a step."""
    parts = row["error_type"], first_line(row["error_message"] or "")
    return ": ".join(part for part in parts if part) or None


def _value_rows(values: Mapping[str, Any]) -> Sequence[Row]:
    from reportgen.queries.inspect_run import flatten

    return [{"name": name, "text": value_text(value)} for name, value in flatten(values).items()]


def value_text(value: Any) -> str:
    """Write a parameter as it was recorded: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _step_row(step: Row) -> Row:
    title = "  " * min(step["depth"], _MAX_INDENT) + step["name"]
    return {**step, "title": title, "error": _error(step), "line": error_line(step)}


def _artifact_row(artifact: Row) -> Row:
    return {**artifact, "line": first_line(artifact["description"] or "") or None}


def _edge_row(edge: Row) -> Row:
    if edge["artifact_id"] or edge["key"]:
        version = f" version {edge['version']}" if edge["version"] is not None else ""
        return {**edge, "what": f"{edge['key']}{version}" if edge["key"] else f"artifact {edge['artifact_id']}"}
    return {**edge, "what": edge["name"] or edge["uri"], "address": edge["uri"] if edge["name"] else None}
