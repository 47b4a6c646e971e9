"""`@pipeline` and `@step`: the run is around the call, and the function stays what it was."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from recording import journals_of, only, records_of

import reportgen
from reportgen import pipeline, step


def outline(log_dir: str = "runs") -> list[tuple[str, str]]:
    return [
        (record["kind"], record.get("pipeline") or record.get("name") or record["status"])
        for record in records_of(log_dir)
        if record["kind"] != "log"
    ]


WHOLE = [("run", "train-model"), ("step", "load-rows"), ("end", "completed"), ("end", "completed")]


def test_calls_of_functions_are_runs_and_steps() -> None:
    @step
    def load_rows(n: int) -> list[int]:
        return [*range(n)]

    @pipeline
    def train_model(n: int) -> int:
        return len(load_rows(n))

    assert train_model(3) == 3
    assert outline() == WHOLE


def test_calls_of_async_functions_are_runs_and_steps() -> None:
    @step
    async def load_rows(n: int) -> list[int]:
        await asyncio.sleep(0)
        return [*range(n)]

    @pipeline
    async def train_model(n: int) -> int:
        return len(await load_rows(n))

    assert inspect.iscoroutinefunction(train_model)
    assert inspect.iscoroutinefunction(load_rows)
    assert asyncio.run(train_model(3)) == 3
    assert outline() == WHOLE


def test_async_run_begins_when_it_is_awaited() -> None:
    @pipeline
    async def train_model() -> None:
        pass

    coroutine = train_model()
    assert not Path("runs").exists()
    asyncio.run(coroutine)
    assert outline() == [("run", "train-model"), ("end", "completed")]


def test_async_runs_at_the_same_time_do_not_mix() -> None:
    @pipeline
    async def train_model(name: str, others: asyncio.Barrier) -> None:
        await others.wait()
        reportgen.record_metric_value(name, 1)
        await others.wait()

    async def main() -> None:
        others = asyncio.Barrier(2)
        await asyncio.gather(train_model("a", others), train_model("b", others))

    asyncio.run(main())
    assert sorted(record["name"] for record in records_of("runs", "metric")) == ["a", "b"]
    assert {len(records) for records in journals_of().values()} == {4}
    assert len(records_of("runs", "run")) == 2
    assert all("parent" not in record for record in records_of("runs", "run"))


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_decorators_take_arguments(is_async: bool) -> None:
    def work() -> str:
        return "done"

    async def work_async() -> str:
        return "done"

    function: Any = work_async if is_async else work
    inner = step(name="Load rows")(function)
    outer = pipeline(name="Churn", deployment="nightly", tags=["demo"], log_dir="logs")(inner)
    assert (asyncio.run(outer()) if is_async else outer()) == "done"
    assert outline("logs") == [("run", "Churn"), ("step", "Load rows"), ("end", "completed"), ("end", "completed")]
    start = only("logs", "run")
    assert (start["deployment"], start["tags"]) == ("nightly", ["demo"])


def test_decorators_take_no_arguments_in_parentheses() -> None:
    @pipeline()
    def churn() -> str:
        return load()

    @step()
    def load() -> str:
        return "done"

    assert churn() == "done"
    assert outline() == [("run", "churn"), ("step", "load"), ("end", "completed"), ("end", "completed")]


@pytest.mark.parametrize(("name", "shown"), [("train_model", "train-model"), ("_private", "private"), ("__", "step")])
def test_name_is_that_of_the_function_with_dashes(name: str, shown: str) -> None:
    def function() -> None:
        pass

    function.__name__ = name
    pipeline(step(function))()
    assert outline()[:2] == [("run", shown), ("step", shown)]


def test_arguments_and_defaults_become_params() -> None:
    @pipeline
    def churn(lr: float, /, path: Path, *files: str, depth: int = 3, **rest: object) -> None:
        pass

    churn(0.1, Path("a"), "b", "c", extra=None)
    params = {"lr": 0.1, "path": "a", "files": ["b", "c"], "depth": 3, "rest": {"extra": None}}
    assert only("runs", "run")["params"] == params


def test_object_of_a_method_is_no_param() -> None:
    class Job:
        @pipeline
        def churn(self, lr: float = 0.1) -> float:
            return lr

        @classmethod
        @pipeline
        def retry(cls, n: int = 2) -> int:
            return n

    assert Job().churn() == 0.1
    assert Job.retry() == 2
    params = {record["pipeline"]: record["params"] for record in records_of("runs", "run")}
    assert params == {"churn": {"lr": 0.1}, "retry": {"n": 2}}


def test_call_with_wrong_arguments_is_a_type_error_and_no_run() -> None:
    @pipeline
    def churn(lr: float) -> None:
        pass

    with pytest.raises(TypeError, match="missing a required argument: 'lr'"):
        churn()  # type: ignore[call-arg]
    assert not Path("runs").exists()


def test_function_keeps_its_name_documentation_and_signature() -> None:
    @pipeline
    def churn(lr: float = 0.1) -> float:
        """Docs."""
        return lr

    assert (churn.__name__, churn.__doc__) == ("churn", "Docs.")
    assert [*inspect.signature(churn).parameters] == ["lr"]


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_exception_fails_step_and_run_and_goes_on_up(is_async: bool) -> None:
    error = ValueError("no rows")

    def work() -> None:
        raise error

    async def work_async() -> None:
        raise error

    function: Any = pipeline(step(work_async if is_async else work))
    with pytest.raises(ValueError, match="no rows") as caught:
        asyncio.run(function()) if is_async else function()
    assert caught.value is error
    assert [record["status"] for record in records_of("runs", "end")] == ["failed", "failed"]
    assert all("reportgen/decorators.py" not in record["error"]["traceback"] for record in records_of("runs", "end"))


def test_step_outside_a_run_is_an_ordinary_call() -> None:
    @step
    def load() -> int:
        return 3

    @step
    async def load_async() -> int:
        return 3

    assert load() == asyncio.run(load_async()) == 3
    assert not Path("runs").exists()


def test_pipeline_inside_a_pipeline_is_a_run_that_knows_its_parent() -> None:
    @pipeline
    def inner() -> None:
        pass

    @pipeline
    def outer() -> None:
        inner()

    outer()
    runs = {record["pipeline"]: record.get("parent") for record in records_of("runs", "run")}
    assert runs["outer"] is None
    assert Path("runs", runs["inner"] or "").is_dir()


def test_steps_call_steps() -> None:
    @step
    def fold() -> None:
        pass

    @step
    def train() -> None:
        fold()

    pipeline(train)()
    first, second = records_of("runs", "step")
    assert (first["name"], "step" in first) == ("train", False)
    assert (second["name"], second["step"]) == ("fold", first["id"])


def test_generator_is_refused_because_its_body_runs_after_the_call() -> None:
    def numbers() -> Iterator[int]:
        yield 1

    async def later_numbers() -> AsyncIterator[int]:
        yield 1

    for function in (numbers, later_numbers):
        for decorator in (reportgen.step, reportgen.pipeline):
            with pytest.raises(TypeError, match="is a generator"):
                decorator(function)


@pytest.mark.parametrize("decorator", [reportgen.step, reportgen.pipeline])
def test_name_given_by_place_is_refused_with_the_mend(decorator: Any) -> None:
    with pytest.raises(TypeError, match="give the name as name='train'"):
        decorator("train")


# Retries


def attempts() -> list[tuple[int, str]]:
    starts = {record["id"]: record.get("attempt", 1) for record in records_of("runs", "step")}
    ends = {record["step"]: record["status"] for record in records_of("runs", "end") if "step" in record}
    return [(attempt, ends[identity]) for identity, attempt in starts.items()]


@pytest.mark.parametrize("is_async", [False, True])
def test_failing_step_is_tried_again_and_each_try_is_a_step(is_async: bool) -> None:
    calls: list[int] = []

    def work() -> str:
        calls.append(len(calls))
        if len(calls) < 3:
            raise ConnectionError("not yet")
        return "done"

    async def work_async() -> str:
        return work()

    with reportgen.start_run("churn"):
        if is_async:
            assert asyncio.run(step(retries=4)(work_async)()) == "done"
        else:
            assert step(retries=4)(work)() == "done"
    assert attempts() == [(1, "failed"), (2, "failed"), (3, "completed")]
    assert len(calls) == 3
    assert records_of("runs", "end")[-1]["status"] == "completed"


def test_last_failure_goes_on_up_when_tries_are_used_up() -> None:
    calls: list[int] = []

    @step(retries=2)
    def load() -> None:
        calls.append(1)
        raise ConnectionError(f"try {len(calls)}")

    with pytest.raises(ConnectionError, match="try 3"), reportgen.start_run("churn"):
        load()
    assert attempts() == [(1, "failed"), (2, "failed"), (3, "failed")]


def test_interruption_is_not_tried_again() -> None:
    @step(retries=2)
    def load() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), reportgen.start_run("churn"):
        load()
    assert attempts() == [(1, "cancelled")]


@pytest.mark.parametrize(("delay", "pauses"), [(0.5, [0.5, 0.5, 0.5]), ([1, 2], [1, 2, 2]), ((0.25,), [0.25] * 3)])
def test_pauses_before_further_tries(delay: Any, pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("reportgen.decorators.time.sleep", slept.append)

    @step(retries=3, retry_delay_seconds=delay)
    def load() -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError), reportgen.start_run("churn"):
        load()
    assert slept == pauses


def test_retries_work_outside_a_run_too() -> None:
    calls: list[int] = []

    @step(retries=1)
    def load() -> int:
        calls.append(1)
        return 1 // (len(calls) - 1)

    assert load() == 1
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"retries": -1}, ValueError),
        ({"retries": 1.5}, TypeError),
        ({"retries": True}, TypeError),
        ({"retries": "2"}, TypeError),
        ({"retries": 1, "retry_delay_seconds": -1}, ValueError),
        ({"retries": 1, "retry_delay_seconds": []}, ValueError),
        ({"retries": 1, "retry_delay_seconds": "soon"}, ValueError),
        ({"retries": 1, "retry_delay_seconds": float("inf")}, ValueError),
    ],
)
def test_wrong_retries_are_refused_when_the_step_is_made(arguments: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="retr"):
        step(**arguments)


def test_retries_without_end_cost_no_memory() -> None:
    assert step(retries=10**12)(lambda: 1)() == 1


@pytest.mark.parametrize("decorator", [pipeline, step])
@pytest.mark.parametrize(("name", "error"), [(5, TypeError), ("", ValueError), ("a\nb", ValueError)])
def test_wrong_name_is_refused_when_the_decorator_is_made(decorator: Any, name: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"the name of a (pipeline|step) must be"):
        decorator(name=name)


@pytest.mark.parametrize("decorator", [pipeline, step])
def test_what_is_no_function_is_refused(decorator: Any) -> None:
    with pytest.raises(TypeError, match="takes a function, not classmethod"):
        decorator(name="load")(classmethod(lambda cls: 1))
    with pytest.raises(TypeError, match="give the name as name='load'"):
        decorator("load")


def test_object_with_an_async_call_is_awaited() -> None:
    class Train:
        async def __call__(self) -> int:
            await asyncio.sleep(0)
            reportgen.record_metric_value("a", 1)
            return 1

    assert asyncio.run(pipeline(name="train")(Train())()) == 1
    assert outline() == [("run", "train"), ("metric", "a"), ("end", "completed")]


def test_plain_function_that_gives_a_coroutine_is_refused() -> None:
    async def work() -> None: ...

    @pipeline
    def train() -> Any:
        return work()

    with pytest.raises(TypeError, match="train gives a coroutine: decorate the async function itself"):
        train()
    assert outline() == [("run", "train"), ("end", "failed")]
