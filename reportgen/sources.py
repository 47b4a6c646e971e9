"""Where records are read from: log directories, sites, or several of them together.

A site answers from its own tables. Log directories are compacted first, for which `reportgen.cache` remembers what it
can. Whatever is given, and in whatever order, the same records give the same tables.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen import urls
from reportgen.cache import open_logs_store
from reportgen.compact import EMPTY, Compaction, compact_runs, merge
from reportgen.errors import InputError
from reportgen.log.find import find_journals, scan_logs
from reportgen.log.reader import read_run
from reportgen.mirror import Place, local_path
from reportgen.options import load_options
from reportgen.settings import DEFAULT_LOG_DIR, is_url
from reportgen.store import DAY_TABLES, WHOLE_TABLES, Store, StoreFolder, check_data_format

_GENERATOR = re.compile(rb'"generator": ?"reportgen"')
_DATA_FORMAT = re.compile(rb'"data_format": ?([0-9]{1,9})\b')
_HEAD_BYTES = 4096


@dataclass(frozen=True)
class Source:
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


def choose_places(argument: str | os.PathLike[str] | None = None) -> list[Place]:
    """Choose what to read: the argument, else `REPORTGEN_LOG_DIR`, else the configuration, else `runs`.

    Raises
    ------
    InputError
        The configuration cannot be used.
    """
    chosen = argument or os.environ.get("REPORTGEN_LOG_DIR")
    names = [chosen] if chosen else load_options().logs or [DEFAULT_LOG_DIR]
    return [str(name) if is_url(name) else Path(name).expanduser() for name in names]


def choose_paths(argument: str | os.PathLike[str] | None = None) -> list[Path]:
    """Choose so, and give folders: for URLs their mirrors, up to date.

    Raises
    ------
    InputError
        The configuration, or a store, cannot be used.
    """
    return [local_path(place) for place in choose_places(argument)]


def find_store(path: Path) -> Path | None:
    """Give the folder of the store of a site, or of a store that was copied alone; `None` for anything else.

    Raises
    ------
    InputError
        The site is of a newer format.
    """
    manifest = path / urls.MANIFEST
    try:
        with manifest.open("rb") if manifest.is_file() else io.BytesIO() as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        head = b""
    if _GENERATOR.search(head):
        version = _DATA_FORMAT.search(head)
        check_data_format(path, int(version[1]) if version else None)
        return path / urls.DATA_FOLDER
    is_store = all((path / f"{name}.parquet").is_file() for name in ("runs", "artifacts", "metrics"))
    return path if is_store else None


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


def divide_paths(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Tell log directories from the folders of the stores of sites."""
    logs: list[Path] = []
    sites: list[Path] = []
    for path in dict.fromkeys(paths):
        store = find_store(path)
        (logs if store is None else sites).append(store or path)
    return logs, sites


def read_everything(paths: Sequence[Path]) -> Compaction:
    """Read log directories and sites into memory.

    Raises
    ------
    InputError
        One of them is neither, or cannot be read.
    """
    return _compact_all(*divide_paths(paths))


def _compact_all(logs: Sequence[Path], sites: Sequence[Path]) -> Compaction:
    journals = find_journals(logs)
    read = compact_runs(read_run(files) for files in journals.values())
    if not sites:
        return read
    try:
        return merge([read, *map(load_store, sites)])
    except (LookupError, ValueError, TypeError) as error:
        raise _contradictory(sites, error) from error


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
