"""Questions about runs, and which run people mean by what they type.

Only the columns that decide are read of all runs; the rest is read of those alone that are asked for.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reportgen.arrays import text_array
from reportgen.errors import InputError
from reportgen.status import judge_status
from reportgen.store import Store, table_rows
from reportgen.text import readable_name

MIN_ID = 8  # signs of an id that people are shown at least

_LATEST = re.compile(r"latest(?:~([0-9]{1,9}))?")
_MOST_NAMED = 3
_LIST_THEM = "reportgen run ls lists the runs"

Row = dict[str, Any]


# Which runs


def find_run_ids(
    store: Store,
    now_us: int,
    *,
    pipeline: str | None = None,
    deployment: str | None = None,
    tag: str | None = None,
    status: str | None = None,
    with_deleted: bool = False,
) -> list[str]:
    """Give the ids of runs, the newest first.

    Parameters
    ----------
    now_us
        The moment at which runs without an end are judged: microseconds since the epoch.
    pipeline, deployment, tag, status
        Only runs of these; a status may be `running` or `stalled`, too.
    with_deleted
        Those that were deleted as well.
    """
    where = {name: [value] for name, value in (("pipeline", pipeline), ("deployment", deployment)) if value is not None}
    columns = ["run_id", "deleted_at", *(["tags"] if tag is not None else ()), *(_JUDGED if status is not None else ())]
    table = store.read("runs", columns, where)
    if not with_deleted:
        table = table.filter(pc.is_null(table["deleted_at"]))
    if tag is not None:
        table = _only(table, _find_tagged(table, tag))
    if status is not None:
        table = _only(table, _find_standing(table, status, now_us))
    ids: list[Any] = table["run_id"].to_pylist()
    return ids[::-1]


_JUDGED = ("status", "last_record_at", "longest_silence_us", "detached")


def _find_tagged(table: pa.Table, tag: str) -> list[str]:
    return [row["run_id"] for row in table.select(["run_id", "tags"]).to_pylist() if tag in (row["tags"] or ())]


def _find_standing(table: pa.Table, status: str, now_us: int) -> list[str]:
    """Find the runs that ended so, and of those without an end the ones that are judged so."""
    ended: list[Any] = table.filter(pc.is_in(table["status"], value_set=text_array([status])))["run_id"].to_pylist()
    unended = table_rows(table.filter(pc.is_null(table["status"])))
    return ended + [row["run_id"] for row in unended if judge_status(row, now_us) == status]


def _only(table: pa.Table, run_ids: Collection[str]) -> pa.Table:
    return table.filter(pc.is_in(table["run_id"], value_set=text_array(run_ids)))


def read_runs(store: Store, run_ids: Sequence[str], now_us: int, columns: Collection[str] | None = None) -> list[Row]:
    """Give rows of the table `runs`, in the order of the ids; ids that are not there are passed over.

    Parameters
    ----------
    columns
        What is wanted of the table, by default everything. The id, a readable `name`, a judged `status`, `duration_us`
        and what these are made of are always given.
    """
    needed = None if columns is None else sorted({*columns, *_DESCRIBED})
    rows = table_rows(store.read("runs", needed, {"run_id": run_ids}))
    by_id = {row["run_id"]: describe_run(row, now_us) for row in rows}
    return [by_id[run_id] for run_id in run_ids if run_id in by_id]


_DESCRIBED = (*_JUDGED, "run_id", "name", "started_at", "ended_at")


def describe_run(row: Mapping[str, Any], now_us: int) -> Row:
    """Add to a row of the table `runs` what people see of it."""
    return {
        **row,
        "name": row["name"] or readable_name(row["run_id"]),
        "status": judge_status(row, now_us),
        "duration_us": (row["ended_at"] or row["last_record_at"]) - row["started_at"],
    }


def names_of_runs(store: Store, run_ids: Collection[str]) -> dict[str, str]:
    """Give the names by which people know some runs."""
    rows = store.read("runs", ["run_id", "name"], {"run_id": run_ids}).to_pylist()
    return {row["run_id"]: row["name"] or readable_name(row["run_id"]) for row in rows}


# Ids as they are typed


def shorten_ids(store: Store, run_ids: Collection[str]) -> dict[str, str]:
    """Give the shortest beginning of each id that means no other run of the store: as git, eight signs or more.

    Ids of one minute begin with the same eight hex digits or more, so that each gets the length that it needs.
    """
    texts: list[Any] = store.read("runs", ["run_id"])["run_id"].to_pylist()
    known = sorted(text.lower() for text in texts)
    return {run_id: run_id[: _needed_length(run_id.lower(), known)] for run_id in run_ids}


def _needed_length(wanted: str, known: Sequence[str]) -> int:
    """Count the signs that tell an id from its neighbours in the sorted ids."""
    place = bisect_left(known, wanted)
    neighbours = [*known[max(place - 1, 0) : place], *known[place + 1 : place + 2]]
    return max([_count_shared(wanted, other) + 1 for other in neighbours] + [MIN_ID])


def _count_shared(text: str, other: str) -> int:
    """Count the signs with which both texts begin."""
    pairs = enumerate(zip(text, other, strict=False))
    return next((place for place, (sign, its) in pairs if sign != its), min(len(text), len(other)))


def resolve_run(store: Store, text: str) -> str:
    """Give the id of the run that is meant: by its id, the beginning of one, `latest`, or `latest~N`.

    `latest~1` is the run that began before the latest one. Deleted runs are found by id only.

    Raises
    ------
    InputError
        There is no such run, or more than one.
    """
    match = _LATEST.fullmatch(text)
    if match:
        return _count_back(store, int(match[1] or 0), text)
    ids: list[Any] = store.read("runs", ["run_id"])["run_id"].to_pylist()
    if text in ids:
        return text
    beginning = text.lower()
    found = [run_id for run_id in ids if run_id.lower().startswith(beginning)] if text else []
    if len(found) == 1:
        return str(found[0])
    raise _ambiguous(text, found) if found else _unknown(store, text)


def _count_back(store: Store, n: int, text: str) -> str:
    table = store.read("runs", ["run_id", "deleted_at"])
    living: list[Any] = table.filter(pc.is_null(table["deleted_at"]))["run_id"].to_pylist()
    if n >= len(living):
        there = f"there is {len(living)}" if len(living) == 1 else f"there are {len(living):,}"
        raise InputError(f"there is no run {text!r}, {there}", hint=_LIST_THEM, slug="no-such-run")
    return str(living[-1 - n])


def _ambiguous(text: str, found: Sequence[str]) -> InputError:
    names = ", ".join(found[: -_MOST_NAMED - 1 : -1]) + (" …" if len(found) > _MOST_NAMED else "")
    what = f"{text!r} is the beginning of {len(found):,} runs ({names})"
    return InputError(what, hint="give more of the id", slug="ambiguous-run")


def _unknown(store: Store, text: str) -> InputError:
    """Say that there is no such run; a name is no id, but tells which one may be meant."""
    rows: list[Any] = store.read("runs", ["run_id", "name"]).to_pylist()
    named = [row["run_id"] for row in rows if text and text in (row["name"], readable_name(row["run_id"]))]
    hint = f"runs are known by their ids; the last of this name is {named[-1]}" if named else _LIST_THEM
    return InputError(f"there is no run {text!r}", hint=hint, slug="no-such-run")
