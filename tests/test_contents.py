"""The contents of artifacts: found with few files opened, each day read once, and one line where they are missing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from logs import HOUR, START, artifact, compact, delete, end, run_start, write_run

import reportgen
from reportgen.build import build_site
from reportgen.cli import run as run_cli
from reportgen.compact import EMPTY, Compaction
from reportgen.errors import InputError
from reportgen.options import Options
from reportgen.queries.contents import Contents
from reportgen.sources import load_store
from reportgen.store import folder as store_folder
from reportgen.store import make_table

DAY = 24 * HOUR
LINK = {"link": "https://example.org", "link_text": "card"}


def write_logs(log_dir: Path) -> None:
    """Three runs on two days, with contents of two artifacts each, one of which is deleted."""
    for number, at in enumerate((START, START + HOUR, START + DAY)):
        made = [artifact(f"a{number}"), artifact(f"l{number}", "card", type="link", data=LINK)]
        write_run(log_dir, f"r{number}", [run_start(), *made, end()], at=at)
    write_run(log_dir, "r9", [run_start(), delete("a1"), end()], at=START + 3 * DAY)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    write_logs(tmp_path / "runs")
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    return tmp_path / "site"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files of the store that are opened."""
    names: list[str] = []
    read = store_folder.read_parquet

    def noting(path: Path, *args: Any, check: bool) -> pa.Table:
        names.append(f"{path.parent.name}/{path.name}".removeprefix("data/"))
        return read(path, *args, check=check)

    monkeypatch.setattr(store_folder, "read_parquet", noting)
    return names


# Reading


def test_one_artifact_is_read_from_the_file_of_its_day(site: Path, opened: list[str]) -> None:
    found = reportgen.Artifact.get("summary", log_dir=site)
    assert found is not None
    assert set(opened) == {"artifacts.parquet"}
    opened.clear()
    assert found.data == "text of a2"
    assert found.data == "text of a2"
    assert opened == ["runs.parquet", "contents/2026-01-02.parquet"]


def test_contents_of_many_artifacts_are_read_a_day_at_a_time(site: Path, opened: list[str]) -> None:
    found = reportgen.read_artifacts(log_dir=site, sort="KEY_ASC")
    opened.clear()
    assert [one.data for one in found] == ["[card](https://example.org)"] * 3 + ["text of a2", "text of a0"]
    assert sorted(opened) == ["contents/2026-01-01.parquet", "contents/2026-01-02.parquet", "runs.parquet"]


def test_counting_and_listing_read_no_content(site: Path, opened: list[str]) -> None:
    assert reportgen.count_artifacts(log_dir=site) == 5
    assert [one.key for one in reportgen.read_artifacts({"artifacts": {"key": {"any_": ["card"]}}}, log_dir=site)]
    assert run_cli(["artifact", "ls", "--logs", str(site)]) == 0
    assert run_cli(["run", "compare", "r0", "r2", "--logs", str(site)]) == 0
    assert not [name for name in opened if name.startswith("contents/")]


def test_metadata_of_a_link_say_what_it_is_made_of(site: Path, opened: list[str]) -> None:
    found = reportgen.Artifact.get("card", log_dir=site)
    assert found is not None
    opened.clear()
    assert found.metadata == LINK
    assert found.data == "[card](https://example.org)"
    assert opened == ["runs.parquet", "contents/2026-01-02.parquet"]
    found.metadata = {"mine": 1}
    assert found.metadata == {"mine": 1}


def test_versions_are_inspected_with_their_contents_and_a_deleted_one_without(
    site: Path, capsys: pytest.CaptureFixture[str], opened: list[str]
) -> None:
    assert run_cli(["artifact", "inspect", "summary", "--logs", str(site), "-o", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [(row["version"], row["content"]) for row in shown] == [(3, "text of a2"), (2, None), (1, "text of a0")]
    assert sorted(name for name in opened if name.startswith("contents/")) == [
        "contents/2026-01-01.parquet",
        "contents/2026-01-02.parquet",
    ]


def test_artifacts_of_two_runs_with_one_id_keep_their_own_contents(tmp_path: Path) -> None:
    for number in range(2):
        write_run(tmp_path, f"r{number}", [run_start(), artifact("a", data=f"of {number}")], at=START + number * HOUR)
    assert [one.data for one in reportgen.read_artifacts(log_dir=tmp_path)] == ["of 1", "of 0"]


def test_content_of_a_run_that_the_tables_do_not_have_is_missing() -> None:
    row = {"run_id": "r1", "artifact_id": "a", "deleted_at": None}
    with pytest.raises(InputError, match="the content of artifact a of run r1 is missing"):
        Contents(EMPTY, [row]).fetch("r1", "a")
    assert Contents(EMPTY, [{**row, "deleted_at": 1}]).fetch("r1", "a") == "null"


def test_adding_a_run_changes_the_contents_of_its_day_only(site: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in (site / "data/contents").iterdir()}
    write_run(tmp_path / "new", "r5", [run_start(), artifact("new"), end()], at=START + DAY + HOUR)
    build_site([site, tmp_path / "new"], site, Options())
    after = {path.name: path.read_bytes() for path in (site / "data/contents").iterdir()}
    assert [name for name in after if after[name] != before.get(name)] == ["2026-01-02.parquet"]
    write_logs(tmp_path / "whole")
    shutil.copytree(tmp_path / "new/r5", tmp_path / "whole/r5")
    build_site([tmp_path / "whole"], tmp_path / "again", Options())
    assert {path.name: path.read_bytes() for path in (tmp_path / "again/data/contents").iterdir()} == after


# Sites that are damaged, or a stranger's


def without_last_row(table: pa.Table) -> pa.Table:
    return table.slice(0, len(table) - 1)


def with_last_row_twice(table: pa.Table) -> pa.Table:
    return pa.concat_tables([table, table.slice(len(table) - 1)])


def set_column(table: pa.Table, name: str, value: Any) -> pa.Table:
    index = table.schema.get_field_index(name)
    cells = [value, *table.column(index).to_pylist()[1:]]
    return table.set_column(index, table.schema.field(index), pa.array(cells, table.schema.field(index).type))


Damage = Callable[[pa.Table], pa.Table]
DAMAGES: dict[str, tuple[str, Damage, str]] = {
    "row that is missing": ("contents/2026-01-01", without_last_row, "contents of 2026-01-01 are not those of artif"),
    "row twice": ("contents/2026-01-01", with_last_row_twice, "contents of 2026-01-01 are not those of artifacts"),
    "another artifact": (
        "contents/2026-01-02",
        lambda table: set_column(table, "artifact_id", "zz"),
        "contents of 2026-01-02 are not those of artifacts",
    ),
    "text that is no JSON": (
        "contents/2026-01-02",
        lambda table: set_column(table, "data_json", '{"columns":'),
        "its column data_json has a text that cannot be used",
    ),
    "JSON without end of depth": (
        "contents/2026-01-02",
        lambda table: set_column(table, "data_json", "[" * 100_000 + "]" * 100_000),
        "its column data_json has a text that cannot be used",
    ),
    "nothing in place of JSON": (
        "contents/2026-01-02",
        lambda table: set_column(table, "data_json", None),
        "its column data_json has a row with nothing in it",
    ),
    "no column of contents": ("contents/2026-01-02", lambda table: table.drop(["data_json"]), "no column data_json"),
    "digest that is none": (
        "artifacts",
        lambda table: set_column(table, "content_digest", "../x"),
        "its column content_digest has a value that is none",
    ),
    "no digest": ("artifacts", lambda table: set_column(table, "content_digest", None), "without content_digest"),
    "size below zero": ("artifacts", lambda table: set_column(table, "n_rows", -1), "its column n_rows has a value"),
    "no per cent": (
        "artifacts",
        lambda table: set_column(table, "percent", float("nan")),
        "its column percent has a value that is none",
    ),
    "table without size": ("artifacts", lambda table: set_column(table, "type", "table"), "a row without n_rows that"),
}


@pytest.mark.parametrize(("file", "damage", "what"), DAMAGES.values(), ids=DAMAGES)
def test_site_whose_contents_cannot_be_is_refused_in_one_line(site: Path, file: str, damage: Damage, what: str) -> None:
    path = site / f"data/{file}.parquet"
    pq.write_table(damage(pq.read_table(path)), path, store_schema=False)
    with pytest.raises(InputError, match=what) as caught:
        load_store(site / "data")
    assert caught.value.slug == "damaged-store"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("damage", ["file", "row", "JSON"])
def test_question_for_a_content_that_is_not_there_is_one_line(
    site: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = site / "data/contents/2026-01-02.parquet"
    table = pq.read_table(path)
    if damage == "file":
        path.unlink()
    else:
        gone = table.filter(pc.not_equal(table["artifact_id"], "a2"))
        pq.write_table(set_column(table, "data_json", "{") if damage == "JSON" else gone, path, store_schema=False)
    found = reportgen.Artifact.get("summary", log_dir=site)
    assert found is not None
    for _ in range(2):
        with pytest.raises(InputError) as caught:
            found.data  # noqa: B018
        assert caught.value.slug == "damaged-store"
        assert "\n" not in str(caught.value)
    assert run_cli(["artifact", "inspect", "summary", "--version", "3", "--logs", str(site)]) == 1
    assert str(caught.value) in capsys.readouterr().err


def test_contents_of_what_artifacts_has_not_contradict_it(tmp_path: Path) -> None:
    write_logs(tmp_path)
    good = compact(tmp_path)
    good.check()
    strange = make_table("contents", [{"run_id": "r9", "artifact_id": "a", "data_json": "1"}])
    bad = Compaction(good.tables, {**good.days, "contents": {**good.days["contents"], "2026-01-04": strange}})
    with pytest.raises(ValueError, match="contents of 2026-01-04 are not those of artifacts"):
        bad.check()
