"""Work in other processes: the same results as here, and workers that die are replaced, though not for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest

from reportgen.errors import InputError, OutputError
from reportgen.parallel import Workers, begin, choose_executor, count_processors, import_executor, run_tasks

ROOT = Path(__file__).resolve().parent.parent
OPENERS = {
    "here": None,
    "threads": partial(ThreadPoolExecutor, 2),
    "spawned": partial(ProcessPoolExecutor, 2, mp_context=get_context("spawn")),
}


def open_processes() -> Executor:
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))


# What workers do


def square(number: int) -> int:
    return number * number


def die_by_exit() -> None:
    os._exit(1)


def die_by_signal() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(task: tuple[int, Path, Callable[[], None]]) -> int:
    """Die at the first try of task 3, and leave a line for each try."""
    number, folder, die = task
    with (folder / str(number)).open("a") as file:
        file.write("tried\n")
    if number == 3 and (folder / "3").read_text("utf-8") == "tried\n":
        die()
    return number


def always_die(number: int) -> int:
    os._exit(number)


def refuse(number: int) -> int:
    if number == 2:
        raise InputError("the log x.jsonl cannot be read", hint="look at it", slug="unreadable-log")
    return number


# Tests


@pytest.mark.parametrize("opener", OPENERS)
def test_results_are_the_same_wherever_the_work_is_done(opener: str) -> None:
    assert sorted(run_tasks(OPENERS[opener], square, range(20))) == [number * number for number in range(20)]


@pytest.mark.parametrize("opener", OPENERS)
def test_nothing_to_do_gives_nothing(opener: str) -> None:
    assert [*run_tasks(OPENERS[opener], square, [])] == []


@pytest.mark.parametrize("die", [die_by_exit, die_by_signal])
@pytest.mark.skipif(sys.platform == "win32", reason="another kind of kill there")
def test_worker_that_dies_is_replaced_and_each_result_is_given_once(tmp_path: Path, die: Callable[[], None]) -> None:
    tasks = [(number, tmp_path, die) for number in range(8)]
    assert sorted(run_tasks(open_processes, die_once, tasks)) == [*range(8)]
    assert (tmp_path / "3").read_text("utf-8").count("tried") >= 2


def test_workers_that_die_again_and_again_are_an_error() -> None:
    opened: list[Executor] = []

    def open_next() -> Executor:
        opened.append(open_processes())
        return opened[-1]

    with pytest.raises(OutputError, match="worker processes died 3 times") as caught:
        [*run_tasks(open_next, always_die, range(3))]
    assert caught.value.slug == "workers-died"
    assert "--workers" in caught.value.hint
    assert len(opened) == 3


@pytest.mark.parametrize("opener", OPENERS)
def test_error_of_a_task_is_that_of_the_work(opener: str) -> None:
    with pytest.raises(InputError, match=r"the log x\.jsonl cannot be read: look at it") as caught:
        [*run_tasks(OPENERS[opener], refuse, range(5))]
    assert (caught.value.slug, caught.value.hint) == ("unreadable-log", "look at it")


def test_work_that_nobody_waits_for_any_more_is_left() -> None:
    opened: list[ThreadPoolExecutor] = []

    def open_next() -> Executor:
        opened.append(ThreadPoolExecutor(1))
        return opened[-1]

    done: list[int] = []

    def work(number: int) -> None:
        time.sleep(0.01)
        done.append(number)

    results = run_tasks(open_next, work, range(1000))
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert len(done) < 500
    with pytest.raises(RuntimeError, match="after shutdown"):
        opened[0].submit(square, 1)


def test_workers_are_opened_only_where_they_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reportgen.parallel.count_processors", lambda: 4)
    assert (choose_executor(0, 9), choose_executor(1, 9), choose_executor(2, 0.1)) == (None, None, None)
    open_executor = choose_executor(2, 9)
    assert open_executor is not None
    with open_executor() as executor:
        assert [*executor.map(square, range(3))] == [0, 1, 4]
    monkeypatch.setattr("reportgen.parallel.count_processors", lambda: 1)
    assert choose_executor(100, 9) is None


def wait_and_tell(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def test_this_process_works_along() -> None:
    told = [*run_tasks(Workers(3), wait_and_tell, [0.05] * 12)]
    assert (len(told), len({*told})) == (12, 3)
    assert os.getpid() in told


def test_alone_this_process_does_all() -> None:
    assert {*run_tasks(Workers(1), wait_and_tell, [0, 0, 0])} == {os.getpid()}


def tell_but_die_elsewhere(task: tuple[int, int, Path]) -> int:
    """Die at the first try in another process than this one."""
    number, here, folder = task
    if os.getpid() != here and not (folder / "died").exists():
        (folder / "died").touch()
        os._exit(1)
    time.sleep(0.05)
    return number


def test_what_this_process_did_before_a_worker_died_is_not_done_again(tmp_path: Path) -> None:
    tasks = [(number, os.getpid(), tmp_path) for number in range(20)]
    assert sorted(run_tasks(Workers(2), tell_but_die_elsewhere, tasks)) == [*range(20)]
    assert (tmp_path / "died").exists()


def test_error_in_this_process_ends_the_work() -> None:
    with pytest.raises(InputError, match="cannot be read"):
        [*run_tasks(Workers(2), refuse, [0, 1, 2, 2, 2])]


def test_there_is_a_processor() -> None:
    assert 1 <= count_processors() <= (os.cpu_count() or 1)


# Executors by name


def test_executor_is_found_by_name_and_gets_its_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "from concurrent.futures import ThreadPoolExecutor\ndef start(n):\n    return ThreadPoolExecutor(int(n))\n"
    (tmp_path / "my_cluster.py").write_text(source, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with import_executor("my_cluster:start", n="3")() as executor:
        assert isinstance(executor, ThreadPoolExecutor)
        assert executor._max_workers == 3


@pytest.mark.parametrize(
    "name",
    [
        "no_such_module:start",
        "concurrent.futures:no_such",
        "concurrent.futures",
        ":start",
        "",
        "os:",
        "..os:x",
        "os:sep",
    ],
)
def test_executor_that_cannot_be_found_is_an_error_that_names_it(name: str) -> None:
    with pytest.raises(InputError) as caught:
        import_executor(name)
    assert repr(name) in caught.value.message
    assert caught.value.slug == "bad-executor"


# Beside this process


def run_alone(code: str) -> str:
    """Run code in a process without other threads, which can fork."""
    prelude = "import os, sys, time; from pathlib import Path; from reportgen.parallel import begin"
    done = subprocess.run(
        [sys.executable, "-c", f"{prelude}\n{code}"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.skipif(count_processors() < 2 or not sys.platform.startswith("linux"), reason="one processor, or no fork")
def test_what_is_begun_is_done_while_this_process_goes_on() -> None:
    assert run_alone("with begin(os.getpid) as wait: print(wait() != os.getpid())") == "True\n"


def test_what_does_not_pay_is_done_here() -> None:
    with begin(os.getpid, pays=False) as wait:
        assert wait() == os.getpid()


def test_what_fails_beside_this_process_is_done_in_it() -> None:
    code = """
here = os.getpid()
def fail_elsewhere():
    if os.getpid() != here: raise KeyboardInterrupt
    return "done here"
with begin(fail_elsewhere) as wait: print(wait())
"""
    assert run_alone(code) == "done here\n"


@pytest.mark.skipif(count_processors() < 2 or not sys.platform.startswith("linux"), reason="one processor, or no fork")
def test_what_is_not_waited_for_is_ended(tmp_path: Path) -> None:
    code = f"""
def sleep():
    Path("new").write_text(str(os.getpid()))
    Path("new").rename("process")
    time.sleep(60)
os.chdir({str(tmp_path)!r})
with begin(sleep):
    while not Path("process").exists(): time.sleep(0.01)
try: os.kill(int(Path("process").read_text()), 0)
except ProcessLookupError: print("ended")
"""
    assert run_alone(code) == "ended\n"
