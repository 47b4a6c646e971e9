"""Lasting changes of a metric: where its level moved, by how much, and what else changed at that run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise

import msgspec

from reportgen.levels import Level, find_levels
from reportgen.model import MetricInfo, Model, Run, Series
from reportgen.text import Change, format_count, format_date, format_number
from reportgen.views.parts import Here, Link, change_of
from reportgen.views.setup import describe_differences

MOST_RUNS = 1000
_MOST_CHANGES = 20
_MOST_CAUSES = 6


class LevelChange(msgspec.Struct, frozen=True):
    """A run from which on a metric was higher or lower.

    Attributes
    ----------
    run
        The first run of the new level.
    pipeline
        Whose runs they are, with the deployment.
    began
        The day that run began.
    before, after
        The median values of both levels.
    change
        How they differ.
    held
        How many runs are of the new level.
    causes
        What else that run did otherwise than the run before it, or that nothing else is known.
    """

    run: Link
    pipeline: Link
    began: str
    before: str
    after: str
    change: Change | None
    held: str
    causes: Sequence[str]


class SeriesLevels:
    """The levels of a metric in the newest runs of one pipeline and deployment."""

    def __init__(self, model: Model, info: MetricInfo, series: Series) -> None:
        self.series = series
        self._model, self._info = model, info
        self.positions = series.positions[-MOST_RUNS:]
        self.levels = find_levels(series.values[-MOST_RUNS:], tolerance=info.options.tolerance)

    @property
    def is_known(self) -> bool:
        """Whether there are enough values to tell."""
        return bool(self.levels)

    def changes(self, here: Here, pipeline: Link) -> Iterator[tuple[int, LevelChange]]:
        """Describe every change, the newest first, each with the position of its run."""
        for before, after in reversed([*pairwise(self.levels)]):
            run, previous = self._run(after.start), self._run(after.start - 1)
            n_runs = format_count(after.stop - after.start, "run")
            is_newest = after.stop == len(self.positions)
            yield (
                run.position,
                LevelChange(
                    run=here.run(run),
                    pipeline=pipeline,
                    began=format_date(run.started_at),
                    before=format_number(before.value, self._info.form),
                    after=format_number(after.value, self._info.form),
                    change=change_of(self._info, after.value, before.value),
                    held=f"since then, {n_runs}" if is_newest else f"for {n_runs}",
                    causes=_shorten([*describe_differences(self._model, run, previous)]),
                ),
            )

    def lines(self) -> Iterator[tuple[int, int, float]]:
        """Give each level of a series that changed: the positions of its first and last run, and its value."""
        for level in self.levels if len(self.levels) > 1 else ():
            yield self.positions[level.start], self.positions[level.stop - 1], level.value

    def _run(self, place: int) -> Run:
        return self._model.run_at(self.positions[place])


def describe_levels(found: Sequence[SeriesLevels]) -> str:
    """Say in a sentence how often the level changed; nothing while that cannot be told."""
    known = [one for one in found if one.is_known]
    if not known:
        return ""
    n_changes = sum(len(one.levels) - 1 for one in known)
    return f"{format_count(n_changes, 'lasting change')}." if n_changes else "No lasting change."


def newest_changes(changes: Iterable[tuple[int, LevelChange]]) -> list[LevelChange]:
    """Sort changes of several series, the newest first, and leave out what is too much for a page."""
    return [change for _, change in islice(sorted(changes, key=lambda one: -one[0]), _MOST_CHANGES)]


def label_changes(found: Sequence[SeriesLevels], model: Model) -> Iterator[tuple[int, str]]:
    """Give the position of the run of each change, and a label."""
    for one in found:
        for before, after in pairwise(one.levels):
            position = one.positions[after.start]
            yield position, _label(model.columns.started_at[position], before, after)


def _label(began_at: int, before: Level, after: Level) -> str:
    arrow = "↑" if after.value > before.value else "↓"
    return f"{arrow} {format_date(began_at).rsplit(' ', 1)[0]}"


def _shorten(causes: Sequence[str]) -> list[str]:
    if not causes:
        return ["nothing else that is recorded"]
    rest = len(causes) - _MOST_CAUSES
    return [*causes[:_MOST_CAUSES], *([f"and {rest} more"] if rest > 0 else [])]
