"""What differs between two runs: how they went, what they were set up with, what they measured and what they made.

Values are compared as they were recorded, to the last digit; NaN equals NaN. Whether a change of a metric is for the
better is said by the rule of the site, `reportgen.text.describe_change`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from reportgen.options import MetricOptions
from reportgen.queries.inspect_run import flatten, read_run
from reportgen.queries.runs import Row
from reportgen.store import Store, table_rows
from reportgen.text import Change, NumberForm, describe_change, format_number, number_form

Outcome = Literal["same", "changed", "new", "gone"]

_FACTS = ("pipeline", "deployment", "status", "error_type", "duration_us", "tags", "deleted")
_MEASURES = ("last", "min", "max")
_MAX_DECIMALS = 12


@dataclass(frozen=True)
class ValueDifference:
    """A fact or a parameter; `old` and `new` are `None` where it is not there."""

    name: str
    outcome: Outcome
    old: Any
    new: Any


@dataclass(frozen=True)
class NumberDifference:
    """A metric, or a measure of a list metric.

    Attributes
    ----------
    name
        Its name.
    measure
        `value` of a metric; `last`, `min` or `max` of a list metric.
    outcome
        Whether it is in both runs, and the same.
    old, new
        The values; `None` where it is not there.
    difference, percent
        From old to new, where both are finite; per cent of the size of a value other than 0.
    form
        How both are written, with digits enough to tell them apart.
    change
        The change in words and its judgement; `None` when it is in one run only.
    """

    name: str
    measure: Literal["value", "last", "min", "max"]
    outcome: Outcome
    old: float | None
    new: float | None
    difference: float | None
    percent: float | None
    form: NumberForm
    change: Change | None


@dataclass(frozen=True)
class ArtifactDifference:
    """A key: the highest version that each run made of it; `changed` when type or content differ."""

    key: str
    outcome: Outcome
    old_version: int | None
    new_version: int | None
    old_type: str | None
    new_type: str | None


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side; all but the facts are sorted by name.

    Attributes
    ----------
    old, new
        Rows of the table `runs`, as `read_run` gives them.
    facts
        Pipeline, deployment, status, error, duration, tags and deletion.
    context
        Code and machine, with names such as `git.commit`.
    params
        Parameters; those of objects have names with dots.
    metrics, lists
        Metrics, and list metrics by their last, smallest and largest value.
    artifacts
        The keys that one of the runs made a version of.
    """

    old: Row
    new: Row
    facts: Sequence[ValueDifference]
    context: Sequence[ValueDifference]
    params: Sequence[ValueDifference]
    metrics: Sequence[NumberDifference]
    lists: Sequence[NumberDifference]
    artifacts: Sequence[ArtifactDifference]

    def without_same(self) -> Comparison:
        """Leave out what is equal."""
        names = [field.name for field in fields(self) if field.name not in ("old", "new")]
        parts: dict[str, Any] = {name: [row for row in getattr(self, name) if row.outcome != "same"] for name in names}
        return replace(self, **parts)


def compare_runs(
    store: Store, old_id: str, new_id: str, now_us: int, known_metrics: Mapping[str, MetricOptions]
) -> Comparison:
    """Compare two runs that are there.

    Parameters
    ----------
    now_us
        The moment at which runs without an end are judged: microseconds since the epoch.
    known_metrics
        Goals, units and tolerances of metrics.
    """
    old, new = read_run(store, old_id, now_us), read_run(store, new_id, now_us)
    return Comparison(
        old=old,
        new=new,
        facts=_compare_facts(old, new),
        context=_compare_values(flatten(old["context"]), flatten(new["context"])),
        params=_compare_values(flatten(old["params"]), flatten(new["params"])),
        metrics=_compare_numbers(store, "metrics", old_id, new_id, known_metrics),
        lists=_compare_numbers(store, "lists", old_id, new_id, known_metrics),
        artifacts=_compare_artifacts(store, old_id, new_id),
    )


def _outcome(name: object, old: Mapping[Any, Any], new: Mapping[Any, Any]) -> Outcome:
    if name not in old or name not in new:
        return "new" if name in new else "gone"
    return "same" if _are_same(old[name], new[name]) else "changed"


def _are_same(old: Any, new: Any) -> bool:
    """Whether two values are equal; a flag equals no number, NaN equals NaN."""
    if isinstance(old, float) and isinstance(new, float) and math.isnan(old):
        return math.isnan(new)
    return bool(old == new) and isinstance(old, bool) == isinstance(new, bool)


# Facts and parameters


def _facts(run: Row) -> dict[str, Any]:
    facts = {**run, "deleted": True if run["deleted_at"] is not None else None}
    return {name: facts[name] for name in _FACTS if facts[name] not in (None, [])}


def _compare_facts(old: Row, new: Row) -> list[ValueDifference]:
    return sorted(_compare_values(_facts(old), _facts(new)), key=lambda fact: _FACTS.index(fact.name))


def _compare_values(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[ValueDifference]:
    names = sorted({*old, *new})
    return [ValueDifference(name, _outcome(name, old, new), old.get(name), new.get(name)) for name in names]


# Metrics


def _compare_numbers(
    store: Store, table: str, old_id: str, new_id: str, known_metrics: Mapping[str, MetricOptions]
) -> list[NumberDifference]:
    measures = ("value",) if table == "metrics" else _MEASURES
    rows = store.read(table, ["name", "run_id", *measures], {"run_id": {old_id, new_id}}).to_pylist()
    runs: dict[str, dict[tuple[str, str], float | None]] = {old_id: {}, new_id: {}}
    for row in rows:
        runs[row["run_id"]] |= {(row["name"], measure): row[measure] for measure in measures}
    old, new = runs[old_id], runs[new_id]
    places = dict.fromkeys([*old, *new])
    names = sorted({name for name, _ in places})
    return [
        _compare_number(name, measure, old, new, known_metrics.get(name, MetricOptions()))
        for name in names
        for measure in measures
    ]


def _compare_number(
    name: str,
    measure: Any,
    old: Mapping[tuple[str, str], float | None],
    new: Mapping[tuple[str, str], float | None],
    known: MetricOptions,
) -> NumberDifference:
    before, now = old.get((name, measure)), new.get((name, measure))
    form = choose_form(before, now, known.unit)
    difference = now - before if before is not None and now is not None and _are_finite(before, now) else None
    return NumberDifference(
        name=name,
        measure=measure,
        outcome=_outcome((name, measure), old, new),
        old=before,
        new=now,
        difference=difference,
        percent=difference / abs(before) * 100 if difference is not None and before else None,
        form=form,
        change=describe_change(now, before, form, goal=known.goal, tolerance=known.tolerance),
    )


def _are_finite(*values: float) -> bool:
    return all(map(math.isfinite, values))


def choose_form(old: float | None, new: float | None, unit: str) -> NumberForm:
    """Choose a form for two values that tells them apart, if twelve decimals do."""
    form = number_form([old, new], unit)
    if old is None or new is None or old == new or not _are_finite(old, new):
        return form
    while form.decimals is not None and format_number(old, form) == format_number(new, form):
        if form.decimals >= _MAX_DECIMALS:
            break
        form = form._replace(decimals=form.decimals + 1)
    return form


# Artifacts


def _compare_artifacts(store: Store, old_id: str, new_id: str) -> list[ArtifactDifference]:
    columns = ["key", "version", "run_id", "type", "content_digest", "deleted_at"]
    rows = table_rows(store.read("artifacts", columns, {"run_id": {old_id, new_id}}))
    runs: dict[str, dict[str, Row]] = {old_id: {}, new_id: {}}
    for row in rows:  # versions of a key come in their order
        if row["key"] is not None and row["deleted_at"] is None:
            runs[row["run_id"]][row["key"]] = row
    return [_compare_artifact(key, runs[old_id].get(key), runs[new_id].get(key)) for key in sorted(_keys(runs))]


def _keys(runs: Mapping[str, Mapping[str, Row]]) -> set[str]:
    return {key for artifacts in runs.values() for key in artifacts}


def _compare_artifact(key: str, old: Row | None, new: Row | None) -> ArtifactDifference:
    before, now = ({key: (row["type"], row["content_digest"])} if row else {} for row in (old, new))
    return ArtifactDifference(
        key=key,
        outcome=_outcome(key, before, now),
        old_version=old["version"] if old else None,
        new_version=new["version"] if new else None,
        old_type=old["type"] if old else None,
        new_type=new["type"] if new else None,
    )
