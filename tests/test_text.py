from __future__ import annotations

import datetime as dt
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.text import (
    DASH,
    MINUS,
    NBSP,
    NumberForm,
    count_word,
    describe_change,
    first_line,
    format_bytes,
    format_clock,
    format_count,
    format_date,
    format_duration,
    format_number,
    format_numbers,
    format_short_time,
    format_time,
    format_weekday,
    html_time,
    iso_day,
    iso_time,
    join_words,
    number_form,
    readable_name,
    strip_terminal_codes,
)

NAN, INF = math.nan, math.inf
SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
AT = 1_795_140_004_000_789  # 20 November 2026, 02:00:04.000789 UTC

edges = st.sampled_from([0.0, -0.0, 5e-324, -5e-324, 1e-4, 1e15, 1e16, 1.7e308, -1.7e308, NAN, INF, -INF])
values = st.floats() | edges
forms = st.builds(NumberForm, st.none() | st.integers(0, 6), st.sampled_from(["", "%", "s", "kB"]))
times = st.integers(0, 253_402_300_799_999_999)


def plain(text: str | None) -> str:
    """Text with ordinary spaces, easier to compare by eye."""
    assert text is not None
    return text.replace(NBSP, " ")


# Numbers


@given(st.lists(st.none() | values, max_size=6), values, forms, st.booleans(), st.sampled_from(["", "%", "s"]))
def test_any_number_has_a_text(
    together: list[float | None], value: float, form: NumberForm, sign: bool, unit: str
) -> None:
    chosen = number_form([*together, value], unit)
    assert chosen.unit == unit
    assert chosen.decimals is None or 0 <= chosen.decimals <= 6
    for text in (format_number(value), format_number(value, form, sign=sign), format_number(value, chosen, sign=sign)):
        assert text
        assert "-" not in text
        assert "inf" not in text


@given(st.lists(st.none() | values), forms)
def test_the_numbers_of_a_column_are_written_as_each_alone(column: list[float | None], form: NumberForm) -> None:
    alone = ["" if value is None else format_number(value, form) for value in column]
    assert format_numbers(column, form, missing="") == alone


@given(st.floats(-1e14, 1e14), st.integers(0, 6))
def test_text_is_the_number_rounded(value: float, decimals: int) -> None:
    text = format_number(value, NumberForm(decimals))
    assert float(text.replace(",", "").replace(MINUS, "-")) == float(f"{value:.{decimals}f}")


@given(st.floats(allow_nan=False), forms)
def test_sign_is_written_on_demand(value: float, form: NumberForm) -> None:
    unsigned, signed = format_number(value, form), format_number(value, form, sign=True)
    assert signed.lstrip("+") == unsigned
    assert signed[0] in f"+{MINUS}∞"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, DASH),
        (0, "0"),
        (-0.0, "0"),
        (-1, "−1"),
        (1_234_567, "1,234,567"),
        (0.1, "0.1"),
        (1 / 3, "0.3333"),
        (123.456, "123.5"),
        (0.00012345, "0.000123"),
        (0.00001, "1.00 × 10⁻⁵"),
        (-2.5e20, "−2.50 × 10²⁰"),
        (5e-324, "4.94 × 10⁻³²⁴"),
        (NAN, "NaN"),
        (INF, "∞"),
        (-INF, "−∞"),
    ],
)
def test_number_alone_gets_the_form_that_suits_it(value: float | None, text: str) -> None:
    assert plain(format_number(value)) == text


@pytest.mark.parametrize(
    ("together", "unit", "form"),
    [
        ([], "", NumberForm(0)),
        ([None, NAN, INF], "", NumberForm(0)),
        ([1, 2, 3], "", NumberForm(0)),
        ([0.5, 1.0], "", NumberForm(1)),
        ([1.5, 2.25], "", NumberForm(2)),
        ([0.1234567], "", NumberForm(4)),
        ([12_345.678], "", NumberForm(0)),
        ([1e15], "", NumberForm(None)),
        ([5e-5, -9e-5], "", NumberForm(None)),
        ([0, 5e-5, 1], "", NumberForm(3)),
        ([0.93, 0.9], "%", NumberForm(0, "%")),
        ([0.935, 0.9], "%", NumberForm(1, "%")),
    ],
)
def test_numbers_that_stand_together_share_a_form(together: list[float | None], unit: str, form: NumberForm) -> None:
    assert number_form(together, unit) == form


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (0.031, NumberForm(1, "%"), "3.1 %"),
        (48.25, NumberForm(1, "s"), "48.2 s"),
        (-0.001, NumberForm(1), "0.0"),
        (1234.5, NumberForm(None), "1.23 × 10³"),
        (NAN, NumberForm(2, "s"), "NaN s"),
    ],
)
def test_form_decides_digits_and_unit(value: float, form: NumberForm, text: str) -> None:
    assert plain(format_number(value, form)) == text


@pytest.mark.parametrize(
    ("n", "noun", "plural", "text"),
    [
        (0, "row", None, "0 rows"),
        (1, "row", None, "1 row"),
        (12_000, "row", None, "12,000 rows"),
        (1, "entry", "entries", "1 entry"),
        (2, "entry", "entries", "2 entries"),
    ],
)
def test_count_agrees_with_its_noun(n: int, noun: str, plural: str | None, text: str) -> None:
    assert plain(format_count(n, noun, plural)) == text


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (2_500_000_000, "2.5 GB"),
        (10**12, "1.0 TB"),
        (10**16, "10000.0 TB"),
    ],
)
def test_size_has_three_to_four_digits(n: int, text: str) -> None:
    assert plain(format_bytes(n)) == text


# Changes


@given(values, values, forms, st.sampled_from([None, "max", "min"]), st.sampled_from([0.0, 0.1]))
def test_arrow_sign_and_judgement_of_a_change_agree(
    now: float, before: float, form: NumberForm, goal: None, tolerance: float
) -> None:
    change = describe_change(now, before, form, goal=goal, tolerance=tolerance)
    assert change is not None
    assert "-" not in change.text
    assert "inf" not in change.text
    if now == before or not (math.isfinite(now) and math.isfinite(before)):
        assert change.tone == "quiet"
        return
    if format_number(now, form) == format_number(before, form):
        assert (change.text, change.tone, change.word) == ("no change", "quiet", "")
        return
    rises = now > before
    assert change.text[0] == ("↑" if rises else "↓")
    assert change.brief[0] == change.text[0]
    assert (MINUS if rises else "+") not in change.text + change.brief
    if change.tone != "quiet":
        assert (change.tone == "better") == (rises == (goal == "max"))
        assert change.word == change.tone


@given(values, values, forms)
def test_change_back_has_the_other_arrow(now: float, before: float, form: NumberForm) -> None:
    there, back = describe_change(now, before, form), describe_change(before, now, form)
    assert there is not None
    assert back is not None
    if there.text[0] in "↑↓":
        assert {there.text[0], back.text[0]} == {"↑", "↓"}
    else:
        assert back.text[0] not in "↑↓"


@pytest.mark.parametrize(
    ("now", "before", "form", "text"),
    [
        (0.95, 0.9, NumberForm(2), "↑ +0.05 (+5.6 %)"),
        (0.9, 0.95, NumberForm(2), "↓ −0.05 (−5.3 %)"),
        (0.93, 0.9, NumberForm(1, "%"), "↑ +3.0 pp"),
        (110, 100, NumberForm(0, "s"), "↑ +10 s (+10.0 %)"),
        (5, 0, NumberForm(0), "↑ +5"),
        (-1, 1, NumberForm(0), "↓ −2 (−200.0 %)"),
        (1.00001, 1, NumberForm(2), "no change"),
        (1.0051, 1.0049, NumberForm(2), "↑ +0.0002 (+0.02 %)"),
        (1000, 1, NumberForm(0), "↑ +999 (+99,900 %)"),
        (1.7e308, -1.7e308, NumberForm(None), "↑ ∞ (∞ %)"),
        (1, 1, NumberForm(0), "no change"),
        (NAN, NAN, NumberForm(0), "no change"),
        (INF, INF, NumberForm(0), "no change"),
        (NAN, 0.25, NumberForm(2), "was 0.25"),
        (0.25, -INF, NumberForm(2), "was −∞"),
    ],
)
def test_change_reads(now: float, before: float, form: NumberForm, text: str) -> None:
    change = describe_change(now, before, form)
    assert change is not None
    assert plain(change.text) == text


@pytest.mark.parametrize(("now", "before"), [(None, 1.0), (1.0, None), (None, None)])
def test_nothing_is_said_of_a_change_without_two_values(now: float | None, before: float | None) -> None:
    assert describe_change(now, before, NumberForm()) is None


@pytest.mark.parametrize(
    ("now", "tone", "word"),
    [(102, "quiet", "in tolerance"), (98, "quiet", "in tolerance"), (103, "better", "better"), (97, "worse", "worse")],
)
def test_change_within_tolerance_is_not_judged(now: float, tone: str, word: str) -> None:
    change = describe_change(now, 100, NumberForm(), goal="max", tolerance=0.02)
    assert change is not None
    assert (change.tone, change.word) == (tone, word)


def test_change_is_not_judged_without_a_goal() -> None:
    change = describe_change(2, 1, NumberForm())
    assert change is not None
    assert (change.tone, change.word) == ("quiet", "")


# Times


def test_times_read_in_utc() -> None:
    assert format_date(AT) == "20 Nov 2026"
    assert format_clock(AT) == "02:00"
    assert format_clock(AT, seconds=True) == "02:00:04"
    assert format_time(AT) == "20 Nov 2026, 02:00:04"
    assert format_weekday(AT) == "Friday 20 November 2026"
    assert format_short_time(AT) == "20 Nov 02:00"
    assert format_short_time(AT, with_date=False) == "02:00"
    assert iso_time(AT) == "2026-11-20T02:00:04.000789Z"
    assert html_time(AT) == "2026-11-20T02:00:04.000Z"
    assert iso_day(AT) == "2026-11-20"


@given(times)
def test_time_for_programs_is_exact(at_us: int) -> None:
    back = dt.datetime.fromisoformat(iso_time(min(at_us, 253_402_300_799_000_000)))
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    assert (back - epoch) // dt.timedelta(microseconds=1) == min(at_us, 253_402_300_799_000_000)


@given(times, times)
def test_times_for_programs_sort_as_times(one: int, other: int) -> None:
    limit = 253_402_300_799_000_000
    assert (iso_time(one) < iso_time(other)) == (min(one, limit) < min(other, limit))
    assert iso_time(one).startswith(iso_day(one))


@pytest.mark.parametrize(("at_us", "day"), [(-1, "1 Jan 1970"), (-(10**30), "1 Jan 1970"), (10**30, "31 Dec 9999")])
def test_times_out_of_range_are_those_at_its_ends(at_us: int, day: str) -> None:
    assert format_date(at_us) == day


@pytest.mark.parametrize(
    ("us", "text"),
    [
        (0, "0 s"),
        (1, "1 µs"),
        (999, "999 µs"),
        (1000, "1 ms"),
        (999_499, "999 ms"),
        (999_500, "1.0 s"),
        (48_200_000, "48.2 s"),
        (59_949_999, "59.9 s"),
        (59_950_000, "1 min"),
        (2 * MINUTE + 12 * SECOND, "2 min 12 s"),
        (2 * MINUTE + 2 * SECOND, "2 min 02 s"),
        (HOUR - 500_001, "59 min 59 s"),
        (HOUR - 500_000, "1 h"),
        (3 * HOUR + 41 * MINUTE, "3 h 41 min"),
        (2 * DAY - MINUTE, "47 h 59 min"),
        (2 * DAY, "2 days"),
        (2 * DAY + 2 * HOUR, "2 days 2 h"),
    ],
)
def test_duration_has_its_two_largest_units(us: int, text: str) -> None:
    assert plain(format_duration(us)) == text


# Names and sentences


@pytest.mark.parametrize(
    ("words", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_words_join_as_in_a_sentence(words: list[str], text: str) -> None:
    assert join_words(words) == text


@pytest.mark.parametrize(("n", "word"), [(0, "no"), (1, "one"), (12, "twelve"), (13, "13"), (1300, "1,300")])
def test_small_numbers_are_words(n: int, word: str) -> None:
    assert count_word(n) == word


@pytest.mark.parametrize(
    ("text", "line"),
    [("", ""), (" \n\n", ""), ("\n\n  a b \n c", "a b"), ("x" * 10, "x" * 10), ("x" * 11, "x" * 9 + "…")],
)
def test_first_line_is_the_first_that_is_not_blank(text: str, line: str) -> None:
    assert first_line(text, limit=10) == line


@given(st.text(), st.integers(2, 50))
def test_first_line_keeps_its_limit(text: str, limit: int) -> None:
    assert len(first_line(text, limit)) <= limit
    assert not set(first_line(text, limit)) & set("\n\r")


@given(st.uuids().map(str))
def test_readable_name_is_two_words_that_an_id_always_gets(identity: str) -> None:
    assert re.fullmatch("[a-z]+-[a-z]+", readable_name(identity))
    assert readable_name(identity) == readable_name(identity)


def test_readable_names_are_the_same_in_every_release() -> None:
    assert readable_name("x") == "white-rook"


def test_huge_number_has_an_exponent_in_any_form() -> None:
    assert format_number(4e264, NumberForm(4)) == "4.00 × 10²⁶⁴"
    assert format_number(-2e15, NumberForm(0, "s")) == f"−2.00 × 10¹⁵{NBSP}s"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mFailed\x1b[0m: no rows", "Failed: no rows"),
        ("\x1b[1;38:5:9mx\x1b[m\x1b[2K\x1b[?25l", "x"),
        ("[31m stays, \x1b alone and \x1b[</td> too", "[31m stays, \x1b alone and \x1b[</td> too"),
    ],
)
def test_codes_of_terminals_are_left_out(text: str, shown: str) -> None:
    assert strip_terminal_codes(text) == shown
