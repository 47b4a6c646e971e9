"""What a filter can ask for: its sections, their fields, the operators of each, and what an operator means on a column.

The names are those of Prefect's filters; names of our own columns are accepted beside them. A missing value passes no
operator but `exists_: False`, `is_null_: True` and a `not_any_` of nothing, as in SQL. Two values are never missing:
what has not ended is `running`, and what has no tags has an empty list of them.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import reduce
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from reportgen.arrays import int_array, text_array

Column: TypeAlias = "pa.ChunkedArray[Any]"
Mask = Any  # booleans as long as the column, without missing ones; the types of pyarrow do not follow its functions
Test = Callable[[Column], Mask]
Operator = Callable[[Any], Test]  # takes what the filter gives it; a `ValueError` says what it takes instead

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RUNNING = "running"
_STATES = ("scheduled", "pending", _RUNNING, "completed", "failed", "cancelled", "crashed", "paused", "cancelling")


class Field(NamedTuple):
    """A column, what can be asked of it, and what stands for a missing value."""

    column: str
    operators: Mapping[str, Operator]
    missing: str | None = None


class Section(NamedTuple):
    """Fields by Prefect's names; `aliases` are further names of them."""

    fields: Mapping[str, Field | Section]
    aliases: Mapping[str, str]


def shown(value: object) -> str:
    """Show a value in an error: short, in one line."""
    return " ".join(reprlib.repr(value).split())


# Values: each is read into all texts that a column may hold for it


def _read_text(value: object) -> str:
    text = value.value if isinstance(value, Enum) else value
    if not isinstance(text, str):
        raise ValueError(f"takes text, not {shown(value)}")
    if not text.isascii() and any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValueError(f"takes text without surrogates, not {shown(value)}")
    return text


def _spell_text(value: object) -> Iterable[str]:
    return (_read_text(value),)


def _spell_id(value: object) -> Iterable[str]:
    """Give the spellings of a UUID that writers use; an id may be any other text as well."""
    text = str(value) if isinstance(value, UUID) else _read_text(value)
    try:
        known = UUID(text)
    except ValueError:
        return (text,)
    return (text, str(known), str(known).upper(), known.hex)


def _spell_state(value: object) -> Iterable[str]:
    state = _read_text(value).lower()
    if state not in _STATES:
        raise ValueError(f"has no state {shown(value)}: use {', '.join(_STATES).upper()}")
    return (state,)


def _spell_state_name(value: object) -> Iterable[str]:
    return (_read_text(value).lower(),)


def _read_list(values: object, spell: Callable[[object], Iterable[str]]) -> list[str]:
    if not isinstance(values, Collection) or isinstance(values, (str, bytes, Mapping)):
        raise ValueError(f"takes a list, not {shown(values)}")
    return [text for value in values for text in spell(value)]


def _read_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"takes True or False, not {shown(value)}")
    return value


def _read_time(value: object) -> pa.Scalar[Any]:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        moment = None
    if not isinstance(moment, datetime):
        raise ValueError(f"takes a datetime or its ISO 8601 text, not {shown(value)}")
    aware = moment if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)
    return pa.scalar((aware - _EPOCH) // timedelta(microseconds=1), pa.timestamp("us", tz="UTC"))


# Operators


def _texts(values: Iterable[str | None]) -> Any:
    texts = [*values]
    known = text_array([text for text in texts if text is not None])
    return known if None not in texts else pa.concat_arrays([known, pa.nulls(1, pa.string())])


def _one_of(spell: Callable[[object], Iterable[str]]) -> Operator:
    def operator(values: object) -> Test:
        wanted = _texts(_read_list(values, spell))
        return lambda column: pc.is_in(column, value_set=wanted)

    return operator


def _none_of(spell: Callable[[object], Iterable[str]]) -> Operator:
    def operator(values: object) -> Test:
        unwanted = _read_list(values, spell)
        # In SQL a missing value is not outside a list, unless the list is empty.
        refused = _texts([*unwanted, *([None] if unwanted else [])])
        return lambda column: pc.invert(pc.is_in(column, value_set=refused))

    return operator


def _like(value: object) -> Test:
    """Match a part of a text, in any case: `%` is any text, `_` any sign; after a backslash they are only themselves.

    Before anything else a backslash is a plain sign. In Prefect it depends on the database: PostgreSQL drops it there,
    and SQLite takes none for an escape.
    """
    pattern = re.sub(r"\\([%_\\])?", lambda found: found[0] if found[1] else r"\\", _read_text(value))
    return lambda column: pc.match_like(column, f"%{pattern}%", ignore_case=True).fill_null(False)


def _exists(value: object) -> Test:
    return pc.is_valid if _read_flag(value) else pc.is_null


def _is_null(value: object) -> Test:
    return pc.is_null if _read_flag(value) else pc.is_valid


def _before(value: object) -> Test:
    moment = _read_time(value)
    return lambda column: pc.less_equal(column, moment).fill_null(False)


def _after(value: object) -> Test:
    moment = _read_time(value)
    return lambda column: pc.greater_equal(column, moment).fill_null(False)


def _have(column: Column, tags: pa.Array[Any]) -> Mask:
    """Whether a list has one of the tags."""
    rows: Mask = pc.list_parent_indices(column)
    found = rows.filter(pc.is_in(pc.list_flatten(column), value_set=tags))
    return pc.is_in(int_array(range(len(column))), value_set=found)


def _tags_any(values: object) -> Test:
    wanted = _texts(_read_list(values, _spell_text))
    return lambda column: _have(column, wanted)


def _tags_all(values: object) -> Test:
    wanted = [_texts([tag]) for tag in dict.fromkeys(_read_list(values, _spell_text))]
    return lambda column: reduce(pc.and_, (_have(column, tag) for tag in wanted), pa.repeat(True, len(column)))


def _tags_none(value: object) -> Test:
    compare: Any = pc.equal if _read_flag(value) else pc.greater
    return lambda column: compare(pc.list_value_length(column).fill_null(0), 0)


# Fields

_VALUES = {"any_": _one_of(_spell_text), "not_any_": _none_of(_spell_text)}
_NAMES = {**_VALUES, "like_": _like}
_IDS = {"any_": _one_of(_spell_id), "not_any_": _none_of(_spell_id)}
_IDS_OR_NONE = {**_IDS, "is_null_": _is_null}
_TIMES = {"before_": _before, "after_": _after, "is_null_": _is_null}
_TAGS = {"all_": _tags_all, "any_": _tags_any, "is_null_": _tags_none}
_STATE_TYPES = {"any_": _one_of(_spell_state), "not_any_": _none_of(_spell_state)}
_STATE_NAMES = {"any_": _one_of(_spell_state_name), "not_any_": _none_of(_spell_state_name)}

_STATE = Section({"type": Field("status", _STATE_TYPES, _RUNNING), "name": Field("status", _STATE_NAMES, _RUNNING)}, {})
_START_AND_END = {"start_time": Field("started_at", _TIMES), "end_time": Field("ended_at", _TIMES)}
_TIME_ALIASES = {"started_at": "start_time", "ended_at": "end_time"}

_ARTIFACTS = Section(
    {
        "id": Field("artifact_id", _IDS),
        "key": Field("key", {**_NAMES, "exists_": _exists}),
        "type": Field("type", _VALUES),
        "flow_run_id": Field("run_id", _IDS),
        "task_run_id": Field("step_id", _IDS_OR_NONE),
        "description": Field("description", {"like_": _like, "exists_": _exists}),
    },
    {"artifact_id": "id", "latest_id": "id", "run_id": "flow_run_id", "step_id": "task_run_id"},
)
_RUNS = Section(
    {
        "id": Field("run_id", _IDS),
        "name": Field("name", _NAMES),
        "tags": Field("tags", _TAGS),
        "state": _STATE,
        **_START_AND_END,
        "parent_flow_run_id": Field("parent_run_id", _IDS_OR_NONE),
        "deployment_id": Field("deployment", {"is_null_": _is_null}),
    },
    {"run_id": "id", "parent_run_id": "parent_flow_run_id", **_TIME_ALIASES},
)
_STEPS = Section(
    {
        "id": Field("step_id", _IDS),
        "name": Field("name", _NAMES),
        "state": _STATE,
        **_START_AND_END,
        "flow_run_id": Field("run_id", _IDS_OR_NONE),
    },
    {"step_id": "id", "run_id": "flow_run_id", **_TIME_ALIASES},
)

TABLES = {"artifacts": "artifacts", "flow_runs": "runs", "task_runs": "steps", "flows": "runs", "deployments": "runs"}
SECTIONS = Section(
    {
        "artifacts": _ARTIFACTS,
        "flow_runs": _RUNS,
        "task_runs": _STEPS,
        "flows": Section({"name": Field("pipeline", _NAMES)}, {}),
        "deployments": Section({"name": Field("deployment", _NAMES)}, {}),
    },
    {"runs": "flow_runs", "steps": "task_runs", "pipelines": "flows"},
)
