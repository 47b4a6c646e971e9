"""What is remembered of logs never changes an answer; it only saves the reading."""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logs import HOUR, START, artifact, delete, end, list_metric, metric, run_start, use, write_run

import reportgen
from reportgen import cache
from reportgen.compact import Compaction
from reportgen.errors import InputError
from reportgen.log.reader import read_run
from reportgen.log.seal import seal_journal
from reportgen.sources import open_source, read_everything
from reportgen.store import WHOLE_TABLES, Store, table_rows


@pytest.fixture(autouse=True)
def _remember_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cache, "_MIN_BYTES", 0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    for number in range(4):
        records = [
            run_start(),
            artifact(f"a{number}"),
            metric("m", number),
            list_metric("curve", [1, 2, number]),
            end(),
        ]
        write_run(tmp_path / "runs", f"r{number}", records, at=START + number * 30 * HOUR)
    return tmp_path / "runs"


def states(log_dir: Path) -> list[Path]:
    return sorted(path.parent for path in log_dir.parent.glob(f".{log_dir.name}-cache/*/state.json"))


def everything(store: Store) -> dict[str, Any]:
    """All that a store says, whichever kind it is."""
    tables = {name: table_rows(store.read(name)) for name in WHOLE_TABLES}
    days = {(name, day) for name in ("contents", "points") for day in store.days_of(name)}
    return tables | {f"{name}/{day}": table_rows(store.read_day(name, day)) for name, day in days}


def read_anew(log_dir: Path) -> dict[str, Any]:
    compaction = read_everything([log_dir])
    return everything(compaction)


class Counter:
    """Counts the runs that are read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.run_ids: list[str] = []
        monkeypatch.setattr(cache, "read_run", self.read)

    def read(self, files: Any) -> Any:
        self.run_ids.append(files[0].run_id)
        return read_run(files)


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    return Counter(monkeypatch)


def ask(log_dir: Path) -> list[float]:
    return [row["value"] for row in reportgen.get_metrics("m", log_dir=log_dir)]


def test_logs_are_read_once(logs: Path, counter: Counter) -> None:
    assert ask(logs) == ask(logs) == [0, 1, 2, 3]
    assert sorted(counter.run_ids) == ["r0", "r1", "r2", "r3"]
    assert everything(open_source([logs]).store) == read_anew(logs)


def test_only_a_run_that_changed_is_read_again(logs: Path, counter: Counter) -> None:
    ask(logs)
    counter.run_ids.clear()
    write_run(logs, "r2", [metric("m", 7)], writer="late", at=START + 90 * HOUR)
    write_run(logs, "r9", [run_start(), metric("m", 9)], at=START + 500 * HOUR)
    assert ask(logs) == [0, 1, 7, 3, 9]
    assert counter.run_ids == ["r2", "r9"]
    assert everything(open_source([logs]).store) == read_anew(logs)


def test_run_that_is_gone_is_forgotten(logs: Path) -> None:
    ask(logs)
    shutil.rmtree(logs / "r1")
    assert ask(logs) == [0, 2, 3]
    assert everything(open_source([logs]).store) == read_anew(logs)


def test_deletion_that_is_taken_back_brings_the_content_back(logs: Path) -> None:
    tombstone = write_run(logs, "r3", [delete("a1")], writer="d")
    found = reportgen.read_artifacts(log_dir=logs)
    assert {one.version for one in found} == {1, 3, 4}
    tombstone.unlink()
    assert {one.data for one in reportgen.read_artifacts(log_dir=logs)} == {f"text of a{n}" for n in range(4)}
    assert everything(open_source([logs]).store) == read_anew(logs)


def test_use_of_an_artifact_that_is_gone_is_forgotten(logs: Path) -> None:
    write_run(logs, "r8", [run_start(), use(artifact="a0")], at=START + 400 * HOUR)
    assert open_source([logs]).store.read("edges")["version"].to_pylist() == [1]
    shutil.rmtree(logs / "r0")
    assert open_source([logs]).store.read("edges")["version"].to_pylist() == [None]
    assert everything(open_source([logs]).store) == read_anew(logs)


@pytest.mark.parametrize("name", ["metrics.parquet", "runs.parquet", "contents", "points", "state.json"])
def test_damaged_state_is_dropped(logs: Path, name: str) -> None:
    ask(logs)
    for path in (states(logs)[0] / name).rglob("*") if name in ("contents", "points") else [states(logs)[0] / name]:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert ask(logs) == [0, 1, 2, 3]
    (row, *_) = reportgen.get_list_metrics("curve", log_dir=logs)
    assert row["values"] == [1, 2, 0]
    assert {one.data for one in reportgen.read_artifacts(log_dir=logs)} == {f"text of a{n}" for n in range(4)}
    write_run(logs, "r9", [run_start(), metric("m", 9)], at=START + 500 * HOUR)
    assert ask(logs) == [0, 1, 2, 3, 9]
    assert everything(open_source([logs]).store) == read_anew(logs)


def test_state_that_vanishes_while_it_is_used_is_made_again(logs: Path) -> None:
    ask(logs)
    found = reportgen.open_logs(logs)
    artifacts = reportgen.read_artifacts(log_dir=logs)
    shutil.rmtree(states(logs)[0].parent)
    assert found.metrics.num_rows == 4
    assert found.points().num_rows == 12
    assert found.contents().num_rows == 4
    assert [one.data for one in artifacts] == [f"text of a{n}" for n in (3, 2, 1, 0)]


def test_content_that_went_with_the_logs_is_one_line(logs: Path) -> None:
    ask(logs)
    (found,) = reportgen.read_artifacts(limit=1, log_dir=logs)
    shutil.rmtree(states(logs)[0].parent)
    shutil.rmtree(logs / "r3")
    with pytest.raises(InputError, match=r"the content of artifact a3 of run r3 is missing") as caught:
        found.data  # noqa: B018
    assert caught.value.slug == "damaged-store"


def test_days_in_which_nothing_changed_are_not_written_again(logs: Path) -> None:
    ask(logs)
    (before,) = states(logs)
    write_run(logs, "r9", [run_start(), artifact("new"), delete("a2")], at=START + 30 * HOUR)
    ask(logs)
    (after,) = (state for state in states(logs) if state != before)
    same = {
        path.relative_to(before).as_posix()
        for path in before.glob("*/*.parquet")
        if (other := after / path.relative_to(before)).exists() and path.samefile(other)
    }
    days = ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"]
    assert same == {f"{table}/{days[n]}.parquet" for table in ("points", "contents") for n in (0, 3)}
    assert not (after / f"contents/{days[2]}.parquet").exists()
    assert everything(open_source([logs]).store) == read_anew(logs)


def test_state_of_another_version_is_dropped(logs: Path, counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(logs)
    counter.run_ids.clear()
    monkeypatch.setattr("reportgen.seen.__version__", "99.0")
    assert ask(logs) == [0, 1, 2, 3]
    assert len(counter.run_ids) == 4


def test_logs_that_were_moved_are_read_again(logs: Path, tmp_path: Path) -> None:
    ask(logs)
    shutil.move(logs, tmp_path / "moved")
    shutil.move(tmp_path / ".runs-cache", tmp_path / ".moved-cache")
    assert ask(tmp_path / "moved") == [0, 1, 2, 3]
    (artifact_, *_) = reportgen.read_artifacts(log_dir=tmp_path / "moved")
    assert artifact_.data == "text of a3"


def test_few_states_are_kept_and_git_is_told_to_pass_them_over(logs: Path) -> None:
    for number in range(6):
        write_run(logs, f"s{number}", [run_start(), metric("n", number)], at=START + 600 * HOUR)
        ask(logs)
    assert len(states(logs)) == 3
    root = states(logs)[0].parent
    assert (root / ".gitignore").read_text("ascii") == "*\n"
    assert (root / "CACHEDIR.TAG").read_text("ascii").startswith("Signature: 8a477f597d28d172789f06886806bc55")
    assert [path.name for path in root.iterdir() if path.name.startswith(".new")] == []


@pytest.mark.skipif(sys.platform == "win32", reason="another folder there")
def test_users_cache_folder_is_taken_where_the_logs_are_read_only(
    logs: Path, tmp_path: Path, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Path.mkdir

    def refuse(path: Path, *args: Any, **options: Any) -> None:
        if path.name == ".runs-cache":
            raise PermissionError(13, "Permission denied", str(path))
        make(path, *args, **options)

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert ask(logs) == ask(logs) == [0, 1, 2, 3]
    assert len(counter.run_ids) == 4
    assert len([*(tmp_path / "home").rglob("state.json")]) == 1


def test_nothing_that_can_be_written_is_no_reason_not_to_answer(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise OSError(28, "No space left on device")

    ask(logs)
    monkeypatch.setattr(cache, "_write_state", refuse)
    write_run(logs, "r9", [run_start(), metric("m", 9), list_metric("curve", [5])], at=START + 500 * HOUR)
    assert ask(logs) == [0, 1, 2, 3, 9]
    assert [row["values"] for row in reportgen.get_list_metrics("curve", log_dir=logs)] == [
        *[[1, 2, n] for n in range(4)],
        [5],
    ]


def test_small_logs_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    write_run(tmp_path / "runs", "r1", [run_start(), metric("m", 1)])
    assert ask(tmp_path / "runs") == [1]
    assert [path.name for path in tmp_path.iterdir() if path.name != "runs"] == []


# Whose files they are


def write_twin(log_dir: Path, value: int, run_id: str = "r1") -> None:
    """Write a journal that differs from its twins in what it says alone, not in name, size or time."""
    path = write_run(log_dir, run_id, [run_start(), metric("m", value), end()], folder="f")
    os.utime(path, ns=(START, START))


def test_log_directories_with_files_of_the_same_names_sizes_and_times_are_told_apart(tmp_path: Path) -> None:
    write_twin(tmp_path / "one", 1, "r1")
    write_twin(tmp_path / "two", 2, "r2")
    for _ in range(2):
        assert ask(tmp_path / "one") == [1]
        assert ask(tmp_path / "two") == [2]
        both = open_source([tmp_path / "one", tmp_path / "two"]).store
        assert both.read("metrics", ["run_id", "value"]).to_pylist() == [
            {"run_id": "r1", "value": 1},
            {"run_id": "r2", "value": 2},
        ]


def test_link_to_other_logs_is_followed_again(tmp_path: Path) -> None:
    write_twin(tmp_path / "one", 1)
    write_twin(tmp_path / "two", 2)
    for name, value in (("one", 1), ("two", 2), ("one", 1)):
        (tmp_path / "link").unlink(missing_ok=True)
        (tmp_path / "link").symlink_to(name)
        assert ask(tmp_path / "link") == [value]


def test_logs_that_are_named_twice_are_one_state(logs: Path, tmp_path: Path, counter: Counter) -> None:
    (tmp_path / "link").symlink_to("runs")
    ask(logs)
    found = open_source([logs, tmp_path / "link", tmp_path / "runs" / ".." / "runs"]).store
    assert everything(found) == read_anew(logs)
    assert len(counter.run_ids) == 4
    assert len(states(logs)) == 1


def test_journal_is_of_another_writer_when_the_segment_beside_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "f"
    late = b'{"kind":"metric","ts":%d,"seq":9,"name":"m","value":9}\n' % (START + HOUR)
    for number, run_id in enumerate(["r1", "run-2"]):
        path = write_run(tmp_path / "runs", run_id, [run_start(), metric("m", number)], folder="f")
        path.with_suffix(".parquet").unlink(missing_ok=True)
        seal_journal(path)
        path.write_bytes(late)  # goes on where the segment ends, and does not say whose it is
        os.utime(path, ns=(START, START))
        assert everything(open_source([folder.parent]).store) == read_anew(folder.parent)
        (row,) = reportgen.get_metrics("m", log_dir=folder.parent)
        assert (row["execution_id"], row["value"]) == (run_id, 9)


# States that are half gone


@pytest.mark.parametrize("left", [[], ["runs.parquet"], ["points"], ["state.json"]], ids=str)
def test_state_that_was_removed_in_part_is_dropped(logs: Path, left: list[str]) -> None:
    ask(logs)
    (state,) = states(logs)
    for path in state.iterdir():
        if path.name not in left:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for _ in range(2):
        assert ask(logs) == [0, 1, 2, 3]
        assert everything(open_source([logs]).store) == read_anew(logs)
    write_run(logs, "r9", [run_start(), metric("m", 9)], at=START + 500 * HOUR)
    assert everything(open_source([logs]).store) == read_anew(logs)


@pytest.mark.parametrize("name", ["runs", "metrics", "points/2026-01-01"])
def test_damaged_state_that_cannot_be_removed_is_not_asked_again(
    logs: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(logs)
    (state,) = states(logs)
    (state / f"{name}.parquet").write_bytes(b"")
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)
    assert everything(open_source([logs]).store) == read_anew(logs)
    assert not (state / "state.json").exists()
    assert everything(open_source([logs]).store) == read_anew(logs)


def test_what_a_killed_process_left_is_removed_after_an_hour(logs: Path) -> None:
    root = logs.with_name(".runs-cache")
    for name, age in ((".new-old", 4000), (".new-young", 60)):
        (root / name).mkdir(parents=True)
        os.utime(root / name, (time.time() - age,) * 2)
    ask(logs)
    assert sorted(path.name for path in root.glob(".new-*")) == [".new-young"]


# Laws

kinds = st.sampled_from(["add", "append", "late", "remove", "delete", "undelete", "touch"])


@given(st.lists(st.tuples(kinds, st.integers(0, 3), st.integers(0, 3)), max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_answers_are_those_of_logs_read_anew(changes: list[tuple[str, int, int]], shuffle: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log_dir = Path(folder, "runs")
        write_run(log_dir, "base", [run_start(), artifact("x"), metric("m", 0)])
        for step, (kind, run, other) in enumerate(changes):
            change(log_dir, kind, f"r{run}", f"r{other}", step)
            compaction = open_source([log_dir]).store
            assert not isinstance(compaction, Compaction)
            assert everything(compaction) == read_anew(log_dir)


def change(log_dir: Path, kind: str, run_id: str, other: str, step: int) -> None:
    """Make one change as it happens to real logs."""
    at = START + step * 20 * HOUR
    folder = log_dir / run_id
    if kind == "add" and not folder.exists():
        records = [run_start(), artifact(f"a-{run_id}", "k"), use(artifact=f"a-{other}"), list_metric("c", [step])]
        write_run(log_dir, run_id, records, at=at)
    elif kind == "append" and folder.exists():
        write_run(log_dir, run_id, [metric("m", step), artifact(f"b-{step}", "k")], writer=f"w{step}", at=at)
    elif kind == "late":
        write_run(log_dir, run_id, [list_metric("c", [step, step])], writer=f"l{step}", at=START - HOUR * step)
    elif kind == "remove" and folder.exists():
        shutil.rmtree(folder)
    elif kind == "delete":
        write_run(log_dir, run_id, [delete(f"a-{other}" if step % 2 else None)], writer="d", at=at)
    elif kind == "undelete":
        (folder / "d.jsonl").unlink(missing_ok=True)
    elif kind == "touch" and folder.exists():
        for path in folder.iterdir():
            os.utime(path)
