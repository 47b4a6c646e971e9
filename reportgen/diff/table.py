"""The difference of two tables: columns by name, rows by a key column or else by their cells and order.

A column is a key when its cells are texts or whole numbers, all different in each of the tables, and enough of them are
in both. Without a key, equal rows are matched in order, and the rows between them one by one as they stand.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from reportgen.diff.sequence import match_sequences

_Pair = tuple[int | None, int | None]
_NUMBERS = {int, float}


class Table(NamedTuple):
    """A table: names of columns, and rows of as many cells each, in their JSON form."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


class Column(NamedTuple):
    """A column of either table: its name, and where it stands in each; `None` where it is not."""

    name: str
    old: int | None
    new: int | None


class RowChange(NamedTuple):
    """A row that differs: `"+"` added, `"-"` removed, `"~"` with other cells.

    Attributes
    ----------
    sign
        What happened to it.
    old, new
        Where it stands in each table; `None` where it is not.
    cells
        The columns whose cells differ, by their place in `TableDiff.columns`.
    """

    sign: str
    old: int | None
    new: int | None
    cells: Sequence[int] = ()


class TableDiff(NamedTuple):
    """The difference of two tables.

    Attributes
    ----------
    columns
        Those of the new table in its order, then those that were removed.
    key
        The place in `columns` of the one that rows are matched by; `None` when there is none.
    rows
        The rows that differ: added and changed ones as they stand in the new table, removed ones last.
    n_same
        How many rows are the same.
    is_reordered
        Whether columns that are in both stand in another order.
    is_resorted
        Whether rows that are in both do; without a key they do not.
    """

    columns: Sequence[Column]
    key: int | None
    rows: Sequence[RowChange]
    n_same: int
    is_reordered: bool
    is_resorted: bool

    def count(self, sign: str) -> int:
        """Say how many rows were added, removed or changed."""
        return sum(row.sign == sign for row in self.rows)

    @property
    def n_cells(self) -> int:
        """How many cells were changed."""
        return sum(len(row.cells) for row in self.rows)


def compare_tables(old: Table, new: Table) -> TableDiff:
    """Compare two tables."""
    columns = _match_columns(old.columns, new.columns)
    common = [place for place, column in enumerate(columns) if None not in column]
    pairs_of_columns: list[Any] = [(columns[place].old, columns[place].new) for place in common]
    key = next((place for place in common if _is_key(old, new, columns[place], is_first=place == common[0])), None)
    if key is not None:
        pairs = [*_match_by_key(_cells(old, columns[key].old), _cells(new, columns[key].new))]
    else:
        pairs = [*_match_by_cells(old.rows, new.rows, pairs_of_columns)]
    rows = []
    n_same = 0
    for i, j in pairs:
        change = _compare_rows(old.rows, new.rows, i, j, common, pairs_of_columns)
        if change:
            rows.append(change)
        else:
            n_same += 1
    rows.sort(key=lambda row: (row.new is None, row.old if row.new is None else row.new))
    return TableDiff(
        columns,
        key,
        rows,
        n_same,
        _is_mixed([i for i, _ in pairs_of_columns]),
        _is_mixed([i for i, j in pairs if j is not None]),
    )


def _match_columns(old: Sequence[str], new: Sequence[str]) -> list[Column]:
    """Match columns by name, those of one name in their order."""
    places: dict[str, list[int]] = {}
    for place in range(len(old) - 1, -1, -1):
        places.setdefault(old[place], []).append(place)
    columns = []
    for place, name in enumerate(new):
        waiting = places.get(name)
        columns.append(Column(name, waiting.pop() if waiting else None, place))
    gone = sorted(place for waiting in places.values() for place in waiting)
    return columns + [Column(old[place], place, None) for place in gone]


def _is_mixed(places: Sequence[int | None]) -> bool:
    found = [place for place in places if place is not None]
    return found != sorted(found)


# Rows


def _cells(table: Table, column: int | None) -> list[Any]:
    return [] if column is None else [row[column] for row in table.rows]


def _is_key(old: Table, new: Table, column: Column, *, is_first: bool) -> bool:
    olds, news = _cells(old, column.old), _cells(new, column.new)
    kinds = {*map(type, olds), *map(type, news)}
    if kinds not in ({str}, {int}) or not olds or not news:
        return False
    in_old, in_new = {*olds}, {*news}
    if len(in_old) < len(olds) or len(in_new) < len(news):
        return False
    n_shared = len(in_old & in_new)
    if is_first:
        return n_shared > 0 or kinds == {str}
    return n_shared >= max(1, min(len(olds), len(news)) / 2)


def _match_by_key(old: Sequence[Any], new: Sequence[Any]) -> Iterator[_Pair]:
    place_of = {key: place for place, key in enumerate(old)}
    for place, key in enumerate(new):
        yield place_of.pop(key, None), place
    yield from ((place, None) for place in place_of.values())


def _match_by_cells(
    old: Sequence[Sequence[Any]], new: Sequence[Sequence[Any]], columns: Sequence[tuple[int, int]]
) -> Iterator[_Pair]:
    """Match equal rows in order, and those between as they stand; all as they stand when no column is in both."""
    olds = [repr([row[i] for i, _ in columns]) for row in old]
    news = [repr([row[j] for _, j in columns]) for row in new]
    i = j = 0
    for match in [*match_sequences(olds, news), (len(old), len(new), 0)]:
        i_next, j_next, size = match
        n_both = min(i_next - i, j_next - j)
        yield from zip(range(i, i + n_both), range(j, j + n_both), strict=True)
        yield from ((place, None) for place in range(i + n_both, i_next))
        yield from ((None, place) for place in range(j + n_both, j_next))
        i, j = i_next + size, j_next + size
        yield from zip(range(i_next, i), range(j_next, j), strict=True)


def _compare_rows(
    old: Sequence[Sequence[Any]],
    new: Sequence[Sequence[Any]],
    i: int | None,
    j: int | None,
    places: Sequence[int],
    columns: Sequence[tuple[int, int]],
) -> RowChange | None:
    if i is None or j is None:
        return RowChange("+" if i is None else "-", i, j)
    before, after = old[i], new[j]
    cells = [place for place, (a, b) in zip(places, columns, strict=True) if not is_same_cell(before[a], after[b])]
    return RowChange("~", i, j, cells) if cells else None


def is_same_cell(old: Any, new: Any) -> bool:
    """Whether two cells are the same: 1 is 1.0, but not true."""
    if type(old) is not type(new):
        return {type(old), type(new)} == _NUMBERS and bool(old == new)
    if isinstance(old, (list, dict)):
        return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)
    return bool(old == new)


def find_delta(old: Any, new: Any) -> float | None:
    """Give by how much a number differs; `None` when one is none, is not finite or has no form as a float."""
    if type(old) not in _NUMBERS or type(new) not in _NUMBERS:
        return None
    try:
        delta = float(new) - float(old)
    except OverflowError:
        return None
    return delta if math.isfinite(delta) else None
