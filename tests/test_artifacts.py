"""The functions that record artifacts: what is written, what comes back, what is refused."""

from __future__ import annotations

import base64
import enum
import hashlib
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from logs import PNG
from recording import Fields, journals_of, only, records_of, run_python

import reportgen
from reportgen.ids import new_id


@pytest.fixture
def run() -> Iterator[reportgen.Run]:
    with reportgen.start_run("churn") as run:
        yield run


CREATE: dict[str, Callable[..., UUID]] = {
    "link": lambda **options: reportgen.create_link_artifact("https://example.org", **options),
    "markdown": lambda **options: reportgen.create_markdown_artifact("# Title", **options),
    "table": lambda **options: reportgen.create_table_artifact([{"a": 1}], **options),
    "image": lambda **options: reportgen.create_image_artifact(PNG, **options),
    "progress": lambda **options: reportgen.create_progress_artifact(50, **options),
}
every_type = pytest.mark.parametrize("kind", CREATE)


def artifact() -> Fields:
    return only("runs", "artifact")


@every_type
def test_artifact_is_recorded_with_id_key_description_and_step(kind: str, run: reportgen.Run) -> None:
    with run.step("train") as step:
        identity = CREATE[kind](key="summary", description="*what*")
    record = artifact()
    assert isinstance(identity, UUID)
    assert identity.version == 7
    assert {name: record[name] for name in ("id", "type", "key", "description", "step")} == {
        "id": str(identity),
        "type": kind,
        "key": "summary",
        "description": "*what*",
        "step": step.id,
    }


@every_type
def test_artifact_needs_neither_key_nor_description_nor_step(kind: str, run: reportgen.Run) -> None:
    CREATE[kind]()
    assert not {"key", "description", "step"} & set(artifact())


@every_type
def test_each_call_makes_an_artifact_of_its_own(kind: str, run: reportgen.Run) -> None:
    ids = [str(CREATE[kind](key="summary")) for _ in range(3)]
    assert [record["id"] for record in records_of("runs", "artifact")] == ids
    assert len(set(ids)) == 3


@every_type
@pytest.mark.parametrize("key", ["", "Summary", "a_b", "a" * 201, 3])
def test_wrong_key_raises_and_writes_nothing(kind: str, key: Any, run: reportgen.Run) -> None:
    with pytest.raises(ValueError, match="Artifact key must only contain lowercase letters, numbers, and dashes"):
        CREATE[kind](key=key)
    assert records_of("runs", "artifact") == []
    assert [*Path("runs").rglob("blobs")] == []


@every_type
def test_description_that_is_no_text_raises_and_writes_nothing(kind: str, run: reportgen.Run) -> None:
    with pytest.raises(TypeError, match=r"^description must be text, not int$"):
        CREATE[kind](description=3)
    assert records_of("runs", "artifact") == []
    assert [*Path("runs").rglob("blobs")] == []


def test_link_keeps_target_and_text(run: reportgen.Run) -> None:
    reportgen.create_link_artifact("https://example.org", "an [odd] text")
    assert artifact()["data"] == {"link": "https://example.org", "link_text": "an [odd] text"}


def test_link_needs_no_text(run: reportgen.Run) -> None:
    reportgen.create_link_artifact("https://example.org")
    assert artifact()["data"] == {"link": "https://example.org", "link_text": None}


def test_markdown_is_kept_as_it_is(run: reportgen.Run) -> None:
    text = "# Title\r\n\n<script>\x00</script> 🦦"
    reportgen.create_markdown_artifact(text)
    assert artifact()["data"] == text


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: reportgen.create_link_artifact(3), "link must be text, not int"),  # type: ignore[arg-type]
        (lambda: reportgen.create_link_artifact("a", 3), "link_text must be text, not int"),  # type: ignore[arg-type]
        (lambda: reportgen.create_markdown_artifact(None), "markdown must be text, not NoneType"),  # type: ignore[arg-type]
        (lambda: reportgen.create_markdown_artifact(b"a"), "markdown must be text, not bytes"),  # type: ignore[arg-type]
        (lambda: reportgen.create_table_artifact({"a": [1, 1j]}), "row 1, column 'a': complex cannot be shown"),
        (lambda: reportgen.create_table_artifact("text"), "a table must be a dict of lists"),
        (lambda: reportgen.create_image_artifact(None), "an image must be a URL, a path"),
        (lambda: reportgen.create_progress_artifact("50"), "progress must be a real number, not str"),  # type: ignore[arg-type]
    ],
)
def test_wrong_content_raises_and_writes_nothing(call: Callable[[], UUID], message: str, run: reportgen.Run) -> None:
    with pytest.raises(TypeError, match=f"^{message}"):
        call()
    assert records_of("runs", "artifact") == []


def test_table_is_kept_as_columns_and_rows(run: reportgen.Run) -> None:
    reportgen.create_table_artifact([{"id": 1, "p": float("nan")}, {"id": 2, "q": float("inf")}])
    assert artifact()["data"] == {"columns": ["id", "p", "q"], "rows": [[1, None, None], [2, None, "Infinity"]]}


def test_image_on_the_web_is_kept_as_its_address(run: reportgen.Run) -> None:
    reportgen.create_image_artifact("https://example.org/a.png")
    assert artifact()["data"] == {"url": "https://example.org/a.png"}
    assert [*Path("runs").rglob("blobs")] == []


@pytest.mark.parametrize(
    ("image", "name"),
    [
        (PNG, ""),
        (Path("plot.png"), "plot.png"),
        ("plot.png", "plot.png"),
        ("data:image/png;base64," + base64.b64encode(PNG).decode(), ""),
    ],
    ids=["bytes", "path", "text-path", "data-url"],
)
def test_image_is_kept_by_content(image: Any, name: str, run: reportgen.Run) -> None:
    Path("plot.png").write_bytes(PNG)
    reportgen.create_image_artifact(image)
    blob = f"{hashlib.sha256(PNG).hexdigest()}.png"
    assert artifact()["data"] == {"blob": blob, "name": name}
    assert Path("runs", run.id, "blobs", blob).read_bytes() == PNG


def test_image_that_is_not_there_raises_and_writes_nothing(run: reportgen.Run) -> None:
    with pytest.raises(FileNotFoundError):
        reportgen.create_image_artifact("nowhere.png")
    with pytest.raises(ValueError, match="none of PNG"):
        reportgen.create_image_artifact(b"text")
    assert records_of("runs", "artifact") == []


def test_text_without_a_form_in_utf8_does_not_raise(run: reportgen.Run) -> None:
    reportgen.create_markdown_artifact("a\ud800b", description="\udfff")
    assert (artifact()["data"], artifact()["description"]) == ("a\ufffdb", "\ufffd")


# Progress


@pytest.mark.parametrize(("value", "percent"), [(0, 0), (33.3, 33.3), (100, 100)])
def test_progress_is_kept_in_per_cent(
    value: float, percent: float, run: reportgen.Run, caplog: pytest.LogCaptureFixture
) -> None:
    reportgen.create_progress_artifact(value)
    assert artifact()["data"] == percent
    assert caplog.records == []


@pytest.mark.parametrize(("value", "percent"), [(-1, 0), (100.5, 100), (float("inf"), 100)])
def test_progress_out_of_range_is_clamped_with_a_logged_warning(
    value: float, percent: float, run: reportgen.Run, caplog: pytest.LogCaptureFixture
) -> None:
    identity = reportgen.create_progress_artifact(value)
    reportgen.update_progress_artifact(identity, value)
    assert artifact()["data"] == percent
    assert only("runs", "progress")["progress"] == percent
    expected = ("reportgen", logging.WARNING, f"progress {value!r} is outside 0 to 100; recorded as {percent}")
    assert caplog.record_tuples == [expected, expected]


def test_progress_is_never_nan(run: reportgen.Run) -> None:
    identity = reportgen.create_progress_artifact(1)
    with pytest.raises(ValueError, match="not NaN"):
        reportgen.create_progress_artifact(float("nan"))
    with pytest.raises(ValueError, match="not NaN"):
        reportgen.update_progress_artifact(identity, float("nan"))
    assert len(records_of("runs", "artifact", "progress")) == 1


@pytest.mark.parametrize("form", [lambda identity: identity, str, lambda identity: str(identity).upper()])
def test_update_is_recorded_and_makes_no_artifact(form: Callable[[UUID], UUID | str], run: reportgen.Run) -> None:
    identity = reportgen.create_progress_artifact(1, key="epochs", description="first")
    with run.step("train") as step:
        assert reportgen.update_progress_artifact(form(identity), 2.5) == identity
        assert reportgen.update_progress_artifact(form(identity), 3, description="third") == identity
    second, third = records_of("runs", "progress")
    assert (second["artifact"], second["progress"], second["step"]) == (str(identity), 2.5, step.id)
    assert "description" not in second
    assert third["description"] == "third"
    assert len(records_of("runs", "artifact")) == 1


@pytest.mark.parametrize("kind", [kind for kind in CREATE if kind != "progress"])
def test_artifact_of_another_type_cannot_be_updated(kind: str, run: reportgen.Run) -> None:
    identity = CREATE[kind]()
    message = f"^artifact {identity} is of type {kind}: only progress artifacts can be updated$"
    with pytest.raises(ValueError, match=message):
        reportgen.update_progress_artifact(identity, 2)
    assert records_of("runs", "progress") == []


@pytest.mark.parametrize("identity", ["", "epochs", 5, None])
def test_update_of_what_is_no_id_is_a_value_error(identity: Any, run: reportgen.Run) -> None:
    with pytest.raises(ValueError, match="is not the id of an artifact: give what create_progress_artifact returned"):
        reportgen.update_progress_artifact(identity, 2)


def test_update_with_a_wrong_description_raises_and_writes_nothing(run: reportgen.Run) -> None:
    with pytest.raises(TypeError, match=r"^description must be text"):
        reportgen.update_progress_artifact(new_id(), 2, description=3)  # type: ignore[arg-type]
    assert records_of("runs", "progress") == []


def test_progress_of_another_process_of_the_run_can_be_updated(run: reportgen.Run) -> None:
    identity = new_id()
    assert reportgen.update_progress_artifact(identity, 2) == UUID(identity)
    assert only("runs", "progress")["artifact"] == identity


# Outside a run


@every_type
def test_artifact_outside_a_run_is_recorded_in_a_detached_run_with_a_warning(kind: str) -> None:
    with pytest.warns(UserWarning, match=r"^no run is active: the artifact is recorded in a detached run$") as caught:
        identity = CREATE[kind]()
    assert [warning.filename for warning in caught] == [__file__]
    start = only("runs", "run")
    assert (start["pipeline"], start["detached"]) == ("detached", True)
    assert artifact()["id"] == str(identity)


def call_at_a_known_line() -> int:
    line = sys._getframe().f_lineno + 1
    reportgen.create_markdown_artifact("text")
    return line


def test_warning_is_at_the_line_of_the_caller() -> None:
    with pytest.warns(UserWarning, match="no run is active") as caught:
        line = call_at_a_known_line()
    assert (caught[0].filename, caught[0].lineno) == (__file__, line)


def test_artifacts_outside_runs_share_one_detached_run() -> None:
    for create in CREATE.values():
        with pytest.warns(UserWarning, match="no run is active"):
            create()
    ((_, records),) = journals_of().items()
    assert [record["kind"] for record in records] == ["log", "run", *["artifact"] * 5]


def test_progress_of_an_outer_run_can_be_updated_in_an_inner_one(run: reportgen.Run) -> None:
    progress = reportgen.create_progress_artifact(0)
    text = reportgen.create_markdown_artifact("text")
    with reportgen.start_run("inner") as inner, inner.step("train"):
        reportgen.update_progress_artifact(progress, 50)
        with pytest.raises(ValueError, match="is of type markdown"):
            reportgen.update_progress_artifact(text, 50)
    updates = [record for record in journals_of()[f"{run.id}/main.jsonl"] if record["kind"] == "progress"]
    assert [(update["artifact"], update["progress"], update.get("step")) for update in updates] == [
        (str(progress), 50.0, None)
    ]


def test_progress_outside_a_run_can_be_updated() -> None:
    with pytest.warns(UserWarning, match="no run is active"):
        identity = reportgen.create_progress_artifact(1)
    with pytest.warns(UserWarning, match="no run is active"):
        assert reportgen.update_progress_artifact(identity, 2) == identity
    assert only("runs", "progress")["progress"] == 2


def test_detached_run_ends_with_its_process() -> None:
    run_python("import reportgen\nreportgen.create_markdown_artifact('text')")
    assert [record["kind"] for record in records_of()] == ["log", "run", "artifact", "end"]
    assert only("runs", "end")["status"] == "completed"


def test_warning_can_be_silenced_by_configuration() -> None:
    Path("reportgen.toml").write_text("warn_outside_run = false")
    reportgen.create_markdown_artifact("text")
    assert artifact()["data"] == "text"


def test_wrong_call_outside_a_run_starts_no_run() -> None:
    with pytest.raises(ValueError, match="Artifact key"):
        reportgen.create_markdown_artifact("text", key="Bad Key")
    assert not Path("runs").exists()


class Key(enum.StrEnum):
    SUMMARY = "summary"

    def __format__(self, spec: str) -> str:
        return "Key.SUMMARY"  # as an `Enum` that is text too does


def test_key_that_formats_itself_otherwise_is_kept_as_it_is(run: reportgen.Run) -> None:
    reportgen.create_markdown_artifact("text", key=Key.SUMMARY)
    assert only("runs", "artifact")["key"] == "summary"
    assert reportgen.use_artifact(Key.SUMMARY).data == "text"


def test_text_of_a_subclass_is_text_once_the_fast_encoder_is_loaded(run: reportgen.Run) -> None:
    reportgen.create_table_artifact([{"a": 1}])
    reportgen.create_markdown_artifact(Key.SUMMARY)
    assert records_of("runs", "artifact")[1]["data"] == "summary"
