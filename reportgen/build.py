"""The build, from logs to site, in the order of its stages.

    scan ─► compact ─► model ─► units ─► publish

A build in full makes every unit of the site in a folder beside it and then puts that in its place. An update goes on
from the site that is there: it reads only the logs that changed, makes only the units that depend on them
(`reportgen.changes`), and leaves all other files as they are. Both come to the same bytes. On any doubt about the site
that is there the build is one in full.

Until the end everything is written beside the site, so a build that finds an error has changed nothing.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen import urls
from reportgen.assets import static_files
from reportgen.basis import basis_of_site
from reportgen.changes import find_changes
from reportgen.compact import Compaction, Update, compact_runs
from reportgen.errors import InputError
from reportgen.history import load_state, save_state
from reportgen.log.find import scan_logs
from reportgen.log.reader import read_run
from reportgen.model import Files, Model, Problem
from reportgen.options import Options
from reportgen.parallel import OpenExecutor, choose_executor, count_processors, run_tasks
from reportgen.publish import Manifest, SiteWriter, check_output, lock_site, open_site, repair_site, update_site
from reportgen.seen import SeenFile, files_of, identify_all
from reportgen.sources import divide_paths, find_store, read_everything
from reportgen.store import DATA_FORMAT, Layers, StoreFolder, to_parquet
from reportgen.units import Unit, iter_units
from reportgen.work import Job, divide, make_units, prime_job

_MAX_PROBLEMS = 1000

Say = Callable[[str], None]


@dataclass(frozen=True)
class BuildResult:
    """What a build made.

    Attributes
    ----------
    output
        The site's folder.
    n_runs, n_files
        What the site has.
    n_written
        How many of its files were made; the others were there already.
    problems, n_problems
        The first lines that could not be read, and how many there are.
    n_missing
        How many records did not arrive.
    """

    output: Path
    n_runs: int
    n_files: int
    n_written: int
    problems: Sequence[Problem]
    n_problems: int
    n_missing: int


@dataclass(frozen=True)
class _Base:
    """A site to go on from: its manifest, the log files it was made from, and whether what it has stays."""

    folder: Path
    manifest: Manifest
    files: Sequence[SeenFile]
    keep: bool


def build_site(
    inputs: Sequence[Path],
    output: Path,
    options: Options,
    *,
    base: Path | None = None,
    full: bool = False,
    open_executor: OpenExecutor | None = None,
    say: Say = lambda line: None,
) -> BuildResult:
    """Build the site of some log directories and earlier sites.

    Parameters
    ----------
    inputs
        Folders that hold one folder per run, and sites that reportgen built.
    output
        The site's folder: empty, not there yet, or an earlier site, which is replaced or brought up to date.
    options
        Title, and what is known of metrics.
    base
        An earlier site, of which runs stay though their logs are gone.
    full
        Make every page anew.
    open_executor
        Opens what does the work; by default worker processes where they pay.
    say
        Gets lines that tell what the build does otherwise than expected.

    Raises
    ------
    InputError
        The logs cannot be used; the old site is as it was.
    OutputError
        The output folder is not ours or cannot be written; the old site is as it was.
    """
    build = _Build(inputs, output, options, base, open_executor, say)
    with lock_site(output, lambda path: say(f"another build is at work on {path}; waiting for it")):
        if repair_site(output) == "finished":
            say(f"finished an update of {output} that was interrupted")
        return build.run(full=full)


class _Build:
    def __init__(
        self,
        inputs: Sequence[Path],
        output: Path,
        options: Options,
        base: Path | None,
        open_executor: OpenExecutor | None,
        say: Say,
    ) -> None:
        logs, sites = divide_paths([*inputs, *([base] if base else [])])
        self._log_dirs = [*{path.resolve() if path.is_dir() else path: None for path in logs}]
        self._sites = sites
        self._inputs = [*inputs, *([base] if base else [])]
        self._output = output
        self._options = options
        self._open_executor = open_executor
        self._say = say
        self._basis = basis_of_site(options)
        self._source_date_us = _source_date_us()

    def run(self, *, full: bool) -> BuildResult:
        base = None if full else self._find_base()
        found = [file for log_dir in self._log_dirs for file in scan_logs(log_dir)]
        seen = identify_all(found, base.files if base else ())
        result = None if base is None else self._update(base, seen)
        return result or self._build_all(seen)

    # From scratch

    def _build_all(self, seen: list[SeenFile]) -> BuildResult:
        check_output(self._output, [path for path in self._inputs if not self._is_output(path)])
        everything = read_everything(self._inputs)
        files = Files(_FoldersOf(seen), self._sites)
        model = Model(everything, self._options, files, source_date_us=self._source_date_us)
        with open_site(self._output) as site:
            for url, content in _iter_tables(everything):
                site.write(url, content)
            job = self._make_job(site, seen, [site.folder / urls.DATA_FOLDER])
            self._make(site, job, model, [*iter_units(model)])
            manifest = site.write_manifest(self._facts(model))
        save_state(self._log_dirs, self._output, manifest.digest, seen)
        return self._result(model, len(manifest), len(manifest))

    def _make_job(self, site: SiteWriter, seen: Sequence[SeenFile], stores: Sequence[Path]) -> Job:
        return Job(stores, site.folder, self._options, _FoldersOf(seen), self._sites, self._source_date_us)

    def _make(self, site: SiteWriter, job: Job, model: Model, units: Sequence[Unit]) -> None:
        """Write the shared files, and the files of some units."""
        for file in static_files(model):
            site.write(file.url, file.content)
        tasks = [*divide(units, count_processors())]
        with tempfile.TemporaryDirectory(prefix="reportgen-") as scratch:
            place = Path(scratch) / "job"
            prime_job(place, job, model)
            open_executor = self._open_executor or choose_executor(len(tasks))
            for files in run_tasks(open_executor, make_units, [(place, task) for task in tasks]):
                site.add(files)

    def _facts(self, model: Model) -> dict[str, Any]:
        return {
            "data_format": DATA_FORMAT,
            "as_of_us": model.as_of,
            "n_runs": len(model.runs),
            "n_problems": model.n_problems,
            "n_missing": model.n_missing,
            "basis": self._basis,
        }

    def _result(self, model: Model, n_files: int, n_written: int) -> BuildResult:
        problems = model.first_problems(_MAX_PROBLEMS)
        return BuildResult(
            self._output, len(model.runs), n_files, n_written, problems, model.n_problems, model.n_missing
        )

    # From an earlier site

    def _is_output(self, path: Path) -> bool:
        return path.resolve() == self._output.resolve() and find_store(path) is not None

    def _find_base(self) -> _Base | None:
        """Find the site to go on from, if there is one that is as it was built."""
        keep = any(self._is_output(path) for path in self._inputs)
        if len(self._sites) > keep:
            return None
        manifest = Manifest.read(self._output)
        if manifest is None:
            return None
        if manifest.facts.get("basis") != self._basis:
            return self._build_in_full("it was built with another version or other options")
        state = load_state(self._log_dirs, self._output, manifest.digest)
        if state is None and not keep:
            return self._build_in_full("it is not known which logs it was built from")
        if damaged := manifest.find_damage(self._output):
            return self._build_in_full(f"{damaged[0]} is not as it was built")
        return _Base(self._output, manifest, state.files if state else (), keep)

    def _build_in_full(self, reason: str) -> _Base | None:
        self._say(f"building {self._output} in full: {reason}")
        return None

    def _update(self, base: _Base, seen: list[SeenFile]) -> BuildResult | None:
        before, after = {*base.files}, {*seen}
        run_ids = {file.run_id for file in (after - before if base.keep else after ^ before)}
        as_of: Any = base.manifest.facts["as_of_us"]
        if not run_ids and as_of >= (self._source_date_us or 0):
            return self._leave(base, seen)
        update = Update(
            StoreFolder(base.folder / urls.DATA_FOLDER),
            run_ids,
            lambda wanted: compact_runs(read_run(files) for files in files_of(seen, wanted).values()),
            keep=base.keep,
        )
        compaction = update.apply()
        old = Model(Compaction(update.before, {}), self._options, source_date_us=as_of)
        store = Layers([compaction, StoreFolder(base.folder / urls.DATA_FOLDER)])
        files = Files(_FoldersOf(seen), self._sites)
        model = Model(store, self._options, files, source_date_us=self._source_date_us)
        changes = find_changes(old, model, update.run_ids)
        with update_site(self._output, base.manifest) as site:
            self._write_tables(site, base, compaction, update.kept_days)
            folders = [site.folder / urls.DATA_FOLDER, base.folder / urls.DATA_FOLDER]
            job = self._make_job(site, seen, folders)
            self._make(site, job, model, sorted(changes.units))
            site.remove(changes.gone)
            n_written = site.n_files
            manifest = site.write_manifest(self._facts(model))
        save_state(self._log_dirs, self._output, manifest.digest, seen)
        return self._result(model, len(manifest), n_written)

    def _leave(self, base: _Base, seen: list[SeenFile]) -> BuildResult:
        """Leave the site as it is."""
        facts = base.manifest.facts
        if {*seen} != {*base.files}:
            save_state(self._log_dirs, self._output, base.manifest.digest, seen)
        counts: list[Any] = [facts.get(name, 0) for name in ("n_runs", "n_problems", "n_missing")]
        return BuildResult(self._output, counts[0], len(base.manifest), 0, (), counts[1], counts[2])

    def _write_tables(
        self, site: SiteWriter, base: _Base, compaction: Compaction, kept_days: Collection[tuple[str, str]]
    ) -> None:
        """Write the tables that changed, and take away those of days that have no run any more."""
        for url, content in _iter_tables(compaction):
            site.write(url, content)
        days = {urls.day_table(table, day) for table, day in kept_days}
        days.update(urls.day_table(table, day) for table, tables in compaction.days.items() for day in tables)
        site.remove(url for url in base.manifest.urls if urls.is_day_table(url) and url not in days)


class _FoldersOf:
    """By run: the folders of its logs, which may have images and large tables; made when it is first asked."""

    def __init__(self, seen: Sequence[SeenFile]) -> None:
        self._seen = seen
        self._folders: dict[str, dict[str, None]] | None = None

    def __call__(self, run_id: str) -> list[Path]:
        if self._folders is None:
            self._folders = {}
            for file in self._seen:
                folder = os.path.dirname(file.path)  # noqa: PTH120 — a path object takes longer
                self._folders.setdefault(file.run_id, {})[folder] = None
        return [*map(Path, self._folders.get(run_id, ()))]


def read_model(inputs: Sequence[Path], options: Options) -> Model:
    """Read log directories and sites into memory, and make the model of what they say."""
    logs, sites = divide_paths(inputs)
    seen = identify_all([file for log_dir in logs for file in scan_logs(log_dir)])
    return Model(read_everything(inputs), options, Files(_FoldersOf(seen), sites), source_date_us=_source_date_us())


def _source_date_us() -> int | None:
    """The moment the site speaks of, if `SOURCE_DATE_EPOCH` (seconds) sets it."""
    text = os.environ.get("SOURCE_DATE_EPOCH")
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,11}", text):
        hint = "unset it or give whole seconds since 1970"
        raise InputError(f"SOURCE_DATE_EPOCH is {text!r}", hint=hint, slug="bad-source-date")
    return int(text) * 1_000_000


def _iter_tables(compaction: Compaction) -> Iterator[tuple[str, bytes]]:
    for name, table in compaction.tables.items():
        yield urls.table(name), to_parquet(table)
    for name, days in compaction.days.items():
        for day, table in days.items():
            yield urls.day_table(name, day), to_parquet(table)
