"""Where to look: names with `~`, what is a site, and what only looks like one."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from logs import START, artifact, compact, metric, run_start, write_run
from stores import write_store

import reportgen
from reportgen.cli.build import log_dirs_of
from reportgen.errors import InputError
from reportgen.places import choose_paths, find_store
from reportgen.settings import Settings, resolve_log_dir

MANIFEST = b'{"generator": "reportgen", "data_format": 1}'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


# Names


def test_home_folder_may_be_named_as_in_a_shell(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = home / "logs"
    assert choose_paths("~/logs") == choose_paths(Path("~/logs")) == [logs]
    assert resolve_log_dir("~/logs", Settings()) == str(logs)
    Path("reportgen.toml").write_text('logs = ["~/logs", "~"]')
    assert choose_paths() == [logs, home]
    assert log_dirs_of((), ["~/logs", "~"]) == [logs, home]
    monkeypatch.setenv("REPORTGEN_LOG_DIR", "~/other")
    assert choose_paths() == log_dirs_of((), ["~/logs"]) == [home / "other"]
    assert resolve_log_dir(None, Settings()) == str(home / "other")


def test_what_is_recorded_in_the_home_folder_is_found_there(home: Path) -> None:
    with reportgen.start_run("churn", log_dir="~/logs"):
        reportgen.record_metric_value("m", 1)
    assert [path.name for path in home.iterdir()] == ["logs"]
    assert [row["value"] for row in reportgen.get_metrics("m", log_dir="~/logs")] == [1.0]


# Sites


def test_folder_with_a_manifest_or_with_tables_is_a_site(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(MANIFEST)
    assert find_store(tmp_path) == tmp_path / "data"
    write_run(tmp_path / "runs", "r1", [run_start()])
    assert find_store(tmp_path / "runs") is None
    store = write_store(tmp_path / "store", compact(tmp_path / "runs"))
    assert find_store(store) == store


def test_pipe_in_the_place_of_the_manifest_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "manifest.json")
    pipe = os.open(tmp_path / "manifest.json", os.O_RDWR)
    os.write(pipe, MANIFEST.ljust(8192))  # who reads it gets something, and does not wait
    try:
        assert find_store(tmp_path) is None
        with pytest.raises(InputError, match="holds no run"):
            reportgen.get_metrics(log_dir=tmp_path)
    finally:
        os.close(pipe)


# Ids

ID = "0190b4c6-0000-7000-8000-00000000000a"


@pytest.mark.parametrize("asked", [ID, ID.upper(), ID.replace("-", ""), f"{{{ID}}}", f"urn:uuid:{ID}"])
def test_run_is_found_by_its_id_however_that_is_written(tmp_path: Path, asked: str) -> None:
    write_run(tmp_path / "runs", ID, [run_start(), metric("m", 1)])
    write_run(tmp_path / "runs", "other", [run_start(), metric("m", 2)])
    assert [row["value"] for row in reportgen.get_metrics("m", execution_id=asked)] == [1.0]
    assert reportgen.get_list_metrics("m", execution_id=asked) == []


def test_id_of_a_foreign_writer_is_found_as_it_is(tmp_path: Path) -> None:
    for number, run_id in enumerate([ID.upper(), "Run 7"]):
        write_run(tmp_path / "runs", run_id, [run_start(), metric("m", number)], at=START + number)
    assert [row["value"] for row in reportgen.get_metrics(execution_id=ID.upper())] == [0.0]
    assert [row["value"] for row in reportgen.get_metrics(execution_id="Run 7")] == [1.0]
    assert reportgen.get_metrics(execution_id="run 7") == []


# Parts of an answer


def test_limit_may_be_any_whole_number_and_an_offset_must_be_one(tmp_path: Path) -> None:
    write_run(tmp_path / "runs", "r1", [run_start(), *(artifact(f"a{n}", f"k{n}") for n in range(4))])
    found = reportgen.read_artifacts(limit=np.int64(2), offset=np.int64(1))  # type: ignore[arg-type]
    assert [one.key for one in found] == ["k2", "k1"]
    with pytest.raises(TypeError, match="offset must be a whole number, not NoneType"):
        reportgen.read_artifacts(offset=None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="limit must be a whole number, not bool"):
        reportgen.read_artifacts(limit=True)
