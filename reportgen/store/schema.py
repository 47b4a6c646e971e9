"""The compacted tables: their schema, and their Parquet form under `data/` of a site.

`DATA_FORMAT` versions the schema; what each version changed is listed here.

* 1 — first format.

Times are UTC with whole microseconds. Columns named `…_json` hold JSON text. The same tables give the same
bytes with one version of pyarrow.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

DATA_FORMAT = 1

_TIME: pa.DataType = pa.timestamp("us", tz="UTC")
_TEXT: pa.DataType = pa.string()
_INT: pa.DataType = pa.int64()
_REAL: pa.DataType = pa.float64()
_FLAG: pa.DataType = pa.bool_()
_TEXTS: pa.DataType = pa.list_(_TEXT)

SCHEMAS: dict[str, pa.Schema] = {
    "runs": pa.schema(
        {
            "run_id": _TEXT,
            "pipeline": _TEXT,
            "deployment": _TEXT,
            "name": _TEXT,
            "status": _TEXT,
            "started_at": _TIME,
            "ended_at": _TIME,
            "last_record_at": _TIME,
            "longest_silence_us": _INT,
            "parent_run_id": _TEXT,
            "params_json": _TEXT,
            "tags": _TEXTS,
            "context_json": _TEXT,
            "error_type": _TEXT,
            "error_message": _TEXT,
            "error_traceback": _TEXT,
            "detached": _FLAG,
            "n_records": _INT,
            "n_writers": _INT,
            "n_missing": _INT,
        }
    ),
    "steps": pa.schema(
        {
            "run_id": _TEXT,
            "step_id": _TEXT,
            "parent_step_id": _TEXT,
            "name": _TEXT,
            "attempt": _INT,
            "status": _TEXT,
            "started_at": _TIME,
            "ended_at": _TIME,
            "error_type": _TEXT,
            "error_message": _TEXT,
            "error_traceback": _TEXT,
        }
    ),
    "artifacts": pa.schema(
        {
            "key": _TEXT,
            "version": _INT,
            "artifact_id": _TEXT,
            "type": _TEXT,
            "run_id": _TEXT,
            "step_id": _TEXT,
            "created_at": _TIME,
            "updated_at": _TIME,
            "n_updates": _INT,
            "description": _TEXT,
            "data_json": _TEXT,
            "metadata_json": _TEXT,
            "deleted_at": _TIME,
            "deleted_reason": _TEXT,
            "writer": _TEXT,
            "seq": _INT,
        }
    ),
    "metrics": pa.schema(
        {"name": _TEXT, "run_id": _TEXT, "step_id": _TEXT, "value": _REAL, "recorded_at": _TIME, "n_values": _INT}
    ),
    "lists": pa.schema(
        {
            "name": _TEXT,
            "run_id": _TEXT,
            "step_id": _TEXT,
            "n_values": _INT,
            "first": _REAL,
            "last": _REAL,
            "min": _REAL,
            "max": _REAL,
            "mean": _REAL,
            "recorded_at": _TIME,
        }
    ),
    "points": pa.schema({"name": _TEXT, "run_id": _TEXT, "index": _INT, "x": _REAL, "value": _REAL}),
    "edges": pa.schema(
        {
            "run_id": _TEXT,
            "step_id": _TEXT,
            "direction": _TEXT,
            "artifact_id": _TEXT,
            "key": _TEXT,
            "version": _INT,
            "uri": _TEXT,
            "name": _TEXT,
            "digest": _TEXT,
            "at": _TIME,
        }
    ),
    "problems": pa.schema({"run_id": _TEXT, "file": _TEXT, "line": _INT, "reason": _TEXT}),
    "unknown": pa.schema({"run_id": _TEXT, "writer": _TEXT, "seq": _INT, "kind": _TEXT, "json": _TEXT}),
}

Tables = Mapping[str, pa.Table]


def make_table(name: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Make the table of this name from rows; times are given as microseconds."""
    return pa.Table.from_pylist([dict(row) for row in rows], schema=SCHEMAS[name])


def table_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Give the rows of a table as plain values, times as microseconds."""
    for index, column in enumerate(table.schema):
        if pa.types.is_timestamp(column.type):
            table = table.set_column(index, column.name, table.column(index).cast(pa.int64()))
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def to_parquet(table: pa.Table) -> bytes:
    """Give a table's Parquet file: zstd, dictionaries, the data format in the file's metadata."""
    metadata = {b"reportgen_data_format": str(DATA_FORMAT).encode()}
    sink = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(metadata), sink, compression="zstd", write_statistics=True)
    return sink.getvalue()
