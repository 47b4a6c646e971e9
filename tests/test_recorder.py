"""Runs and steps: what begins, ends and belongs to what, in every way that Python runs code."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import json
import os
import re
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording import Fields, journals_of, only, records_of, run_python

import reportgen
from reportgen import ids as ids_module
from reportgen.ids import new_id
from reportgen.recorder.failures import describe_error, outcome_of


def path_of(run: reportgen.Run) -> Path:
    return Path("runs", run.id, "main.jsonl")


def outline(log_dir: str = "runs") -> list[tuple[str, str | None, str | None]]:
    """What happened, in order: kind, name or status, and name of the step around it."""
    records = records_of(log_dir)
    names = {record["id"]: record["name"] for record in records if record["kind"] == "step"}
    return [
        (
            record["kind"],
            record.get("pipeline") or record.get("name") or record.get("status"),
            names.get(record.get("step", "")),
        )
        for record in records
        if record["kind"] != "log"
    ]


# Records of a run


def test_run_and_its_steps_are_recorded_in_order() -> None:
    with reportgen.start_run("churn") as run:
        with run.step("load"):
            reportgen.record_metric_value("rows", 3)
        with run.step("train"):
            pass
        reportgen.record_metric_value("total", 4)
    assert outline() == [
        ("run", "churn", None),
        ("step", "load", None),
        ("metric", "rows", "load"),
        ("end", "completed", "load"),
        ("step", "train", None),
        ("end", "completed", "train"),
        ("metric", "total", None),
        ("end", "completed", None),
    ]
    assert [*journals_of()] == [f"{run.id}/main.jsonl"]


def test_run_keeps_what_it_was_started_with() -> None:
    with reportgen.start_run(
        "churn",
        name="first try",
        deployment="nightly",
        params={"lr": 0.1, "path": Path("a"), 3: 1j, "none": None},
        tags=["demo", "x y"],
        parent="p1",
    ) as run:
        assert (run.pipeline, run.name, run.deployment) == ("churn", "first try", "nightly")
    record = only("runs", "run")
    assert {name: record[name] for name in ("pipeline", "name", "deployment", "params", "tags", "parent")} == {
        "pipeline": "churn",
        "name": "first try",
        "deployment": "nightly",
        "params": {"lr": 0.1, "path": "a", "3": "1j", "none": None},
        "tags": ["demo", "x y"],
        "parent": "p1",
    }
    assert set(record["context"]) == {"python", "system", "reportgen", "command"}
    assert "detached" not in record


def test_context_holds_nothing_of_the_machine_or_its_user() -> None:
    with reportgen.start_run("churn"):
        pass
    assert str(Path.home()) not in json.dumps(only("runs", "run")["context"])


def test_run_with_hostile_params_starts() -> None:
    class Hostile:
        def __repr__(self) -> str:
            raise KeyError("no")

    endless: list[Any] = []
    endless.append(endless)
    with reportgen.start_run("churn", params={"a": Hostile(), "b": endless, "c": "\ud800", "d": 10**400}):
        pass
    assert only("runs", "run")["params"]["a"] == "<Hostile>"
    assert only("runs", "end")["status"] == "completed"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"pipeline": ""}, ValueError, "pipeline must be 1 to 200 printable"),
        ({"pipeline": None}, TypeError, "pipeline must be text"),
        ({"pipeline": "a", "name": "a\nb"}, ValueError, "the name of a run must be"),
        ({"pipeline": "a", "deployment": 3}, TypeError, "deployment must be text"),
        ({"pipeline": "a", "tags": ["ok", ""]}, ValueError, "a tag must be"),
    ],
)
def test_wrong_name_raises_and_writes_nothing(arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        reportgen.start_run(**arguments)
    assert not Path("runs").exists()


def test_wrong_name_of_a_step_raises_and_writes_nothing() -> None:
    with reportgen.start_run("churn") as run, pytest.raises(ValueError, match="the name of a step must be"):
        run.step("")
    assert records_of("runs", "step") == []


def test_step_keeps_its_attempt() -> None:
    with reportgen.start_run("churn") as run:
        for attempt in (1, 2):
            with run.step("load", attempt=attempt):
                pass
    assert [record.get("attempt", 1) for record in records_of("runs", "step")] == [1, 2]


def test_log_directory_is_the_argument_else_environment_else_configuration_else_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reportgen.start_run("a").end()
    Path("reportgen.toml").write_text('logs = ["configured"]')
    reportgen.start_run("b").end()
    monkeypatch.setenv("REPORTGEN_LOG_DIR", "environment")
    reportgen.start_run("c").end()
    run = reportgen.start_run("d", log_dir="argument")
    run.end()
    places = [only(folder, "run")["pipeline"] for folder in ("runs", "configured", "environment", "argument")]
    assert places == ["a", "b", "c", "d"]
    assert run.log_dir == tmp_path / "argument"


def test_run_stays_in_its_folder_when_the_job_changes_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    with reportgen.start_run("churn"):
        monkeypatch.chdir(tmp_path / "elsewhere")
        reportgen.record_metric_value("a", 1)
    assert only(tmp_path / "runs", "metric")["value"] == 1
    assert not Path("runs").exists()


# How runs and steps end


class JobError(Exception):
    pass


ENDS: list[tuple[BaseException, str]] = [
    (ValueError("no rows"), "failed"),
    (SystemExit(1), "failed"),
    (SystemExit("gone"), "failed"),
    (SystemExit(0), "completed"),
    (SystemExit(), "completed"),
    (KeyboardInterrupt(), "cancelled"),
    (asyncio.CancelledError(), "cancelled"),
    (GeneratorExit(), "cancelled"),
]


@pytest.mark.parametrize(("error", "status"), ENDS, ids=[repr(error) for error, _ in ENDS])
def test_exception_ends_step_and_run_and_goes_on_up(error: BaseException, status: str) -> None:
    with pytest.raises(type(error)) as caught, reportgen.start_run("churn") as run, run.step("load"):
        raise error
    assert caught.value is error
    of_step, of_run = records_of("runs", "end")
    assert (of_step["status"], of_run["status"]) == (status, status)
    assert "step" in of_step
    assert "step" not in of_run
    assert ("error" in of_run) == (status != "completed")
    if status != "completed":
        assert of_run["error"]["type"] == type(error).__name__
        assert of_run["error"].get("message", "") == str(error)


def test_exception_that_is_caught_inside_leaves_the_run_completed() -> None:
    with reportgen.start_run("churn") as run, pytest.raises(JobError), run.step("load"):
        raise JobError
    assert [record["status"] for record in records_of("runs", "end")] == ["failed", "completed"]


def test_traceback_has_paths_that_do_not_tell_where_it_was_made(tmp_path: Path) -> None:
    module = tmp_path / "steps.py"
    module.write_text("def load():\n    raise ValueError('no rows')\n")
    scope: dict[str, Any] = {}
    exec(compile(module.read_text(), str(module), "exec"), scope)
    with pytest.raises(ValueError, match="no rows"), reportgen.start_run("churn"):
        scope["load"]()
    trace = only("runs", "end")["error"]["traceback"]
    assert trace.startswith("Traceback (most recent call last):\n")
    assert trace.endswith("ValueError: no rows\n")
    assert 'File "steps.py", line 2, in load' in trace
    assert str(tmp_path) not in trace
    assert str(Path(__file__).parent) not in trace


def test_traceback_keeps_causes() -> None:
    cause = KeyError("first")
    with pytest.raises(JobError), reportgen.start_run("churn"):
        raise JobError("second") from cause
    error = only("runs", "end")["error"]
    assert (error["type"], error["message"]) == ("JobError", "second")
    assert "KeyError: 'first'" in error["traceback"]


def test_error_that_cannot_be_shown_is_recorded_by_its_type() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise OSError("no words")

    with pytest.raises(MuteError), reportgen.start_run("churn"):
        raise MuteError
    assert only("runs", "end")["error"]["type"].endswith("MuteError")


def test_error_with_any_text_is_recorded() -> None:
    with pytest.raises(JobError), reportgen.start_run("churn"):
        raise JobError("\ud800\x00" + "x" * 10**6)
    error = only("runs", "end")["error"]
    assert error["message"].startswith("\ufffd\x00xxx")
    assert len(error["message"]) == len(error["traceback"]) == 64_000


def test_error_that_cannot_be_written_as_text_keeps_its_traceback() -> None:
    class HostileError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    with pytest.raises(HostileError), reportgen.start_run("churn"):
        raise HostileError
    error = only("runs", "end")["error"]
    assert error["message"] == ""
    assert "raise HostileError" in error["traceback"]


def test_error_in_a_folder_that_is_gone_is_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    try:
        raise JobError("bad")
    except JobError as error:
        description = describe_error(error)
    assert description
    assert description["message"] == "bad"
    assert "JobError: bad" in description["traceback"]


def test_success_has_no_error() -> None:
    assert describe_error(None) is None
    assert describe_error(SystemExit(0)) is None
    assert outcome_of(None) == "completed"


def test_run_can_be_ended_by_hand() -> None:
    run = reportgen.start_run("churn")
    assert reportgen.record_metric_value("a", 1) is True
    run.end()
    with pytest.warns(UserWarning, match="no run is active"):
        assert reportgen.record_metric_value("a", 2) is False
    assert outline() == [("run", "churn", None), ("metric", "a", None), ("end", "completed", None)]


def test_run_ended_by_hand_can_fail() -> None:
    reportgen.start_run("churn").end("failed", JobError("bad"))
    end = only("runs", "end")
    assert (end["status"], end["error"]["type"], end["error"]["message"]) == ("failed", "JobError", "bad")


def test_run_ends_with_an_exception_only() -> None:
    wrong: Any = "it broke"
    with reportgen.start_run("churn") as run:
        with pytest.raises(TypeError, match="error must be an exception or None, not str"):
            run.end("failed", wrong)
        assert records_of("runs", "end") == []


def test_run_ends_once() -> None:
    with reportgen.start_run("churn") as run:
        run.end("cancelled")
    run.end()
    assert only("runs", "end")["status"] == "cancelled"


def test_ended_run_is_not_the_current_one_any_more() -> None:
    with reportgen.start_run("outer") as outer:
        with reportgen.start_run("inner"):
            pass
        reportgen.record_metric_value("a", 1)
    (with_metric,) = [name for name, records in journals_of().items() if records[2]["kind"] == "metric"]
    assert with_metric == f"{outer.id}/main.jsonl"


# What is inside what


def test_steps_nest() -> None:
    with reportgen.start_run("churn") as run, run.step("train"), run.step("fold"), run.step("fit"):
        pass
    assert [entry for entry in outline() if entry[0] == "step"] == [
        ("step", "train", None),
        ("step", "fold", "train"),
        ("step", "fit", "fold"),
    ]


def test_nested_run_knows_its_parent_and_has_no_step_of_it() -> None:
    with reportgen.start_run("outer") as outer, outer.step("call"):
        inner = reportgen.start_run("inner")
        with inner, inner.step("load"):
            pass
    runs = {record["pipeline"]: record.get("parent") for record in records_of("runs", "run")}
    assert runs == {"outer": None, "inner": outer.id}
    assert ("step", "load", None) in outline()


def test_step_of_an_outer_run_inside_an_inner_run_has_no_foreign_parent() -> None:
    with reportgen.start_run("outer") as outer:
        inner = reportgen.start_run("inner")
        with inner, inner.step("in"), outer.step("out"):
            reportgen.record_metric_value("a", 1)
    metric = [record for record in journals_of()[f"{outer.id}/main.jsonl"] if record["kind"] == "metric"]
    assert len(metric) == 1
    assert ("step", "out", None) in outline()


def test_asyncio_tasks_have_steps_of_their_own() -> None:
    async def work(run: reportgen.Run, name: str, others: asyncio.Barrier) -> None:
        with run.step(name):
            await others.wait()
            reportgen.record_metric_value(f"{name}-metric", 1)
            await others.wait()

    async def main() -> None:
        others = asyncio.Barrier(3)
        with reportgen.start_run("churn") as run, run.step("all"):
            await asyncio.gather(*(work(run, name, others) for name in "abc"))

    asyncio.run(main())
    assert {entry[1:] for entry in outline() if entry[0] == "metric"} == {(f"{n}-metric", n) for n in "abc"}
    assert {entry[1:] for entry in outline() if entry[0] == "step"} == {("all", None)} | {(n, "all") for n in "abc"}


def test_asyncio_task_that_is_cancelled_ends_its_step_as_cancelled() -> None:
    async def work(run: reportgen.Run, began: asyncio.Event) -> None:
        with run.step("wait"):
            began.set()
            await asyncio.Event().wait()

    async def main() -> None:
        with reportgen.start_run("churn") as run:
            began = asyncio.Event()
            task = asyncio.create_task(work(run, began))
            await began.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    assert [entry for entry in outline() if entry[0] == "end"] == [
        ("end", "cancelled", "wait"),
        ("end", "completed", None),
    ]


def test_run_may_end_in_another_task_than_it_began_in() -> None:
    async def begin() -> reportgen.Run:
        return reportgen.start_run("churn")

    async def main() -> None:
        run = await asyncio.create_task(begin())
        run.end()

    asyncio.run(main())
    assert only("runs", "end")["status"] == "completed"


def test_asyncio_to_thread_records_in_the_step_around_it() -> None:
    async def main() -> None:
        with reportgen.start_run("churn") as run, run.step("train"):
            await asyncio.to_thread(reportgen.record_metric_value, "a", 1)

    asyncio.run(main())
    assert ("metric", "a", "train") in outline()


def test_thread_with_a_copied_context_records_in_the_step_around_it() -> None:
    with reportgen.start_run("churn") as run, run.step("train"):
        contexts = [contextvars.copy_context() for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            jobs = [
                pool.submit(context.run, reportgen.record_metric_value, f"m{n}", n)
                for n, context in enumerate(contexts)
            ]
            assert all(job.result() for job in jobs)
    assert {entry for entry in outline() if entry[0] == "metric"} == {("metric", f"m{n}", "train") for n in range(4)}


def in_plain_thread(call: Callable[[], Any]) -> Any:
    results: list[Any] = []
    thread = threading.Thread(target=contextvars.Context().run, args=(lambda: results.append(call()),))
    thread.start()
    thread.join()
    return results[0]


def test_thread_without_a_context_has_no_run() -> None:
    def call() -> bool:
        with pytest.warns(UserWarning, match="no run is active"):
            return reportgen.record_metric_value("a", 1)

    with reportgen.start_run("churn"):
        assert in_plain_thread(call) is False
    assert records_of("runs", "metric") == []


def test_thread_without_a_context_may_use_the_run_itself() -> None:
    def call() -> bool:
        with run.step("apart"):
            return reportgen.record_metric_value("a", 1)

    with reportgen.start_run("churn") as run, run.step("train"):
        assert in_plain_thread(call) is True
    assert ("metric", "a", "apart") in outline()


# Other processes

JOINER = """
import reportgen
assert reportgen.record_metric_value("joined", 1) is True
@reportgen.step
def inner():
    reportgen.record_metric_value("inside", 2)
inner()
with reportgen.start_run("child"):
    pass
"""


def test_child_process_joins_the_run_that_the_environment_names(tmp_path: Path) -> None:
    with reportgen.start_run("churn", log_dir="logs") as run, run.step("shell") as step:
        run_python(
            JOINER,
            REPORTGEN_LOG_DIR=str(tmp_path / "logs"),
            REPORTGEN_RUN_ID=run.id.upper(),
            REPORTGEN_STEP_ID=step.id,
        )
    mine, theirs = sorted(
        (name for name in journals_of("logs") if name.startswith(run.id)),
        key=lambda name: not name.endswith("main.jsonl"),
    )
    assert re.fullmatch(rf"{run.id}/[0-9a-f]{{12}}\.jsonl", theirs)
    records = journals_of("logs")[theirs]
    assert [record["kind"] for record in records] == ["log", "metric", "step", "metric", "end"]
    assert records[0]["run"] == run.id
    assert (records[1]["name"], records[1]["step"]) == ("joined", step.id)
    assert (records[2]["name"], records[2]["step"]) == ("inner", step.id)
    assert (records[3]["name"], records[3]["step"]) == ("inside", records[2]["id"])
    assert [record["seq"] for record in records] == [0, 1, 2, 3, 4]
    assert {record["kind"] for record in journals_of("logs")[mine]} == {"log", "run", "step", "end"}
    (child,) = [record for record in records_of("logs", "run") if record["pipeline"] == "child"]
    assert child["parent"] == run.id


def test_joined_process_writes_one_journal_and_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = new_id()
    monkeypatch.setenv("REPORTGEN_RUN_ID", run_id)
    for value in (1, 2):
        assert reportgen.record_metric_value("a", value) is True
    (records,) = journals_of().values()
    assert [record["kind"] for record in records] == ["log", "metric", "metric"]
    assert records[0]["run"] == run_id


@pytest.mark.parametrize(
    "write", [str.upper, "{{{}}}".format, "urn:uuid:{}".format, lambda text: text.replace("-", "")]
)
def test_run_id_in_another_spelling_is_the_same_run(
    write: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = new_id()
    monkeypatch.setenv("REPORTGEN_RUN_ID", write(run_id))
    for value in (1, 2):
        reportgen.record_metric_value("a", value)
    (name,) = journals_of()
    assert name.startswith(f"{run_id}/")


def test_run_id_that_is_none_is_an_error_that_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_RUN_ID", "../../evil")
    with pytest.raises(ValueError, match=r"^REPORTGEN_RUN_ID must be a UUID, not '\.\./\.\./evil'$"):
        reportgen.record_metric_value("a", 1)
    assert not Path("runs").exists()


def test_own_run_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with reportgen.start_run("churn") as run:
        monkeypatch.setenv("REPORTGEN_RUN_ID", new_id())
        reportgen.record_metric_value("a", 1)
    assert [*journals_of()] == [f"{run.id}/main.jsonl"]


# Switched off


def test_disabled_recording_writes_nothing_and_returns_what_it_would_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_DISABLED", "1")

    @reportgen.pipeline
    def churn(lr: float = 0.1) -> float:
        with pytest.raises(ValueError, match="key"):
            reportgen.create_markdown_artifact("text", key="Bad Key")
        with pytest.raises(TypeError, match="real number"):
            reportgen.record_metric_value("a", "text")  # type: ignore[arg-type]
        assert reportgen.record_metric_value("a", 1) is True
        assert reportgen.record_list_metric_values("b", [1, 2]) is True
        progress = reportgen.create_progress_artifact(1)
        assert isinstance(progress, uuid.UUID)
        assert reportgen.update_progress_artifact(progress, 2) == progress
        return lr

    assert churn() == 0.1
    assert isinstance(reportgen.create_image_artifact(b"\x89PNG\r\n\x1a\n"), uuid.UUID)
    assert reportgen.record_metric_value("a", 1) is False
    with reportgen.start_run("churn") as run, run.step("load") as step:
        assert uuid.UUID(run.id).version == uuid.UUID(step.id).version == 7
        assert run.log_dir is None
    assert [*Path().iterdir()] == []


@pytest.mark.parametrize("value", ["0", ""])
def test_recording_is_on_unless_it_is_switched_off(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_DISABLED", value)
    reportgen.start_run("churn").end()
    assert len(records_of("runs", "run")) == 1


# Ids


def test_id_is_a_uuid_of_version_7() -> None:
    identity = uuid.UUID(new_id())
    assert (identity.version, identity.variant) == (7, uuid.RFC_4122)


@given(st.lists(st.integers(0, 2**48 - 1), min_size=2, max_size=8, unique=True))
def test_ids_sort_by_time(milliseconds: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        ids = {}
        for at in milliseconds:
            patch.setattr(ids_module, "time_ns", lambda at=at: at * 1_000_000)
            ids[at] = new_id()
    assert sorted(ids, key=lambda at: ids[at]) == sorted(ids)
    assert all(uuid.UUID(identity).int >> 80 == at for at, identity in ids.items())


def test_ids_made_at_one_moment_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids_module, "time_ns", lambda: 10**18)
    assert len({new_id() for _ in range(1000)}) == 1000


# What recording costs

BEGUN = """
import sys, reportgen
with reportgen.start_run("churn") as run, run.step("train"):
    reportgen.record_metric_value("a", 1)
    reportgen.record_list_metric_values("b", [1, 2])
    reportgen.record_input("s3://b/x.csv")
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""

ALL_CALLED = BEGUN.replace(
    "print",
    """
    reportgen.create_table_artifact([{"a": 1}], key="rows")
    reportgen.create_markdown_artifact("text")
    reportgen.create_link_artifact("https://example.org")
    reportgen.create_image_artifact(bytes.fromhex("89504e470d0a1a0a"))
    reportgen.update_progress_artifact(reportgen.create_progress_artifact(1), 2)
print""",
)


def modules_loaded_by(code: str) -> set[str]:
    return set(run_python(code).stdout.split()) - modules_of_bare_python()


@functools.cache
def modules_of_bare_python() -> set[str]:
    return set(run_python("import sys; print(*sys.modules)").stdout.split())


def test_beginning_a_run_loads_little() -> None:
    slow = (
        "msgspec typing typing_extensions inspect pathlib uuid datetime decimal tomllib subprocess traceback platform"
    )
    assert not modules_loaded_by(BEGUN) & set(slow.split())


def test_recording_loads_no_heavy_library() -> None:
    loaded = modules_loaded_by(ALL_CALLED)
    heavy = {"pyarrow", "jinja2", "numpy", "pandas", "markdown", "pygments", "nh3", "click", "PIL", "asyncio"}
    assert "reportgen" in loaded
    assert not loaded & heavy


def test_journal_of_a_run_is_whole_when_the_process_ends_without_an_end() -> None:
    run_python("import os, reportgen\nreportgen.start_run('churn')\nreportgen.record_metric_value('a', 1)\nos._exit(0)")
    kinds: list[Fields] = records_of()
    assert [record["kind"] for record in kinds] == ["log", "run", "metric"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tags": "nightly"}, "tags must be a list of words"),
        ({"tags": 5}, "tags must be a list of words, not int"),
        ({"params": [1]}, "params must be a dict, not list"),
        ({"params": dict}, "params must be a dict, not type"),
        ({"log_dir": 5}, "log_dir must be a path as text or pathlib.Path, not int"),
        ({"log_dir": b"runs"}, "log_dir must be a path as text or pathlib.Path, not bytes"),
    ],
)
def test_arguments_of_another_shape_are_refused(arguments: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        reportgen.start_run("churn", **arguments)
    assert not Path("runs").exists()


@pytest.mark.parametrize("log_dir", ["a\0b", "a\ud800b"])
def test_log_directory_that_no_file_system_can_hold_is_refused(log_dir: str) -> None:
    with pytest.raises(ValueError, match="log_dir must be a path, not 'a"):
        reportgen.start_run("churn", log_dir=log_dir)


def test_tags_may_come_from_a_generator() -> None:
    with reportgen.start_run("churn", tags=(tag for tag in ("a", "b"))):  # type: ignore[arg-type]
        pass
    assert only("runs", "run")["tags"] == ["a", "b"]


def test_params_may_be_a_series() -> None:
    pandas = pytest.importorskip("pandas")
    with reportgen.start_run("churn", params=pandas.Series({"lr": 0.5})):
        pass
    assert only("runs", "run")["params"] == {"lr": 0.5}


_FORK = """
import os, sys, reportgen
with reportgen.start_run("churn") as run, run.step("train"):
    child = os.fork()
    if child == 0:
        reportgen.record_metric_value("of-the-child", 1)
        sys.exit(3)
    os.waitpid(child, 0)
    reportgen.record_metric_value("of-the-parent", 2)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_forked_child_that_leaves_the_block_does_not_end_the_run() -> None:
    run_python(_FORK)
    ends = [(record.get("step") is not None, record["status"]) for record in records_of("runs", "end")]
    assert ends == [(True, "completed"), (False, "completed")]
    assert {record["name"] for record in records_of("runs", "metric")} == {"of-the-child", "of-the-parent"}


def test_only_the_outermost_block_ends_a_run() -> None:
    with reportgen.start_run("churn") as run:
        for name in ("a", "b"):

            def work(name: str = name) -> None:
                with run:
                    reportgen.record_metric_value(name, 1)

            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        with run:
            reportgen.record_metric_value("c", 1)
        reportgen.record_metric_value("d", 1)
        assert not run.has_ended
    kinds = [record.get("name", record["kind"]) for record in records_of()]
    assert kinds == ["log", "run", "a", "b", "c", "d", "end"]


@pytest.mark.parametrize("value", ["0", "false", "False", "no", "OFF", "", " "])
def test_recording_is_not_disabled_by_words_for_no(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_DISABLED", value)
    with reportgen.start_run("churn") as run:
        assert run.is_recording
