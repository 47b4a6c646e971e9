"""The build: the same logs give the same bytes anywhere, and an error leaves the old site as it was."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from logs import HOUR, SECOND, START, artifact, end, metric, run_start, write_run, write_small_project
from pages import broken_links, parse, read_site, text_of

from reportgen.build import build_site
from reportgen.errors import InputError, OutputError, ReportgenError
from reportgen.options import MetricOptions, Options
from reportgen.plan import BuildResult
from reportgen.store import DAY_TABLES, WHOLE_TABLES

ROOT = Path(__file__).resolve().parent.parent
OPTIONS = Options(metrics={"accuracy": MetricOptions(goal="max", unit="%", tolerance=0.01)})


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    write_small_project(tmp_path / "runs")
    return tmp_path / "runs"


def build(*log_dirs: Path, output: Path, options: Options = OPTIONS) -> dict[str, bytes]:
    """Build a site and give its files."""
    build_site(log_dirs, output, options)
    return read_site(output)


# The same logs, the same bytes


def test_same_logs_give_the_same_bytes_again(logs: Path, tmp_path: Path) -> None:
    one = build(logs, output=tmp_path / "one")
    assert build(logs, output=tmp_path / "two") == one
    assert build(logs, output=tmp_path / "one") == one


def test_copied_logs_with_other_file_times_give_the_same_bytes(logs: Path, tmp_path: Path) -> None:
    one = build(logs, output=tmp_path / "one")
    copy = tmp_path / "elsewhere" / "logs of mine"
    shutil.copytree(logs, copy)
    for path in copy.rglob("*"):
        os.utime(path, (86_400, 86_400))
    assert build(copy, output=tmp_path / "two") == one


def test_time_zone_hash_seed_and_locale_do_not_matter(logs: Path, tmp_path: Path) -> None:
    one = build(logs, output=tmp_path / "one", options=Options())
    other = {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "4321", "LC_ALL": "C.UTF-8", "COLUMNS": "40"}
    subprocess.run(
        [sys.executable, "-m", "reportgen", "build", str(logs), "-o", "two", "-q"],
        env={**os.environ, "PYTHONPATH": str(ROOT), **other},
        check=True,
    )
    assert read_site(tmp_path / "two") == one


def test_logs_in_parts_and_in_any_order_give_the_same_bytes(logs: Path, tmp_path: Path) -> None:
    one = build(logs, output=tmp_path / "one")
    parts = [tmp_path / "part1", tmp_path / "part2"]
    for number, run_dir in enumerate(sorted(logs.iterdir())):
        shutil.copytree(run_dir, parts[number % 2] / run_dir.name)
    assert build(*parts, output=tmp_path / "two") == one
    assert build(*reversed(parts), output=tmp_path / "three") == one


def test_logs_given_twice_give_the_same_bytes(logs: Path, tmp_path: Path) -> None:
    one = build(logs, output=tmp_path / "one")
    shutil.copytree(logs, tmp_path / "copy")
    assert build(logs, logs, tmp_path / "copy", output=tmp_path / "two") == one


def test_new_run_changes_no_page_of_another_pipeline(logs: Path, tmp_path: Path) -> None:
    one = build(logs, output=tmp_path / "one")
    write_run(logs, "new", [run_start("other"), end()], at=START + 4 * HOUR)
    two = build(logs, output=tmp_path / "two")
    kept = [url for url in one if url.startswith(("runs/run-", "artifacts/", "metrics/accuracy", "pipelines/churn"))]
    assert len(kept) > 20
    assert [url for url in kept if two[url] != one[url]] == []


# What a site holds


def test_site_has_a_page_for_everything(logs: Path, tmp_path: Path) -> None:
    files = build(logs, output=tmp_path / "site")
    pages = {
        "index.html",
        "404.html",
        "runs/index.html",
        "runs/run-0.html",
        "pipelines/index.html",
        "pipelines/churn.html",
        "artifacts/index.html",
        "artifacts/summary/index.html",
        "artifacts/summary/v2.html",
        "runs/run-0/k0.html",
        "metrics/index.html",
        "metrics/accuracy.html",
        "metrics/curve.html",
        "data/index.html",
    }
    assert pages - files.keys() == set()
    assert {f"data/{name}.parquet" for name in WHOLE_TABLES} - files.keys() == set()
    assert {f"data/{name}/2026-01-01.parquet" for name in DAY_TABLES} - files.keys() == set()
    assert {"manifest.json", ".nojekyll", "static/report.css"} - files.keys() == set()


def test_manifest_proves_every_file(logs: Path, tmp_path: Path) -> None:
    files = build(logs, output=tmp_path / "site")
    manifest = json.loads(files.pop("manifest.json"))
    assert {url: facts["sha256"] for url, facts in manifest["files"].items()} == {
        url: hashlib.sha256(content).hexdigest() for url, content in files.items()
    }
    assert (manifest["n_runs"], manifest["as_of_us"]) == (6, START + 5 * HOUR + 5 * SECOND)


def test_tables_of_the_site_hold_what_is_in_the_logs(logs: Path, tmp_path: Path) -> None:
    build(logs, output=tmp_path / "site")
    data = tmp_path / "site" / "data"
    assert pq.read_table(data / "runs.parquet")["run_id"].to_pylist() == [
        *[f"run-{n}" for n in range(4)],
        "run-f",
        "run-r",
    ]
    assert pq.read_table(data / "metrics.parquet").num_rows == 9
    assert pq.read_table(data / "artifacts.parquet").num_rows == 24


def test_content_of_a_deleted_version_is_nowhere_in_the_site(tmp_path: Path) -> None:
    secret = "THE-SECRET-WORD"
    table = {"columns": [secret], "rows": [[secret]]}
    records = [artifact("a", data=secret, description=secret), artifact("b", "rows", type="table", data=table)]
    write_run(tmp_path / "runs", "r1", [run_start(), *records])
    assert any(secret.encode() in content for content in build(tmp_path / "runs", output=tmp_path / "site").values())
    line = '{"kind":"log","ts":1,"seq":0,"format":1,"run":"r1","writer":"w"}\n'
    line += "".join(f'{{"kind":"delete","ts":{START},"seq":{n},"artifact":"{a}"}}\n' for n, a in [(1, "a"), (2, "b")])
    (tmp_path / "runs" / "r1" / "w.jsonl").write_text(line, "utf-8")
    files = build(tmp_path / "runs", output=tmp_path / "site")
    assert [url for url, content in files.items() if secret.encode() in content] == []
    assert "deleted" in text_of(parse(files["artifacts/summary/v1.html"]))


def test_result_counts_runs_files_problems_and_losses(logs: Path, tmp_path: Path) -> None:
    path = write_run(logs, "bad", [run_start(), metric("x", 1), metric("x", 2)], without=[2], at=START)
    path.write_bytes(path.read_bytes() + b"nonsense\n")
    result = build_site([logs], tmp_path / "site", OPTIONS)
    assert isinstance(result, BuildResult)
    assert (result.n_runs, result.n_missing) == (7, 1)
    assert [(problem.file, problem.line) for problem in result.problems] == [("bad/main.jsonl", 4)]
    assert result.n_files == len(read_site(tmp_path / "site")) - 1


def test_every_internal_link_leads_to_a_file_and_an_element(logs: Path, tmp_path: Path) -> None:
    for number in range(205):
        write_run(logs, f"many-{number}", [run_start("many")], at=START + 6 * HOUR + number * SECOND)
    assert broken_links(build(logs, output=tmp_path / "site")) == []


def test_ids_that_foreign_writers_give_again_break_no_link(tmp_path: Path) -> None:
    for number in range(3):
        records = [run_start(), artifact("a1"), artifact("a1", None, data="other")]
        write_run(tmp_path / "runs", f"r{number}", records, at=START + number * HOUR)
    files = build(tmp_path / "runs", output=tmp_path / "site")
    assert {f"artifacts/summary/v{n}.html" for n in (1, 2, 3)} - files.keys() == set()
    assert broken_links(files) == []


def test_site_without_anything_to_show_says_what_to_do(tmp_path: Path) -> None:
    write_run(tmp_path / "runs", "r1", [run_start()])
    files = build(tmp_path / "runs", output=tmp_path / "site")
    assert "create_markdown_artifact" in text_of(parse(files["artifacts/index.html"]))
    assert "create_markdown_artifact" in text_of(parse(files["index.html"]))
    assert "record_metric_value" in text_of(parse(files["metrics/index.html"]))
    assert "No metric in this run." in text_of(parse(files["pipelines/index.html"]))
    assert "Every line of every log was read." in text_of(parse(files["data/index.html"]))
    assert broken_links(files) == []


def test_journal_without_a_good_record_has_a_page_too(tmp_path: Path) -> None:
    (tmp_path / "runs" / "r1").mkdir(parents=True)
    (tmp_path / "runs" / "r1" / "main.jsonl").write_bytes(b"nonsense\n")
    files = build(tmp_path / "runs", output=tmp_path / "site")
    assert "r1/main.jsonl, line 1" in text_of(parse(files["data/index.html"]))
    assert broken_links(files) == []


def test_names_of_files_that_are_not_text_do_not_stop_the_build(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / os.fsdecode(b"run-\xff")
    try:
        folder.mkdir(parents=True)
    except OSError:
        pytest.skip("this file system holds text names only")
    (folder / "main.jsonl").write_bytes(b"nonsense\n")
    assert broken_links(build(tmp_path / "runs", output=tmp_path / "site")) == []


# SOURCE_DATE_EPOCH


def test_source_date_is_the_moment_that_the_site_speaks_of(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(START // SECOND + 86_400 * 31))
    files = build(logs, output=tmp_path / "site")
    assert json.loads(files["manifest.json"])["as_of_us"] == START + 31 * 24 * HOUR
    assert '"1 Feb 2026, 00:00 UTC, ' in files["static/stamp.css"].decode()
    assert "has stalled" in text_of(parse(files["pipelines/watch.html"]))


@pytest.mark.parametrize("value", ["yesterday", "1.5", "0x10", "-1", "99999999999999999999"])
def test_bad_source_date_is_refused_and_the_old_site_kept(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    before = build(logs, output=tmp_path / "site")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", value)
    with pytest.raises(InputError, match="SOURCE_DATE_EPOCH") as caught:
        build(logs, output=tmp_path / "site")
    assert caught.value.slug == "bad-source-date"
    assert read_site(tmp_path / "site") == before


def test_source_date_before_the_newest_record_is_that_of_the_newest_record(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = build(logs, output=tmp_path / "site")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    assert build(logs, output=tmp_path / "site") == without


# Errors


def break_logs(logs: Path) -> None:
    shutil.rmtree(logs)


def break_format(logs: Path) -> None:
    line = '{"kind":"log","ts":1,"seq":0,"format":2,"run":"r","writer":"main"}\n'
    (logs / "run-0" / "main.jsonl").write_text(line, "utf-8")


def break_file(logs: Path) -> None:
    (logs / "run-0" / "x.jsonl").mkdir()


def empty_logs(logs: Path) -> None:
    shutil.rmtree(logs)
    logs.mkdir()


@pytest.mark.parametrize("damage", [break_logs, break_format, break_file, empty_logs])
def test_logs_that_cannot_be_used_leave_the_old_site(logs: Path, tmp_path: Path, damage: object) -> None:
    before = build(logs, output=tmp_path / "out" / "site")
    damage(logs)  # type: ignore[operator]
    with pytest.raises(ReportgenError):
        build(logs, output=tmp_path / "out" / "site")
    assert read_site(tmp_path / "out") == {f"site/{url}": content for url, content in before.items()}


@pytest.mark.parametrize("n_good", [0, 1, 10, 20])
def test_disk_that_fills_up_leaves_the_old_site(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_good: int
) -> None:
    before = build(logs, output=tmp_path / "out" / "site")
    write_run(logs, "new", [run_start(), artifact("new")], at=START + 9 * HOUR)
    opened = Path.open
    n_written = 0

    def fill_up(path: Path, mode: str = "r", *rest: object, **options: object) -> object:
        nonlocal n_written
        if "x" in mode:
            n_written += 1
            if n_written > n_good:
                raise OSError(28, "No space left on device")
        return opened(path, mode, *rest, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", fill_up)
    with pytest.raises(OutputError, match="No space left on device"):
        build(logs, output=tmp_path / "out" / "site")
    monkeypatch.undo()
    assert read_site(tmp_path / "out") == {f"site/{url}": content for url, content in before.items()}


def test_page_that_cannot_be_made_leaves_the_old_site(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = build(logs, output=tmp_path / "out" / "site")

    def fail(*_: object) -> bytes:
        raise ZeroDivisionError

    write_run(logs, "new", [run_start(), artifact("new")], at=START + 9 * HOUR)
    monkeypatch.setattr("reportgen.making.to_parquet", fail)
    with pytest.raises(ZeroDivisionError):
        build(logs, output=tmp_path / "out" / "site")
    assert read_site(tmp_path / "out") == {f"site/{url}": content for url, content in before.items()}


def test_output_of_others_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "thesis.tex").write_text("…", "utf-8")
    with pytest.raises(OutputError):
        build(tmp_path / "nowhere", output=tmp_path / "site")
    assert read_site(tmp_path / "site") == {"thesis.tex": "…".encode()}


def test_build_only_reads_the_logs(logs: Path, tmp_path: Path) -> None:
    before = read_site(logs)
    times = {path: path.stat().st_mtime_ns for path in logs.rglob("*")}
    build(logs, output=tmp_path / "site")
    assert read_site(logs) == before
    assert {path: path.stat().st_mtime_ns for path in logs.rglob("*")} == times


# Sites as input


def test_site_of_a_site_is_the_same(logs: Path, tmp_path: Path) -> None:
    files = build(logs, output=tmp_path / "site")
    assert build(tmp_path / "site", output=tmp_path / "again") == files
    assert build(tmp_path / "site", output=tmp_path / "site") == files
    assert build(tmp_path / "site", logs, output=tmp_path / "both") == files


def test_site_goes_on_when_its_logs_are_gone(logs: Path, tmp_path: Path) -> None:
    whole = build(logs, output=tmp_path / "whole")
    (tmp_path / "new").mkdir()
    shutil.move(logs / "run-2", tmp_path / "new" / "run-2")
    write_run(tmp_path / "late", "run-3", [metric("late", 5)], writer="late", at=START + 4 * HOUR)
    build(logs, output=tmp_path / "site")
    shutil.rmtree(logs)
    assert build(tmp_path / "site", tmp_path / "new", output=tmp_path / "site") == whole
    files = build(tmp_path / "site", tmp_path / "late", output=tmp_path / "site")
    assert pq.read_table(tmp_path / "site/data/runs.parquet")["n_records"].to_pylist()[3] == 21
    assert b"late" in files["runs/run-3.html"]


def test_site_whose_tables_contradict_each_other_is_refused(logs: Path, tmp_path: Path) -> None:
    build(logs, output=tmp_path / "site")
    points = tmp_path / "site/data/points/2026-01-01.parquet"
    table = pq.read_table(points)
    pq.write_table(table.slice(0, 3), points, store_schema=False)
    with pytest.raises(InputError, match=r"the tables in .*data contradict each other") as caught:
        build(tmp_path / "site", logs, output=tmp_path / "again")
    assert caught.value.slug == "damaged-store"
    assert not (tmp_path / "again").exists()
