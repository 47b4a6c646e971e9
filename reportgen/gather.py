"""Compacts log directories into a store on the disk, part by part, so that no more than a few parts are in memory.

    logs ─► parts, each of some runs ─► whole tables
                 └─► rows of days ────► tables of days

Parts are divided over workers, and so are days. Runs that began together are in one part where that can be told, so
that most days need no merging. However runs are divided, the tables have the same bytes.
"""

from __future__ import annotations

import hashlib
import heapq
import io
import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from reportgen import urls
from reportgen.compact import Compaction, compact_runs, merge
from reportgen.compact.deletions import Dead, find_dead
from reportgen.compact.merge import iter_curves, join_curves, join_day
from reportgen.ids import time_of
from reportgen.log.find import LogFile
from reportgen.memory import held_low
from reportgen.parallel import OpenExecutor, choose_executor, run_tasks
from reportgen.publish import WrittenFile, make_parents, write_file
from reportgen.redact import Redactor, read_masked
from reportgen.seen import SeenFile, files_of
from reportgen.store import DAY_TABLES, GROUP_ROWS, HELD, Tables, TableWriter, read_parquet, to_parquet

_MOST_RUNS = 256
_MOST_BYTES = 16_000_000
_BYTES_A_SECOND = 25_000_000
_DAY_NS = 86_400_000_000_000


class _Part(msgspec.Struct, frozen=True):
    """Runs to compact, and where their rows of days go."""

    number: int
    folder: Path
    runs: Sequence[Sequence[LogFile]]
    redactor: Redactor


class _Day(msgspec.Struct, frozen=True):
    """The parts of the table of a day, and where it goes."""

    site: Path
    table: str
    day: str
    parts: Sequence[Path]
    dead: Dead


def gather(
    seen: Sequence[SeenFile],
    site: Path,
    scratch: Path,
    open_executor: OpenExecutor | None,
    redactor: Redactor,
    advance: Callable[[int], None] = lambda n: None,
) -> tuple[Tables, Iterator[WrittenFile]]:
    """Compact logs.

    Parameters
    ----------
    seen
        The log files.
    site
        The folder of the site that tables are written into.
    scratch
        A folder for what is needed meanwhile, on the disk of the site; workers have to see both.
    open_executor
        What does the work; by default worker processes where they pay.
    redactor
        Masks what looks like a secret.
    advance
        Is told how many more runs were read.

    Returns
    -------
    tuple
        The whole tables, which are not written; and the files of days, which are written as they are asked for.

    Raises
    ------
    InputError
        A log cannot be read.
    """
    parts = [_Part(number, scratch, runs, redactor) for number, runs in enumerate(_divide(seen))]
    tables: list[Compaction] = []
    days: dict[tuple[str, str], list[Path]] = {}
    seconds = sum(file.n_bytes for file in seen) / _BYTES_A_SECOND
    executor = open_executor or choose_executor(len(parts), seconds)
    for done in run_tasks(executor, _compact_part, parts):
        advance(done.n_runs)
        tables.append(Compaction(done.tables, {name: {} for name in DAY_TABLES}))
        for table, day, path in done.days:
            days.setdefault((table, day), []).append(path)
    whole = merge(tables).tables
    tables.clear()
    dead = find_dead(whole["artifacts"])
    tasks = [_Day(site, table, day, sorted(paths), dead) for (table, day), paths in sorted(days.items())]
    return whole, (file for file in run_tasks(executor, _finish_day, tasks) if file)


def _divide(seen: Sequence[SeenFile]) -> Iterator[list[Sequence[LogFile]]]:
    """Divide runs into parts, those together that began together, which are cut where days end if that can be."""
    n_bytes: dict[str, int] = {}
    times: dict[str, int] = {}
    for file in seen:
        n_bytes[file.run_id] = n_bytes.get(file.run_id, 0) + file.n_bytes
        times[file.run_id] = min(times.get(file.run_id, file.modified_ns), file.modified_ns)
    runs = files_of(seen)
    part: list[Sequence[LogFile]] = []
    size = day_before = 0
    for at, run_id in sorted((time_of(run_id) or times[run_id], run_id) for run_id in runs):
        is_full = len(part) >= _MOST_RUNS or size + n_bytes[run_id] > _MOST_BYTES
        is_large = len(part) >= _MOST_RUNS // 4 or size > _MOST_BYTES // 4
        if part and (is_full or (is_large and at // _DAY_NS != day_before)):
            yield part
            part, size = [], 0
        part.append(runs[run_id])
        size += n_bytes[run_id]
        day_before = at // _DAY_NS
    if part:
        yield part


class _Done(NamedTuple):
    """What a part came to: its whole tables, and the files of its rows by table and day."""

    n_runs: int
    tables: Tables
    days: list[tuple[str, str, Path]]


@held_low()
def _compact_part(part: _Part) -> _Done:
    compaction = compact_runs(read_masked(files, part.redactor) for files in part.runs)
    written = []
    for name, days in compaction.days.items():
        for day, table in days.items():
            url = f"{name}/{day}/{part.number:08}.parquet"
            write_file(part.folder, url, to_parquet(table))
            written.append((name, day, part.folder / url))
    return _Done(len(part.runs), compaction.tables, written)


@held_low()
def _finish_day(day: _Day) -> WrittenFile | None:
    """Write the table of a day; nothing when no row is left."""
    url = urls.day_table(day.table, day.day)
    if len(day.parts) == 1 and (not day.dead or day.table == "points"):
        return write_file(day.site, url, day.parts[0].read_bytes())
    if day.table == "points":
        return _merge_points(day, url)
    table = join_day(day.table, [read_parquet(path, day.table, check=False) for path in day.parts], day.dead)
    return write_file(day.site, url, to_parquet(table)) if len(table) else None


# Points, of which one day may have more than fit into memory


def _merge_points(day: _Day, url: str) -> WrittenFile:
    """Merge the points of parts, of which a few thousand rows each are in memory."""
    unfinished = day.parts[0].with_name(f"{secrets.token_hex(8)}.new")  # of a worker that may die
    with unfinished.open("xb") as file:
        sink: Any = _Digesting(file)
        with TableWriter(sink, HELD["points"], GROUP_ROWS) as writer:
            curves = heapq.merge(*map(_iter_pieces, day.parts), key=lambda curve: curve[:2])
            for table in _batch(curves):
                writer.write(table)
    make_parents(day.site, url)
    unfinished.replace(day.site / url)
    return url, sink.digest.hexdigest(), sink.n_bytes


def _iter_pieces(path: Path) -> Iterator[tuple[str, str, pa.Table]]:
    """Read list metrics one after the other; one that lies in two groups of rows comes in two pieces."""
    with pq.ParquetFile(path, read_dictionary=["name", "run_id"]) as file:
        for group in range(file.num_row_groups):
            points = file.read_row_group(group, use_threads=False).select(HELD["points"].names)
            yield from iter_curves(points.cast(HELD["points"]))


def _batch(curves: Iterator[tuple[str, str, pa.Table]]) -> Iterator[pa.Table]:
    """Put pieces that follow each other together, as many as a group of rows has."""
    batch: list[tuple[str, str, pa.Table]] = []
    n_rows = 0
    for curve in curves:
        batch.append(curve)
        n_rows += len(curve[2])
        if n_rows >= GROUP_ROWS:
            yield join_curves(batch)
            batch, n_rows = [], 0
    if batch:
        yield join_curves(batch)


class _Digesting(io.RawIOBase):
    """A file that counts and digests what is written."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file
        self.digest = hashlib.sha256()
        self.n_bytes = 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        view = memoryview(content)
        self.digest.update(view)
        self.n_bytes += view.nbytes
        return self._file.write(view)
