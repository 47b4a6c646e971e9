"""What lies in the tables of days: the points of list metrics and the contents of artifacts.

The points of a day are read as a whole, once for all its runs, unless there are very many: then those of a block of
runs are. Where in the table a list metric lies follows from how many points those before it have.
"""

from __future__ import annotations

import struct
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import pyarrow as pa

from reportgen.arrays import text_array
from reportgen.model.objects import Artifact
from reportgen.model.rows import Blocks
from reportgen.model.runs import RunColumns
from reportgen.store import Store
from reportgen.text import iso_day

ListsOf = Callable[[Sequence[int]], Sequence[tuple[str, str, int]]]
Column = tuple[float, ...]
T = TypeVar("T")
_Places = dict[tuple[str, str], int]

_N_DERIVED = 256
_MOST_KEPT = 80_000  # bytes of x positions, which the list metrics of many runs share
_MOST_POINTS = 1_000_000  # of a day that is read as a whole
_N_DAYS = 2  # that are kept
_POINT_COLUMNS = ["x", "value", "recorded_at"]


class _DayRows:
    """Reads the rows of tables by day for blocks of runs."""

    def __init__(self, store: Store, columns: RunColumns) -> None:
        self._store = store
        self._columns = columns

    def days_of(self, block: range) -> dict[str, list[int]]:
        """Give the living runs of a block by the day they began on."""
        days: dict[str, list[int]] = {}
        for position in block:
            if position < len(self._columns.ids) and self._columns.deleted_at[position] is None:
                days.setdefault(iso_day(self._columns.started_at[position]), []).append(position)
        return days

    def runs_of(self, day: str) -> range:
        """Give the runs that began on a day, deleted or not."""
        ats = self._columns.started_at
        return range(bisect_left(ats, day, key=iso_day), bisect_right(ats, day, key=iso_day))

    def read(self, table: str, day: str, columns: Sequence[str], positions: Sequence[int] | None = None) -> pa.Table:
        """Read the rows of a day, of all runs or of some."""
        if positions is None:
            return self._store.read_day(table, day, columns)
        run_ids = [self._columns.ids[position] for position in positions]
        return self._store.read_day(table, day, columns, {"run_id": run_ids})


class Points:
    """Points of list metrics."""

    def __init__(self, store: Store, columns: RunColumns, lists_of: ListsOf) -> None:
        self._rows = _DayRows(store, columns)
        self._lists_of = lists_of
        self._position_of = columns.position_of
        self._blocks = Blocks(self._load)
        self._day = lru_cache(_N_DAYS)(self._load_day)
        self._derived: OrderedDict[tuple[Any, str, str], Any] = OrderedDict()

    def fetch(self, name: str, run_id: str) -> tuple[Column, Column]:
        """Give the x positions and the values of a list metric of a run; empty when it has none."""
        curve = self.fetch_arrow(name, run_id)
        if curve is None:
            return (), ()
        xs = _pack(curve["x"])
        return (_unpack_kept(xs) if len(xs) <= _MOST_KEPT else _unpack(xs)), _unpack(_pack(curve["value"]))

    def derive(self, make: Callable[[Column, Column], T], name: str, run_id: str) -> T:
        """Give what a function makes of the points of a list metric of a run.

        The last results are kept, because a run's curves are drawn on its own page and on that of the next run. So the
        function has to be one that lives on, and its results must not be changed.
        """
        key = make, name, run_id
        if key in self._derived:
            self._derived.move_to_end(key)
        else:
            self._derived[key] = make(*self.fetch(name, run_id))
            if len(self._derived) > _N_DERIVED:
                self._derived.popitem(last=False)
        found: T = self._derived[key]
        return found

    def fetch_arrow(self, name: str, run_id: str) -> pa.Table | None:
        """Give the same as columns `x` and `value`, and `recorded_at` in microseconds."""
        position = self._position_of.get(run_id)
        return None if position is None else self._blocks.of(position).get((name, run_id))

    def _load(self, block: range) -> dict[tuple[str, str], pa.Table]:
        curves: dict[tuple[str, str], pa.Table] = {}
        for day, positions in self._rows.days_of(block).items():
            lists = [one for one in self._lists_of(positions) if one[2]]
            if lists:
                places, table = self._day(day)
                if table is None:
                    places, table = _places_of(lists), self._read(day, positions)
                curves.update(((name, run_id), table.slice(places[name, run_id], n)) for name, run_id, n in lists)
        return curves

    def _load_day(self, day: str) -> tuple[_Places, pa.Table | None]:
        """Give where each list metric of a day begins, and all points; nothing when these are too many."""
        lists = self._lists_of(self._rows.runs_of(day))
        whole = sum(n for _, _, n in lists) <= _MOST_POINTS
        return (_places_of(lists), self._read(day)) if whole else ({}, None)

    def _read(self, day: str, positions: Sequence[int] | None = None) -> pa.Table:
        table = self._rows.read("points", day, _POINT_COLUMNS, positions)
        return table.set_column(2, "recorded_at", table["recorded_at"].cast(pa.int64()))


def _places_of(lists: Iterable[tuple[str, str, int]]) -> _Places:
    """Give where each list metric begins among the points, which are sorted as these are."""
    places: _Places = {}
    start = 0
    for name, run_id, n in lists:
        places[name, run_id] = start
        start += n
    return places


def _pack(column: Any) -> bytes:
    """Give the doubles of a column, none of which is missing, as they lie in memory."""
    part = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    data: bytes = memoryview(part.buffers()[1])[part.offset * 8 : (part.offset + len(part)) * 8].tobytes()
    return data


def _unpack(packed: bytes) -> Column:
    return struct.unpack(f"{len(packed) // 8}d", packed)


@lru_cache(maxsize=32)
def _unpack_kept(packed: bytes) -> Column:
    return _unpack(packed)


class Contents:
    """Contents of artifacts."""

    def __init__(self, store: Store, columns: RunColumns, days_of: Callable[[str], Sequence[str]]) -> None:
        self._rows = _DayRows(store, columns)
        self._days_of = days_of
        self._position_of = columns.position_of
        self._blocks = Blocks(self._load)

    def fetch(self, artifact: Artifact) -> str:
        """Give the content as JSON; `"null"` of one that was deleted."""
        if artifact.deleted_at is not None:
            return "null"
        contents, place_of = self._blocks.of(self._position_of[artifact.run_id])
        text: str = contents[place_of[artifact.run_id, artifact.id]].as_py()
        return text

    @cached_property
    def _days(self) -> frozenset[str]:
        return frozenset(self._days_of("contents"))

    def _load(self, block: range) -> tuple[Any, dict[tuple[str, str], int]]:
        names = ["run_id", "artifact_id", "data_json"]
        parts = [
            self._rows.read("contents", day, names, positions)
            for day, positions in self._rows.days_of(block).items()
            if day in self._days
        ]
        if not parts:
            return text_array([]), {}
        table = pa.concat_tables(parts).combine_chunks()
        ids: Any = zip(table["run_id"].to_pylist(), table["artifact_id"].to_pylist(), strict=True)
        return table["data_json"], {pair: place for place, pair in enumerate(ids)}
