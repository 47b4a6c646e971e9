"""Makes a site, or what of it has to be made again: tables first, then the units that show them.

    read ─► compact ─► model ─► views ─► render ─► publish

Until the end everything is written beside the site, so a build that finds an error has changed nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from markupsafe import Markup

from reportgen import urls
from reportgen.assets import static_files
from reportgen.changes import find_changes
from reportgen.compact import Compaction, Update, compact_runs
from reportgen.formats import DATA_FORMAT
from reportgen.gather import gather
from reportgen.hosting import MOST_FILE_BYTES
from reportgen.memory import give_back, held_low
from reportgen.model import Files, Model
from reportgen.options import Options
from reportgen.parallel import choose_executor, count_processors, run_tasks
from reportgen.plan import Base, BuildResult, Plan
from reportgen.publish import (
    Manifest,
    SiteWriter,
    WrittenFile,
    has_digest,
    open_scratch,
    open_site,
    update_site,
    write_file,
)
from reportgen.redact import Redactor, read_masked
from reportgen.seen import SeenFile, files_of
from reportgen.sources import read_everything
from reportgen.store import DAY_TABLES, Layers, Store, StoreFolder, to_parquet
from reportgen.thinning import choose_horizon, describe_thinned, horizon_of
from reportgen.units import Unit, divide_by_what_they_read, in_order, iter_units
from reportgen.views.overlay import find_list_charts
from reportgen.work import Job, divide, estimate_seconds, make_units, prime_job, warm_up

_MAX_PROBLEMS = 1000
_MANY_UNITS = 1000  # for which workers share what is loaded before, and are forked anew where they read other things
_MANY_WORKERS = 32  # that an executor may have which does not say how many it has


@held_low()
def make_site(plan: Plan) -> tuple[BuildResult, Manifest]:
    """Make all of a site."""
    with open_site(plan.output) as site:
        model = _thin(plan, site, _open(plan, _write_store(plan, site)))
        _make(plan, site, model, [*iter_units(model)], [site.folder / urls.DATA_FOLDER])
        manifest = site.write_manifest(_facts_of(plan, model))
    return _result_of(plan, model, manifest, len(manifest)), manifest


@held_low()
def read_update(plan: Plan, old: Base, run_ids: set[str]) -> Update:
    """Read the tables of a site, and put some runs into them, whose logs came, changed or went; nothing is written."""
    base_folder = old.folder / urls.DATA_FOLDER
    redactor = _redactor_of(plan)
    update = Update(
        StoreFolder(base_folder, is_own=lambda path: _is_as_built(old, path)),
        run_ids,
        lambda wanted: compact_runs(read_masked(files, redactor) for files in files_of(plan.seen, wanted).values()),
        keep=old.keep,
    )
    redactor.restore(update.before["problems"], base_folder)
    update.apply()
    return update


@held_low()
def update_site_of(plan: Plan, old: Base, update: Update) -> tuple[BuildResult, Manifest]:
    """Make of a site what depends on the runs that changed."""
    base_folder = old.folder / urls.DATA_FOLDER
    model = _open(plan, Layers([update.after, StoreFolder(base_folder)]))
    before = Model(
        Compaction(update.before, {}),
        plan.options,
        source_date_us=old.manifest.facts["as_of_us"],
        horizon=horizon_of(old.manifest),
    )
    with update_site(plan.output, old.manifest) as site:
        with ThreadPoolExecutor(1) as beside:  # for Arrow works without Python's lock
            tables_written = beside.submit(_write_tables, site.folder, update.after)
            site.remove(urls.day_table(table, day) for table in DAY_TABLES for day in update.touched)
            if _is_limited(plan.options):  # by the sizes of the tables, too
                site.add(tables_written.result())
                model = _thin(plan, site, model)
            changes = find_changes(before, model, update.run_ids)
            if not _is_limited(plan.options):
                site.add(tables_written.result())
        before.close()
        update.before = {}  # which takes as much of the memory as the tables of now
        site.remove(changes.gone)
        if "metric.html" not in plan.theme.templates:  # which may draw them elsewhere
            model.drawn = dict(_read_charts(old, changes.kept_charts))
        _make(plan, site, model, in_order(changes.units), [site.folder / urls.DATA_FOLDER, base_folder])
        n_written = len(site.files)
        manifest = site.write_manifest(_facts_of(plan, model))
    return _result_of(plan, model, manifest, n_written), manifest


def _is_as_built(old: Base, path: Path) -> bool:
    """Whether a file of a site is the one that was written."""
    return has_digest(path, old.manifest.digest_of(path.relative_to(old.folder).as_posix()))


def _read_charts(old: Base, kept: Mapping[str, Collection[int]]) -> Iterator[tuple[tuple[str, int], Markup]]:
    """Read charts of list metrics from the pages that the site has; nothing from a page that is not as it was built."""
    for name, numbers in kept.items():
        url = urls.metric(name)
        if _is_as_built(old, old.folder / url):
            page = (old.folder / url).read_bytes().decode()
            for number, chart in enumerate(find_list_charts(page)):
                if number in numbers:
                    yield (name, number), Markup(chart)  # noqa: S704 — this program wrote it


def open_model(plan: Plan) -> Model:
    """Read everything into memory and give the model of it."""
    return _open(plan, read_everything(plan.inputs, _redactor_of(plan)))


def _open(plan: Plan, store: Store) -> Model:
    files = Files(_FoldersOf(plan.seen), [*plan.sites, plan.masked])
    return Model(store, plan.options, files, theme=plan.theme, source_date_us=plan.source_date_us)


def _thin(plan: Plan, site: SiteWriter, model: Model) -> Model:
    """Thin a model so that its site is within the limits of the options; its tables are written already."""
    options = plan.options
    if not _is_limited(options):
        return model
    shared = static_files(model)
    n_bytes = sum(len(file.content) for file in shared)
    if options.max_bytes is not None:
        n_bytes += site.size_below(urls.DATA_FOLDER, ".parquet") - site.size_below(urls.BLOBS, ".parquet")
    horizon = choose_horizon(model, options.max_files, options.max_bytes, len(shared), n_bytes)
    return model.thinned(horizon)


def _write_store(plan: Plan, site: SiteWriter) -> Store:
    """Write all tables. What sites have among the inputs is merged in memory."""
    if plan.sites:
        compaction = read_everything(plan.inputs, _redactor_of(plan))
        site.add(_write_tables(site.folder, compaction))
        return compaction
    n_runs = len({file.run_id for file in plan.seen})
    with (
        open_scratch(plan.output) as scratch,
        plan.progress.stage("Reading", n_runs) as advance,
    ):
        whole, files = gather(plan.seen, site.folder, scratch, plan.open_executor, _redactor_of(plan), advance)
        site.add(files)
    for name, table in whole.items():
        site.write(urls.table(name), to_parquet(table))
    days = StoreFolder(site.folder / urls.DATA_FOLDER, is_own=True)
    return Layers([Compaction(whole, {name: {} for name in DAY_TABLES}), days])


def _is_limited(options: Options) -> bool:
    return options.max_bytes is not None or options.max_files is not None


def _write_tables(folder: Path, compaction: Compaction) -> list[WrittenFile]:
    files = []
    for url, content in iter_tables(compaction):
        files.append(write_file(folder, url, content))
        give_back()
    return files


def iter_tables(compaction: Compaction) -> Iterator[tuple[str, bytes]]:
    """Give the files of all tables with their addresses."""
    for name, table in compaction.tables.items():
        yield urls.table(name), to_parquet(table)
    for name, days in compaction.days.items():
        for day, table in days.items():
            yield urls.day_table(name, day), to_parquet(table)


def _make(plan: Plan, site: SiteWriter, model: Model, units: Sequence[Unit], stores: Sequence[Path]) -> None:
    """Write the shared files, and the files of some units."""
    for file in static_files(model):
        site.write(file.url, file.content)
    n_workers = _MANY_WORKERS if plan.open_executor else count_processors()
    are_many = len(units) >= _MANY_UNITS and not plan.open_executor
    with open_scratch(plan.output) as scratch, plan.progress.stage("Making", len(units)) as advance:
        place = scratch / "job"
        if are_many:
            warm_up(plan.theme)
            model.load()
        prime_job(place, _job_of(plan, site, stores, model), model)
        open_executor = plan.open_executor or choose_executor(len(units), estimate_seconds(units))
        for some in divide_by_what_they_read(units) if are_many else [units]:
            give_back()
            tasks = [(place, part) for part in divide(some, n_workers)]
            with closing(run_tasks(open_executor, make_units, tasks)) as done:
                for files, n_done in done:
                    site.add(files)
                    advance(n_done)


def _job_of(plan: Plan, site: SiteWriter, stores: Sequence[Path], model: Model) -> Job:
    """Write down what workers need, who may be in another folder."""
    places = [path.resolve() for path in stores]
    sites = [path.resolve() for path in (*plan.sites, plan.masked)]
    return Job(
        stores=places,
        site=site.folder,
        options=plan.options,
        theme=plan.theme,
        folders_of=_FoldersOf(plan.seen),
        sites=sites,
        source_date_us=plan.source_date_us,
        horizon=model.horizon,
        drawn=model.drawn,
    )


def _redactor_of(plan: Plan) -> Redactor:
    return Redactor(plan.options.redact, plan.masked)


def _facts_of(plan: Plan, model: Model) -> dict[str, Any]:
    return {
        "data_format": DATA_FORMAT,
        "as_of_us": model.as_of,
        "newest_us": model.newest_us,
        "n_runs": len(model.runs),
        "n_problems": model.n_problems,
        "n_missing": model.n_missing,
        "masked": model.masked,
        "basis": plan.basis,
        **({"thinned": describe_thinned(model)} if any(model.horizon) else {}),
    }


def _result_of(plan: Plan, model: Model, manifest: Manifest, n_written: int) -> BuildResult:
    problems = model.first_problems(_MAX_PROBLEMS)
    n_files, n_bytes = len(manifest), manifest.n_bytes
    return BuildResult(
        plan.output,
        len(model.runs),
        n_files,
        n_written,
        n_bytes,
        problems,
        model.n_problems,
        model.n_missing,
        model.masked,
        manifest.facts.get("thinned") or {},
        manifest.find_large(MOST_FILE_BYTES),
    )


class _FoldersOf:
    """By run: the folders of its logs, which may have images and large tables; sorted out when it is first asked."""

    def __init__(self, seen: Sequence[SeenFile]) -> None:
        self._seen = seen
        self._paths: dict[str, list[str]] | None = None

    def __call__(self, run_id: str) -> list[Path]:
        if self._paths is None:
            self._paths = {}
            for file in self._seen:
                self._paths.setdefault(file.run_id, []).append(file.path)
        return [*dict.fromkeys(Path(path).parent for path in self._paths.get(run_id, ()))]
