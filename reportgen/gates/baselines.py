"""Which runs are judged, and which run each is compared with.

Judged is by default the newest run of every pipeline and deployment. A baseline is `latest` (the newest run before it
of the same pipeline and deployment that completed), `branch:NAME` (the same, recorded on that git branch), a run, or
the newest completed run of the same pipeline and deployment in another site or log directory.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from reportgen.errors import InputError
from reportgen.mirror import local_path
from reportgen.model import Model, Run
from reportgen.queries.runs import resolve_run
from reportgen.settings import is_url
from reportgen.sources import Source, open_source

Line = tuple[str, str]  # pipeline and deployment
_BRANCH = "branch:"
_BASELINES = "give latest, branch:NAME, a run's id, or the folder of a site or of logs"
_MOST_NAMED = 5


def open_model(source: Source, like: Model) -> Model:
    """Open the model of other records with the options and the moment of a model."""
    return Model(source.store, like.options, source_date_us=like.as_of)


# Judged runs


def choose_runs(model: Model, source: Source, wanted: Sequence[str] = (), pipelines: Sequence[str] = ()) -> list[Run]:
    """Choose the runs that are judged.

    Parameters
    ----------
    source
        What the model was made of.
    wanted
        Runs as they are typed, and log directories or sites, of which the newest run of every pipeline and deployment
        is meant. By default all of the model.
    pipelines
        Only runs of these.

    Returns
    -------
    list of Run
        By pipeline and deployment, then the oldest first.

    Raises
    ------
    InputError
        There is no such run or pipeline, or no run at all.
    """
    for name in pipelines:
        if name not in model.pipelines:
            raise no_such_pipeline(model, name)
    positions = {*_newest_of_lines(model, model.runs.positions)} if not wanted else set()
    for text in wanted:
        positions |= _positions_of(model, source, text)
    runs = [model.run_at(position) for position in positions]
    chosen = [run for run in runs if not pipelines or run.pipeline in pipelines]
    if not chosen:
        raise InputError("there is no run to judge", hint="record a run first", slug="no-runs")
    return sorted(chosen, key=lambda run: (run.pipeline, run.deployment, run.position))


def _newest_of_lines(model: Model, positions: Sequence[int]) -> list[int]:
    columns = model.columns
    newest = {(columns.pipeline[at], columns.deployment[at]): at for at in sorted(positions)}
    return [*newest.values()]


def _positions_of(model: Model, source: Source, text: str) -> set[int]:
    """Give the positions of the runs that are meant by an id, a log directory or a site."""
    if not _is_place(text):
        return {model.columns.position_of[_living(model, resolve_run(source.store, text))]}
    found = open_source([local_path(_to_place(text))])
    ids: list[Any] = found.store.read("runs", ["run_id"])["run_id"].to_pylist()
    positions = [model.columns.position_of.get(run_id) for run_id in ids]
    if None in positions:
        missing = ids[positions.index(None)]
        hint = "build the site of these logs first, or name the logs in place of the site"
        raise InputError(f"run {missing} of {text} is not among what is judged", hint=hint, slug="no-such-run")
    living = {*model.runs.positions}
    return {*_newest_of_lines(model, [at for at in positions if at is not None and at in living])}


def _living(model: Model, run_id: str) -> str:
    if model.columns.deleted_at[model.columns.position_of[run_id]] is not None:
        raise InputError(f"run {run_id} is deleted", hint="name another run", slug="no-such-run")
    return run_id


def no_such_pipeline(model: Model, name: str) -> InputError:
    """Make the error about a pipeline, or pipeline and deployment, that no run is of."""
    near = difflib.get_close_matches(name, model.pipelines, n=1)
    known = ", ".join([*model.pipelines][:_MOST_NAMED])
    hint = f"did you mean {near[0]}?" if near else f"there are {known}" if known else "record a run first"
    return InputError(f"no run is of the pipeline {name!r}", hint=hint, slug="no-such-pipeline")


def _is_place(text: str) -> bool:
    return is_url(text) or Path(text).expanduser().is_dir()


def _to_place(text: str) -> str | Path:
    return text if is_url(text) else Path(text).expanduser()


# Baselines


class Baseline:
    """What judged runs are compared with.

    Attributes
    ----------
    text
        As it was written.
    model
        Where its runs are.
    is_elsewhere
        Whether that is another site than that of the judged runs.
    """

    def __init__(self, text: str, model: Model, *, run: Run | None = None, is_elsewhere: bool = False) -> None:
        self.text = text
        self.model = model
        self._run = run
        self.is_elsewhere = is_elsewhere

    def run_for(self, run: Run) -> Run | None:
        """Give the run that a judged run is compared with; `None` when there is none of its pipeline and deployment."""
        if self._run:
            return self._run if self._run.pipeline == run.pipeline and self._run.id != run.id else None
        return next(self._iter_completed(run), None)

    def _iter_completed(self, run: Run) -> Iterator[Run]:
        branch = self.text.removeprefix(_BRANCH) if self.text.startswith(_BRANCH) else None
        for other in self._iter_earlier(run):
            is_completed = other.status == "completed" and not other.detached
            if is_completed and (branch is None or branch_of(other) == branch):
                yield other

    def _iter_earlier(self, run: Run) -> Iterator[Run]:
        """Give the runs of the same pipeline and deployment, the newest first: those before, or of another site all."""
        if not self.is_elsewhere:
            before = self.model.run_before(run)
            while before:
                yield before
                before = self.model.run_before(before)
            return
        for position in reversed(self._lines.get((run.pipeline, run.deployment), [])):
            if self.model.columns.ids[position] != run.id:
                yield self.model.run_at(position)

    @cached_property
    def _lines(self) -> dict[Line, list[int]]:
        columns = self.model.columns
        lines: dict[Line, list[int]] = {}
        for at in self.model.runs.positions:
            lines.setdefault((columns.pipeline[at], columns.deployment[at]), []).append(at)
        return lines


def branch_of(run: Run) -> str:
    """Give the git branch that a run was recorded on; empty when none is known."""
    git = run.context.get("git")
    branch = git.get("branch") if isinstance(git, dict) else None
    return branch if isinstance(branch, str) else ""


def find_baseline(model: Model, source: Source, text: str, judged: Sequence[Run]) -> Baseline:
    """Find what a text names.

    Parameters
    ----------
    source
        What the model was made of.
    text
        `latest`, `branch:NAME`, a run's id or its beginning, or the folder or URL of a site or of logs.
    judged
        The runs that are to be compared with it. While there are no others, no branch is unknown.

    Raises
    ------
    InputError
        There is no such branch, run or folder, or what is there cannot be read.
    """
    if text == "latest":
        return Baseline(text, model)
    if text.startswith(_BRANCH):
        _check_branch(model, text.removeprefix(_BRANCH), judged)
        return Baseline(text, model)
    if _is_place(text):
        return Baseline(text, open_model(open_source([local_path(_to_place(text))]), model), is_elsewhere=True)
    try:
        run_id = resolve_run(source.store, text)
    except InputError as error:
        if error.slug != "no-such-run":
            raise
        message = f"there is no baseline {text!r}"
        raise InputError(message, hint=_BASELINES, slug="no-such-baseline") from error
    return Baseline(text, model, run=model.find_run(_living(model, run_id)))


def _check_branch(model: Model, name: str, judged: Sequence[Run]) -> None:
    """Refuse a branch that no run was recorded on, unless there is no history at all."""
    mine = {run.id for run in judged}
    known: dict[str, None] = {}
    is_first = True
    for run in reversed(model.runs):
        is_first = is_first and run.id in mine
        branch = branch_of(run)
        if branch == name:
            return
        if branch:
            known[branch] = None
    if not is_first:
        names = ", ".join([*known][:_MOST_NAMED])
        hint = f"there are runs of {names}" if names else "runs record their branch inside a git repository"
        raise InputError(f"no run was recorded on the branch {name!r}", hint=hint, slug="no-such-baseline")
