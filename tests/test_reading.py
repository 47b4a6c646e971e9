"""What was recorded is found again, from logs and from a site alike."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from logs import HOUR, MINUTE, START, artifact, delete, end, metric, run_start, write_run, write_small_project

import reportgen
from reportgen.build import build_site
from reportgen.errors import InputError
from reportgen.options import Options
from reportgen.store import SCHEMAS
from reportgen.text import iso_time


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    write_small_project(tmp_path / "runs")
    return tmp_path / "runs"


@pytest.fixture(params=["logs", "site", "data of the site", "site and logs"])
def place(request: pytest.FixtureRequest, logs: Path, tmp_path: Path) -> Iterator[Path | None]:
    """The same records as raw logs, as a built site, as the site's data alone, and twice at once."""
    if request.param == "logs":
        yield logs
        return
    build_site([logs], tmp_path / "site", Options())
    if request.param == "site and logs":
        (tmp_path / "reportgen.toml").write_text(f'logs = ["{logs}", "{tmp_path / "site"}"]')
        yield None
        return
    shutil.rmtree(logs)
    yield tmp_path / "site" if request.param == "site" else tmp_path / "site" / "data"


def keys(found: list[reportgen.Artifact]) -> list[tuple[str | None, int | None]]:
    return [(one.key, one.version) for one in found]


# Artifacts


def test_newest_version_of_a_key_is_found(place: Path | None) -> None:
    found = reportgen.Artifact.get("summary", log_dir=place)
    assert found is not None
    assert (found.version, found.type, found.run_id, found.step_id) == (4, "markdown", "run-3", "s2")
    assert found.data.startswith("# Title\n\nRun *3*")
    assert found.created is not None
    assert found.created.utcoffset() is not None


def test_key_that_nobody_recorded_is_none(place: Path | None) -> None:
    assert reportgen.Artifact.get("nothing", log_dir=place) is None


def test_content_of_each_type_is_as_people_expect_it(place: Path | None) -> None:
    def data(key: str) -> Any:
        found = reportgen.Artifact.get(key, log_dir=place)
        assert found is not None
        return found.data

    assert data("source") == "[x](https://example.org/x)"
    assert data("worst-rows")[1] == {"id": 1, "text": "[n1](https://example.org/1)"}
    assert data("epochs") == 53.5
    assert Path(data("plot")).read_bytes().startswith(b"\x89PNG")


def test_all_artifacts_are_read_the_newest_first(place: Path | None) -> None:
    found = reportgen.read_artifacts(log_dir=place)
    assert len(found) == 23  # 6 of each of 4 runs, one of which is deleted
    assert found[0].run_id == "run-3"
    assert found[-1].run_id == "run-0"
    moments = [one.created for one in found]
    assert moments == sorted(moments, reverse=True)  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("CREATED_DESC", (None, None), ("source", 1)),
        ("UPDATED_DESC", (None, None), ("source", 1)),
        ("ID_DESC", ("worst-rows", 4), ("summary", 1)),
        ("KEY_ASC", ("epochs", 4), (None, None)),
        ("KEY_DESC", ("worst-rows", 4), (None, None)),
    ],
)
def test_sorts_are_those_of_prefect(
    place: Path | None, sort: str, first: tuple[str | None, int | None], last: tuple[str | None, int | None]
) -> None:
    found = keys(reportgen.read_artifacts(sort=sort, limit=None, log_dir=place))
    assert (found[0], found[-1]) == (first, last)


def test_limit_and_offset_walk_through_all(place: Path | None) -> None:
    everything = [one.id for one in reportgen.read_artifacts(limit=None, log_dir=place)]
    pages = [reportgen.read_artifacts(limit=5, offset=n, log_dir=place) for n in range(0, 30, 5)]
    assert [one.id for page in pages for one in page] == everything
    assert reportgen.read_artifacts(limit=0, log_dir=place) == []


def test_filter_selects_across_tables(place: Path | None) -> None:
    chosen = {
        "artifacts": {"key": {"exists_": True}, "type": {"any_": ["markdown", "link"]}},
        "flow_runs": {"id": {"any_": ["run-2", "run-3"]}},
        "task_runs": {"name": {"like_": "tra"}},
        "flows": {"name": {"any_": ["churn"]}},
        "deployments": {"name": {"any_": ["nightly"]}},
    }
    assert keys(reportgen.read_artifacts(chosen, log_dir=place)) == [("summary", 4), ("summary", 3)]
    assert reportgen.count_artifacts(chosen, log_dir=place) == 2


def test_filter_for_artifacts_without_a_key_is_no_crash(place: Path | None) -> None:
    found = reportgen.read_artifacts({"artifacts": {"key": {"exists_": False}}}, sort="KEY_ASC", log_dir=place)
    assert keys(found) == [(None, None)] * 4
    assert {one.description for one in found} == {"Without key"}


def test_latest_artifacts_are_the_highest_versions_that_are_not_deleted(tmp_path: Path) -> None:
    write_run(tmp_path / "runs", "r1", [run_start(), artifact("a", "one"), artifact("b", "one"), artifact("c", "two")])
    write_run(tmp_path / "runs", "r2", [run_start(), delete("b"), artifact("k", None)], at=START + HOUR)
    assert keys(reportgen.read_latest_artifacts()) == [("two", 1), ("one", 1)]
    assert reportgen.count_artifacts() == 3


def test_filter_of_latest_artifacts_looks_at_the_latest_only(place: Path | None) -> None:
    old = {"artifacts": {"run_id": {"any_": ["run-1"]}}}
    assert reportgen.read_latest_artifacts(old, log_dir=place) == []
    assert len(reportgen.read_artifacts(old, log_dir=place)) == 5


def test_limit_has_no_cap(tmp_path: Path) -> None:
    write_run(tmp_path / "runs", "r1", [run_start(), *(artifact(f"a{n}", f"k-{n}") for n in range(300))])
    assert len(reportgen.read_artifacts()) == 200
    assert len(reportgen.read_artifacts(limit=1000)) == 300


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"sort": "NAME"}, ValueError, "sort must be one of CREATED_DESC, UPDATED_DESC, ID_DESC, KEY_ASC, KEY_DESC"),
        ({"limit": -1}, ValueError, "limit must not be below 0"),
        ({"limit": "5"}, TypeError, "limit must be a whole number, not str"),
        ({"offset": 1.5}, TypeError, "offset must be a whole number, not float"),
        ({"filter": {"artifacts": {"key": {"eq_": "x"}}}}, ValueError, "filter: artifacts.key has no operator 'eq_'"),
        ({"filter": ["x"]}, TypeError, "filter"),
    ],
)
def test_wrong_question_is_an_error_that_says_what_can_be_asked(
    logs: Path, arguments: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text) as caught:
        reportgen.read_artifacts(**arguments)
    assert "\n" not in str(caught.value)


# Metrics


def test_metrics_are_dicts_with_the_keys_of_craft_ai(place: Path | None) -> None:
    first = reportgen.get_metrics(log_dir=place)[0]
    assert first == {
        "name": "accuracy",
        "value": 0.9,
        "created_at": iso_time(START + 7_000_000),
        "execution_id": "run-0",
        "deployment_name": "nightly",
        "pipeline_name": "churn",
    }
    assert list(first) == ["name", "value", "created_at", "execution_id", "deployment_name", "pipeline_name"]


def test_metrics_are_asked_for_by_name_pipeline_deployment_or_execution(place: Path | None) -> None:
    def ask(**arguments: Any) -> list[tuple[str, Any]]:
        return [(row["execution_id"], row["value"]) for row in reportgen.get_metrics(**arguments, log_dir=place)]

    accuracies = [(f"run-{n}", pytest.approx(0.9 + n / 100)) for n in range(4)]
    assert ask(name="accuracy") == accuracies
    assert ask(name="accuracy", pipeline_name="churn") == accuracies
    assert ask(name="accuracy", deployment_name="nightly") == accuracies
    assert ask(name="accuracy", execution_id="run-2") == accuracies[2:3]
    assert len(ask(execution_id="run-2")) == 2
    assert ask(pipeline_name="watch") == [("run-r", 3.0)]
    assert ask(pipeline_name="nobody") == ask(name="nothing") == ask(execution_id="run-9") == []


def test_metric_that_is_no_number_is_kept(place: Path | None) -> None:
    values = [row["value"] for row in reportgen.get_metrics("loss", log_dir=place)]
    assert [math.isnan(value) for value in values] == [False, False, True, False]


def test_list_metrics_have_their_values_in_order(place: Path | None) -> None:
    (row,) = reportgen.get_list_metrics("curve", execution_id="run-1", log_dir=place)
    assert list(row) == ["name", "values", "created_at", "execution_id", "deployment_name", "pipeline_name"]
    assert row["values"][:3] == [1.4, 1.1, 0.9]
    assert math.isnan(row["values"][3])
    assert [row["name"] for row in reportgen.get_list_metrics(pipeline_name="churn", log_dir=place)] == [
        "curve",
        "late",
    ] * 4


def test_empty_list_metric_is_an_empty_list(tmp_path: Path) -> None:
    from logs import list_metric

    write_run(tmp_path / "runs", "r1", [run_start(), list_metric("nothing", []), list_metric("some", [1, 2])])
    assert [row["values"] for row in reportgen.get_list_metrics()] == [[], [1.0, 2.0]]


def test_run_of_a_step_code_finds_what_it_records(tmp_path: Path) -> None:
    with reportgen.start_run("churn", log_dir=tmp_path / "elsewhere") as run:
        reportgen.record_metric_value("accuracy", 0.5)
        assert [row["value"] for row in reportgen.get_metrics("accuracy", execution_id=UUID(run.id))] == [0.5]


@pytest.mark.parametrize(
    "arguments",
    [
        {"pipeline_name": "a", "deployment_name": "b"},
        {"pipeline_name": "a", "execution_id": "b"},
        {"name": "x", "deployment_name": "a", "execution_id": "b"},
    ],
)
@pytest.mark.parametrize("function", [reportgen.get_metrics, reportgen.get_list_metrics])
def test_filters_that_exclude_each_other_are_refused_with_the_rule(
    logs: Path, function: Any, arguments: dict[str, str]
) -> None:
    with pytest.raises(
        ValueError, match="exclude each other: name combines with one of pipeline_name, deployment_name"
    ):
        function(**arguments)


def test_name_that_is_no_text_is_a_type_error(logs: Path) -> None:
    with pytest.raises(TypeError, match="name must be text or None, not int"):
        reportgen.get_metrics(3)  # type: ignore[arg-type]


# Tables


def test_logs_are_arrow_tables(place: Path | None) -> None:
    found = reportgen.open_logs(place)
    assert found.runs["run_id"].to_pylist() == ["run-0", "run-1", "run-2", "run-3", "run-f", "run-r"]
    assert found.metrics.num_rows == 9
    assert found.list_metrics["n_values"].to_pylist() == [5] * 4 + [3] * 4
    assert found.artifacts.num_rows == 24
    assert found.points("late", "run-1").select(["index", "x", "value"]).to_pylist() == [
        {"index": n, "x": 10.0 * (n + 1), "value": n + 1.0} for n in range(3)
    ]
    assert found.points().num_rows == 32
    assert found.contents(run_id="run-1", artifact_id="p1").to_pylist() == [
        {"run_id": "run-1", "artifact_id": "p1", "data_json": "51.5"}
    ]
    assert found.contents().num_rows == found.artifacts.num_rows - 1 == found.table("contents").num_rows
    assert isinstance(found.edges, pa.Table)
    assert {name: found.table(name).schema for name in ("metrics", "lists", "points")} == {
        name: SCHEMAS[name] for name in ("metrics", "lists", "points")
    }


def test_tables_become_data_frames_by_protocol(logs: Path) -> None:
    found = reportgen.open_logs(logs)
    assert isinstance(found.to_pandas("metrics"), pd.DataFrame)
    assert isinstance(found.to_polars("list_metrics"), pl.DataFrame)
    assert found.to_polars("points").height == 32
    assert pl.from_arrow(found.metrics).equals(found.to_polars("metrics"))  # type: ignore[union-attr]
    assert found.to_pandas("metrics")["value"].sum(skipna=True) == pytest.approx(
        pl.Series(found.metrics["value"].to_pylist()).fill_nan(0).sum()
    )


def test_table_that_is_not_there_is_named(logs: Path) -> None:
    with pytest.raises(ValueError, match="there is no table 'flows': the tables are runs, steps, artifacts"):
        reportgen.open_logs(logs).to_pandas("flows")


# Places


def test_logs_of_the_configuration_are_read_together(tmp_path: Path) -> None:
    write_run(tmp_path / "a", "r1", [run_start(), artifact("x", "one"), metric("m", 1), end()])
    write_run(tmp_path / "b", "r2", [run_start(), artifact("y", "one"), metric("m", 2), end()], at=START + MINUTE)
    (tmp_path / "reportgen.toml").write_text('logs = ["a", "b"]')
    assert [row["value"] for row in reportgen.get_metrics("m")] == [1.0, 2.0]
    found = reportgen.Artifact.get("one")
    assert found is not None
    assert found.version == 2


def test_environment_wins_over_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(tmp_path / "a", "r1", [run_start(), metric("m", 1)])
    write_run(tmp_path / "b", "r2", [run_start(), metric("m", 2)])
    (tmp_path / "reportgen.toml").write_text('logs = ["a"]')
    monkeypatch.setenv("REPORTGEN_LOG_DIR", "b")
    assert [row["value"] for row in reportgen.get_metrics("m")] == [2.0]
    assert [row["value"] for row in reportgen.get_metrics("m", log_dir="a")] == [1.0]


def test_what_is_neither_logs_nor_a_site_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "thesis.txt").write_text("text")
    for name, slug in (("odd", "no-runs"), ("nowhere", "no-log-directory"), ("odd/thesis.txt", "logs-not-a-folder")):
        with pytest.raises(InputError) as caught:
            reportgen.open_logs(tmp_path / name)
        assert caught.value.slug == slug
        assert "\n" not in str(caught.value)


def test_site_of_a_newer_format_is_refused(logs: Path, tmp_path: Path) -> None:
    build_site([logs], tmp_path / "site", Options())
    manifest = json.loads((tmp_path / "site" / "manifest.json").read_text("utf-8"))
    (tmp_path / "site" / "manifest.json").write_text(json.dumps({**manifest, "data_format": 99}, indent=1), "utf-8")
    with pytest.raises(InputError, match="site is in data format 99, this reportgen reads up to 1: install a newer"):
        reportgen.get_metrics(log_dir=tmp_path / "site")


@pytest.mark.parametrize("damage", ["half", "gone", "another", "empty"])
def test_half_a_parquet_file_is_one_line_that_names_it(logs: Path, tmp_path: Path, damage: str) -> None:
    build_site([logs], tmp_path / "site", Options())
    path = tmp_path / "site" / "data" / "metrics.parquet"
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        other = (tmp_path / "site" / "data" / "steps.parquet").read_bytes()
        path.write_bytes({"half": content[: len(content) // 2], "another": other, "empty": b""}[damage])
    with pytest.raises(InputError, match=r"metrics\.parquet (cannot be read|is missing).*copy or build") as caught:
        reportgen.get_metrics(log_dir=tmp_path / "site")
    assert caught.value.slug == "damaged-store"
    assert "\n" not in str(caught.value)


def test_questions_to_a_site_load_no_pandas(logs: Path, tmp_path: Path) -> None:
    build_site([logs], tmp_path / "site", Options())
    code = (
        "import sys, reportgen\n"
        "reportgen.get_metrics('accuracy')\n"
        "reportgen.get_list_metrics('curve')\n"
        "reportgen.Artifact.get('summary')\n"
        "reportgen.read_latest_artifacts({'artifacts': {'type': {'any_': ['table']}}})\n"
        "print(sorted({'pandas', 'polars', 'jinja2', 'markdown'} & sys.modules.keys()))\n"
    )
    command = [sys.executable, "-c", code]
    environment = {"REPORTGEN_LOG_DIR": str(tmp_path / "site"), "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
