"""What lies in the tables of days: the points of list metrics and the contents of artifacts.

The points of a day are read as a whole, once for all its runs, unless there are very many: then those of a block of
runs are. Where in the table a list metric lies follows from how many points those before it have.
"""

from __future__ import annotations

import struct
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from reportgen.arrays import text_array
from reportgen.memory import give_back
from reportgen.model.objects import Artifact
from reportgen.model.rows import Blocks
from reportgen.model.runs import RunColumns
from reportgen.store import Store
from reportgen.text import iso_day

_List = tuple[str, str, int]  # name, run, number of points
ListsOf = Callable[[Sequence[int]], Sequence[_List]]
Column = tuple[float, ...]
T = TypeVar("T")
_Curves = dict[tuple[str, str], pa.Table]

_N_DERIVED = 256
_MOST_KEPT = 80_000  # bytes of x positions, which the list metrics of many runs share
_MOST_POINTS = 1_000_000  # of a day that is read as a whole
_MOST_KEPT_POINTS = 1_500_000  # of all days that are kept
_POINT_COLUMNS = ["x", "value", "recorded_at"]


class _DayRows:
    """Reads the rows of tables by day for blocks of runs."""

    def __init__(self, store: Store, columns: RunColumns) -> None:
        self._store = store
        self._columns = columns

    def day_of(self, position: int) -> str:
        """Give the day that a run began on."""
        return iso_day(self._columns.started_at[position])

    def days_of(self, block: range) -> dict[str, list[int]]:
        """Give the living runs of a block by the day they began on."""
        days: dict[str, list[int]] = {}
        for position in block:
            if position < len(self._columns.ids) and self._columns.deleted_at[position] is None:
                days.setdefault(self.day_of(position), []).append(position)
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
        self._blocks = Blocks[_Curves]()
        self._days: OrderedDict[str, tuple[_Curves | None, int]] = OrderedDict()
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
        if position is None:
            return None
        curves = self._of_day(self._rows.day_of(position))
        if curves is None:
            curves = self._blocks.of(position, self._load)
        return curves.get((name, run_id))

    def _of_day(self, day: str) -> _Curves | None:
        """Give all list metrics of a day, nothing when they have too many points; the last days asked for are kept."""
        if day in self._days:
            self._days.move_to_end(day)
        else:
            lists = self._lists_of(self._rows.runs_of(day))
            n_points = sum(n for _, _, n in lists)
            are_few = n_points <= _MOST_POINTS
            while are_few and sum(n for _, n in self._days.values()) + n_points > _MOST_KEPT_POINTS:
                self._days.popitem(last=False)
            self._days[day] = (self._read(day, lists), n_points) if are_few else (None, 0)
        return self._days[day][0]

    def _load(self, block: range) -> _Curves:
        curves: _Curves = {}
        for day, positions in self._rows.days_of(block).items():
            curves |= self._read(day, self._lists_of(positions), positions)
        return curves

    def _read(self, day: str, lists: Sequence[_List], positions: Sequence[int] | None = None) -> _Curves:
        """Read list metrics of a day, which lie in the order of these; those without a point are left out."""
        lists = [one for one in lists if one[2]]
        if not lists:
            return {}
        starts = [0, *accumulate(n for _, _, n in lists)]
        read = self._column_by_column(day) if positions is None else self._all_columns(day, positions)
        xs = _share(read("x"), starts)
        recorded_at, values = _shrink(read("recorded_at").cast(pa.int64())), read("value")
        curves: _Curves = {}
        for (name, run_id, n), start, mine in zip(lists, starts, xs, strict=False):
            columns = [mine, values.slice(start, n), recorded_at.slice(start, n)]
            curves[name, run_id] = pa.Table.from_arrays(columns, _POINT_COLUMNS)
        give_back()
        return curves

    def _column_by_column(self, day: str) -> Callable[[str], Any]:
        """Read columns of a day as they are asked for, so that what is left of one is small when the next comes."""
        return lambda name: self._rows.read("points", day, [name])[name]

    def _all_columns(self, day: str, positions: Sequence[int]) -> Callable[[str], Any]:
        """Read columns of some runs at once, because to find these takes as long."""
        return self._rows.read("points", day, _POINT_COLUMNS, positions).column


def _share(column: Any, starts: Sequence[int]) -> list[Any]:
    """Divide a column, and give equal parts as one: the x positions of most lists count from 0."""
    known: dict[int, Any] = {}  # by length
    parts = []
    for start, end in pairwise(starts):
        part = column.slice(start, end - start)
        if end - start not in known or not known[end - start].equals(part):
            known[end - start] = pa.chunked_array([pa.concat_arrays(part.chunks)])
        parts.append(known[end - start])
    return parts


def _shrink(numbers: Any) -> Any:
    """Write down how often each number follows itself, where that is shorter: often a whole list is of one moment."""
    repeats: Any = pa.chunked_array([pc.call_function("run_end_encode", [chunk]) for chunk in numbers.chunks])
    return repeats if repeats.nbytes < numbers.nbytes else numbers


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
        self._blocks = Blocks[tuple[Any, dict[tuple[str, str], int]]]()

    def fetch(self, artifact: Artifact) -> str:
        """Give the content as JSON; `"null"` of one that was deleted."""
        if artifact.deleted_at is not None:
            return "null"
        contents, place_of = self._blocks.of(self._position_of[artifact.run_id], self._load)
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
