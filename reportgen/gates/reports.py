"""Verdicts as text, JSON, JUnit XML, commands of GitHub workflows and OpenMetrics.

What is written comes from records, which anyone may have made: each format escapes it by its own rules.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from reportgen.floats import encode_number
from reportgen.gates.judging import Verdict
from reportgen.model import Run
from reportgen.text import NBSP, format_count, iso_time

_NOT_PLAIN = re.compile("[^\\S ]+|[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_NOT_XML = re.compile("[^\t\n\r -\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]")


def describe_run(run: Run) -> str:
    """Name a run on a line: pipeline, deployment, name and id."""
    where = f"{run.pipeline}, {run.deployment}" if run.deployment else run.pipeline
    return f"{where}: {run.name} ({run.id})"


def plain_line(text: str) -> str:
    """Make one line of a text, without what a terminal or a log would take for more than a character."""
    return _NOT_PLAIN.sub(" ", text.replace(NBSP, " "))


def summarise(verdicts: Sequence[Verdict]) -> str:
    """Say in a line what came out."""
    n_runs = len({verdict.run.id for verdict in verdicts})
    n_failed = sum(verdict.outcome == "failed" for verdict in verdicts)
    n_skipped = sum(verdict.outcome == "skipped" for verdict in verdicts)
    done = f"{format_count(len(verdicts), 'check')} of {format_count(n_runs, 'run')}"
    result = f"{n_failed:,} failed" if n_failed else "none failed"
    return f"{done}: {result}{f', {n_skipped:,} had nothing to compare with' if n_skipped else ''}"


def write_text(verdicts: Sequence[Verdict]) -> str:
    """Write one line a finding; one that says so when there is none."""
    lines = [f"{describe_run(one.run)}: {one.message}" for one in verdicts if one.outcome == "failed"]
    return "".join(f"{plain_line(line)}\n" for line in lines or [summarise(verdicts)])


# JSON


def write_json(verdicts: Sequence[Verdict]) -> str:
    """Write an object with `passed`, and `checks`, each with the run it is of."""
    checks = [
        {
            "outcome": one.outcome,
            "rule": one.rule,
            "subject": one.subject or None,
            "message": one.message.replace(NBSP, " "),
            "value": None if one.value is None else encode_number(one.value),
            "run_id": one.run.id,
            "run_name": one.run.name,
            "pipeline": one.run.pipeline,
            "deployment": one.run.deployment or None,
            "status": one.run.status,
            "started_at": iso_time(one.run.started_at),
        }
        for one in verdicts
    ]
    passed = all(one.outcome != "failed" for one in verdicts)
    return json.dumps({"passed": passed, "checks": checks}, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


# JUnit


def write_junit(verdicts: Sequence[Verdict]) -> str:
    """Write JUnit XML: a suite for each run, a test case for each rule."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites{_attributes(name='reportgen', **_count(verdicts))}>",
    ]
    for run, group in groupby(verdicts, lambda one: one.run):
        mine = [*group]
        suite = _attributes(name=describe_run(run), **_count(mine), timestamp=iso_time(run.started_at)[:19])
        lines.append(f"  <testsuite{suite}>")
        for verdict in mine:
            lines += _iter_case_lines(verdict)
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _count(verdicts: Sequence[Verdict]) -> dict[str, str]:
    outcomes = [one.outcome for one in verdicts]
    n_failed, n_skipped = outcomes.count("failed"), outcomes.count("skipped")
    return {
        "tests": str(len(outcomes)),
        "failures": str(n_failed),
        "errors": "0",
        "skipped": str(n_skipped),
        "time": "0",
    }


def _iter_case_lines(verdict: Verdict) -> Iterator[str]:
    run = verdict.run
    place = f"{run.pipeline}.{run.deployment}" if run.deployment else run.pipeline
    case = f"    <testcase{_attributes(classname=place, name=verdict.rule, time='0')}"
    message = verdict.message
    if verdict.outcome == "passed":
        yield f"{case}/>"
        return
    yield f"{case}>"
    if verdict.outcome == "failed":
        text = f"{describe_run(run)}: {message}"
        yield f"      <failure{_attributes(message=message, type='check')}>{escape(_xml(plain_line(text)))}</failure>"
    else:
        yield f"      <skipped{_attributes(message=message)}/>"
    yield "    </testcase>"


def _attributes(**values: str) -> str:
    return "".join(f" {name}={quoteattr(_xml(plain_line(value)))}" for name, value in values.items())


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


# GitHub


def write_github(verdicts: Sequence[Verdict]) -> str:
    """Write commands of GitHub workflows, which it shows as annotations."""
    lines = [
        _command("error", f"{one.run.pipeline}: {one.rule}", f"{describe_run(one.run)}: {one.message}")
        for one in verdicts
        if one.outcome == "failed"
    ]
    return "".join(f"{line}\n" for line in lines or [_command("notice", "reportgen check", summarise(verdicts))])


def _command(name: str, title: str, message: str) -> str:
    data = plain_line(message).replace("%", "%25")
    shown = plain_line(title).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    return f"::{name} title={shown}::{data}"


# OpenMetrics


def write_openmetrics(verdicts: Sequence[Verdict]) -> str:
    """Write text of OpenMetrics 1.0: how the runs stand, their metrics, and what came of each rule."""
    runs = [*{one.run.id: one.run for one in verdicts}.values()]
    by_line = {(run.pipeline, run.deployment): run for run in runs}.values()  # a series has one sample, of the last run
    newest = {run.id for run in by_line}
    mine = [one for one in verdicts if one.run.id in newest]
    lines = [
        *_family(
            "reportgen_run_completed",
            "Whether the run completed.",
            ((_labels(run), float(run.status == "completed")) for run in by_line),
        ),
        *_family(
            "reportgen_run_started_seconds",
            "When the run began.",
            ((_labels(run), run.started_at / 1e6) for run in by_line),
            unit="seconds",
        ),
        *_family(
            "reportgen_run_duration_seconds",
            "How long the run took.",
            ((_labels(run), run.duration_us / 1e6) for run in by_line),
            unit="seconds",
        ),
        *_family(
            "reportgen_metric",
            "The value that the run recorded.",
            ((_labels(run, metric=name), run.metrics[name].value) for run in by_line for name in sorted(run.metrics)),
        ),
        *_family(
            "reportgen_check_passed",
            "Whether the run meets the rule; missing when there was nothing to compare with.",
            (
                (_labels(one.run, rule=one.rule), float(one.outcome == "passed"))
                for one in mine
                if one.outcome != "skipped"
            ),
        ),
    ]
    return "\n".join([*lines, "# EOF", ""])


def _labels(run: Run, **more: str) -> str:
    labels = {"pipeline": run.pipeline, "deployment": run.deployment, **more}
    return ",".join(f'{name}="{_label(value)}"' for name, value in labels.items())


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _family(name: str, about: str, samples: Iterable[tuple[str, float]], unit: str = "") -> Iterator[str]:
    yield f"# TYPE {name} gauge"
    if unit:
        yield f"# UNIT {name} {unit}"
    yield f"# HELP {name} {about}"
    for labels, value in samples:
        yield f"{name}{{{labels}}} {_sample(value)}"


def _sample(value: float) -> str:
    encoded = encode_number(value)
    return {"Infinity": "+Inf", "-Infinity": "-Inf"}.get(encoded, encoded) if isinstance(encoded, str) else repr(value)


WRITERS: Mapping[str, Callable[[Sequence[Verdict]], str]] = {
    "text": write_text,
    "json": write_json,
    "junit": write_junit,
    "github": write_github,
    "openmetrics": write_openmetrics,
}
