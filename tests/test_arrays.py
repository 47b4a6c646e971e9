"""Arrow arrays made from their buffers: the same as Arrow's own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from logs import artifact, list_metric, metric, run_start, write_run

from reportgen.arrays import as_array, make_array, numbers_of, text_array
from reportgen.store import SCHEMAS, make_table

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
WHOLE = st.integers(-(2**63), 2**63 - 1)
KINDS: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.string(), TEXTS),
    (pa.bool_(), st.booleans()),
    (pa.int64(), WHOLE),
    (pa.float64(), st.floats(allow_nan=False)),
    (pa.timestamp("us", tz="UTC"), WHOLE),
    (pa.list_(pa.string()), st.lists(st.none() | TEXTS)),
]


@pytest.mark.parametrize(("kind", "values"), KINDS, ids=[str(kind) for kind, _ in KINDS])
def test_array_is_that_of_arrow(kind: pa.DataType, values: st.SearchStrategy[Any]) -> None:
    @given(st.lists(st.none() | values))
    def check(some: list[Any]) -> None:
        made = make_array(some, kind)
        made.validate(full=True)
        assert (made.type, made.null_count) == (kind, some.count(None))
        assert made.equals(pa.array(some, kind))

    check()


def test_text_that_is_half_a_character_is_an_error_or_replaced() -> None:
    with pytest.raises(UnicodeEncodeError):
        make_array(["a", "\ud800"], pa.string())
    assert text_array(["a", "\ud800é"]).to_pylist() == ["a", "?é"]


def test_number_of_more_bits_is_an_error() -> None:
    with pytest.raises(OverflowError):
        make_table("deletes", [{"run_id": "r", "deleted_at": 2**63}])


def test_texts_too_long_for_one_array_are_in_several(monkeypatch: pytest.MonkeyPatch) -> None:
    def make_short(values: list[Any], kind: pa.DataType) -> Any:
        if len(values) > 2:
            raise OverflowError
        return make_array(values, kind)

    monkeypatch.setattr("reportgen.store.schema.make_array", make_short)
    rows = [{"run_id": f"r{n}", "deleted_at": n} for n in range(7)]
    table = make_table("deletes", rows)
    assert (table["run_id"].to_pylist(), table.schema) == ([row["run_id"] for row in rows], SCHEMAS["deletes"])
    assert table["run_id"].num_chunks > 1


@given(st.lists(st.lists(st.floats(allow_nan=False))))
def test_numbers_of_a_column_are_those_of_its_chunks(chunks: list[list[float]]) -> None:
    column = pa.chunked_array(chunks, pa.float64())
    assert [*numbers_of(column)] == column.to_pylist()
    assert as_array(column).to_pylist() == column.to_pylist()
    assert [*numbers_of(column.slice(1))] == column.to_pylist()[1:]


@pytest.mark.parametrize("kind", [pa.string(), pa.int32(), pa.dictionary(pa.int32(), pa.string())], ids=str)
def test_column_without_chunks_is_an_empty_array(kind: pa.DataType) -> None:
    made = as_array(pa.chunked_array([], kind))
    made.validate(full=True)
    assert (made.type, len(made)) == (kind, 0)


def test_build_and_update_load_no_pandas(tmp_path: Path) -> None:
    for logs, run_id, name in (("runs", "r1", "a"), ("later", "r2", "b")):
        records = [run_start(name), metric(name, 1), list_metric("loss", [1, 2]), artifact(run_id, name)]
        write_run(tmp_path / logs, run_id, records)
    code = """
import shutil, sys
from reportgen.cli import main
for run_id in ("r1", "r2"):
    if run_id == "r2":
        shutil.move("later/r2", "runs/r2")
    try:
        main(["build", "runs", "-o", "site"])
    except SystemExit as end:
        assert not end.code
assert "pyarrow.compute" in sys.modules and "pandas" not in sys.modules
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=tmp_path, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout.count("all written") == 1  # of the first
