"""Tables that contradict each other are one error, from builds and from questions alike."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from logs import HOUR, START, artifact, compact, list_metric, metric, rows_of, run_start, write_run
from stores import change_column, change_table, write_store

import reportgen
from reportgen.build import build_site
from reportgen.cli import run
from reportgen.compact import Compaction, without_runs
from reportgen.errors import InputError, ReportgenError
from reportgen.options import Options
from reportgen.sources import load_store
from reportgen.store import make_table

DAYS = ["2026-01-01", "2026-01-02"]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Two runs of two days, each with two list metrics."""
    for number in range(2):
        curves = [list_metric("a", [1, 2, 3]), list_metric("b", [4 + number])]
        records = [run_start(), artifact(f"x{number}"), metric("m", number), *curves]
        write_run(tmp_path / "runs", f"r{number}", records, at=START + number * 24 * HOUR)
    return write_store(tmp_path / "store", compact(tmp_path / "runs"))


def expect_contradiction(store: Path, reason: str) -> None:
    with pytest.raises(InputError, match=rf"the tables in .*store contradict each other \(.*{reason}") as caught:
        build_site([store], store.parent / "site", Options())
    assert caught.value.slug == "damaged-store"
    assert not (store.parent / "site").exists()


def ask_everything(store: Path) -> None:
    """Ask all questions; each is answered or ends in one error."""
    for question in (reportgen.get_metrics, reportgen.get_list_metrics, reportgen.read_artifacts):
        with contextlib.suppress(ReportgenError):
            question(log_dir=store)
    commands = [
        "run ls",
        "run inspect r0",
        "artifact ls",
        "artifact inspect summary",
        "metric ls",
        "metric get a",
    ]
    for command in commands:
        assert run([*command.split(), "--logs", str(store)]) in (0, 1), command


@pytest.mark.parametrize(
    ("n_values", "reason"),
    [
        ([-1], "lists has a row with fewer than no values"),
        ([-(2**63)], "lists has a row with fewer than no values"),
        ([2**63 - 1], "points of 2026-01-01 are not those of lists"),
        ([2**62] * 4, "points of 2026-01-01 are not those of lists"),
        ([2], "points of 2026-01-01 are not those of lists"),
        ([4], "points of 2026-01-01 are not those of lists"),
        ([1, 3, 3, 1], "points of 2026-01-01 are not those of lists"),
        ([0, 3, 4], "points of 2026-01-01 are not those of lists"),
        ([3, 2], "points of 2026-01-02 are not those of lists"),
    ],
    ids=str,
)
def test_lists_of_another_length_than_their_points_are_refused(store: Path, n_values: list[int], reason: str) -> None:
    change_column(store / "lists.parquet", "n_values", n_values)
    expect_contradiction(store, reason)
    with pytest.raises(InputError, match=r"points of [ab] of run r[01] are missing: the copy is not whole"):
        reportgen.get_list_metrics(log_dir=store)
    ask_everything(store)


@pytest.mark.parametrize(("column", "value"), [("name", "c"), ("run_id", "r9")])
def test_points_of_another_list_are_refused(store: Path, column: str, value: str) -> None:
    change_column(store / "points" / f"{DAYS[0]}.parquet", column, [value] * 3)
    expect_contradiction(store, "points of 2026-01-01 are not those of lists")
    with pytest.raises(InputError, match="points of a of run r0 are missing"):
        reportgen.get_list_metrics(log_dir=store)
    ask_everything(store)


def test_run_that_is_there_twice_is_refused(store: Path) -> None:
    change_table(store / "runs.parquet", lambda table: pa.concat_tables([table, table]))
    expect_contradiction(store, "a run is there twice")
    ask_everything(store)


@pytest.mark.parametrize("table", ["artifacts", "metrics", "lists"])
def test_rows_of_a_run_that_is_not_there_are_refused(store: Path, table: str) -> None:
    change_column(store / f"{table}.parquet", "run_id", ["r9"])
    expect_contradiction(store, f"{table} has rows of the run 'r9', which runs has not")
    ask_everything(store)


def test_artifacts_of_a_run_that_is_not_there_are_still_listed(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change_column(store / "artifacts.parquet", "run_id", ["r9"])
    assert run(["artifact", "ls", "--all", "-o", "csv", "--logs", str(store)]) == 0
    assert "r9" in capsys.readouterr().out


def test_artifact_that_is_there_twice_is_found_once(store: Path) -> None:
    change_table(store / "artifacts.parquet", lambda table: pa.concat_tables([table, table]))
    assert [found.id for found in reportgen.read_artifacts(log_dir=store)] == ["x1", "x0"]


def test_lines_of_a_run_that_lie_apart_are_refused_where_they_are_needed(store: Path) -> None:
    problems = [
        {"run_id": run_id, "file": "f", "line": n, "reason": "odd"} for n, run_id in enumerate(["r0", "r1"] * 2)
    ]

    def put(table: pa.Table) -> pa.Table:
        return make_table("problems", [{**dict.fromkeys(table.column_names, ""), **row} for row in problems])

    change_table(store / "problems.parquet", put)
    with pytest.raises(InputError, match=r"contradict each other \(the rows of run r0 lie apart\)"):
        build_site([store, store.parent / "runs"], store.parent / "site", Options())


# What a compaction gives


def test_tables_that_fit_together_pass(store: Path) -> None:
    load_store(store).check()


def test_runs_have_the_days_that_they_began(store: Path) -> None:
    compaction = load_store(store)
    assert compaction.run_days == {"r0": DAYS[0], "r1": DAYS[1]}
    assert [compaction.days_of(name) for name in ("points", "records")] == [DAYS, DAYS]


def test_without_a_run_nothing_of_it_is_left_and_all_else_stays(store: Path) -> None:
    rest = without_runs(load_store(store), ["r0", "unknown"])
    rest.check()
    assert rest.run_ids == {"r1"}
    assert [rest.days_of(name) for name in ("points", "records")] == [DAYS[1:], DAYS[1:]]
    assert everything_of(rest) == everything_of(compact_alone(store, "r1"))


def everything_of(compaction: Compaction) -> dict[str, Any]:
    """All rows, but for the numbers of versions, which count the artifacts of other runs."""
    tables = {name: rows_of(compaction, name) for name in compaction.tables}
    tables["artifacts"] = [{**row, "version": None} for row in tables["artifacts"]]
    return tables | {
        f"{name}/{day}": table.to_pylist()
        for name in ("points", "records")
        for day, table in compaction.days[name].items()
    }


def compact_alone(store: Path, run_id: str) -> Compaction:
    alone = store.parent / "alone"
    alone.mkdir()
    (store.parent / "runs" / run_id).rename(alone / run_id)
    return compact(alone)
