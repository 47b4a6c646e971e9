"""Tables of strangers: what no column can hold is one error that names the file, whoever asks."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from logs import compact, write_small_project
from stores import change_column, change_table, write_store, write_table

import reportgen
from reportgen.build import build_site
from reportgen.errors import InputError
from reportgen.options import Options
from reportgen.records import MAX_TIME_US
from reportgen.sources import load_store
from reportgen.store import TABLES, StoreFolder, make_table
from reportgen.store.values import check_values

DAY = "2026-01-01"
DEEP = "[" * 100_000 + "]" * 100_000


@pytest.fixture
def store(tmp_path: Path) -> Path:
    write_small_project(tmp_path / "runs")
    return write_store(tmp_path / "store", compact(tmp_path / "runs"))


def expect_error(store: Path, pattern: str, *questions: Callable[[], Any]) -> None:
    """Building from a store, and all questions, tell of one error in one line."""
    for ask in (lambda: build_site([store], store.parent / "site", Options()), *questions):
        with pytest.raises(InputError, match=pattern) as caught:
            ask()
        assert caught.value.slug == "damaged-store"
        assert len(str(caught.value).splitlines()) == 1
        assert len(str(caught.value)) < 500
    assert not (store.parent / "site").exists()


@pytest.mark.parametrize("table", TABLES)
def test_only_columns_that_say_so_may_have_nothing_in_a_row(table: str) -> None:
    empty = make_table(table, [{}])
    for column in TABLES[table].columns:
        if column.optional:
            check_values(empty.select([column.name]), table)
        else:
            with pytest.raises(ValueError, match=f"^its column {column.name} has a row with nothing in it$"):
                check_values(empty.select([column.name]), table)


@pytest.mark.parametrize(
    ("file", "column", "value", "reason"),
    [
        ("runs", "run_id", None, "has a row with nothing in it"),
        ("runs", "started_at", None, "has a row with nothing in it"),
        ("runs", "started_at", MAX_TIME_US + 1, "has a time that is none"),
        ("runs", "ended_at", -1, "has a time that is none"),
        ("runs", "params_json", '{"a": ', "has a text that cannot be used"),
        ("runs", "context_json", "[1]", "has a text that cannot be used"),
        (f"contents/{DAY}", "data_json", "nonsense", "has a text that cannot be used"),
        (f"contents/{DAY}", "data_json", DEEP, "has a text that cannot be used"),
        ("artifacts", "metadata_json", "null", "has a text that cannot be used"),
        ("metrics", "value", None, "has a row with nothing in it"),
        ("lists", "n_values", None, "has a row with nothing in it"),
        ("deletes", "deleted_at", -(2**62), "has a time that is none"),
        (f"points/{DAY}", "value", None, "has a row with nothing in it"),
        (f"points/{DAY}", "name", None, "has a row with nothing in it"),
        (f"points/{DAY}", "recorded_at", 2**62, "has a time that is none"),
        (f"records/{DAY}", "json", None, "has a row with nothing in it"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_value_that_its_column_cannot_have_is_an_error_that_names_the_file(
    store: Path, file: str, column: str, value: Any, reason: str
) -> None:
    change_column(store / f"{file}.parquet", column, [value])
    table, _, day = file.partition("/")
    folder = StoreFolder(store)
    pattern = rf"{file}\.parquet cannot be read \(its column {column} {reason}"
    expect_error(store, pattern, lambda: folder.read_day(table, day) if day else folder.read(table))


@pytest.mark.parametrize(("file", "column"), [("runs", "pipeline"), ("steps", "name"), ("metrics", "name")])
def test_text_that_is_no_utf_8_is_an_error_that_names_the_file(store: Path, file: str, column: str) -> None:
    def spoil(table: pa.Table) -> pa.Table:
        buffers = [None, pa.py_buffer(b"".join(n.to_bytes(4, "little") for n in range(len(table) + 1)))]
        cells = pa.Array.from_buffers(pa.string(), len(table), [*buffers, pa.py_buffer(b"\xff" * len(table))])
        return table.set_column(table.column_names.index(column), column, cells)

    change_table(store / f"{file}.parquet", spoil)
    expect_error(store, rf"{file}\.parquet cannot be read \(its column {column}")


@pytest.mark.parametrize(
    ("file", "column", "value"), [("runs", "status", "great"), ("steps", "status", "great"), ("runs", "tags", [None])]
)
def test_status_or_tag_that_is_none_is_no_crash(store: Path, file: str, column: str, value: Any) -> None:
    change_column(store / f"{file}.parquet", column, [value])
    with contextlib.suppress(InputError):
        build_site([store], store.parent / "site", Options())


def test_question_that_does_not_look_at_the_value_is_answered(store: Path) -> None:
    change_column(store / "contents" / f"{DAY}.parquet", "data_json", ["nonsense"])
    change_column(store / "runs.parquet", "params_json", ["nonsense"])
    assert len(reportgen.get_metrics("accuracy", log_dir=store)) == 4
    artifacts = reportgen.read_artifacts(limit=None, log_dir=store)
    assert len(artifacts) == 23
    with pytest.raises(InputError, match=rf"contents/{DAY}\.parquet cannot be read"):
        assert [one.data for one in artifacts]


def test_least_and_greatest_values_that_a_column_can_have_are_read(store: Path) -> None:
    change_column(store / "edges.parquet", "recorded_at", [0, MAX_TIME_US])
    change_column(store / "contents" / f"{DAY}.parquet", "data_json", ["null", json.dumps([[[1]]])])
    times = StoreFolder(store).read("edges", ["recorded_at"])["recorded_at"].cast(pa.int64()).to_pylist()
    assert times[:2] == [0, MAX_TIME_US]
    contents = StoreFolder(store).read_day("contents", DAY, ["data_json"])
    assert contents["data_json"].to_pylist()[:2] == ["null", "[[[1]]]"]


def test_small_file_that_claims_very_many_rows_is_refused(store: Path) -> None:
    def repeat(table: pa.Table) -> pa.Table:
        return pa.Table.from_arrays([pa.repeat(cells[0], 1_200_000) for cells in table.columns], schema=table.schema)

    path = change_table(store / "deletes.parquet", repeat)
    assert path.stat().st_size < 50_000
    pattern = r"deletes\.parquet cannot be read \(its 1,200,000 rows are more than a file of this size holds\)"
    expect_error(store, pattern, lambda: StoreFolder(store).read("deletes"))


def test_columns_may_be_in_any_order_and_among_others(store: Path) -> None:
    def shuffle(table: pa.Table) -> pa.Table:
        more = table.append_column("colour", pa.array([{"a": [1]}] * len(table)))
        return more.select(sorted(more.column_names, reverse=True))

    before = StoreFolder(store).read("metrics", where={"run_id": ["run-1"], "name": ["loss"]})
    change_table(store / "metrics.parquet", shuffle)
    assert StoreFolder(store).read("metrics", where={"run_id": ["run-1"], "name": ["loss"]}).equals(before)


# Days


def test_days_are_those_of_the_runs_and_not_of_the_files(store: Path) -> None:
    write_table(store / "points" / "2030-01-01.parquet", make_table("points", []))
    assert [StoreFolder(store).days_of(name) for name in ("points", "records")] == [[DAY], [DAY]]


@pytest.mark.parametrize("table", ["points", "records"])
def test_day_whose_file_is_gone_is_missing(store: Path, table: str) -> None:
    (store / table / f"{DAY}.parquet").unlink()
    expect_error(store, rf"{table}/{DAY}\.parquet is missing")


def test_day_without_points_needs_no_file(store: Path) -> None:
    (store / "points" / f"{DAY}.parquet").unlink()
    write_table(store / "lists.parquet", make_table("lists", []))
    assert StoreFolder(store).days_of("points") == []
    assert load_store(store).days["points"] == {}
