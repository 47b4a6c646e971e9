"""What listing commands print: exact values for programs, tables for people, nothing that moves a terminal's cursor."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock

import click
import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from reportgen.cli.output import (
    Column,
    exact_values,
    fit_widths,
    output_option,
    print_facts,
    print_json,
    print_rows,
    relative_time,
    text_width,
)
from reportgen.floats import decode_number

ROOT = Path(__file__).resolve().parent.parent
SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
NOW = 1_795_140_004_000_789  # 20 November 2026, 02:00:04.000789 UTC
RUNS = [
    Column("Id", "id", "id"),
    Column("Name", "name", shrinks=True),
    Column("Status", "status", "status"),
    Column("Started", "started", "time"),
    Column("Took", "duration_us", "duration"),
    Column("Loss", "loss", "number"),
    Column("Rows", "n_rows", "count"),
    Column("Size", "n_bytes", "size"),
]
NIGHTLY = {
    "id": "0192-a",
    "name": "nightly",
    "status": "completed",
    "started": NOW - 3 * MINUTE,
    "duration_us": 132 * SECOND,
    "loss": -0.123456789,
    "n_rows": 1234567,
    "n_bytes": 4_600_000,
}
MISSING: dict[str, Any] = {"id": "0192-b"}
WILD = "\x1b[2J\x07a\u202eb\nc\u009bd\r\te\x00\u2066"

cells = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("\n\r\t\x1b\"',;日👍é…\u202e\u0301"), max_size=30
)
numbers = st.floats(allow_nan=False) | st.integers(-(2**63), 2**63) | st.just(math.inf)


class Stream(io.TextIOWrapper):
    """A standard stream that keeps what is written; it may say that it is a terminal."""

    def __init__(self, encoding: str, is_terminal: bool) -> None:
        self.content = io.BytesIO()
        self.is_terminal = is_terminal
        super().__init__(self.content, encoding=encoding, newline="\n")

    def isatty(self) -> bool:
        return self.is_terminal


class Shown:
    """Takes what is printed: on a terminal of some width, or else into a file."""

    def __init__(self, width: int | None = None, *, encoding: str = "utf-8", **environment: str) -> None:
        self.out, self.err = Stream(encoding, width is not None), Stream("utf-8", False)
        clean = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "TERM"}}
        self.environment = {**clean, "COLUMNS": str(width or 20), **environment}

    def __call__(self, function: Any, *arguments: Any, **options: Any) -> str:
        environment = mock.patch.dict(os.environ, self.environment, clear=True)
        with environment, redirect_stdout(self.out), redirect_stderr(self.err):
            function(*arguments, **options)
        return self.bytes().decode(self.out.encoding)

    def bytes(self) -> bytes:
        self.out.flush()
        return self.out.content.getvalue()

    def errors(self) -> str:
        self.err.flush()
        return self.err.content.getvalue().decode()


def table(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[Column] = RUNS, *, width: int | None = None
) -> list[str]:
    """Give the lines of a table without colours."""
    return Shown(width, NO_COLOR="1")(print_rows, rows, columns, "table", now_us=NOW).splitlines()


def texts(values: Iterable[Any], **column: Any) -> list[str]:
    """Give the cells of a table with one column."""
    lines = table([{"x": value} for value in values], [Column("X", "x", **column)])
    return [line.strip() for line in lines[1:]]


def read_csv(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


# Tables


def test_table_has_a_heading_and_rounded_values() -> None:
    assert table([NIGHTLY]) == [
        "Id      Name     Status     Started          Took     Loss       Rows    Size",
        "0192-a  nightly  completed  3 min ago  2 min 12 s  -0.1235  1,234,567  4.6 MB",
    ]


def test_missing_values_are_dashes() -> None:
    assert table([MISSING])[1].split() == ["0192-b", *"–" * 7]


def test_columns_stand_below_each_other() -> None:
    first, second = table([NIGHTLY, {**MISSING, "loss": 12.5, "name": "日本"}])[1:]
    assert first.index("nightly") == second.index("日本")
    assert text_width(first.partition("-0.1235")[0] + "-0.1235") == text_width(second.partition("12.5")[0] + "12.5")


def test_lines_have_no_trailing_spaces() -> None:
    lines = table([{"a": "x"}, {"a": "long one"}], [Column("A", "a")])
    assert lines == ["A", "x", "long one"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (-1234567, "-1,234,567"),
        (10**20, "100,000,000,000,000,000,000"),
        (10**400, f"{10**400:,}"),
        (0.93, "0.93"),
        (1.5e20, "1.50e20"),
        (-2e-9, "-2.00e-9"),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        ("NaN", "NaN"),
    ],
)
def test_numbers_can_be_typed_again(value: Any, text: str) -> None:
    assert texts([value], kind="number") == [text]


def test_values_of_other_types_have_a_text() -> None:
    assert texts([True, False, ["a", "b"], {"lr": math.nan}, 7, ""]) == ["yes", "no", "a, b", '{"lr": "NaN"}', "7", ""]


@pytest.mark.parametrize("kind", ["number", "count", "time", "duration", "size", "status", "id", "text"])
def test_value_that_is_not_of_its_kind_is_shown(kind: str) -> None:
    assert texts(["a", math.inf, [1]], kind=kind) == ["a", "Infinity", "1"]


def test_hostile_text_does_not_reach_a_terminal() -> None:
    rows = [{"name": WILD, "status": WILD, "id": WILD}]
    for shown in (Shown(200, NO_COLOR="1"), Shown(None)):
        out = shown(print_rows, rows, RUNS[:3], "table", now_us=NOW)
        assert out.count("\n") == 2
        assert out.replace("\n", "").isprintable()
    assert texts([WILD]) == ["\ufffd[2J\ufffda\ufffdb c\ufffdd  e\ufffd\ufffd"]


@given(st.lists(cells, min_size=1, max_size=4), st.integers(10, 60))
def test_no_cell_breaks_its_line(values: list[str], width: int) -> None:
    lines = Shown(width, NO_COLOR="1")(print_rows, [{"x": v} for v in values], [Column("X", "x")], "table")
    assert lines.count("\n") == len(values) + 1
    assert all(line.replace("\u200c", "").replace("\u200d", "").isprintable() for line in lines.split("\n"))


# Width


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("plain", 5),
        ("日本", 4),
        ("ｆｕｌｌ", 8),
        ("e\u0301", 1),
        ("\u1112\u1161\u11ab", 2),  # 한, as macOS writes it
        ("👍", 2),
        ("👍🏽", 2),
        ("☝🏽", 2),
        ("👩\u200d👩\u200d👧", 2),
        ("👩\u200d⚕\ufe0f", 2),
        ("❤\ufe0f\u200d🔥", 2),
        ("❤", 1),
        ("❤\ufe0f", 2),
        ("1\ufe0f\u20e3", 2),
        ("🇩🇪", 2),
        ("日\u200d本", 4),
        ("–…", 2),
        ("", 0),
    ],
)
def test_width_is_in_cells_of_a_terminal(text: str, width: int) -> None:
    assert text_width(text) == width


@example([["日本語" * 9, "e\u0301" * 40], ["👩\u200d👩\u200d👧" * 9, ""]], 25)
@given(st.lists(st.lists(cells, min_size=6, max_size=6), min_size=1, max_size=4), st.integers(1, 90))
def test_no_line_is_wider_than_the_terminal_when_all_columns_shrink(grid: list[list[str]], width: int) -> None:
    columns = [Column(f"Column {n}", str(n), shrinks=True) for n in range(len(grid[0]))]
    lines = table([{str(n): cell for n, cell in enumerate(row)} for row in grid], columns, width=width)
    assert len(lines) == len(grid) + 1
    assert max(map(text_width, lines)) <= width


def test_long_text_is_cut_with_an_ellipsis() -> None:
    columns = [Column("Key", "key", shrinks=True), Column("Rows", "n", "count")]
    assert table([{"key": "a-rather-long-name", "n": 12}], columns, width=16) == [
        "Key         Rows",
        "a-rather-…    12",
    ]


def test_wide_characters_and_accents_are_not_split_by_a_cut() -> None:
    column = [Column("A", "a", shrinks=True)]
    assert table([{"a": "日本語日本語"}, {"a": "e\u0301" * 12}], column, width=8)[1:] == [
        "日本語…",
        "e\u0301" * 7 + "…",
    ]


def test_columns_that_do_not_shrink_are_never_cut() -> None:
    assert "0192-a" in "".join(table([NIGHTLY], RUNS[:2], width=18))
    assert table([NIGHTLY], RUNS[:1], width=3) == ["Id", "0192-a"]


def test_last_columns_are_left_out_and_named_where_there_is_no_room() -> None:
    shown = Shown(30, NO_COLOR="1")
    out = shown(print_rows, [NIGHTLY], RUNS, "table", now_us=NOW)
    assert out.splitlines() == ["Id      Name     Status", "0192-a  nightly  completed"]
    assert shown.errors() == ("no room for Started, Took, Loss, Rows and Size: widen the terminal, or use -o json\n")


def test_nothing_is_cut_where_stdout_is_no_terminal() -> None:
    shown = Shown(None, COLUMNS="20")
    out = shown(print_rows, [{**NIGHTLY, "name": "n" * 300}], RUNS, "table", now_us=NOW)
    assert "n" * 300 in out
    assert "4.6 MB" in out
    assert shown.errors() == ""


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=1, max_size=8), st.integers(1, 200))
def test_room_is_shared_fairly(columns: list[tuple[int, bool]], room: int) -> None:
    widths, shrinks = [width for width, _ in columns], [may for _, may in columns]
    fitted = fit_widths(widths, shrinks, room)
    shown = list(zip(widths, shrinks, fitted, strict=False))
    cut = [now for before, _, now in shown if now < before]
    assert all(now == before or (may and now <= before) for before, may, now in shown)
    assert len(fitted) == 1 or min(cut, default=8) >= 8
    assert len(fitted) == 1 or sum(fitted) + 2 * (len(fitted) - 1) <= room
    if cut:  # who is cut is as wide as any other that may shrink, but for what a division leaves
        assert all(now <= min(cut) + 1 for _, may, now in shown if may)
    if sum(widths) + 2 * (len(widths) - 1) <= room:
        assert fitted == widths


# Terminals


def test_status_is_coloured_and_headings_are_bold_on_a_terminal() -> None:
    words = ["completed", "failed", "running", "stalled", "cancelled", "odd"]
    out = Shown(80)(print_rows, [{"s": word} for word in words], [Column("Status", "s", "status")], "table")
    green, red, blue, yellow = (f"\x1b[{code}m" for code in (32, 31, 34, 33))
    assert out.splitlines() == [
        "\x1b[1mStatus\x1b[0m",
        f"{green}completed\x1b[0m",
        f"{red}failed\x1b[0m",
        f"{blue}running\x1b[0m",
        f"{yellow}stalled\x1b[0m",
        f"{yellow}cancelled\x1b[0m",
        "odd",
    ]


@pytest.mark.parametrize(
    "shown", [Shown(80, NO_COLOR="1"), Shown(80, TERM="dumb"), Shown(None)], ids=["NO_COLOR", "dumb", "file"]
)
def test_there_are_no_colours_where_they_are_not_wanted(shown: Shown) -> None:
    assert "\x1b" not in shown(print_rows, [NIGHTLY], RUNS, "table", now_us=NOW)


def test_colours_do_not_move_columns() -> None:
    plain = Shown(120, NO_COLOR="1")(print_rows, [NIGHTLY, MISSING], RUNS, "table", now_us=NOW)
    assert click.unstyle(Shown(120)(print_rows, [NIGHTLY, MISSING], RUNS, "table", now_us=NOW)) == plain


@pytest.mark.parametrize("output", ["table", "json", "csv"])
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_terminal_that_cannot_show_a_character_gets_a_question_mark(output: str, encoding: str) -> None:
    out = Shown(80, encoding=encoding)(print_rows, [{"name": "日本 ok"}], RUNS[1:2], output)
    assert "?? ok" in out


def test_no_rows_are_said_on_stderr() -> None:
    shown = Shown(80)
    assert shown(print_rows, [], RUNS, "table", empty="no runs of \x1b[2J") == ""
    assert shown.errors() == "no runs of \ufffd[2J\n"


# Times


@pytest.mark.parametrize(
    ("ago_us", "text"),
    [
        (0, "just now"),
        (59 * SECOND, "just now"),
        (-30 * SECOND, "just now"),
        (MINUTE, "1 min ago"),
        (3 * MINUTE + 59 * SECOND, "3 min ago"),
        (59 * MINUTE, "59 min ago"),
        (2 * HOUR, "2 h ago"),
        (23 * HOUR + 59 * MINUTE, "23 h ago"),
        (DAY, "yesterday"),
        (DAY + HOUR, "yesterday"),
        (DAY + 3 * HOUR, "2 days ago"),  # before midnight
        (60 * DAY, "60 days ago"),
        (61 * DAY, "2 months ago"),
        (730 * DAY, "23 months ago"),
        (731 * DAY, "2 years ago"),
        (3000 * DAY, "8 years ago"),
        (-5 * MINUTE, "in 5 min"),
        (-2 * HOUR, "in 2 h"),
        (-DAY, "tomorrow"),
        (-3 * DAY, "in 3 days"),
        (-800 * DAY, "in 2 years"),
    ],
)
def test_relative_times_read_well(ago_us: int, text: str) -> None:
    assert relative_time(NOW - ago_us, NOW) == text


def test_table_tells_times_from_the_clock_by_default() -> None:
    with mock.patch("time.time_ns", return_value=(NOW + 5 * MINUTE) * 1000):
        out = Shown(None)(print_rows, [{"at": NOW}], [Column("At", "at", "time")], "table")
    assert out == "At\n5 min ago\n"


# JSON


def test_json_has_exact_values_by_field() -> None:
    out = Shown(None)(print_rows, [NIGHTLY, MISSING], RUNS, "json")
    absent = dict.fromkeys((column.field for column in RUNS), None)
    assert json.loads(out) == [{**NIGHTLY, "started": "2026-11-20T01:57:04.000789Z"}, {**absent, **MISSING}]
    assert out.startswith('[\n  {\n    "id": "0192-a",\n    "name": "nightly",\n')
    assert out.endswith("}\n]\n")


def test_json_has_only_what_columns_name() -> None:
    assert exact_values({"a": 1, "secret": 2}, [Column("A", "a")]) == {"a": 1}


def test_json_has_strings_for_numbers_that_it_lacks() -> None:
    values = [math.nan, math.inf, -math.inf, 0.1]
    assert json.loads(Shown(None)(print_json, {"a": values, "b": [{"c": (math.nan,)}]})) == {
        "a": ["NaN", "Infinity", "-Infinity", 0.1],
        "b": [{"c": ["NaN"]}],
    }
    rows = [{"x": value, "params": {"lr": value}} for value in values]
    out = json.loads(Shown(None)(print_rows, rows, [Column("X", "x"), Column("P", "params")], "json"))
    assert [row["x"] for row in out] == [row["params"]["lr"] for row in out] == ["NaN", "Infinity", "-Infinity", 0.1]


def test_json_escapes_what_a_terminal_would_obey() -> None:
    for shown in (Shown(None), Shown(80)):
        out = shown(print_json, {WILD: WILD})
        assert out.replace("\n", "").isprintable()
        assert json.loads(out) == {WILD: WILD}


def test_no_rows_are_an_empty_list_in_json() -> None:
    assert Shown(None)(print_rows, [], RUNS, "json") == "[]\n"


@pytest.mark.parametrize("output", ["json", "csv"])
def test_files_are_utf_8_whatever_the_locale(output: str) -> None:
    shown = Shown(None, encoding="latin-1")
    shown(print_rows, [{"name": "日本é"}], RUNS[1:2], output)
    assert "日本é" in shown.bytes().decode("utf-8")


@pytest.mark.parametrize("output", ["table", "json", "csv"])
@pytest.mark.parametrize("width", [None, 80])
def test_half_a_surrogate_pair_is_replaced(output: str, width: int | None) -> None:
    assert "a\ufffdb" in Shown(width)(print_rows, [{"name": "a\ud800b"}], RUNS[1:2], output)


@given(st.lists(st.fixed_dictionaries({"text": cells | st.none(), "n": numbers | st.none(), "yes": st.booleans()})))
def test_json_gives_back_the_values(rows: list[dict[str, Any]]) -> None:
    columns = [Column("T", "text"), Column("N", "n", "number"), Column("Y", "yes")]
    back = json.loads(Shown(None)(print_rows, rows, columns, "json"))
    assert [{**row, "n": decode_number(row["n"])} for row in back] == rows


# CSV


def test_csv_has_fields_and_every_digit() -> None:
    assert Shown(None)(print_rows, [NIGHTLY, MISSING], RUNS, "csv") == (
        "id,name,status,started,duration_us,loss,n_rows,n_bytes\n"
        "0192-a,nightly,completed,2026-11-20T01:57:04.000789Z,132000000,-0.123456789,1234567,4600000\n"
        "0192-b,,,,,,,\n"
    )


def test_csv_writes_what_is_no_text_as_json_does() -> None:
    values = [True, [1, "a"], {"lr": math.nan}, math.nan, -math.inf]
    out = Shown(None)(print_rows, [{"x": value} for value in values], [Column("X", "x")], "csv")
    assert [row[0] for row in read_csv(out)[1:]] == ["true", '[1, "a"]', '{"lr": "NaN"}', "NaN", "-Infinity"]


def test_no_rows_are_a_header_in_csv() -> None:
    assert Shown(None)(print_rows, [], RUNS[:2], "csv") == "id,name\n"


def test_csv_on_a_terminal_is_harmless() -> None:
    out = Shown(80)(print_rows, [{"name": WILD}], RUNS[1:2], "csv")
    assert out.count("\n") == 2
    assert out.replace("\n", "").isprintable()


@example([{"text": "a\rb", "n": 0.1}, {"text": "a\nb", "n": 1}])
@given(st.lists(st.fixed_dictionaries({"text": cells, "n": numbers})))
def test_csv_gives_back_the_values(rows: list[dict[str, Any]]) -> None:
    out = Shown(None)(print_rows, rows, [Column("T", "text"), Column("N", "n", "number")], "csv")
    header, *lines = read_csv(out)
    assert header == ["text", "n"]
    assert [(text, type(row["n"])(n)) for (text, n), row in zip(lines, rows, strict=True)] == [
        (row["text"], row["n"]) for row in rows
    ]


# Facts


def test_facts_are_lines_of_title_and_value() -> None:
    facts = {**NIGHTLY, "name": "first\n  second\x1b"}
    assert Shown(None)(print_facts, facts, RUNS, "table", now_us=NOW).splitlines() == [
        "Id       0192-a",
        "Name     first",
        "           second\ufffd",
        "Status   completed",
        "Started  20 Nov 2026, 01:57:04 UTC (3 min ago)",
        "Took     2 min 12 s",
        "Loss     -0.1235",
        "Rows     1,234,567",
        "Size     4.6 MB",
    ]


def test_facts_are_not_cut_on_a_terminal() -> None:
    out = Shown(20)(print_facts, {"name": "n" * 50, "status": "failed"}, RUNS[1:3], "table")
    assert out == f"\x1b[1mName\x1b[0m    {'n' * 50}\n\x1b[1mStatus\x1b[0m  \x1b[31mfailed\x1b[0m\n"


def test_facts_that_are_missing_or_empty_keep_their_line() -> None:
    assert Shown(None)(print_facts, {"name": ""}, RUNS[1:3], "table") == "Name\nStatus  –\n"


def test_facts_are_one_object_in_json_and_one_row_in_csv() -> None:
    exact = exact_values(NIGHTLY, RUNS)
    assert json.loads(Shown(None)(print_facts, NIGHTLY, RUNS, "json")) == exact
    header, row = read_csv(Shown(None)(print_facts, NIGHTLY, RUNS, "csv"))
    assert dict(zip(header, row, strict=True)) == {field: str(value) for field, value in exact.items()}


# The option


@click.command()
@output_option
def listing(output: str) -> None:
    print_rows([{"a": 1}], [Column("A", "a", "count")], output)


@pytest.mark.parametrize(
    ("words", "out"),
    [([], "A\n1\n"), (["-o", "csv"], "a\n1\n"), (["--output", "json"], '[\n  {\n    "a": 1\n  }\n]\n')],
)
def test_option_chooses_the_output(words: list[str], out: str) -> None:
    assert CliRunner().invoke(listing, words).stdout == out


def test_option_refuses_other_formats() -> None:
    result = CliRunner().invoke(listing, ["-o", "xml"])
    assert result.exit_code == 2
    assert "'table', 'json', 'csv'" in result.stderr


def test_import_loads_nothing_heavy() -> None:
    code = "import sys, reportgen.cli.output; print(sorted({'pyarrow', 'msgspec', 'csv', 'jinja2'} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True, text=True)
    assert process.stdout == "[]\n"
