"""`reportgen metric`: which metrics there are and their values, from logs and from a site."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from logs import HOUR, START, list_metric, metric, run_start, write_run, write_small_project

from reportgen.cli import run


@pytest.fixture(params=["logs", "site"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """Where to look: the logs in the folder `runs`, which are found by themselves, or a site."""
    write_small_project(tmp_path / "runs")
    late = [run_start(deployment="hourly"), metric("accuracy", 0.25), list_metric("curve", [])]
    write_run(tmp_path / "runs", "run-h", late, at=START + 6 * HOUR)
    if request.param == "logs":
        return []
    assert run(["build", "-q"]) == 0
    shutil.rmtree(tmp_path / "runs")
    return ["--logs", "site"]


def test_metrics_are_listed_by_pipeline_and_deployment_with_their_latest_value(
    place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["metric", "ls", "-o", "json", *place]) == 0
    rows = json.loads(capsys.readouterr().out)
    shown = [
        (row["name"], row["pipeline"], row["deployment"], row["value"], row["n_runs"], row["n_points"]) for row in rows
    ]
    assert shown == [
        ("accuracy", "churn", "hourly", 0.25, 1, None),
        ("accuracy", "churn", "nightly", pytest.approx(0.93), 4, None),
        ("curve", "churn", "hourly", None, 1, 0),
        ("curve", "churn", "nightly", 0.8, 4, 20),
        ("late", "churn", "nightly", 3.0, 4, 12),
        ("loss", "churn", "nightly", pytest.approx(0.2), 4, None),
        ("ticks", "watch", None, 3.0, 1, None),
    ]
    assert rows[0]["recorded_at"] == "2026-01-01T06:00:02.000000Z"


def test_list_is_narrowed_by_pipeline_and_deployment(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["metric", "ls", "--deployment", "nightly", *place]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "Metric",
        "accuracy",
        "curve",
        "late",
        "loss",
    ]
    assert run(["metric", "ls", "--pipeline", "nobody", *place]) == 0
    assert capsys.readouterr() == ("", "no metrics\n")


def test_values_are_shown_run_by_run_the_newest_first(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["metric", "get", "accuracy", "-o", "json", *place]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["run_id"], row["value"]) for row in rows] == [
        ("run-h", 0.25),
        *[(f"run-{n}", pytest.approx(0.9 + n / 100)) for n in (3, 2, 1, 0)],
    ]
    assert list(rows[0]) == ["value", "run_name", "pipeline", "deployment", "recorded_at", "run_id"]


def test_values_are_narrowed_by_run_and_limit(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["metric", "get", "loss", "--run", "run-2", "-o", "csv", *place]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("NaN,")
    assert run(["metric", "get", "accuracy", "--limit", "2", *place]) == 0
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == ["Value", "0.25", "0.93"]
    assert err == "2 of 5 runs; --all shows all\n"
    assert run(["metric", "get", "accuracy", "--run", "latest", "-o", "json", *place]) == 0
    assert [row["run_id"] for row in json.loads(capsys.readouterr().out)] == ["run-h"]


def test_list_metric_is_summed_up_and_json_has_its_values(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["metric", "get", "curve", *place]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[:6] == ["Points", "First", "Last", "Min", "Max", "Mean"]
    assert [row.split()[0] for row in rows] == ["0", "5", "5", "5", "5"]
    assert run(["metric", "get", "curve", "--limit", "2", "-o", "json", *place]) == 0
    empty, full = json.loads(capsys.readouterr().out)
    assert (empty["values"], empty["first"]) == ([], None)
    assert full["values"] == [1.4, 1.1, 0.9, "NaN", 0.8]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["acuracy"], "error: there is no metric 'acuracy': did you mean accuracy?"),
        (["zzz"], "error: there is no metric 'zzz': reportgen metric ls lists the metrics"),
        (["ticks", "--pipeline", "churn"], "error: no run that was asked for has the metric 'ticks'"),
        (["loss", "--run", "run-9"], "error: there is no run 'run-9'"),
    ],
)
def test_what_is_not_there_is_one_line(
    place: list[str], capsys: pytest.CaptureFixture[str], words: list[str], text: str
) -> None:
    assert run(["metric", "get", *words, *place]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(text)
    assert err.count("\n") == 1


def test_unknown_form_of_output_is_wrong_usage(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["metric", "ls", "-o", "xml", *place]) == 2
    assert capsys.readouterr().err == (
        "error: Invalid value for '-o' / '--output': 'xml' is not one of 'table', 'json', 'csv': "
        "see reportgen metric ls --help\n"
    )
