"""Filters of artifacts: what each field and operator selects, how they combine, and what a wrong filter is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.queries.filters import artifact_mask, columns_needed

Row = dict[str, Any]
Given = Mapping[str, Any]

_TEXT, _TIME = pa.string(), pa.timestamp("us", tz="UTC")
SCHEMAS = {
    "artifacts": pa.schema(
        dict.fromkeys("artifact_id key type run_id step_id description".split(), _TEXT)
        | {"version": pa.int64(), "created_at": _TIME, "updated_at": _TIME}
    ),
    "runs": pa.schema(
        dict.fromkeys("run_id pipeline deployment name status parent_run_id".split(), _TEXT)
        | {"started_at": _TIME, "ended_at": _TIME, "tags": pa.list_(_TEXT)}
    ),
    "steps": pa.schema(
        dict.fromkeys("run_id step_id name status".split(), _TEXT) | {"started_at": _TIME, "ended_at": _TIME}
    ),
}
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
ONE, TWO = UUID("0190b4c6-0000-7000-8000-00000000000a"), UUID("0190b4c6-0000-7000-8000-00000000000b")


def table(name: str, rows: Sequence[Row]) -> pa.Table:
    return pa.Table.from_pylist([*rows], SCHEMAS[name])


ARTIFACTS = table(
    "artifacts",
    [
        {"artifact_id": str(ONE), "key": "daily-report", "type": "markdown", "run_id": "a", "description": "Sales, 5%"},
        {"artifact_id": str(TWO), "key": "daily-rows", "type": "table", "run_id": "a", "step_id": "1"},
        {"artifact_id": "3", "key": "weekly.report", "type": "markdown", "run_id": "b", "step_id": "1"},
        {"artifact_id": "4", "type": "link", "run_id": "c", "step_id": "2"},
        {"artifact_id": "5", "type": "image", "run_id": "lost", "step_id": "1"},
    ],
)
RUNS = table(
    "runs",
    [
        {"run_id": "a", "pipeline": "sales", "deployment": "nightly", "name": "fair-olive", "status": "failed"}
        | {"started_at": NOON, "ended_at": NOON + timedelta(hours=1), "tags": ["x", "y"]},
        {"run_id": "b", "pipeline": "Sales-2", "name": "bold-west", "status": "completed", "parent_run_id": "a"}
        | {"started_at": NOON + timedelta(days=1), "ended_at": NOON + timedelta(days=2), "tags": ["y"]},
        {"run_id": "c", "pipeline": "stock", "tags": [], "started_at": NOON + timedelta(days=3)},
    ],
)
STEPS = table(
    "steps",
    [
        {"run_id": "a", "step_id": "1", "name": "train", "status": "completed", "started_at": NOON},
        {"run_id": "b", "step_id": "1", "name": "load", "status": "failed", "started_at": NOON},
        {"run_id": "c", "step_id": "2", "name": "Train 2", "started_at": NOON},
    ],
)


def select(asked: Any) -> str:
    """Give the numbers of the artifacts that a filter selects."""
    mask = artifact_mask(asked, ARTIFACTS, lambda: RUNS, lambda: STEPS)
    return "".join(str(at) for at in range(1, 6) if mask is None or mask[at - 1].as_py())


def fail() -> pa.Table:
    raise AssertionError("the filter does not need this table")


class Model:
    """An object like Prefect's filters."""

    def __init__(self, **fields: Any) -> None:
        self.fields = fields

    def model_dump(self, *, mode: str, exclude_none: bool) -> Row:
        assert (mode, exclude_none) == ("python", True)
        dumps = {name: dump(value) for name, value in self.fields.items()}
        return {name: value for name, value in dumps.items() if value is not None}


def dump(value: Any) -> Any:
    return value.model_dump(mode="python", exclude_none=True) if isinstance(value, Model) else value


class StateType(StrEnum):
    """As in Prefect."""

    FAILED = "FAILED"


# What fields and operators select

CASES: list[tuple[Given, str]] = [
    ({"artifacts": {"id": {"any_": [ONE, "3"]}}}, "13"),
    ({"artifacts": {"id": {"any_": [str(TWO).upper()]}}}, "2"),
    ({"artifacts": {"id": {"any_": [f"{{{TWO.hex}}}"]}}}, "2"),
    ({"artifacts": {"id": {"not_any_": [ONE]}}}, "2345"),
    ({"artifacts": {"artifact_id": {"any_": ["3"]}, "latest_id": {"any_": ("3", "4")}}}, "3"),
    ({"artifacts": {"key": {"any_": ["daily-rows", "none"]}}}, "2"),
    ({"artifacts": {"key": {"any_": []}}}, ""),
    ({"artifacts": {"key": {"not_any_": {"daily-rows"}}}}, "13"),
    ({"artifacts": {"key": {"not_any_": []}}}, "12345"),
    ({"artifacts": {"key": {"exists_": True}}}, "123"),
    ({"artifacts": {"key": {"exists_": False}}}, "45"),
    ({"artifacts": {"type": {"any_": ["table", "link"]}}}, "24"),
    ({"artifacts": {"type": {"not_any_": ["table", "link"]}}}, "135"),
    ({"artifacts": {"flow_run_id": {"any_": ["a"]}}}, "12"),
    ({"artifacts": {"run_id": {"not_any_": ["a"]}}}, "345"),
    ({"artifacts": {"task_run_id": {"any_": ["1"]}}}, "235"),
    ({"artifacts": {"step_id": {"is_null_": True}}}, "1"),
    ({"artifacts": {"description": {"like_": "sales"}}}, "1"),
    ({"artifacts": {"description": {"exists_": False}}}, "2345"),
    ({"flow_runs": {"id": {"any_": ["a", "lost"]}}}, "12"),
    ({"runs": {"run_id": {"not_any_": ["a"]}}}, "34"),
    ({"flow_runs": {"name": {"like_": "OLIVE"}}}, "12"),
    ({"flow_runs": {"tags": {"all_": ["y", "x", "y"]}}}, "12"),
    ({"flow_runs": {"tags": {"all_": []}}}, "1234"),
    ({"flow_runs": {"tags": {"any_": ["y", "z"]}}}, "123"),
    ({"flow_runs": {"tags": {"any_": []}}}, ""),
    ({"flow_runs": {"tags": {"is_null_": True}}}, "4"),
    ({"flow_runs": {"tags": {"is_null_": True, "all_": ["x"], "operator": "or_"}}}, "124"),
    ({"flow_runs": {"state": {"type": {"any_": ["FAILED", "RUNNING"]}}}}, "124"),
    ({"flow_runs": {"state": {"type": {"not_any_": [StateType.FAILED]}}}}, "34"),
    ({"flow_runs": {"state": {"type": {"any_": ["completed", "CRASHED"]}}}}, "3"),
    ({"flow_runs": {"state": {"name": {"any_": ["Running", "Late"]}}}}, "4"),
    ({"flow_runs": {"start_time": {"after_": NOON + timedelta(days=1)}}}, "34"),
    ({"flow_runs": {"start_time": {"before_": "2024-05-02T12:00:00"}}}, "123"),
    ({"flow_runs": {"started_at": {"after_": "2024-05-02T14:00+02:00", "before_": "2024-05-03"}}}, "3"),
    ({"flow_runs": {"start_time": {"before_": datetime(2024, 5, 1, 12)}}}, "12"),  # noqa: DTZ001
    ({"flow_runs": {"end_time": {"before_": datetime.max.replace(tzinfo=UTC)}}}, "123"),
    ({"flow_runs": {"end_time": {"is_null_": True}}}, "4"),
    ({"flow_runs": {"parent_flow_run_id": {"any_": ["a"]}}}, "3"),
    ({"flow_runs": {"parent_run_id": {"is_null_": True}}}, "124"),
    ({"flow_runs": {"deployment_id": {"is_null_": True}}}, "34"),
    ({"task_runs": {"name": {"like_": "train"}}}, "24"),
    ({"steps": {"id": {"any_": ["1"]}, "run_id": {"any_": ["b"]}}}, "3"),
    ({"task_runs": {"state": {"type": {"any_": ["FAILED"]}}}}, "3"),
    ({"task_runs": {"start_time": {"after_": NOON}, "end_time": {"is_null_": True}}}, "234"),
    ({"flows": {"name": {"any_": ["sales"]}}}, "12"),
    ({"pipelines": {"name": {"like_": "sales"}}}, "123"),
    ({"deployments": {"name": {"not_any_": ["weekly"]}}}, "12"),
]


@pytest.mark.parametrize(("asked", "selected"), CASES, ids=[str(case[0]) for case in CASES])
def test_operator_selects(asked: Given, selected: str) -> None:
    assert select(asked) == selected


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("marvin", "sad-Marvin-robot", True),
        ("a%c", "xABBCx", True),
        ("a_c", "abbc", False),
        ("a_c", "a\nc", True),
        ("", "anything", True),
        ("w.r", "war", False),
        ("(a|b)*[", "x(A|B)*[", True),
        (r"5\%", "5 percent", False),
        (r"5\%", "5% more", True),
        (r"a\_b", "axb", False),
        (r"a\b", r"A\B", True),
        (r"a\b", "ab", False),
        ("a\\", "a\\", True),
        ("a\\", "ab", False),
        (r"a\\%b", r"a\xb", True),
        (r"\Q.\E", r"\q.\e", True),
        ("ÄPFEL", "äpfel", True),
    ],
)
def test_like_matches_a_part_in_any_case(pattern: str, text: str, matches: bool) -> None:
    artifacts = table("artifacts", [{"key": text}, {}])
    mask = artifact_mask({"artifacts": {"key": {"like_": pattern}}}, artifacts, fail, fail)
    assert mask is not None
    assert mask.to_pylist() == [matches, False]


def test_step_is_that_of_the_artifacts_own_run() -> None:
    assert select({"task_runs": {"name": {"any_": ["load"]}}}) == "3"


def test_id_of_another_spelling_of_a_uuid_is_found() -> None:
    artifacts = table("artifacts", [{"run_id": str(ONE).upper()}, {"run_id": ONE.hex}, {"run_id": str(ONE)}, {}])
    mask = artifact_mask({"artifacts": {"run_id": {"any_": [ONE]}}}, artifacts, fail, fail)
    assert mask is not None
    assert mask.to_pylist() == [True, True, True, False]


def test_run_without_tags_has_an_empty_list_of_them() -> None:
    artifacts = table("artifacts", [{"run_id": "none"}, {"run_id": "empty"}, {"run_id": "some"}])
    runs = table("runs", [{"run_id": "none"}, {"run_id": "empty", "tags": []}, {"run_id": "some", "tags": ["x"]}])
    for flag in (True, False):
        mask = artifact_mask({"flow_runs": {"tags": {"is_null_": flag}}}, artifacts, lambda: runs, fail)
        assert mask is not None
        assert mask.to_pylist() == [flag, flag, not flag]


# How they combine


@pytest.mark.parametrize(
    "asked",
    [
        None,
        {},
        Model(),
        {"artifacts": None, "flow_runs": {}, "deployments": {"name": {}}},
        {"artifacts": {"operator": "or_", "key": {"any_": None}, "type": {"any_": ["link"]}}},
        {"flow_runs": {"or_": [{}, {"name": {"any_": ["x"]}}]}, "task_runs": {"and_": [None, {}], "or_": []}},
    ],
    ids=["none", "empty", "model", "empty sections", "empty criteria", "empty lists"],
)
def test_filter_that_asks_for_nothing_selects_all_and_reads_nothing(asked: Any) -> None:
    assert artifact_mask(asked, ARTIFACTS, fail, fail) is None
    assert columns_needed(asked) == set()


@pytest.mark.parametrize(
    ("asked", "selected"),
    [
        ({"artifacts": {"key": {"like_": "daily"}, "type": {"any_": ["table"]}}}, "2"),
        ({"artifacts": {"key": {"like_": "daily"}, "type": {"any_": ["link"]}, "operator": "or_"}}, "124"),
        ({"artifacts": {"key": {"like_": "weekly", "exists_": False, "operator": "or_"}}}, "345"),
        (
            {"artifacts": {"or_": [{"type": {"any_": ["link"]}}, {"id": {"any_": [ONE]}, "key": {"exists_": True}}]}},
            "14",
        ),
        ({"artifacts": {"and_": [{"key": {"like_": "report"}}, {"key": {"like_": "daily"}}]}}, "1"),
        ({"artifacts": {"type": {"not_any_": ["link"]}, "or_": [{"run_id": {"any_": ["c"]}}]}}, ""),
        ({"artifacts": {"or_": [{"and_": [{"id": {"any_": ["3"]}}]}, {"id": {"any_": ["4"]}}]}}, "34"),
        ({"artifacts": {"type": {"any_": ["markdown"]}}, "flow_runs": {"tags": {"any_": ["x"]}}}, "1"),
        ({"flows": {"name": {"like_": "sales"}}, "deployments": {"name": {"any_": ["nightly"]}}}, "12"),
        ({"runs": {"name": {"any_": ["bold-west"]}}, "flow_runs": {"name": {"any_": ["fair-olive"]}}}, ""),
        ({"flow_runs": {"tags": {"any_": ["y"]}}, "task_runs": {"id": {"any_": ["1"]}}}, "23"),
    ],
    ids=str,
)
def test_criteria_combine(asked: Given, selected: str) -> None:
    assert select(asked) == selected


def test_runs_and_steps_are_fetched_only_for_their_sections() -> None:
    assert artifact_mask({"artifacts": {"key": {"exists_": True}}}, ARTIFACTS, fail, fail) is not None
    assert artifact_mask({"flows": {"name": {"any_": ["sales"]}}}, ARTIFACTS, lambda: RUNS, fail) is not None
    assert artifact_mask({"task_runs": {"name": {"any_": ["train"]}}}, ARTIFACTS, fail, lambda: STEPS) is not None


def test_objects_of_prefect_are_filters_at_every_level() -> None:
    key = Model(any_=["daily-rows"], like_=None)
    assert select({"artifacts": {"key": key}}) == "2"
    assert select({"artifacts": Model(operator="and_", key=key, id=None)}) == "2"
    assert select({"artifacts": {"or_": [Model(key=key), {"id": {"any_": ["4"]}}]}}) == "24"
    assert select(Model(artifacts=Model(key=key), flow_runs=None)) == "2"


def test_columns_needed_are_those_of_the_fields_and_of_the_way_to_the_other_tables() -> None:
    asked = {
        "artifacts": {"key": {"exists_": True}, "or_": [{"type": {"any_": ["link"]}}]},
        "flows": {"name": {"like_": "sales"}},
        "task_runs": {"state": {"type": {"any_": ["FAILED"]}}},
    }
    assert columns_needed(asked) == {"key", "type", "run_id", "step_id"}
    assert columns_needed(asked, "runs") == {"run_id", "pipeline"}
    assert columns_needed(asked, "steps") == {"run_id", "step_id", "status"}
    assert columns_needed({"artifacts": {"key": {"exists_": True}}}, "runs") == set()


# What a wrong filter is told


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"artifact": {}}, "filter: no section 'artifact': did you mean 'artifacts'?"),
        ({"zebra": {}}, "filter: no section 'zebra': use artifacts, flow_runs, task_runs, flows or deployments"),
        ({"artifacts": {"keys": {}}}, "filter: artifacts has no field 'keys': did you mean 'key'?"),
        ({"artifacts": {"oparator": "or_"}}, "filter: artifacts has no field 'oparator': did you mean 'operator'?"),
        ({"flows": {"id": {}}}, "filter: flows has no field 'id': use name"),
        ({"artifacts": {None: {}}}, "filter: artifacts has no field None: use id, key, type, "),
        ({("a",): {}}, "filter: no section ('a',): use artifacts, "),
        ({"artifacts": {"key": {5: []}}}, "filter: artifacts.key has no operator 5: use any_, "),
        ({"runs": {1: {}}}, "filter: runs has no field 1: use id, name, tags, state, start_time, end_time, "),
        (
            {"artifacts": {"key": {"eq_": "a"}}},
            "filter: artifacts.key has no operator 'eq_': use any_, not_any_, like_ or exists_",
        ),
        ({"artifacts": {"key": {"any": []}}}, "filter: artifacts.key has no operator 'any': did you mean 'any_'?"),
        ({"flow_runs": {"state": {"any_": []}}}, "filter: flow_runs.state has no field 'any_': use type or name"),
        ({"artifacts": {"key": {"any_": "a"}}}, "filter: artifacts.key.any_ takes a list, not 'a'"),
        ({"artifacts": {"key": {"any_": [None]}}}, "filter: artifacts.key.any_ takes text, not None"),
        ({"artifacts": {"id": {"any_": [5]}}}, "filter: artifacts.id.any_ takes text, not 5"),
        ({"artifacts": {"key": {"like_": 5}}}, "filter: artifacts.key.like_ takes text, not 5"),
        (
            {"artifacts": {"key": {"like_": "\ud800"}}},
            r"filter: artifacts.key.like_ takes text without surrogates, not ",
        ),
        ({"artifacts": {"key": {"exists_": "yes"}}}, "filter: artifacts.key.exists_ takes True or False, not 'yes'"),
        (
            {"flow_runs": {"state": {"type": {"any_": ["DONE"]}}}},
            "filter: flow_runs.state.type.any_ has no state 'DONE': use SCHEDULED, PENDING, RUNNING, COMPLETED, ",
        ),
        (
            {"flow_runs": {"start_time": {"after_": "noon\n"}}},
            r"filter: flow_runs.start_time.after_ takes a datetime or its ISO 8601 text, not 'noon\n'",
        ),
        ({"flow_runs": {"end_time": {"before_": 5}}}, "filter: flow_runs.end_time.before_ takes a datetime or its "),
        ({"artifacts": {"operator": "xor"}}, "filter: artifacts.operator takes 'and_' or 'or_', not 'xor'"),
        ({"artifacts": {"or_": {"key": {}}}}, "filter: artifacts.or_ takes a list of filters, not {'key': {}}"),
        (
            {"runs": {"and_": [{}, {"id": {"all_": []}}]}},
            "filter: runs.and_[1].id has no operator 'all_': use any_ or not_any_",
        ),
    ],
    ids=str,
)
def test_mistake_is_told_with_its_place(asked: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}") as caught:
        artifact_mask(asked, ARTIFACTS, fail, fail)
    assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        columns_needed(asked)


@pytest.mark.parametrize("section", ["artifacts", "flow_runs", "task_runs"])
def test_filter_that_is_nested_without_end_is_refused(section: str) -> None:
    criteria: Given = {"name": {"any_": ["a"]}}
    for _ in range(100_000):
        criteria = {"and_": [criteria]}
    for ask in (select, columns_needed):
        with pytest.raises(ValueError, match=f"^filter: {section} is nested too deeply$"):
            ask({section: criteria})


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["artifacts"], "filter must be a mapping of sections, not ['artifacts']"),
        ({"artifacts": "key"}, "filter: artifacts must be a mapping of fields, not 'key'"),
        ({"artifacts": {"key": "a"}}, "filter: artifacts.key must be a mapping of operators, not 'a'"),
        ({"flow_runs": {"state": "FAILED"}}, "filter: flow_runs.state must be a mapping of fields, not 'FAILED'"),
        ({"artifacts": {"and_": [5]}}, "filter: artifacts.and_[0] must be a mapping of fields, not 5"),
    ],
    ids=str,
)
def test_what_is_no_mapping_is_refused(asked: Any, message: str) -> None:
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        artifact_mask(asked, ARTIFACTS, fail, fail)


# The same, row by row: what a filter means, written the slow way


def tell_id(value: Any) -> str:
    try:
        return str(UUID(str(value)))
    except ValueError:
        return str(value)


def tell_time(value: Any) -> datetime:
    moment: datetime = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def is_like(text: str, pattern: str) -> bool:
    signs = {"%": ".*", "_": "."}
    parts = re.findall(r"\\[%_\\]|.", pattern, re.DOTALL)
    regex = "".join(signs.get(part) or re.escape(part[-1]) for part in parts)
    return re.search(regex, text, re.DOTALL | re.IGNORECASE) is not None


def compare(operator: str, value: Any, stored: Any, tell: Callable[[Any], Any]) -> bool:
    match operator:
        case "is_null_" | "exists_":
            return (stored is None) is (value is (operator == "is_null_"))
        case "not_any_" if not value:
            return True
        case _ if stored is None:
            return False
        case "any_":
            return tell(stored) in map(tell, value)
        case "not_any_":
            return tell(stored) not in map(tell, value)
        case "like_":
            return is_like(stored, value)
        case "before_":
            return bool(stored <= tell_time(value))
    return bool(stored >= tell_time(value))


def compare_tags(operator: str, value: Any, stored: Any) -> bool:
    tags = set(stored or ())
    if operator == "is_null_":
        return (not tags) is value
    return tags >= set(value) if operator == "all_" else bool(tags & set(value))


FIELDS: dict[str, dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "artifacts": {
        "id": ("artifact_id", tell_id),
        "key": ("key", str),
        "type": ("type", str),
        "flow_run_id": ("run_id", tell_id),
        "task_run_id": ("step_id", tell_id),
        "description": ("description", str),
    },
    "flow_runs": {
        "id": ("run_id", tell_id),
        "name": ("name", str),
        "tags": ("tags", str),
        "start_time": ("started_at", str),
        "end_time": ("ended_at", str),
        "parent_flow_run_id": ("parent_run_id", tell_id),
        "deployment_id": ("deployment", str),
    },
    "task_runs": {
        "id": ("step_id", tell_id),
        "name": ("name", str),
        "start_time": ("started_at", str),
        "end_time": ("ended_at", str),
        "flow_run_id": ("run_id", tell_id),
    },
    "flows": {"name": ("pipeline", str)},
    "deployments": {"name": ("deployment", str)},
}


def combine(given: Given, results: list[bool]) -> bool:
    return not results or (any(results) if given.get("operator") == "or_" else all(results))


def passes(section: str, given: Given, row: Row | None) -> bool:
    """Whether a row passes a section; `None` is a row that passes only what asks for nothing."""
    results = []
    for name, value in given.items():
        if name in {"and_", "or_"}:
            results.append(combine({"operator": name}, [passes(section, part, row) for part in value]))
        elif name == "state":
            states = [combine(part, [*iter_states(part, row)]) for part in value.values() if isinstance(part, dict)]
            results.append(combine(value, states))
        elif name != "operator":
            tests = {key: item for key, item in value.items() if key != "operator" and item is not None}
            results.append(combine(value, [passes_test(section, name, key, tests[key], row) for key in tests]))
    return combine(given, results)


def iter_states(given: Given, row: Row | None) -> list[bool]:
    status = None if row is None else row["status"] or "running"
    return [
        row is not None and compare(operator, value, status, str.lower)
        for operator, value in given.items()
        if operator != "operator" and value is not None
    ]


def passes_test(section: str, field: str, operator: str, value: Any, row: Row | None) -> bool:
    column, tell = FIELDS[section][field]
    if row is None:
        return False
    if column == "tags":
        return compare_tags(operator, value, row[column])
    return compare(operator, value, row[column], tell)


def selects(asked: Given, artifact: Row, runs: Sequence[Row], steps: Sequence[Row]) -> bool:
    run = next((row for row in runs if row["run_id"] == artifact["run_id"]), None)
    ids = (artifact["run_id"], artifact["step_id"])
    step = next((row for row in steps if (row["run_id"], row["step_id"]) == ids), None)
    rows = {"artifacts": artifact, "task_runs": step}
    return all(passes(section, given, rows.get(section, run)) for section, given in asked.items())


# Random tables and filters

texts = st.text("abA.%_\\(E\n", max_size=4)
ids = st.sampled_from([str(ONE), str(ONE).upper(), TWO.hex, "one", "ONE"])
asked_ids = st.sampled_from([ONE, TWO, str(ONE), str(TWO).upper(), f"urn:uuid:{ONE}", "one"])
times = st.sampled_from([NOON + timedelta(microseconds=step) for step in range(4)])
asked_times = times | times.map(datetime.isoformat) | times.map(lambda at: at.replace(tzinfo=None))
tags = st.lists(st.sampled_from("abc"), max_size=3)
statuses = st.sampled_from(["completed", "failed", "cancelled", None])
flags = st.booleans()


def rows(unique: Sequence[str], **columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Row]]:
    by = (lambda row: tuple(row[name] for name in unique)) if unique else None
    return st.lists(st.fixed_dictionaries(columns), min_size=2, max_size=8, unique_by=by) | st.just([])


times_of = {"started_at": st.none() | times, "ended_at": st.none() | times}
artifact_rows = rows(
    (),
    artifact_id=ids,
    key=st.none() | texts,
    type=st.sampled_from(["link", "table"]),
    run_id=ids,
    step_id=st.none() | ids,
    description=st.none() | texts,
)
run_rows = rows(
    ("run_id",),
    run_id=ids,
    pipeline=texts,
    deployment=st.none() | texts,
    name=st.none() | texts,
    status=statuses,
    parent_run_id=st.none() | ids,
    tags=st.none() | tags,
    **times_of,
)
step_rows = rows(("run_id", "step_id"), run_id=ids, step_id=ids, name=texts, status=statuses, **times_of)


@st.composite
def some_of(draw: st.DrawFn, options: Mapping[str, st.SearchStrategy[Any]], most: int = 3) -> Row:
    """Draw a few of several items, so that criteria do not always exclude each other."""
    names = draw(st.lists(st.sampled_from([*options]), min_size=1, max_size=most, unique=True))
    return {name: draw(options[name]) for name in names}


def operators(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[Row]:
    return some_of({**{f"{name}_": value for name, value in values.items()}, "operator": either_or_both})


def sections(depth: int = 2, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Row]:
    parts = st.lists(sections(depth - 1, **fields), max_size=2) if depth else st.nothing()
    groups = {"and_": parts, "or_": parts} if depth else {}
    return some_of({**fields, **groups, "operator": either_or_both})


either_or_both = st.sampled_from(["and_", "or_"])
some_ids = st.lists(asked_ids, max_size=2)
some_texts = st.lists(texts, max_size=2)
states = st.lists(st.sampled_from(["FAILED", "completed", "RUNNING", "CRASHED"]), max_size=2)
about_ids = operators(any=some_ids, not_any=some_ids)
about_optional_ids = operators(any=some_ids, not_any=some_ids, is_null=flags)
about_names = operators(any=some_texts, not_any=some_texts, like=texts)
about_times = operators(before=asked_times, after=asked_times, is_null=flags)
about_states = operators(any=states, not_any=states)
about_state = sections(0, type=about_states, name=about_states)
filters = some_of(
    {
        "artifacts": sections(
            id=about_ids,
            key=operators(any=some_texts, not_any=some_texts, like=texts, exists=flags),
            type=operators(any=st.just(["link"]), not_any=st.just(["link"])),
            flow_run_id=about_ids,
            task_run_id=about_optional_ids,
            description=operators(like=texts, exists=flags),
        ),
        "flow_runs": sections(
            id=about_ids,
            name=about_names,
            tags=operators(all=tags, any=tags, is_null=flags),
            state=about_state,
            start_time=about_times,
            end_time=about_times,
            parent_flow_run_id=about_optional_ids,
            deployment_id=operators(is_null=flags),
        ),
        "task_runs": sections(
            id=about_ids,
            name=about_names,
            state=about_state,
            start_time=about_times,
            end_time=about_times,
            flow_run_id=about_optional_ids,
        ),
        "flows": sections(name=about_names),
        "deployments": sections(name=about_names),
    },
    most=2,
)


def read(name: str, asked: Given, rows: Sequence[Row]) -> pa.Table:
    """Make a table of several chunks with only the columns that a filter needs."""
    columns = sorted(columns_needed(asked, name))
    parts = [table(name, rows[at : at + 2]) for at in range(0, len(rows), 2)]
    return pa.concat_tables(parts or [table(name, [])]).select(columns)


@settings(max_examples=300)
@given(filters, artifact_rows, run_rows, step_rows)
def test_mask_is_what_the_filter_says_of_each_row(
    asked: Given, artifacts: list[Row], runs: list[Row], steps: list[Row]
) -> None:
    tables = [read("runs", asked, runs), read("steps", asked, steps)]
    mask = artifact_mask(asked, read("artifacts", asked, artifacts), lambda: tables[0], lambda: tables[1])
    told = [True] * len(artifacts) if mask is None else mask.to_pylist()
    assert told == [selects(asked, artifact, runs, steps) for artifact in artifacts]
