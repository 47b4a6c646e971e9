"""Merging parts of a store: runs in several parts, of several days, and what one part deletes of another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from logs import (
    HOUR,
    START,
    artifact,
    compact,
    contents_of,
    delete,
    end,
    list_metric,
    metric,
    points_of,
    rows_of,
    run_start,
    write_run,
)
from stores import write_store

from reportgen.compact import EMPTY, Compaction, merge
from reportgen.sources import load_store, read_everything

DAY = 24 * HOUR
DAYS = ["2026-01-01", "2026-01-02", "2026-01-03"]


def everything(compaction: Compaction) -> dict[str, Any]:
    tables = {name: rows_of(compaction, name) for name in compaction.tables}
    for name, days in compaction.days.items():
        tables |= {f"{name}/{day}": table.to_pylist() for day, table in days.items()}
    return tables


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    """Two log directories: r2 is in both, and the second has the earlier half of it."""
    one, other = tmp_path / "one", tmp_path / "other"
    write_run(one, "r1", [run_start(), artifact("a1"), list_metric("c", [1, 2]), end()])
    write_run(one, "r2", [run_start(), artifact("a2"), list_metric("c", [5]), metric("m", 1)], at=START + 2 * DAY)
    write_run(other, "r2", [list_metric("c", [3, 4]), list_metric("b", [9])], "early", at=START + DAY)
    write_run(other, "r3", [run_start(), artifact("a3"), list_metric("a", [6])], at=START + 2 * DAY)
    return [one, other]


def test_run_of_several_parts_lies_on_the_day_of_its_first_record(parts: list[Path]) -> None:
    one, other = map(compact, parts)
    assert [part.days_of("points") for part in (one, other)] == [DAYS[::2], DAYS[1:]]
    merged = merge([one, other])
    merged.check()
    assert [merged.days_of(name) for name in ("points", "records")] == [DAYS, DAYS]
    assert {day: set(table["run_id"].to_pylist()) for day, table in merged.days["points"].items()} == dict(
        zip(DAYS, [{"r1"}, {"r2"}, {"r3"}], strict=True)
    )
    assert points_of(merged, "c", "r2") == [(0, 3), (1, 4), (2, 5)]
    assert points_of(merged, "b", "r2") == [(0, 9)]
    assert everything(merged) == everything(compact(*parts)) == everything(merge([other, one]))


def test_day_of_which_a_merge_leaves_no_run_is_gone(parts: list[Path], tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    (parts[1] / "r2").rename(alone / "r2")
    merged = merge([compact(parts[0]), compact(alone)])
    assert [merged.days_of(name) for name in ("points", "records")] == [DAYS[:2], DAYS[:2]]
    assert write_store(tmp_path / "store", merged)
    assert everything(load_store(tmp_path / "store")) == everything(merged)


def test_merge_with_nothing_or_with_itself_changes_nothing(parts: list[Path]) -> None:
    part = compact(*parts)
    for others in ([], [EMPTY], [part], [part, EMPTY, part]):
        assert everything(merge([part, *others])) == everything(part)
    assert everything(merge([])) == everything(EMPTY)


def test_part_may_delete_what_others_have(parts: list[Path], tmp_path: Path) -> None:
    late = b'{"kind":"artifact","ts":1,"seq":9,"id":"a1","type":"markdown","data":"s3cr3t","colour":"s3cr3t"}\n'
    path = parts[0] / "r1" / "main.jsonl"
    path.write_bytes(path.read_bytes() + late)
    before = compact(*parts)
    assert "s3cr3t" in str(everything(before))
    write_run(tmp_path / "late", "r4", [run_start(), delete("a1", "private"), delete("a3")], at=START + 9 * DAY)
    write_run(tmp_path / "late", "r2", [delete(None, "wrong")], "d", at=START + 9 * DAY)
    late_part = compact(tmp_path / "late")
    merged = merge([before, late_part])
    assert (
        everything(merged) == everything(merge([late_part, before])) == everything(compact(*parts, tmp_path / "late"))
    )
    rows = {row["artifact_id"]: row for row in rows_of(merged, "artifacts")}
    assert {name: (row["version"], row["deleted_reason"]) for name, row in rows.items()} == {
        "a1": (1, "private"),
        "a2": (2, "wrong"),
        "a3": (3, None),
    }
    assert contents_of(merged) == {}
    assert rows_of(merged, "unknown") == []
    text = str(everything(merged))
    assert not [secret for secret in ("s3cr3t", "text of") if secret in text]
    assert points_of(merged, "c", "r2") == []
    assert points_of(merged, "c", "r1") == [(0, 1), (1, 2)]


@pytest.mark.parametrize("colours", [["red"], ["red", "blue"]], ids=str)
def test_record_that_has_other_fields_elsewhere_stays_the_one_it_was(tmp_path: Path, colours: list[str]) -> None:
    path = write_run(tmp_path / "runs", "r1", [run_start()])
    lines = [b'{"kind":"metric","ts":3,"seq":2,"name":"a","value":1}\n']
    for value, colour in enumerate(colours, 2):
        lines.append(lines[0].replace(b"1}", f'{value},"colour":"{colour}"}}'.encode()))
    path.write_bytes(path.read_bytes() + b"".join(lines))
    part = compact(tmp_path / "runs")
    assert len(rows_of(part, "unknown")) == len(colours)
    assert len(rows_of(part, "problems")) == 1
    assert everything(merge([part, part])) == everything(part)
    store = write_store(tmp_path / "store", part)
    assert everything(read_everything([store, tmp_path / "runs"])) == everything(part)


def test_record_that_is_kept_is_not_judged_by_the_line_of_another(tmp_path: Path) -> None:
    line = '{"kind":"metric","ts":3,"seq":2,"name":"a","value":%s}\n'
    for folder, values in (("one", ["1", '3,"colour":"red"']), ("other", ["2"])):
        path = write_run(tmp_path / folder, "r1", [run_start()])
        path.write_text(path.read_text("utf-8") + "".join(line % value for value in values), "utf-8")
    one, other = compact(tmp_path / "one"), compact(tmp_path / "other")
    whole = compact(tmp_path / "one", tmp_path / "other")
    assert rows_of(whole, "metrics")[0]["value"] == 1
    assert everything(merge([one, other])) == everything(merge([other, one])) == everything(whole)
