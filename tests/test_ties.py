"""What steps read and made in all runs together, found in columns."""

from __future__ import annotations

from pathlib import Path

from logs import HOUR, START, artifact, delete, end, model_of, run_start, step_start, use, write_run

from reportgen.compact import compact_runs
from reportgen.model import Model, Tie, find_spans, find_ties
from reportgen.options import Options


def write_project(log_dir: Path, n_runs: int = 3) -> None:
    for number in range(n_runs):
        at = START + number * HOUR
        records = [
            run_start("etl"),
            step_start("s1", "load"),
            use(step="s1", uri="s3://b/x.csv", name="x" if number else None),
            artifact(f"t{number}", "taxi", step="s1"),
            artifact(f"k{number}", None, step="s1"),
            end(step="s1"),
            end(),
        ]
        write_run(log_dir, f"etl-{number}", records, at=at)
        records = [
            run_start("train"),
            step_start("s1", "fit"),
            use(step="s1", artifact=f"t{number}", key="taxi"),
            use(step="s1", artifact=f"k{number}"),
            use(step="s1", artifact="elsewhere", key="other"),
            use("write", uri="out.csv"),
            artifact(f"m{number}", "model"),
            end(step="s1", status="failed"),
            end("failed"),
        ]
        write_run(log_dir, f"train-{number}", records, at=at + HOUR // 2)


EVERYTHING = [
    Tie("etl", "load", False, "taxi", True),
    Tie("etl", "load", True, "s3://b/x.csv", False, "x"),
    Tie("train", "", False, "model", True),
    Tie("train", "", True, "out.csv", True),
    Tie("train", "fit", False, "other", False),
    Tie("train", "fit", False, "taxi", False),
]


def test_ties_of_all_runs_are_found_once(tmp_path: Path) -> None:
    write_project(tmp_path)
    assert find_ties(model_of(tmp_path)) == EVERYTHING


def test_ties_of_some_runs(tmp_path: Path) -> None:
    write_project(tmp_path)
    model = model_of(tmp_path)
    positions = [model.runs[0].position, model.runs[2].position]
    assert find_ties(model, positions) == [one for one in EVERYTHING if one.pipeline == "etl"]


def test_deleted_runs_have_no_ties(tmp_path: Path) -> None:
    write_project(tmp_path, 1)
    write_run(tmp_path, "gone", [run_start("old"), artifact("g", "gone"), use(uri="y"), delete(None)], at=START - HOUR)
    model = model_of(tmp_path)
    assert len(model.deleted_runs) == 1
    assert {tie.pipeline for tie in find_ties(model)} == {"etl", "train"}


def test_project_without_runs_has_no_ties() -> None:
    model = Model(compact_runs([]), Options())
    assert find_ties(model) == []
    assert find_spans(model, []) == {}


def test_spans_say_when_steps_ran_and_what_failed(tmp_path: Path) -> None:
    write_project(tmp_path, 1)
    model = model_of(tmp_path)
    spans = find_spans(model, model.runs.positions)
    assert {place: span.failed for place, span in spans.items()} == {("etl", "load"): False, ("train", "fit"): True}
    assert all(span.started_at < span.ended_at for span in spans.values())
