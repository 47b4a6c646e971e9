"""What a run was set up with, and how that differs from another run: parameters, code and machine, inputs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from reportgen.model import Edge, Model, Run
from reportgen.text import first_line
from reportgen.views.parts import value_text

_LONGEST_VALUE = 40
_DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_DIGEST_CHARS = 10  # enough to tell two commits apart


class Setting(msgspec.Struct, frozen=True):
    """A named value; `before` is the value of the run before where it differs."""

    name: str
    value: str
    before: str | None


def compare_params(run: Run, before: Run | None) -> list[Setting]:
    """Give the parameters of a run, by name, and then those that only the run before has."""
    return _compare(dict(sorted(run.params.items())), before.params if before else None)


def compare_contexts(run: Run, before: Run | None) -> list[Setting]:
    """Give code and machine of a run likewise."""
    return _compare(_flatten(run.context), _flatten(before.context) if before else None)


def describe_differences(model: Model, run: Run, before: Run) -> Iterator[str]:
    """Say what a run was set up with and read otherwise than another, each in a few words."""
    for setting in (*compare_params(run, before), *compare_contexts(run, before)):
        if setting.before is not None:
            was, now = (_short(text) or "none" for text in (setting.before, setting.value))
            yield f"{setting.name} {was} → {now}"
    read, read_before = _inputs(model, run), _inputs(model, before)
    for name in sorted(read.keys() | read_before.keys()):
        if name not in read_before:
            yield f"reads {name}"
        elif name not in read:
            yield f"reads {name} no more"
        elif read[name] != read_before[name]:
            yield f"{name} has other content"


def _short(text: str) -> str:
    return text[:_DIGEST_CHARS] if _DIGEST.fullmatch(text) else first_line(text, _LONGEST_VALUE)


def _compare(values: Mapping[str, Any], before: Mapping[str, Any] | None) -> list[Setting]:
    settings = []
    for name in [*values, *(name for name in before or () if name not in values)]:
        now = value_text(values[name]) if name in values else ""
        old = value_text(before[name]) if before is not None and name in before else ""
        differs = before is not None and values.get(name) != before.get(name)
        settings.append(Setting(name, now, old if differs else None))
    return settings


def _flatten(context: Mapping[str, Any]) -> dict[str, Any]:
    """Give code and machine of a run as names and values: what is grouped in the record gets the group's name."""
    facts: dict[str, Any] = {}
    for name, value in sorted(context.items()):
        inner = value if isinstance(value, dict) else None
        group = {name: value} if inner is None else {f"{name} {key}": inner[key] for key in sorted(inner)}
        for label, fact in group.items():
            facts[label] = ("yes" if fact else "no") if isinstance(fact, bool) else fact
    return facts


def _inputs(model: Model, run: Run) -> dict[str, set[str]]:
    """Give what identifies the content of all that a run read, by the name of it."""
    inputs: dict[str, set[str]] = {}
    for edge in run.edges:
        if edge.direction == "read":
            inputs.setdefault(_input_name(edge), set()).add(_content_of(model, edge))
    return inputs


def _input_name(edge: Edge) -> str:
    return first_line(edge.key or edge.name or edge.uri or "an artifact", _LONGEST_VALUE)


def _content_of(model: Model, edge: Edge) -> str:
    artifact = model.find_artifact(edge.artifact_id)
    return artifact.content_digest or artifact.id if artifact else edge.digest
