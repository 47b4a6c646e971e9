"""One build at a time: others wait, and nobody waits for a build that was killed."""

from __future__ import annotations

import functools
import os
import signal
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from test_publish_update import alone, build, files_below, manifest_of, update

from reportgen.publish import lock_site, open_site

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")


def start(work: Callable[[], None]) -> int:
    """Do something in another process; give its id."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads of the test runner
        child = os.fork()
    if child == 0:
        try:
            signal.alarm(30)
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return child


def join(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def start_and_wait_for(flag: Path, work: Callable[[], None]) -> int:
    child = start(work)
    while not flag.exists():
        time.sleep(0.002)
    return child


@pytest.fixture
def site(tmp_path: Path) -> Path:
    build(tmp_path / "out" / "site", {"index.html": b"old"})
    return tmp_path / "out" / "site"


def test_second_build_says_that_it_waits_and_comes_after_the_first(site: Path, tmp_path: Path) -> None:
    def build_slowly() -> None:
        with open_site(site) as writer:
            (tmp_path / "begun").touch()
            writer.write("index.html", b"first")
            time.sleep(0.2)
            writer.write_manifest({})

    waited = list[tuple[Path, bytes]]()
    first = start_and_wait_for(tmp_path / "begun", build_slowly)
    with open_site(site, lambda output: waited.append((output, (site / "index.html").read_bytes()))) as writer:
        assert (site / "index.html").read_bytes() == b"first"
        writer.write("index.html", b"second")
        writer.write_manifest({})
    assert join(first) == 0
    assert waited == [(site, b"old")]
    assert (site / "index.html").read_bytes() == b"second"
    assert alone(site)


def test_lock_of_a_killed_build_is_free(site: Path, tmp_path: Path) -> None:
    def hang() -> None:
        with open_site(site):
            (tmp_path / "begun").touch()
            time.sleep(30)

    os.kill(child := start_and_wait_for(tmp_path / "begun", hang), signal.SIGKILL)
    assert join(child) == -signal.SIGKILL
    build(site, {"index.html": b"new"})
    assert alone(site)


def test_worker_that_outlives_a_killed_build_does_not_hold_its_lock(site: Path, tmp_path: Path) -> None:
    def work() -> None:
        (tmp_path / "begun").touch()
        time.sleep(30)

    def leave_a_worker() -> None:
        with lock_site(site):
            worker = start_and_wait_for(tmp_path / "begun", work)
            (tmp_path / "worker").write_text(str(worker), "utf-8")
            os._exit(0)

    assert join(start(leave_a_worker)) == 0
    waited = list[Path]()
    with lock_site(site, waited.append):
        pass
    os.kill(int((tmp_path / "worker").read_text("utf-8")), signal.SIGKILL)
    assert waited == []


def test_updates_of_many_processes_all_arrive(site: Path) -> None:
    def update_five_times(name: int) -> None:
        for number in range(5):
            with lock_site(site):
                n_runs = manifest_of(site).facts["n_runs"]
                update(site, {f"runs/{name}-{number}.html": b"x"}, n_runs=n_runs + 1)

    assert [join(child) for child in [start(functools.partial(update_five_times, name)) for name in range(4)]] == [
        0
    ] * 4
    assert manifest_of(site).facts["n_runs"] == 21
    assert len(files_below(site)) == 22
    assert manifest_of(site).find_damage(site) == []
    assert alone(site)


def test_file_system_without_locks_goes_without(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    build(site, {"index.html": b"new"})
    assert alone(site)


def test_sites_of_one_folder_do_not_wait_for_each_other(site: Path) -> None:
    with lock_site(site):
        build(site.with_name("other"), {"index.html": b"other"})
    assert sorted(path.name for path in site.parent.iterdir()) == ["other", "site"]
