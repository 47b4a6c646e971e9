"""Runs whose log directory is in an object store: recorded on this machine, sent in parts, and nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from objectstore import Bucket

import reportgen
from reportgen import cli, outbox
from reportgen.errors import InputError, OutputError

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def senders_end() -> Iterator[None]:
    yield
    outbox.close_senders()


@pytest.fixture
def place(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A bucket that this process and its children record to."""
    monkeypatch.setenv("REPORTGEN_LOG_DIR", bucket.url("runs"))
    return bucket


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"import reportgen, os, sys, signal\n{code}"],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def waiting(tmp_path: Path) -> list[str]:
    """What is in the outbox of this user."""
    return sorted(path.name for path in (tmp_path / "state").rglob("*") if path.is_file())


def wait_for(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def values_of(bucket: Bucket, name: str) -> list[float]:
    return sorted(found["value"] for found in reportgen.get_metrics(name, log_dir=bucket.url("runs")))


def n_missing(bucket: Bucket) -> int:
    rows = reportgen.open_logs(bucket.url("runs")).runs.to_pylist()
    return sum(row["n_missing"] for row in rows)


# Sending


def test_run_is_in_the_store_when_it_ends_and_no_longer_here(place: Bucket, tmp_path: Path) -> None:
    with reportgen.start_run("churn") as run, run.step("train"):
        reportgen.record_metric_value("accuracy", 0.5)
        reportgen.create_markdown_artifact("# Done", key="summary")
        reportgen.create_image_artifact(b"\x89PNG\r\n\x1a\n" + b"0" * 30, key="picture")
        assert run.log_dir == place.url("runs")
    (blob,) = [name for name in place.names("runs") if "/blobs/" in name]
    assert place.names("runs") == sorted([blob, f"runs/{run.id}/main.part-00001.jsonl"])
    assert waiting(tmp_path) == []
    assert values_of(place, "accuracy") == [0.5]
    assert n_missing(place) == 0
    found = reportgen.Artifact.get("summary")
    assert found is not None
    assert found.data == "# Done"


def test_run_that_goes_on_is_sent_as_far_as_it_is(place: Bucket) -> None:
    with reportgen.start_run("churn") as run:
        reportgen.record_metric_value("a", 1)
        run.flush()
        assert values_of(place, "a") == [1]
        reportgen.record_metric_value("b", 2)
        run.flush()
        assert place.names("runs") == [f"runs/{run.id}/main.part-00001.jsonl"]
        assert values_of(place, "b") == [2]
        reportgen.create_markdown_artifact("here", key="summary")
        found = reportgen.Artifact.get("summary")
        assert found is not None  # what was just recorded is found, as in a folder


def test_run_is_sent_now_and_then(place: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_INTERVAL_S", 0.05)
    with reportgen.start_run("churn") as run:
        wait_for(lambda: place.names("runs") != [])
        reportgen.record_metric_value("a", 1)
        wait_for(lambda: b'"name":"a"' in place.get(f"runs/{run.id}/main.part-00001.jsonl"))


@pytest.mark.parametrize("damage", [None, b"", b"{", b"[]", b'{"parts": {"main": 3}, "blobs": []}'])
def test_large_journal_is_sent_in_parts_each_of_which_says_whose_it_is(
    place: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes | None
) -> None:
    monkeypatch.setattr(outbox, "_PART_BYTES", 1_000)
    with reportgen.start_run("churn") as run:
        for number in range(100):
            reportgen.record_metric_value(f"m{number}", number)
            if number == 60:
                run.flush()
                before = place.contents("runs")
                if damage is not None:
                    (path,) = (tmp_path / "state").rglob(".sent")
                    path.write_bytes(damage)
    parts = place.contents("runs")
    assert len(parts) > 4
    assert [*parts] == [f"{run.id}/main.part-{number:05}.jsonl" for number in range(1, len(parts) + 1)]
    assert all(content.startswith(b'{"kind":"log"') and content.endswith(b"\n") for content in parts.values())
    assert all(parts[name] == content for name, content in [*before.items()][:-1])
    assert [values_of(place, f"m{number}") for number in range(100)] == [[number] for number in range(100)]
    assert n_missing(place) == 0


def test_line_that_is_being_written_is_sent_when_it_is_whole(place: Bucket, tmp_path: Path) -> None:
    with reportgen.start_run("churn") as run:
        run.flush()
        (journal,) = (tmp_path / "state").rglob("main.jsonl")
        whole = journal.read_bytes()
        with journal.open("ab") as file:
            file.write(b'{"kind":"metric","name":"half')
            file.flush()
            run.flush()
            assert place.get(f"runs/{run.id}/main.part-00001.jsonl") == whole
            file.write(b'","value":1,"ts":1,"seq":2}\n')
        run.flush()
        assert b"half" in place.get(f"runs/{run.id}/main.part-00001.jsonl")


def test_record_after_the_end_is_in_a_journal_of_its_own(place: Bucket) -> None:
    code = "with reportgen.start_run('churn') as run: reportgen.record_metric_value('a', 1)\n"
    code += "run.record('metric', name='a', value=2)"
    done = run_python(code)
    assert (done.returncode, done.stderr) == (0, "")
    assert values_of(place, "a") == [2]
    assert len(place.names("runs")) == 2
    assert n_missing(place) == 0


# Processes


@pytest.mark.parametrize(
    "ending", ["", "sys.exit(3)", "raise ValueError", "import pyarrow.fs"], ids=["end", "exit", "error", "client"]
)
def test_run_without_a_block_is_sent_when_python_exits(place: Bucket, tmp_path: Path, ending: str) -> None:
    done = run_python(f"run = reportgen.start_run('churn')\nreportgen.record_metric_value('a', 1)\n{ending}")
    assert "reportgen could not" not in done.stderr
    assert values_of(place, "a") == [1]
    (row,) = reportgen.open_logs(place.url("runs")).runs.to_pylist()
    assert row["status"] == ("failed" if ending.startswith("raise") else "completed")
    assert waiting(tmp_path) == []


def test_children_record_into_the_run(place: Bucket, tmp_path: Path) -> None:
    code = """
import multiprocessing, subprocess
def record(value): reportgen.record_metric_value(f"forked-{value}", value)
with reportgen.start_run("churn") as run:
    run.flush()
    forked = [multiprocessing.get_context("fork").Process(target=record, args=(n,)) for n in range(3)]
    for process in forked: process.start()
    for process in forked: process.join()
    subprocess.run([sys.executable, "-c", "import reportgen; reportgen.record_metric_value('joined', 7)"], check=True)
"""
    done = run_python(code)
    assert (done.returncode, done.stderr) == (0, "")
    assert [values_of(place, f"forked-{n}") for n in range(3)] == [[0], [1], [2]]
    assert values_of(place, "joined") == [7]
    assert waiting(tmp_path) == []
    assert len(reportgen.open_logs(place.url("runs")).runs) == 1


def test_what_a_killed_process_left_is_sent_by_the_next(place: Bucket, tmp_path: Path) -> None:
    killed = "reportgen.start_run('churn')\nreportgen.record_metric_value('a', 1)\nos.kill(os.getpid(), signal.SIGKILL)"
    assert run_python(killed).returncode == -signal.SIGKILL
    assert "main.jsonl" in waiting(tmp_path)
    with reportgen.start_run("churn"):
        reportgen.record_metric_value("b", 2)
    outbox.close_senders()
    assert (values_of(place, "a"), values_of(place, "b")) == ([1], [2])
    assert waiting(tmp_path) == []


# What goes wrong


def test_store_that_cannot_be_written_costs_a_warning_and_the_records_stay(place: Bucket, tmp_path: Path) -> None:
    missing = place.url("runs").replace(place.name, f"{place.name}-missing")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with reportgen.start_run("churn", log_dir=missing) as run:
            reportgen.record_metric_value("a", 1)
            run.flush()
        outbox.close_senders()
    said = [str(one.message) for one in caught if one.category is RuntimeWarning]
    assert len(said) == 1
    assert f"s3://{place.name}-missing/runs: there is no such bucket" in said[0]
    assert "the next process that records there sends them" in said[0]
    assert "main.jsonl" in waiting(tmp_path)
    place.client.create_bucket(Bucket=f"{place.name}-missing")
    with reportgen.start_run("churn", log_dir=missing):
        pass
    outbox.close_senders()
    assert waiting(tmp_path) == []
    assert [found["value"] for found in reportgen.get_metrics("a", log_dir=missing)] == [1]


def test_store_that_cannot_be_written_is_an_error_where_recording_is_strict(bucket: Bucket) -> None:
    Path("reportgen.toml").write_text("strict = true\n", "utf-8")
    url = bucket.url("runs").replace(bucket.name, f"{bucket.name}-missing")
    run = reportgen.start_run("churn", log_dir=url)
    with pytest.raises(OutputError, match="there is no such bucket"):
        run.end()
    bucket.client.create_bucket(Bucket=f"{bucket.name}-missing")


@pytest.mark.parametrize("url", ["ftp://host/runs", "s3://", "s3:///?region=x"])
def test_what_is_no_url_of_a_store_is_refused_when_the_run_begins(url: str) -> None:
    with pytest.raises(InputError) as caught:
        reportgen.start_run("churn", log_dir=url)
    assert caught.value.slug == "bad-url"


def test_credentials_of_the_url_are_in_no_message_and_no_file(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = bucket.url("runs").replace("s3://", "s3://KEY:SECRET@").replace(bucket.name, f"{bucket.name}-missing")
    with warnings.catch_warnings(record=True) as caught, reportgen.start_run("churn", log_dir=url) as run:
        warnings.simplefilter("always")
        run.flush()
    assert not any("SECRET" in str(one.message) for one in caught)
    found = [path for path in (tmp_path / "state").rglob("*") if path.is_file() and b"SECRET" in path.read_bytes()]
    assert found == []


def test_outbox_that_cannot_be_written_costs_a_warning(
    place: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with reportgen.start_run("churn"):
            reportgen.record_metric_value("a", 1)
        outbox.close_senders()
    said = sorted(str(one.message).partition(str(tmp_path))[0] for one in caught)
    assert said == ["reportgen could not send what was recorded: ", "reportgen could not write to "]


def test_disabled_recording_sends_nothing(place: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_DISABLED", "1")
    with reportgen.start_run("churn") as run:
        reportgen.record_metric_value("a", 1)
        run.flush()
    assert (place.names(), waiting(tmp_path)) == ([], [])


# From the shell


def test_commands_record_into_a_store(place: Bucket, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = f"{sys.executable} -m reportgen log metric a 1 && {sys.executable} -m reportgen log markdown hello --key k"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "reportgen", "exec", "--pipeline", "nightly", "--", "sh", "-c", script]
    done = subprocess.run(command, env=environment, check=False, timeout=120)
    assert (done.returncode, capfd.readouterr().err) == (0, "")
    (row,) = reportgen.open_logs(place.url("runs")).runs.to_pylist()
    assert (row["pipeline"], row["status"]) == ("nightly", "completed")
    assert values_of(place, "a") == [1]
    assert waiting(tmp_path) == []
    assert cli.run(["log", "metric", "b", "2", "--run", row["run_id"]]) == 0
    assert values_of(place, "b") == [2]


def test_command_with_a_run_that_is_not_there_says_so(place: Bucket, capsys: pytest.CaptureFixture[str]) -> None:
    run_id = "0190b4c6-0000-7000-8000-00000000000a"
    assert cli.run(["log", "metric", "a", "1", "--run", run_id]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: there is no run {run_id!r} in s3://{place.name}/runs: ")
    assert place.names() == []
