"""Writers that are killed, crowded, starved of disk or given a wrong clock: what was acknowledged is there, once."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from logs import contents_of, rows_of
from recording import ROOT, journals_of, only, records_of, run_python

import reportgen
from reportgen.build import build_site
from reportgen.compact import compact_runs
from reportgen.compact.rows import compact_run
from reportgen.log import writer
from reportgen.log.find import find_journals
from reportgen.log.reader import read_run
from reportgen.log.seal import seal_journal, seal_logs
from reportgen.options import Options
from reportgen.records import Artifact, ListMetric, Metric, StepStart
from reportgen.store import table_rows

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork and no signals on this system")

LOGS = Path("logs")


def python(code: str, *words: str, **environment: str) -> subprocess.Popen[bytes]:
    variables = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", **environment}
    command = [sys.executable, "-c", code, *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=variables)


def answer(process: subprocess.Popen[bytes]) -> str:
    out, errors = process.communicate(timeout=90)
    assert process.returncode == 0, errors.decode()
    return out.decode()


@contextlib.contextmanager
def all_warnings() -> Iterator[list[warnings.WarningMessage]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


# SIGKILL

RECORDING = '''
import os, random, threading, warnings
import reportgen

PNG = bytes.fromhex("89504e470d0a1a0a") + bytes(3000)

def work(run, pipe, thread, seed):
    """Record all there is, with a name that says which one it is, and acknowledge each call after it returned."""
    chance = random.Random(seed)
    n = 0
    while True:
        name = f"{thread}-{n}"
        kind = chance.choice(["metric", "metric", "list", "markdown", "image", "step"])
        if kind == "metric":
            reportgen.record_metric_value(name, n)
        elif kind == "list":
            reportgen.record_list_metric_values(name, [n, n + 0.5])
        elif kind == "markdown":
            reportgen.create_markdown_artifact("text " * chance.choice([1, 10, 2000]), name)
        elif kind == "image":
            reportgen.create_image_artifact(PNG + name.encode())
        else:
            with run.step(name):
                pass
        os.write(pipe, f"{kind} {name}\\n".encode())
        n += 1

def run_until_killed(pipe, seed, log_dir="logs"):
    import contextvars
    n_threads = 1 + seed % 4
    with reportgen.start_run(f"killed-{seed}", log_dir=log_dir) as run:
        os.write(pipe, f"run {run.id}\\n".encode())
        threads = [
            threading.Thread(
                target=contextvars.copy_context().run, args=(work, run, pipe, n, 10 * seed + n), daemon=True
            )
            for n in range(1, n_threads)
        ]
        for thread in threads:
            thread.start()
        work(run, pipe, 0, 10 * seed)
'''

FORKING = (
    RECORDING
    + """
import signal, sys, time

def reap(children):
    for child, read, seed in children:
        begun = os.read(read, 1000) if seed % 4 else b""
        time.sleep(random.Random(seed).uniform(0, 0.008))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with open(read, "rb") as pipe:
            lines = (begun + pipe.read()).split(b"\\n")[:-1]
        for line in lines:
            print(seed, line.decode())

def start(seed):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            run_until_killed(write, seed)
        finally:
            os._exit(1)
    os.close(write)
    return child, read, seed

first, last = int(sys.argv[1]), int(sys.argv[2])
for group in range(first, last, 4):
    reap([start(seed) for seed in range(group, min(group + 4, last))])
"""
)


def acknowledged_by_run(output: str) -> dict[str, tuple[int, set[tuple[str, str]]]]:
    """Number of threads, and kind and name of the acknowledged records, by run."""
    runs: dict[str, str] = {}
    acknowledged: dict[str, tuple[int, set[tuple[str, str]]]] = {}
    for line in output.splitlines():
        seed, kind, name = line.split()
        if kind == "run":
            runs[seed] = name
            acknowledged[name] = 1 + int(seed) % 4, set()
        else:
            acknowledged[runs[seed]][1].add((kind, name))
    return acknowledged


def check_killed_run(log_dir: Path, run_id: str, n_threads: int, acknowledged: set[tuple[str, str]]) -> None:
    run = read_run(find_journals([log_dir])[run_id]) if (log_dir / run_id).is_dir() else None
    found: Counter[tuple[str, str]] = Counter()
    images: set[str] = set()
    for record in run.records.values() if run else ():
        match record:
            case Metric(name=name, value=value):
                assert value == int(name.partition("-")[2])
                found["metric", name] += 1
            case ListMetric(name=name, values=values):
                n = int(name.partition("-")[2])
                assert values == [n, n + 0.5]
                found["list", name] += 1
            case Artifact(type="markdown", key=str(key)):
                found["markdown", key] += 1
            case Artifact(type="image", data=data):
                assert isinstance(data, dict)
                content = (log_dir / run_id / "blobs" / data["blob"]).read_bytes()
                images.add(content[3008:].decode())
                found["image", content[3008:].decode()] += 1
            case StepStart(name=name):
                found["step", name] += 1
    assert acknowledged <= set(found)
    assert {*found.values()} <= {1}
    assert len(found) <= len(acknowledged) + n_threads
    assert run is not None
    seqs = [seq for _, seq in run.records]
    assert seqs == [*range(len(seqs))]
    lines = (log_dir / run_id / "main.jsonl").read_bytes().splitlines()
    whole = [json.loads(line)["seq"] for line in lines[: len(seqs)]]
    assert whole == seqs
    assert [problem.line for problem in run.problems if problem.line] in ([], [len(lines)])


def test_what_was_acknowledged_survives_sigkill_of_320_forked_writers() -> None:
    jobs = [python(FORKING, str(first), str(first + 160)) for first in (0, 160)]
    acknowledged = acknowledged_by_run("".join(answer(job) for job in jobs))
    journals = find_journals([LOGS])
    assert set(acknowledged) <= set(journals)
    for run_id, (n_threads, names) in acknowledged.items():
        check_killed_run(LOGS, run_id, n_threads, names)
    assert len(acknowledged) >= 240, "three in four are killed only after they began their run"
    assert sum(len(names) for _, names in acknowledged.values()) > 500
    compact_runs(read_run(files) for files in journals.values())  # all of them can be shown


SPAWNED = RECORDING + "\nimport sys\nrun_until_killed(1, int(sys.argv[1]))\n"


def test_what_was_acknowledged_survives_sigkill_of_fresh_interpreters() -> None:
    for group in range(0, 24, 4):
        jobs = [python(SPAWNED, str(seed)) for seed in range(group, group + 4)]
        for seed, job in enumerate(jobs, group):
            assert job.stdout is not None
            first = [job.stdout.readline() for _ in range(1 + seed % 7)]
            job.kill()
            with job:
                lines = [*first, *(line for line in job.stdout if line.endswith(b"\n"))]
            output = "".join(f"{seed} {line.decode()}" for line in lines)
            ((run_id, (n_threads, names)),) = acknowledged_by_run(output).items()
            check_killed_run(LOGS, run_id, n_threads, names)


SEALING = """
import os, random, signal, sys, time
from pathlib import Path
from reportgen.log.seal import seal_journal
for path in sys.argv[1:3]:  # the first one loads all that is needed, the second shows how long it takes
    start = time.monotonic()
    seal_journal(Path(path))
    seconds = 1.5 * (time.monotonic() - start)
for n, path in enumerate(sys.argv[3:]):
    child = os.fork()
    if child == 0:
        try:
            seal_journal(Path(path))
        finally:
            os._exit(0)
    time.sleep(random.Random(n).uniform(0.0, seconds))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""


def test_sealing_that_is_killed_loses_nothing_and_can_be_done_again() -> None:
    with reportgen.start_run("churn", log_dir=LOGS) as run:
        for n in range(300):
            reportgen.record_metric_value(f"m{n}", n)
        reportgen.create_markdown_artifact("text " * 1000)
    content = (LOGS / run.id / "main.jsonl").read_bytes()
    expected = read_run(find_journals([LOGS])[run.id])
    paths = []
    for n in range(42):
        path = Path(f"copy-{n}", run.id, "main.jsonl")
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        paths.append(path)
    answer(python(SEALING, *map(str, paths)))
    n_begun = n_left = 0
    for path in paths:
        folder = path.parent
        n_begun += len([*folder.iterdir()]) > 1 or not path.exists()
        n_left += path.exists()
        after_kill = read_run(find_journals([folder.parent])[run.id])
        assert (after_kill.records, after_kill.problems) == (expected.records, [])
        if path.exists():
            assert seal_journal(path).outcome == "sealed"
        again = read_run(find_journals([folder.parent])[run.id])
        assert (again.records, again.problems) == (expected.records, [])
        assert [one.name for one in folder.iterdir()] == ["main.parquet"]
    assert n_begun > 2, "no kill came after sealing had begun"
    assert n_left, "no kill came before sealing was done"


ENDING = """
import os, random, signal, sys, time
import reportgen
for seed in range(int(sys.argv[1])):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with reportgen.start_run("churn", log_dir="logs") as run:
                reportgen.record_metric_value("a", seed)
                os.write(write, run.id.encode() + b"\\n")
            os.write(write, b"ended\\n")
        finally:
            os._exit(0)
    os.close(write)
    with open(read, "rb", buffering=0) as pipe:
        begun = pipe.read(37)
        time.sleep(random.Random(seed).uniform(0, 0.0003))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        print(begun.decode().strip(), "ended" if b"ended" in pipe.read() else "began")
"""


def test_run_that_is_killed_while_it_ends_has_its_end_or_not() -> None:
    states = [line.split() for line in answer(python(ENDING, "80")).splitlines()]
    journals = journals_of(LOGS)
    for run_id, state in states:
        kinds = [record["kind"] for record in journals[f"{run_id}/main.jsonl"]]
        assert kinds[:3] == ["log", "run", "metric"]
        assert kinds[3:] == ["end"] if state == "ended" else kinds[3:] in ([], ["end"])
    assert len(states) == 80


# Many at once

CROWD = """
import contextvars, sys, threading
import reportgen
def record(process, thread):
    for n in range(25):
        assert reportgen.record_metric_value(f"{process}/{thread}", n) is True
        assert reportgen.record_list_metric_values("shared", n) is True
def crowd(process, run=None):
    if run is not None:
        run.enter()
    threads = [
        threading.Thread(target=contextvars.copy_context().run, args=(record, process, n)) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The functions above as a module, which started processes import by name."""
    Path("crowd.py").write_text(CROWD)
    monkeypatch.syspath_prepend(str(Path.cwd()))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path.cwd()), str(ROOT)]))
    import crowd  # type: ignore[import-not-found]

    yield crowd
    sys.modules.pop("crowd", None)


@pytest.fixture
def forking() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads of the test runner
        yield


def check_crowd(run: reportgen.Run, processes: set[str], n_writers: int) -> None:
    (files,) = find_journals([LOGS]).values()
    read = read_run(files)
    assert read.problems == []
    values: dict[str, list[float]] = {}
    n_shared = 0
    for name, records in journals_of(LOGS).items():
        assert name == f"{run.id}/{records[0]['writer']}.jsonl"
        assert [one["seq"] for one in records] == [*range(len(records))]
        names = {one["name"].partition("/")[0] for one in records if one["kind"] == "metric"}
        assert len(names) <= 1 or len(names & processes) == len(names)
        n_shared += sum(one["kind"] == "list" for one in records)
        for one in records:
            if one["kind"] == "metric":
                values.setdefault(one["name"], []).append(one["value"])
    assert values == {f"{process}/{n}": [*map(float, range(25))] for process in processes for n in range(4)}
    assert n_shared == len(processes) * 100
    assert len(files) == n_writers
    assert len(read.records) == 2 * len(processes) * 100 + n_writers + 2


def test_16_processes_with_4_threads_each_record_into_one_run(crowd: Any, forking: None) -> None:
    with reportgen.start_run("churn", log_dir=LOGS) as run:
        children: list[Any] = []
        for n in range(16):
            name, way = f"p{n}", ("fork", "fork", "spawn", "forkserver", "fork", "shell", "fork", "pickle")[n % 8]
            if way == "shell":
                children.append(
                    python("import sys, crowd; crowd.crowd(sys.argv[1])", name, PYTHONPATH=os.environ["PYTHONPATH"])
                )
                continue
            context = multiprocessing.get_context("fork" if way == "pickle" else way)
            arguments = (name, run) if way == "pickle" else (name,)
            child = context.Process(target=crowd.crowd, args=arguments)
            child.start()
            children.append(child)
        for one in children:
            if isinstance(one, subprocess.Popen):
                answer(one)
            else:
                one.join()
                assert one.exitcode == 0
                one.close()
    stop_fork_server()
    check_crowd(run, {f"p{n}" for n in range(16)}, 17)


def stop_fork_server() -> None:
    """End the process that the start method `forkserver` keeps for later."""
    from multiprocessing import forkserver, resource_tracker

    forkserver._forkserver._stop()  # type: ignore[attr-defined]
    with contextlib.suppress(AttributeError):
        resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_pool_made_inside_a_run_joins_it_without_being_told(method: str, crowd: Any, forking: None) -> None:
    context = multiprocessing.get_context(method)
    with reportgen.start_run("churn", log_dir=LOGS) as run, ProcessPoolExecutor(2, mp_context=context) as pool:
        for job in [pool.submit(crowd.crowd, f"p{n}") for n in range(3)]:
            job.result(timeout=60)
    stop_fork_server()
    n_writers = len(journals_of(LOGS))
    assert n_writers in (2, 3)
    check_crowd(run, {"p0", "p1", "p2"}, n_writers)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_pool_made_before_the_run_joins_by_the_pickled_run(method: str, crowd: Any, forking: None) -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
        pool.submit(os.getpid).result(timeout=60)
        with reportgen.start_run("churn", log_dir=LOGS) as run:
            for job in [pool.submit(crowd.crowd, f"p{n}", run) for n in range(2)]:
                job.result(timeout=60)
    check_crowd(run, {"p0", "p1"}, 2)


# Disk

LIMITED = """
import resource, warnings, reportgen
caught = []
warnings.showwarning = lambda message, category, *rest: caught.append(category.__name__)
warnings.simplefilter("always")
with reportgen.start_run("churn", log_dir="logs"):
    for n in range(20):
        reportgen.record_metric_value(f"before-{n}", n)
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, hard))
    for n in range(100):
        assert reportgen.record_metric_value(f"limited-{n}", n) is True
    reportgen.create_image_artifact(bytes.fromhex("89504e470d0a1a0a") + bytes(5000))
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    reportgen.record_metric_value("after", 1)
    reportgen.record_metric_value("later", 1)
print(*caught)
"""


def test_file_that_may_not_grow_costs_records_and_the_site_says_how_many() -> None:
    assert run_python(LIMITED).stdout.split() == ["RuntimeWarning"]
    (files,) = find_journals([LOGS]).values()
    run = read_run(files)
    names = {record.name for record in run.records.values() if isinstance(record, Metric)}
    kept = {f"limited-{n}" for n in range(100)} & names
    assert {f"before-{n}" for n in range(20)} | {"after", "later"} == names - kept
    n_lost = 100 - len(kept) + 2  # the image's file, and its record
    losses = {record.name: record.lost for record in run.records.values() if isinstance(record, Metric)}
    assert (losses["after"], losses["later"]) == (n_lost, 0)
    (row,) = compact_run(run).tables["runs"]
    assert row["n_missing"] == n_lost
    result = build_site([LOGS], Path("site"), Options())
    assert result.n_missing == n_lost
    pages = [path.read_text("utf-8") for path in Path("site/runs").rglob("*.html")]
    said = rf"\b{n_lost}\srecords did not arrive: lost to a failing disk or torn"
    assert sum(len(re.findall(said, page)) for page in pages) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted: that takes CAP_SYS_ADMIN")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> Path:
    path = folder / "full"
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    return path


def test_full_disk_costs_records_until_there_is_room(small_disk: Path) -> None:
    with reportgen.start_run("churn", log_dir=small_disk / "logs"):
        reportgen.record_metric_value("before", 1)
        filler = fill(small_disk)
        with all_warnings() as caught:
            for n in range(100):
                reportgen.record_metric_value(f"full-{n}", n)
        filler.unlink()
        reportgen.record_metric_value("after", 1)
    assert len(caught) == 1
    (files,) = find_journals([small_disk / "logs"]).values()
    run = read_run(files)
    losses = {record.name: record.lost for record in run.records.values() if isinstance(record, Metric)}
    n_kept = sum(name.startswith("full") for name in losses)
    assert 100 - n_kept > 0
    assert losses["after"] - (100 - n_kept) in (0, 1)  # a record that lacks only its newline arrives all the same
    (row,) = compact_run(run).tables["runs"]
    assert row["n_missing"] == losses["after"]


def test_disk_that_was_full_from_the_beginning_keeps_name_and_params(small_disk: Path) -> None:
    filler = fill(small_disk)
    with pytest.warns(RuntimeWarning, match="could not write"):
        run = reportgen.start_run("churn", name="first", params={"lr": 0.1}, log_dir=small_disk / "logs")
    with run.step("lost"):
        pass
    filler.unlink()
    run.end()
    records = records_of(small_disk / "logs")
    assert [one["kind"] for one in records] == ["log", "run", "end"]
    assert (records[1]["pipeline"], records[1]["name"], records[1]["params"]) == ("churn", "first", {"lr": 0.1})
    assert records[2]["lost"] == 2


def test_read_only_disk_stops_nothing(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with (
        pytest.warns(RuntimeWarning, match="Read-only file system") as caught,
        reportgen.start_run("churn", log_dir=small_disk / "logs") as run,
        run.step("load"),
    ):
        assert reportgen.record_metric_value("a", 1) is True
    assert len(caught) == 1


def test_file_in_the_place_of_the_log_directory_stops_nothing() -> None:
    LOGS.write_text("in the way")
    with all_warnings() as caught, reportgen.start_run("churn", log_dir=LOGS):
        assert reportgen.record_metric_value("a", 1) is True
        LOGS.unlink()
        reportgen.record_metric_value("b", 1)
    assert len(caught) == 1
    records = records_of(LOGS)
    assert [one["kind"] for one in records] == ["log", "run", "metric", "end"]
    assert records[2]["lost"] == 1


@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced by a file"])
def test_log_directory_that_goes_away_in_the_middle_is_said_at_the_end(replaced: bool) -> None:
    with all_warnings() as caught, reportgen.start_run("churn", log_dir=LOGS):
        shutil.rmtree(LOGS)
        if replaced:
            LOGS.write_text("in the way")
        reportgen.record_metric_value("a", 1)
    assert [one.category for one in caught] == [RuntimeWarning]
    assert "its journal was deleted" in str(caught[0].message)
    if not replaced:
        with reportgen.start_run("next", log_dir=LOGS):
            pass
        assert only(LOGS, "run")["pipeline"] == "next"


STRICT_CALLS = {
    "start_run": lambda: reportgen.start_run("churn", log_dir=LOGS),
    "metric": lambda: reportgen.record_metric_value("a", 1),
    "list": lambda: reportgen.record_list_metric_values("a", [1, 2]),
    "artifact": lambda: reportgen.create_markdown_artifact("text"),
    "blob": lambda: reportgen.create_image_artifact(bytes.fromhex("89504e470d0a1a0a")),
}


@pytest.mark.parametrize("name", STRICT_CALLS)
def test_strict_run_raises_at_the_call(name: str) -> None:
    Path("reportgen.toml").write_text("strict = true")
    run = None if name == "start_run" else reportgen.start_run("churn", log_dir=LOGS)
    if run:
        run._journal.close()  # type: ignore[union-attr]
        shutil.rmtree(LOGS)
    LOGS.write_text("in the way")
    with pytest.raises(OSError, match="logs"):
        STRICT_CALLS[name]()
    if run:
        with pytest.raises(OSError, match="logs"):
            run.end()
        assert "REPORTGEN_RUN_ID" not in os.environ
    with pytest.warns(UserWarning, match="no run is active"):
        assert reportgen.record_metric_value("a", 1) is False


STRICT_EXIT = """
import os, reportgen
from pathlib import Path
Path("reportgen.toml").write_text("strict = true")
Path("bad").write_text("in the way")
try:
    reportgen.start_run("never", log_dir="bad")
except OSError:
    Path("bad").unlink()
reportgen.start_run("first", log_dir="logs")
second = reportgen.start_run("second", log_dir="gone")
second._journal.close()
import shutil
shutil.rmtree("gone")
Path("gone").write_text("in the way")
"""


def test_strict_run_that_never_began_is_not_ended_and_one_that_cannot_end_stops_no_other() -> None:
    run_python(STRICT_EXIT)
    assert not Path("bad").exists()
    assert only(LOGS, "end")["status"] == "completed"


def test_durability_disk_syncs_each_record_once(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("reportgen.toml").write_text('durability = "disk"')
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    with reportgen.start_run("churn", log_dir=LOGS) as run, run.step("load"):
        for n in range(5):
            before = len(synced)
            reportgen.record_metric_value("a", n)
            assert len(synced) == before + 1
    assert len(synced) == len(records_of(LOGS)) == 10


def test_loss_that_was_told_is_not_told_again_in_a_further_journal() -> None:
    import fcntl

    journal = writer.Journal(LOGS, "018f0000-0000-7000-8000-000000000000", "main")
    metric = writer.open_line("metric", name="a", value=1)
    journal.append(metric)
    with pytest.warns(RuntimeWarning, match="gone"):
        journal.report_loss(OSError("gone"))
    journal.append(metric)
    journal.close()
    with open(journal.path) as file:  # noqa: PTH123 — as sealing does
        fcntl.flock(file, fcntl.LOCK_EX)
        journal.append(metric)
    journal.close()
    (files,) = find_journals([LOGS]).values()
    (row,) = compact_run(read_run(files)).tables["runs"]
    assert (row["n_writers"], row["n_missing"]) == (2, 1)


# Clock


def test_clock_that_steps_back_by_a_day_changes_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_767_225_600 * 10**9

    def tick() -> int:
        nonlocal now
        now += 10**6
        return now

    monkeypatch.setattr(writer, "time_ns", tick)
    with reportgen.start_run("churn", log_dir=LOGS):
        for n in range(6):
            if n == 3:
                now -= 86_400 * 10**9
            reportgen.record_metric_value("a", n)
            reportgen.record_list_metric_values("curve", [n])
            reportgen.create_markdown_artifact(f"text {n}", "summary")
    (records,) = journals_of(LOGS).values()
    assert [one["ts"] for one in records] != sorted(one["ts"] for one in records)
    for is_sealed in (False, True):
        if is_sealed:
            assert [one.outcome for one in seal_logs([LOGS])] == ["sealed"]
        (files,) = find_journals([LOGS]).values()
        run = read_run(files)
        assert [seq for _, seq in run.records] == [*range(len(records))]
        compaction = compact_runs([run])
        (metric,) = table_rows(compaction.tables["metrics"])
        assert metric["value"] == 5
        points = [row for table in compaction.days["points"].values() for row in table_rows(table)]
        assert [(row["x"], row["value"]) for row in points] == [(n, n) for n in range(6)]
        contents = contents_of(compaction)
        versions = {row["version"]: contents[row["artifact_id"]] for row in rows_of(compaction, "artifacts")}
        assert versions == {n + 1: json.dumps(f"text {n}") for n in range(6)}
