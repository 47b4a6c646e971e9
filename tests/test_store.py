"""The tables and their Parquet form: types, times, odd numbers, and the same bytes for the same tables."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logs import START, compact, write_small_project

from reportgen.formats import DATA_FORMAT
from reportgen.store import HELD, SCHEMAS, make_table, table_rows, to_parquet

TIME = pa.timestamp("us", tz="UTC")


def column_type(name: str) -> pa.DataType:
    """The type that a column's name promises; times, flags, numbers and the rest, which is text."""
    if name.endswith("_at"):
        return TIME
    if name in {"value", "x", "first", "last", "min", "max", "mean", "percent"}:
        return pa.float64()
    if name in {"version", "attempt", "seq", "line", "index", "longest_silence_us"} or name.startswith("n_"):
        return pa.int64()
    return {"detached": pa.bool_(), "tags": pa.list_(pa.string())}.get(name, pa.string())


@pytest.mark.parametrize("table", SCHEMAS)
def test_columns_have_the_types_that_their_names_promise(table: str) -> None:
    assert {field.name: field.type for field in SCHEMAS[table]} == {
        field.name: column_type(field.name) for field in SCHEMAS[table]
    }


@pytest.mark.parametrize("table", SCHEMAS)
def test_empty_table_has_its_columns(table: str) -> None:
    assert pq.read_table(io.BytesIO(to_parquet(make_table(table, [])))).schema.names == SCHEMAS[table].names


@pytest.mark.parametrize("at", [0, 1, START, START + 999_999, 253_402_300_799_999_999])
def test_times_go_through_parquet_as_whole_microseconds(at: int) -> None:
    table = make_table("metrics", [{"name": "x", "run_id": "r", "value": 1.0, "recorded_at": at}])
    back = pq.read_table(io.BytesIO(to_parquet(table)))
    assert back.schema.field("recorded_at").type == TIME
    assert table_rows(back)[0]["recorded_at"] == at


def test_missing_time_stays_missing() -> None:
    table = make_table("runs", [{"run_id": "r", "started_at": START}])
    row = table_rows(pq.read_table(io.BytesIO(to_parquet(table))))[0]
    assert (row["started_at"], row["ended_at"]) == (START, None)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308, 0.1])
def test_numbers_go_through_parquet_as_they_are(value: float) -> None:
    table = make_table("points", [{"name": "x", "run_id": "r", "index": 0, "x": 0.0, "value": value}])
    back = table_rows(pq.read_table(io.BytesIO(to_parquet(table))))[0]["value"]
    assert repr(back) == repr(value)


def test_nan_is_not_a_missing_value() -> None:
    table = make_table("lists", [{"name": "x", "run_id": "r", "last": math.nan, "min": None}])
    row = table_rows(pq.read_table(io.BytesIO(to_parquet(table))))[0]
    assert math.isnan(row["last"])
    assert row["min"] is None


def test_data_format_is_in_the_metadata_of_the_file() -> None:
    for name in SCHEMAS:
        metadata = pq.read_schema(io.BytesIO(to_parquet(make_table(name, [])))).metadata
        assert metadata[b"reportgen_data_format"] == str(DATA_FORMAT).encode()


def test_same_logs_give_the_same_bytes(tmp_path: Path) -> None:
    write_small_project(tmp_path / "runs")
    one, other = compact(tmp_path / "runs"), compact(tmp_path / "runs")
    for name, table in one.tables.items():
        assert to_parquet(table) == to_parquet(other.tables[name]), name


rows = st.fixed_dictionaries(
    {
        "name": st.text(max_size=5),
        "run_id": st.text(max_size=5),
        "step_id": st.none() | st.text(max_size=5),
        "value": st.floats(),
        "recorded_at": st.integers(0, 253_402_300_799_999_999),
        "n_values": st.integers(0, 2**53),
    }
)


def read(content: bytes) -> list[dict[str, Any]]:
    return table_rows(pq.read_table(io.BytesIO(content)))


@given(st.lists(rows, max_size=8))
@settings(max_examples=50)
def test_rows_go_through_parquet_and_come_back(given_rows: list[dict[str, Any]]) -> None:
    content = to_parquet(make_table("metrics", given_rows))
    back = [{name: row[name] for name in row_given} for row, row_given in zip(read(content), given_rows, strict=True)]
    assert repr(back) == repr(given_rows)
    assert to_parquet(make_table("metrics", given_rows)) == content
    assert to_parquet(make_table("metrics", given_rows).cast(SCHEMAS["metrics"])) == content


@pytest.mark.parametrize("table", SCHEMAS)
def test_tables_in_memory_have_the_columns_of_the_files(table: str) -> None:
    held = {field.name: field.type for field in HELD[table]}
    plain = {name: kind.value_type if pa.types.is_dictionary(kind) else kind for name, kind in held.items()}
    assert plain == {field.name: field.type for field in SCHEMAS[table]}
    assert make_table(table, []).schema == HELD[table]
