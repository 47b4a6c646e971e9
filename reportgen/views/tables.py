"""Tables as they are shown, and their files to download.

A small table is in its record. Of a large one the record has the first rows and the name of a Parquet file; a page
shows 1,000 rows, up to nine more pages the next ones, CSV and JSON are made by pieces as long as they stay under 50 MB,
the Parquet file is always offered.
A file that is missing or damaged leaves the rows of the record, and the page says why.
"""

from __future__ import annotations

import csv
import functools
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from markupsafe import Markup

from reportgen import contentfacts, urls
from reportgen.jsontext import encode_json
from reportgen.model import Artifact
from reportgen.prose import render_inline
from reportgen.tables import TableFile, TableFileError
from reportgen.text import NumberForm, format_bytes, format_count, format_number, number_form
from reportgen.views.parts import Here, Link, RawFile

MAX_ROWS = 1000
MAX_PAGES = 10
MAX_DOWNLOAD_BYTES = 50_000_000
_MAX_CHARACTERS = 2_000_000  # of the cells of a large table on its page
_SHORT = 40
_PEEK_ROWS, _PEEK_COLUMNS = 4, 4
_NO_CELL = Markup('<span class="quiet">–</span>')
_NESTED = {list, dict}
_NUMBERS = {int, float}
_FREQUENT_KINDS = {*_NUMBERS, str, type(None)}


@dataclass(frozen=True)
class Column:
    """A column of a table: numbers stand on the right, short texts on one line."""

    name: str
    is_number: bool
    is_short: bool


@dataclass(frozen=True)
class RowPages:
    """The pages of a long table: which rows this one has, and links to all of them; that to itself has no address."""

    range_text: str
    links: Sequence[Link]


@dataclass(frozen=True)
class TableContent:
    """A table as it is shown.

    Attributes
    ----------
    columns
        Names and alignment.
    rows
        Cells as text or, where they are `Markup`, as safe HTML; at most 1,000 rows.
    size_text
        Rows and columns in words.
    left_out
        How many rows are only in the download, or why they are not, in words; mostly empty.
    pages
        Its pages, when there is more than one.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    size_text: str
    left_out: str
    pages: RowPages | None = None


def make_table(artifact: Artifact, here: Here, page: str, *, peek: bool) -> tuple[TableContent, Sequence[Link]]:
    """Make a table as it is shown, and the links to its files; a preview has a few rows and columns and no link."""
    columns, rows, problem = read_rows(artifact, peek=peek)
    n_rows = table_size(artifact)[0]
    shown = rows[: _PEEK_ROWS if peek else MAX_ROWS]
    size = f"{format_count(n_rows, 'row')}, {format_count(len(columns), 'column')}"
    if peek:
        return _lay_out(columns[:_PEEK_COLUMNS], rows, shown, size), ()
    n_pages = 1 if problem else count_row_pages(artifact)
    n_left = min(n_rows, n_pages * MAX_ROWS) - MAX_ROWS
    if not artifact.has_files and n_pages > 1:
        left_out = f"{format_count(n_left, 'more row')} are not in this site: thinned"
        return replace(_lay_out(columns, rows, shown, size), left_out=left_out), _links(artifact, here, page)
    table = replace(
        _lay_out(columns, rows, shown, size),
        left_out=_describe_rest(1, n_pages, len(shown), n_rows, problem),
        pages=_link_pages(here, page, 1, n_pages, n_rows),
    )
    return table, _links(artifact, here, page)


def most_row_pages(artifact: Artifact) -> int:
    """Say how many pages a table may have at most, without a look at its file."""
    return min(-(-table_size(artifact)[0] // MAX_ROWS), MAX_PAGES) if artifact.type == "table" else 0


def count_row_pages(artifact: Artifact) -> int:
    """Say how many pages the rows of a table fill, at least 1.

    Raises
    ------
    KeyError, TypeError
        The content has not the form of a table.
    """
    file = artifact.table_file
    n_rows = len(artifact.data["rows"]) if file is None else 0 if file.broken else file.n_rows
    return max(min(-(-n_rows // MAX_ROWS), most_row_pages(artifact)), 1)


def make_further_tables(artifact: Artifact, here_of: Callable[[int], Here], page: str) -> Iterator[TableContent]:
    """Make the second page of a table and all after it, each as it is shown on its own page.

    Parameters
    ----------
    here_of
        Gives the place of the page of a number.
    page
        The artifact's own page, which is page 1.

    Raises
    ------
    KeyError, TypeError
        The content has not the form of a table.
    """
    n_pages = count_row_pages(artifact)
    if n_pages == 1:
        return
    file = artifact.table_file
    columns = [*file.columns] if file else _table_parts(artifact)[0]
    n_rows = table_size(artifact)[0]
    size = f"{format_count(n_rows, 'row')}, {format_count(len(columns), 'column')}"
    parts = _iter_parts(artifact)
    for number in range(2, n_pages + 1):
        rows, problem = next(parts)
        shown = [*_take_rows(rows, _MAX_CHARACTERS)]
        yield replace(
            _lay_out(columns, rows, shown, size),
            left_out=_describe_rest(number, n_pages, len(shown), n_rows, problem),
            pages=_link_pages(here_of(number), page, number, n_pages, n_rows),
        )


def _iter_parts(artifact: Artifact) -> Iterator[tuple[list[list[Any]], str]]:
    """Give the rows of page 2 and of each after it, and why there are not more; after an obstacle the rest is empty."""
    file = artifact.table_file
    rows: list[list[Any]] = []
    problem = ""
    batches = iter([_table_parts(artifact)[1]]) if file is None else _iter_rows(file)
    n_before = MAX_ROWS
    try:
        for batch in batches:
            rows += batch[n_before:]
            n_before = max(n_before - len(batch), 0)
            while len(rows) > MAX_ROWS:
                yield rows[:MAX_ROWS], ""
                del rows[:MAX_ROWS]
    except TableFileError as error:
        problem = str(error)
    while True:
        yield rows, problem
        rows = []


def _iter_rows(file: TableFile) -> Iterator[list[list[Any]]]:
    for columns in file.iter_batches(MAX_ROWS):
        yield [[*row] for row in zip(*columns, strict=True)]


def _take_rows(rows: Iterable[list[Any]], n_characters: int) -> Iterator[list[Any]]:
    """Give rows as long as they have no more than some characters together."""
    for row in rows:
        n_characters -= sum(len(str(cell)) for cell in row)
        if n_characters < 0:
            return
        yield row


def _link_pages(here: Here, page: str, number: int, n_pages: int, n_rows: int) -> RowPages | None:
    if n_pages == 1:
        return None
    last = min(number * MAX_ROWS, n_rows)
    links = [
        Link(str(other), "" if other == number else here.to(urls.more_rows(page, other)))
        for other in range(1, n_pages + 1)
    ]
    return RowPages(f"Rows {(number - 1) * MAX_ROWS + 1:,}–{last:,} of {n_rows:,}, page", links)


def read_rows(artifact: Artifact, *, peek: bool = False) -> tuple[list[str], list[list[Any]], str]:
    """Give the names of columns, the rows that can be shown, and why that is not all; for a preview those at hand.

    Raises
    ------
    KeyError, TypeError
        The content has not the form of a table.
    """
    columns, rows = _table_parts(artifact)
    file = artifact.table_file
    if file is not None and not peek:
        return _read_first_rows(file, columns, rows)
    return columns, rows, "its record names no file" if file is None and "blob" in artifact.data else ""


def _read_first_rows(
    file: TableFile, columns: list[str], rows: list[list[Any]]
) -> tuple[list[str], list[list[Any]], str]:
    """Give names and first rows from the file of a table; those of the record, and why, when it cannot be read."""
    try:
        return [*file.columns], file.first_rows(MAX_ROWS, _MAX_CHARACTERS), ""
    except TableFileError as error:
        return columns, rows, str(error)


def _describe_rest(number: int, n_pages: int, n_shown: int, n_rows: int, problem: str) -> str:
    """Say what a page does not show: rows that it should, and on the last page those that no page shows."""
    if problem:
        place = f"{n_rows:,}" if number == 1 else "this page"
        return f"only {format_count(n_shown, 'row')} of {place} can be shown: {problem}"
    n_missing = min(n_rows - (number - 1) * MAX_ROWS, MAX_ROWS) - n_shown
    n_rest = n_rows - n_pages * MAX_ROWS if number == n_pages else 0
    if n_missing > 0 and n_pages > number:
        return f"{format_count(n_missing, 'more row')} of this page are in the download: these are very long"
    return (
        f"{format_count(n_missing + max(n_rest, 0), 'more row')} are in the download" if n_missing + n_rest > 0 else ""
    )


def _lay_out(
    names: Sequence[str], rows: Sequence[Sequence[Any]], shown: Sequence[Sequence[Any]], size: str
) -> TableContent:
    """Put rows into columns; numbers of a column are written alike, also with those that are not shown."""
    forms = [column_form([row[index] for row in rows]) for index in range(len(names))]
    return TableContent(
        columns=[
            Column(name, form is not None, all(_is_short(row[index]) for row in shown))
            for index, (name, form) in enumerate(zip(names, forms, strict=True))
        ],
        rows=[[show_cell(cell, form) for cell, form in zip(row, forms, strict=False)] for row in shown],
        size_text=size,
        left_out="",
    )


def _is_short(cell: Any) -> bool:
    return type(cell) is float or len(cell if type(cell) is str else str(cell)) <= _SHORT  # no float is longer than 24


def _links(artifact: Artifact, here: Here, page: str) -> Sequence[Link]:
    file = artifact.table_file
    links = [Link(e.upper(), here.to(urls.download(page, e))) for e in ("csv", "json")] if artifact.has_files else []
    if file is None:
        return links if "blob" not in artifact.data else ()
    made = []
    if links:
        made = [link for link, content in zip(links, _make_downloads(file), strict=True) if content is not None]
    if file.path is not None:
        made.append(Link(f"Parquet, {format_bytes(file.n_bytes)}", here.to(urls.blob(file.path.name))))
    return made


def _table_parts(artifact: Artifact) -> tuple[list[str], list[list[Any]]]:
    columns, rows = artifact.data["columns"], artifact.data["rows"]
    width = contentfacts.table_width(columns, rows)
    names = [str(name) for name in columns] + [str(index) for index in range(len(columns), width)]
    return names, [row + [None] * (width - len(row)) for row in rows]


def table_size(artifact: Artifact) -> tuple[int, int]:
    """Rows and columns of a table; 0, 0 when its data has another form."""
    return artifact.size


def _is_number(cell: Any) -> bool:
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def column_form(cells: Sequence[Any]) -> NumberForm | None:
    """The form of a column of numbers; `None` when it holds other things too, or nothing."""
    kinds = {*map(type, cells)}
    if kinds <= _FREQUENT_KINDS and kinds.isdisjoint(_NUMBERS):
        return None
    present = [cell for cell in cells if cell is not None and cell not in ("Infinity", "-Infinity")]
    if not present or not all(_is_number(cell) for cell in present):
        return None
    return number_form([_to_float(cell) for cell in present])


def _to_float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def show_cell(cell: Any, form: NumberForm | None) -> str:
    """Write a cell, in the form of its column, as text or safe HTML."""
    if form is not None and type(cell) is float:
        return format_number(cell, form)
    if cell is None:
        return _NO_CELL
    if form is not None and _is_number(cell):
        return _number_cell(cell, form)
    if isinstance(cell, str):
        return render_inline(cell) if "](" in cell or "://" in cell else cell
    if isinstance(cell, (list, dict)):
        return Markup("<code>{}</code>").format(json.dumps(cell, ensure_ascii=False))
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def _number_cell(cell: float, form: NumberForm) -> str:
    """Write a number; whole numbers under 10,000 (years, ids) get no comma."""
    if isinstance(cell, int) and (abs(cell) < 10_000 or abs(cell) >= 10**15) and form.decimals in (0, None):
        return str(cell).replace("-", "−")
    return format_number(_to_float(cell), form)


def table_files(artifact: Artifact, page: str) -> list[RawFile]:
    """The table as `.csv` and `.json` beside its page; nothing for one that is too large or cannot be read."""
    file = artifact.table_file
    if file is not None:
        csv_text, json_text = _make_downloads(file)
        _make_downloads.cache_clear()
    else:
        try:
            columns, rows = _table_parts(artifact)
        except (KeyError, TypeError):
            return []
        if "blob" in artifact.data:
            return []
        csv_text, json_text = to_csv(columns, rows), _to_json(columns, rows)
    files = [("csv", csv_text), ("json", json_text)]
    return [RawFile(urls.download(page, kind), content) for kind, content in files if content is not None]


def _to_json(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    if len(set(columns)) < len(columns):
        return _indent_json({"columns": columns, "rows": rows})
    records = [dict(zip(columns, row, strict=True)) for row in rows]
    if not (columns and rows and all(map(_is_flat, rows))):
        return _indent_json(records)
    text = json.dumps(records, ensure_ascii=False, separators=(",\n  ", ": "))  # without an indent this is fast
    body = text[2:-2].replace("},\n  {", "\n },\n {\n  ")  # no text in JSON has a newline
    return f"[\n {{\n  {body}\n }}\n]\n".encode()


def _indent_json(value: Any) -> bytes:
    return f"{json.dumps(value, ensure_ascii=False, indent=1)}\n".encode()


@functools.lru_cache(maxsize=1)  # its page asks whether they are there, and then they are written
def _make_downloads(file: TableFile) -> tuple[bytes | None, bytes | None]:
    """Make the CSV and the JSON of a large table by pieces; `None` for one that passes the limit."""
    least = file.n_rows * max(len(file.columns), 1)  # a cell has at least the sign that ends it
    if file.broken or least > MAX_DOWNLOAD_BYTES:
        return None, None
    sinks: list[_Download] = [_CsvFile(file.columns), _JsonFile(file.columns)]
    try:
        for columns in file.iter_batches():
            sinks = [sink for sink in sinks if sink.take(zip(*columns, strict=True))]
            if not sinks:
                break
    except TableFileError:
        return None, None
    made = {type(sink): sink.content() for sink in sinks}
    return made.get(_CsvFile), made.get(_JsonFile)


class _Download:
    """Collects a file row by row, as long as it does not pass the limit: a small part can repeat a long text often."""

    end = b""

    def __init__(self, start: bytes) -> None:
        self._buffer = io.BytesIO(start)
        self._buffer.seek(0, io.SEEK_END)

    def take(self, rows: Iterable[Sequence[Any]]) -> bool:
        """Add rows; say whether all found room."""
        for row in rows:
            if self._buffer.write(self.encode(row)) and self._buffer.tell() > MAX_DOWNLOAD_BYTES:
                return False
        return True

    def encode(self, row: Sequence[Any]) -> bytes:
        raise NotImplementedError

    def content(self) -> bytes:
        return self._buffer.getvalue() + self.end


class _CsvFile(_Download):
    def __init__(self, columns: Sequence[str]) -> None:
        super().__init__(to_csv(columns, []))

    def encode(self, row: Sequence[Any]) -> bytes:
        return _csv_rows([row])


class _JsonFile(_Download):
    """A list of objects, one a line; columns and rows apart where two columns have one name."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns if len(set(columns)) == len(columns) else None
        super().__init__(b"[" if self._columns else b'{"columns":%b,"rows":[' % encode_json(columns))
        self.end = b"\n]\n" if self._columns else b"\n]}\n"
        self._mark = b"\n"

    def encode(self, row: Sequence[Any]) -> bytes:
        mark, self._mark = self._mark, b",\n"
        return mark + encode_json(dict(zip(self._columns, row, strict=True)) if self._columns else row)


def to_csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """Write CSV (UTF-8, a newline after each row); nested cells as JSON, missing ones empty."""
    return _csv_rows([columns, *rows])


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[str | float | None]]) -> bytes:
    """Write CSV as `to_csv` does, faster: of rows whose cells are known to be plain."""
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\n").writerows(chain([columns], rows))
    return sink.getvalue().encode()


def _csv_rows(rows: Iterable[Sequence[Any]]) -> bytes:
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\n").writerows(row if _is_flat(row) else map(_csv_cell, row) for row in rows)
    return sink.getvalue().encode()


def _is_flat(row: Sequence[Any]) -> bool:
    """Whether no cell is nested; cells are as JSON gives them."""
    return _NESTED.isdisjoint(map(type, row))


def _csv_cell(cell: Any) -> Any:
    return json.dumps(cell, ensure_ascii=False) if isinstance(cell, (list, dict)) else cell
