"""Remembers what log directories came to, so that asking again costs one look at the names and sizes of their files.

Beside the log directory `runs` lies `.runs-cache`; where that folder cannot be written, the user's cache folder is
taken. It has a folder for each of the last states of the logs, named by a digest of all that the tables depend on: this
version and its formats, where the logs are, and name, size and time of every file. A state that is there is used as it
is; from one that is not, the runs that did not change are taken from the state before. On any doubt a state is dropped,
and nothing is lost by removing the folder at any time. Logs of a few megabytes are read faster than they are
remembered, and leave none.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
import pyarrow as pa

from reportgen.compact import Compaction, Update, compact_runs
from reportgen.errors import InputError
from reportgen.log.find import FoundFile, LogFile, find_journals, group_files, identify_found, scan_logs
from reportgen.log.reader import read_run
from reportgen.seen import (
    SeenFile,
    basis_of,
    digest,
    files_of,
    identify_all,
    iter_cache_folders,
    make_cache_folder,
)
from reportgen.store import WHOLE_TABLES, Store, StoreFolder, Where, to_parquet

_MIN_BYTES = 2_000_000
_N_STATES = 3
_KEPT_DAYS = ("contents", "points")  # what is remembered of the tables of days
_STATE = "state.json"
_UNFINISHED = ".new-"
_UNFINISHED_S = 3600


class _State(msgspec.Struct, frozen=True):
    """What the tables beside it were made of."""

    basis: str
    files: list[SeenFile]


def open_logs_store(log_dirs: Sequence[Path]) -> Store:
    """Give the tables of some log directories.

    Raises
    ------
    InputError
        The logs cannot be read.
    """
    log_dirs = [*{log_dir.resolve() if log_dir.is_dir() else log_dir: None for log_dir in log_dirs}]
    found = [file for log_dir in log_dirs for file in scan_logs(log_dir)]
    if sum(file.n_bytes for file in found) < _MIN_BYTES:
        return _read_all(group_files(map(identify_found, found)))
    name = digest(basis_of(log_dirs), *(f"{file.path}\0{file.n_bytes}\0{file.modified_ns}" for file in found))
    for root in iter_cache_folders(log_dirs):
        with contextlib.suppress(OSError):  # another user's
            if (root / name / _STATE).is_file():
                return _RememberedStore(root / name, log_dirs)
    return _remember(log_dirs, found, name)


class _RememberedStore:
    """A state on the disk. When a file of it is gone or damaged, the logs are read instead."""

    def __init__(self, folder: Path, log_dirs: Sequence[Path]) -> None:
        self._log_dirs = log_dirs
        self._folder = folder
        self._store: Store = StoreFolder(folder)

    def read(self, table: str, columns: Sequence[str] | None = None, where: Where | None = None) -> pa.Table:
        try:
            return self._store.read(table, columns, where)
        except InputError:
            return self._read_again().read(table, columns, where)

    def days_of(self, table: str) -> list[str]:
        try:
            return self._store.days_of(table)
        except InputError:
            return self._read_again().days_of(table)

    def read_day(
        self, table: str, day: str, columns: Sequence[str] | None = None, where: Where | None = None
    ) -> pa.Table:
        try:
            return self._store.read_day(table, day, columns, where)
        except InputError:
            return self._read_again().read_day(table, day, columns, where)

    def _read_again(self) -> Store:
        _drop_state(self._folder)
        self._store = _read_all(find_journals(self._log_dirs))
        return self._store


def _remember(log_dirs: Sequence[Path], found: Sequence[FoundFile], name: str) -> Store:
    """Read what has changed since the newest state, or everything, and remember it."""
    before = _newest_state(log_dirs)
    state = _State(basis_of(log_dirs), identify_all(found, before[1].files if before else ()))
    compaction: Compaction | None = None
    kept_days: Sequence[Path] = ()
    if before is not None:
        with contextlib.suppress(InputError):
            compaction, kept_days = _update(*before, state)
    compaction = _without_archive(compaction or _read_all(files_of(state.files)))
    for root in iter_cache_folders(log_dirs):
        with contextlib.suppress(OSError, UnicodeEncodeError):
            _write_state(root, name, compaction, state, kept_days)
            return _RememberedStore(root / name, log_dirs)
    return _read_all(files_of(state.files)) if kept_days else compaction


def _update(folder: Path, before: _State, after: _State) -> tuple[Compaction, Sequence[Path]]:
    """Give the tables of now, those by day without the days that stay as they are, and the files of these."""
    changed = {file.run_id for file in set(before.files) ^ set(after.files)}
    update = Update(
        StoreFolder(folder),
        changed,
        lambda run_ids: _read_all(files_of(after.files, run_ids)),
        day_tables=_KEPT_DAYS,
    )
    update.apply()
    return update.after, [folder / table / f"{day}.parquet" for table, day in update.kept_days]


def _read_all(runs: Mapping[str, Sequence[LogFile]]) -> Compaction:
    return compact_runs(read_run(files) for files in runs.values())


def _without_archive(compaction: Compaction) -> Compaction:
    return Compaction(compaction.tables, {name: compaction.days[name] for name in _KEPT_DAYS} | {"records": {}})


def _newest_state(log_dirs: Sequence[Path]) -> tuple[Path, _State] | None:
    """Find the newest state of these logs that this version made."""
    for root in iter_cache_folders(log_dirs):
        with contextlib.suppress(OSError):
            for path in sorted(root.glob(f"*/{_STATE}"), key=lambda path: -path.stat().st_mtime_ns):
                with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
                    state = msgspec.json.decode(path.read_bytes(), type=_State)
                    if state.basis == basis_of(log_dirs):
                        return path.parent, state
    return None


def _write_state(root: Path, name: str, compaction: Compaction, state: _State, kept_days: Iterable[Path]) -> None:
    make_cache_folder(root)
    fresh = root / f"{_UNFINISHED}{secrets.token_hex(8)}"
    fresh.mkdir()
    try:
        for table in WHOLE_TABLES:
            (fresh / f"{table}.parquet").write_bytes(to_parquet(compaction.tables[table]))
        for table in _KEPT_DAYS:
            (fresh / table).mkdir()
            for day, rows in compaction.days[table].items():
                (fresh / table / f"{day}.parquet").write_bytes(to_parquet(rows))
        for path in kept_days:
            _link(path, fresh / path.parent.name / path.name)
        (fresh / _STATE).write_bytes(msgspec.json.encode(state))
        with contextlib.suppress(OSError):  # another process may have been faster
            fresh.rename(root / name)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    _drop_old_states(root)


def _link(path: Path, target: Path) -> None:
    try:
        target.hardlink_to(path)
    except OSError:
        shutil.copyfile(path, target)


def _drop_old_states(root: Path) -> None:
    states = sorted(root.glob(f"*/{_STATE}"), key=lambda path: -path.stat().st_mtime_ns)
    for path in states[_N_STATES:]:
        _drop_state(path.parent)
    for path in root.glob(f"{_UNFINISHED}*"):  # of a process that was killed
        if time.time() - path.stat().st_mtime > _UNFINISHED_S:
            shutil.rmtree(path, ignore_errors=True)


def _drop_state(folder: Path) -> None:
    """Remove a state, and first what makes it one."""
    with contextlib.suppress(OSError):
        (folder / _STATE).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
