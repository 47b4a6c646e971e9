"""Segments: whatever a journal holds reads the same from its segment, and a file that is none is named as such."""

from __future__ import annotations

import io
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from logs import end, list_metric, number_records, run_start
from test_records import STRATEGIES

from reportgen.errors import InputError
from reportgen.log.find import find_journals
from reportgen.log.parse import Line, iter_lines
from reportgen.log.reader import RunRecords, Unknown, read_run
from reportgen.log.seal import seal_journal
from reportgen.log.segment import COLUMNS, DamagedSegmentError, decode_segment, encode_segment, read_identity
from reportgen.records import AnyRecord, Artifact, ListMetric, Metric, encode_line

TABLE = b'{"kind":"artifact","ts":1,"seq":1,"id":"a","type":"table","data":'
HEAD = b'{"kind":"log","ts":1,"seq":0,"format":1,"run":"run-1","writer":"main"}\n'


def write_journal(folder: Path, *lines: bytes, name: str = "main") -> Path:
    path = folder / "run-1" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(lines))
    return path


def read(*log_dirs: Path) -> RunRecords:
    """Read log directories that hold a single run."""
    (files,) = find_journals(log_dirs).values()
    return read_run(files)


def facts(run: RunRecords) -> tuple[Any, ...]:
    """All that was read, in a form that tells 0.0 from -0.0 and 1 from true."""
    records = {identity: (type(record), encode_line(record)) for identity, record in run.records.items()}
    return run.run_id, records, run.unknown, run.problems


def sealed(content: bytes) -> list[Line]:
    """The lines of a journal's segment."""
    return [*decode_segment(encode_segment("r", "w", [*iter_lines(io.BytesIO(content))]))]


def columns_of(*records: AnyRecord) -> dict[str, list[Any]]:
    lines = [Line(number, record, b"") for number, record in enumerate(records, 1)]
    columns: dict[str, list[Any]] = pq.read_table(io.BytesIO(encode_segment("r", "w", lines))).to_pydict()
    return columns


# The law

few = st.integers(0, 3)  # so that numbers meet
plain = st.one_of(*STRATEGIES.values()).map(encode_line)
meeting = st.builds(
    lambda record, seq: encode_line(msgspec.structs.replace(record, seq=seq)), st.one_of(*STRATEGIES.values()), few
)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
fields = st.dictionaries(text, values, max_size=3)


def add_fields(line: bytes, more: dict[str, Any]) -> bytes:
    return json.dumps({**more, **json.loads(line)}, ensure_ascii=False).encode() + b"\n"


unknown = st.builds(add_fields, meeting, fields)
new_kind = st.builds(
    lambda kind, seq, more: add_fields(json.dumps({"kind": kind, "ts": 1, "seq": seq}).encode(), more),
    st.sampled_from(["video", "", "Log", "größe"]),
    few,
    fields,
)
new_error_field = st.builds(
    lambda more: (
        json.dumps({"kind": "end", "ts": 1, "seq": 2, "status": "failed", "error": {**more, "type": "E"}}).encode()
        + b"\n"
    ),
    fields,
)
damage = st.sampled_from(
    [b"\n", b" \r\n", b"\x00" * 9, b"\x00\n", b"\x0c\n", b"{}\n", b"\xff\n", b"nonsense\n", b'{"kind":"metric"']
)
odd = st.sampled_from(
    [
        b'{"kind":"log","ts":1,"seq":3,"format":%d,"run":"","writer":""}\n' % 10**40,
        b'{"kind":"log","ts":1,"seq":2,"format":-5,"run":"","writer":""}\n',
        b'{"kind":"artifact","ts":1,"seq":1,"id":"a","type":"hologram"}\n',
        *(TABLE + b"[" * depth + b"]" * depth + b"}\n" for depth in (150, 9999)),
        TABLE + b'{"a":' * 800 + b"1" + b"}" * 801 + b"\n",
        b'{"kind":"artifact","ts":1,"seq":1,"id":"a","type":"table","data":'
        + b'{"a":' * 800
        + b"1"
        + b"}" * 800
        + b"}\n",
        b'{"kind":"metric","ts":1,"seq":2,"name":"a","value":-0.0}\n',
        b'{"kind":"metric","ts":1,"seq":2,"name":"a","value":0}\n',
        b' {"value": 1e0, "name": "a", "seq": 2, "ts": 1, "kind": "metric"}\n',
        b'\x00{"kind":"metric","ts":1,"seq":2,"name":"a","value":1}\n',
        b'{"kind":"list","ts":1,"seq":2,"name":"a","values":[],"x":[]}\n',
        b'{"kind":"list","ts":1,"seq":3,"name":"a","values":["NaN",null]}\n',
    ]
)
lines = plain | meeting | unknown | new_kind | new_error_field | damage | odd | st.binary(max_size=20)
journals = st.lists(lines, max_size=8).flatmap(
    lambda some: st.lists(st.sampled_from(some), max_size=3).map(lambda again: [*some, *again]) if some else st.just([])
)
heads = st.sampled_from([HEAD, b"\n"])


@given(heads, journals)
def test_journal_reads_the_same_from_its_segment(head: bytes, content: list[bytes]) -> None:
    path = write_journal(Path("law"), head, *content)
    before = facts(read(Path("law")))
    assert seal_journal(path).outcome == "sealed"
    assert [file.name for file in path.parent.iterdir()] == ["main.parquet"]
    assert facts(read(Path("law"))) == before
    path.with_suffix(".parquet").unlink()


@given(heads, journals, journals)
@settings(max_examples=40)
def test_journal_that_goes_on_after_sealing_reads_the_same_when_that_is_sealed_too(
    head: bytes, first: list[bytes], second: list[bytes]
) -> None:
    path = write_journal(Path("law"), head, *first)
    seal_journal(path)
    write_journal(Path("law"), b"\n", *second)
    before = facts(read(Path("law")))
    assert seal_journal(path).outcome == "sealed"
    assert facts(read(Path("law"))) == before
    path.with_suffix(".parquet").unlink()


@given(journals)
@settings(max_examples=40)
def test_journal_beside_its_own_segment_changes_nothing(content: list[bytes]) -> None:
    path = write_journal(Path("law"), HEAD, *content)
    before = facts(read(Path("law")))
    original = path.read_bytes()
    seal_journal(path)
    path.write_bytes(original)
    assert facts(read(Path("law"))) == before
    write_journal(Path("copy"), original)
    path.unlink()
    assert facts(read(Path("copy"), Path("law"))) == before
    assert facts(read(Path("law"), Path("copy"))) == before
    path.with_suffix(".parquet").unlink()


@given(st.floats())
@example(-0.0)
@example(5e-324)
@example(math.nextafter(0.1, 1))
def test_number_is_kept_to_the_bit(number: float) -> None:
    value: Any = number if math.isfinite(number) else str(number).replace("inf", "Infinity").replace("nan", "NaN")
    line = encode_line(ListMetric(ts=1, seq=1, name="a", values=[value], x=[value, value]))
    (back,) = sealed(line)
    assert back.record is not None
    assert encode_line(back.record) == line


# What a segment looks like to others


def test_columns_have_the_types_that_the_schema_of_records_gives_them() -> None:
    types = {name: column.type for name, column in COLUMNS.items()}
    assert [types[name] for name in ("ts", "seq", "lost", "attempt", "format")] == [pa.int64()] * 5
    assert [types[name] for name in ("kind", "step", "key", "type", "status", "data", "params")] == [pa.string()] * 7
    assert [types[name] for name in ("value", "progress")] == [pa.float64()] * 2
    assert types["values"] == types["x"] == pa.list_(pa.float64())
    assert types["tags"] == pa.list_(pa.string())
    assert types["detached"] == pa.bool_()
    assert types["error"] == pa.struct({"type": pa.string(), "message": pa.string(), "traceback": pa.string()})
    assert types["line"] == pa.binary()


@pytest.mark.parametrize("struct", get_args(AnyRecord), ids=lambda struct: struct.__name__)
def test_records_of_every_kind_are_in_columns_and_not_kept_as_text(struct: type[AnyRecord]) -> None:
    record = next(record for record in SAMPLES if type(record) is struct)
    columns = columns_of(record)
    assert "line" not in columns
    assert {name: value for name, (value,) in columns.items() if name not in {"kind", "line_number"}}.keys() == {
        field.name for field in msgspec.structs.fields(struct) if getattr(record, field.name) is not None
    }
    (back,) = sealed(encode_line(record))
    assert back == Line(1, record, b"")


SAMPLES: list[AnyRecord] = [
    msgspec.json.decode(line, type=AnyRecord)
    for line in (
        b'{"kind":"log","ts":1,"seq":0,"format":1,"run":"r","writer":"w"}',
        b'{"kind":"run","ts":1,"seq":1,"pipeline":"p","params":{"a":[1]},"tags":["t"],"detached":true}',
        b'{"kind":"step","ts":1,"seq":2,"step":"a","id":"b","name":"n","attempt":3}',
        b'{"kind":"end","ts":1,"seq":3,"status":"failed","error":{"type":"E","message":"m","traceback":"t"}}',
        b'{"kind":"artifact","ts":1,"seq":4,"id":"a","type":"table","key":"k","data":{"a":1}}',
        b'{"kind":"progress","ts":1,"seq":5,"artifact":"a","progress":3.5,"description":"d"}',
        b'{"kind":"metric","ts":1,"seq":6,"name":"n","value":"NaN","lost":2}',
        b'{"kind":"list","ts":1,"seq":7,"name":"n","values":[1.5,"Infinity"],"x":[1,2]}',
        b'{"kind":"use","ts":1,"seq":8,"direction":"read","key":"k","uri":"u"}',
        b'{"kind":"delete","ts":1,"seq":9,"artifact":"a","reason":"r"}',
    )
]


def test_numbers_are_numbers_and_free_values_are_json_text() -> None:
    columns = columns_of(
        Metric(ts=1, seq=1, name="loss", value="-Infinity"),
        ListMetric(ts=2, seq=2, name="loss", values=["NaN", 0.5], x=[]),
        Artifact(ts=3, seq=3, id="a", type="table", data={"columns": ["größe"], "rows": [[None]]}),
    )
    assert columns["value"] == [-math.inf, None, None]
    assert math.isnan(columns["values"][1][0])
    assert columns["values"][1][1:] == [0.5]
    assert columns["x"] == [None, [], None]
    assert columns["data"] == [None, None, '{"columns":["größe"],"rows":[[null]]}']
    assert columns["kind"] == ["metric", "list", "artifact"]
    assert columns["line_number"] == [1, 2, 3]


def test_lines_that_are_no_plain_record_are_kept_as_they_are() -> None:
    bad = b"nonsense\n"
    newer = b'{"kind":"video","ts":1,"seq":2}\n'
    good = b'{"kind":"metric","ts":1,"seq":3,"name":"a","value":1}\n'
    content = encode_segment("r", "w", [*iter_lines([bad, b"\n", newer, good])])
    columns = pq.read_table(io.BytesIO(content)).to_pydict()
    assert columns["line"] == [bad, newer, None]
    assert columns["kind"] == [None, None, "metric"]
    assert columns["line_number"] == [1, 3, 4]


def test_segment_says_format_run_and_writer() -> None:
    content = encode_segment("run größe", "main", [])
    metadata = pq.read_metadata(io.BytesIO(content)).metadata
    assert metadata is not None
    assert (metadata[b"reportgen_log_format"], metadata[b"run"].decode()) == (b"1", "run größe")
    assert read_identity(io.BytesIO(content)) == (1, "run größe", "main")
    assert [*decode_segment(content)] == []


def test_long_journal_is_in_several_row_groups() -> None:
    lines = [Line(n, Metric(ts=n, seq=n, name="a", value=float(n)), b"") for n in range(1, 140_000)]
    content = encode_segment("r", "w", lines)
    assert pq.ParquetFile(io.BytesIO(content)).num_row_groups == 2
    assert [*decode_segment(content)] == lines


def test_one_by_one_points_take_a_tenth_of_the_journal() -> None:
    records = number_records(
        "run-1", [run_start(), *(list_metric("loss", [math.sin(n)], step="s1") for n in range(20_000)), end()]
    )
    journal = b"".join(map(encode_line, records))
    segment = encode_segment("run-1", "main", [*iter_lines(io.BytesIO(journal))])
    assert len(segment) * 10 < len(journal)


# What a newer version wrote


def with_columns(content: bytes, **columns: pa.Array[Any]) -> bytes:
    """Put further columns into a segment."""
    table = pq.read_table(io.BytesIO(content))
    for name, column in columns.items():
        table = table.append_column(name, column)
    return rewrite(table, pq.read_metadata(io.BytesIO(content)).metadata or {})


def rewrite(table: pa.Table, metadata: dict[bytes, bytes]) -> bytes:
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, table.schema, store_schema=False) as file:
        file.add_key_value_metadata({key.decode(): value.decode() for key, value in metadata.items()})
        file.write_table(table)
    return sink.getvalue()


def put(content: bytes, folder: Path = Path(), name: str = "main") -> Path:
    path = folder / "run-1" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def segment_of(*records: Any) -> bytes:
    return encode_segment("run-1", "main", [Line(n, record, b"") for n, record in enumerate(records, 1)])


ONE = Metric(ts=1, seq=1, name="a", value=1.0)
TWO = Metric(ts=2, seq=2, name="a", value="NaN")


def test_fields_that_this_version_does_not_know_are_kept() -> None:
    put(with_columns(segment_of(ONE, TWO), colour=pa.array(["red", None])))
    run = read(Path())
    assert [*run.records.values()] == [ONE, TWO]
    assert run.unknown == [
        Unknown("main", 1, "metric", '{"kind":"metric","ts":1,"seq":1,"lost":0,"name":"a","value":1.0,"colour":"red"}')
    ]
    assert run.problems == []


def test_kinds_that_this_version_does_not_know_are_kept() -> None:
    content = segment_of(ONE, TWO)
    table = pq.read_table(io.BytesIO(content))
    table = table.set_column(table.column_names.index("kind"), "kind", pa.array(["metric", "video"]))
    put(rewrite(table, pq.read_metadata(io.BytesIO(content)).metadata or {}))
    run = read(Path())
    assert [*run.records.values()] == [ONE]
    assert run.unknown == [
        Unknown("main", 2, "video", '{"kind":"video","ts":2,"seq":2,"lost":0,"name":"a","value":"NaN"}')
    ]


def test_known_column_with_a_value_in_another_kind_is_an_unknown_field() -> None:
    put(with_columns(segment_of(ONE), key=pa.array(["k"])))
    run = read(Path())
    assert [*run.records.values()] == [ONE]
    assert [json.loads(unknown.json)["key"] for unknown in run.unknown] == ["k"]


def test_newer_format_stops_with_the_error_of_journals() -> None:
    content = segment_of(ONE)
    put(rewrite(pq.read_table(io.BytesIO(content)), {b"reportgen_log_format": b"2", b"run": b"r", b"writer": b"w"}))
    with pytest.raises(
        InputError, match=r"run-1/main\.parquet is in log format 2, this reportgen reads up to 1"
    ) as caught:
        find_journals([Path()])
    assert caught.value.slug == "newer-log-format"


# Files that are no segment


def changed(name: str, column: pa.Array[Any] | None) -> bytes:
    """A segment with one column replaced, or left out."""
    content = segment_of(ONE, TWO)
    table = pq.read_table(io.BytesIO(content)).drop_columns([name])
    if column is not None:
        table = table.append_column(name, column)
    return rewrite(table, pq.read_metadata(io.BytesIO(content)).metadata or {})


NOT_SEGMENTS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not a whole segment ("),
    "magic-only": (b"PAR1", "not a whole segment ("),
    "text": (b"id,p\n1,0.5\n" * 9, "not a whole segment ("),
    "truncated": (segment_of(ONE, TWO)[:-20], "not a whole segment ("),
    "foreign": (rewrite(pa.table({"a": [1]}), {}), "a Parquet file, but not a sealed journal"),
    "format-is-no-number": (
        rewrite(pa.table({"a": [1]}), {b"reportgen_log_format": b"x", b"run": b"r", b"writer": b"w"}),
        "a Parquet file, but not a sealed journal",
    ),
    "no-kind": (changed("kind", None), "not a whole segment ("),
    "no-time": (changed("ts", None), "not a whole segment (Missing required argument 'ts')"),
    "null-time": (changed("ts", pa.array([1, None])), "not a whole segment (Expected `int`, got `null` - at `$[1]`)"),
    "negative-time": (changed("ts", pa.array([1, -1])), "not a whole segment (Expected `int` >= 0 - at `$[1]`)"),
    "text-time": (changed("ts", pa.array(["1", "2"])), "not a whole segment (column ts is of type string, not int64)"),
    "no-line-number": (changed("line_number", pa.array([1, None])), "not a whole segment (a line has no number)"),
    "empty-row": (changed("kind", pa.array(["metric", None])), "not a whole segment (a row holds nothing)"),
}


@pytest.mark.parametrize("case", NOT_SEGMENTS)
def test_file_that_is_no_segment_is_a_problem_of_its_run(case: str) -> None:
    content, reason = NOT_SEGMENTS[case]
    put(content, name="broken")
    write_journal(Path(), HEAD, encode_line(ONE))
    run = read(Path())
    (problem,) = run.problems
    assert (problem.run_id, problem.file, problem.line) == ("run-1", "run-1/broken.parquet", 0)
    assert problem.reason.startswith(reason)
    assert "\n" not in problem.reason
    assert ("main", 1) in run.records


def test_run_with_nothing_but_a_broken_segment_is_still_found() -> None:
    put(b"PAR1")
    run = read(Path())
    assert (run.run_id, run.records, len(run.problems)) == ("run-1", {}, 1)


def repeated(n_rows: int, name: str) -> bytes:
    """A small segment of very many alike records."""
    columns = {"kind": "metric", "line_number": 1, "ts": 1, "seq": 0, "name": name, "value": 0.5}
    first = pa.array([0] * n_rows, pa.int8())
    table = pa.table({key: pa.DictionaryArray.from_arrays(first, pa.array([value])) for key, value in columns.items()})
    return rewrite(table, {b"reportgen_log_format": b"1", b"run": b"run-1", b"writer": b"main"})


@pytest.mark.parametrize(("n_rows", "name", "what"), [(4_000_000, "x", "values"), (2_000, "x" * 600_000, "text")])
def test_small_file_that_unfolds_to_more_than_the_memory_is_damaged(n_rows: int, name: str, what: str) -> None:
    content = repeated(n_rows, name)
    assert len(content) < 2_000_000
    with pytest.raises(DamagedSegmentError, match=f"^too much to be read: over .* {what} "):
        decode_segment(content)


def test_folder_that_is_called_like_a_segment_cannot_be_read() -> None:
    (Path("run-1") / "main.parquet").mkdir(parents=True)
    with pytest.raises(InputError) as caught:
        find_journals([Path()])
    assert caught.value.slug == "unreadable"


@given(st.binary(max_size=60))
def test_any_bytes_are_lines_or_damage(content: bytes) -> None:
    with pytest.raises(DamagedSegmentError):
        decode_segment(content)


def test_flipped_bit_gives_no_wrong_record() -> None:
    records = [Metric(ts=n, seq=n, name=f"name {n % 3}", value=n / 7) for n in range(50)]
    content = segment_of(*records)
    n_noticed = 0
    for position in range(len(content)):
        broken = bytearray(content)
        broken[position] ^= 1 << position % 8
        try:
            lines = [*decode_segment(bytes(broken))]
        except DamagedSegmentError:
            n_noticed += 1
        else:  # in the name of a column, it makes an unknown field of that
            assert len(lines) == len(records)
            assert all(line.record == record or line.raw for line, record in zip(lines, records, strict=True)), position
    assert n_noticed > len(content) // 2


# What it costs those who do not use it


def test_reading_journals_alone_does_not_load_pyarrow() -> None:
    write_journal(Path(), HEAD, encode_line(ONE))
    code = (
        "import sys; from pathlib import Path; from reportgen.log.find import find_journals\n"
        "from reportgen.log.reader import read_run\n"
        "(files,) = find_journals([Path()]).values()\n"
        "print(len(read_run(files).records), 'pyarrow' in sys.modules)"
    )
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout == "2 False\n"
