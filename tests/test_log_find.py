"""Logs that change while they are read: what is sealed or removed meanwhile is neither lost nor read twice."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from logs import end, metric, run_start, write_run

from reportgen.errors import InputError
from reportgen.log import find
from reportgen.log.find import find_journals, identify_found, scan_logs
from reportgen.log.reader import RunRecords, read_run
from reportgen.log.seal import seal_journal


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """Two journals of one run, each with a line that is none."""
    paths = []
    for writer in ("a", "b"):
        path = write_run(tmp_path / "logs", "r1", [run_start(), metric(writer, 1), end()], writer)
        path.write_bytes(path.read_bytes() + b"nonsense\n")
        paths.append(path)
    return paths


@pytest.fixture
def logs(paths: list[Path]) -> Path:
    return paths[0].parent.parent


def read(log_dir: Path) -> RunRecords:
    (files,) = find_journals([log_dir]).values()
    return read_run(files)


@pytest.mark.parametrize("sealed", [[0], [1], [0, 1]], ids=["first", "last", "both"])
def test_journal_that_is_sealed_before_it_is_opened_is_read_from_its_segment(
    logs: Path, paths: list[Path], sealed: list[int]
) -> None:
    before = read(logs)
    (files,) = find_journals([logs]).values()
    for place in sealed:
        assert seal_journal(paths[place]).outcome == "sealed"
    after = read_run(files)
    assert after == before
    assert (len(after.records), len(after.problems)) == (8, 2)


def test_journal_that_is_sealed_between_others_is_read_once(
    logs: Path, paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read(logs)
    (files,) = find_journals([logs]).values()
    opened: list[str] = []
    open_file = Path.open

    def seal_the_next(path: Path, *args: Any, **options: Any) -> Any:
        opened.append(path.name)
        if opened == ["a.jsonl"]:
            monkeypatch.setattr(Path, "open", open_file)
            file = path.open(*args, **options)
            seal_journal(paths[1])
            return file
        return open_file(path, *args, **options)

    monkeypatch.setattr(Path, "open", seal_the_next)
    assert read_run(files) == before
    assert opened == ["a.jsonl"]


def test_journal_that_is_sealed_before_it_is_identified_is_the_segment_beside_it(logs: Path, paths: list[Path]) -> None:
    found = scan_logs(logs)
    seal_journal(paths[1])
    files = [identify_found(file) for file in found]
    assert [(file.path.name, file.run_id, file.writer) for file in files] == [
        ("a.jsonl", "r1", "a"),
        ("b.parquet", "r1", "b"),
    ]


def test_journal_that_is_sealed_while_its_folder_is_listed_is_found(
    logs: Path, paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read(logs)
    list_folder = os.scandir

    class Sealing:
        """A listing whose files are sealed before anybody looks at one."""

        def __init__(self, folder: Any) -> None:
            with list_folder(folder) as entries:
                self.entries = [*entries]
            monkeypatch.setattr(os, "scandir", list_folder)
            seal_journal(paths[1])

        def __enter__(self) -> Any:
            return iter(self.entries)

        def __exit__(self, *_: object) -> None:
            pass

    def list_logs(folder: Any) -> Any:
        return Sealing(folder) if os.fspath(folder) == os.fspath(logs / "r1") else list_folder(folder)

    monkeypatch.setattr(os, "scandir", list_logs)
    assert [Path(file.path).name for file in scan_logs(logs)] == ["a.jsonl", "b.parquet"]
    assert read(logs) == before


def test_run_that_is_removed_while_it_is_listed_is_passed_over(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(logs, "r2", [run_start()])
    list_again = find._list_folder

    def remove_first(folder: str) -> Any:
        shutil.rmtree(logs / "r1", ignore_errors=True)
        return list_again(folder)

    monkeypatch.setattr(find, "_list_folder", remove_first)
    assert [*find_journals([logs])] == ["r2"]


def test_journal_that_is_gone_and_has_no_segment_is_named(logs: Path, paths: list[Path]) -> None:
    found = scan_logs(logs)
    (files,) = find_journals([logs]).values()
    shutil.rmtree(logs / "r1")
    for ask in (lambda: identify_found(found[0]), lambda: read_run(files)):
        with pytest.raises(InputError, match=r"r1(/a\.jsonl)? cannot be read") as caught:
            ask()
        assert caught.value.slug == "unreadable"


def test_link_that_leads_nowhere_is_named(logs: Path) -> None:
    (logs / "r1" / "c.jsonl").symlink_to("nowhere")
    with pytest.raises(InputError, match=r"c\.jsonl cannot be read"):
        find_journals([logs])
