"""Deletion: a tombstone stays, the content goes from the disk, and no table ever changes by that."""

from __future__ import annotations

import fcntl
import json
import os
import random
import resource
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logs import (
    HOUR,
    PNG,
    SECOND,
    START,
    artifact,
    compact,
    contents_of,
    delete,
    end,
    list_metric,
    metric,
    progress,
    rows_of,
    run_start,
    step_start,
    use,
    write_blob,
    write_run,
)
from test_compact import Journals, as_bytes, journals, versions

import reportgen
from reportgen.compact import merge
from reportgen.deletion import Deletion, Eraser, Failed, Skipped, delete_artifacts, delete_runs
from reportgen.errors import InputError
from reportgen.log.find import find_journals
from reportgen.log.seal import seal_journal
from reportgen.records import Record

ROOT = Path(__file__).resolve().parent.parent
SECRET = b"s3cr3t"
NOW = START + 1000 * HOUR


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture(autouse=True, scope="module")
def fixed_clock() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: NOW * 1000)
        yield


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def tables(*log_dirs: Path) -> dict[str, bytes]:
    return as_bytes(compact(*log_dirs))


def rows_by(log_dir: Path, table: str, column: str) -> dict[Any, dict[str, Any]]:
    return {row[column]: row for row in rows_of(compact(log_dir), table)}


def purge(log_dir: Path, run_id: str, *artifact_ids: str) -> Deletion:
    eraser = Eraser([log_dir])
    eraser.purge(run_id, artifact_ids)
    return eraser.result


def write_secret_run(log_dir: Path, run_id: str = "r1", *, at: int = START) -> Path:
    """Write a run that has a secret in everything that may hold one, and three versions of a key."""
    records = [
        run_start("churn", name="mine", params={"a": "s3cr3t"}, context={"b": "s3cr3t"}),
        step_start("s1", "train"),
        metric("s3cr3t", 1),
        list_metric("s3cr3t curve", [1, 2]),
        use(uri="s3://s3cr3t"),
        artifact("a", data="s3cr3t", description="s3cr3t", metadata={"x": "s3cr3t"}, step="s1"),
        artifact("p", "epochs", type="progress", data=0, description="s3cr3t"),
        progress("p", 50, description="s3cr3t"),
        artifact("b", data="of b"),
        artifact("c", data="of c"),
        end("failed", ("ValueError", "s3cr3t", "s3cr3t")),
    ]
    return write_run(log_dir, run_id, records, at=at)


# A deleted run


def test_deleted_run_leaves_its_name_its_end_and_its_versions(logs: Path) -> None:
    write_secret_run(logs)
    write_run(logs, "r2", [run_start(), artifact("d")], at=START + HOUR)
    result = delete_runs([logs], ["r1"], "no longer needed")
    assert (result.runs, result.skipped, result.failed) == (["r1"], [], [])
    row = rows_by(logs, "runs", "run_id")["r1"]
    facts = [row[name] for name in ("pipeline", "name", "status", "deleted_at", "deleted_reason")]
    assert facts == ["churn", "mine", "failed", NOW, "no longer needed"]
    assert versions(compact(logs)) == {"a": 1, "b": 2, "c": 3, "d": 4}
    assert SECRET not in b"".join(contents(logs).values())
    assert rows_of(compact(logs), "problems") == []


def test_deleted_run_is_one_short_journal_a_writer_and_its_tombstone(logs: Path) -> None:
    path = write_secret_run(logs)
    write_run(logs, "r1", [metric("x", 1)], "child")
    seal_journal(write_run(logs, "r1", [artifact("d", "other", data="s3cr3t")], "sealed"))
    path.with_name("copy.jsonl").write_bytes(path.read_bytes())
    write_blob(logs, "r1", PNG)
    size = sum(map(len, contents(logs).values()))
    result = delete_runs([logs], ["r1"])
    *rest, tombstone = sorted(names(logs / "r1"), key=lambda name: name.startswith("delete-"))
    assert rest == ["child.jsonl", "main.jsonl", "sealed.jsonl"]
    left = contents(logs / "r1")
    assert result.n_bytes == size - sum(map(len, left.values())) + len(left[tombstone])
    assert [json.loads(line) for line in left[tombstone].splitlines()] == [
        {"kind": "log", "ts": NOW, "seq": 0, "format": 1, "run": "r1", "writer": tombstone.removesuffix(".jsonl")},
        {"kind": "delete", "ts": NOW, "seq": 1},
    ]


def test_deleting_a_run_again_changes_nothing(logs: Path) -> None:
    write_secret_run(logs)
    delete_runs([logs], ["r1"], "first")
    before = contents(logs)
    result = delete_runs([logs], ["r1", "r1"], "second")
    assert (result.runs, result.n_bytes, contents(logs)) == (["r1"], 0, before)


def test_short_journal_that_was_sealed_stays_sealed(logs: Path) -> None:
    path = write_secret_run(logs)
    delete_runs([logs], ["r1"])
    seal_journal(path)
    before = contents(logs)
    assert purge(logs, "r1") == Deletion()
    assert contents(logs) == before


def test_run_in_several_folders_goes_from_all_and_each_says_so(logs: Path, tmp_path: Path) -> None:
    write_secret_run(logs)
    shutil.copytree(logs / "r1", tmp_path / "backup" / "renamed")
    write_run(tmp_path / "backup", "r1", [metric("x", 1)], "child", folder="more")
    result = delete_runs([logs, tmp_path / "backup", tmp_path / "backup" / "..", tmp_path / "backup"][:2], ["r1"])
    assert result.failed == []
    for log_dir in (logs, tmp_path / "backup"):
        assert SECRET not in b"".join(contents(log_dir).values())
        assert rows_by(log_dir, "runs", "run_id")["r1"]["deleted_at"] == NOW


def test_log_directory_that_is_named_twice_is_purged_once(logs: Path) -> None:
    write_secret_run(logs)
    assert delete_runs([logs, logs / ".." / "runs"], ["r1"]).skipped == []


def test_what_cannot_be_read_goes_with_its_run(logs: Path) -> None:
    path = write_secret_run(logs)
    path.with_name("bad.parquet").write_bytes(b"PAR1 s3cr3t")
    path.write_bytes(path.read_bytes() + b'\x00s3cr3t\n{"kind":"s3cr3t","ts":1,"seq":90}\n{"s3cr3t')
    delete_runs([logs], ["r1"])
    assert SECRET not in b"".join(contents(logs).values())
    assert rows_of(compact(logs), "unknown") == rows_of(compact(logs), "problems") == []


@pytest.mark.parametrize("is_sealed", [False, True], ids=["journal", "segment"])
def test_run_that_neither_its_folder_nor_a_record_names_is_still_that_run(logs: Path, is_sealed: bool) -> None:
    path = write_run(logs, "r1", [run_start(), artifact("a")], "worker", folder="renamed")
    path.write_bytes(path.read_bytes().replace(b'"format":1', b'"format":"one"'))
    path = path.rename(path.with_name("copy.jsonl"))
    if is_sealed:
        seal_journal(path)
        write_run(logs, "r2", [run_start(), artifact("b")], "w2", folder="renamed")
        (logs / "renamed" / "w2.jsonl").rename(path)  # the name is taken
    delete_runs([logs], ["r1"])
    assert versions(compact(logs))["a"] == 1
    rows = rows_by(logs, "runs", "run_id")
    assert (rows["r1"]["n_writers"], rows["r1"]["deleted_at"]) == (2, NOW)
    assert rows.keys() == ({"r1", "r2"} if is_sealed else {"r1"})
    assert rows_of(compact(logs), "problems") == []
    before = contents(logs)
    assert purge(logs, "r1") == Deletion()
    assert contents(logs) == before


def test_tombstone_is_not_older_than_what_the_run_recorded(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), artifact("a", ts=NOW + HOUR)])
    delete_runs([logs], ["r1"])
    assert rows_by(logs, "runs", "run_id")["r1"]["deleted_at"] == NOW + HOUR


def test_reason_that_has_no_form_in_utf_8_is_mended(logs: Path) -> None:
    write_secret_run(logs)
    delete_runs([logs], ["r1"], "why \udcff")
    assert rows_by(logs, "runs", "run_id")["r1"]["deleted_reason"] == "why \ufffd"


def test_file_modes_are_kept(logs: Path) -> None:
    write_secret_run(logs).chmod(0o640)
    delete_runs([logs], ["r1"])
    assert {stat.S_IMODE(path.stat().st_mode) for path in (logs / "r1").iterdir()} == {0o640}


# Deleted artifacts


@pytest.mark.parametrize("is_sealed", [False, True], ids=["journal", "segment"])
def test_deleted_artifact_loses_its_content_and_all_else_stays(logs: Path, is_sealed: bool) -> None:
    path = write_run(
        logs,
        "r1",
        [
            run_start(params={"x": 10**30}),
            artifact("a", data="s3cr3t", description="s3cr3t", metadata={"s3cr3t": 1}),
            artifact("p", "epochs", type="progress", data=0, description="s3cr3t"),
            progress("p", 50, description="s3cr3t"),
            artifact("b", data="of b"),
            end(),
        ],
    )
    odd = b"\n\x00\x00 nonsense\n" + b'{"kind":"video","ts":1,"seq":99}\n' + b'{"torn'
    path.write_bytes(path.read_bytes() + odd)
    if is_sealed:
        seal_journal(path)
    problems = rows_of(compact(logs), "problems")
    assert [row["line"] for row in problems] == [9, 9, 11]
    result = delete_artifacts([logs], [("r1", "a"), ("r1", "p")], "private")
    assert (result.artifacts, result.failed, result.skipped) == ([("r1", "a"), ("r1", "p")], [], [])
    assert SECRET not in b"".join(contents(logs).values())
    rows = rows_by(logs, "artifacts", "artifact_id")
    assert [rows[name]["deleted_reason"] for name in "apb"] == ["private", "private", None]
    assert (rows["p"]["n_updates"], contents_of(compact(logs)), rows["b"]["version"]) == (1, {"b": '"of b"'}, 2)
    assert rows_of(compact(logs), "problems") == problems
    assert rows_by(logs, "runs", "run_id")["r1"]["params_json"] == f'{{"x":{10**30}}}'


def test_other_lines_of_a_journal_stay_as_they_were_to_the_byte(logs: Path) -> None:
    path = write_secret_run(logs)
    before = path.read_bytes().replace(b'"seq":3', b' "seq" : 3 ')
    path.write_bytes(before)
    delete_artifacts([logs], [("r1", "a")])
    pairs = [*zip(before.splitlines(True), path.read_bytes().splitlines(True), strict=True)]
    assert [number for number, (line, after) in enumerate(pairs) if line != after] == [6]
    assert json.loads(pairs[6][1]) == {
        name: value
        for name, value in json.loads(pairs[6][0]).items()
        if name not in ("data", "description", "metadata")
    }


def test_deletion_does_not_count_as_a_sign_of_life_of_its_run(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), artifact("a"), artifact("b")])
    before = rows_by(logs, "runs", "run_id")["r1"]
    delete_artifacts([logs], [("r1", "a")])
    after = rows_by(logs, "runs", "run_id")["r1"]
    assert [after[name] for name in ("last_record_at", "longest_silence_us")] == [START + 3 * SECOND, SECOND]
    assert after["started_at"] == before["started_at"]


def test_fields_that_this_version_does_not_know_go_with_the_content(logs: Path) -> None:
    path = write_run(logs, "r1", [run_start(), artifact("b")])
    line = b'{"kind":"artifact","ts":5,"seq":3,"id":"a","type":"markdown","data":"x","mood":"s3cr3t"}\n'
    path.write_bytes(path.read_bytes() + line + line.replace(b'"a"', b'"c"').replace(b'"seq":3', b'"seq":4'))
    delete_artifacts([logs], [("r1", "a")])
    (row,) = rows_of(compact(logs), "unknown")
    assert (row["seq"], path.read_bytes().count(SECRET)) == (4, 1)


def test_artifact_that_was_deleted_before_gets_no_second_tombstone(logs: Path) -> None:
    write_run(logs, "r1", [run_start(), artifact("a"), delete("a", "first")])
    delete_artifacts([logs], [("r1", "a")], "second")
    assert [row["reason"] for row in rows_of(compact(logs), "deletes")] == ["first"]
    assert names(logs / "r1") == ["main.jsonl"]
    assert b"text of a" not in (logs / "r1" / "main.jsonl").read_bytes()


# Files kept by content


def write_blob_run(log_dir: Path, run_id: str, artifacts: dict[str, str], folder: str | None = None) -> None:
    """Write a run of images: the name of the file by artifact."""
    images = [artifact(i, i, type="image", data={"blob": blob, "name": "x.png"}) for i, blob in artifacts.items()]
    write_run(log_dir, run_id, [run_start(), *images], run_id, folder=folder)


def test_files_of_a_deleted_artifact_go_unless_another_one_has_use_for_them(logs: Path) -> None:
    own, shared, unfinished = (write_blob(logs, "r1", PNG + bytes([n])) for n in range(3))
    newer = write_blob(logs, "r1", PNG + b"3")
    write_blob_run(logs, "r1", {"a": own, "b": shared, "c": shared})
    line = f'{{"kind":"artifact","ts":5,"seq":9,"id":"d","type":"video","data":{{"blob":"{newer}"}}}}\n'
    path = logs / "r1" / "r1.jsonl"
    path.write_text(path.read_text("utf-8") + line, "utf-8")
    size = sum(map(len, contents(logs).values()))
    result = delete_artifacts([logs], [("r1", "a"), ("r1", "b")])
    assert names(logs / "r1" / "blobs") == sorted([shared, unfinished, newer])
    after = contents(logs)
    tombstone = next(len(content) for name, content in after.items() if "delete-" in name)
    assert result.n_bytes == size - sum(map(len, after.values())) + tombstone
    delete_artifacts([logs], [("r1", "c")])
    assert names(logs / "r1" / "blobs") == sorted([unfinished, newer])


@pytest.mark.parametrize("blob", ["../../keep.png", "/etc/passwd", "x.png", 5, "0" * 64 + ".png/../../../keep.png"])
def test_record_never_makes_a_path(logs: Path, blob: Any) -> None:
    write_blob_run(logs, "r1", {"a": blob})
    write_blob(logs, "r1", PNG)
    kept = [logs / "keep.png", logs / "r1" / "blobs" / "x.png"]
    for path in kept:
        path.write_bytes(PNG)
    assert delete_artifacts([logs], [("r1", "a")]).failed == []
    assert all(path.exists() for path in kept)


def test_all_files_of_a_deleted_run_go_but_those_of_a_run_in_the_same_folder(logs: Path) -> None:
    shared, own = write_blob(logs, "mixed", PNG), write_blob(logs, "mixed", PNG + b"x")
    (logs / "mixed" / "blobs" / f".{own}.0123abcd").write_bytes(b"unfinished")
    write_blob_run(logs, "r1", {"a": shared, "b": own}, folder="mixed")
    write_blob_run(logs, "r2", {"c": shared}, folder="mixed")
    delete_runs([logs], ["r1"])
    assert names(logs / "mixed" / "blobs") == [shared]
    delete_runs([logs], ["r2"])
    assert not (logs / "mixed" / "blobs").exists()


def test_folder_of_files_that_is_a_link_is_not_followed(logs: Path, tmp_path: Path) -> None:
    blob = write_blob(tmp_path, "elsewhere", PNG)
    write_blob_run(logs, "r1", {"a": blob})
    (logs / "r1" / "blobs").symlink_to(tmp_path / "elsewhere" / "blobs")
    delete_runs([logs], ["r1"])
    assert names(tmp_path / "elsewhere" / "blobs") == [blob]


# What is left alone


def test_journal_that_a_process_has_open_keeps_its_content_until_the_next_time(logs: Path) -> None:
    path = write_secret_run(logs)
    write_run(logs, "r1", [metric("s3cr3t", 1)], "child")
    blob = write_blob(logs, "r1", PNG)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        result = delete_runs([logs], ["r1"])
        assert (result.runs, result.skipped) == (["r1"], [Skipped(path, "still open")])
        assert rows_by(logs, "runs", "run_id")["r1"]["deleted_at"] == NOW
        assert SECRET in path.read_bytes()
        assert SECRET not in path.with_name("child.jsonl").read_bytes()
        assert names(logs / "r1" / "blobs") == [blob]
    before = tables(logs)
    result = purge(logs, "r1")
    assert (result.purged, result.skipped) == (["r1"], [])
    assert SECRET not in b"".join(contents(logs).values())
    assert tables(logs) == before
    assert not (logs / "r1" / "blobs").exists()


def test_run_that_is_being_recorded_loses_no_record() -> None:
    with reportgen.start_run("churn") as run:
        first = reportgen.create_markdown_artifact("s3cr3t", key="k")
        result = delete_artifacts([Path("runs")], [(str(run.id), str(first))])
        assert [reason for _, reason in result.skipped] == ["still open"]
        reportgen.create_markdown_artifact("second", key="k")
    result = purge(Path("runs"), str(run.id), str(first))
    assert result.purged == [str(run.id)]
    rows = rows_of(compact(Path("runs")), "artifacts")
    assert [(row["version"], row["deleted_at"] is None) for row in rows] == [(1, False), (2, True)]
    assert [*contents_of(compact(Path("runs"))).values()] == ['"second"']
    assert SECRET not in b"".join(contents(Path("runs")).values())


def test_files_stay_while_another_process_records_into_the_run(logs: Path) -> None:
    blob = write_blob(logs, "r1", PNG)
    write_blob_run(logs, "r1", {"a": blob})
    other = write_run(logs, "r1", [metric("x", 1)], "other")
    with other.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        result = delete_artifacts([logs], [("r1", "a")])
    assert result.skipped == [Skipped(other, "still open")]
    assert blob.encode() in (logs / "r1" / "r1.jsonl").read_bytes()
    assert names(logs / "r1" / "blobs") == [blob]


@pytest.mark.parametrize("what", ["run", "artifact"])
@pytest.mark.parametrize("place", ["sheet", "write_beside"])
def test_file_that_changes_meanwhile_is_left_alone(
    logs: Path, monkeypatch: pytest.MonkeyPatch, what: str, place: str
) -> None:
    from reportgen.deletion import eraser
    from reportgen.log import rewrite

    path = write_secret_run(logs)
    late = b'{"kind":"artifact","ts":5,"seq":90,"id":"late","key":"summary","type":"markdown"}\n'
    where = rewrite if place == "write_beside" else eraser
    name = "write_beside" if place == "write_beside" else "find_content" if what == "artifact" else "without_contents"
    real = getattr(where, name)

    def grow(*arguments: Any) -> Any:
        result = real(*arguments)
        with path.open("ab") as file:
            file.write(late)
        return result

    monkeypatch.setattr(where, name, grow)
    result = delete_runs([logs], ["r1"]) if what == "run" else delete_artifacts([logs], [("r1", "a")])
    assert result.skipped == [Skipped(path, "changed meanwhile")]
    assert path.read_bytes().endswith(late)
    assert [name for name in names(logs / "r1") if name.startswith(".")] == []
    assert "late" in versions(compact(logs))


def test_journal_that_was_sealed_meanwhile_is_left_alone(logs: Path) -> None:
    path = write_secret_run(logs)
    eraser = Eraser([logs])
    eraser._bury("r1", [None], None)
    seal_journal(path)
    eraser.purge("r1")
    assert eraser.result.skipped == [Skipped(path, "gone meanwhile")]
    assert purge(logs, "r1").purged == ["r1"]


def test_file_that_is_a_link_is_left_alone(logs: Path, tmp_path: Path) -> None:
    path = write_secret_run(logs)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert delete_runs([logs], ["r1"]).skipped == [Skipped(path, "a link to another file")]
    assert path.is_symlink()


def test_damaged_segment_of_a_living_run_is_named(logs: Path) -> None:
    path = write_secret_run(logs).with_name("bad.parquet")
    path.write_bytes(b"PAR1")
    (skipped,) = delete_artifacts([logs], [("r1", "a")]).skipped
    assert skipped.path == path
    assert "not a whole segment" in skipped.reason
    assert SECRET not in path.with_name("main.jsonl").read_bytes().splitlines()[6]


@pytest.mark.parametrize(
    "other",
    [
        artifact("a", data="edited"),
        artifact("z", data="another"),
        metric("x", 1),
    ],
    ids=["edited", "another", "metric"],
)
def test_number_that_has_two_records_is_left_alone(logs: Path, other: Record) -> None:
    path = write_run(logs, "r1", [run_start(), artifact("a"), artifact("b")])
    write_run(logs, "copies", [run_start(), other, artifact("b")])
    copy = logs / "copies" / "main.jsonl"
    copy.write_bytes(copy.read_bytes().replace(b'"run":"copies"', b'"run":"r1"'))
    delete_artifacts([logs], [("r1", "b")])
    if "a" not in versions(compact(logs)):
        return
    before = compact(logs)
    result = delete_artifacts([logs], [("r1", "a")])
    assert [skipped.reason for skipped in result.skipped] == ["two records have the number 2"]
    assert b"text of a" in path.read_bytes()
    assert versions(compact(logs)) == versions(before)
    assert rows_of(compact(logs), "problems") == rows_of(before, "problems") != []


# What goes wrong


def test_run_that_is_not_there_stops_before_anything_is_deleted(logs: Path) -> None:
    write_secret_run(logs)
    before = contents(logs)
    for call in (
        lambda: delete_runs([logs], ["r1", "r9"]),
        lambda: delete_artifacts([logs], [("r1", "a"), ("r9", "a")]),
    ):
        with pytest.raises(InputError, match="there is no run 'r9' in these logs") as caught:
            call()
        assert (caught.value.slug, contents(logs)) == ("no-such-run", before)


def test_artifact_that_is_not_in_its_run_fails_and_the_others_go(logs: Path) -> None:
    write_secret_run(logs)
    write_secret_run(logs, "r2", at=START + HOUR)
    result = delete_artifacts([logs], [("r1", "nowhere"), ("r2", "a")])
    (failed,) = result.failed
    assert (failed.run_id, result.artifacts) == ("r1", [("r2", "a")])
    assert failed.reason.startswith("there is no artifact 'nowhere' in run r1")


def test_site_is_refused(logs: Path, tmp_path: Path) -> None:
    from reportgen.build import build_site
    from reportgen.options import Options

    write_secret_run(logs)
    build_site([logs], tmp_path / "site", Options())
    before = contents(tmp_path / "site")
    with pytest.raises(InputError, match="is a site") as caught:
        delete_runs([logs, tmp_path / "site"], ["r1"])
    assert (caught.value.slug, contents(tmp_path / "site")) == ("site-not-logs", before)


@pytest.fixture
def full_disk() -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_full_disk_changes_nothing_and_other_runs_are_tried(logs: Path, request: pytest.FixtureRequest) -> None:
    write_secret_run(logs)
    write_secret_run(logs, "r2", at=START + HOUR)
    before = contents(logs)
    request.getfixturevalue("full_disk")
    result = delete_runs([logs], ["r1", "r2"])
    assert [failed.run_id for failed in result.failed] == ["r1", "r2"]
    assert "cannot be rewritten (File too large)" in result.failed[0].reason
    assert (result.runs, contents(logs)) == ([], before)


def test_purge_on_a_full_disk_leaves_the_tombstone_and_the_content(logs: Path, request: pytest.FixtureRequest) -> None:
    write_secret_run(logs)
    eraser = Eraser([logs])
    eraser._bury("r1", [None], None)
    before = contents(logs)
    request.getfixturevalue("full_disk")
    assert [failed.run_id for failed in delete_runs([logs], ["r1"]).failed] == ["r1"]
    assert contents(logs) == before


# Laws

FORMS = ["plain", "sealed", "sealed and more", "copied", "renamed", "headless", "beheaded"]
ODD_LINES = [
    b"nonsense\n",
    b"\n",
    b"\x00\x00\n",
    b'{"kind":"hologram","ts":%d,"seq":70,"data":"x"}\n' % START,
    b'{"kind":"artifact","ts":%d,"seq":71,"id":"a","type":"markdown","data":"x","mood":"x"}\n' % START,
    b'{"kind":"artifact","ts":%d,"seq":72,"id":"b","type":"video","data":"x"}\n' % START,
    b'{"kind":"progress","ts":%d,"seq":73,"artifact":"a","progress":4,"mood":"x"}\n' % START,
    b'{"kind":"progress","ts":%d,"seq":74,"artifact":"a","progress":4,"description":"x","mood":"x"}\n' % START,
    b'\x00\x00 {"kind":"artifact","ts":%d,"seq":75,"id":"c","key":"k1","type":"link","data":"x"}\x00\n' % START,
    b'{"kind":"artifact","ts":%d,"seq":76,"id":"a","key":"k2","type":"markdown","data":%s}\n'
    % (START, b"[" * 300 + b"]" * 300),
    b'{"kind":"artifact","ts":1,"seq":77,"id":"c","key":"k1","type":"markdown","data":"x"}',
]
LATE_LINE = b'{"kind":"artifact","ts":5,"seq":90,"id":"b","key":"k1","type":"markdown","data":"x"}\n'


def write_in_a_form(
    one: Path, two: Path, place: tuple[str, str], content: list[Record], form: str, odd: Sequence[bytes]
) -> None:
    """Write a journal in one of the ways that users of log directories have it."""
    run_id, writer = place
    path = write_run(one, run_id, content, writer, folder="renamed" if form in ("renamed", "beheaded") else None)
    lines = path.read_bytes() + b"".join(odd)
    if form == "headless":
        lines = lines.split(b"\n", 1)[1]
    elif form == "beheaded":  # the first line says whose it is, but is no record
        lines = lines.replace(b'"format":1', b'"format":"one"')
    path.write_bytes(lines)
    if form == "copied":
        (two / run_id).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, two / run_id / f"copy-of-{writer}.jsonl")
    if form.startswith("sealed"):
        seal_journal(path)
    if form == "sealed and more":
        path.write_bytes(LATE_LINE)


@given(journals, st.data(), st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_purging_changes_no_table(logs: Journals, data: st.DataObject, shuffle: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one, two = here = [Path(folder, "one"), Path(folder, "two")]
        write_run(two, "r4", [run_start(), artifact("z", "k1")])
        write_run(one, "r4", [metric("x", 1)], "w2")
        for place, content in logs.items():
            odd = data.draw(st.lists(st.sampled_from(ODD_LINES), max_size=3, unique=True))
            write_in_a_form(one, two, place, content, data.draw(st.sampled_from(FORMS)), odd)
        living = [Path(shutil.copytree(log_dir, f"{log_dir}-living")) for log_dir in here]
        numbers = {(row["run_id"], row["artifact_id"]): row["version"] for row in rows_of(compact(*here), "artifacts")}
        eraser = Eraser(here)
        for run_id in data.draw(st.lists(st.sampled_from([*find_journals(here)]), max_size=2)):
            eraser._bury(run_id, [None], "gone")
        for run_id, artifact_id in data.draw(st.lists(st.sampled_from(sorted(numbers)), max_size=3)):
            eraser._bury(run_id, [artifact_id], "gone")
        buried = [Path(shutil.copytree(log_dir, f"{log_dir}-buried")) for log_dir in here]
        whole = compact(*here)
        before = as_bytes(whole)
        rows = rows_of(whole, "artifacts")
        assert {(row["run_id"], row["artifact_id"]): row["version"] for row in rows} == numbers
        dead: list[Any] = [(row["run_id"], ()) for row in rows_of(whole, "runs") if row["deleted_at"] is not None]
        dead += [(row["run_id"], [row["artifact_id"]]) for row in rows if row["deleted_at"] is not None]
        shuffle.shuffle(dead)
        for run_id, artifact_ids in dead:
            eraser.purge(run_id, artifact_ids)
            assert tables(*here) == before
        once = contents(Path(folder))
        for run_id, artifact_ids in dead:
            eraser.purge(run_id, artifact_ids)
        assert contents(Path(folder)) == once
        assert (eraser.result.failed, eraser.result.skipped) == ([], [])
        for copies in (living, buried):
            assert tables(*here, *copies) == tables(*copies, *here) == before
            assert as_bytes(merge([compact(*copies), compact(*here)])) == before


# Killed in the middle

KILLED = """
import contextlib, os, sys
from pathlib import Path
import reportgen.log.segment
with contextlib.suppress(ImportError):
    import pandas  # which pyarrow would load in every child
from reportgen.deletion import Eraser

def die_at(n_calls):
    def wrap(real):
        def call(*arguments, **options):
            nonlocal n_calls
            if n_calls == 0:
                os._exit(9)
            n_calls -= 1
            return real(*arguments, **options)
        return call
    for name in ("fsync", "replace", "unlink", "chmod", "rmdir", "open"):
        setattr(os, name, wrap(getattr(os, name)))

method, *rest = sys.argv[1].split()
for n_calls, folder in enumerate(sys.argv[2:]):
    child = os.fork()
    if child == 0:
        eraser = Eraser([Path(folder)])
        die_at(n_calls)
        getattr(eraser, method)(*[eval(word) for word in rest])
        os._exit(len(eraser.result.failed + eraser.result.skipped))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def kill_at_each_step(logs: Path, call: str, n_copies: int = 40) -> list[Path]:
    """Run a method of `Eraser` on copies of logs, killed one step later in each; give those where it was."""
    folders = [Path(shutil.copytree(logs, logs.with_name(f"copy-{n}"))) for n in range(n_copies)]
    command = [sys.executable, "-c", KILLED, call, *map(str, folders)]
    codes = subprocess.check_output(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, encoding="utf-8").split()
    n_killed = codes.count("9")
    assert codes == ["9"] * n_killed + ["0"] * (n_copies - n_killed)
    assert 3 < n_killed < n_copies
    return folders[:n_killed]


def write_runs_to_kill(logs: Path) -> None:
    blob = write_blob(logs, "r1", PNG)
    path = write_secret_run(logs)
    path.with_name("copy.jsonl").write_bytes(path.read_bytes())
    image = artifact("i", "plot", type="image", data={"blob": blob, "name": "s3cr3t"})
    path = write_run(logs, "r1", [image, artifact("a2")], "sealed")
    copy = shutil.copy(path, path.with_name("other.jsonl"))
    seal_journal(copy)
    copy.write_bytes(LATE_LINE)  # of the writer that the segment beside it names
    write_run(logs, "r2", [run_start(), artifact("d")], at=START + HOUR)


def test_run_whose_purging_is_killed_reads_the_same_and_is_finished_by_the_next(logs: Path) -> None:
    write_runs_to_kill(logs)
    Eraser([logs])._bury("r1", [None], "gone")
    before = tables(logs)
    folders = kill_at_each_step(logs, "purge 'r1'")
    purge(logs, "r1")
    for folder in folders:
        assert tables(folder) == before
        assert purge(folder, "r1").failed == []
        assert contents(folder) == contents(logs)


def test_artifacts_whose_purging_is_killed_read_the_same_and_are_finished_by_the_next(logs: Path) -> None:
    write_runs_to_kill(logs)
    Eraser([logs])._bury("r1", ["a", "i"], "gone")
    before = tables(logs)
    folders = kill_at_each_step(logs, "purge 'r1' ('a','i')")
    purge(logs, "r1", "a", "i")
    assert not (logs / "r1" / "blobs").exists()
    for folder in folders:
        assert tables(folder) == before
        purge(folder, "r1", "a", "i")
        assert contents(folder).keys() == contents(logs).keys()
        assert tables(folder) == before
        assert SECRET not in b"".join(line for line in (folder / "r1" / "main.jsonl").read_bytes().splitlines()[6:7])


def test_killed_deletion_has_deleted_the_run_or_not(logs: Path) -> None:
    write_runs_to_kill(logs)
    untouched = tables(logs)
    outcomes = set()
    for folder in kill_at_each_step(logs, "delete_run 'r1' 'gone'"):
        row = rows_by(folder, "runs", "run_id")["r1"]
        outcomes.add(row["deleted_reason"])
        assert tables(folder) == untouched or row["deleted_at"]
        assert versions(compact(folder)) == versions(compact(logs))
        delete_runs([folder], ["r1"], "gone")
        assert SECRET not in b"".join(contents(folder).values())
        assert [name for name in names(folder / "r1") if name.startswith(".")] == []
    assert outcomes == {None, "gone"}


def test_what_a_killed_sealing_left_goes_with_the_run(logs: Path) -> None:
    path = write_secret_run(logs)
    path.with_name(".main.0123abcd.sealing").write_bytes(SECRET)
    path.with_name(".delete.0123abcd.sealing").write_bytes(b"half")
    delete_runs([logs], ["r1"])
    assert [name for name in names(logs / "r1") if not name.startswith("delete-")] == ["main.jsonl"]


def test_failures_and_skipped_files_are_plain_pairs() -> None:
    assert tuple(Failed("r1", "why")) == ("r1", "why")
