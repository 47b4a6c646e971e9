"""Where records go: scopes in threads, tasks, generators, forked and spawned processes, and what children are told."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import inspect
import itertools
import os
import pickle
import signal
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording import Fields, fresh_process, journals_of, only, records_of, run_python

import reportgen
from reportgen.log import writer
from reportgen.recorder import scopes
from reportgen.recorder.scopes import VARIABLES, active

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    assert not scopes._exported._roots
    yield
    left, scopes._exported._roots = scopes._exported._roots, set()
    assert active.get() is None, "a scope was left behind"
    assert not left


def told() -> tuple[str | None, str | None]:
    """The run and step that children join."""
    return os.environ.get("REPORTGEN_RUN_ID"), os.environ.get("REPORTGEN_STEP_ID")


def places(log_dir: str = "runs") -> dict[str, tuple[str, str | None]]:
    """Pipeline and step by name of metric."""
    found = {}
    for records in journals_of(log_dir).values():
        run = records[0]["run"]
        for record in records:
            if record["kind"] == "metric":
                found[record["name"]] = (run, record.get("step"))
    runs = {
        records[0]["run"]: record["pipeline"]
        for records in journals_of(log_dir).values()
        for record in records
        if record["kind"] == "run"
    }
    steps = {record["id"]: record["name"] for record in records_of(log_dir, "step")}
    return {name: (runs.get(run, run), steps.get(step or "", step)) for name, (run, step) in found.items()}


def record(name: str) -> bool:
    return reportgen.record_metric_value(name, 1)


def in_thread(call: Callable[[], Any]) -> Any:
    result = []
    thread = threading.Thread(target=lambda: result.append(call()))
    thread.start()
    thread.join()
    return result[0]


# Order of leaving


def test_steps_left_out_of_order_leave_the_others_current() -> None:
    with reportgen.start_run("churn") as run:
        outer, inner = run.step("outer"), run.step("inner")
        outer.__enter__()
        inner.__enter__()
        outer.__exit__(None, None, None)
        record("in-inner")
        assert told() == (run.id, inner.id)
        inner.__exit__(None, None, None)
        record("in-run")
        assert told() == (run.id, None)
    assert places() == {"in-inner": ("churn", "inner"), "in-run": ("churn", None)}


def test_generator_that_ends_inside_another_step_leaves_that_one_current() -> None:
    def rows(run: reportgen.Run) -> Iterator[int]:
        with run.step("read"):
            yield 1
            yield 2

    with reportgen.start_run("churn") as run:
        numbers = rows(run)
        next(numbers)
        with run.step("train"):
            assert [*numbers] == [2]
            record("in-train")
        record("in-run")
    assert places() == {"in-train": ("churn", "train"), "in-run": ("churn", None)}


def test_generator_that_is_thrown_away_cancels_its_step() -> None:
    def rows(run: reportgen.Run) -> Iterator[int]:
        with run.step("read"):
            yield 1

    with reportgen.start_run("churn") as run:
        numbers = rows(run)
        next(numbers)
        del numbers
        gc.collect()
        record("in-run")
    assert [end["status"] for end in records_of("runs", "end")] == ["cancelled", "completed"]
    assert places() == {"in-run": ("churn", None)}


@given(st.permutations(range(4)))
@settings(max_examples=24)
def test_steps_left_in_any_order_end_where_they_began(order: list[int]) -> None:
    with fresh_process(), reportgen.start_run("churn", log_dir="any-order") as run:
        steps = [run.step(f"s{n}") for n in range(4)]
        for step in steps:
            step.__enter__()
        open_steps = [*steps]
        for n in order:
            open_steps.remove(steps[n])
            steps[n].__exit__(None, None, None)
            current = active.get()
            assert current is not None
            assert current.step == (open_steps[-1].id if open_steps else None)


def test_run_ended_inside_its_step_is_over_for_what_follows() -> None:
    with reportgen.start_run("outer"):
        run = reportgen.start_run("inner")
        with run.step("load"):
            run.end()
            record("after-end")
        record("after-step")
    assert places() == {"after-end": ("outer", None), "after-step": ("outer", None)}
    (inner,) = [one for one in journals_of().values() if one[1].get("pipeline") == "inner"]
    assert [one["kind"] for one in inner] == ["log", "run", "step", "end", "end"]


def test_outer_run_ended_first_leaves_the_inner_one_current() -> None:
    outer = reportgen.start_run("outer")
    with reportgen.start_run("inner") as inner:
        outer.end()
        record("in-inner")
        assert told() == (inner.id, None)
    assert told() == (None, None)
    assert places() == {"in-inner": ("inner", None)}


def test_step_of_an_ended_run_is_told_to_nobody() -> None:
    outer = reportgen.start_run("outer")
    with reportgen.start_run("inner") as inner:
        with outer.step("late"):
            outer.end()
            assert told() == (inner.id, None)
        assert told() == (inner.id, None)
    assert told() == (None, None)


def test_step_is_begun_once() -> None:
    with reportgen.start_run("churn") as run:
        step = run.step("load")
        with step:
            pass
        with pytest.raises(RuntimeError, match="step 'load' was begun before"), step:
            pass
    assert len(records_of("runs", "step")) == 1


def test_run_ends_once_whoever_does_it() -> None:
    run = reportgen.start_run("churn")
    threads = [threading.Thread(target=run.end) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.end("failed")
    assert only("runs", "end")["status"] == "completed"
    with pytest.warns(UserWarning, match="no run is active"):
        assert contextvars.Context().run(record, "outside") is False
    run.end()
    active.set(None)  # the scope that began here and was ended elsewhere


def test_run_that_begins_after_one_was_ended_elsewhere_is_not_inside_it() -> None:
    first = reportgen.start_run("first")
    in_thread(first.end)
    with reportgen.start_run("second"):
        pass
    assert [one.get("parent") for one in records_of("runs", "run")] == [None, None]


# Threads and tasks


def test_threads_with_copied_contexts_have_runs_and_steps_of_their_own() -> None:
    start = threading.Barrier(4)

    def work(n: int) -> None:
        inner = reportgen.start_run(f"inner-{n}")
        with inner, inner.step(f"step-{n}"):
            start.wait()
            record(f"m{n}")
            start.wait()
        record(f"outside-{n}")

    with reportgen.start_run("outer") as outer, outer.step("all") as step, ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(contextvars.copy_context().run, work, n) for n in range(4)]
        for job in jobs:
            job.result()
        assert told() == (outer.id, step.id)
    found = places()
    assert {found[f"m{n}"] for n in range(4)} == {(f"inner-{n}", f"step-{n}") for n in range(4)}
    assert {found[f"outside-{n}"] for n in range(4)} == {("outer", "all")}
    parents = {one.get("parent") for one in records_of("runs", "run") if one["pipeline"] != "outer"}
    assert parents == {outer.id}


def test_gathered_steps_tell_children_only_of_what_they_share() -> None:
    seen: set[tuple[str | None, str | None]] = set()

    async def work(run: reportgen.Run, n: int, others: asyncio.Barrier) -> None:
        with run.step(f"s{n}"):
            await others.wait()
            seen.add(told())
            await others.wait()

    async def main() -> None:
        others = asyncio.Barrier(3)
        with reportgen.start_run("churn") as run, run.step("all") as step:
            await asyncio.gather(*(work(run, n, others) for n in range(3)))
            assert seen == {(run.id, step.id)}

    asyncio.run(main())
    assert told() == (None, None)


def test_task_that_outlives_the_run_loses_nothing() -> None:
    async def late(ended: asyncio.Event) -> bool:
        await ended.wait()
        return record("late")

    async def main() -> None:
        ended = asyncio.Event()
        with reportgen.start_run("churn") as run, run.step("load"):
            task = asyncio.create_task(late(ended))
            await asyncio.sleep(0)
        ended.set()
        assert await task is True
        assert told() == (None, None)

    asyncio.run(main())
    assert places() == {"late": ("churn", "load")}


def test_step_entered_in_one_thread_may_be_left_in_another() -> None:
    with reportgen.start_run("churn") as run:
        step = run.step("load")
        contextvars.copy_context().run(step.__enter__)
        assert told() == (run.id, step.id)
        in_thread(lambda: step.__exit__(None, None, None))
        assert told() == (run.id, None)
        record("in-run")
    assert places() == {"in-run": ("churn", None)}


def test_two_runs_at_once_tell_children_of_neither() -> None:
    both = threading.Barrier(2)
    seen = []

    def work(name: str) -> None:
        with reportgen.start_run(name, log_dir=name) as run, run.step("s"):
            both.wait()
            seen.append(tuple(os.environ.get(variable) for variable in VARIABLES))
            both.wait()

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [(None, None, None)] * 2


def test_two_steps_of_one_run_at_once_in_plain_threads_tell_of_the_run() -> None:
    both = threading.Barrier(2)
    seen = []

    def work(name: str) -> None:
        with run.step(name):
            both.wait()
            seen.append(told())
            both.wait()

    with reportgen.start_run("churn") as run:
        threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen == [(run.id, None)] * 2


def test_runs_of_other_threads_do_not_decide_where_a_run_goes() -> None:
    def other() -> None:
        reportgen.start_run("other").end()

    with reportgen.start_run("first", log_dir="first-logs"):
        in_thread(other)
        with pytest.warns(UserWarning, match="detached run"):
            in_thread(lambda: reportgen.create_markdown_artifact("text"))
    assert {one["pipeline"] for one in records_of("runs", "run")} == {"other", "detached"}


def test_run_inside_a_run_goes_to_the_same_logs_whatever_else_goes_on() -> None:
    both = threading.Barrier(2)

    def work(name: str) -> None:
        with reportgen.start_run(name, log_dir=name):
            both.wait()
            reportgen.start_run(f"in-{name}").end()
            both.wait()

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in "ab":
        assert {one["pipeline"] for one in records_of(name, "run")} == {name, f"in-{name}"}


def test_threads_outside_a_run_share_one_detached_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reportgen.recorder.start.gather_context", lambda _: time.sleep(0.02) or {})
    Path("reportgen.toml").write_text("warn_outside_run = false")
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        reportgen.create_markdown_artifact("text")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(records_of("runs", "artifact")) == 8
    assert len(records_of("runs", "run")) == 1


def test_pickled_run_is_joined_once_and_entered_by_each_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    run = reportgen.start_run("churn")
    content = pickle.dumps(run)
    run.end()
    with fresh_process():  # as another process
        start = threading.Barrier(4)

        def work(n: int) -> None:
            start.wait()
            joined = pickle.loads(content)
            with joined, joined:
                start.wait()
                record(f"a{n}")
            with joined:
                record(f"b{n}")
                start.wait()

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert set(places()) == {f"{letter}{n}" for letter in "ab" for n in range(4)}
    assert len(journals_of()) == 2
    assert len(records_of("runs", "end")) == 1


def test_pickled_run_of_a_process_that_does_not_record_does_not_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_DISABLED", "1")
    with reportgen.start_run("churn") as run:
        content = pickle.dumps(run)
    monkeypatch.delenv("REPORTGEN_DISABLED")
    with fresh_process(), pickle.loads(content):
        assert record("a") is True
    assert not Path("runs").exists()


# What children are told


ACTIONS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["run", "step", "leave", "set", "unset"])), max_size=25)


@given(ACTIONS, st.booleans())
@settings(max_examples=60)
def test_environment_names_what_all_active_scopes_share_and_is_restored(
    actions: list[tuple[int, str]], was_set: bool
) -> None:
    """Three contexts enter and leave runs and steps in turn; now and then somebody sets or removes a variable."""
    with pytest.MonkeyPatch.context() as patch, fresh_process():
        given_value = "given" if was_set else None
        patch.setattr(writer.Journal, "_open_file", lambda _: os.open(os.devnull, os.O_WRONLY))
        patch.setattr("reportgen.recorder.start.gather_context", lambda *_: {})
        patch.setenv("REPORTGEN_RUN_ID", "x")
        patch.delenv("REPORTGEN_RUN_ID")
        patch.setenv("REPORTGEN_LOG_DIR", "given")  # also where it is removed next, so that it is restored
        if not was_set:
            patch.delenv("REPORTGEN_LOG_DIR")
        contexts = [contextvars.Context() for _ in range(3)]
        stacks: list[list[reportgen.Run | reportgen.Step]] = [[] for _ in contexts]

        def expect() -> dict[str, str | None]:
            paths = [[*stack] for stack in stacks if stack]
            common = paths[0] if paths else []
            for path in paths[1:]:
                n = 0
                while n < min(len(common), len(path)) and common[n] is path[n]:
                    n += 1
                common = common[:n]
            last = common[-1] if common else None
            if last is None:
                return {"REPORTGEN_LOG_DIR": given_value, "REPORTGEN_RUN_ID": None, "REPORTGEN_STEP_ID": None}
            run = last.run if isinstance(last, reportgen.Step) else last
            step = last.id if isinstance(last, reportgen.Step) else None
            return {"REPORTGEN_LOG_DIR": str(run.log_dir), "REPORTGEN_RUN_ID": run.id, "REPORTGEN_STEP_ID": step}

        def leave(number: int) -> None:
            contexts[number].run(stacks[number].pop().__exit__, None, None, None)

        for number, action in actions:
            stack, context = stacks[number], contexts[number]
            if action == "run":
                stack.append(context.run(lambda: reportgen.start_run("p", log_dir="somewhere")))
            elif action == "step" and stack:
                last = stack[-1]
                run = last.run if isinstance(last, reportgen.Step) else last
                stack.append(context.run(run.step("s").__enter__))
            elif action == "leave" and stack:
                leave(number)
            elif action == "set":
                os.environ["REPORTGEN_LOG_DIR"] = given_value = f"mine-{len(stack)}"
                continue  # until the next scope it stays as it is
            elif action == "unset":
                os.environ.pop("REPORTGEN_LOG_DIR", None)
                given_value = None
                continue
            else:
                continue
            assert {name: os.environ.get(name) for name in VARIABLES} == expect()
        for number, stack in enumerate(stacks):
            while stack:
                leave(number)
        assert os.environ.get("REPORTGEN_LOG_DIR") == given_value
        assert told() == (None, None)


def test_many_concurrent_steps_cost_little() -> None:
    with reportgen.start_run("churn") as run, ExitStack() as stack:
        for n in range(2000):
            step = run.step(f"s{n}")
            contextvars.copy_context().run(step.__enter__)
            stack.callback(step.__exit__, None, None, None)
        assert told() == (run.id, None)
    assert len(records_of("runs", "end")) == 2001


def test_disabled_run_leaves_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_DISABLED", "1")
    monkeypatch.setenv("REPORTGEN_LOG_DIR", "elsewhere")
    with reportgen.start_run("churn") as run, run.step("load"):
        assert [os.environ.get(name) for name in VARIABLES] == ["elsewhere", None, None]


JOINED = """
import os, reportgen
reportgen.record_metric_value("joined", 1)
with reportgen.start_run("child") as run, run.step("inside") as step:
    assert os.environ["REPORTGEN_RUN_ID"] == run.id
    assert os.environ["REPORTGEN_STEP_ID"] == step.id
    reportgen.record_metric_value("of-child", 1)
@reportgen.step
def late():
    reportgen.record_metric_value("late", 1)
late()
print(os.environ["REPORTGEN_RUN_ID"], os.environ["REPORTGEN_STEP_ID"])
"""


def test_process_that_joined_by_the_environment_has_runs_and_steps_inside() -> None:
    with reportgen.start_run("churn", log_dir="runs") as run, run.step("shell") as step:
        assert run_python(JOINED).stdout.split() == [run.id, step.id]
    found = places()
    assert (found["joined"], found["of-child"], found["late"]) == (
        ("churn", "shell"),
        ("child", "inside"),
        ("churn", "late"),
    )
    (child,) = [one for one in records_of("runs", "run") if one["pipeline"] == "child"]
    assert child["parent"] == run.id
    parents = {one["name"]: one.get("step") for one in records_of("runs", "step")}
    assert parents == {"shell": None, "inside": None, "late": step.id}


# Forks


def fork(work: Callable[[], None]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads of the test runner
        child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(30)
            work()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


@needs_fork
def test_child_forked_inside_a_step_tells_its_own_children_of_its_own_step() -> None:
    def work() -> None:
        record("in-child")
        assert told() == (run.id, step.id)
        with run.step("of-child") as own:
            assert told() == (run.id, own.id)
            with reportgen.start_run("childs") as childs:
                assert told() == (childs.id, None)
                record("in-childs-run")
        assert told() == (run.id, step.id)

    with reportgen.start_run("churn") as run, run.step("shell") as step:
        fork(work)
        assert told() == (run.id, step.id)
        record("in-parent")
    assert places() == {
        "in-child": ("churn", "shell"),
        "in-childs-run": ("childs", None),
        "in-parent": ("churn", "shell"),
    }
    parents = {one["name"]: one.get("step") for one in records_of("runs", "step")}
    assert parents == {"shell": None, "of-child": step.id}


@needs_fork
def test_child_forked_from_a_plain_thread_joins_by_the_environment() -> None:
    def work() -> None:
        record("in-child")
        with run.step("of-child") as own:
            assert told() == (run.id, own.id)
        assert told() == (run.id, step.id)

    with reportgen.start_run("churn") as run, run.step("shell") as step:
        in_thread(lambda: fork(work) or True)
    assert places() == {"in-child": ("churn", "shell")}


@needs_fork
def test_forked_child_that_ends_or_unpickles_its_parents_run_does_not_end_it() -> None:
    def work() -> None:
        for n in range(2):
            with pickle.loads(content) as again:
                assert again is run
                record(f"child-{n}")
        run.end("failed")
        assert not run.has_ended

    with reportgen.start_run("churn") as run:
        content = pickle.dumps(run)
        fork(work)
        record("parent")
    assert only("runs", "end")["status"] == "completed"
    assert set(places()) == {"child-0", "child-1", "parent"}
    assert len(journals_of()) == 2


# Signals and finalizers


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers on this system")
@pytest.mark.parametrize("durability", ["process", "disk"])
def test_signal_handler_records_while_its_thread_is_recording(durability: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if durability == "disk":
        Path("reportgen.toml").write_text('durability = "disk"')
        monkeypatch.setattr(os, "fsync", lambda _: None)
    numbers, handled = itertools.count(), []

    def handle(*_: Any) -> None:  # may itself be interrupted by the next one
        number = next(numbers)
        reportgen.record_metric_value("handled", number)
        handled.append(number)

    before = signal.signal(signal.SIGALRM, handle)
    try:
        with reportgen.start_run("churn"):
            signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
            n = 0
            while len(handled) < 300:
                reportgen.record_metric_value("plain", n)
                n += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    (records,) = journals_of().values()
    assert [one["value"] for one in records if one.get("name") == "plain"] == [*range(n)]
    assert sorted(one["value"] for one in records if one.get("name") == "handled") == sorted(handled)
    assert sorted(one["seq"] for one in records) == [*range(n + len(handled) + 3)]


@pytest.mark.parametrize("place", ["_make_line", "_lock_shared", "write"])
def test_handler_that_records_at_the_worst_moment_costs_no_record(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands in for a signal that arrives right there, in each of the first calls."""
    original, n_calls = getattr(writer, place), 0

    def interrupted(*arguments: Any) -> Any:
        nonlocal n_calls
        n_calls += 1
        if n_calls in (1, 3, 5):
            journal.append(writer.open_line("metric", name=f"handler-{n_calls}", value=1))
        return original(*arguments)

    monkeypatch.setattr(writer, place, interrupted)
    free = free_descriptors()
    journal = writer.Journal("runs", str(uuid.uuid4()), "main")
    journal.begin(writer.open_line("run", pipeline="churn"))
    for n in range(6):
        journal.append(writer.open_line("metric", name=f"m{n}", value=1))
        if n == 2:
            journal.close()
    journal.close()
    (records,) = journals_of().values()
    assert sorted(one["seq"] for one in records) == [*range(len(records))]
    kinds = [one["kind"] for one in records]
    assert (kinds.count("log"), kinds.count("run")) == (1, 1)
    names = {one["name"] for one in records if one["kind"] == "metric"}
    assert names >= {f"m{n}" for n in range(6)} | {"handler-1"}
    assert free_descriptors() == free


def free_descriptors() -> list[int]:
    """The first few numbers that the next files get, which are others after one was left open."""
    descriptors = [os.open(os.devnull, os.O_RDONLY) for _ in range(8)]
    for descriptor in descriptors:
        os.close(descriptor)
    return descriptors


class Finalized:
    def __init__(self, n: int) -> None:
        self.n = n
        self.self = self  # only the collector frees it

    def __del__(self) -> None:
        reportgen.record_metric_value("freed", self.n)


def test_finalizer_records_in_the_middle_of_recording() -> None:
    threshold = gc.get_threshold()
    with reportgen.start_run("churn"):
        gc.set_threshold(20)
        try:
            for n in range(200):
                Finalized(n)
                reportgen.record_list_metric_values("plain", [n, n])
                reportgen.create_markdown_artifact("text")
            gc.collect()
        finally:
            gc.set_threshold(*threshold)
    (records,) = journals_of().values()
    assert sorted(one["value"] for one in records if one.get("name") == "freed") == [*range(200)]
    assert sorted(one["seq"] for one in records) == [*range(len(records))]
    assert len(records) == 3 + 600


# Switched off


def public_calls(folder: Path) -> dict[str, Callable[[], Any]]:
    image = bytes.fromhex("89504e470d0a1a0a")
    progress = reportgen.create_progress_artifact
    return {
        "create_link_artifact": lambda: reportgen.create_link_artifact("https://example.org"),
        "create_markdown_artifact": lambda: reportgen.create_markdown_artifact("text", "key"),
        "create_table_artifact": lambda: reportgen.create_table_artifact([{"a": n} for n in range(1200)]),
        "create_image_artifact": lambda: reportgen.create_image_artifact(image),
        "create_progress_artifact": lambda: progress(1),
        "update_progress_artifact": lambda: reportgen.update_progress_artifact(progress(1), 2),
        "record_metric_value": lambda: reportgen.record_metric_value("a", 1),
        "record_list_metric_values": lambda: reportgen.record_list_metric_values("b", [1, 2]),
        "record_input": lambda: reportgen.record_input("s3://b/x"),
        "record_output": lambda: reportgen.record_output("s3://b/x"),
    }


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
def test_switched_off_every_call_gives_what_it_would_have_and_writes_nothing(
    inside: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def results() -> dict[str, Any]:
        with ExitStack() as stack, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            if inside:
                run = stack.enter_context(reportgen.start_run("churn", params={"a": 1}, log_dir=tmp_path / "logs"))
                stack.enter_context(run.step("load"))
            return {name: call() for name, call in public_calls(tmp_path).items()}

    recorded = results()
    assert recorded["record_metric_value"] is inside
    (tmp_path / "off").mkdir()
    monkeypatch.chdir(tmp_path / "off")
    monkeypatch.setenv("REPORTGEN_DISABLED", "1")
    before = sorted(tmp_path.rglob("*"))
    with fresh_process():
        switched_off = results()
    assert sorted(tmp_path.rglob("*")) == before
    for name, value in recorded.items():
        assert type(switched_off[name]) is type(value), name
        assert isinstance(value, uuid.UUID) or switched_off[name] == value, name


# Programs that end


def ends_of(code: str) -> list[Fields]:
    with suppress(CalledProcessError):
        run_python(code)
    return sorted(records_of("runs", "end"), key=lambda one: one["ts"])


def test_runs_that_nobody_ended_are_completed_at_exit_the_inner_one_first() -> None:
    run_python("import reportgen\nreportgen.start_run('outer')\nreportgen.start_run('inner')")
    pipelines = {records[0]["run"]: records[1]["pipeline"] for records in journals_of().values()}
    ends = [(records[-1]["ts"], pipelines[run[:36]], records[-1]["status"]) for run, records in journals_of().items()]
    assert [end[1:] for end in sorted(ends)] == [("inner", "completed"), ("outer", "completed")]


def test_runs_that_nobody_ended_fail_when_an_exception_ends_the_program() -> None:
    (end,) = ends_of(
        "import reportgen\nreportgen.start_run('churn')\ndef load():\n    raise ValueError('no rows')\nload()"
    )
    assert (end["status"], end["error"]["type"], end["error"]["message"]) == ("failed", "ValueError", "no rows")
    assert "in load" in end["error"]["traceback"]


def test_exception_that_was_caught_fails_nothing_at_exit() -> None:
    (end,) = ends_of("import reportgen\nreportgen.start_run('churn')\ntry:\n    1 / 0\nexcept ZeroDivisionError: pass")
    assert end["status"] == "completed"


# Warnings


def test_warning_points_at_the_line_that_made_the_call() -> None:
    async def in_task() -> None:
        record_here("task")

    @reportgen.step
    def decorated() -> None:
        record_here("decorated")

    @reportgen.step
    async def decorated_async() -> None:
        record_here("decorated async")

    def record_here(what: str) -> None:
        reportgen.record_metric_value(what, 1)

    line = inspect.getsourcelines(record_here)[1] + 1
    ways: list[Callable[[], Any]] = [
        lambda: record_here("plain"),
        decorated,
        lambda: asyncio.run(in_task()),
        lambda: asyncio.run(decorated_async()),
        lambda: in_thread(lambda: record_here("thread") or True),
        lambda: ThreadPoolExecutor(1).submit(record_here, "executor").result(),
        lambda: asyncio.run(asyncio.to_thread(record_here, "to_thread")),
    ]
    for way in ways:
        with pytest.warns(UserWarning, match="no run is active: the metric is not recorded") as caught:
            way()
        assert [(one.filename, one.lineno) for one in caught] == [(__file__, line)]


def test_warning_of_an_artifact_points_at_the_line_that_made_the_call() -> None:
    for call in public_calls(Path()).values():
        with pytest.warns(UserWarning, match="no run is active") as caught:
            call()
        assert {one.filename for one in caught} == {__file__}
