"""Segments: the lines of a journal as Parquet, a tenth of its size, for any program that reads Parquet.

A segment has a row for each line, in the order of the lines, and a column for each field of the records in it, whose
type follows from `reportgen.records`; columns that would be empty are absent. What does not fit into columns is kept
as it is in `line`: unknown fields and kinds, lines that are no record, and values that Parquet cannot hold, such as
huge integers. So a segment gives back the lines of its journal, and reading either is the same. `line_number` is the
number of the line in the journal.

JSON texts are in the columns of fields that hold any value; NaN and the infinities are numbers as others. Pages have
checksums: a segment is read whole or not at all. pyarrow is loaded with this module, so import it where it is needed.

Encodings are those that were measured to be small: lists of full-precision numbers are 7 % smaller as
`BYTE_STREAM_SPLIT` than plain, but lists of rounded numbers, which are as common, are twice as large.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reportgen.arrays import int_array
from reportgen.floats import decode_number, encode_number
from reportgen.log.parse import STRUCTS, Line, make_line
from reportgen.records import LOG_FORMAT, AnyRecord

_FORMAT_KEY, _RUN_KEY, _WRITER_KEY = "reportgen_log_format", "run", "writer"
_DEEPEST = 100  # levels of JSON that can be read however deep the caller's own stack is
_INT64 = range(-(2**63), 2**63)

Values = list[Any]


class DamagedSegmentError(Exception):
    """A file that is no segment, or not a whole one; the text says why, in one line."""


class _Column(NamedTuple):
    """How the values of a field are kept.

    Attributes
    ----------
    type
        The Arrow type.
    encode
        Turns a value that is not `None` into one of that type; itself when there is nothing to do.
    decode
        Turns a column into values.
    fits
        Whether a value can be kept so; `None` when all can.
    """

    type: pa.DataType
    encode: Callable[[Any], Any] | None = None
    decode: Callable[[pa.ChunkedArray[Any]], Values] = pa.ChunkedArray.to_pylist
    fits: Callable[[Any], bool] | None = None


# Values to columns and back


def _to_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _decode_json(column: pa.ChunkedArray[Any]) -> Values:
    return [None if text is None else msgspec.json.decode(text) for text in column.to_pylist()]


def _is_shallow(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [item for inner in level for item in _items(inner)]
        if not level:
            return True
    return False


def _items(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return [*value.values()]
    return value if isinstance(value, list) else ()


def _decode_numbers(column: pa.Array[Any] | pa.ChunkedArray[Any]) -> Values:
    values = column.to_pylist()
    if pc.all(pc.is_finite(column)).as_py() is not False:
        return values
    return [None if value is None else encode_number(value) for value in values]


def _decode_lists(column: pa.ChunkedArray[Any]) -> Values:
    """Several times faster than `to_pylist`, which makes an Arrow array for each list."""
    lists: Values = []
    for chunk in column.chunks:
        values = _decode_numbers(pc.list_flatten(chunk))
        start = 0
        for length in pc.list_value_length(chunk).to_pylist():
            lists.append(None if length is None else values[start : start + length])
            start += length or 0
    return lists


_TEXT = _Column(pa.string())
_INT = _Column(pa.int64())
_ANY_INT = _Column(pa.int64(), fits=_INT64.__contains__)
_FLAG = _Column(pa.bool_())
_REAL = _Column(pa.float64())
_NUMBER = _Column(pa.float64(), decode_number, _decode_numbers)
_NUMBERS = _Column(pa.list_(pa.float64()), lambda values: [decode_number(value) for value in values], _decode_lists)
_TEXTS = _Column(pa.list_(pa.string()))
_JSON = _Column(pa.string(), _to_json, _decode_json, _is_shallow)


def _column_of(annotation: Any) -> _Column:
    """Choose the column of a field from its type in `reportgen.records`."""
    return _column_of_type(msgspec.inspect.type_info(annotation))


def _column_of_type(info: msgspec.inspect.Type) -> _Column:
    parts = info.types if isinstance(info, msgspec.inspect.UnionType) else (info,)
    kinds = [part for part in parts if not isinstance(part, msgspec.inspect.NoneType)]
    match kinds:
        case [msgspec.inspect.StrType() | msgspec.inspect.LiteralType()]:
            return _TEXT
        case [msgspec.inspect.IntType(le=largest)]:
            return _INT if largest is not None else _ANY_INT
        case [msgspec.inspect.BoolType()]:
            return _FLAG
        case [msgspec.inspect.FloatType()]:
            return _REAL
        case [msgspec.inspect.FloatType(), msgspec.inspect.LiteralType()]:
            return _NUMBER
        case [msgspec.inspect.ListType(item_type=msgspec.inspect.StrType())]:
            return _TEXTS
        case [msgspec.inspect.ListType(item_type=item)] if _column_of_type(item) is _NUMBER:
            return _NUMBERS
        case [msgspec.inspect.StructType(fields=fields)]:
            inner = {field.name: _column_of_type(field.type).type for field in fields}
            return _Column(pa.struct(list(inner.items())), msgspec.structs.asdict)
        case _:
            return _JSON


_FIELDS: dict[str, dict[str, _Column]] = {
    kind: {field.name: _column_of(field.type) for field in msgspec.structs.fields(struct)}
    for kind, struct in STRUCTS.items()
}
_KINDS: dict[type, str] = {struct: kind for kind, struct in STRUCTS.items()}
_OWN = {"kind": _TEXT, "line_number": _INT, "line": _Column(pa.binary())}
COLUMNS: dict[str, _Column] = {
    **{name: column for fields in _FIELDS.values() for name, column in fields.items()},
    **_OWN,
}


_CHECKS: dict[type, list[tuple[str, Callable[[Any], bool]]]] = {
    struct: [(name, column.fits) for name, column in _FIELDS[kind].items() if column.fits]
    for struct, kind in _KINDS.items()
}


def _fits(record: AnyRecord) -> bool:
    return all(fits(getattr(record, name)) for name, fits in _CHECKS[type(record)])


# Writing


def encode_segment(run_id: str, writer: str, lines: Sequence[Line]) -> bytes:
    """Give the segment that holds these lines.

    Parameters
    ----------
    run_id, writer
        Whose journal it is.
    lines
        In the order in which they are to be read back. A line's bytes are needed only where its record does not
        say all.
    """
    columns = _make_columns(lines)
    schema = pa.schema([(name, COLUMNS[name].type) for name in columns])
    options: dict[str, Any] = {
        "compression": "zstd",
        "compression_level": 3,
        "use_dictionary": [name for name in columns if COLUMNS[name].type == pa.string()],
        "column_encoding": {name: "DELTA_BINARY_PACKED" for name in columns if name in _DELTAS},
        "store_schema": False,
        "write_statistics": False,
        "write_page_checksum": True,
    }
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, schema, **options) as file:
        file.add_key_value_metadata({_FORMAT_KEY: str(LOG_FORMAT), _RUN_KEY: run_id, _WRITER_KEY: writer})
        file.write_table(pa.table(columns, schema=schema), row_group_size=_ROW_GROUP)
    return sink.getvalue()


_DELTAS = {"ts", "seq", "line_number"}
_ROW_GROUP = 1 << 17

# What a file may unfold to, whatever its size, and more for a larger one: some times what journals become.
_MOST_VALUES, _MOST_VALUES_PER_BYTE = 20_000_000, 16
_MOST_TEXT, _MOST_TEXT_PER_BYTE = 1_000_000_000, 100


def _make_columns(lines: Sequence[Line]) -> dict[str, Values]:
    """Put the lines into columns, and leave out those that stay empty."""
    rows: dict[str, list[int]] = {}
    raw: Values = [None] * len(lines)
    for row, line in enumerate(lines):
        if line.record is not None and _fits(line.record):
            rows.setdefault(_KINDS[type(line.record)], []).append(row)
        else:
            raw[row] = line.raw
    columns: dict[str, Values] = {"kind": [None] * len(lines), "line_number": [line.number for line in lines]}
    for kind in STRUCTS:
        for name, column in _FIELDS[kind].items() if kind in rows else ():
            values = columns.setdefault(name, [None] * len(lines))
            for row in rows[kind]:
                value = getattr(lines[row].record, name)
                values[row] = value if value is None or column.encode is None else column.encode(value)
        for row in rows.get(kind, ()):
            columns["kind"][row] = kind
    columns["line"] = raw
    always = {"kind", "line_number"}
    return {
        name: values for name, values in columns.items() if name in always or any(value is not None for value in values)
    }


# Reading


def read_identity(file: BinaryIO) -> tuple[int, str, str]:
    """Give the log format, the run and the writer of a segment, from its end.

    Raises
    ------
    DamagedSegmentError
        It is no segment, or not a whole one.
    """
    try:
        metadata = pq.read_metadata(file).metadata or {}
    except _UNREADABLE as error:
        raise _damaged(error) from error
    return _identity_of(metadata)


# What pyarrow raises for bytes that are no Parquet; `OSError` is among it, though nothing is wrong with the disk.
_UNREADABLE = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError, KeyError, TypeError, RecursionError)


def _damaged(error: BaseException) -> DamagedSegmentError:
    first = (str(error).splitlines() or [""])[0]
    return DamagedSegmentError(f"not a whole segment ({first or type(error).__name__})")


def _identity_of(metadata: Mapping[bytes, bytes]) -> tuple[int, str, str]:
    try:
        version, run_id, writer = (metadata[key.encode()].decode() for key in (_FORMAT_KEY, _RUN_KEY, _WRITER_KEY))
        return int(version), run_id, writer
    except (KeyError, ValueError) as error:
        raise DamagedSegmentError("a Parquet file, but not a sealed journal") from error


def decode_segment(content: bytes) -> Iterator[Line]:
    """Give the lines of a segment, when all of it was found to be whole.

    Parameters
    ----------
    content
        The file.

    Raises
    ------
    DamagedSegmentError
        It is no segment, or not a whole one.
    """
    try:
        metadata = pq.read_metadata(pa.BufferReader(content))
        _identity_of(metadata.metadata or {})
        _check_values(metadata, len(content))
        groups = [_decode_rows(table) for table in _read_groups(content, metadata)]
    except _UNREADABLE as error:
        raise _damaged(error) from error
    return itertools.starmap(_make_line, itertools.chain.from_iterable(groups))


def _check_values(metadata: Any, n_bytes: int) -> None:
    """Refuse a small file that would fill the memory: Parquet holds a value that repeats in next to no bytes.

    Row groups alone are asked: what pyarrow says of their columns ends the process where a footer is damaged.
    """
    n_most = max(_MOST_VALUES, n_bytes * _MOST_VALUES_PER_BYTE)
    n_values = 0
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        n_values += group.num_rows * group.num_columns
        if not 0 <= n_values <= n_most:
            raise DamagedSegmentError(f"too much to be read: over {n_most:,} values in {n_bytes:,} bytes")


def _read_groups(content: bytes, metadata: Any) -> Iterator[pa.Table]:
    """Give the row groups. Their texts are read once each, and written out if that fits, however often they repeat."""
    columns = (metadata.schema.column(place) for place in range(metadata.num_columns))
    texts = [column.path for column in columns if column.physical_type == "BYTE_ARRAY" and "." not in column.path]
    file = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True, read_dictionary=texts)
    room = n_most = max(_MOST_TEXT, len(content) * _MOST_TEXT_PER_BYTE)
    for index in range(file.num_row_groups):
        table = file.read_row_group(index)
        repeated = [place for place, kind in enumerate(table.schema.types) if pa.types.is_dictionary(kind)]
        room -= sum(map(_text_size, map(table.column, repeated)))
        if room < 0:
            raise DamagedSegmentError(f"too much to be read: over {n_most:,} bytes of text in {len(content):,} bytes")
        for place in repeated:
            column: Any = table.column(place)
            plain = [chunk.dictionary_decode() for chunk in column.chunks]
            table = table.set_column(place, table.field(place).name, pa.chunked_array(plain, column.type.value_type))
        yield table


def _text_size(column: Any) -> int:
    lengths = (pc.binary_length(chunk.dictionary).cast(pa.int64()).take(chunk.indices) for chunk in column.chunks)
    return sum(pc.sum(length).as_py() or 0 for length in lengths)


def _make_line(number: int, record: AnyRecord | None, raw: bytes | None) -> Line:
    return Line(number, record, b"") if raw is None else make_line(number, raw)


def _decode_rows(table: pa.Table) -> Iterator[tuple[int, AnyRecord | None, bytes | None]]:
    """Give the number, the record and the kept bytes of each line; one of the two is there."""
    _check_columns(table)
    numbers: Values = table.column("line_number").to_pylist()
    raw: Values = table.column("line").to_pylist() if "line" in table.column_names else [None] * len(numbers)
    records: Values = [None] * len(numbers)
    for kind, rows in _rows_by_kind(table).items():
        part = table if len(rows) == len(numbers) else table.take(int_array(rows))
        if _is_of_this_version(kind, part):
            for row, record in zip(rows, _decode_records(kind, part), strict=True):
                records[row] = record
        else:
            for row, text in zip(rows, _write_lines(kind, part), strict=True):
                raw[row] = text
    if any(record is None and line is None for record, line in zip(records, raw, strict=True)):
        raise ValueError("a row holds nothing")
    return zip(numbers, records, raw, strict=True)


def _check_columns(table: pa.Table) -> None:
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name in COLUMNS and column.type != COLUMNS[name].type:
            raise ValueError(f"column {name} is of type {column.type}, not {COLUMNS[name].type}")
    if table.column("line_number").null_count:
        raise ValueError("a line has no number")


def _rows_by_kind(table: pa.Table) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for row, kind in enumerate(table.column("kind").to_pylist()):
        if kind is not None:
            rows.setdefault(kind, []).append(row)
    return rows


def _is_of_this_version(kind: str, part: pa.Table) -> bool:
    """Whether rows of a kind have values only in the columns that the kind has in this version."""
    known = {*_FIELDS.get(kind, ()), *_OWN}
    others = (part.column(name) for name in part.column_names if name not in known)
    return kind in _FIELDS and all(column.null_count == len(column) for column in others)


def _decode_records(kind: str, part: pa.Table) -> list[AnyRecord]:
    """Make the records of one kind: whole columns are checked, so that records need not be, one after the other."""
    struct = STRUCTS[kind]
    types = {field.name: field.type for field in msgspec.structs.fields(struct) if field.name in part.column_names}
    columns = [
        msgspec.convert(COLUMNS[name].decode(part.column(name)), list[annotation])  # type: ignore[valid-type]
        for name, annotation in types.items()
    ]
    return [struct(**dict(zip(types, values, strict=True))) for values in zip(*columns, strict=True)]


def _write_lines(kind: str, part: pa.Table) -> Iterator[bytes]:
    """Turn rows with more than this version knows into lines, which tell what is known in them from the rest."""
    names = [name for name in part.column_names if name not in _OWN]
    columns = [COLUMNS.get(name, _TEXT).decode(part.column(name)) for name in names]
    for values in zip(*columns, strict=True):
        fields = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        yield msgspec.json.encode({"kind": kind, **fields}) + b"\n"
