"""Reading back: what is good is used, what is bad is named, and nothing that a disk can hold stops a build."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from logs import end, metric, run_start, step_start, write_run

from reportgen.errors import InputError
from reportgen.log.find import find_journals
from reportgen.log.reader import RunRecords, Unknown, read_run
from reportgen.log.seal import seal_journal
from reportgen.records import AnyRecord, End, ErrorInfo, Metric

BROKEN = Path(__file__).parent / "broken_logs"
ALL = {0, 1, 2, 3}

RECORDS = [run_start("churn"), step_start("s1", "größe"), metric("loss", "NaN", step="s1"), end(step="s1"), end()]


def read(*log_dirs: Path) -> RunRecords:
    """Read log directories that hold a single run."""
    ((_, journals),) = find_journals(log_dirs).items()
    return read_run(journals)


def seqs(run: RunRecords) -> set[int]:
    return {seq for _, seq in run.records}


def shown(run: RunRecords) -> list[str]:
    """Problems as the build's summary shows them."""
    return [f"{problem.file}:{problem.line}: {problem.reason}" for problem in run.problems]


def journal(folder: Path, *lines: bytes | str, run_id: str = "run-1", name: str = "main") -> Path:
    """Write a journal of these lines; the first two are those of a proper one."""
    head = f'{{"kind":"log","ts":1,"seq":0,"format":1,"run":"{run_id}","writer":"{name}"}}'
    start = '{"kind":"run","ts":2,"seq":1,"pipeline":"churn"}'
    path = folder / run_id / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"".join(line.encode() if isinstance(line, str) else line for line in (f"{head}\n{start}\n", *lines))
    )
    return path


# Logs that stop a build

ERRORS = {
    "no-log-directory": "there is no log directory <logs>/no-log-directory: "
    "record a run first, or name the folder that your pipeline records to",
    "logs-not-a-folder": "<logs>/logs-not-a-folder is a file, not a log directory: "
    "give the folder that holds one folder per run",
    "no-runs": "<logs>/no-runs holds no run: record a run first; README shows the ten lines it takes",
    "logs-of-one-run": "<logs>/logs-of-one-run is the folder of a single run: give its parent, <logs>",
    "unreadable": "<logs>/unreadable/run-1/main.jsonl cannot be read (Is a directory): "
    "mend its permissions or move it away, then build again",
    "newer-log-format": "<logs>/newer-log-format/run-1/main.jsonl is in log format 2, this reportgen reads up to 1: "
    "install a newer reportgen (pip install -U reportgen)",
}


@pytest.mark.parametrize("case", ERRORS)
def test_logs_that_cannot_be_judged_stop_with_one_line(case: str) -> None:
    with pytest.raises(InputError) as caught:
        find_journals([BROKEN / case])
    assert caught.value.slug == case
    assert str(caught.value).replace(str(BROKEN), "<logs>") == ERRORS[case]


def test_good_directory_beside_a_bad_one_does_not_hide_it(tmp_path: Path) -> None:
    journal(tmp_path)
    with pytest.raises(InputError, match="holds no run"):
        find_journals([tmp_path, BROKEN / "no-runs"])


def test_file_that_goes_bad_between_finding_and_reading_is_an_input_error(tmp_path: Path) -> None:
    path = journal(tmp_path)
    (journals,) = find_journals([tmp_path]).values()
    path.unlink()
    path.mkdir()
    with pytest.raises(InputError) as caught:
        read_run(journals)
    assert caught.value.slug == "unreadable"


@pytest.mark.parametrize("name", ["pipe.jsonl", "pipe.parquet"])
def test_pipe_in_the_place_of_a_log_is_not_waited_for(tmp_path: Path, name: str) -> None:
    journal(tmp_path)
    os.mkfifo(tmp_path / "run-1" / name)
    with pytest.raises(InputError, match=f"{name} cannot be read .it is a pipe or a device.") as caught:
        find_journals([tmp_path])
    assert caught.value.slug == "unreadable"


def test_folder_of_a_run_that_cannot_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal(tmp_path)
    listed = os.scandir

    def refuse(folder: Any) -> Any:
        if Path(folder).name == "run-1":
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InputError, match="run-1 cannot be read"):
        find_journals([tmp_path])


def test_run_folder_without_journals_is_passed_over(tmp_path: Path) -> None:
    journal(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "run-1" / "blobs").mkdir()
    (tmp_path / "run-1" / "notes.txt").write_text("text")
    (tmp_path / "notes.jsonl").write_text("not inside a run")
    assert [*find_journals([tmp_path])] == ["run-1"]


# Logs that are damaged

TORN = "torn, as when a process is stopped while writing"
LINE = "run-1/main.jsonl"
PROBLEMS: dict[str, tuple[set[int], list[str]]] = {
    "torn-last-line": ({0, 1, 2}, [f"{LINE}:4: {TORN}: Input data was truncated"]),
    "torn-first-line": ({1, 2}, [f"{LINE}:1: Input data was truncated"]),
    "torn-utf-8": (
        {0, 1, 3},
        [f"{LINE}:3: not valid UTF-8", f"{LINE}:5: {TORN}: Input data was truncated"],
    ),
    "nul-bytes": (
        {0, 1, 2},
        [
            f"{LINE}:3: 16 NUL bytes, as a crashed file system leaves them",
            f"{LINE}:4: 32 NUL bytes, as a crashed file system leaves them",
        ],
    ),
    "garbage": (
        {0, 1, 2},
        [
            f"{LINE}:3: JSON is malformed: invalid character (byte 0)",
            f"{LINE}:4: JSON is malformed: invalid character (byte 0)",
            f"{LINE}:5: Expected `object`, got `array`",
            f"{LINE}:6: Object missing required field `kind`",
            f"{LINE}:7: Expected `object`, got `str`",
        ],
    ),
    "wrong-fields": (
        {0, 1, 7},
        [
            f"{LINE}:3: Invalid enum value 'high' - at `$.value`",
            f"{LINE}:4: Object missing required field `name`",
            f"{LINE}:5: Invalid enum value 'fine' - at `$.status`",
            f"{LINE}:6: Expected `int` >= 0 - at `$.ts`",
            f"{LINE}:7: Expected `int` <= 9007199254740992 - at `$.seq`",
            f"{LINE}:8: Number out of range - at `$.value`",
            f"{LINE}:9: Invalid value 'video' - at `$.kind`",
        ],
    ),
    "conflicting-copies": (
        ALL,
        [f"{LINE}:0: two records have the same number 2; one of them is left out"],
    ),
    "copied-file": (ALL, []),
    "blank-lines": ({0, 1, 2}, []),
    "missing-first-line": ({1, 2, 3}, []),
    "unknown-kinds-and-fields": ({0, 1, 3, 4}, []),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_good_records_are_used_and_bad_lines_are_named(case: str) -> None:
    kept, problems = PROBLEMS[case]
    run = read(BROKEN / case)
    assert run.run_id == "run-1"
    assert {writer for writer, _ in run.records} == {"main"}
    assert seqs(run) == kept
    assert shown(run) == problems
    assert {problem.run_id for problem in run.problems} <= {"run-1"}


def test_every_broken_log_is_tested_here() -> None:
    cases = {path.name for path in BROKEN.iterdir()} - {"README.md"}
    assert cases == (ERRORS.keys() - {"no-log-directory"}) | PROBLEMS.keys()


def test_damage_does_not_change_the_records_beside_it() -> None:
    whole = read(BROKEN / "copied-file").records
    for case in ("torn-last-line", "nul-bytes", "blank-lines", "garbage"):
        for identity, record in read(BROKEN / case).records.items():
            assert record == whole[identity]


@given(st.data())
def test_file_cut_at_any_byte_keeps_all_records_before_the_cut(data: st.DataObject) -> None:
    folder = Path("cut")
    path = write_run(folder, "run-1", RECORDS)
    content = path.read_bytes()
    whole = read(folder).records
    cut = data.draw(st.integers(0, len(content)))
    path.write_bytes(content[:cut])
    run = read(folder)
    n_lines = content[:cut].count(b"\n")
    torn = content[:cut].rpartition(b"\n")[2]
    is_complete = torn.endswith(b"}") and content[cut : cut + 1] == b"\n"
    assert run.records == {identity: whole[identity] for identity in [*whole][: n_lines + is_complete]}
    assert [problem.line for problem in run.problems] == ([n_lines + 1] if torn and not is_complete else [])


def test_file_cut_at_every_byte_never_raises(tmp_path: Path) -> None:
    path = write_run(tmp_path, "run-1", RECORDS)
    content = path.read_bytes()
    whole = read(tmp_path).records
    for cut in range(len(content), -1, -1):
        path.write_bytes(content[:cut])
        run = read(tmp_path)
        assert run.records.items() <= whole.items()
        assert len(run.records) >= content[:cut].count(b"\n")


@given(
    st.lists(
        st.binary(max_size=30) | st.sampled_from([b"\x00", b"\n", b"{}", b'{"kind":"metric"', b"\xff"]), max_size=6
    )
)
def test_any_bytes_between_good_lines_leave_those_good(noise: list[bytes]) -> None:
    good = '\n{"kind":"metric","ts":3,"seq":2,"name":"a","value":1}\n'
    journal(Path("noise"), b"\n".join(noise), good)
    run = read(Path("noise"))
    assert seqs(run) == {0, 1, 2}
    assert all("\n" not in line for line in shown(run))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_journal_or_an_input_error(content: bytes) -> None:
    folder = Path("bytes")
    (folder / "run-1").mkdir(parents=True, exist_ok=True)
    (folder / "run-1" / "main.jsonl").write_bytes(content)
    run = read(folder)
    assert len(run.records) + len(run.problems) + len(run.unknown) <= content.count(b"\n") * 2 + 2


def test_record_that_is_nested_without_end_is_named(tmp_path: Path) -> None:
    deep = b"[" * 300_000 + b"]" * 300_000
    good = b'{"kind":"metric","ts":3,"seq":3,"name":"a","value":1}\n'
    journal(tmp_path, b'{"kind":"artifact","ts":3,"seq":2,"id":"a","type":"table","data":' + deep + b"}\n", good)
    run = read(tmp_path)
    assert seqs(run) == {0, 1, 3}
    assert shown(run) == ["run-1/main.jsonl:3: nested too deeply"]


def test_empty_file_is_a_journal_without_records(tmp_path: Path) -> None:
    (tmp_path / "run-1").mkdir()
    (tmp_path / "run-1" / "main.jsonl").touch()
    run = read(tmp_path)
    assert (run.run_id, run.records, run.problems) == ("run-1", {}, [])


# Whose records they are


def test_first_line_says_whose_records_they_are_whatever_the_file_is_called(tmp_path: Path) -> None:
    path = journal(tmp_path)
    path.parent.rename(tmp_path / "renamed")
    (tmp_path / "renamed" / "main.jsonl").rename(tmp_path / "renamed" / "other.jsonl")
    run = read(tmp_path)
    assert run.run_id == "run-1"
    assert [*run.records] == [("main", 0), ("main", 1)]


def test_path_says_whose_records_they_are_when_the_first_line_is_missing(tmp_path: Path) -> None:
    path = journal(tmp_path, name="worker")
    path.write_bytes(path.read_bytes().partition(b"\n")[2])
    run = read(tmp_path)
    assert (run.run_id, [*run.records], run.problems) == ("run-1", [("worker", 1)], [])


@pytest.mark.parametrize(
    "first", ['{"kind":"log","ts":1,"seq":0,"format":1,"run":"","writer":3}', "[]", "null", "\x00\x00"]
)
def test_path_says_whose_records_they_are_when_the_first_line_does_not(first: str, tmp_path: Path) -> None:
    path = journal(tmp_path)
    path.write_bytes(first.encode() + b"\n" + path.read_bytes().partition(b"\n")[2])
    assert ("main", 1) in read(tmp_path).records


def test_journals_of_a_run_are_found_in_one_order(tmp_path: Path) -> None:
    for run_id in ("run-2", "run-1"):
        for name in ("main", "a", "b"):
            journal(tmp_path, run_id=run_id, name=name)
    found = find_journals([tmp_path])
    assert {run_id: [file.writer for file in files] for run_id, files in found.items()} == {
        "run-1": ["a", "b", "main"],
        "run-2": ["a", "b", "main"],
    }
    assert [*found] == ["run-1", "run-2"]


# Copies


def test_copied_file_changes_nothing(tmp_path: Path) -> None:
    path = write_run(tmp_path, "run-1", RECORDS)
    once = read(tmp_path)
    shutil.copy(path, path.with_name("main copy.jsonl"))
    assert read(tmp_path) == once


def test_file_that_was_copied_while_it_grew_changes_nothing(tmp_path: Path) -> None:
    path = write_run(tmp_path, "run-1", RECORDS)
    once = read(tmp_path)
    early = b"".join(path.read_bytes().splitlines(keepends=True)[:3])
    path.with_name("early.jsonl").write_bytes(early)
    assert read(tmp_path) == once


def test_copied_log_directory_changes_nothing(tmp_path: Path) -> None:
    write_run(tmp_path / "logs", "run-1", RECORDS)
    once = read(tmp_path / "logs")
    shutil.copytree(tmp_path / "logs", tmp_path / "copy")
    assert read(tmp_path / "logs", tmp_path / "copy") == once
    assert read(tmp_path / "logs", tmp_path / "logs") == once


def test_log_directories_of_one_run_merge(tmp_path: Path) -> None:
    write_run(tmp_path / "a", "run-1", RECORDS)
    write_run(tmp_path / "b", "run-1", [metric("late", 1)], writer="worker")
    run = read(tmp_path / "a", tmp_path / "b")
    assert {writer for writer, _ in run.records} == {"main", "worker"}


def values_of(records: dict[tuple[str, int], AnyRecord]) -> list[Any]:
    return [record.value for record in records.values() if isinstance(record, Metric)]


def test_conflicting_copies_give_the_same_record_in_any_order(tmp_path: Path) -> None:
    for folder, names in (("a", ("x", "y")), ("b", ("y", "x"))):
        for name, value in zip(names, (0.5, 0.25), strict=True):
            path = write_run(tmp_path / folder, "run-1", [run_start("churn"), metric("accuracy", value)])
            path.rename(path.with_name(f"{name}.jsonl"))
    one, other = read(tmp_path / "a"), read(tmp_path / "b")
    assert one.records == other.records
    assert values_of(one.records) == [0.25]
    assert len(one.problems) == len(other.problems) == 1


# What a newer version wrote


def test_unknown_kinds_and_fields_are_kept() -> None:
    run = read(BROKEN / "unknown-kinds-and-fields")
    assert run.unknown == [
        Unknown("main", 2, "video", '{"kind":"video","ts":1767225602000000,"seq":2,"url":"a.mp4"}'),
        Unknown(
            "main",
            3,
            "metric",
            '{"kind":"metric","ts":1767225603000000,"seq":3,"name":"accuracy","value":0.5,"colour":"red"}',
        ),
    ]
    assert run.records["main", 3] == Metric(ts=1767225603000000, seq=3, name="accuracy", value=0.5)


@pytest.mark.parametrize("seq", [-1, 2**53 + 1, 1.5, '"2"', "null"])
def test_unknown_kind_without_a_proper_number_is_a_bad_line(seq: object, tmp_path: Path) -> None:
    journal(tmp_path, f'{{"kind":"video","ts":1,"seq":{seq}}}\n')
    run = read(tmp_path)
    assert run.unknown == []
    assert shown(run) == ["run-1/main.jsonl:3: Invalid value 'video' - at `$.kind`"]


def test_record_with_an_unknown_field_and_a_wrong_one_is_a_bad_line(tmp_path: Path) -> None:
    journal(tmp_path, '{"kind":"metric","ts":1,"seq":2,"name":3,"value":1,"colour":"red"}\n')
    run = read(tmp_path)
    assert (seqs(run), run.unknown) == ({0, 1}, [])
    assert shown(run) == ["run-1/main.jsonl:3: Expected `str`, got `int` - at `$.name`"]


@pytest.mark.parametrize("version", [2, 99])
def test_newer_format_stops_even_among_readable_runs(version: int, tmp_path: Path) -> None:
    journal(tmp_path)
    path = journal(tmp_path, run_id="run-2")
    path.write_bytes(path.read_bytes().replace(b'"format":1', f'"format":{version}'.encode()))
    with pytest.raises(InputError, match=f"is in log format {version}, this reportgen reads up to 1") as caught:
        find_journals([tmp_path])
    assert caught.value.slug == "newer-log-format"


def test_artifact_of_an_unknown_type_is_kept_as_unknown(tmp_path: Path) -> None:
    line = '{"kind":"artifact","ts":1,"seq":2,"id":"a","type":"hologram","data":3}'
    journal(tmp_path, line + "\n")
    run = read(tmp_path)
    assert (seqs(run), run.problems) == ({0, 1}, [])
    assert run.unknown == [Unknown("main", 2, "artifact", line)]


@pytest.mark.parametrize("fields", ['"type":3,"id":"a"', '"type":"hologram"', '"type":"hologram","id":3', '"id":"a"'])
def test_artifact_of_an_unknown_type_must_be_right_otherwise(fields: str, tmp_path: Path) -> None:
    journal(tmp_path, f'{{"kind":"artifact","ts":1,"seq":2,{fields}}}\n')
    run = read(tmp_path)
    assert (seqs(run), run.unknown, len(run.problems)) == ({0, 1}, [], 1)


def test_unknown_field_of_an_error_is_kept_as_unknown(tmp_path: Path) -> None:
    line = '{"kind":"end","ts":1,"seq":2,"status":"failed","error":{"type":"E","message":"m","notes":["n"]}}'
    journal(tmp_path, line + "\n")
    run = read(tmp_path)
    assert run.records["main", 2] == End(ts=1, seq=2, status="failed", error=ErrorInfo(type="E", message="m"))
    assert run.unknown == [Unknown("main", 2, "end", line)]
    assert run.problems == []


# Sealed journals


def test_segment_and_journal_of_a_writer_are_found_together_the_older_first(tmp_path: Path) -> None:
    for name in ("main", "a"):
        path = journal(tmp_path, name=name)
        content = path.read_bytes()
        seal_journal(path)
        path.write_bytes(content)
    (files,) = find_journals([tmp_path]).values()
    assert [file.label for file in files] == [
        "run-1/a.parquet",
        "run-1/a.jsonl",
        "run-1/main.parquet",
        "run-1/main.jsonl",
    ]
    assert [file.journal_label for file in files] == ["run-1/a.jsonl"] * 2 + ["run-1/main.jsonl"] * 2


@pytest.mark.parametrize("case", PROBLEMS)
def test_damaged_journal_reads_the_same_when_it_is_sealed(case: str, tmp_path: Path) -> None:
    shutil.copytree(BROKEN / case, tmp_path / "logs")
    before = read(tmp_path / "logs")
    for path in sorted((tmp_path / "logs").glob("*/*.jsonl")):
        assert seal_journal(path).outcome == "sealed"
    assert read(tmp_path / "logs") == before


def test_folder_of_a_single_sealed_run_is_named_as_such(tmp_path: Path) -> None:
    seal_journal(journal(tmp_path))
    with pytest.raises(InputError) as caught:
        find_journals([tmp_path / "run-1"])
    assert caught.value.slug == "logs-of-one-run"


def test_folder_of_other_parquet_files_holds_no_run(tmp_path: Path) -> None:
    (tmp_path / "table.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError) as caught:
        find_journals([tmp_path])
    assert caught.value.slug == "no-runs"


def test_journals_that_differ_only_in_how_they_are_written_do_not_conflict(tmp_path: Path) -> None:
    path = journal(tmp_path, '{"kind":"metric","ts":3,"seq":2,"name":"a","value":1}\n')
    once = read(tmp_path)
    path.with_name("copy.jsonl").write_bytes(path.read_bytes().replace(b":", b": ").replace(b"1}", b"1.0 }"))
    assert read(tmp_path) == once


def test_conflicting_lines_are_reported_once_however_often_they_are_copied(tmp_path: Path) -> None:
    lines = [f'{{"kind":"metric","ts":3,"seq":2,"name":"a","value":{value}}}\n' for value in (3, 1, 2, 1, 3)]
    journal(tmp_path / "a", *lines)
    once = read(tmp_path / "a")
    assert [problem.line for problem in once.problems] == [0]
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    assert read(tmp_path / "a", tmp_path / "b") == once


def test_records_with_and_without_an_unknown_field_conflict(tmp_path: Path) -> None:
    plain = '{"kind":"metric","ts":3,"seq":2,"name":"a","value":1}\n'
    journal(tmp_path, plain, plain.replace("}", ',"colour":"red"}'), plain)
    run = read(tmp_path)
    assert [problem.line for problem in run.problems] == [0]
    assert len(run.unknown) == 1
