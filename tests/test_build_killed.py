"""Builds that are killed, disturbed or run beside each other: the site is the old or the new one, the next build right.

Moments are random; `REPORTGEN_TEST_KILLS=100` tries as many.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from corpus import write_corpus
from pages import read_site

from reportgen.build import build_site
from reportgen.errors import InputError, OutputError
from reportgen.options import Options
from reportgen.parallel import Workers, run_tasks
from reportgen.publish import write_file

ROOT = Path(__file__).resolve().parent.parent
N_KILLS = int(os.environ.get("REPORTGEN_TEST_KILLS", "8"))

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc"),
]


@dataclass(frozen=True)
class Place:
    """Logs of which the site in `out` lacks the newest run, and the files of both sites."""

    folder: Path
    old: dict[str, bytes]
    new: dict[str, bytes]

    @property
    def logs(self) -> Path:
        return self.folder / "runs"

    @property
    def site(self) -> Path:
        return self.folder / "out" / "site"

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    def reset(self) -> None:
        """Put the old site there, and what is remembered of its logs."""
        for name in ("out", ".runs-cache"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            shutil.copytree(self.folder / "saved" / name, self.folder / name)

    def start(self, *flags: str, prelude: str = "", **environment: str) -> subprocess.Popen[str]:
        """Start a build as a process that leads a group."""
        code = f"{prelude}\nfrom reportgen.cli import main\nmain()"
        return subprocess.Popen(
            [sys.executable, "-c", code, "build", str(self.logs), "-o", str(self.site), *flags],
            env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(self.temporary), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def build(self, *flags: str, **environment: str) -> None:
        process = self.start("--quiet", *flags, **environment)
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")

    def expect_nothing_left(self) -> None:
        """Expect nothing beside the site, in the temporary folder, or half written in what is remembered."""
        assert [path.name for path in self.site.parent.iterdir()] == ["site"]
        assert [*self.temporary.iterdir()] == []
        assert [*(self.folder / ".runs-cache").rglob(".new-*")] == []


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("killed")
    (folder / "tmp").mkdir()
    place = Place(folder, {}, {})
    write_corpus(place.logs, 30)
    build_site([place.logs], place.site, Options())
    for name in ("out", ".runs-cache"):
        shutil.copytree(folder / name, folder / "saved" / name)
    old = read_site(place.site)
    write_corpus(place.logs, 1, first=30)
    build_site([place.logs], folder / "fresh", Options())
    return Place(folder, old, read_site(folder / "fresh"))


@pytest.fixture
def place(prepared: Place) -> Place:
    prepared.reset()
    return prepared


# Killed


def living(group: int) -> list[int]:
    """The processes of a group that run; the dead whom nobody has buried do not count."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, its_group = path.read_text("utf-8").rpartition(")")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                found.append(int(path.parent.name))
    return found


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def begins(place: Place, process: subprocess.Popen[str]) -> None:
    """Wait until a build has its lock, or is done."""
    lock = place.site.with_name(".site.lock")
    wait_for(lambda: lock.exists() or process.poll() is not None)


@pytest.mark.parametrize("flags", [("--full",), ()], ids=["full", "update"])
def test_site_of_a_killed_build_is_the_old_or_the_new_one_and_the_next_build_is_right(
    place: Place, flags: Sequence[str]
) -> None:
    process = place.start(*flags)
    begins(place, process)
    begun = time.monotonic()
    process.communicate(timeout=60)
    duration = time.monotonic() - begun
    rng = random.Random(len(flags))
    outcomes = []
    for number in range(N_KILLS // 2):
        place.reset()
        process = place.start(*flags)
        if number % 6:  # else it may still import
            begins(place, process)
        time.sleep(rng.uniform(0, duration))
        process.kill()
        process.communicate()
        outcomes.append(_judge(place))
        wait_for(lambda group=process.pid: not living(group))  # type: ignore[misc]
        place.expect_nothing_left()
    assert {*outcomes} <= {"old", "new", "finished"}


def _judge(place: Place) -> str:
    """Say which site a killed build left, and expect that the next build is right."""
    left = read_site(place.site)
    said = list[str]()
    build_site([place.logs], place.site, Options(), say=said.append)
    assert read_site(place.site) == place.new
    place.expect_nothing_left()
    if f"finished an update of {place.site} that was interrupted" in said:
        return "finished"
    return "old" if left == place.old else "new" if left == place.new else f"mixed, said {said}"


@pytest.mark.parametrize("stage", ["Reading", "Making"])
def test_worker_that_is_killed_is_replaced(place: Place, monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    monkeypatch.setattr("reportgen.gather._MOST_RUNS", 4)
    killer = Killer(stage, _kill_a_worker)
    build_site([place.logs], place.site, Options(), full=True, open_executor=Workers(3), progress=killer)
    assert killer.has_killed
    assert read_site(place.site) == place.new
    place.expect_nothing_left()


def _kill_a_worker() -> None:
    multiprocessing.active_children()[0].kill()


class Killer:
    """Kills as soon as the first work of a stage is done."""

    def __init__(self, stage: str, kill: Callable[[], object]) -> None:
        self._stage, self._kill = stage, kill
        self.has_killed = False

    @contextmanager
    def stage(self, label: str, _n: int, /) -> Iterator[Callable[[int], None]]:
        def advance(_n: int) -> None:
            if label == self._stage and not self.has_killed:
                self._kill()
                self.has_killed = True

        yield advance


def _die(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_as_worker(build: int) -> None:
    if os.getpid() != build:
        _die(0)
    time.sleep(0.5)


def test_work_that_kills_every_worker_is_an_error() -> None:
    with pytest.raises(OutputError, match="worker processes died 3 times") as caught:
        list(run_tasks(Workers(2), _die_as_worker, [os.getpid()] * 20))
    assert caught.value.slug == "workers-died"


def test_what_a_dead_worker_left_of_a_file_is_written_again(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(b"ha")
    assert write_file(tmp_path, "page.html", b"half")[2] == 4
    assert (tmp_path / "page.html").read_bytes() == b"half"
    write_file(tmp_path, "page.html", b"half")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_worker_that_outlives_its_build_makes_no_folder_again(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is gone, or not there for a worker") as caught:
        write_file(tmp_path / ".site.new-0", "runs/a.html", b"late")
    assert caught.value.slug == "not-shared"
    assert [*tmp_path.iterdir()] == []


# Errors


def _fail_as_worker(build: int) -> None:
    if os.getpid() != build:
        raise InputError("a log cannot be read", hint="mend it", slug="unreadable")
    time.sleep(0.1)


def test_error_in_a_worker_is_the_error_of_the_build() -> None:
    with pytest.raises(InputError, match="a log cannot be read: mend it") as caught:
        list(run_tasks(Workers(2), _fail_as_worker, [os.getpid()] * 9))
    assert caught.value.slug == "unreadable"
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.message, again.hint, again.slug) == ("a log cannot be read", "mend it", "unreadable")


@pytest.mark.parametrize("flags", [("--full",), ("--full", "--workers", "2"), ()], ids=["full", "workers", "update"])
@pytest.mark.parametrize("most", [0, 2_000, 8_000])
def test_full_disk_is_one_line_and_leaves_the_old_site(place: Place, flags: Sequence[str], most: int) -> None:
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))"
    process = place.start("--quiet", *flags, prelude=limit, PYTHONDONTWRITEBYTECODE="1")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    (line,) = err.splitlines()
    assert line.startswith(f"error: {place.site} cannot be written (File too large): the old site is as it was")
    assert read_site(place.site) == place.old
    place.expect_nothing_left()


def test_interrupted_build_is_one_line_and_leaves_the_old_site(place: Place) -> None:
    process = place.start("--quiet", "--full", "--workers", "2")
    begins(place, process)
    time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.strip()) == (1, "", "stopped; nothing is half done")
    assert read_site(place.site) == place.old
    place.expect_nothing_left()


# Beside each other


def test_second_build_into_a_folder_waits_for_the_first(place: Place) -> None:
    slow = "import reportgen.build as b, time; f = b.repair_site; b.repair_site = lambda p: (time.sleep(2), f(p))[1]"
    first = place.start("--full", prelude=slow)
    begins(place, first)
    time.sleep(0.5)  # it makes the file first, and then takes the lock
    first.send_signal(signal.SIGSTOP)
    second = place.start("--full")
    assert second.stderr
    assert second.stderr.readline() == f"another build is at work on {place.site}; waiting for it\n"
    first.send_signal(signal.SIGCONT)
    for process in (first, second):
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    assert read_site(place.site) == place.new
    place.expect_nothing_left()


# The same bytes


@pytest.mark.parametrize("n_workers", ["1", "2", "3"])
def test_any_number_of_workers_makes_the_same_bytes(place: Place, n_workers: str) -> None:
    place.build("--workers", n_workers)
    assert read_site(place.site) == place.new
    place.build("--full", "--workers", n_workers)
    assert read_site(place.site) == place.new
    place.expect_nothing_left()


@pytest.mark.parametrize(("seed", "zone"), [("1", "Asia/Tokyo"), ("2", "America/St_Johns")])
def test_hash_seed_and_time_zone_do_not_matter_for_updates_either(place: Place, seed: str, zone: str) -> None:
    place.build(PYTHONHASHSEED=seed, TZ=zone)
    assert read_site(place.site) == place.new
    place.build("--full", PYTHONHASHSEED=seed, TZ=zone)
    assert read_site(place.site) == place.new
