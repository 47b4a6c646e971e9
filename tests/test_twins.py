"""The async twins: the same arguments, records, results, errors and warnings as the functions they stand for."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any
from uuid import UUID

import pytest
from recording import records_of

import reportgen

ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "create_link_artifact": ("https://example.org", "text", "summary", "what"),
    "create_markdown_artifact": ("# Title", "summary", "what"),
    "create_table_artifact": ([{"a": 1}], "summary", "what"),
    "create_image_artifact": ("https://example.org/x.png", "summary", "what"),
    "create_progress_artifact": (50, "summary", "what"),
}
every_function = pytest.mark.parametrize("name", ARGUMENTS)


def twin_of(name: str) -> Any:
    return getattr(reportgen, f"a{name}")


@every_function
def test_twin_records_the_same(name: str) -> None:
    async def work() -> UUID:
        identity: UUID = await twin_of(name)(*ARGUMENTS[name])
        return identity

    with reportgen.start_run("churn") as run, run.step("train"):
        ids = [getattr(reportgen, name)(*ARGUMENTS[name]), asyncio.run(work())]
    plain, awaited = records_of("runs", "artifact")
    assert [plain["id"], awaited["id"]] == [str(identity) for identity in ids]
    differing = {"id", "ts", "seq"}
    assert {key: plain[key] for key in plain.keys() - differing} == {
        key: awaited[key] for key in awaited.keys() - differing
    }


def test_twin_updates_progress() -> None:
    async def work() -> None:
        identity = await reportgen.acreate_progress_artifact(10)
        assert await reportgen.aupdate_progress_artifact(identity, 60) == identity

    with reportgen.start_run("churn"):
        asyncio.run(work())
    assert [record["progress"] for record in records_of("runs", "progress")] == [60.0]


def test_twins_in_concurrent_steps_record_in_their_own() -> None:
    async def work(name: str, run: reportgen.Run) -> tuple[str, str]:
        with run.step(name) as step:
            await asyncio.sleep(0)
            identity = await reportgen.acreate_markdown_artifact(name)
            return str(identity), step.id

    async def both(run: reportgen.Run) -> list[tuple[str, str]]:
        return await asyncio.gather(*(work(f"step-{n}", run) for n in range(5)))

    with reportgen.start_run("churn") as run:
        pairs = asyncio.run(both(run))
    assert {(record["id"], record["step"]) for record in records_of("runs", "artifact")} == set(pairs)


@every_function
def test_twin_has_name_and_arguments_of_its_function(name: str) -> None:
    function, twin = getattr(reportgen, name), twin_of(name)
    assert (twin.__name__, inspect.signature(twin)) == (f"a{name}", inspect.signature(function))
    assert inspect.iscoroutinefunction(twin)


def test_twin_outside_a_run_warns_at_the_line_that_awaits_it() -> None:
    async def work() -> None:
        await reportgen.acreate_markdown_artifact("text")

    with pytest.warns(UserWarning, match="detached run") as warned:
        asyncio.run(work())
    assert [warning.filename for warning in warned] == [__file__]


def test_twin_raises_when_awaited() -> None:
    async def work() -> None:
        await reportgen.acreate_markdown_artifact(5)  # type: ignore[arg-type]

    with pytest.raises(TypeError, match="markdown must be text, not int"):
        asyncio.run(work())
