"""What `reportgen run compare` prints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from reportgen.cli.output import Column, exact_values, print_json, print_rows
from reportgen.cli.runpage import value_text
from reportgen.cli.sections import Row, Section, exact_columns, exact_sections, print_sections
from reportgen.text import DASH, NumberForm, format_duration, format_number, number_form

if TYPE_CHECKING:
    from reportgen.queries.compare import ArtifactDifference, Comparison, NumberDifference, ValueDifference

_TYPED = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789")
_FACT_NAMES = {"error_type": "error", "duration_us": "duration"}

_RUNS = [
    Column("Run", "which"),
    Column("Id", "id", "id"),
    Column("Name", "name", shrinks=True),
    Column("Pipeline", "pipeline", shrinks=True),
    Column("Status", "status", "status"),
    Column("Started", "started_at", "time"),
]
_VALUES = [
    Column("Name", "title", shrinks=True),
    Column("Old", "before", shrinks=True),
    Column("New", "now", shrinks=True),
    Column("Change", "outcome"),
]
_NUMBERS = [
    Column("Metric", "title", shrinks=True),
    Column("Old", "before", "number"),
    Column("New", "now", "number"),
    Column("Change", "text"),
    Column("Verdict", "verdict"),
]
_ARTIFACTS = [
    Column("Key", "key", shrinks=True),
    Column("Old", "before"),
    Column("New", "now"),
    Column("Change", "outcome"),
]

_EXACT_RUN = exact_columns("run_id name pipeline deployment status started_at ended_at duration_us")
_EXACT_VALUES = exact_columns("name outcome old new")
_EXACT_METRICS = exact_columns("name outcome old new difference percent verdict")
_EXACT_LISTS = exact_columns("name measure outcome old new difference percent verdict")
_EXACT_ARTIFACTS = exact_columns("key outcome old_version new_version old_type new_type")


def print_comparison(comparison: Comparison, output: str, ids: Mapping[str, str], now_us: int) -> None:
    """Print a comparison, with all the rows that it has; `ids` are short ids, which a table shows."""
    sections = _make_sections(comparison)
    if output == "json":
        runs = {"old": exact_values(comparison.old, _EXACT_RUN), "new": exact_values(comparison.new, _EXACT_RUN)}
        print_json({**runs, **exact_sections(sections)})
        return
    sides = ("old", comparison.old), ("new", comparison.new)
    print_rows(
        [{**run, "which": which, "id": ids[run["run_id"]]} for which, run in sides], _RUNS, output, now_us=now_us
    )
    print_sections(sections, now_us)
    if not any(section.rows for section in sections):
        click.echo("no differences; --all shows what is equal", err=True)


def _make_sections(comparison: Comparison) -> list[Section]:
    values = (comparison.facts, comparison.params, comparison.context)
    facts, params, context = ([_value_row(value) for value in part] for part in values)
    metrics, lists = ([_number_row(number) for number in part] for part in (comparison.metrics, comparison.lists))
    artifacts = [_artifact_row(artifact) for artifact in comparison.artifacts]
    return [
        Section("Run", facts, _VALUES, "facts", _EXACT_VALUES),
        Section("Parameters", params, _VALUES, "params", _EXACT_VALUES),
        Section("Metrics", metrics, _NUMBERS, "metrics", _EXACT_METRICS),
        Section("List metrics", lists, _NUMBERS, "list_metrics", _EXACT_LISTS),
        Section("Artifacts", artifacts, _ARTIFACTS, "artifacts", _EXACT_ARTIFACTS),
        Section("Code and machine", context, _VALUES, "context", _EXACT_VALUES),
    ]


def _value_row(value: ValueDifference) -> Row:
    old, new = (_to_text(value.name, side) for side in (value.old, value.new))
    if old == new and value.outcome == "changed":  # such as the number 1 and the text 1
        old, new = (json.dumps(side, ensure_ascii=False) for side in (value.old, value.new))
    return {
        **vars(value),
        "title": _FACT_NAMES.get(value.name, value.name),
        "before": DASH if value.outcome == "new" else old,
        "now": DASH if value.outcome == "gone" else new,
    }


def _to_text(name: str, value: Any) -> str:
    if name == "duration_us" and isinstance(value, int):
        return format_duration(value)
    return ", ".join(value) if name == "tags" and value else value_text(value)


def _number_row(number: NumberDifference) -> Row:
    return {
        **vars(number),
        "title": number.name if number.measure == "value" else f"{number.name} {number.measure}",
        "before": _number_text(number.old, number.form),
        "now": _number_text(number.new, number.form),
        "text": _change_text(number),
        "verdict": number.change.word if number.change and number.change.word else None,
    }


def _number_text(value: float | None, form: NumberForm) -> str:
    return _as_typed(format_number(value, form))


def _change_text(number: NumberDifference) -> str:
    if number.outcome != "changed" or number.change is None:
        return number.outcome
    if number.change.text == "no change" and number.difference is not None:  # too small for the form
        return _as_typed(format_number(number.difference, number_form([number.difference]), sign=True))
    return _as_typed(number.change.text)


def _as_typed(text: str) -> str:
    """Write a number with the signs that a shell takes, as tables have them."""
    return text.replace(" × 10", "e").translate(_TYPED)


def _artifact_row(artifact: ArtifactDifference) -> Row:
    sides = (artifact.old_version, artifact.old_type), (artifact.new_version, artifact.new_type)
    old, new = (f"{kind} version {version}" if kind else DASH for version, kind in sides)
    return {**vars(artifact), "before": old, "now": new}
