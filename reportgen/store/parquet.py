"""The Parquet form of the store's tables, and how little of it a question has to read.

The same tables give the same bytes with one version of pyarrow. Rows lie in small groups, whose smallest and largest
values the file's footer has, so that whoever asks for a key or a run reads only the groups that may have it.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reportgen.arrays import empty_table, text_array
from reportgen.errors import InputError
from reportgen.formats import DATA_FORMAT, check_data_format
from reportgen.store.schema import HELD
from reportgen.store.values import check_values

_FORMAT_KEY = b"reportgen_data_format"
GROUP_ROWS = 65_536
_GROUP_BYTES = 1_000_000
_MOST_ROWS, _MOST_ROWS_A_BYTE = 1_000_000, 4
_LONG_TEXTS = {"data_json", "metadata_json"}  # of contents and artifacts, which are asked for one by one
_REPEATED = {"name", "run_id", "step_id", "key", "pipeline", "deployment"}

Where = Mapping[str, Collection[str]]


def to_parquet(table: pa.Table) -> bytes:
    """Give a table's Parquet file: zstd, dictionaries, the data format in the file's metadata."""
    sink = pa.BufferOutputStream()
    with TableWriter(sink, table.schema, _choose_group_rows(table)) as writer:
        writer.write(table)
    return sink.getvalue().to_pybytes()


def _choose_group_rows(table: pa.Table) -> int:
    if not {"data_json", "json"} & {*table.column_names}:
        return GROUP_ROWS
    return min(max(_GROUP_BYTES * len(table) // max(table.nbytes, 1), 100), GROUP_ROWS)


class TableWriter:
    """Writes a table's Parquet file piece by piece; into what pieces it is cut changes no byte."""

    def __init__(self, sink: IO[bytes] | pa.NativeFile, schema: pa.Schema, group_rows: int = GROUP_ROWS) -> None:
        """Take a file that is open for writing, the table's schema, and how many rows a group has."""
        options: Any = {"compression": "zstd", "write_statistics": _paths_of_facts(schema), "store_schema": False}
        self._writer = pq.ParquetWriter(sink, schema.remove_metadata(), **options)
        self._schema = schema.remove_metadata()
        self._group_rows = group_rows
        self._waiting: list[pa.Table] = []
        self._n_waiting = 0

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            if self._n_waiting or not self._n_groups:
                self._write_group(self._take())
            self._writer.add_key_value_metadata({_FORMAT_KEY.decode(): str(DATA_FORMAT)})
        self._writer.close()

    _n_groups = 0

    def write(self, table: pa.Table) -> None:
        """Write rows after those before."""
        self._waiting.append(table.replace_schema_metadata(None))
        self._n_waiting += len(table)
        if self._n_waiting >= self._group_rows:
            rows = self._take()
            n_full = len(rows) // self._group_rows * self._group_rows
            for start in range(0, n_full, self._group_rows):
                self._write_group(rows.slice(start, self._group_rows))
            self._waiting = [rows.slice(n_full)] if n_full < len(rows) else []
            self._n_waiting = len(rows) - n_full

    def _take(self) -> pa.Table:
        rows = pa.concat_tables(self._waiting) if self._waiting else empty_table(self._schema)
        self._waiting, self._n_waiting = [], 0
        return rows

    def _write_group(self, rows: pa.Table) -> None:
        rows = _with_plain_dictionaries(rows.unify_dictionaries().combine_chunks())
        self._writer.write_table(rows, row_group_size=self._group_rows)
        self._n_groups += 1


def _paths_of_facts(schema: pa.Schema) -> list[str]:
    """Name the columns whose least and greatest values are written: not numbers that may be NaN, which those leave out.

    DuckDB takes them for all values, and then finds no NaN (duckdb/duckdb issue 25521).
    """
    fields = [field for field in schema if not pa.types.is_floating(field.type)]
    return [f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name for field in fields]


def _with_plain_dictionaries(table: pa.Table) -> pa.Table:
    """Give each dictionary only the texts that are used, in the order of their use, however it came about."""
    for place, name in enumerate(table.column_names):
        columns: list[Any] = table.column(place).chunks
        for column in columns if pa.types.is_dictionary(table.schema.field(place).type) else ():
            used: Any = pc.unique(column.indices.drop_null())
            indices: Any = pc.index_in(column.indices, value_set=used)
            table = table.set_column(place, name, pa.DictionaryArray.from_arrays(indices, column.dictionary.take(used)))
    return table


def read_parquet(
    path: Path, table: str, columns: Sequence[str] | None = None, where: Where | None = None, *, check: bool = True
) -> pa.Table:
    """Read rows of a table's file.

    Parameters
    ----------
    path
        The file.
    table
        Which table it is of.
    columns
        What to read of each row; by default everything.
    where
        By column of text: the values that a row may have there.
    check
        Whether the values are checked, too; those of a file that was just written need not be.

    Raises
    ------
    InputError
        The file is of a newer format, damaged, or not of this table.
    """
    schema = HELD[table]
    wanted = pa.schema([schema.field(name) for name in (schema.names if columns is None else columns)])
    repeated = [name for name in schema.names if name in _REPEATED]
    where = where or {}
    try:
        with pq.ParquetFile(path, read_dictionary=repeated) as file:
            _check_format(path, file.metadata.metadata or {})
            _check_columns(file.schema_arrow, schema)
            _check_size(path, file.metadata.num_rows)
            groups = [_read_group(file, index, wanted, where) for index in _groups_with(file, where)]
            found = pa.concat_tables([empty_table(wanted), *groups]).unify_dictionaries()
            if check:
                check_values(found, table)
            return found
    except (OSError, MemoryError, pa.ArrowException, ValueError, LookupError, TypeError) as error:
        raise damaged(path, error) from error


def damaged(path: Path, error: Exception) -> InputError:
    """Say that a file of a store cannot be used, for a reason that Arrow or the system gives."""
    missing = isinstance(error, FileNotFoundError)
    reason = "is not there" if missing else (getattr(error, "strerror", None) or str(error)).split("\n")[0][:200]
    hint = "the copy is not whole: copy or build the site again"
    what = f"{path} is missing" if missing else f"{path} cannot be read ({reason})"
    return InputError(what, hint=hint, slug="damaged-store")


def _check_format(path: Path, metadata: Mapping[bytes, bytes]) -> None:
    text = metadata.get(_FORMAT_KEY, b"")
    check_data_format(path, int(text) if text.isdigit() else None)


def _check_columns(found: pa.Schema, expected: pa.Schema) -> None:
    missing = [name for name in expected.names if name not in found.names]
    if missing:
        raise ValueError(f"it has no column {missing[0]}")


def _check_size(path: Path, n_rows: int) -> None:
    """Refuse a small file that says it holds very many rows."""
    if n_rows > _MOST_ROWS + _MOST_ROWS_A_BYTE * path.stat().st_size:
        raise ValueError(f"its {n_rows:,} rows are more than a file of this size holds")


def _groups_with(file: pq.ParquetFile, where: Where) -> Iterator[int]:
    """Give the groups of rows that may have one of the values, as their smallest and largest values say."""
    bounds = [(name, min(values), max(values)) for name, values in where.items() if values]
    if any(not values for values in where.values()):
        return
    for index in range(file.num_row_groups):
        group = file.metadata.row_group(index)
        places = {group.column(place).path_in_schema: place for place in range(group.num_columns)}
        if all(_may_hold(group.column(places[name]).statistics, low, high) for name, low, high in bounds):
            yield index


def _may_hold(statistics: Any, low: str, high: str) -> bool:
    if statistics is None or not statistics.has_min_max:
        return True
    return bool(statistics.min <= high and low <= statistics.max)


def _read_group(file: pq.ParquetFile, index: int, wanted: pa.Schema, where: Where) -> pa.Table:
    mask = None
    if where:
        asked = file.read_row_group(index, columns=[*where], use_threads=False)
        masks = [pc.is_in(asked[name], value_set=text_array(values)) for name, values in where.items()]
        mask = functools.reduce(pc.and_, masks)
        if not pc.any(mask).as_py():
            return empty_table(wanted)
    table = file.read_row_group(index, columns=wanted.names, use_threads=False)
    table = table.select(wanted.names) if mask is None else table.select(wanted.names).filter(mask)
    return table.cast(wanted)
