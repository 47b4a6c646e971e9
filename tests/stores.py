"""Stores on the disk, as sites have them and strangers change them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from reportgen.compact import Compaction
from reportgen.formats import DATA_FORMAT
from reportgen.store import to_parquet


def write_store(folder: Path, compaction: Compaction) -> Path:
    """Write the tables as files and give the folder."""
    days = {f"{name}/{day}": table for name, days in compaction.days.items() for day, table in days.items()}
    for name, table in {**compaction.tables, **days}.items():
        path = folder / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(to_parquet(table))
    return folder


def change_table(path: Path, change: Callable[[pa.Table], pa.Table]) -> Path:
    """Put another table in the place of that of a file."""
    return write_table(path, change(pq.read_table(path)))


def change_column(path: Path, name: str, values: Sequence[Any]) -> Path:
    """Put other values into the first rows of a column; times are given as microseconds."""

    def change(table: pa.Table) -> pa.Table:
        kind = table.schema.field(name).type
        plain = pa.int64() if pa.types.is_timestamp(kind) else pa.string() if pa.types.is_dictionary(kind) else kind
        cells = pa.array([*values, *table[name].cast(plain).to_pylist()[len(values) :]], plain)
        return table.set_column(table.column_names.index(name), name, cells.cast(kind))

    return change_table(path, change)


def write_table(path: Path, table: pa.Table) -> Path:
    """Write a file of a store, whatever it holds."""
    with pq.ParquetWriter(path, table.schema, store_schema=False) as file:
        file.write_table(table)
        file.add_key_value_metadata({"reportgen_data_format": str(DATA_FORMAT)})
    return path
