"""Sealing: what was read before is read after it, wherever it is killed, and a journal in use is left alone."""

from __future__ import annotations

import fcntl
import os
import resource
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from logs import artifact, end, list_metric, metric, run_start, step_start, write_run, write_small_project

import reportgen
from reportgen import cli
from reportgen.build import build_site
from reportgen.errors import InputError, OutputError
from reportgen.log import seal
from reportgen.log.find import find_journals
from reportgen.log.reader import RunRecords, read_run
from reportgen.log.seal import SealResult, find_finished, seal_journal, seal_logs
from reportgen.options import Options
from reportgen.records import Metric

ROOT = Path(__file__).resolve().parent.parent
DAY = 24 * 3600
RECORDS = [
    run_start("churn"),
    step_start("s1", "größe"),
    metric("loss", "NaN", step="s1"),
    *(list_metric("curve", [n / 7], step="s1") for n in range(50)),
    end(step="s1"),
    end(),
]
ODD_LINES = b"nonsense\n" + b'{"kind":"video","ts":1,"seq":99}\n' + b'{"kind":"metric","ts":1,"seq":2,"na'


def write_odd_run(log_dir: Path) -> Path:
    """Write a journal with a bit of everything that is no plain record."""
    path = write_run(log_dir, "run-1", RECORDS)
    path.write_bytes(path.read_bytes() + ODD_LINES)
    return path


def read(*log_dirs: Path) -> RunRecords:
    """Read log directories that hold a single run."""
    (files,) = find_journals(log_dirs).values()
    return read_run(files)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def make_old(path: Path, hours: float) -> None:
    at = time.time() - hours * 3600
    os.utime(path, (at, at))


# What sealing does


def test_sealed_journal_reads_the_same(tmp_path: Path) -> None:
    path = write_odd_run(tmp_path)
    before = read(tmp_path)
    size = path.stat().st_size
    result = seal_journal(path)
    segment = path.with_suffix(".parquet")
    assert result == SealResult(path, "sealed", "", size, segment.stat().st_size)
    assert names(tmp_path / "run-1") == ["main.parquet"]
    assert read(tmp_path) == before
    assert len(before.problems) == 2
    assert len(before.unknown) == 1


def test_reading_twice_and_beside_copies_changes_nothing(tmp_path: Path) -> None:
    write_odd_run(tmp_path / "logs")
    before = read(tmp_path / "logs")
    shutil.copytree(tmp_path / "logs", tmp_path / "open")
    seal_logs([tmp_path / "logs"])
    for log_dirs in (["logs", "logs"], ["logs", "open"], ["open", "logs"]):
        assert read(*(tmp_path / name for name in log_dirs)) == before


def test_file_mode_is_kept(tmp_path: Path) -> None:
    path = write_run(tmp_path, "run-1", RECORDS)
    path.chmod(0o640)
    seal_journal(path)
    assert stat.S_IMODE(path.with_suffix(".parquet").stat().st_mode) == 0o640


def test_site_of_sealed_logs_is_the_same_to_the_byte(tmp_path: Path) -> None:
    write_small_project(tmp_path / "logs")
    path = tmp_path / "logs" / "run-0" / "main.jsonl"
    path.write_bytes(path.read_bytes() + ODD_LINES)
    build_site([tmp_path / "logs"], tmp_path / "site", Options())
    results = seal_logs([tmp_path / "logs"], idle_hours=0)
    assert {result.outcome for result in results} == {"sealed"}
    assert not [*tmp_path.glob("logs/*/*.jsonl")]
    build_site([tmp_path / "logs"], tmp_path / "again", Options())
    before, after = (
        {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}
        for site in (tmp_path / "site", tmp_path / "again")
    )
    assert before == after


def test_writer_that_goes_on_after_sealing_is_merged_by_the_next_one(tmp_path: Path) -> None:
    path = write_run(tmp_path, "run-1", RECORDS)
    content = path.read_bytes()
    seal_journal(path)
    late = b'{"kind":"metric","ts":1767225700000000,"seq":90,"name":"late","value":1}\n'
    path.write_bytes(late + b"nonsense\n")
    between = read(tmp_path)
    assert isinstance(between.records["main", 90], Metric)
    assert seal_journal(path).outcome == "sealed"
    assert names(tmp_path / "run-1") == ["main.parquet"]
    assert read(tmp_path) == between
    path.with_suffix(".parquet").unlink()
    path.write_bytes(content + late)
    assert read(tmp_path).records == between.records


def test_journal_without_first_line_is_of_the_writer_of_the_segment_beside_it(tmp_path: Path) -> None:
    path = write_run(tmp_path, "run-1", RECORDS, "worker", folder="renamed")
    path = path.rename(path.with_name("copy.jsonl"))
    seal_journal(path)
    path.write_bytes(b'{"kind":"metric","ts":1767225700000000,"seq":90,"name":"late","value":1}\n')
    run = read(tmp_path)
    assert (run.run_id, {writer for writer, _ in run.records}) == ("run-1", {"worker"})
    seal_journal(path)
    assert read(tmp_path) == run


def test_sealing_the_same_journal_again_adds_nothing(tmp_path: Path) -> None:
    path = write_odd_run(tmp_path)
    content = path.read_bytes()
    seal_journal(path)
    once = path.with_suffix(".parquet").read_bytes()
    path.write_bytes(content)
    seal_journal(path)
    assert path.with_suffix(".parquet").read_bytes() == once


def test_empty_journal_leaves_its_run_behind(tmp_path: Path) -> None:
    (tmp_path / "run-1").mkdir()
    path = tmp_path / "run-1" / "main.jsonl"
    path.touch()
    before = read(tmp_path)
    assert seal_journal(path).outcome == "sealed"
    assert read(tmp_path) == before


# Killed in the middle

KILLED = """
import contextlib, os, sys
from pathlib import Path
import reportgen.log.segment
with contextlib.suppress(ImportError):
    import pandas  # which pyarrow would load in every child
from reportgen.log.seal import seal_journal

def die_at(n_calls):
    def wrap(real):
        def call(*arguments, **options):
            nonlocal n_calls
            if n_calls == 0:
                os._exit(9)
            n_calls -= 1
            return real(*arguments, **options)
        return call
    for name in ("fsync", "replace", "unlink", "chmod", "fstat", "open"):
        setattr(os, name, wrap(getattr(os, name)))

for n_calls, folder in enumerate(sys.argv[1:]):
    child = os.fork()
    if child == 0:
        die_at(n_calls)
        seal_journal(Path(folder) / "run-1" / "main.jsonl")
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def run_python(code: str, *arguments: Path) -> list[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.check_output(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, encoding="utf-8").split()


@pytest.mark.parametrize("has_segment", [False, True], ids=["first", "again"])
def test_killed_at_any_step_it_loses_and_doubles_nothing(tmp_path: Path, has_segment: bool) -> None:
    path = write_odd_run(tmp_path / "logs")
    if has_segment:
        seal_journal(path)
        path.write_bytes(b'{"kind":"metric","ts":1,"seq":90,"name":"late","value":1}\nmore nonsense\n')
    before = read(tmp_path / "logs")
    folders = [shutil.copytree(tmp_path / "logs", tmp_path / f"copy-{n}") for n in range(20)]
    codes = run_python(KILLED, *folders)
    n_steps = codes.count("9")
    assert codes == ["9"] * n_steps + ["0"] * (20 - n_steps)
    assert 8 < n_steps < 19
    seen = set()
    for folder in folders:
        seen.add(tuple(name.split(".")[-1] for name in names(folder / "run-1")))
        assert read(folder) == before
        seal_logs([folder])
        assert names(folder / "run-1") == ["main.parquet"]
        assert read(folder) == before
    old = ("parquet",) if has_segment else ()
    assert seen == {("jsonl", *old), ("sealing", "jsonl", *old), ("jsonl", "parquet"), ("parquet",)}


HALF_WRITTEN = """
import resource, signal, sys
from pathlib import Path
from reportgen.log.seal import seal_journal
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
seal_journal(Path(sys.argv[1]))
"""


def test_killed_while_it_writes_it_leaves_a_half_that_the_next_sealing_removes(tmp_path: Path) -> None:
    path = write_odd_run(tmp_path)
    before = read(tmp_path)
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run_python(HALF_WRITTEN, path)
    assert caught.value.returncode < 0
    (half,) = (tmp_path / "run-1").glob(".main.*.sealing")
    assert half.stat().st_size == 1000
    assert read(tmp_path) == before
    other = half.with_name(".main.copy.01234567.sealing")
    other.touch()
    seal_journal(path)
    assert names(tmp_path / "run-1") == [other.name, "main.parquet"]
    assert read(tmp_path) == before


# Journals in use


def test_journal_that_a_process_has_open_is_left_alone(tmp_path: Path) -> None:
    path = write_run(tmp_path, "run-1", RECORDS)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert seal_journal(path) == SealResult(path, "skipped", "still open")
        assert names(tmp_path / "run-1") == ["main.jsonl"]
    assert seal_journal(path).outcome == "sealed"


def test_run_that_is_being_recorded_is_left_alone() -> None:
    with reportgen.start_run("churn"):
        reportgen.record_metric_value("accuracy", 0.9)
        (result,) = seal_logs([Path("runs")], idle_hours=0)
        assert (result.outcome, result.reason) == ("skipped", "still open")
    (result,) = seal_logs([Path("runs")])
    assert result.outcome == "sealed"
    assert [record.value for record in read(Path("runs")).records.values() if isinstance(record, Metric)] == [0.9]


def test_file_system_without_locks_goes_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    path = write_run(tmp_path, "run-1", RECORDS)
    assert seal_journal(path).outcome == "sealed"


@pytest.mark.parametrize("step", ["_write_temporary", "_compare", "_sync_folder"])
def test_journal_that_grows_meanwhile_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    path = write_run(tmp_path, "run-1", RECORDS)
    real = getattr(seal, step)

    def grow(*arguments: Any) -> Any:
        monkeypatch.setattr(seal, step, real)
        result = real(*arguments)
        with path.open("ab") as file:
            file.write(b'{"kind":"metric","ts":1,"seq":90,"name":"late","value":1}\n')
        return result

    monkeypatch.setattr(seal, step, grow)
    assert seal_journal(path) == SealResult(path, "skipped", "changed meanwhile")
    run = read(tmp_path)
    assert (len(run.records), ("main", 90) in run.records) == (len(RECORDS) + 2, True)
    assert run.problems == []
    assert [name for name in names(tmp_path / "run-1") if name.endswith(".sealing")] == []
    assert seal_journal(path).outcome == "sealed"
    assert read(tmp_path) == run


def test_journal_that_another_process_sealed_first_is_passed_over(tmp_path: Path) -> None:
    path = write_run(tmp_path, "run-1", RECORDS)
    seal_journal(path)
    assert seal_journal(path) == SealResult(path, "skipped", "gone meanwhile")


def test_journal_that_was_replaced_while_it_was_opened_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_run(tmp_path, "run-1", RECORDS)
    content = path.read_bytes()

    def replace(journal: Any) -> bool:
        path.unlink()
        path.write_bytes(content)
        return True

    monkeypatch.setattr(seal, "_lock", replace)
    assert seal_journal(path) == SealResult(path, "skipped", "changed meanwhile")
    assert path.read_bytes() == content


# What cannot be sealed


@pytest.fixture
def full_disk() -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_full_disk_leaves_the_journal_and_nothing_else(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path = write_run(tmp_path, "run-1", RECORDS)
    content = path.read_bytes()
    request.getfixturevalue("full_disk")
    with pytest.raises(
        OutputError, match=r"main\.jsonl cannot be sealed \(File too large\): the journal is as it was"
    ) as caught:
        seal_journal(path)
    assert caught.value.slug == "cannot-seal"
    assert names(tmp_path / "run-1") == ["main.jsonl"]
    assert path.read_bytes() == content


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_stopped_sealing_leaves_the_journal_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    path = write_run(tmp_path, "run-1", RECORDS)

    def stop(*_: object) -> None:
        raise error

    for step in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, step, stop)
            with pytest.raises(error):
                seal_journal(path)
        assert names(tmp_path / "run-1") == ["main.jsonl"]


@pytest.mark.parametrize("damage", [lambda content: content[:-9], lambda content: content.replace(b"PAR1", b"PAR2")])
def test_segment_that_reads_back_damaged_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Any
) -> None:
    path = write_run(tmp_path, "run-1", RECORDS)
    real = seal.read_segment

    def spoil(segment: Path) -> Any:
        segment.write_bytes(damage(segment.read_bytes()))
        return real(segment)

    monkeypatch.setattr(seal, "read_segment", spoil)
    with pytest.raises(OutputError, match="what was written is not a whole segment"):
        seal_journal(path)
    assert names(tmp_path / "run-1") == ["main.jsonl"]


def test_segment_that_reads_back_as_other_records_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_run(tmp_path, "run-1", RECORDS)
    real = seal.read_segment
    changes: list[Any] = [
        lambda lines: lines[:-1],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [lines[0]._replace(number=2), *lines[1:]],
        lambda lines: [lines[0]._replace(record=lines[1].record), *lines[1:]],
        lambda lines: [lines[0]._replace(record=None, raw=b"x"), *lines[1:]],
    ]
    for change in changes:
        monkeypatch.setattr(seal, "read_segment", lambda segment, change=change: change([*real(segment)]))
        with pytest.raises(OutputError, match="does not read back as the same records"):
            seal_journal(path)
        assert names(tmp_path / "run-1") == ["main.jsonl"]


def test_damaged_segment_beside_the_journal_is_not_overwritten(tmp_path: Path) -> None:
    path = write_run(tmp_path, "run-1", RECORDS)
    path.with_suffix(".parquet").write_bytes(b"PAR1")
    with pytest.raises(OutputError, match=r"main\.parquet beside it is not a whole segment .*: move that away"):
        seal_journal(path)
    assert path.with_suffix(".parquet").read_bytes() == b"PAR1"
    assert path.exists()


def test_segment_of_another_writer_is_not_joined(tmp_path: Path) -> None:
    other = write_run(tmp_path, "run-1", RECORDS, "other")
    seal_journal(other)
    path = write_run(tmp_path, "run-1", RECORDS)
    other.with_suffix(".parquet").rename(path.with_suffix(".parquet"))
    with pytest.raises(OutputError, match=r"main\.parquet beside it is of writer other of run run-1"):
        seal_journal(path)
    assert names(tmp_path / "run-1") == ["main.jsonl", "main.parquet"]


# Which journals are finished


def finished(log_dir: Path, **options: Any) -> list[str]:
    return [file.label for file in find_finished([log_dir], **options)]


def test_journals_of_a_run_are_finished_when_any_of_them_says_that_the_run_ended(tmp_path: Path) -> None:
    write_run(tmp_path, "ended", [run_start(), end()])
    write_run(tmp_path, "ended", [metric("a", 1)], "worker")
    write_run(tmp_path, "running", [run_start(), step_start("s1"), end(step="s1")])
    assert finished(tmp_path) == ["ended/main.jsonl", "ended/worker.jsonl"]
    seal_journal(tmp_path / "ended" / "main.jsonl")
    assert finished(tmp_path) == ["ended/worker.jsonl"]


def test_journals_of_a_run_without_end_are_finished_after_a_day_without_records(tmp_path: Path) -> None:
    young, old = (write_run(tmp_path, "run-1", [run_start()], writer) for writer in ("main", "worker"))
    make_old(old, 100)
    make_old(young, 23.9)
    assert finished(tmp_path) == []
    make_old(young, 24.1)
    assert finished(tmp_path) == ["run-1/main.jsonl", "run-1/worker.jsonl"]
    assert finished(tmp_path, idle_hours=24.2) == []
    assert len(finished(tmp_path, idle_hours=1)) == 2


def test_run_of_that_name_alone_is_looked_at(tmp_path: Path) -> None:
    write_run(tmp_path, "a", [run_start(), end()])
    write_run(tmp_path, "b", [run_start(), end()])
    assert finished(tmp_path, run_id="b") == ["b/main.jsonl"]
    with pytest.raises(InputError) as caught:
        find_finished([tmp_path], run_id="c")
    assert caught.value.slug == "no-such-run"


def test_journal_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    for run_id in ("a", "b", "c"):
        write_run(tmp_path, run_id, [run_start(), end()])
    (tmp_path / "b" / "main.parquet").write_bytes(b"PAR1")
    results = seal_logs([tmp_path])
    assert [result.outcome for result in results] == ["sealed", "failed", "sealed"]
    assert "main.parquet beside it" in results[1].reason


# The command


def test_command_seals_what_build_would_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(tmp_path / "runs", "run-1", [run_start(), artifact("a", data="word " * 1_000_000), end()])
    assert cli.run(["seal"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == f"1 journal sealed: 5.0 MB before, {size_of(tmp_path):.1f} kB after"
    assert err == ""
    assert cli.run(["seal", "runs"]) == 0
    assert capsys.readouterr() == ("nothing to seal\n", "")


def size_of(folder: Path) -> float:
    (segment,) = folder.glob("runs/run-1/main.parquet")
    return segment.stat().st_size / 1000


def test_command_says_what_it_would_seal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_run(tmp_path / "runs", "run-1", [run_start(), end()])
    assert cli.run(["seal", "--dry-run"]) == 0
    size = f"{path.stat().st_size / 1000:.1f} kB"
    assert capsys.readouterr() == (f"runs/run-1/main.jsonl\n1 journal would be sealed, {size}\n", "")
    assert path.exists()


def test_command_seals_one_run_or_idle_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for run_id in ("a", "b"):
        make_old(write_run(tmp_path / "runs", run_id, [run_start()]), 2)
    assert cli.run(["seal"]) == 0
    assert capsys.readouterr().out == "nothing to seal\n"
    assert cli.run(["seal", "--idle", "1.5", "--run", "a"]) == 0
    assert "1 journal sealed" in capsys.readouterr().out
    assert [*tmp_path.glob("runs/*/*.parquet")] == [tmp_path / "runs" / "a" / "main.parquet"]


def test_command_names_open_and_failed_journals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    busy = write_run(tmp_path / "runs", "a", [run_start(), end()])
    bad = write_run(tmp_path / "runs", "b", [run_start(), end()]).with_suffix(".parquet")
    bad.write_bytes(b"PAR1")
    with busy.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert cli.run(["seal"]) == 1
        out, err = capsys.readouterr()
        skipped, failed = err.splitlines()
        assert skipped == "skipped: runs/a/main.jsonl: still open"
        assert failed.startswith("failed: runs/b/main.jsonl cannot be sealed (main.parquet beside it is ")
        assert out.splitlines()[-1] == "nothing was sealed"
        assert cli.run(["seal", "-q"]) == 1
        assert [line.partition(":")[0] for line in capsys.readouterr().err.splitlines()] == ["failed"]
        bad.unlink()
        assert cli.run(["seal", "-q"]) == 0
        assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (["nowhere"], 1, "there is no log directory nowhere"),
        (["--run", "x"], 1, "there is no run 'x'"),
        (["--idle", "-1"], 2, "--idle"),
        (["--idle", "long"], 2, "--idle"),
        (["--idle", "nan"], 2, "--idle"),
    ],
)
def test_wrong_input_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, what: str
) -> None:
    write_run(tmp_path / "runs", "run-1", [run_start(), end()])
    assert cli.run(["seal", *arguments]) == code
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert (out, line.startswith("error: "), what in line) == ("", True, True)
