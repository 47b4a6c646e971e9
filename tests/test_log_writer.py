"""Appending: one line a record, whatever happens to the process, its children or the disk."""

from __future__ import annotations

import errno
import hashlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st
from logs import PNG
from recording import ROOT, Fields, journals_of, run_python

import reportgen
from reportgen.compact.rows import compact_run
from reportgen.jsontext import encode_text
from reportgen.log import writer
from reportgen.log.find import find_journals
from reportgen.log.layout import blob_name
from reportgen.log.reader import read_run
from reportgen.log.writer import Journal, new_writer, open_line
from reportgen.records import Metric

RUN = "018f0000-0000-7000-8000-000000000000"
LOGS = Path("logs")


@pytest.fixture
def journal() -> Iterator[Journal]:
    journal = Journal(LOGS, RUN, "main")
    yield journal
    journal.close()


def append(journal: Journal, *names: str) -> None:
    for name in names:
        journal.append(open_line("metric", name=name, value=1.0))


def blob_path(name: str) -> Path:
    return LOGS / blob_name(RUN, name)


def lines(name: str = "main") -> list[bytes]:
    return (LOGS / RUN / f"{name}.jsonl").read_bytes().splitlines(keepends=True)


def good_records(name: str = "main") -> list[Fields]:
    return [json.loads(line) for line in lines(name) if line.endswith(b"}\n")]


def names_of(records: list[Fields]) -> list[str]:
    return [record["name"] for record in records if record["kind"] == "metric"]


# Lines


def test_nothing_is_made_before_the_first_record() -> None:
    Journal(LOGS, RUN, "main").close()
    assert not LOGS.exists()


def test_first_line_says_format_run_and_writer(journal: Journal) -> None:
    append(journal, "a")
    first = json.loads(lines()[0])
    assert {name: first[name] for name in ("kind", "seq", "format", "run", "writer")} == {
        "kind": "log",
        "seq": 0,
        "format": 1,
        "run": RUN,
        "writer": "main",
    }


def test_records_are_lines_numbered_from_zero(journal: Journal) -> None:
    append(journal, *"abcd")
    assert all(line.endswith(b"\n") for line in lines())
    assert [record["seq"] for record in good_records()] == [0, 1, 2, 3, 4]
    assert names_of(good_records()) == [*"abcd"]


def test_record_has_the_time_of_its_call(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([1_000_000_000_000_001_999, 2_000_000_000_000_000_000, 1_500_000_000_000_000_000])
    monkeypatch.setattr(writer, "time_ns", lambda: next(times))
    journal = Journal(LOGS, RUN, "main")
    append(journal, "a", "b")
    journal.close()
    assert [record["ts"] for record in good_records()] == [
        1_000_000_000_000_001,
        2_000_000_000_000_000,
        1_500_000_000_000_000,
    ]


def test_record_is_in_the_file_when_the_call_returns_with_one_write(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(journal, "a")
    written: list[bytes] = []
    write = os.write
    monkeypatch.setattr(writer, "write", lambda file, data: written.append(data) or write(file, data))
    append(journal, "b")
    assert written == [lines()[-1]]


@pytest.mark.parametrize(("durability", "n_syncs"), [("process", 0), ("disk", 3)])
def test_durability_decides_on_fsync(
    durability: Literal["process", "disk"], n_syncs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    journal = Journal(LOGS, RUN, "main", durability=durability)
    append(journal, "a", "b")
    journal.close()
    assert len(synced) == n_syncs


def test_closed_journal_opens_again(journal: Journal) -> None:
    append(journal, "a")
    journal.close()
    journal.close()
    append(journal, "b")
    assert [record["seq"] for record in good_records()] == [0, 1, 2]
    assert names_of(good_records()) == ["a", "b"]


def test_record_with_newlines_is_one_line(journal: Journal) -> None:
    journal.append(open_line("artifact", data="a\nb\r\n\u2028c\x85\x00"))
    assert len(lines()) == 2
    assert good_records()[1]["data"] == "a\nb\r\n\u2028c\x85\x00"


@given(st.text(st.characters(), max_size=20))
def test_any_text_has_a_line(text: str) -> None:
    fields = json.loads(encode_text(open_line("artifact", description=text, data={text: [text]}) + "}"))
    clean = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert (fields["kind"], fields["description"], fields["data"]) == ("artifact", clean, {clean: [clean]})


@pytest.mark.parametrize("lone", ["\ud800", "\ud800a", "\udc00\ud800"])
def test_half_of_a_surrogate_pair_costs_no_other_character(lone: str, journal: Journal) -> None:
    append(journal, "before")
    append(journal, f"<{lone}>", "after")
    clean = "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in lone)
    assert names_of(good_records()) == ["before", f"<{clean}>", "after"]
    assert [record["seq"] for record in good_records()] == [0, 1, 2, 3]


def test_whole_surrogate_pair_is_its_character() -> None:
    assert encode_text("\ud83d\ude00") == "😀".encode()


def test_what_has_no_json_form_is_refused_before_it_takes_a_number(journal: Journal) -> None:
    append(journal, "a")
    with pytest.raises(TypeError, match="object is not JSON serializable"):
        open_line("artifact", data=object())
    append(journal, "b")
    assert [record["seq"] for record in good_records()] == [0, 1, 2]


def test_numbers_go_on_when_the_encoder_changes(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[bool] = []
    monkeypatch.setattr(writer, "MANY_RECORDS", 4)
    monkeypatch.setattr(writer, "load_fast_encoder", lambda: loaded.append(True))
    append(journal, *"abcdefgh")
    assert names_of(good_records()) == [*"abcdefgh"]
    assert [record["seq"] for record in good_records()] == [*range(9)]
    assert loaded == [True]


def test_names_of_writers_differ() -> None:
    assert len({new_writer() for _ in range(100)}) == 100


def test_folder_that_is_removed_for_empty_just_now_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    open_file = os.open
    removed: list[Path] = []

    def open_later(path: str, *arguments: Any) -> int:
        if len(removed) < 3:
            removed.append(Path(path).parent)
            removed[-1].rmdir()
        return open_file(path, *arguments)

    monkeypatch.setattr(os, "open", open_later)
    append(Journal(LOGS, RUN, "main", strict=True), "a")
    assert removed == [LOGS / RUN] * 3
    removed.clear()
    blob = Journal(LOGS, "another", "main", strict=True).add_blob(PNG, "png")
    assert removed == [LOGS / "another/blobs"] * 3
    assert (removed[0] / blob).read_bytes() == PNG


# Threads and processes


def test_threads_write_every_record_once_and_in_order(journal: Journal) -> None:
    start = threading.Barrier(8)

    def work(thread: int) -> None:
        start.wait()
        for n in range(500):
            append(journal, f"{thread}-{n}")

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = good_records()
    assert [record["seq"] for record in records] == [*range(4001)]
    assert sorted(names_of(records)) == sorted(f"{thread}-{n}" for thread in range(8) for n in range(500))
    for thread in range(8):
        mine = [name for name in names_of(records) if name.startswith(f"{thread}-")]
        assert mine == [f"{thread}-{n}" for n in range(500)]


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")


@needs_fork
def test_forked_child_writes_a_journal_of_its_own(journal: Journal) -> None:
    append(journal, "before")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads of the test runner
        child = os.fork()
    if child == 0:
        try:
            append(journal, "child-1", "child-2")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    append(journal, "after")
    theirs, mine = sorted(journals_of(LOGS).items(), key=lambda item: item[0].endswith("/main.jsonl"))
    assert names_of(mine[1]) == ["before", "after"]
    assert names_of(theirs[1]) == ["child-1", "child-2"]
    assert [record["seq"] for record in theirs[1]] == [0, 1, 2]
    assert theirs[0] == f"{RUN}/{theirs[1][0]['writer']}.jsonl"
    assert theirs[1][0]["run"] == RUN


@needs_fork
def test_fork_while_another_thread_holds_the_lock_does_not_hang(journal: Journal) -> None:
    append(journal, "before")
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with journal._lock:
            held.set()
            release.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside a thread is what is tested
        child = os.fork()
    if child == 0:
        try:
            signal.alarm(20)  # a hang would end in a signal, which the parent sees
            append(journal, "child")
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    release.set()
    thread.join()
    assert status == 0
    assert sorted(name for records in journals_of(LOGS).values() for name in names_of(records)) == ["before", "child"]


def record_in_child(name: str) -> None:
    reportgen.record_metric_value(name, 1)


def test_spawned_processes_join_with_journals_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with reportgen.start_run("churn", log_dir=LOGS) as run:
        monkeypatch.setenv("REPORTGEN_LOG_DIR", str(LOGS.absolute()))
        monkeypatch.setenv("REPORTGEN_RUN_ID", run.id)
        context = multiprocessing.get_context("spawn")
        children = [context.Process(target=record_in_child, args=(f"child-{n}",)) for n in range(2)]
        for child in children:
            child.start()
        for child in children:
            child.join()
            assert child.exitcode == 0
            child.close()
    written = {tuple(names_of(records)) for records in journals_of(LOGS).values()}
    assert written == {(), ("child-0",), ("child-1",)}
    (journals,) = find_journals([LOGS]).values()
    assert len(read_run(journals).records) == 3 + 2 * 2


KILLED = """
import os, sys
from pathlib import Path
from reportgen.log.writer import open_line
from reportgen.log.writer import Journal
journal = Journal(Path("logs"), sys.argv[1], "main")
n = 0
while True:
    journal.append(open_line("metric", name=str(n), value=1.0))
    os.write(1, b"%d\\n" % n)
    n += 1
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on this system")
def test_what_a_call_acknowledged_survives_sigkill() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    runs = [f"run-{n}" for n in range(10)]
    jobs = [
        subprocess.Popen([sys.executable, "-c", KILLED, run], stdout=subprocess.PIPE, env=environment) for run in runs
    ]
    for n, (run, job) in enumerate(zip(runs, jobs, strict=True)):
        with job:
            assert job.stdout is not None
            acknowledged = [job.stdout.readline() for _ in range(1 + 37 * n)]
            job.kill()
            acknowledged += [line for line in job.stdout if line.endswith(b"\n")]
        records = read_run(find_journals([LOGS])[run])
        names = [record.name for record in records.records.values() if isinstance(record, Metric)]
        assert names[: len(acknowledged)] == [line.decode().strip() for line in acknowledged]
        assert len(names) <= len(acknowledged) + 1
        n_lines = len((LOGS / run / "main.jsonl").read_bytes().splitlines())
        assert [problem.line for problem in records.problems] in ([], [n_lines])


# A disk that fails


class Write(Protocol):
    def __call__(self, file: int, data: bytes, /) -> int: ...


class Disk:
    """Stands in for `os.write`: takes `room` bytes, then none until there is room again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.room = 10**9
        self._write: Write = os.write
        monkeypatch.setattr(writer, "write", self)

    def __call__(self, file: int, data: bytes) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        n_written = self._write(file, data[: self.room])
        self.room -= n_written
        return n_written


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def test_full_disk_stops_nothing_and_warns_once(journal: Journal, disk: Disk) -> None:
    append(journal, "a")
    disk.room = 0
    with pytest.warns(RuntimeWarning, match="could not write to logs.*No space left.*the job goes on") as caught:
        append(journal, "lost-1", "lost-2")
    disk.room = 10**9
    append(journal, "b")
    assert len(caught) == 1
    assert journal.n_lost == 2
    assert [record["seq"] for record in good_records()] == [0, 1, 4]
    assert names_of(good_records()) == ["a", "b"]


@pytest.mark.parametrize("room", [1, 30, -1])
def test_record_after_a_torn_line_is_on_a_line_of_its_own(room: int, journal: Journal, disk: Disk) -> None:
    append(journal, "a")
    torn = len(lines()[-1])
    disk.room = room if room > 0 else torn + room
    with pytest.warns(RuntimeWarning, match="bytes fitted on the disk"):
        append(journal, "b")
    disk.room = 10**9
    append(journal, "c", "d")
    assert names_of(good_records())[-2:] == ["c", "d"]
    run = read_run(find_journals([LOGS])[RUN])
    assert {0, 1, 3, 4} <= {seq for _, seq in run.records}
    assert [problem.line for problem in run.problems] == ([3] if room > 0 else [])
    assert journal.n_lost == 1


def test_disk_that_fills_up_again_and_again_costs_only_what_did_not_fit(journal: Journal, disk: Disk) -> None:
    append(journal, "a")
    disk.room = 5
    with pytest.warns(RuntimeWarning, match="could not write"):
        append(journal, "lost")
    for room in (0, 1, 0, 7):
        disk.room = room
        append(journal, "lost")
    disk.room = 10**9
    append(journal, "b")
    run = read_run(find_journals([LOGS])[RUN])
    assert sorted(seq for _, seq in run.records) == [0, 1, 7]
    assert journal.n_lost == 5


def test_first_line_that_did_not_fit_comes_as_soon_as_it_does(journal: Journal, disk: Disk) -> None:
    disk.room = 20
    with pytest.warns(RuntimeWarning, match="could not write"):
        append(journal, "lost")
    disk.room = 10**9
    append(journal, "a")
    run = read_run(find_journals([LOGS])[RUN])
    assert [(seq, record.lost) for (_, seq), record in run.records.items()] == [(1, 0), (2, 1)]
    assert [type(record).__name__ for record in run.records.values()] == ["LogStart", "Metric"]
    assert [problem.line for problem in run.problems] == [1]


def test_run_that_began_on_a_full_disk_keeps_its_name_and_parameters(disk: Disk) -> None:
    disk.room = 0
    with pytest.warns(RuntimeWarning, match="could not write"):
        run = reportgen.start_run("churn", params={"lr": 0.1}, log_dir=LOGS)
    reportgen.record_metric_value("lost", 1)
    disk.room = 10**9
    reportgen.record_metric_value("kept", 2)
    run.end()
    (records,) = journals_of(LOGS).values()
    assert [record["kind"] for record in records] == ["log", "run", "metric", "end"]
    assert records[1]["params"] == {"lr": 0.1}
    (row,) = compact_run(read_run(find_journals([LOGS])[run.id])).tables["runs"]
    assert (row["pipeline"], row["n_missing"]) == ("churn", 1)


def test_folder_that_cannot_be_made_stops_nothing(journal: Journal) -> None:
    LOGS.write_text("a file is in the way")
    with pytest.warns(RuntimeWarning, match="could not write to logs"):
        append(journal, "lost")
    assert journal.add_blob(PNG, "png").endswith(".png")
    assert journal.n_lost == 2


def test_strict_journal_raises(disk: Disk) -> None:
    journal = Journal(LOGS, RUN, "main", strict=True)
    append(journal, "a")
    disk.room = 0
    with pytest.raises(OSError, match="No space left"):
        append(journal, "b")
    disk.room = 5
    with pytest.raises(OSError, match="only 5 of"):
        append(journal, "c")
    journal.close()


def test_strict_journal_raises_for_a_blob() -> None:
    LOGS.write_text("a file is in the way")
    with pytest.raises(OSError, match="logs"):
        Journal(LOGS, RUN, "main", strict=True).add_blob(PNG, "png")


def test_strictness_and_durability_are_configured(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("reportgen.toml").write_text('strict = true\ndurability = "disk"')
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    run = reportgen.start_run("churn")
    disk.room = 0
    with pytest.raises(OSError, match="No space left"):
        reportgen.record_metric_value("a", 1)
    disk.room = 10**9
    run.end()
    assert len(synced) == 3  # the beginnings of journal and run, and the run's end


LIMITED = """
import resource, warnings, reportgen
warnings.simplefilter("always")
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
with reportgen.start_run("churn"):
    for n in range(200):
        reportgen.record_metric_value(f"m{n}", n)
print("done")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of file sizes on this system")
def test_job_goes_on_when_the_system_takes_no_more_bytes() -> None:
    result = run_python(LIMITED)
    assert result.stdout == "done\n"
    assert result.stderr.count("RuntimeWarning") == 1
    (journals,) = find_journals([Path("runs")]).values()
    run = read_run(journals)
    assert journals[0].path.stat().st_size == 4000
    assert [seq for _, seq in run.records] == [*range(len(run.records))]
    assert len(run.records) > 30
    assert len(run.problems) == 1


# Files by content


def test_blob_is_named_by_its_content(journal: Journal) -> None:
    name = journal.add_blob(PNG, "png")
    assert name == f"{hashlib.sha256(PNG).hexdigest()}.png"
    assert blob_path(name).read_bytes() == PNG


def test_same_content_is_kept_once(journal: Journal) -> None:
    name = journal.add_blob(PNG, "png")
    before = blob_path(name).stat()
    assert journal.add_blob(PNG, "png") == name
    assert blob_path(name).stat() == before
    assert [path.name for path in (LOGS / RUN / "blobs").iterdir()] == [name]


def test_blob_is_there_in_whole_or_not_at_all(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(source: str, target: str) -> None:
        assert not Path(target).exists()
        assert Path(source).read_bytes() == PNG
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.warns(RuntimeWarning, match="Input/output error"):
        journal.add_blob(PNG, "png")
    assert [*(LOGS / RUN / "blobs").iterdir()] == []
    assert journal.n_lost == 1


def test_next_record_says_what_was_lost_a_file_too(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    append(journal, "a")
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail_to_replace)
        with pytest.warns(RuntimeWarning, match="Input/output error"):
            journal.add_blob(PNG, "png")
    append(journal, "b", "c")
    assert [record.get("lost", 0) for record in good_records()] == [0, 0, 1, 0]
    (row,) = compact_run(read_run(find_journals([LOGS])[RUN])).tables["runs"]
    assert row["n_missing"] == 1


def fail_to_replace(source: str, target: str) -> None:
    raise OSError(errno.EIO, "Input/output error")


def test_loss_goes_on_where_warnings_are_errors(journal: Journal, disk: Disk) -> None:
    disk.room = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        append(journal, "lost")
    assert journal.n_lost == 1


@pytest.mark.parametrize("name", ["../x.png", "a.png", "", "A" * 64 + ".png", "0" * 64, "0" * 64 + ".png/.."])
def test_name_that_is_no_blob_makes_no_path(name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a blob"):
        blob_path(name)


def test_lost_records_are_a_hole_that_readers_see(disk: Disk) -> None:
    with reportgen.start_run("churn", log_dir=LOGS):
        disk.room = 0
        with pytest.warns(RuntimeWarning, match="could not write"):
            reportgen.record_metric_value("lost", 1)
        disk.room = 10**9
        reportgen.record_metric_value("kept", 1)
    (records,) = journals_of(LOGS).values()
    seqs: list[Any] = [record["seq"] for record in records]
    assert seqs == [0, 1, 3, 4]
