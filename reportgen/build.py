"""The build, from logs to site, in the order of its stages.

    read ─► compact ─► model ─► views ─► render ─► publish

Everything before `publish` only reads, so a build that finds an error has changed nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen import assets, urls
from reportgen.blobs import BlobError, find_blob
from reportgen.compact import Compaction
from reportgen.errors import InputError
from reportgen.images import inspect_images
from reportgen.log.find import read_file
from reportgen.model import Model, Problem, blob_of, build_model
from reportgen.options import Options
from reportgen.publish import check_output, open_site
from reportgen.render import make_environment, render_page
from reportgen.sources import find_store, read_everything
from reportgen.store import DATA_FORMAT, table_rows, to_parquet
from reportgen.tables import TableFile, inspect_table
from reportgen.views import (
    artifacts,
    data,
    key,
    metric,
    metrics,
    not_found,
    overview,
    pipeline,
    pipelines,
    run,
    runs,
    version,
)
from reportgen.views.parts import Page, RawFile

_PAGE_MODULES = (
    overview,
    runs,
    run,
    pipelines,
    pipeline,
    artifacts,
    key,
    version,
    metrics,
    metric,
    data,
    not_found,
)

Progress = Callable[[Iterable[object]], Iterable[object]]


@dataclass(frozen=True)
class BuildResult:
    """What a build made: the site's folder, counts, and what could not be read."""

    output: Path
    n_runs: int
    n_files: int
    problems: Sequence[Problem]
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
    model, compaction = read_model(inputs, options)
    with open_site(output) as site:
        for file in make_files(model, compaction):
            site.write(file.url, file.content)
        site.write_manifest({"data_format": DATA_FORMAT, "as_of_us": model.as_of, "n_runs": len(model.runs)})
        n_files = site.n_files
    return BuildResult(output, len(model.runs), n_files, model.problems, sum(run_.n_missing for run_ in model.runs))


def _is_site_at(path: Path, output: Path) -> bool:
    """Whether an input is the earlier site in the output folder, from which a build may go on."""
    return path.resolve() == output.resolve() and find_store(path) is not None


def read_model(inputs: Sequence[Path], options: Options) -> tuple[Model, Compaction]:
    """Read log directories and sites, compact them, and make the model of what they say."""
    everything = read_everything(inputs)
    compaction, folders = everything.compaction, everything.blob_folders
    rows = table_rows(compaction.tables["artifacts"])
    model = build_model(
        compaction,
        options,
        images=inspect_images(filter(None, (blob_of("image", row) for row in rows)), folders),
        table_files=_find_tables(filter(None, (blob_of("table", row) for row in rows)), folders),
        source_date_us=_source_date_us(),
    )
    return model, compaction


def _find_tables(names: Iterable[str], folders: Sequence[Path]) -> dict[str, TableFile]:
    files = {}
    for name in sorted(set(names)):
        try:
            files[name] = inspect_table(find_blob(name, folders))
        except BlobError as error:
            files[name] = TableFile(None, broken=str(error))
    return files


def _source_date_us() -> int | None:
    """The moment the site speaks of, if `SOURCE_DATE_EPOCH` (seconds) sets it."""
    text = os.environ.get("SOURCE_DATE_EPOCH")
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,11}", text):
        hint = "unset it or give whole seconds since 1970"
        raise InputError(f"SOURCE_DATE_EPOCH is {text!r}", hint=hint, slug="bad-source-date")
    return int(text) * 1_000_000


def make_files(model: Model, compaction: Compaction) -> Iterator[RawFile]:
    """Make every file of a site but its manifest, one at a time."""
    yield from assets.static_files(model)
    environment = make_environment()
    for module in _PAGE_MODULES:
        for item in module.make_pages(model):
            yield RawFile(item.url, render_page(environment, item)) if isinstance(item, Page) else item
    for name, table in compaction.tables.items():
        yield RawFile(urls.table(name), to_parquet(table))
    for name, days in compaction.days.items():
        for day, table in days.items():
            yield RawFile(urls.day_table(name, day), to_parquet(table))
    for name, facts in model.images.items():
        if facts.path is not None:
            yield RawFile(urls.blob(name), read_file(facts.path))
    table_paths = {
        artifact.table_file.path for run_ in model.runs for artifact in run_.artifacts if artifact.table_file
    }
    for path in sorted(filter(None, table_paths)):
        yield RawFile(urls.blob(path.name), read_file(path))
