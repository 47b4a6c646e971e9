"""Rows of tables as the objects of the model read them: by run, for many runs at a time, or column by column."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from reportgen.arrays import numbers_of
from reportgen.store import table_rows

T = TypeVar("T")

BLOCK = 64
_N_BLOCKS = 4

Row = dict[str, Any]
_Groups = dict[int, list[tuple[int, Row]]]


def column_list(table: pa.Table, name: str) -> list[Any]:
    """Give a column as a list; times are microseconds since the epoch."""
    column = table[name]
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    found: list[Any] = column.to_pylist()
    return found


def shared_list(table: pa.Table, name: str) -> list[Any]:
    """Give a column as a list in which equal texts are one object."""
    known: dict[Any, Any] = {}
    return [known.setdefault(value, value) for value in column_list(table, name)]


class TextIndex:
    """Numbers by text, in a fifth of the memory of a dictionary of lists."""

    def __init__(self, texts: Any, numbers: Any) -> None:
        """Take a column of texts and one of whole numbers; rows in which one is missing are left out."""
        rows = pa.table({"text": texts, "number": numbers}).drop_null()
        rows = rows.take(pc.sort_indices(rows, sort_keys=[("text", "ascending"), ("number", "ascending")]))
        self._numbers = numbers_of(rows["number"].cast(pa.int64()))
        parts: Any = rows["text"].cast(pa.large_string()).chunks
        _, ends, content = pa.concat_arrays(parts).buffers() if parts else (None, None, None)
        self._ends = memoryview(ends or b"").cast("q")
        self._content = memoryview(content or b"")

    def find(self, text: str) -> Sequence[int]:
        """Give the numbers of a text, smallest first."""
        places, wanted = range(len(self._numbers)), text.encode("utf-8", "surrogatepass")
        start = bisect_left(places, wanted, key=self._text_at)
        return self._numbers[start : bisect_right(places, wanted, start, key=self._text_at)]

    def _text_at(self, place: int) -> bytes:
        return self._content[self._ends[place] : self._ends[place + 1]].tobytes()


class Blocks(Generic[T]):
    """What is made for many runs at a time: for all whose positions are in one block. Some blocks are kept."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[int, T] = OrderedDict()

    def of(self, position: int, make: Callable[[range], T]) -> T:
        """Give what a function, always the same, makes for the block that a position is in."""
        number = position // BLOCK
        if number in self._blocks:
            self._blocks.move_to_end(number)
        else:
            self._blocks[number] = make(range(number * BLOCK, (number + 1) * BLOCK))
            if len(self._blocks) > _N_BLOCKS:
                self._blocks.popitem(last=False)
        return self._blocks[number]


class RunRows:
    """A table whose rows are fetched by the positions of their runs."""

    def __init__(self, table: pa.Table, positions: Any) -> None:
        """Take a table, and for each row the position of its run."""
        self._table = table
        self._places: Any = pc.sort_indices(positions).cast(pa.uint32())  # which keeps the order of a run's rows
        known: Any = positions.take(self._places).drop_null()  # those that are missing come last
        self._positions = memoryview(known.buffers()[1] or b"").cast("i")[: len(known)]
        self._blocks = Blocks[_Groups]()

    def of(self, position: int) -> Sequence[tuple[int, Row]]:
        """Give the rows of a run, each after its place in the table."""
        return self._blocks.of(position, self._load).get(position, ())

    def places_of(self, runs: range) -> Any:
        """Give where the rows of runs whose positions follow each other lie in the table, run by run."""
        start, stop = self._find(runs)
        return self._places.slice(start, stop - start)

    def _find(self, runs: range) -> tuple[int, int]:
        return bisect_left(self._positions, runs.start), bisect_left(self._positions, runs.stop)

    def _load(self, block: range) -> _Groups:
        start, stop = self._find(block)
        places = self._places.slice(start, stop - start)
        rows = table_rows(self._table.take(places))
        groups: _Groups = {}
        for place, position, row in zip(places.to_pylist(), self._positions[start:stop], rows, strict=True):
            groups.setdefault(position, []).append((place, row))
        return groups
