"""How two tables differ, as a page shows it: the rows that changed, with their cells before and after."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from reportgen.diff import Column, RowChange, Table, TableDiff, compare_tables, find_delta
from reportgen.model import Artifact
from reportgen.text import MINUS, NumberForm, first_line, format_count, format_delta, format_number
from reportgen.views.tables import column_form, read_rows, show_cell, table_size

_MAX_ROWS, _MAX_COLUMNS = 200, 20
_MAX_CELLS = 50_000  # that are compared
_MAX_CHARACTERS = 300
_LABEL = 40


class ChangedColumn(NamedTuple):
    """A column: its name, whether it was added or removed, in sign and word, and whether it holds numbers or keys."""

    name: str
    sign: str
    word: str
    is_number: bool
    is_key: bool


class ChangedCell(NamedTuple):
    """A cell as it is and, when it is another now, as it was, and by how much a number differs."""

    now: str
    was: str
    is_changed: bool
    delta: str


@dataclass(frozen=True)
class ChangedRow:
    """A row that differs: its sign, what that means, its class, and its cells."""

    sign: str
    word: str
    tone: str
    cells: Sequence[ChangedCell]


@dataclass(frozen=True)
class TableChanges:
    """What changed in a table.

    Attributes
    ----------
    headline, detail
        In words: how much, and the greatest change.
    counts
        How many rows and columns: sign and words.
    columns
        Those that are shown; those that were removed last.
    rows
        Those that differ, at most 200.
    caption
        How rows were matched.
    note
        What is not shown or was not compared.
    """

    headline: str
    detail: str
    counts: Sequence[tuple[str, str]]
    columns: Sequence[ChangedColumn]
    rows: Sequence[ChangedRow]
    caption: str
    note: str


def make_table_changes(before: Artifact, artifact: Artifact) -> TableChanges:
    """Compare two versions of a table."""
    (old, old_problem), (new, problem) = _read(before), _read(artifact)
    found = compare_tables(old, new)
    shown = found.rows[:_MAX_ROWS]
    places = _choose_columns(found, shown)
    columns, rows = _lay_out(found, old, new, shown, places)
    sizes = (table_size(before)[0], len(old.rows)), (table_size(artifact)[0], len(new.rows))
    return TableChanges(
        headline=_describe_rows(found, sizes),
        detail=_describe_greatest(found, old, new),
        counts=[*_iter_counts(found)],
        columns=columns,
        rows=rows,
        caption=_describe_matching(found, artifact.version),
        note=" ".join(_iter_notes(found, sizes, len(places), [old_problem, problem])),
    )


def _read(artifact: Artifact) -> tuple[Table, str]:
    """Give what is compared of a table, and why that is not all of it."""
    columns, rows, problem = read_rows(artifact)
    n_rows = max(_MAX_CELLS // max(len(columns), 1), 1)
    return Table(columns, rows[: min(n_rows, 1000)]), f"v{artifact.version}, {problem}" if problem else ""


# Words


_Sizes = tuple[tuple[int, int], tuple[int, int]]  # before and now: rows there are, rows that are compared


def _describe_rows(found: TableDiff, sizes: _Sizes) -> str:
    n_changed, n_added, n_removed = (found.count(sign) for sign in "~+-")
    parts = [(n_changed, "changed"), (n_added, "added"), (n_removed, "removed")]
    words = [f"{n:,} {word}" for n, word in parts if n]
    if words:
        number, _, rest = words[0].partition(" ")
        words[0] = f"{number}\u00a0{'row' if number == '1' else 'rows'} {rest}"
    words += _describe_columns(found)
    if not words and found.is_resorted:
        words = ["rows in another order"]
    (n_before, n_old), (n_now, n_new) = sizes
    if not (n_old and n_new):
        return f"{n_before:,} → {format_count(n_now, 'row')}"
    if n_before == n_old and n_now == n_new:
        return ", ".join(words) or "no cell changed"
    total = f"{n_before:,} → {format_count(n_now, 'row')}" if n_before != n_now else format_count(n_now, "row")
    return f"{total}; among the first {max(n_old, n_new):,}: {', '.join(words) or 'no cell changed'}"


def _describe_columns(found: TableDiff) -> list[str]:
    words = []
    for side, word in (("old", "added"), ("new", "removed")):
        names = [column.name for column in found.columns if getattr(column, side) is None]
        if names:
            what = f"column {_label(names[0])}" if len(names) == 1 else f"{len(names):,} columns"
            words.append(f"{what} {word}")
    return words or (["columns in another order"] if found.is_reordered and not found.rows else [])


def _describe_greatest(found: TableDiff, old: Table, new: Table) -> str:
    """Name the number that changed most, compared with its size."""
    greatest, share = None, 0.0
    for row in found.rows:
        for place in row.cells:
            was, now = _pair(found.columns[place], old, new, row)
            delta = find_delta(was, now)
            if delta and abs(delta) / max(abs(was), abs(now)) > share:
                share = abs(delta) / max(abs(was), abs(now))
                greatest = row, place, was, now, delta
    if greatest is None:
        return ""
    row, place, was, now, delta = greatest
    cell = _changed_cell(was, now, column_form([was, now]))
    most = "most of all " if found.n_cells > 1 else ""
    where = f"{_label(found.columns[place].name)} of {_row_name(found, new, row)}"
    return f"; {most}{where} {cell.was} → {cell.now} ({cell.delta})"


def _row_name(found: TableDiff, new: Table, row: RowChange) -> str:
    if found.key is None or row.new is None:
        return f"row {(row.new or 0) + 1:,}"
    return f"row {_label(str(new.rows[row.new][found.columns[found.key].new or 0]))}"


def _label(text: str) -> str:
    return f"“{first_line(text, _LABEL)}”"


def _iter_counts(found: TableDiff) -> Iterator[tuple[str, str]]:
    for sign, word in (("+", "added"), ("-", "removed"), ("~", "changed")):
        n_rows = found.count(sign)
        if n_rows:
            cells = f", {format_count(found.n_cells, 'cell')}" if sign == "~" else ""
            yield sign, f"{format_count(n_rows, 'row')} {word}{cells}"
    if found.n_same:
        yield "=", f"{format_count(found.n_same, 'row')} unchanged"
    for sign, side, word in (("+", "old", "added"), ("-", "new", "removed")):
        names = [column.name for column in found.columns if getattr(column, side) is None]
        if names:
            more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
            listed = ", ".join(map(_label, names[:3]))
            yield sign, f"{'column' if len(names) == 1 else 'columns'} {word}: {listed}{more}"
    if found.is_reordered:
        yield "~", "columns in another order"
    if found.is_resorted:
        yield "~", "rows in another order"


def _describe_matching(found: TableDiff, version: int) -> str:
    how = "their cells and order" if found.key is None else _label(found.columns[found.key].name)
    return f"Rows are matched by {how}, and stand as in v{version}; removed ones come last."


def _iter_notes(found: TableDiff, sizes: _Sizes, n_columns: int, problems: Sequence[str]) -> Iterator[str]:
    if not found.rows:
        yield "No cell of a row differs."
    if len(found.rows) > _MAX_ROWS:
        yield f"{format_count(len(found.rows) - _MAX_ROWS, 'more row')} with changes not shown."
    if n_columns < len(found.columns) and found.rows:
        yield f"{format_count(len(found.columns) - n_columns, 'more column')} not shown."
    if any(n_rows > n_compared for n_rows, n_compared in sizes):
        yield f"Compared are the first {max(n for _, n in sizes):,} rows."
    yield from (f"Not all rows could be read: {problem}." for problem in problems if problem)


# Cells


def _choose_columns(found: TableDiff, rows: Sequence[RowChange]) -> list[int]:
    """Choose the columns to show when there are many: the key, those with changes, then as they stand."""
    if len(found.columns) <= _MAX_COLUMNS:
        return [*range(len(found.columns))]
    changed = {place for row in rows for place in row.cells}
    moved = {place for place, column in enumerate(found.columns) if None in column}
    order = sorted(
        range(len(found.columns)),
        key=lambda place: (place != found.key, place not in changed, place not in moved, place),
    )
    return sorted(order[:_MAX_COLUMNS])


def _lay_out(
    found: TableDiff, old: Table, new: Table, rows: Sequence[RowChange], places: Sequence[int]
) -> tuple[list[ChangedColumn], list[ChangedRow]]:
    columns, cells = [], []
    for place in places:
        column = found.columns[place]
        pairs = [_pair(column, old, new, row) for row in rows]
        form = column_form([cell for pair in pairs for cell in pair])
        sign, word = ("+", "added") if column.old is None else (MINUS, "removed") if column.new is None else ("", "")
        columns.append(ChangedColumn(column.name, sign, word, form is not None, place == found.key))
        cells.append([_show(row, place, pair, form) for row, pair in zip(rows, pairs, strict=True)])
    shown = [ChangedRow(*_TONES[row.sign], [column[number] for column in cells]) for number, row in enumerate(rows)]
    return columns, shown


_TONES = {"+": ("+", "added", "add"), "-": (MINUS, "removed", "del"), "~": ("~", "changed", "")}


def _pair(column: Column, old: Table, new: Table, row: RowChange) -> tuple[Any, Any]:
    """Give a cell before and now; `None` where there is none."""
    _, i, j = column
    return (
        None if row.old is None or i is None else old.rows[row.old][i],
        None if row.new is None or j is None else new.rows[row.new][j],
    )


def _show(row: RowChange, place: int, pair: tuple[Any, Any], form: NumberForm | None) -> ChangedCell:
    was, now = pair
    if place in row.cells:
        return _changed_cell(was, now, form)
    return ChangedCell(_text(was if row.sign == "-" else now, form), "", False, "")


def _changed_cell(was: Any, now: Any, form: NumberForm | None) -> ChangedCell:
    """Show a cell before and now; two that would read the same are written in full."""
    before, after = _text(was, form), _text(now, form)
    if before == after:
        before, after = _texts_apart(was, now)
    delta = find_delta(was, now) if form else None
    return ChangedCell(after, before, True, format_delta(delta, form) if delta and form else "")


def _texts_apart(was: Any, now: Any) -> list[str]:
    """Write two cells in full or, where they are long, from shortly before they differ."""
    if find_delta(was, now) is not None:
        return [str(cell).replace("-", MINUS) for cell in (was, now)]
    texts = [repr(cell) for cell in (was, now)]
    n_same = next((place for place, (a, b) in enumerate(zip(*texts, strict=False)) if a != b), 0)
    start = max(n_same - _MAX_CHARACTERS // 2, 0)
    return [("…" if start else "") + _shorten(text[start:]) for text in texts]


def _text(cell: Any, form: NumberForm | None) -> str:
    kind = type(cell)
    if kind is float:
        return format_number(cell, form) if form else show_cell(cell, form)
    if kind is str:
        return show_cell(_shorten(cell), form)
    if kind is list or kind is dict:
        text = json.dumps(cell, ensure_ascii=False)
        return _shorten(text) if len(text) > _MAX_CHARACTERS else show_cell(cell, form)
    return show_cell(cell, form)


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}…"
