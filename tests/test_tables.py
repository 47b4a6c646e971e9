"""The Parquet form of large tables: what is read of it, and what of a hostile file is not."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportgen.tables import TableFile, TableFileError, encode_table, inspect_table


def write(folder: Path, content: bytes | pa.Table, **options: Any) -> TableFile:
    """Write a file of a table and look at it."""
    if isinstance(content, pa.Table):
        sink = io.BytesIO()
        pq.write_table(content, sink, **options)
        content = sink.getvalue()
    path = folder / "table.parquet"
    path.write_bytes(content)
    return inspect_table(path)


def read(file: TableFile) -> list[list[Any]]:
    return [[*row] for columns in file.iter_batches() for row in zip(*columns, strict=True)]


def test_file_is_known_by_its_footer(tmp_path: Path) -> None:
    content = encode_table(["a", "b"], [[1, 2, None], ["x", [1], None]])
    file = write(tmp_path, content)
    assert file == TableFile(tmp_path / "table.parquet", len(content), 3, ("a", "b"))
    assert read(file) == [[1, "x"], [2, [1]], [None, None]]


def test_same_table_gives_the_same_bytes() -> None:
    assert encode_table(["a"], [[1, "x"]]) == encode_table(["a"], [[1, "x"]])


def test_long_table_is_read_by_pieces(tmp_path: Path) -> None:
    file = write(tmp_path, encode_table(["n"], [list(range(300_000))]))
    assert len(next(file.iter_batches(100_000))[0]) == 100_000
    assert sum(len(columns[0]) for columns in file.iter_batches()) == 300_000
    assert file.first_rows(3, 100) == [[0], [1], [2]]


def test_first_rows_end_where_their_text_is_too_long_for_a_page(tmp_path: Path) -> None:
    file = write(tmp_path, encode_table(["a"], [["x" * 40] * 10]))
    assert len(file.first_rows(10, 100)) == 2
    assert file.first_rows(10, 39) == []


def test_file_of_another_writer_is_read_when_its_columns_are_plain(tmp_path: Path) -> None:
    file = write(tmp_path, pa.table({"a": pa.array(["x", None]).dictionary_encode(), "n": [1.5, float("inf")]}))
    assert read(file) == [["x", 1.5], [None, "Infinity"]]


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (pa.array([b"x"]), "its file has a column of type binary"),
        (pa.array([[1]]), "its file has a column of type list<"),
        (pa.array([{"a": 1, "b": 2}]), "its file has nested columns"),
        (pa.array([1], pa.timestamp("ns")), r"its file has a column of type timestamp\[ns\]"),
    ],
    ids=lambda value: str(getattr(value, "type", "")),
)
def test_column_of_another_type_says_so(tmp_path: Path, column: Any, reason: str) -> None:
    file = write(tmp_path, pa.table({"a": column}))
    assert file.path is not None
    with pytest.raises(TableFileError, match=f"^{reason}"):
        read(file)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "its file is no Parquet file"),
        (b"PAR1", "its file is no Parquet file"),
        (b"<html>", "its file is no Parquet file"),
        (b"PAR1" + b"\xff\xff\xff\x7fPAR1", "its file has a footer that is too long to be read"),
        (b"PAR1" + b"\x08\x00\x00\x00PAR1", "its file is damaged"),
        (b"PAR1" + bytes(100) + b"\x40\x00\x00\x00PAR1", "its file is damaged"),
    ],
)
def test_file_that_is_no_parquet_file_is_not_carried(tmp_path: Path, content: bytes, reason: str) -> None:
    file = write(tmp_path, content)
    assert file.path is None
    assert file.broken.startswith(reason)


def test_file_of_another_extension_is_not_carried(tmp_path: Path) -> None:
    path = tmp_path / "table.html"
    path.write_bytes(encode_table(["a"], [[1]]))
    assert inspect_table(path) == TableFile(None, broken="its file is named .html and not .parquet")


def test_file_that_went_away_says_so(tmp_path: Path) -> None:
    file = write(tmp_path, encode_table(["a"], [[1]]))
    (tmp_path / "table.parquet").unlink()
    with pytest.raises(TableFileError, match=r"^its file cannot be read"):
        read(file)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_file_is_read_or_says_why(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(encode_table(["a", "b", "c"], [[1, 2], ["x", "y"], [[1], {"a": 2}]]))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        read(write(tmp_path, bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))])))
    except TableFileError as error:
        assert str(error).startswith("its ")  # noqa: PT017


def test_mark_of_json_on_what_is_none_says_so(tmp_path: Path) -> None:
    field = pa.field("a", pa.string(), metadata={"reportgen": "json"})
    file = write(tmp_path, pa.table([["{"]], schema=pa.schema([field])))
    with pytest.raises(TableFileError, match=r"^its file is damaged"):
        read(file)


def test_names_that_are_no_list_of_names_say_so(tmp_path: Path) -> None:
    for names in (b"{", b"[1]"):
        schema = pa.schema([pa.field("a", pa.int64())], {"reportgen_columns": names})
        assert write(tmp_path, pa.table([[1]], schema=schema)).broken.startswith("its file is damaged")


def test_ten_thousand_columns_are_not_shown(tmp_path: Path) -> None:
    names = [str(n) for n in range(10_000)]
    file = write(tmp_path, encode_table(names, [[1]] * 10_000))
    assert file.broken == "its 10,000 columns are more than the 1,000 that a page can show"
    assert file.path is not None


def test_part_that_unpacks_to_much_is_not_shown(tmp_path: Path) -> None:
    file = write(tmp_path, pa.table({"a": ["x" * 70_000_000]}), compression="zstd")
    assert file.n_bytes < 100_000
    assert file.broken == "its file has a part of over 64 MB"


def test_text_that_a_part_repeats_is_held_once(tmp_path: Path) -> None:
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int32()), ["x" * 1_000_000])
    file = write(tmp_path, pa.table({"a": column}), compression="zstd")
    assert file.broken == ""
    before, start = pa.total_allocated_bytes(), time.perf_counter()
    assert len(file.first_rows(1000, 2_500_000)) == 2
    assert pa.total_allocated_bytes() - before < 50_000_000
    assert time.perf_counter() - start < 20
