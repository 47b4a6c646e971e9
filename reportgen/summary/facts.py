"""What a summary says of each run: its metrics and artifacts beside those of the run it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.gates import Baseline, Verdict
from reportgen.gates.judging import value_of, values_before
from reportgen.model import Artifact, Model, Run
from reportgen.text import Change, describe_change, format_number, number_form
from reportgen.views.parts import headline_order
from reportgen.views.version import short_difference

_HISTORY = 20
_TONES = {"worse": 0, "better": 1, "quiet": 2}


@dataclass(frozen=True)
class MetricFact:
    """A metric: its value, that of the baseline, how they differ, and its last 20 values."""

    name: str
    now: str
    before: str
    change: Change | None
    history: Sequence[float | None]

    @property
    def is_changed(self) -> bool:
        return self.change is not None and (self.change.tone != "quiet" or self.change.text != "no change")


@dataclass(frozen=True)
class ArtifactFact:
    """A key: its version in the run, 0 for one that the run did not make, how it differs, and whether it has a page."""

    key: str
    version: int
    note: str = ""
    has_page: bool = True


@dataclass(frozen=True)
class RunFacts:
    """A run beside its baseline.

    Attributes
    ----------
    run
        The run.
    before
        What it is compared with, if there is such a run.
    metrics
        Worse ones first, then better ones, then those that did not change much.
    new, changed, missing
        Keys that only the run made, that differ, and that only the baseline made.
    n_same
        How many keys are as they were.
    findings
        The rules that it does not meet.
    """

    run: Run
    before: Run | None
    metrics: Sequence[MetricFact]
    new: Sequence[ArtifactFact]
    changed: Sequence[ArtifactFact]
    missing: Sequence[ArtifactFact]
    n_same: int
    findings: Sequence[Verdict]

    def count(self, tone: str) -> int:
        """Say how many metrics are better, or worse."""
        return sum(one.change is not None and one.change.tone == tone for one in self.metrics)


def gather_facts(model: Model, run: Run, baseline: Baseline, findings: Sequence[Verdict]) -> RunFacts:
    """Compare a run with its baseline."""
    before = baseline.run_for(run)
    names = headline_order(model, {*run.metrics, *run.lists})
    metrics = [_metric_fact(model, run, before, name) for name in names]
    metrics.sort(key=lambda one: _TONES[one.change.tone] if one.change else len(_TONES))
    now, then = _newest_by_key(run), _newest_by_key(before) if before else {}
    both = [(artifact, then[key]) for key, artifact in now.items() if key in then]
    changed = [(new, old) for new, old in both if new.content_digest != old.content_digest or new.type != old.type]
    return RunFacts(
        run=run,
        before=before,
        metrics=metrics,
        new=[ArtifactFact(key, one.version, has_page=one.has_page) for key, one in now.items() if key not in then],
        changed=[
            ArtifactFact(new.key or "", new.version, short_difference(old, new), new.has_page) for new, old in changed
        ],
        missing=[ArtifactFact(key, 0) for key in then if key not in now],
        n_same=len(both) - len(changed),
        findings=findings,
    )


def _metric_fact(model: Model, run: Run, before: Run | None, name: str) -> MetricFact:
    info = model.metrics[name]
    value = value_of(run, name)
    old = value_of(before, name) if before else None
    own = number_form([value, old], info.options.unit)
    form = own if (own.decimals or 0) > (info.form.decimals or 0) and info.form.decimals is not None else info.form
    return MetricFact(
        name=name,
        now=format_number(value, form),
        before="" if old is None else format_number(old, form),
        change=describe_change(value, old, form, goal=info.options.goal, tolerance=info.options.tolerance),
        history=[*values_before(info, run, _HISTORY - 1), value],
    )


def _newest_by_key(run: Run) -> dict[str, Artifact]:
    """Give the last version of each key that a run made, by key."""
    found = {one.key: one for one in run.artifacts if one.key is not None and one.deleted_at is None}
    return {key: found[key] for key in sorted(found)}
