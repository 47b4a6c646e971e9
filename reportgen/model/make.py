"""Makes the model from tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reportgen.compact import Compaction
from reportgen.images import ImageFacts
from reportgen.model.objects import (
    Artifact,
    Edge,
    Error,
    Key,
    ListSummary,
    MetricInfo,
    MetricValue,
    Model,
    Pipeline,
    PointSource,
    Problem,
    Run,
    Series,
    Step,
)
from reportgen.options import MetricOptions, Options
from reportgen.status import RunStatus, judge_status
from reportgen.store import table_rows
from reportgen.tables import TableFile
from reportgen.text import number_form, readable_name


def build_model(
    compaction: Compaction,
    options: Options,
    *,
    images: Mapping[str, ImageFacts],
    table_files: Mapping[str, TableFile],
    source_date_us: int | None = None,
) -> Model:
    """Build the model.

    Parameters
    ----------
    compaction
        The tables.
    options
        Goals, units and tolerances of metrics.
    images
        What is known of each image file, by the name of its blob.
    table_files
        What is known of the file of each large table, by the name of its blob.
    source_date_us
        The moment the site speaks of, if it is later than the newest record.
    """
    tables = compaction.tables
    rows = {name: table_rows(tables[name]) for name in tables}
    newest = max((row["last_record_at"] for row in rows["runs"]), default=0)
    as_of = max(newest, source_date_us or 0)
    contents = {
        (row["run_id"], row["artifact_id"]): row["data_json"]
        for table in compaction.days["contents"].values()
        for row in table.to_pylist()
    }
    for row in rows["artifacts"]:
        row["data_json"] = contents.get((row["run_id"], row["artifact_id"]), "null")
    grouped = {name: _by_run(rows[name]) for name in rows}
    every_run = [_make_run(row, grouped, table_files, as_of) for row in rows["runs"]]
    runs = [run for run in every_run if run.deleted_at is None]
    run_by_id = {run.id: run for run in every_run}
    artifacts = [artifact for run in every_run for artifact in run.artifacts]
    keys: dict[str, list[Artifact]] = {}
    for artifact in sorted(artifacts, key=lambda artifact: (artifact.key or "", artifact.version)):
        if artifact.key is not None:
            keys.setdefault(artifact.key, []).append(artifact)
    return Model(
        options=options,
        as_of=as_of,
        runs=runs,
        deleted_runs=[run for run in every_run if run.deleted_at is not None],
        run_by_id=run_by_id,
        pipelines={name: Pipeline(name, line) for name, line in sorted(_group(runs, "pipeline").items())},
        keys={name: Key(name, versions) for name, versions in sorted(keys.items())},
        metrics=_make_metrics(runs, options),
        artifact_by_id={artifact.id: artifact for artifact in artifacts},
        uses=_group([e for run in runs for e in run.edges if e.direction == "read" and e.artifact_id], "artifact_id"),
        children=_group([run for run in runs if run.parent_id in run_by_id], "parent_id"),
        points=PointSource(compaction),
        images=images,
        problems=[_pick(Problem, problem) for problem in rows["problems"]],
        tables=tables,
        days={name: [*days] for name, days in compaction.days.items()},
    )


def _group(items: Sequence[Any], attribute: str) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for item in items:
        groups.setdefault(getattr(item, attribute), []).append(item)
    return groups


def _by_run(rows: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["run_id"], []).append(row)
    return groups


def _make_run(
    row: dict[str, Any],
    grouped: Mapping[str, dict[str, list[dict[str, Any]]]],
    table_files: Mapping[str, TableFile],
    as_of: int,
) -> Run:
    run_id = row["run_id"]

    def rows(table: str) -> list[dict[str, Any]]:
        return grouped[table].get(run_id, [])

    status = judge_status(row, as_of)
    metrics = [_pick(MetricValue, metric) for metric in rows("metrics")]
    lists = [_pick(ListSummary, summary) for summary in rows("lists")]
    by_record = sorted(rows("artifacts"), key=lambda a: (a["created_at"], a["writer"], a["seq"]))
    artifacts = [_make_artifact(artifact, table_files) for artifact in by_record]
    return Run(
        id=run_id,
        pipeline=row["pipeline"],
        deployment=row["deployment"] or "",
        name=row["name"] or readable_name(run_id),
        status=status,
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        last_record_at=row["last_record_at"],
        longest_silence_us=row["longest_silence_us"],
        parent_id=row["parent_run_id"],
        params=json.loads(row["params_json"]),
        tags=row["tags"] or (),
        context=json.loads(row["context_json"]),
        error=_make_error(row),
        deleted_at=row["deleted_at"],
        deleted_reason=row["deleted_reason"] or "",
        detached=row["detached"],
        n_records=row["n_records"],
        n_writers=row["n_writers"],
        n_missing=row["n_missing"],
        steps=_make_steps(rows("steps"), status, row["last_record_at"]),
        metrics={metric.name: metric for metric in metrics},
        lists={summary.name: summary for summary in lists},
        artifacts=artifacts,
        edges=[_make_edge(edge) for edge in rows("edges")],
        problems=[_pick(Problem, problem) for problem in rows("problems")],
    )


def _pick(kind: Any, row: Mapping[str, Any]) -> Any:
    return kind(**{name: row[name] for name in kind.__dataclass_fields__})


def _make_error(row: Mapping[str, Any]) -> Error | None:
    if row["error_type"] is None:
        return None
    return Error(row["error_type"], row["error_message"] or "", row["error_traceback"] or "")


def _make_steps(rows: Sequence[Mapping[str, Any]], run_status: RunStatus, last_record_at: int) -> list[Step]:
    """Steps in the order they began, each after the step around it."""
    unfinished: RunStatus = run_status if run_status in ("running", "stalled") else "cancelled"
    children: dict[str | None, list[Mapping[str, Any]]] = {}
    known = {row["step_id"] for row in rows}
    for row in rows:
        parent = row["parent_step_id"] if row["parent_step_id"] in known else None
        children.setdefault(parent, []).append(row)
    steps: list[Step] = []
    placed: set[str] = set()
    rest = list(reversed(rows))  # steps that name each other as parents have no outermost one
    stack = [(row, 0) for row in reversed(children.get(None, []))]
    while stack or rest:
        row, depth = stack.pop() if stack else (rest.pop(), 0)
        if row["step_id"] in placed:
            continue
        placed.add(row["step_id"])
        steps.append(
            Step(
                id=row["step_id"],
                parent_id=row["parent_step_id"],
                name=row["name"],
                attempt=row["attempt"],
                status=row["status"] or unfinished,
                started_at=row["started_at"],
                ended_at=row["ended_at"] or max(last_record_at, row["started_at"]),
                error=_make_error(row),
                depth=depth,
            )
        )
        stack += [(child, depth + 1) for child in reversed(children.get(row["step_id"], []))]
    return steps


def _make_artifact(row: Mapping[str, Any], table_files: Mapping[str, TableFile]) -> Artifact:
    blob = blob_of("table", row)
    return Artifact(
        id=row["artifact_id"],
        type=row["type"],
        key=row["key"],
        version=row["version"] or 0,
        run_id=row["run_id"],
        step_id=row["step_id"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        n_updates=row["n_updates"],
        description=row["description"] or "",
        data_json=row["data_json"],
        metadata=json.loads(row["metadata_json"]),
        deleted_at=row["deleted_at"],
        deleted_reason=row["deleted_reason"] or "",
        table_file=table_files.get(blob) if blob else None,
    )


def blob_of(kind: str, row: Mapping[str, Any]) -> str:
    """The name of the file that an artifact of this type is kept in; empty when its content is in its record."""
    return (row["blob"] or "") if row["type"] == kind else ""


def _make_edge(row: Mapping[str, Any]) -> Edge:
    return Edge(
        run_id=row["run_id"],
        step_id=row["step_id"],
        direction=row["direction"],
        artifact_id=row["artifact_id"],
        key=row["key"],
        version=row["version"],
        uri=row["uri"] or "",
        name=row["name"] or "",
        digest=row["digest"] or "",
    )


def _make_metrics(runs: Sequence[Run], options: Options) -> dict[str, MetricInfo]:
    values: dict[str, dict[tuple[str, str], list[MetricValue]]] = {}
    lists: dict[str, list[ListSummary]] = {}
    for run in runs:
        for name, value in run.metrics.items():
            values.setdefault(name, {}).setdefault((run.pipeline, run.deployment), []).append(value)
        for name, summary in run.lists.items():
            lists.setdefault(name, []).append(summary)
    metrics = {}
    for name in sorted({*values, *lists}):
        series = [Series(*place, line) for place, line in sorted(values.get(name, {}).items())]
        known = options.metrics.get(name, MetricOptions())
        numbers = [value.value for line in series for value in line.values]
        numbers = numbers or [s.last for s in lists.get(name, []) if s.last is not None]
        metrics[name] = MetricInfo(name, known, number_form(numbers, known.unit), series, lists.get(name, []))
    return metrics
