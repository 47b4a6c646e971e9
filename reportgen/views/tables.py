"""Tables as they are shown, and their files to download.

A small table is in its record. Of a large one the record has the first rows and the name of a Parquet file; pages show
what fits them, CSV and JSON are made by pieces as long as they stay under 50 MB, the Parquet file is always offered.
A file that is missing or damaged leaves the rows of the record, and the page says why.
"""

from __future__ import annotations

import csv
import functools
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
MAX_DOWNLOAD_BYTES = 50_000_000
_MAX_CHARACTERS = 2_000_000  # of the cells of a large table on its page
_SHORT = 40
_PEEK_ROWS, _PEEK_COLUMNS = 4, 4
_NO_CELL = Markup('<span class="quiet">–</span>')
_NESTED = {list, dict}


@dataclass(frozen=True)
class Column:
    """A column of a table: numbers stand on the right, short texts on one line."""

    name: str
    is_number: bool
    is_short: bool


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
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    size_text: str
    left_out: str


def make_table(artifact: Artifact, here: Here, page: str, *, peek: bool) -> tuple[TableContent, Sequence[Link]]:
    """Make a table as it is shown, and the links to its files; a preview has a few rows and columns and no link."""
    columns, rows, problem = read_rows(artifact, peek=peek)
    n_rows = table_size(artifact)[0]
    shown = rows[: _PEEK_ROWS if peek else MAX_ROWS]
    size = f"{format_count(n_rows, 'row')}, {format_count(len(columns), 'column')}"
    left_out = "" if peek else _describe_rest(len(shown), n_rows, problem)
    table = _lay_out(columns[:_PEEK_COLUMNS] if peek else columns, rows, shown, size, left_out)
    return table, () if peek else _links(artifact, here, page)


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


def _describe_rest(n_shown: int, n_rows: int, problem: str) -> str:
    if problem:
        return f"only {format_count(n_shown, 'row')} of {n_rows:,} can be shown: {problem}"
    return f"{n_rows - n_shown:,} more rows are in the download" if n_shown < n_rows else ""


def _lay_out(
    names: Sequence[str], rows: Sequence[Sequence[Any]], shown: Sequence[Sequence[Any]], size: str, left_out: str
) -> TableContent:
    """Put rows into columns; numbers of a column are written alike, also with those that are not shown."""
    forms = [column_form([row[index] for row in rows]) for index in range(len(names))]
    return TableContent(
        columns=[
            Column(name, form is not None, all(len(str(row[index])) <= _SHORT for row in shown))
            for index, (name, form) in enumerate(zip(names, forms, strict=True))
        ],
        rows=[[show_cell(cell, form) for cell, form in zip(row, forms, strict=False)] for row in shown],
        size_text=size,
        left_out=left_out,
    )


def _links(artifact: Artifact, here: Here, page: str) -> Sequence[Link]:
    file = artifact.table_file
    links = [Link(e.upper(), here.to(urls.download(page, e))) for e in ("csv", "json")]
    if file is None:
        return links if "blob" not in artifact.data else ()
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
