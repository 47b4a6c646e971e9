"""The build, from logs to site, in the order of its stages.

    read ─► compact ─► model ─► views ─► render ─► publish

Everything before the switch only writes beside the site, so a build that finds an error has changed nothing. The work is
divided over processes by `reportgen.work`; what is there already and did not change is left as it is.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen import urls
from reportgen.assets import static_files
from reportgen.compact import Compaction
from reportgen.errors import InputError
from reportgen.model import Files, Model, Problem
from reportgen.options import Options
from reportgen.parallel import choose_executor, count_processors, run_tasks
from reportgen.publish import check_output, open_site
from reportgen.sources import find_store, read_everything
from reportgen.store import DATA_FORMAT, to_parquet
from reportgen.units import Unit, iter_units
from reportgen.work import Job, divide, make_units, open_job, weight_of

_MAX_PROBLEMS = 1000


@dataclass(frozen=True)
class BuildResult:
    """What a build made: the site's folder, counts, and what could not be read."""

    output: Path
    n_runs: int
    n_files: int
    problems: Sequence[Problem]
    n_problems: int
    n_missing: int


def build_site(inputs: Sequence[Path], output: Path, options: Options) -> BuildResult:
    """Build the site of some log directories and earlier sites.

    Parameters
    ----------
    inputs
        Folders that hold one folder per run, and sites that reportgen built.
    output
        The site's folder: empty, not there yet, or an earlier site, which is replaced at the end.
    options
        Title, and what is known of metrics.

    Raises
    ------
    InputError
        The logs cannot be used; the old site is as it was.
    OutputError
        The output folder is not ours or cannot be written; the old site is as it was.
    """
    check_output(output, [path for path in inputs if not _is_site_at(path, output)])
    everything = read_everything(inputs)
    with open_site(output) as site, tempfile.TemporaryDirectory(prefix="reportgen-") as scratch:
        for url, content in _tables(everything.compaction):
            site.write(url, content)
        job = Job(
            site.folder / urls.DATA_FOLDER,
            site.folder,
            options,
            everything.folders,
            everything.stores,
            _source_date_us(),
        )
        place = Path(scratch) / "job"
        job.save(place)
        _, model, _ = open_job(place)
        for file in static_files(model):
            site.write(file.url, file.content)
        for files in _run(place, list(iter_units(model))):
            site.add(files)
        site.write_manifest({"data_format": DATA_FORMAT, "as_of_us": model.as_of, "n_runs": len(model.runs)})
        return BuildResult(
            output,
            len(model.runs),
            site.n_files,
            model.first_problems(_MAX_PROBLEMS),
            model.n_problems,
            model.n_missing,
        )


def _run(place: Path, units: Sequence[Unit]) -> Iterator[list[tuple[str, str, int]]]:
    tasks = [*divide(place, units, count_processors(), sum(map(weight_of, units)))]
    return run_tasks(choose_executor(len(tasks)), make_units, tasks)


def _is_site_at(path: Path, output: Path) -> bool:
    """Whether an input is the earlier site in the output folder, from which a build may go on."""
    return path.resolve() == output.resolve() and find_store(path) is not None


def read_model(inputs: Sequence[Path], options: Options) -> Model:
    """Read log directories and sites into memory, and make the model of what they say."""
    everything = read_everything(inputs)
    files = Files(everything.folders, everything.stores)
    return Model(everything.compaction, options, files, source_date_us=_source_date_us())


def _source_date_us() -> int | None:
    """The moment the site speaks of, if `SOURCE_DATE_EPOCH` (seconds) sets it."""
    text = os.environ.get("SOURCE_DATE_EPOCH")
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,11}", text):
        hint = "unset it or give whole seconds since 1970"
        raise InputError(f"SOURCE_DATE_EPOCH is {text!r}", hint=hint, slug="bad-source-date")
    return int(text) * 1_000_000


def _tables(compaction: Compaction) -> Iterator[tuple[str, bytes]]:
    for name, table in compaction.tables.items():
        yield urls.table(name), to_parquet(table)
    for name, days in compaction.days.items():
        for day, table in days.items():
            yield urls.day_table(name, day), to_parquet(table)
