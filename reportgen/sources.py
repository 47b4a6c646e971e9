"""Where records are read from: log directories, sites, or several of them together.

A site answers from its own tables. Log directories are compacted first, for which `reportgen.cache` remembers what it
can. Whatever is given, and in whatever order, the same records give the same tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from reportgen.cache import open_logs_store
from reportgen.compact import EMPTY, Compaction, compact_runs, expand_run, merge, without_runs
from reportgen.errors import InputError
from reportgen.log.find import find_journals, scan_logs
from reportgen.log.reader import read_run
from reportgen.places import divide_paths
from reportgen.redact import Redactor, read_masked
from reportgen.store import DAY_TABLES, WHOLE_TABLES, Store, StoreFolder


class Source(msgspec.Struct, frozen=True):
    """What questions are asked of: the tables, and where they came from.

    Attributes
    ----------
    store
        The tables.
    logs
        The log directories.
    sites
        The folders of the stores of sites.
    """

    store: Store
    logs: Sequence[Path]
    sites: Sequence[Path]

    def iter_blob_folders(self, run_id: str) -> Iterator[Path]:
        """Give the folders that may have the blobs of a run, the likeliest first."""
        if run_id and not set(run_id) & {"/", "\\", "\0"} and run_id not in (".", ".."):
            yield from (log_dir / run_id for log_dir in self.logs)
        yield from self.sites
        for log_dir in self.logs:  # a run may lie in a folder of another name
            yield from dict.fromkeys(Path(file.path).parent for file in scan_logs(log_dir))


def open_source(paths: Sequence[Path]) -> Source:
    """Open log directories and sites for questions.

    Raises
    ------
    InputError
        One of them is neither, or cannot be read.
    """
    logs, sites = divide_paths(paths)
    if not logs and len(sites) == 1:
        return Source(StoreFolder(sites[0]), (), sites)
    if not sites:
        return Source(open_logs_store(logs), logs, ())
    return Source(_compact_all(logs, sites), logs, sites)


def read_everything(paths: Sequence[Path], redactor: Redactor | None = None) -> Compaction:
    """Read log directories and sites into memory, without what the redactor masks if there is one.

    Raises
    ------
    InputError
        One of them is neither, or cannot be read.
    """
    return _compact_all(*divide_paths(paths), redactor)


def _compact_all(logs: Sequence[Path], sites: Sequence[Path], redactor: Redactor | None = None) -> Compaction:
    journals = find_journals(logs)
    runs = (read_run(files) if redactor is None else read_masked(files, redactor) for files in journals.values())
    read = compact_runs(runs)
    if not sites:
        return read
    try:
        return merge([read, *(_load_masked(folder, redactor) for folder in sites)])
    except (LookupError, ValueError, TypeError) as error:
        raise _contradictory(sites, error) from error


def _load_masked(folder: Path, redactor: Redactor | None) -> Compaction:
    """Read the store of a site, and mask what it was built with and the rules of now mask."""
    store = load_store(folder)
    if redactor is None:
        return store
    runs = {run_id: expand_run(store, run_id) for run_id in sorted(store.run_ids)}
    masked = {run_id: redactor.mask_run(run, [folder]) for run_id, run in runs.items()}
    changed = [run_id for run_id, run in masked.items() if run != runs[run_id]]
    if not changed:
        return store
    return merge([without_runs(store, changed), compact_runs(masked[run_id] for run_id in changed)])


def load_store(folder: Path) -> Compaction:
    """Read the store of a site into memory.

    Raises
    ------
    InputError
        A file of it cannot be read.
    """
    store = StoreFolder(folder)
    days = {name: {day: store.read_day(name, day) for day in store.days_of(name)} for name in DAY_TABLES}
    compaction = Compaction({name: store.read(name) for name in WHOLE_TABLES}, days)
    try:
        compaction.check()
    except (LookupError, ValueError) as error:
        raise _contradictory([folder], error) from error
    return compaction


def _contradictory(sites: Sequence[Path], error: Exception) -> InputError:
    names = ", ".join(str(site) for site in sites)
    hint = "the copy is not whole: copy or build the site again"
    return InputError(f"the tables in {names} contradict each other ({error})", hint=hint, slug="damaged-store")


EMPTY_SOURCE = Source(EMPTY, (), ())
