"""The store as other programs read it: every ready query answers right in DuckDB, pandas and polars."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from logs import (
    HOUR,
    START,
    artifact,
    delete,
    end,
    list_metric,
    metric,
    model_of,
    run_start,
    step_start,
    use,
    write_blob,
    write_run,
    write_small_project,
)
from pages import find, parse, text_of

from reportgen.build import build_site
from reportgen.options import Options
from reportgen.render import make_environment, render_page
from reportgen.store import TABLES
from reportgen.store.reading import QUERIES, TYPES, ReadyQuery
from reportgen.views import data

N_PREDICTIONS = 1500
DAY = 24 * HOUR

Answer = tuple[list[str], list[tuple[Any, ...]]]


def write_project(log_dir: Path) -> None:
    """The small project, and on other days what queries must pass over or must not miss."""
    write_small_project(log_dir)
    diverged = ("ValueError", "diverged", "Traceback (most recent call last):\n  …\nValueError: diverged")
    start = run_start(deployment="weekly", params={"lr": 0.5})
    points = list_metric("loss", [3.0, 2.0])
    failed = [step_start("s1"), metric("accuracy", "NaN"), points, end("failed", diverged, step="s1")]
    write_run(log_dir, "run-old", [start, *failed, end("failed", diverged)], at=START - 40 * DAY)
    table = pa.table(
        {"id": range(N_PREDICTIONS), "p": [n / 2 for n in range(N_PREDICTIONS)], "note": ["-"] * N_PREDICTIONS}
    )
    file = io.BytesIO()
    pq.write_table(table, file)
    blob = write_blob(log_dir, "run-4", file.getvalue(), "parquet")
    records = [
        run_start(deployment="nightly", params={"lr": 0.4}),
        step_start("s1"),
        end("failed", diverged, step="s1"),
        step_start("s2", attempt=2),
        use(step="s2", artifact="a1", key="summary"),
        use(step="s2", artifact="a1", key="summary"),
        list_metric("loss", [1.4, "NaN", 0.7], [10, 20, 30], step="s2"),
        metric("accuracy", "Infinity"),
        artifact("big", "predictions", type="table", data={"blob": blob, "columns": table.column_names, "rows": []}),
        delete("i3", "wrong picture"),
        end(step="s2"),
        end(),
    ]
    write_run(log_dir, "run-4", records, at=START + 26 * HOUR)
    error = ("KeyError", "'rows'", "Traceback (most recent call last):\n  …\nKeyError: 'rows'")
    write_run(log_dir, "run-5", [run_start("etl"), end("failed", error)], at=START + 27 * HOUR)
    write_run(log_dir, "run-gone", [run_start("etl"), end("failed", error), delete(None)], at=START + 28 * HOUR)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("queries")
    write_project(folder / "runs")
    build_site([folder / "runs"], folder / "site", Options())
    return folder / "site"


# The answers


def at(hours: int, seconds: int = 0) -> dt.datetime:
    return dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=hours, seconds=seconds)


# Record n of a run is made n seconds after the run began; run-n began at n o'clock on 1 January.
ANSWERS: dict[str, Answer] = {
    "The newest version of each key": (
        ["key", "version", "type", "run_id", "created_at"],
        [
            ("epochs", 4, "progress", "run-3", at(3, 14)),
            ("plot", 3, "image", "run-2", at(2, 13)),
            ("predictions", 1, "table", "run-4", at(26, 9)),
            ("source", 4, "link", "run-3", at(3, 4)),
            ("summary", 4, "markdown", "run-3", at(3, 11)),
            ("worst-rows", 4, "table", "run-3", at(3, 12)),
        ],
    ),
    "A metric over the runs of a pipeline, newest first": (
        ["run_id", "started_at", "deployment", "value"],
        [
            ("run-4", at(26), "nightly", math.inf),
            ("run-3", at(3), "nightly", 0.93),
            ("run-2", at(2), "nightly", 0.92),
            ("run-1", at(1), "nightly", 0.91),
            ("run-0", at(0), "nightly", 0.9),
            ("run-old", at(-40 * 24), "weekly", math.nan),
        ],
    ),
    "The ten best runs by a metric, with one of their parameters": (
        ["run_id", "lr", "value"],
        [("run-3", 0.1 * 3, 0.93), ("run-2", 0.2, 0.92), ("run-1", 0.1, 0.91), ("run-0", 0.0, 0.9)],
    ),
    "Runs that failed in the last 30 days, with their errors": (
        ["run_id", "pipeline", "started_at", "error_type", "error_message"],
        [("run-5", "etl", at(27), "KeyError", "'rows'"), ("run-f", "etl", at(5), "ValueError", "no rows")],
    ),
    "How long the steps of each pipeline take": (
        ["pipeline", "step", "n", "median_seconds"],
        [("churn", "train", 5, 11.0), ("churn", "load", 4, 3.0)],
    ),
    "The curve of a list metric in the newest run that has it": (
        ["x", "value"],
        [(10.0, 1.4), (20.0, math.nan), (30.0, 0.7)],
    ),
    "The runs that read a version of a key": (
        ["run_id", "pipeline", "started_at"],
        [("run-2", "churn", at(2)), ("run-4", "churn", at(26))],
    ),
    "A table artifact as a data frame": (
        ["id", "text"],
        [(n, f"[n{n}](https://example.org/{n})") for n in range(3)],
    ),
    "Some columns of a table of over 1,000 rows": (
        ["id", "p"],
        [(n, n / 2) for n in range(N_PREDICTIONS)],
    ),
}


def ask_duckdb(query: ReadyQuery) -> Answer:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        answer = connection.sql(query.sql).pl()
    return answer.columns, answer.rows()


def ask_pandas(query: ReadyQuery) -> Answer:
    answer = run_code(query.pandas)
    assert isinstance(answer, pd.DataFrame)
    return [*answer.columns], [*answer.itertuples(index=False, name=None)]


def ask_polars(query: ReadyQuery) -> Answer:
    answer = run_code(query.polars)
    assert isinstance(answer, pl.DataFrame)
    return answer.columns, answer.rows()


def run_code(code: str) -> Any:
    names: dict[str, Any] = {}
    exec(compile(code, "ready query", "exec"), names)
    return names["answer"]


def with_nan_as_word(answer: Answer) -> Answer:
    """NaN equals nothing, not even itself."""
    columns, rows = answer
    return columns, [tuple("NaN" if isinstance(v, float) and math.isnan(v) else v for v in row) for row in rows]


def test_every_ready_query_has_an_expected_answer() -> None:
    assert [query.title for query in QUERIES] == [*ANSWERS]


@pytest.mark.parametrize("ask", [ask_duckdb, ask_pandas, ask_polars], ids=["duckdb", "pandas", "polars"])
@pytest.mark.parametrize("query", QUERIES, ids=[query.title for query in QUERIES])
def test_ready_query_gives_the_answer(
    site: Path, monkeypatch: pytest.MonkeyPatch, query: ReadyQuery, ask: Callable[[ReadyQuery], Answer]
) -> None:
    monkeypatch.chdir(site)
    assert with_nan_as_word(ask(query)) == with_nan_as_word(ANSWERS[query.title])


@pytest.mark.parametrize("ask", [ask_pandas, ask_polars], ids=["pandas", "polars"])
def test_data_frame_of_a_large_table_is_its_file(
    site: Path, monkeypatch: pytest.MonkeyPatch, ask: Callable[[ReadyQuery], Answer]
) -> None:
    monkeypatch.chdir(site)
    (query,) = (query for query in QUERIES if query.title == "A table artifact as a data frame")
    _, rows = ask(ReadyQuery(*(text.replace("worst-rows", "predictions") for text in query)))
    assert rows == [(n, n / 2, "-") for n in range(N_PREDICTIONS)]


def test_sql_takes_no_first_rows_of_a_large_table_for_the_table(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(site)
    (query,) = (query for query in QUERIES if query.title == "A table artifact as a data frame")
    assert ask_duckdb(ReadyQuery(*(text.replace("worst-rows", "predictions") for text in query)))[1] == []


# The files

FILES = sorted({f"{name}/2026-01-01" if table.by_day else name for name, table in TABLES.items()})


@pytest.mark.parametrize("file", FILES)
def test_file_has_the_documented_columns_of_the_documented_types_in_all_three(site: Path, file: str) -> None:
    path = str(site / "data" / f"{file}.parquet")
    columns = TABLES[file.partition("/")[0]].columns
    with duckdb.connect() as connection:
        described = connection.read_parquet(path)
        assert list(zip(described.columns, map(str, described.types), strict=True)) == [
            (column.name, TYPES[column.type].duckdb) for column in columns
        ]
    assert [(name, str(kind)) for name, kind in pl.read_parquet_schema(path).items()] == [
        (column.name, TYPES[column.type].polars) for column in columns
    ]
    frame = pd.read_parquet(path)
    assert [*frame.columns] == [column.name for column in columns]
    for column in columns:
        assert str(frame.dtypes[column.name]) in TYPES[column.type].pandas, column.name


def test_runs_are_text_and_times_are_utc_in_pandas(site: Path) -> None:
    frame = pd.read_parquet(site / "data/points")
    assert isinstance(frame["run_id"].iloc[0], str)
    assert not isinstance(frame["run_id"].dtype, pd.CategoricalDtype)
    assert str(frame["recorded_at"].dt.tz) == "UTC"


def test_missing_and_nan_stay_two_things_in_pandas_with_arrow_types(site: Path) -> None:
    metrics = pd.read_parquet(site / "data/metrics.parquet", dtype_backend="pyarrow")
    artifacts = pd.read_parquet(site / "data/artifacts.parquet", dtype_backend="pyarrow")
    assert metrics["value"].notna().all()
    assert sum(map(math.isnan, metrics["value"])) == 2
    assert artifacts["version"].isna().sum() == 4
    assert str(artifacts["version"].dtype) == "int64[pyarrow]"


@pytest.mark.parametrize("file", FILES)
def test_rows_are_in_the_documented_order(site: Path, file: str) -> None:
    order = TABLES[file.partition("/")[0]].order
    found = pl.read_parquet(site / "data" / f"{file}.parquet").select(order)
    assert found.equals(found.sort(order, nulls_last=True))


def test_verifying_code_of_the_documentation_finds_a_changed_file(
    repository: Path, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (repository / "docs/data.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(import hashlib\n.*?)```", text, re.DOTALL)
    copy = shutil.copytree(site, tmp_path / "copy")
    monkeypatch.chdir(copy)
    exec(compile(code, "docs/data.md", "exec"), {})
    shutil.copy("data/lists.parquet", "data/metrics.parquet")
    with pytest.raises(SystemExit, match=r"data/metrics\.parquet is not what"):
        exec(compile(code, "docs/data.md", "exec"), {})


# The page


def section(site: Path, name: str) -> Any:
    page = parse((site / "data/index.html").read_bytes())
    (found,) = (one for one in find(page, "section") if one.get("id") == name)
    return found


def test_page_shows_every_table_with_its_columns(site: Path) -> None:
    rows = find(find(section(site, "tables"), "tbody")[0], "tr")
    assert len(rows) == len(TABLES)
    for row, (name, table) in zip(rows, TABLES.items(), strict=True):
        head = text_of(find(row, "th")[0])
        assert head == (f"{name}/*.parquet" if table.by_day else f"{name}.parquet")
        shown = list(zip(map(text_of, find(row, "dt")), map(text_of, find(row, "dd")), strict=True))
        plain = [(f"{c.name} {TYPES[c.type].word}", c.meaning.replace("`", "")) for c in table.columns]
        assert shown == plain
        assert table.meaning in text_of(row)
        assert f"Sorted by {', '.join(table.order)}" in text_of(row)


def test_page_says_how_many_rows_each_table_has(site: Path) -> None:
    for row, (name, table) in zip(find(section(site, "tables"), "tr")[1:], TABLES.items(), strict=True):
        files = [*(site / "data" / name).glob("*")] if table.by_day else [site / f"data/{name}.parquet"]
        n_rows = sum(pq.read_metadata(file).num_rows for file in files)
        assert text_of(find(row, "td")[0]) == f"{n_rows} row{'' if n_rows == 1 else 's'}"


def test_page_links_every_file_of_the_tables(site: Path) -> None:
    links = {link.get("href") for link in find(section(site, "tables"), "a")}
    files = {path.relative_to(site / "data").as_posix() for path in (site / "data").rglob("*.parquet")}
    assert links == {file for file in files if not file.startswith("blobs/")} | {"../manifest.json"}


def test_page_lists_only_the_newest_of_very_many_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(tmp_path, "r", [run_start(), list_metric("loss", [1.0])])
    days = [f"{dt.date(2020, 1, 1) + dt.timedelta(days=n)}" for n in range(3000)]
    model = model_of(tmp_path)
    monkeypatch.setattr(model, "days_of", lambda name: days)
    html = render_page(make_environment(), data.make_page(model))
    listed = re.findall(rb'href="points/([0-9-]+)\.parquet"', html)
    assert [day.decode() for day in listed] == days[: -len(listed) - 1 : -1]
    assert 31 <= len(listed) <= 100
    assert "3,000 files by day" in text_of(parse(html))
    assert len(html) < 100_000


def test_page_without_list_metrics_names_no_day(tmp_path: Path) -> None:
    write_run(tmp_path / "runs", "r", [run_start(), end()])
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    text = text_of(section(tmp_path / "site", "tables"))
    assert text.count("1 file by day") == 1
    links = [link.get("href", "") for link in find(section(tmp_path / "site", "tables"), "a")]
    assert [link for link in links if "/" in link] == ["../manifest.json", "records/2026-01-01.parquet"]


def test_page_shows_the_ready_queries_as_they_are(site: Path) -> None:
    codes = ["".join(code.itertext()) for code in find(section(site, "queries"), "pre")]
    assert codes == [code for query in QUERIES for code in (query.sql, query.pandas, query.polars)]
    assert [text_of(title) for title in find(section(site, "queries"), "h3")] == [query.title for query in QUERIES]


def test_documentation_shows_the_ready_queries_as_they_are(repository: Path) -> None:
    text = (repository / "docs/data.md").read_text("utf-8")
    for query in QUERIES:
        assert f"```sql\n{query.sql}```" in text
        assert f"```python\n{query.pandas}```" in text
        assert f"```python\n{query.polars}```" in text
