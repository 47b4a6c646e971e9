"""Large tables in a site: what the page shows, what can be downloaded, and what is said when a file cannot be used."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from logs import START, artifact, delete, run_start, write_blob, write_run
from pages import broken_links, find, parse, read_site, text_of

from reportgen.build import build_site
from reportgen.inputs.tables import LargeTable, read_table, to_table
from reportgen.options import Options
from reportgen.tables import TableFile, TableFileError

PAGE = "artifacts/rows/v1.html"


def make_large(table: Any) -> LargeTable:
    large = read_table(table)
    assert isinstance(large, LargeTable)
    return large


def build(folder: Path, *data: Any) -> dict[str, bytes]:
    """Build the site of one run that recorded these tables as versions of one key."""
    records = [artifact(f"t{n}", "rows", type="table", data=one) for n, one in enumerate(data)]
    write_run(folder / "runs", "r1", [run_start(), *records], at=START)
    build_site([folder / "runs"], folder / "site", Options())
    return read_site(folder / "site")


def record(folder: Path, table: Any) -> Any:
    """Keep a large table's file as recording does, and give the data of its record."""
    large = make_large(table)
    return json.loads(large.data_json(write_blob(folder / "runs", "r1", large.content, "parquet")))


def shown_rows(page: bytes) -> list[list[str]]:
    return [[text_of(cell) for cell in find(row, "td")] for row in find(parse(page), "tr") if find(row, "td")]


def table_of(n_rows: int) -> dict[str, Any]:
    return {"id": list(range(n_rows)), "text": [f"row, {n}" for n in range(n_rows)], "none": [None] * n_rows}


def test_page_shows_the_first_thousand_rows_and_offers_all(tmp_path: Path) -> None:
    data = record(tmp_path, table_of(12_345))
    files = build(tmp_path, data)
    rows = shown_rows(files[PAGE])
    assert len(rows) == 1000
    assert rows[999] == ["999", "row, 999", "–"]
    text = text_of(parse(files[PAGE]))
    assert "12,345 rows, 3 columns" in text
    assert "Rows 1–1,000 of 12,345, page" in text
    assert broken_links(files) == []


def test_further_rows_are_on_nine_more_pages_and_the_last_says_where_the_rest_is(tmp_path: Path) -> None:
    table = {**table_of(12_345), "share": [0.5 if n < 1000 else 0.123456 for n in range(12_345)]}
    files = build(tmp_path, record(tmp_path, table))
    pages = [f"artifacts/rows/v1.rows.{number}.html" for number in range(2, 11)]
    assert sorted(name for name in files if ".rows." in name) == sorted(pages)
    shown = [shown_rows(files[page]) for page in pages]
    assert [len(rows) for rows in shown] == [1000] * 9
    assert [rows[0][:2] for rows in shown] == [[f"{n * 1000}", f"row, {n * 1000}"] for n in range(1, 10)]
    assert shown[8][999] == ["9999", "row, 9999", "–", "0.1235"]
    text = text_of(parse(files[pages[8]]))
    assert "Rows 9,001–10,000 of 12,345, page" in text
    assert "2,345 more rows are in the download" in text
    assert "more rows" not in text_of(parse(files[pages[0]]))
    assert "rows v1 page 3 of its rows" in text_of(parse(files[pages[1]]))


@pytest.mark.parametrize(("n_rows", "n_pages"), [(1000, 1), (1001, 2), (2000, 2), (2001, 3)])
@pytest.mark.parametrize("in_record", [True, False])
def test_pages_end_with_the_rows(tmp_path: Path, n_rows: int, n_pages: int, in_record: bool) -> None:
    table = table_of(n_rows)
    small = in_record or n_rows <= 1000
    data = (
        {"columns": [*table], "rows": [*map(list, zip(*table.values(), strict=True))]}
        if small
        else record(tmp_path, table)
    )
    files = build(tmp_path, data)
    pages = [PAGE, *(f"artifacts/rows/v1.rows.{number}.html" for number in range(2, n_pages + 1))]
    assert {name for name in files if name.startswith("artifacts/rows/v1") and name.endswith(".html")} == {*pages}
    assert [row[1] for page in pages for row in shown_rows(files[page])] == table["text"]
    assert broken_links(files) == []


def test_rows_too_long_for_their_page_are_in_the_download(tmp_path: Path) -> None:
    table = {"id": [*range(3000)], "text": ["x" * (5000 if 1000 <= n < 2000 else 1) for n in range(3000)]}
    files = build(tmp_path, record(tmp_path, table))
    page = files["artifacts/rows/v1.rows.2.html"]
    assert len(shown_rows(page)) == 399
    assert "601 more rows of this page are in the download" in text_of(parse(page))
    assert len(shown_rows(files["artifacts/rows/v1.rows.3.html"])) == 1000


def test_pages_of_rows_go_with_their_version(tmp_path: Path) -> None:
    data = record(tmp_path, table_of(3000))
    build(tmp_path, data)
    write_run(tmp_path / "runs", "r2", [run_start(), delete("t0")], at=START + 60_000_000)
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    build_site([tmp_path / "runs"], tmp_path / "scratch", Options())
    updated, scratch = read_site(tmp_path / "site"), read_site(tmp_path / "scratch")
    assert updated == scratch
    assert not [name for name in updated if ".rows." in name]


def test_file_that_breaks_off_leaves_pages_that_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = TableFile.iter_batches

    def broken(file: TableFile, n_rows: int = 4096, *, any_width: bool = False) -> Any:
        if any_width:  # as it is searched for secrets
            yield from whole(file, n_rows, any_width=True)
            return
        yield [[*range(1000)], [f"row, {n}" for n in range(1000)], [None] * 1000]
        yield [[*range(1000, 1500)], [f"row, {n}" for n in range(1000, 1500)], [None] * 500]
        raise TableFileError("its file is damaged (bad page)")

    data = record(tmp_path, table_of(3000))
    monkeypatch.setattr(TableFile, "iter_batches", broken)
    files = build(tmp_path, data)
    assert len(shown_rows(files[PAGE])) == 1000
    for number, n_shown in ((2, "500 rows"), (3, "0 rows")):
        text = text_of(parse(files[f"artifacts/rows/v1.rows.{number}.html"]))
        assert f"only {n_shown} of this page can be shown: its file is damaged (bad page)" in text


def test_downloads_hold_the_whole_table(tmp_path: Path) -> None:
    table = {**table_of(2_000), "mixed": [[1, {"a": "é"}], *range(1_999)]}
    data = record(tmp_path, table)
    files = build(tmp_path, data)
    expected = to_table(table)
    records = [dict(zip(expected["columns"], row, strict=True)) for row in expected["rows"]]
    assert json.loads(files["artifacts/rows/v1.json"]) == records
    header, *rows = csv.reader(io.StringIO(files["artifacts/rows/v1.csv"].decode()))
    assert header == expected["columns"]
    assert rows[0] == ["0", "row, 0", "", '[1, {"a": "é"}]']
    assert rows[1999] == ["1999", "row, 1999", "", "1998"]
    content = files[f"data/blobs/{data['blob']}"]
    assert f"{hashlib.sha256(content).hexdigest()}.parquet" == data["blob"]


def test_columns_of_one_name_are_kept_apart_in_the_download(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    files = build(tmp_path, record(tmp_path, pa.table([range(1001), range(1001)], names=["a", "a"])))
    table = json.loads(files["artifacts/rows/v1.json"])
    assert (table["columns"], table["rows"][1000]) == (["a", "a"], [1000, 1000])


def test_download_over_the_limit_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = record(tmp_path, table_of(2_000))
    monkeypatch.setattr("reportgen.views.tables.MAX_DOWNLOAD_BYTES", 60_000)
    files = build(tmp_path, data)
    assert len(files["artifacts/rows/v1.csv"]) < 60_000
    assert "artifacts/rows/v1.json" not in files
    assert broken_links(files) == []
    monkeypatch.setattr("reportgen.views.tables.MAX_DOWNLOAD_BYTES", 1_000)
    files = build(tmp_path, data)
    assert "artifacts/rows/v1.csv" not in files
    assert f"../../data/blobs/{data['blob']}" in files[PAGE].decode()
    assert broken_links(files) == []


def damage(folder: Path, data: Any, how: str) -> Any:
    path = folder / "runs" / "r1" / "blobs" / data["blob"]
    if how == "missing":
        path.unlink()
    elif how == "changed":
        path.write_bytes(path.read_bytes()[:-1])
    elif how == "no-parquet":
        return {**data, "blob": write_blob(folder / "runs", "r1", b"<script>alert(1)</script>", "parquet")}
    elif how == "named-html":
        return {**data, "blob": write_blob(folder / "runs", "r1", path.read_bytes(), "html")}
    else:
        return {**data, "blob": "../../../etc/passwd"}
    return data


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("missing", "its file is not in the logs"),
        ("changed", "its file was changed or cut short after it was recorded"),
        ("no-parquet", "its file is no Parquet file"),
        ("named-html", "its file is named .html and not .parquet"),
        ("path", "its name is not that of a file kept by content"),
    ],
)
def test_file_that_cannot_be_used_leaves_the_rows_of_the_record(tmp_path: Path, how: str, reason: str) -> None:
    files = build(tmp_path, damage(tmp_path, record(tmp_path, table_of(2_000)), how))
    assert [row[0] for row in shown_rows(files[PAGE])] == ["0", "1", "2", "3", "4"]
    assert f"only 5 rows of 2,000 can be shown: {reason}" in text_of(parse(files[PAGE]))
    assert not [url for url in files if url.startswith(("data/blobs/", "artifacts/rows/v1.")) and url != PAGE]
    assert broken_links(files) == []


def test_table_of_very_many_columns_does_not_stop_the_build(tmp_path: Path) -> None:
    data = record(tmp_path, {str(n): [n] * 1_001 for n in range(2_000)})
    files = build(tmp_path, {**data, "rows": [], "columns": data["columns"][:3]})
    assert "its 2,000 columns are more than the 1,000 that a page can show" in text_of(parse(files[PAGE]))
    assert f"data/blobs/{data['blob']}" in files


@pytest.mark.parametrize(
    "change", [{"n_rows": "many"}, {"n_rows": -1}, {"rows": []}, {"blob": 3}, {"blob": ""}], ids=str
)
def test_odd_record_of_a_large_table_does_not_stop_the_build(tmp_path: Path, change: dict[str, Any]) -> None:
    data = damage(tmp_path, record(tmp_path, table_of(2_000)), "missing")
    files = build(tmp_path, {**data, **change})
    text = text_of(parse(files[PAGE]))
    assert "row" in text
    assert "in the download" not in text, "there is none"
    assert broken_links(files) == []


def test_versions_are_compared_by_all_rows(tmp_path: Path) -> None:
    files = build(
        tmp_path, record(tmp_path, table_of(2_000)), record(tmp_path, table_of(2_007)), {"columns": [], "rows": []}
    )
    assert "2,000 → 2,007 rows; among the first 1,000: no cell changed since v1." in text_of(
        parse(files["artifacts/rows/v2.html"])
    )
    assert "2,007 → 0 rows since v2." in text_of(parse(files["artifacts/rows/v3.html"]))


def test_deleted_table_leaves_no_file(tmp_path: Path) -> None:
    data = record(tmp_path, table_of(2_000))
    records = [run_start(), artifact("t0", "rows", type="table", data=data), delete("t0")]
    write_run(tmp_path / "runs", "r1", records, at=START)
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    assert not [url for url in read_site(tmp_path / "site") if url.startswith("data/blobs/")]
