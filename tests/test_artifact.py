"""`Artifact`: created, formatted, and found again in the logs with its version."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from logs import PNG, START, artifact, delete, run_start, write_run
from recording import only, records_of

import reportgen
from reportgen import Artifact, cli
from reportgen.log.seal import seal_logs


@pytest.fixture
def run() -> Iterator[reportgen.Run]:
    with reportgen.start_run("churn") as run:
        yield run


# Creating

CONTENT: dict[str, tuple[Any, Any]] = {  # what is given, and what the record holds
    "markdown": ("# Title", "# Title"),
    "table": ([{"a": 1}], {"columns": ["a"], "rows": [[1]]}),
    "progress": (40, 40.0),
    "link": ("https://example.org", {"link": "https://example.org", "link_text": None}),
    "image": ("https://example.org/x.png", {"url": "https://example.org/x.png"}),
}
every_type = pytest.mark.parametrize(("kind", "given", "recorded"), [(kind, *pair) for kind, pair in CONTENT.items()])


@every_type
def test_created_artifact_is_the_record_and_knows_where_it_was_made(
    kind: Any, given: Any, recorded: Any, run: reportgen.Run
) -> None:
    with run.step("train") as step:
        created = Artifact(type=kind, key="summary", description="*what*", data=given).create()
    record = only("runs", "artifact")
    assert (record["type"], record["key"], record["description"], record["data"]) == (
        kind,
        "summary",
        "*what*",
        recorded,
    )
    assert created.id == UUID(record["id"])
    assert (created.run_id, created.step_id) == (created.flow_run_id, created.task_run_id) == (run.id, step.id)
    assert created.version is None
    assert created.created is not None
    assert abs(created.created.timestamp() * 1e6 - record["ts"]) < 60e6


@pytest.mark.parametrize(
    ("given", "link", "text"),
    [
        ("https://example.org/(a b)", "https://example.org/(a b)", None),
        ("[model card](https://example.org/m)", "https://example.org/m", "model card"),
        ("[a \\[b\\]](<https://example.org/(c d)>)", "https://example.org/(c d)", "a [b]"),
        ({"link": "https://example.org", "link_text": "text"}, "https://example.org", "text"),
        ("[no link", "[no link", None),
    ],
)
def test_link_may_be_an_address_or_markdown(given: Any, link: str, text: str | None, run: reportgen.Run) -> None:
    Artifact(type="link", data=given).create()
    assert only("runs", "artifact")["data"] == {"link": link, "link_text": text}


def test_each_creation_is_a_further_artifact(run: reportgen.Run) -> None:
    draft = Artifact(key="summary", data="# Title")
    first, second = draft.create(), draft.create()
    assert draft.id is None
    assert first.id != second.id
    assert first != second
    assert [record["id"] for record in records_of("runs", "artifact")] == [str(first.id), str(second.id)]


def test_metadata_is_recorded_found_again_and_shown(tmp_path: Path) -> None:
    metadata = {"rows": 3, "source": "s3://b/<x>", "at": dt.date(2026, 1, 2), "nested": {"a": [1]}}
    with reportgen.start_run("churn"):
        Artifact(key="summary", data="text", metadata=metadata).create()
        found = Artifact.get("summary")
    plain = {"rows": 3, "source": "s3://b/<x>", "at": "2026-01-02", "nested": {"a": [1]}}
    assert only("runs", "artifact")["metadata"] == plain
    assert found is not None
    assert found.metadata == plain
    assert cli.run(["build", "-q"]) == 0
    page = (tmp_path / "site/artifacts/summary/v1.html").read_text("utf-8")
    assert "s3://b/&lt;x&gt;" in page
    assert "2026-01-02" in page


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"type": "chart"}, ValueError, "type must be one of link, markdown, table, image, progress, not 'chart'"),
        ({"type": None}, ValueError, "type must be one of"),
        ({"key": "A b"}, ValueError, "Artifact key must only contain lowercase letters, numbers, and dashes"),
        ({"description": 5}, TypeError, "description must be text, not int"),
        ({"metadata": [1]}, TypeError, "metadata must be a dict, not list"),
        ({"metadata": {"a": object()}}, TypeError, "metadata 'a': object cannot be shown"),
    ],
)
def test_wrong_artifact_is_refused_when_it_is_made(arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Artifact(**arguments)


@pytest.mark.parametrize(
    ("kind", "data"), [("markdown", None), ("table", 5), ("progress", "half"), ("image", 5), ("link", 5)]
)
def test_content_of_another_type_is_refused_and_nothing_is_recorded(kind: Any, data: Any, run: reportgen.Run) -> None:
    with pytest.raises(TypeError):
        Artifact(type=kind, key="summary", data=data).create()
    assert records_of("runs", "artifact") == []


def test_outside_a_run_it_is_recorded_in_a_detached_one() -> None:
    with pytest.warns(UserWarning, match="detached run") as warned:
        created = Artifact(key="summary", data="text").create()
    assert [warning.filename for warning in warned] == [__file__]
    assert only("runs", "run")["detached"] is True
    assert created.run_id


# Formatting


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        ("markdown", "# Title", "# Title"),
        ("link", "https://example.org", "[https://example.org](https://example.org)"),
        ("link", {"link": "https://example.org/a b", "link_text": "x [y]"}, "[x \\[y\\]](<https://example.org/a b>)"),
        ("image", "https://example.org/x.png", "https://example.org/x.png"),
        ("progress", 140, 100.0),
        ("table", {"a": [1, float("nan")]}, '[{"a":1},{"a":null}]'),
        ("table", [[1, 2]], '[{"0":1,"1":2}]'),
    ],
)
def test_format_is_what_prefect_stores(kind: Any, data: Any, text: str | float) -> None:
    assert Artifact(type=kind, data=data).format() == text
    assert asyncio.run(Artifact(type=kind, data=data).aformat()) == text


# Getting


@every_type
def test_newest_version_is_found_as_it_was_recorded(kind: Any, given: Any, recorded: Any) -> None:
    ids = []
    for _ in range(2):
        with reportgen.start_run("churn") as run, run.step("train") as step:
            ids.append(
                (Artifact(type=kind, key="summary", description="what", data=given).create().id, run.id, step.id)
            )
    with reportgen.start_run("report"):
        found = Artifact.get("summary")
    assert found is not None
    assert (found.id, found.run_id, found.step_id) == ids[1]
    assert (found.version, found.type, found.key, found.description) == (2, kind, "summary", "what")
    assert found.created == found.updated
    assert found.created is not None
    assert found.created.tzinfo is dt.UTC
    expected = {"link": "[https://example.org](https://example.org)", "table": [{"a": 1}], "progress": 40.0}
    assert found.data == expected.get(kind, given)
    assert found.format() == Artifact(type=kind, data=given).format()


def test_link_keeps_address_and_text_beside_the_markdown(run: reportgen.Run) -> None:
    reportgen.create_link_artifact("https://example.org", "card", key="card")
    found = Artifact.get("card")
    assert found is not None
    assert found.data == "[card](https://example.org)"
    assert found.metadata == {"link": "https://example.org", "link_text": "card"}


def test_image_is_found_as_a_file(run: reportgen.Run) -> None:
    reportgen.create_image_artifact(PNG, key="plot")
    found = Artifact.get("plot")
    assert found is not None
    assert Path(found.data).read_bytes() == PNG


def test_large_table_is_found_with_all_its_rows(run: reportgen.Run) -> None:
    rows = [{"n": n, "text": f"row {n}"} for n in range(3000)]
    reportgen.create_table_artifact(rows, key="rows")
    found = Artifact.get("rows")
    assert found is not None
    assert found.data == rows
    assert "blob" in only("runs", "artifact")["data"]


def test_file_that_is_gone_is_an_error_that_names_it(run: reportgen.Run) -> None:
    reportgen.create_image_artifact(PNG, key="plot")
    for blob in Path("runs", run.id, "blobs").iterdir():
        blob.unlink()
    found = Artifact.get("plot")
    assert found is not None
    with pytest.raises(OSError, match="its file is not in the logs"):
        _ = found.data


def test_progress_is_found_in_its_newest_state(run: reportgen.Run) -> None:
    identity = reportgen.create_progress_artifact(10, key="epochs", description="begun")
    reportgen.update_progress_artifact(identity, 60, description="on the way")
    found = Artifact.get("epochs")
    assert found is not None
    assert (found.data, found.description, found.version, found.id) == (60.0, "on the way", 1, identity)
    assert found.updated > found.created  # type: ignore[operator]


def test_nothing_is_found_where_there_is_nothing(run: reportgen.Run) -> None:
    reportgen.create_markdown_artifact("text", key="other")
    assert Artifact.get("summary") is None


def test_nothing_is_found_where_nothing_was_recorded_yet() -> None:
    assert Artifact.get("summary") is None
    assert not Path("runs").exists()


def test_versions_are_counted_over_all_runs_and_deleted_ones_keep_theirs() -> None:
    logs = Path("runs")
    for n in range(3):
        write_run(logs, f"run-{n}", [run_start(), artifact(f"a{n}", "summary")], at=START + n * 60_000_000)
    write_run(logs, "run-9", [run_start(), delete("a2", "wrong"), delete("a0")], at=START + 600_000_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = Artifact.get("summary")
        assert found is not None
        assert (found.id, found.version, found.data) == ("a1", 2, "text of a1")
        for version in (1, 3, 4):
            with pytest.raises(LookupError, match=f"no version {version} of artifact 'summary'"):
                reportgen.use_artifact("summary", version)
        assert reportgen.use_artifact("summary", 2) == found


def test_sealed_logs_are_searched_too() -> None:
    with reportgen.start_run("churn"):
        reportgen.create_markdown_artifact("text", key="summary")
    assert [result.outcome for result in seal_logs([Path("runs")])] == ["sealed"]
    with reportgen.start_run("report"):
        reportgen.create_markdown_artifact("newer", key="summary")
        assert [reportgen.use_artifact("summary", version).data for version in (1, 2)] == ["text", "newer"]


def test_artifact_is_looked_up_where_the_current_run_records(tmp_path: Path) -> None:
    with reportgen.start_run("churn", log_dir=tmp_path / "elsewhere"):
        reportgen.create_markdown_artifact("text", key="summary")
        assert Artifact.get("summary") is not None
    with reportgen.start_run("churn"):
        assert Artifact.get("summary") is None


@pytest.mark.parametrize(("key", "error"), [("A b", ValueError), (None, TypeError), (5, TypeError)])
def test_wrong_key_is_refused(key: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"key"):
        Artifact.get(key)
    with pytest.raises(error, match=r"key"):
        reportgen.use_artifact(key)


# Lineage


def test_reading_inside_a_run_records_which_version_the_step_used() -> None:
    with reportgen.start_run("churn"):
        made = reportgen.create_markdown_artifact("text", key="summary")
        reportgen.create_markdown_artifact("newer", key="summary")
    with reportgen.start_run("report") as run, run.step("read") as step:
        reportgen.use_artifact("summary", 1)
        newest = Artifact.get("summary")
        asyncio.run(reportgen.ause_artifact("summary"))
    uses = records_of("runs", "use")
    assert newest is not None
    assert [use["artifact"] for use in uses] == [str(made), str(newest.id), str(newest.id)]
    assert {(use["step"], use["direction"], use["key"]) for use in uses} == {(step.id, "read", "summary")}


def test_reading_outside_a_run_finds_it_with_a_warning_at_the_call() -> None:
    with reportgen.start_run("churn"):
        reportgen.create_markdown_artifact("text", key="summary")
    with pytest.warns(UserWarning, match="the use of the artifact is not recorded") as warned:
        assert reportgen.use_artifact("summary").data == "text"
    assert [warning.filename for warning in warned] == [__file__]
    assert Artifact.get("summary") is not None  # a look outside a run is nothing to warn of
    assert records_of("runs", "use") == []


def test_page_of_the_version_says_who_used_it(tmp_path: Path) -> None:
    with reportgen.start_run("churn"):
        reportgen.create_markdown_artifact("text", key="summary")
    with reportgen.start_run("report", name="weekly report"):
        reportgen.use_artifact("summary")
    assert cli.run(["build", "-q"]) == 0
    page = (tmp_path / "site/artifacts/summary/v1.html").read_text("utf-8")
    assert "weekly report" in page.partition("Used by")[2]


@pytest.mark.parametrize("version", [0, -1, 1.0, "1", True])
def test_wrong_version_is_refused(version: Any, run: reportgen.Run) -> None:
    with pytest.raises((TypeError, ValueError), match="version must be a whole number from 1"):
        reportgen.use_artifact("summary", version)


# Getting or creating


def test_first_call_creates_and_the_second_finds(run: reportgen.Run) -> None:
    first, created = Artifact.get_or_create("summary", "what", "# Title", type="markdown", metadata={"a": 1})
    again, created_again = Artifact.get_or_create("summary", data="# Other")
    assert (created, created_again) == (True, False)
    assert again.id == first.id
    assert (again.data, again.description, again.metadata, again.version) == ("# Title", "what", {"a": 1}, 1)
    assert len(records_of("runs", "artifact")) == 1


def test_wrong_content_is_refused_even_where_the_key_exists(run: reportgen.Run) -> None:
    with pytest.raises(ValueError, match="type must be one of"):
        Artifact.get_or_create("summary", data="x", type="chart")


def test_async_twins_do_the_same(run: reportgen.Run) -> None:
    async def work() -> list[Any]:
        created = await Artifact(key="summary", data="text").acreate()
        found = await Artifact.aget("summary")
        again, was_created = await Artifact.aget_or_create("summary", data="other")
        return [created.id, found and found.id, again.id, was_created]

    ids = asyncio.run(work())
    assert ids == [ids[0], ids[0], ids[0], False]
    assert len(records_of("runs", "use")) == 2


def test_artifact_shows_what_it_is() -> None:
    shown = Artifact(type="table", key="rows", data=[])
    assert repr(shown) == "Artifact(type='table', key='rows', id=None)"
    assert shown == Artifact(type="table", key="rows", data=[])
    assert shown != "rows"


def test_disabled_artifact_has_an_id_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_DISABLED", "1")
    created = Artifact(key="summary", data="text").create()
    assert isinstance(created.id, UUID)
    assert Artifact.get("summary") is None
    with pytest.raises(LookupError, match="no artifact 'summary'"):
        reportgen.use_artifact("summary")
    assert [*Path().iterdir()] == []
    assert json.dumps(created.format()) == '"text"'
