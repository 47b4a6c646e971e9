"""Runs that seal their journal when they end."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pytest
from recording import run_python

import reportgen
from reportgen.log import seal
from reportgen.log.find import find_journals
from reportgen.log.reader import read_run
from reportgen.recorder import run as run_module
from reportgen.records import End, Metric


def files() -> list[str]:
    return sorted(path.name for path in Path("runs").glob("*/*"))


def names_read() -> list[str]:
    (found,) = find_journals([Path("runs")]).values()
    return [record.name for record in read_run(found).records.values() if isinstance(record, Metric)]


def record_run(n: int = 3) -> None:
    with reportgen.start_run("churn"):
        for number in range(n):
            reportgen.record_metric_value(f"m{number}", number)


def test_journal_of_usual_size_stays_a_journal() -> None:
    record_run()
    assert files() == ["main.jsonl"]


def test_journal_is_sealed_where_that_is_configured() -> None:
    Path("reportgen.toml").write_text('log_format = "parquet"')
    record_run()
    assert files() == ["main.parquet"]
    assert names_read() == ["m0", "m1", "m2"]


def test_large_journal_is_sealed_when_its_run_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "_LARGE_JOURNAL", 5_000)
    record_run(100)
    assert files() == ["main.parquet"]
    assert names_read() == [f"m{number}" for number in range(100)]


def test_failed_run_is_sealed_with_its_error() -> None:
    Path("reportgen.toml").write_text('log_format = "parquet"')
    with pytest.raises(ValueError, match="wrong"), reportgen.start_run("churn"):
        raise ValueError("wrong")
    (found,) = find_journals([Path("runs")]).values()
    (end,) = [record for record in read_run(found).records.values() if isinstance(record, End)]
    assert end.error is not None
    assert end.error.message == "wrong"


def test_record_after_the_end_goes_into_a_new_journal_and_is_read_with_the_others() -> None:
    Path("reportgen.toml").write_text('log_format = "parquet"')
    with reportgen.start_run("churn") as run:
        reportgen.record_metric_value("early", 1)
    run.record("metric", name="late", value=2.0)
    assert files() == ["main.jsonl", "main.parquet"]
    assert names_read() == ["early", "late"]


def test_sealing_that_fails_leaves_the_journal_and_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise OSError("No space left on device")

    Path("reportgen.toml").write_text('log_format = "parquet"')
    monkeypatch.setattr(seal, "_write_temporary", fail)
    with pytest.warns(RuntimeWarning, match="could not seal a journal, which stays as it is: .*No space left"):
        record_run()
    assert files() == ["main.jsonl"]
    assert names_read() == ["m0", "m1", "m2"]


def test_sealing_without_pyarrow_leaves_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("reportgen.toml").write_text('log_format = "parquet"')
    monkeypatch.delitem(sys.modules, "reportgen.log.segment", raising=False)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the job goes on where warnings are errors
        record_run()
    assert files() == ["main.jsonl"]


JOIN = """
import os, subprocess, sys, reportgen
with reportgen.start_run("churn"):
    child = "import reportgen; reportgen.record_metric_value('of-the-child', 1)"
    subprocess.run([sys.executable, "-c", child], check=True)
reportgen.start_run("forgotten")
"""


def test_what_exits_without_an_end_leaves_journals_for_the_command() -> None:
    Path("reportgen.toml").write_text('log_format = "parquet"')
    assert run_python(JOIN).stderr == ""
    assert sorted(Path(name).suffix for name in files()) == [".jsonl", ".jsonl", ".parquet"]
    results = seal.seal_logs([Path("runs")])
    assert [result.outcome for result in results] == ["sealed", "sealed"]
    assert {Path(name).suffix for name in files()} == {".parquet"}


def test_other_status_is_refused() -> None:
    run = reportgen.start_run("churn")
    with pytest.raises(ValueError, match="status must be one of completed, failed, cancelled, not 'done'"):
        run.end("done")  # type: ignore[arg-type]
    assert not run.has_ended
    run.end("cancelled")
