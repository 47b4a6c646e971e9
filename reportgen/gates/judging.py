"""Judges runs by rules: one verdict for each run and rule that concern each other."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from reportgen.errors import InputError
from reportgen.gates.baselines import Baseline, Line, find_baseline, no_such_pipeline
from reportgen.gates.noise import LEAST_VALUES, measure_noise
from reportgen.gates.rules import ANY, COMPARISONS, Against, Goal, Recorded, Rule, Steady, Threshold
from reportgen.model import Key, ListSeries, MetricInfo, Model, Run, Series
from reportgen.model.rows import column_list
from reportgen.sources import Source
from reportgen.text import NBSP, NumberForm, describe_change, first_line, format_count, format_number, number_form

Outcome = Literal["passed", "failed", "skipped"]

COMPLETED = "completed"
_SAME = 1e-9  # relative: sums in another order are no change


@dataclass(frozen=True)
class Verdict:
    """Whether a run meets a rule.

    Attributes
    ----------
    outcome
        `skipped` when there was nothing to compare with.
    rule
        The text of the rule; `"completed"` for the one that is not written.
    run
        The run.
    subject
        The metric or key; empty for the status of the run.
    message
        Why, in words on one line.
    value
        The metric's value, if the rule is about one.
    """

    outcome: Outcome
    rule: str
    run: Run
    subject: str
    message: str
    value: float | None = None


def judge_runs(
    model: Model, source: Source, runs: Sequence[Run], rules: Sequence[Rule], *, allow_failed: bool = False
) -> list[Verdict]:
    """Judge runs.

    Parameters
    ----------
    source
        What the model was made of.
    runs
        The runs, as `choose_runs` gives them.
    rules
        What they must meet, besides having completed.
    allow_failed
        Let runs that did not complete pass, if they meet the rules.

    Returns
    -------
    list of Verdict
        By run, then in the order of the rules.

    Raises
    ------
    InputError
        A rule names a metric, key, pipeline or baseline that there is not.
    """
    judge = _Judge(model, source, runs)
    applied = [(rule, [*judge.find_subjects(rule)]) for rule in dict.fromkeys(rules)]
    verdicts = []
    for run in runs:
        if not allow_failed:
            verdicts.append(_judge_status(run))
        for rule, subjects in applied:
            for name, lines in subjects:
                if (run.pipeline, run.deployment) in lines:
                    verdicts.append(judge.judge(rule, name, run, is_excused=not allow_failed))
    return verdicts


def _judge_status(run: Run) -> Verdict:
    message = describe_failure(run)
    return Verdict("failed" if message else "passed", COMPLETED, run, "", message or "completed")


def describe_failure(run: Run) -> str:
    """Say in a line why a run did not complete; nothing when it did."""
    if run.status == "completed":
        return ""
    if run.status == "cancelled":
        return "was cancelled"
    if run.status != "failed":
        return "has not ended: it still runs, or was killed"
    step = next((step for step in reversed(run.steps) if step.status == "failed"), None)
    error = (step.error if step else None) or run.error
    where = f" at step {step.name}" if step else ""
    what = f": {first_line(f'{error.type}: {error.message}')}" if error else ""
    return f"failed{where}{what}"


class _Judge:
    def __init__(self, model: Model, source: Source, runs: Sequence[Run]) -> None:
        self._model = model
        self._baseline = lru_cache(None)(lambda text: find_baseline(model, source, text, runs))
        columns = model.columns
        self._lines = {(columns.pipeline[at], columns.deployment[at]) for at in model.runs.positions}

    # What a rule is about

    def find_subjects(self, rule: Rule) -> Iterator[tuple[str, set[Line]]]:
        """Give the metrics or keys of a rule, each with the pipelines and deployments whose runs it is for.

        Raises
        ------
        InputError
            There are none.
        """
        chosen = self._choose_lines(rule)
        if isinstance(rule.test, Against):
            self._baseline(rule.test.baseline)  # refuses one that there is not, whether a run needs it or not
        if rule.subject != ANY:
            yield rule.subject, self._lines_of(rule) if chosen is None else chosen
            return
        names = [name for name, info in self._model.metrics.items() if info.options.goal]
        if not names:
            hint = "set [metrics.NAME] goal in reportgen.toml, or name the metric"
            raise InputError(f"rule {rule.text!r}: no metric has a goal", hint=hint, slug="no-such-metric")
        for name in names:
            lines = _lines_of_metric(self._model.metrics[name])
            yield name, lines if chosen is None else lines & chosen

    def _choose_lines(self, rule: Rule) -> set[Line] | None:
        if rule.pipeline is None and rule.deployment is None:
            return None
        lines = {
            line
            for line in self._lines
            if rule.pipeline in (None, line[0]) and (rule.deployment is None or rule.deployment == line[1])
        }
        if not lines and rule.pipeline is not None and rule.pipeline not in self._model.pipelines:
            raise no_such_pipeline(self._model, rule.pipeline)
        if not lines:
            known = sorted({line[1] for line in self._lines if rule.pipeline in (None, line[0])} - {""})
            hint = f"there are {', '.join(known)}" if known else "leave it out: runs have none"
            message = f"rule {rule.text!r}: no run is of the deployment {rule.deployment!r}"
            raise InputError(message, hint=hint, slug="no-such-pipeline")
        return lines

    def _lines_of(self, rule: Rule) -> set[Line]:
        if isinstance(rule.test, Recorded) and rule.test.kind == "artifact":
            key = self._model.keys.get(rule.subject)
            if key is None:
                hint = _suggest(rule.subject, self._model.keys, "reportgen artifact ls lists the keys")
                raise InputError(
                    f"rule {rule.text!r}: no run made {rule.subject!r}", hint=hint, slug="no-such-artifact"
                )
            return self._lines_of_key(key)
        info = self._model.metrics.get(rule.subject)
        if info is None:
            hint = _suggest(rule.subject, self._model.metrics, "reportgen metric ls lists the metrics")
            raise InputError(
                f"rule {rule.text!r}: no run has the metric {rule.subject!r}", hint=hint, slug="no-such-metric"
            )
        return _lines_of_metric(info)

    def _lines_of_key(self, key: Key) -> set[Line]:
        places, columns = key.versions.places, self._model.columns
        run_ids = {*column_list(self._model.table("artifacts").slice(places.start, len(places)), "run_id")}
        positions = [columns.position_of[run_id] for run_id in run_ids]
        return {(columns.pipeline[at], columns.deployment[at]) for at in positions}

    # Verdicts

    def judge(self, rule: Rule, name: str, run: Run, *, is_excused: bool) -> Verdict:
        """Judge a run by a rule for one metric or key.

        What a run that did not complete has not recorded is excused when its status is judged already.
        """
        value = value_of(run, name)
        outcome: Outcome
        outcome, message = self._compare(rule, name, run, value)
        is_absent = value is None and outcome != "passed"
        if is_absent and is_excused and run.status != "completed":
            outcome = "skipped"
        return Verdict(outcome, _text_of(rule, name), run, name, message, value)

    def _compare(self, rule: Rule, name: str, run: Run, value: float | None) -> tuple[Outcome, str]:
        if isinstance(rule.test, Recorded):
            return _judge_recorded(rule.test, name, run, value)
        if value is None:
            return "failed", f"{name} was not recorded"
        if math.isnan(value):
            return "failed", f"{name} is NaN"
        info = self._model.metrics[name]
        if isinstance(rule.test, Threshold):
            return _judge_threshold(rule.test, info, value)
        if isinstance(rule.test, Against):
            return _judge_against(rule.test, self._baseline(rule.test.baseline), info, run, value)
        return _judge_steady(rule.test, info, run, value)


def _judge_recorded(test: Recorded, name: str, run: Run, value: float | None) -> tuple[Outcome, str]:
    if test.kind == "metric":
        return ("failed", f"{name} was not recorded") if value is None else ("passed", f"{name} was recorded")
    made = any(artifact.key == name and artifact.deleted_at is None for artifact in run.artifacts)
    return ("passed", f"{name} was made") if made else ("failed", f"no version of {name} was made")


def _judge_threshold(test: Threshold, info: MetricInfo, value: float) -> tuple[Outcome, str]:
    text, limit = _write_both(info, value, test.limit)
    if COMPARISONS[test.sign](value, test.limit):
        return "passed", f"{info.name} is {text}, as it must be {test.sign} {limit}"
    return "failed", f"{info.name} is {text}, but must be {test.sign} {limit}"


def _judge_against(test: Against, baseline: Baseline, info: MetricInfo, run: Run, value: float) -> tuple[Outcome, str]:
    other = baseline.run_for(run)
    if other is None:
        return "skipped", f"{info.name}: no run of {baseline.text} to compare with"
    before = value_of(other, info.name)
    if before is None or not math.isfinite(before):
        return "skipped", f"{info.name}: run {other.name} of {baseline.text} has no number to compare with"
    tolerance = info.options.tolerance if test.tolerance is None else test.tolerance
    goal = test.goal or info.options.goal
    now, then = _write_both(info, value, before)
    change = describe_change(value, before, _form_of(info, value, before), goal=goal)
    text = f"{info.name} is {now}, was {then} in {other.name} ({baseline.text})"
    if _is_worse(value - before, goal) and abs(value - before) > max(tolerance, _SAME) * abs(before):
        allowed = f", more than {format_number(tolerance * 100)}{NBSP}%" if tolerance else ""
        return "failed", f"{text}: {change.text if change else ''}{allowed}"
    return "passed", text


def _judge_steady(test: Steady, info: MetricInfo, run: Run, value: float) -> tuple[Outcome, str]:
    noise = measure_noise(values_before(info, run, test.window))
    if noise is None:
        return "skipped", f"{info.name}: fewer than {LEAST_VALUES} earlier values"
    effect = info.options.tolerance if test.effect is None else test.effect
    goal = test.goal or info.options.goal
    delta = value - noise.median
    now, usual = _write_both(info, value, noise.median)
    text = f"{info.name} is {now}, the median of {format_count(noise.n, 'earlier run')} is {usual}"
    allowed = max(test.deviations * noise.deviation, max(effect, _SAME) * abs(noise.median))
    if not _is_worse(delta, goal) or abs(delta) <= allowed:
        return "passed", text
    deviations = f"{abs(delta) / noise.deviation:,.1f} deviations away" if noise.deviation else "and they never varied"
    return "failed", f"{text}, {deviations}"


def _is_worse(delta: float, goal: Goal | None) -> bool:
    return delta != 0 if goal is None else (delta < 0) == (goal == "max") and delta != 0


# Values


def value_of(run: Run, name: str) -> float | None:
    """Give the value of a metric of a run; of a list metric the last."""
    if name in run.metrics:
        return run.metrics[name].value
    return run.lists[name].last if name in run.lists else None


def values_before(info: MetricInfo, run: Run, n: int) -> Sequence[float | None]:
    """Give the last `n` values of earlier runs of the same pipeline and deployment, oldest first."""
    for series in info.series:
        if (series.pipeline, series.deployment) == (run.pipeline, run.deployment):
            return series.values_before(run.position, n)
    for line in info.lists:
        if (line.pipeline, line.deployment) == (run.pipeline, run.deployment):
            return [last for at, last in zip(line.positions, line.lasts, strict=True) if at < run.position][-n:]
    return ()


def _lines_of_metric(info: MetricInfo) -> set[Line]:
    lines: list[Series | ListSeries] = [*info.series, *info.lists]
    return {(line.pipeline, line.deployment) for line in lines}


def _text_of(rule: Rule, name: str) -> str:
    return rule.text if rule.subject != ANY else f"{rule.text} ({name})"


def _form_of(info: MetricInfo, *values: float) -> NumberForm:
    """Give the metric's form, or one with more digits where these values need them."""
    own = number_form(values, info.form.unit)
    return own if info.form.decimals is not None and (own.decimals or 0) > info.form.decimals else info.form


def _write_both(info: MetricInfo, value: float, other: float) -> tuple[str, str]:
    """Write two numbers in one form, or with every digit where that would hide how they differ."""
    form = _form_of(info, value, other)
    texts = format_number(value, form), format_number(other, form)
    if texts[0] != texts[1] or value == other:
        return texts
    scale = 100 if form.unit == "%" else 1
    unit = f"{NBSP}{form.unit}" if form.unit else ""
    return f"{value * scale:.12g}{unit}", f"{other * scale:.12g}{unit}"


def _suggest(name: str, known: Mapping[str, object], otherwise: str) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else otherwise
