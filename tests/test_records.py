"""The schema: what a record holds survives JSON, and the strict structs refuse what they do not know."""

from __future__ import annotations

import json
import math
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.floats import decode_number, encode_number
from reportgen.records import (
    MAX_SEQ,
    MAX_TIME_US,
    AnyRecord,
    Artifact,
    Delete,
    End,
    ErrorInfo,
    ListMetric,
    LogStart,
    Metric,
    Progress,
    Record,
    RunStart,
    StepStart,
    Use,
    encode_line,
)

text = st.text(st.characters(exclude_categories=["Cs"]))
maybe_text = st.none() | text
number = st.floats().map(encode_number)
counts = st.integers(0, MAX_SEQ)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(text, json_values, max_size=3)
status = st.sampled_from(["completed", "failed", "cancelled"])
kind_of_artifact = st.sampled_from(["link", "markdown", "table", "image", "progress"])


def build(struct: type[Record], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Record]:
    return st.builds(struct, ts=st.integers(0, MAX_TIME_US), seq=counts, step=maybe_text, **fields)


STRATEGIES: dict[type[Record], st.SearchStrategy[Record]] = {
    LogStart: build(LogStart, format=st.integers(1, 9), run=text, writer=text),
    RunStart: build(
        RunStart,
        pipeline=text,
        name=maybe_text,
        deployment=maybe_text,
        params=objects,
        tags=st.lists(text, max_size=3),
        parent=maybe_text,
        context=objects,
        detached=st.booleans(),
    ),
    StepStart: build(StepStart, id=text, name=text, attempt=counts),
    End: build(End, status=status, error=st.none() | st.builds(ErrorInfo, text, text, text)),
    Artifact: build(Artifact, id=text, type=kind_of_artifact, key=maybe_text, description=maybe_text, data=json_values),
    Progress: build(Progress, artifact=text, progress=st.floats(0, 100), description=maybe_text),
    Metric: build(Metric, name=text, value=number),
    ListMetric: build(
        ListMetric, name=text, values=st.lists(number, max_size=4), x=st.none() | st.lists(number, max_size=4)
    ),
    Use: build(
        Use,
        direction=st.sampled_from(["read", "write"]),
        key=maybe_text,
        artifact=maybe_text,
        uri=maybe_text,
        name=maybe_text,
        digest=maybe_text,
    ),
    Delete: build(Delete, artifact=maybe_text, reason=maybe_text),
}

MINIMAL: dict[str, dict[str, Any]] = {
    "log": {"format": 1, "run": "r", "writer": "main"},
    "run": {"pipeline": "churn"},
    "step": {"id": "s1", "name": "train"},
    "end": {"status": "completed"},
    "artifact": {"id": "a1", "type": "markdown"},
    "progress": {"artifact": "a1", "progress": 50.0},
    "metric": {"name": "loss", "value": 0.5},
    "list": {"name": "loss", "values": [0.5]},
    "use": {"direction": "read"},
    "delete": {},
}
every_kind = pytest.mark.parametrize("kind", MINIMAL)


def decode(fields: dict[str, Any]) -> AnyRecord:
    return msgspec.json.decode(json.dumps(fields), type=AnyRecord)


def minimal(kind: str) -> dict[str, Any]:
    return {"kind": kind, "ts": 0, "seq": 0, **MINIMAL[kind]}


def test_every_kind_of_record_is_tested_here() -> None:
    assert set(STRATEGIES) == set(get_args(AnyRecord))
    assert set(MINIMAL) == {struct.__struct_config__.tag for struct in STRATEGIES}


@given(st.one_of(*STRATEGIES.values()))
def test_record_survives_json(record: Record) -> None:
    line = encode_line(record)
    assert msgspec.json.decode(line, type=AnyRecord) == record
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")


@given(st.one_of(*STRATEGIES.values()))
def test_line_is_plain_json_for_other_languages(record: Record) -> None:
    fields = json.loads(encode_line(record), parse_constant=pytest.fail)
    assert fields["kind"] == type(record).__struct_config__.tag
    assert (fields["ts"], fields["seq"]) == (record.ts, record.seq)


@given(st.floats())
def test_number_survives_its_json_form(value: float) -> None:
    result = decode_number(msgspec.json.decode(msgspec.json.encode(encode_number(value))))
    assert result == value or (math.isnan(result) and math.isnan(value))


@pytest.mark.parametrize(
    ("value", "form"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity"), (0.5, 0.5)]
)
def test_numbers_that_json_lacks_are_strings(value: float, form: object) -> None:
    assert encode_number(value) == form


@every_kind
def test_required_fields_are_enough(kind: str) -> None:
    record = decode(minimal(kind))
    assert json.loads(encode_line(record)) == minimal(kind)


@every_kind
def test_unknown_field_is_refused(kind: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `colour`"):
        decode({**minimal(kind), "colour": "red"})


@every_kind
def test_every_field_of_a_minimal_record_is_required(kind: str) -> None:
    for name in ["ts", "seq", *MINIMAL[kind]]:
        with pytest.raises(msgspec.ValidationError, match=f"missing required field `{name}`"):
            decode({field: value for field, value in minimal(kind).items() if field != name})


@every_kind
@pytest.mark.parametrize(("field", "value"), [("ts", -1), ("ts", MAX_TIME_US + 1), ("seq", -1), ("seq", MAX_SEQ + 1)])
def test_times_and_numbers_that_no_table_holds_are_refused(kind: str, field: str, value: int) -> None:
    with pytest.raises(msgspec.ValidationError, match=field):
        decode({**minimal(kind), field: value})


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="Invalid value 'video'"):
        decode({"kind": "video", "ts": 0, "seq": 0})


@pytest.mark.parametrize("value", ["nan", "inf", "1.5", None, [1]])
def test_metric_value_is_a_number_or_one_of_three_words(value: object) -> None:
    with pytest.raises(msgspec.ValidationError, match="value"):
        decode({**minimal("metric"), "value": value})


def test_records_cannot_be_changed() -> None:
    record = Metric(ts=0, seq=0, name="loss", value=0.5)
    with pytest.raises(AttributeError):
        record.value = 0.6  # type: ignore[misc]
