"""What workers of a build do, each in a process of its own if need be: they get a path and a part of the work, and give
back what they wrote. What they share, the tables and the settings, lies on the disk."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec
from markupsafe import Markup

from reportgen.memory import held_low
from reportgen.model import Files, Horizon, Model
from reportgen.options import Options
from reportgen.prose import render_markdown
from reportgen.publish import WrittenFile, write_file
from reportgen.publish.disk import not_shared
from reportgen.render import make_environment, render_page
from reportgen.store import Layers, StoreFolder
from reportgen.theme import Theme
from reportgen.units import Unit, make_unit
from reportgen.views.parts import Page

_WORK_MS = {
    "pipeline": 50,
    "key": 40,
    "lineage": 35,
    "metric": 20,
    "runs": 20,
    "runs_page": 20,
    "artifacts": 15,
    "overview": 15,
    "compared_runs": 10,
    "data": 10,
    "metrics": 10,
    "run": 8,
    "artifact": 4,
    "blob": 0.1,
}
_OTHER_WORK_MS = 3
_LEAST_WORK_MS = 40  # of a part
_MOST_WORK_MS = 3000  # after which a worker gives back what is free of its memory


class Job(msgspec.Struct, frozen=True):
    """What all workers of a build need to know.

    Attributes
    ----------
    stores
        The folders of the tables; a file is taken from the first that has it.
    site
        The folder that files are written into.
    options
        Title, and what is known of metrics.
    theme
        How it looks.
    folders_of, sites
        Where images and large tables lie: the folders of the logs of each run, and the stores of sites.
    source_date_us
        The moment the site speaks of, if it is later than the newest record.
    horizon
        Before which runs the site is thinned.
    drawn
        Charts that an earlier site has already, as `Model` has them.
    """

    stores: Sequence[Path]
    site: Path
    options: Options
    theme: Theme
    folders_of: Callable[[str], Sequence[Path]]
    sites: Sequence[Path]
    source_date_us: int | None
    horizon: Horizon
    drawn: Mapping[tuple[str, int], Markup]

    def open_model(self) -> Model:
        model = Model(
            Layers([StoreFolder(folder, is_own=True) for folder in self.stores]),
            self.options,
            Files(self.folders_of, self.sites),
            theme=self.theme,
            source_date_us=self.source_date_us,
            horizon=self.horizon,
        )
        model.drawn = self.drawn
        return model


_Render = Callable[[Page], bytes]
_Opened = tuple[Job, Model, _Render]
_opened: dict[Path, _Opened] = {}  # at most one: what this process works on
_renders: dict[str, _Render] = {}  # at most one, by theme: a process that builds again has its templates at hand
_one_at_a_time = threading.Lock()  # a worker of a cluster may have threads; a model is for one


def prime_job(path: Path, job: Job, model: Model) -> None:
    """Write a job down for the workers; this process, and those that it forks, take the model that is there."""
    path.write_bytes(pickle.dumps(job))
    _opened.clear()
    _opened[path] = job, model, _render_of(job.theme)


def warm_up(theme: Theme) -> None:
    """Load what pages are made with, so that this process and those that it forks have it at hand.

    Raises
    ------
    InputError
        A template of the theme is none.
    """
    render_markdown("*all* its extensions are loaded for a text")
    environment = make_environment(theme)
    for name in environment.list_templates(["html"]):
        environment.get_template(name)
    _renders.clear()
    _renders[theme.digest] = partial(render_page, environment)


def _render_of(theme: Theme) -> _Render:
    if theme.digest not in _renders:
        _renders.clear()
        _renders[theme.digest] = partial(render_page, make_environment(theme))
    return _renders[theme.digest]


def _open_job(path: Path) -> _Opened:
    if path not in _opened:
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise not_shared(path.parent) from error
        job: Job = pickle.loads(content)  # noqa: S301 — the build that started this process wrote it
        _opened.clear()
        _opened[path] = job, job.open_model(), _render_of(job.theme)
    return _opened[path]


@held_low()
def make_units(task: tuple[Path, Sequence[Unit]]) -> tuple[list[WrittenFile], int]:
    """Write the files of some units, and say how many these were; the path is where the job is written down."""
    path, units = task
    with _one_at_a_time:
        job, model, render = _open_job(path)
        files = [
            write_file(job.site, item.url, render(item) if isinstance(item, Page) else item.content)
            for unit in units
            for item in make_unit(model, unit)
        ]
    return files, len(units)


def divide(units: Sequence[Unit], n_workers: int) -> Iterator[Sequence[Unit]]:
    """Divide units into parts of about the same work, several for each worker."""
    enough = min(max(1000 * estimate_seconds(units) / (8 * n_workers), _LEAST_WORK_MS), _MOST_WORK_MS)
    part: list[Unit] = []
    work = 0.0
    for unit in units:
        part.append(unit)
        work += _estimate_ms(unit)
        if work >= enough:
            yield part
            part, work = [], 0.0
    if part:
        yield part


def estimate_seconds(units: Iterable[Unit]) -> float:
    """Say how long some units take in one process, about."""
    return sum(map(_estimate_ms, units)) / 1000


def _estimate_ms(unit: Unit) -> float:
    return _WORK_MS.get(unit.kind, _OTHER_WORK_MS)
