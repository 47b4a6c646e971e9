"""The Parquet form of a large table: written when it is recorded, read by pieces when a site is built.

Reading gives exactly the cells that the table would have had as JSON. A column whose cells are of one plain type is
stored as that type; any other as JSON text, which the field's metadata marks (`reportgen: json`). Column names are
unique in the file, as other programs need them; when they were not in the table, the file's metadata has them as they
were (`reportgen_columns`). The same table gives the same bytes with one version of pyarrow.

Files come from records, which are hostile: a reader takes flat columns of the types listed here, from parts of limited
size, and holds each text of a part once, however often the part repeats it. What it does not take, it says why.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import io
import math
import os
import re
import zoneinfo
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from reportgen.jsontext import clean_text, encode_json

MAX_COLUMNS = 1_000
_PART_ROWS = 131_072
_PART_BYTES = 16_000_000
_MAX_PART_BYTES = 64_000_000
_MAX_FOOTER_BYTES = 16_000_000
_BATCH_ROWS = 4_096
_MAGIC = b"PAR1"
_JSON_MARK = {b"reportgen": b"json"}
_NAMES_KEY = b"reportgen_columns"
_EPOCH = dt.date(1970, 1, 1).toordinal()

# Days since the epoch between which every date and time has a Python form, in any time zone.
PYTHON_YEARS = (dt.date(2, 1, 1).toordinal() - _EPOCH, dt.date(9998, 12, 31).toordinal() - _EPOCH)

_STORED: tuple[Callable[[pa.DataType], bool], ...] = (
    pa.types.is_null,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_string,
    pa.types.is_date32,
    pa.types.is_decimal128,
    pa.types.is_decimal256,
)
_TIME_TYPES = (pa.types.is_time64, pa.types.is_timestamp, pa.types.is_duration)


def is_stored(kind: pa.DataType) -> bool:
    """Whether a column of this type is stored as it is: plain numbers, text, dates, times in microseconds, decimals."""
    if any(is_kind(kind) for is_kind in _TIME_TYPES):
        return getattr(kind, "unit", "") == "us"
    return any(is_kind(kind) for is_kind in _STORED)


# Writing


def encode_table(names: Sequence[str], columns: Sequence[Any]) -> bytes:
    """Give the Parquet file of a table.

    Parameters
    ----------
    names
        As text that has a form in UTF-8; two may be alike.
    columns
        Of one length each: Arrow columns of types that `is_stored` allows, lists of cells in their JSON form, or lists
        of floats, with `None`, NaN and infinities as they are.
    """
    fields, arrays = [], []
    for name, column in zip(_unique(names), columns, strict=True):
        array, metadata = _to_arrow(column) if isinstance(column, (list, tuple)) else (column, None)
        fields.append(pa.field(name, array.type, metadata=metadata))
        arrays.append(array)
    marks: Any = None if [field.name for field in fields] == [*names] else {_NAMES_KEY: encode_json([*names])}
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields, marks))
    n_rows = min(max(_PART_BYTES * table.num_rows // max(table.nbytes, 1), 1), _PART_ROWS)
    sink = io.BytesIO()
    texts: Any = [field.name for field in fields if pa.types.is_string(field.type)]
    pq.write_table(table, sink, compression="zstd", row_group_size=n_rows, use_dictionary=texts)
    return sink.getvalue()


def _unique(names: Sequence[str]) -> list[str]:
    """Number the names that were there before, as `a`, `a.2`, `a.3`."""
    taken: dict[str, None] = {}
    for name in names:
        choices = (name if n == 1 else f"{name}.{n}" for n in range(1, len(names) + 1))
        taken[next(choice for choice in choices if choice not in taken)] = None
    return [*taken]


def _to_arrow(cells: Sequence[Any]) -> tuple[Any, dict[bytes, bytes] | None]:
    types = set(map(type, cells)) - {type(None)}
    kind = _ARROW_TYPES.get(next(iter(types))) if len(types) == 1 else None
    if not types:
        return pa.nulls(len(cells)), None
    if kind is not None:
        try:
            return pa.array(cells, kind), None
        except UnicodeEncodeError:
            return pa.array([cell if cell is None else clean_text(cell) for cell in cells], kind), None
        except (OverflowError, pa.ArrowInvalid):  # whole numbers beyond 64 bits
            pass
    texts = [None if cell is None else encode_json(cell).decode() for cell in cells]
    return pa.array(texts, pa.string()), _JSON_MARK


_ARROW_TYPES: dict[type, pa.DataType] = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
}


# Cells


def column_cells(column: Any) -> list[Any]:
    """Give the cells of an Arrow column, of a type that `is_stored` allows, in their JSON form."""
    kind = column.type
    if pa.types.is_floating(kind):
        return [_float_cell(value) for value in column.to_pylist()]
    if pa.types.is_timestamp(kind):
        return _moments(column)
    values: list[Any] = column.to_pylist()
    form = next((form for is_kind, form in _FORMS if is_kind(kind)), None)
    return values if form is None else [None if value is None else form(value) for value in values]


def _float_cell(value: float | None) -> float | str | None:
    if value is None or math.isfinite(value):
        return value
    return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _moments(column: Any) -> list[str | None]:
    """Times as text. The zone's rules are Python's, since which of its libraries Arrow asks depends on the machine."""
    zone = _zone(column.type.tz)
    values = column.cast(pa.timestamp("us", "UTC" if zone else None)).to_pylist()
    if zone is None or zone is dt.UTC:
        return [None if value is None else value.isoformat() for value in values]
    return [None if value is None else value.astimezone(zone).isoformat() for value in values]


@functools.lru_cache(maxsize=64)
def _zone(name: str | None) -> dt.tzinfo | None:
    if name is None or name.upper() == "UTC":
        return dt.UTC if name else None
    if match := re.fullmatch(r"([+-])([0-9]{2}):?([0-9]{2})", name):
        offset = dt.timedelta(hours=int(match[2]), minutes=int(match[3]))
        return dt.timezone(-offset if match[1] == "-" else offset)
    return zoneinfo.ZoneInfo(name)


def _duration_text(value: dt.timedelta) -> str:
    return str(msgspec.to_builtins(value))


_FORMS: list[tuple[Callable[[pa.DataType], bool], Callable[[Any], Any]]] = [
    (pa.types.is_decimal, str),
    (pa.types.is_date, dt.date.isoformat),
    (pa.types.is_time, dt.time.isoformat),
    (pa.types.is_duration, _duration_text),
]


# Reading


class TableFile(NamedTuple):
    """What is known of the file of a large table.

    Attributes
    ----------
    path
        Where it lies; `None` when it is no file that a site may carry.
    n_bytes, n_rows, columns
        Its size, and the table's rows and names; empty when they are not known.
    broken
        Why its rows cannot be shown; empty when they can.
    """

    path: Path | None
    n_bytes: int = 0
    n_rows: int = 0
    columns: tuple[str, ...] = ()
    broken: str = ""

    def iter_batches(self, n_rows: int = _BATCH_ROWS, *, any_width: bool = False) -> Iterator[list[list[Any]]]:
        """Give the table by pieces, each a list of columns, which are lists of cells in their JSON form.

        With `any_width` it may have more columns than a page can show.

        Raises
        ------
        TableFileError
            The file cannot be read to its end.
        """
        is_only_wide = any_width and len(self.columns) > MAX_COLUMNS
        if self.path is None or (self.broken and not is_only_wide):
            raise TableFileError(self.broken)
        with _explaining(), _open(self.path) as file:
            is_json = [(field.metadata or {}).get(b"reportgen") == b"json" for field in file.schema_arrow]
            for batch in file.iter_batches(n_rows, use_threads=False):
                yield [_batch_cells(*pair) for pair in zip(batch.columns, is_json, strict=True)]

    def first_rows(self, n_rows: int, n_characters: int) -> list[list[Any]]:
        """Give the first rows: at most `n_rows`, and no more than have about `n_characters` of text together.

        Raises
        ------
        TableFileError
            They cannot be read.
        """
        columns = next(self.iter_batches(n_rows), [])
        rows: list[list[Any]] = []
        for row in zip(*columns, strict=True):
            n_characters -= sum(len(str(cell)) for cell in row)
            if n_characters < 0:
                break
            rows.append([*row])
        return rows


class TableFileError(Exception):
    """The file of a table cannot be read; the message says why, as the end of a sentence."""


def inspect_table(path: Path) -> TableFile:
    """Look at the file of a table, of which only the footer is read, and that only if it is of usual size."""
    try:
        if path.suffix != ".parquet":
            raise TableFileError(f"its file is named {path.suffix} and not .parquet")
        with _explaining():
            n_bytes = _check_frame(path)
            with _open(path) as file:
                names = _table_names(file)
                facts = TableFile(path, n_bytes, max(file.metadata.num_rows, 0), tuple(names))
                return facts._replace(broken=_find_obstacle(file))
    except TableFileError as error:
        return TableFile(None, broken=str(error))


@contextlib.contextmanager
def _explaining() -> Iterator[None]:
    try:
        yield
    except (MemoryError, RecursionError) as error:
        raise TableFileError("its file holds more than can be read") from error
    except (OSError, pa.ArrowException, ValueError, LookupError, OverflowError, TypeError) as error:
        if isinstance(error, OSError) and error.strerror:
            raise TableFileError(f"its file cannot be read ({error.strerror})") from error
        reason = str(error).split("\n", maxsplit=1)[0][:200]  # Arrow's own errors have no error number
        raise TableFileError(f"its file is damaged ({reason})") from error


def _check_frame(path: Path) -> int:
    """Check the marks around a Parquet file and how long it says its footer is; give the file's size."""
    with path.open("rb") as file:
        head = file.read(4)
        n_bytes = file.seek(0, os.SEEK_END)
        file.seek(max(n_bytes - 8, 0))
        tail = file.read(8)
    if head != _MAGIC or tail[4:] != _MAGIC:
        raise TableFileError("its file is no Parquet file")
    if int.from_bytes(tail[:4], "little") > _MAX_FOOTER_BYTES:
        raise TableFileError("its file has a footer that is too long to be read")
    return n_bytes


@contextlib.contextmanager
def _open(path: Path) -> Iterator[pq.ParquetFile]:
    """Open a file so that each text of a part is held once, however often the part repeats it."""
    limits: Any = {"thrift_string_size_limit": _MAX_FOOTER_BYTES, "thrift_container_size_limit": 1_000_000}
    with pq.ParquetFile(path, **limits) as file:
        texts = [field.name for field in file.schema_arrow if pa.types.is_string(field.type)]
    with pq.ParquetFile(path, read_dictionary=texts, **limits) as file:
        yield file


def _table_names(file: pq.ParquetFile) -> list[str]:
    stored: list[str] = file.schema_arrow.names
    text = (file.schema_arrow.metadata or {}).get(_NAMES_KEY)
    if text is None:
        return stored
    names: list[str] = msgspec.json.decode(text, type=list[str])
    return names if len(names) == len(stored) else stored


def _find_obstacle(file: pq.ParquetFile) -> str:
    """Say why the rows of a file cannot be shown; empty when they can."""
    schema, metadata = file.schema_arrow, file.metadata
    if len(schema) > MAX_COLUMNS:
        return f"its {len(schema):,} columns are more than the {MAX_COLUMNS:,} that a page can show"
    if metadata.num_columns != len(schema) or len(set(schema.names)) < len(schema):
        return "its file has nested columns, or two of one name"
    for field in schema:
        if not (is_stored(field.type) or _is_repeated_text(field.type)):
            return f"its file has a column of type {str(field.type)[:100]}"
    for index in range(metadata.num_row_groups):
        if metadata.row_group(index).total_byte_size > _MAX_PART_BYTES:
            return f"its file has a part of over {_MAX_PART_BYTES // 1_000_000} MB"
    return ""


def _is_repeated_text(kind: pa.DataType) -> bool:
    return pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type)


def _batch_cells(column: Any, is_json: bool) -> list[Any]:
    if not _is_repeated_text(column.type):
        return column_cells(column)
    texts: list[Any] = column.dictionary.to_pylist()
    if is_json:
        texts = [None if text is None else msgspec.json.decode(text) for text in texts]
    return [None if place is None else texts[place] for place in column.indices.to_pylist()]
