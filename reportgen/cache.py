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
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import platformdirs
import pyarrow as pa
import pyarrow.compute as pc

from reportgen import __version__
from reportgen.compact import Compaction, compact_runs, merge, without_runs
from reportgen.errors import InputError
from reportgen.log.find import FoundFile, LogFile, find_journals, group_files, identify_found, scan_logs
from reportgen.log.reader import read_run
from reportgen.records import LOG_FORMAT
from reportgen.store import DATA_FORMAT, WHOLE_TABLES, Store, StoreFolder, Tables, Where, to_parquet
from reportgen.store.arrays import text_array

CACHE_FORMAT = 1
_MIN_BYTES = 2_000_000
_N_STATES = 3
_KEPT_DAYS = ("contents", "points")  # what is remembered of the tables of days
_STATE = "state.json"
_UNFINISHED = ".new-"
_UNFINISHED_S = 3600
_NOTE = "Made by reportgen, to answer questions about the logs beside it; may be removed at any time.\n"
_CACHEDIR_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n"


class _SeenFile(msgspec.Struct, frozen=True, array_like=True):
    path: str
    n_bytes: int
    modified_ns: int
    run_id: str
    writer: str


class _State(msgspec.Struct, frozen=True):
    """What the tables beside it were made of."""

    basis: str
    files: list[_SeenFile]


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
    name = _digest(_basis(log_dirs), *(f"{file.path}\0{file.n_bytes}\0{file.modified_ns}" for file in found))
    for root in _roots(log_dirs):
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

    def read_day(self, table: str, day: str, where: Where | None = None) -> pa.Table:
        try:
            return self._store.read_day(table, day, where)
        except InputError:
            return self._read_again().read_day(table, day, where)

    def _read_again(self) -> Store:
        _drop_state(self._folder)
        self._store = _read_all(find_journals(self._log_dirs))
        return self._store


def _basis(log_dirs: Sequence[Path]) -> str:
    """All that the tables depend on but the files."""
    versions = f"{__version__} {CACHE_FORMAT} {DATA_FORMAT} {LOG_FORMAT} {pa.__version__}"
    return "\n".join([versions, *map(os.fspath, log_dirs)])


def _digest(*texts: str) -> str:
    return hashlib.blake2b("\n".join(texts).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def _roots(log_dirs: Sequence[Path]) -> Iterator[Path]:
    """Where states may lie, the best place first."""
    first = log_dirs[0]
    yield first.with_name(f".{first.name or 'root'}-cache")
    yield platformdirs.user_cache_path("reportgen") / _digest(*map(os.fspath, log_dirs))


def _remember(log_dirs: Sequence[Path], found: Sequence[FoundFile], name: str) -> Store:
    """Read what has changed since the newest state, or everything, and remember it."""
    before = _newest_state(log_dirs)
    state = _State(_basis(log_dirs), _identify_all(found, before[1] if before else None))
    compaction: Compaction | None = None
    kept_days: Sequence[Path] = ()
    if before is not None:
        with contextlib.suppress(InputError):
            update = _Update(*before, state)
            compaction, kept_days = update.apply(), update.kept_days
    compaction = _without_archive(compaction or _read_all(_files_of(state)))
    for root in _roots(log_dirs):
        with contextlib.suppress(OSError):
            _write_state(root, name, compaction, state, kept_days)
            return _RememberedStore(root / name, log_dirs)
    return _read_all(_files_of(state)) if kept_days else compaction


def _files_of(state: _State, run_ids: Collection[str] | None = None) -> dict[str, list[LogFile]]:
    """Give the files of some runs, or of all, by run."""
    return group_files(
        LogFile(Path(file.path), file.run_id, file.writer)
        for file in state.files
        if run_ids is None or file.run_id in run_ids
    )


def _read_all(runs: Mapping[str, Sequence[LogFile]]) -> Compaction:
    return compact_runs(read_run(files) for files in runs.values())


def _without_archive(compaction: Compaction) -> Compaction:
    return Compaction(compaction.tables, {name: compaction.days[name] for name in _KEPT_DAYS} | {"records": {}})


def _newest_state(log_dirs: Sequence[Path]) -> tuple[Path, _State] | None:
    """Find the newest state of these logs that this version made."""
    for root in _roots(log_dirs):
        with contextlib.suppress(OSError):
            for path in sorted(root.glob(f"*/{_STATE}"), key=lambda path: -path.stat().st_mtime_ns):
                with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
                    state = msgspec.json.decode(path.read_bytes(), type=_State)
                    if state.basis == _basis(log_dirs):
                        return path.parent, state
    return None


def _identify_all(found: Iterable[FoundFile], before: _State | None) -> list[_SeenFile]:
    """Say whose files they are; those in folders in which nothing changed are not opened."""
    known = {(file.path, file.n_bytes, file.modified_ns): file for file in before.files} if before else {}
    now, then = _by_folder(found), _by_folder(before.files if before else ())
    same = {folder for folder, files in now.items() if files == then.get(folder)}
    return [known[file] if os.path.dirname(file.path) in same else _identify(file) for file in found]  # noqa: PTH120


def _by_folder(files: Iterable[FoundFile | _SeenFile]) -> dict[str, list[FoundFile]]:
    folders: dict[str, list[FoundFile]] = {}
    for file in files:
        found = FoundFile(file.path, file.n_bytes, file.modified_ns)
        folders.setdefault(os.path.dirname(file.path), []).append(found)  # noqa: PTH120 — a path object takes longer
    return folders


def _identify(found: FoundFile) -> _SeenFile:
    file = identify_found(found)
    return _SeenFile(*found, file.run_id, file.writer)


class _Update:
    """From an earlier state to the new one: only the runs that changed are read, and only their days written.

    Raises
    ------
    InputError
        The earlier state is damaged, or a log cannot be read.
    """

    def __init__(self, folder: Path, before: _State, after: _State) -> None:
        self._store = StoreFolder(folder)
        self._after = after
        self._changed = {file.run_id for file in set(before.files) ^ set(after.files)}
        self.kept_days: list[Path] = []

    def apply(self) -> Compaction:
        """Put the runs that changed in the place of what was there; what other days have stays on the disk."""
        tables = {name: self._store.read(name) for name in WHOLE_TABLES}
        part = self._read_changed()
        dependent = self._find_dependent(tables, part)
        if dependent:
            self._changed |= dependent
            part = self._read_changed()
        touched = self._find_touched(tables, part)
        base = Compaction(tables, {name: self._read_days(name, touched[name]) for name in _KEPT_DAYS} | {"records": {}})
        return merge([without_runs(base, self._changed), part])

    def _find_touched(self, tables: Tables, part: Compaction) -> dict[str, set[str]]:
        """The days of which something changes: those of the runs that changed, and of the artifacts they deleted."""
        days = Compaction(tables, {}).run_days
        before = {days[run_id] for run_id in self._changed if run_id in days}
        deleted: set[Any] = {*part.tables["deletes"]["artifact_id"].to_pylist()}
        dead = pc.is_in(tables["artifacts"]["artifact_id"], value_set=text_array(deleted - {None}))
        losers: list[Any] = tables["artifacts"].filter(dead)["run_id"].to_pylist()
        touched = {name: before | set(part.days[name]) for name in _KEPT_DAYS}
        touched["contents"] |= {days[run_id] for run_id in losers}
        return touched

    def _read_changed(self) -> Compaction:
        return _read_all(_files_of(self._after, self._changed))

    def _find_dependent(self, tables: Tables, part: Compaction) -> set[str]:
        """The other runs that a deletion or an artifact is gone for, which the tables cannot undo."""
        changed = text_array(sorted(self._changed))

        def gone(table: str) -> Any:
            mask = pc.is_in(tables[table]["run_id"], value_set=changed)
            before: set[Any] = {*tables[table].filter(mask)["artifact_id"].to_pylist()}
            return text_array(before - {None, *part.tables[table]["artifact_id"].to_pylist()})

        def users(table: str, artifact_ids: Any) -> set[str]:
            mask = pc.is_in(tables[table]["artifact_id"], value_set=artifact_ids)
            run_ids: list[Any] = tables[table].filter(mask)["run_id"].to_pylist()
            return {*run_ids}

        return (users("artifacts", gone("deletes")) | users("edges", gone("artifacts"))) - self._changed

    def _read_days(self, table: str, touched: Collection[str]) -> dict[str, pa.Table]:
        days = {}
        for day in self._store.days_of(table):
            if day in touched:
                days[day] = self._store.read_day(table, day)
            else:
                self.kept_days.append(self._store.folder / table / f"{day}.parquet")
        return days


def _write_state(root: Path, name: str, compaction: Compaction, state: _State, kept_days: Iterable[Path]) -> None:
    root.mkdir(parents=True, exist_ok=True)
    for file, text in (("CACHEDIR.TAG", _CACHEDIR_TAG + _NOTE), (".gitignore", "*\n")):
        (root / file).write_text(text, "ascii")
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
