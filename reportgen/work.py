"""What workers of a build do, each in a process of its own if need be: they get a path and a part of the work, and give
back what they wrote. What they share, the tables and the settings, lies on the disk."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment

from reportgen.model import Files, Model
from reportgen.options import Options
from reportgen.publish import write_file
from reportgen.render import make_environment, render_page
from reportgen.store import StoreFolder
from reportgen.units import Unit, make_unit
from reportgen.views.parts import Page

WrittenFile = tuple[str, str, int]  # address, SHA-256, size in bytes

_WEIGHTS = {"metric": 40, "pipeline": 40, "key": 10, "run": 8, "artifact": 2, "runs_page": 10, "blob": 0.1}
_OTHER_WEIGHT = 20
_LEAST_WEIGHT = 200  # of a task: about a tenth of a second


@dataclass(frozen=True)
class Job:
    """What all workers of a build need to know.

    Attributes
    ----------
    store
        The folder of the tables.
    site
        The folder that files are written into.
    options
        Title, and what is known of metrics.
    folders, stores
        Where images and large tables lie: the folders of the logs of each run, and the stores of sites.
    source_date_us
        The moment the site speaks of, if it is later than the newest record.
    """

    store: Path
    site: Path
    options: Options
    folders: Mapping[str, Sequence[Path]]
    stores: Sequence[Path]
    source_date_us: int | None

    def open_model(self) -> Model:
        return Model(
            StoreFolder(self.store),
            self.options,
            Files(self.folders, self.stores),
            source_date_us=self.source_date_us,
        )

    def save(self, path: Path) -> None:
        """Write it down for the workers."""
        path.write_bytes(pickle.dumps(self))


@lru_cache(1)
def open_job(path: Path) -> tuple[Job, Model, Environment]:
    """Open what one process needs; it is kept for the tasks that follow."""
    job: Job = pickle.loads(path.read_bytes())  # noqa: S301 — the build that started this process wrote it
    return job, job.open_model(), make_environment()


@dataclass(frozen=True)
class Task:
    """Units to make, and where the job is written down."""

    job: Path
    units: Sequence[Unit]


def make_units(task: Task) -> list[WrittenFile]:
    """Write the files of some units."""
    job, model, environment = open_job(task.job)
    return [
        write_file(job.site, item.url, render_page(environment, item) if isinstance(item, Page) else item.content)
        for unit in task.units
        for item in make_unit(model, unit)
    ]


def divide(job: Path, units: Iterable[Unit], n_workers: int, total: float) -> Iterator[Task]:
    """Divide units into tasks of about the same work, several for each worker."""
    enough = max(total / (8 * n_workers), _LEAST_WEIGHT)
    part: list[Unit] = []
    weight = 0.0
    for unit in units:
        part.append(unit)
        weight += weight_of(unit)
        if weight >= enough:
            yield Task(job, part)
            part, weight = [], 0.0
    if part:
        yield Task(job, part)


def weight_of(unit: Unit) -> float:
    """Say how much work a unit is, in hundreds of microseconds or so."""
    return _WEIGHTS.get(unit.kind, _OTHER_WEIGHT)
