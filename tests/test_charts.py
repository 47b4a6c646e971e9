from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markupsafe import escape

from reportgen.charts import (
    Band,
    Series,
    StripBar,
    legend,
    line_chart,
    log_ticks,
    meter,
    nice_ticks,
    run_strip,
    shorten,
    sparkline,
    thin_points,
    time_ticks,
    waterfall_bar,
)
from reportgen.charts.scale import Scale
from reportgen.charts.svg import text
from reportgen.charts.ticks import align_decimals

NAN, INF = math.nan, math.inf
SECOND, HOUR, DAY = 10**6, 3600 * 10**6, 86_400 * 10**6
HOSTILE = "</svg><script>alert('\"&\x00\x0b\ud800"
HEIGHT = 100

anything = (
    st.none() | st.floats() | st.sampled_from([0.0, -0.0, 5e-324, 1e-300, 1e300, -1.7e308, 1.7e308, NAN, INF, -INF])
)
values = st.lists(anything, max_size=30)
finite = st.floats(allow_nan=False, allow_infinity=False)


def draw(*series: Series, **options: Any) -> ElementTree.Element:
    settings_: dict[str, Any] = {"chart_id": "c", "title": "t", "description": "d", "height": HEIGHT, **options}
    return ElementTree.fromstring(line_chart(series, **settings_))


def run(ys: Sequence[float | None], **options: Any) -> Series:
    return Series("loss", list(range(len(ys))), ys, **options)


def with_class(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [node for node in root.iter() if name in node.get("class", "").split()]


def texts(root: ElementTree.Element) -> list[str]:
    return [node.text or "" for node in root.iter("text")]


def pieces(path: ElementTree.Element) -> list[list[tuple[float, float]]]:
    """Read a path of the line layer back into unbroken pieces of points."""
    found = []
    for piece in path.get("d", "").split("M")[1:]:
        numbers = [float(number) for number in piece.removesuffix("h0").removesuffix("z").split()]
        found.append(list(zip(numbers[::2], numbers[1::2], strict=True)))
    return found


def line_pieces(root: ElementTree.Element) -> list[list[tuple[float, float]]]:
    (path,) = with_class(root, "ln")
    return pieces(path)


def iter_places(root: ElementTree.Element) -> Iterator[tuple[str, float]]:
    """Give every coordinate of a chart with the axis it belongs to; x as a share of the width."""
    for node in root.iter():
        for name in ("x", "x1", "x2", "cx"):
            if node.get(name, "").endswith("%"):
                yield "x", float(node.get(name, "").rstrip("%")) / 100
        for name in ("y1", "y2", "cy"):
            if name in node.attrib:
                yield "y", float(node.get(name, ""))
        if node.tag == "path" and (node.get("class") == "band" or re.match(r"ln s\d", node.get("class", ""))):
            for x, y in (point for piece in pieces(node) for point in piece):
                yield "x", x / 1000
                yield "y", y


def assert_inside(root: ElementTree.Element, height: float = HEIGHT) -> None:
    for axis, place in iter_places(root):
        assert 0 <= place <= (1 if axis == "x" else height + 4)  # ticks stand 4 px out


def assert_numbers(markup: str) -> None:
    coordinates = re.findall(r' (?:x|y|x1|x2|y1|y2|cx|cy|r|d|dx|width|height|transform)="([^"]*)"', markup)
    assert not [text for text in coordinates if "nan" in text.lower() or "inf" in text.lower()]


# Ticks


@pytest.mark.parametrize(
    ("low", "high", "n", "expected"),
    [
        (0, 0.3, 3, [0, 0.1, 0.2, 0.3]),
        (0.61, 0.98, 4, [0.6, 0.7, 0.8, 0.9, 1.0]),
        (-20, 20, 4, [-20, -10, 0, 10, 20]),
        (3, 3, 4, [1, 2, 3, 4, 5]),
        (0, 0, 5, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (24, 0, 5, [0, 5, 10, 15, 20, 25]),
        (1e300, 3e300, 2, [1e300, 2e300, 3e300]),
    ],
)
def test_ticks_are_round_and_written_without_dust(low: float, high: float, n: int, expected: list[float]) -> None:
    assert nice_ticks(low, high, n) == expected


@example(3.4666666666597334e177, 3.4666666666666667e177, 11)
@given(finite, finite, st.integers(1, 12))
def test_ticks_ascend_cover_the_range_and_are_few(low: float, high: float, n: int) -> None:
    ticks = nice_ticks(low, high, n)
    assert ticks == sorted(set(ticks))
    assert 1 <= len(ticks) <= 1.5 * n + 3
    if 1e-300 <= max(abs(low), abs(high)) < 1e307:
        assert len(ticks) >= 2
        assert ticks[0] <= min(low, high)
        assert ticks[-1] >= max(low, high)


@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300), st.integers(2, 8))
def test_steps_between_ticks_are_one_two_or_five(low: float, high: float, n: int) -> None:
    ticks = nice_ticks(low, high, n)
    if len(ticks) > 1 and ticks[0] == 0:
        assert f"{ticks[1]:.12e}"[:14] in {"1.000000000000", "2.000000000000", "5.000000000000"}


def test_log_ticks_are_powers_of_ten_with_two_and_five_in_short_ranges() -> None:
    assert log_ticks(0.07, 2.2) == [0.1, 0.2, 0.5, 1.0, 2.0]
    assert log_ticks(1e-3, 1e3) == [1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0, 1e3]
    assert log_ticks(3.1, 4.2) == [3.2, 3.4, 3.6, 3.8, 4.0, 4.2]


@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300))
def test_log_ticks_stay_within_the_range(low: float, high: float) -> None:
    ticks = log_ticks(low, high)
    assert len(ticks) <= 13
    assert all(min(low, high) <= tick <= max(low, high) for tick in ticks)


START = 1_792_627_200 * SECOND  # 22 October 2026


@pytest.mark.parametrize(
    ("span", "n", "labels"),
    [
        (3 * SECOND, 4, ["00:00:00", "00:00:01", "00:00:02", "00:00:03"]),
        (SECOND // 2, 3, ["00:00:00", "00:00:00.2", "00:00:00.4"]),
        (18 * HOUR, 4, ["22 Oct", "06:00", "12:00", "18:00"]),
        (3 * DAY, 4, ["22 Oct", "23 Oct", "24 Oct", "25 Oct"]),
        (100 * DAY, 4, ["Nov 2026", "Dec 2026", "Jan 2027"]),
        (1200 * DAY, 4, ["2027", "2028", "2029", "2030"]),
    ],
)
def test_time_labels_say_what_changes(span: int, n: int, labels: list[str]) -> None:
    assert [label for _, label in time_ticks(START, START + span, n)] == labels


def test_midnight_on_an_axis_of_hours_is_written_as_its_date() -> None:
    labels = [label for _, label in time_ticks(START + 6 * HOUR, START + 30 * HOUR, 5)]
    assert labels == ["06:00", "12:00", "18:00", "23 Oct", "06:00"]


@given(st.integers(-(10**18), 10**18), st.integers(0, 10**17), st.integers(1, 10))
def test_time_ticks_are_within_the_range_and_few(low: int, span: int, n: int) -> None:
    ticks = [tick for tick, _ in time_ticks(low, low + span, n)]
    assert ticks == sorted(set(ticks))
    assert 1 <= len(ticks) <= max(2, n)
    assert all(low <= tick <= low + span for tick in ticks)


@given(st.lists(finite), finite, finite, st.booleans(), st.sampled_from([0.0, 0.02]))
def test_many_places_are_those_of_each_value(ys: list[float], one: float, two: float, log: bool, inset: float) -> None:
    low, high = sorted((abs(one) or 1.0, abs(two) or 1.0) if log else (one, two))
    scale = Scale(low, high, log, inset)
    for some in (ys, [y for y in ys if low <= y <= high]):
        assert scale.shares(some) == [scale.share(y) for y in some]
        assert all(0 <= place <= 1 for place in scale.shares(some))


# Thinning


def test_a_short_line_is_kept_whole_and_cut_at_gaps() -> None:
    assert thin_points([0, 1, 2, 3, 4], [5, None, 6, 7, NAN]) == [[(0, 5)], [(2, 6), (3, 7)]]


def test_a_single_peak_among_thousands_survives() -> None:
    ys = [math.sin(i) for i in range(5000)]
    ys[3111], ys[77] = 30.0, -40.0
    drawn = [point for segment in thin_points(range(5000), ys) for point in segment]
    assert {(3111, 30.0), (77, -40.0), (0, ys[0]), (4999, ys[4999])} <= set(drawn)
    assert 200 < len(drawn) <= 400


def test_values_whose_sum_is_beyond_the_largest_float_are_no_gap() -> None:
    for ys in ([1.7e308] * 5, [10**308] * 20):
        (piece,) = thin_points(range(len(ys)), ys)
        assert len(piece) == len(ys)


def test_gaps_in_a_long_line_keep_their_width() -> None:
    ys: list[float | None] = [float(i % 7) for i in range(4000)]
    ys[1000:1003] = [None] * 3
    first, second = thin_points(range(4000), ys)
    assert (first[-1][0], second[0][0]) == (999, 1003)


@given(values.map(lambda few: few * 40), st.integers(4, 60))
def test_thinning_keeps_extremes_ends_order_and_gaps(ys: list[float | None], limit: int) -> None:
    segments = thin_points(range(len(ys)), ys, limit)
    drawn = [point for segment in segments for point in segment]
    kept = [(i, y) for i, y in enumerate(ys) if y is not None and math.isfinite(y)]
    assert len(drawn) <= limit
    assert drawn == sorted(drawn)
    assert set(drawn) <= set(kept)
    for segment in segments:
        assert None not in (between := ys[int(segment[0][0]) : int(segment[-1][0]) + 1])
        assert all(y is not None and math.isfinite(y) for y in between)
    if kept:
        assert (drawn[0], drawn[-1]) == (kept[0], kept[-1])
        assert min(y for _, y in drawn) == min(y for _, y in kept)
        assert max(y for _, y in drawn) == max(y for _, y in kept)


@given(values.map(lambda few: few * 20), st.integers(4, 60))
def test_short_columns_draw_the_same_line_and_keep_what_is_not_finite(ys: list[float | None], limit: int) -> None:
    xs, short = shorten(range(len(ys)), ys, limit)
    assert thin_points(xs, short) == thin_points(range(len(ys)), ys, limit)
    odd = [repr(y) for y in ys if y is not None and not math.isfinite(y)]
    assert [repr(y) for y in short if y is not None and not math.isfinite(y)] == odd


@given(st.lists(finite), finite, finite, st.booleans(), st.sampled_from([0.0, 0.02]))
def test_whole_places_are_shares_of_the_size(ys: list[float], one: float, two: float, log: bool, inset: float) -> None:
    low, high = sorted((abs(one) or 1.0, abs(two) or 1.0) if log else (one, two))
    scale = Scale(low, high, log, inset)
    for some in (ys, [y for y in ys if low <= y <= high]):
        assert scale.places(some, 1200) == [round(1200 * share) for share in scale.shares(some)]


# Line chart


def test_a_line_chart_is_named_by_title_and_description() -> None:
    root = draw(run([1, 2, 3]), chart_id="a b", title="Loss", description="It falls.")
    named = {node.get("id"): node.text for node in root if node.get("id")}
    assert [named[name] for name in root.get("aria-labelledby", "").split()] == ["Loss", "It falls."]
    assert root.get("role") == "img"
    assert draw(run([1, 2], urls=["r.html"])).get("role") == "group"  # an image may not hold links
    assert "style" not in {name for node in root.iter() for name in node.attrib}


def test_the_line_runs_through_the_frame_from_edge_to_edge() -> None:
    (piece,) = line_pieces(draw(run([0, 5, 10])))
    assert piece == [(0, 100), (500, 50), (1000, 0)]


def test_missing_values_split_the_path_and_lone_points_are_marked() -> None:
    root = draw(run([1, 2, None, 3, None, 4, 5]))
    assert [len(piece) for piece in line_pieces(root)] == [2, 1, 2]
    assert [node.get("cx") for node in with_class(root, "pt")] == ["50.00%", "100.00%"]


def test_nan_and_infinities_are_marked_on_the_frame_with_a_label() -> None:
    root = draw(run([1, NAN, 2, INF, 3, -INF, 4]))
    (hollow,) = with_class(root, "open")
    assert (hollow.get("cx"), hollow.get("cy")) == ("16.67%", "100")
    triangles = [(node.get("x"), node.get("y")) for node in root.iter("svg") if node.get("class") == "s1"]
    assert triangles == [("50.00%", "0.0"), ("83.33%", "100.0")]
    assert {"NaN", "∞", "−∞"} <= set(texts(root))
    assert "1 value is NaN. 2 values are infinite." in (root.findtext("desc") or "")


def test_thousands_of_nan_share_marks_that_tell_their_number() -> None:
    root = draw(run([NAN] * 5000))
    assert len(with_class(root, "open")) <= 51
    assert "100 × NaN" in [node.text for node in root.iter("title")]


@pytest.mark.parametrize("ys", [[], [None], [NAN, INF, -INF]])
def test_without_a_finite_value_there_is_a_frame_without_numbers(ys: list[float | None]) -> None:
    root = draw(run(ys))
    assert "no finite value" in texts(root)
    assert with_class(root, "axis")
    assert not with_class(root, "grid")


@pytest.mark.parametrize("ys", [[3], [3, 5], [3, None, NAN, 5]])
def test_under_three_values_there_are_only_marks(ys: list[float | None]) -> None:
    root = draw(run(ys))
    assert not with_class(root, "ln")
    assert len(with_class(root, "pt")) == sum(isinstance(y, int) for y in ys)


@pytest.mark.parametrize("ys", [[7] * 9, [0] * 9, [1e-300, 2e-300, 3e-300], [-1.7e308, 1.7e308, 0], [1e300] * 3])
def test_extreme_and_constant_values_stay_inside(ys: list[float]) -> None:
    root = draw(run(ys))
    assert len(line_pieces(root)[0]) == len(ys)
    assert len(with_class(root, "grid")) >= 2
    assert_inside(root)


def test_at_most_400_points_are_drawn_and_the_peak_is_among_them() -> None:
    ys = [1.0] * 20_000
    ys[12_345] = 9.0
    (piece,) = line_pieces(draw(run(ys), y_from_zero=True))
    assert len(piece) <= 400
    assert min(y for _, y in piece) == pytest.approx(HEIGHT * (1 - 9 / 10))


def test_a_log_scale_is_named_and_spaces_powers_evenly() -> None:
    root = draw(run([1, 10, 100]), log_y=True)
    (piece,) = line_pieces(root)
    assert piece[0][1] - piece[1][1] == pytest.approx(piece[1][1] - piece[2][1], abs=0.11)
    assert "logarithmic" in (root.findtext("desc") or "")


def test_a_log_scale_falls_back_to_linear_and_says_so() -> None:
    root = draw(run([0, 5, 10]), log_y=True)
    assert line_pieces(root)[0][1] == (500, 50)
    assert "linear, because a value is zero or below" in (root.findtext("desc") or "")


def test_a_band_below_zero_ends_at_the_frame_of_a_log_scale() -> None:
    root = draw(run([1, 10, 100]), log_y=True, band=Band([0, 1, 2], [-1, 5, None], [2, 20, 200]))
    (band,) = with_class(root, "band")
    assert pieces(band)[0][-1] == (0, 100)
    assert_inside(root)


@pytest.mark.parametrize(("slot", "kind"), [(1, "circle"), (2, "rect"), (3, "svg"), (4, "svg"), (5, "svg")])
def test_each_slot_has_its_own_shape_and_every_mark_its_link_and_tip(slot: int, kind: str) -> None:
    root = draw(run([1, 2, 3], slot=slot, urls=["r1.html", "r2.html", ""], tips=["one", "two", "three"]))
    links = list(root.iter("a"))
    assert [(node.get("href"), node.findtext("title"), node[1].tag) for node in links] == [
        ("r1.html", "one", kind),
        ("r2.html", "two", kind),
    ]


def test_links_and_tips_are_made_for_marked_points_only() -> None:
    asked: list[int] = []

    def tip(index: int) -> str:
        asked.append(index)
        return f"point {index}"

    root = draw(run([1.0] * 41, urls=lambda index: f"r{index}.html", tips=tip))
    assert [(node.get("href"), node.findtext("title")) for node in root.iter("a")] == [("r40.html", "point 40")]
    assert asked == [40]


def test_a_long_or_plain_line_marks_only_its_last_finite_point() -> None:
    plain, long = run([1, 2, 3, None, None, NAN]), run([1.0] * 41, urls=["r.html"] * 41)
    for series, place in ((plain, "40.00%"), (long, "100.00%")):
        (mark,) = with_class(draw(series), "pt")
        assert mark.get("cx") == place
    assert not with_class(draw(run([1, 2, 3], slot=0)), "pt")


def test_labels_at_close_line_ends_are_moved_apart_and_get_their_marker() -> None:
    several = [Series(f"name {slot}", [0, 1, 2], [1, 2, 3 + slot / 50], slot, label=True) for slot in (1, 2, 3, 4)]
    root = draw(*several)
    ys = sorted(float(node.get("y", "")) for node in root.iter("text") if (node.text or "").startswith("name"))
    assert len(ys) == 4
    assert min(later - earlier for earlier, later in pairwise(ys)) >= 13.9
    assert len([node for node in root.iter("g") if "translate" in node.get("transform", "")]) == 4


def test_labels_of_the_x_axis_do_not_stick_out() -> None:
    root = draw(run([1, 2, 3]), x_kind="category", x_labels=["first run", "second run", "third run"])
    labels = {node.text: node.get("class", "") for node in root.iter("text")}
    assert labels["second run"] == "c x2" or labels["second run"] == "c"
    wide = draw(Series("a", [START, START + DAY // 2, START + DAY], [1, 2, 3]), x_kind="time")
    anchors = {node.text: node.get("class", "") for node in wide.iter("text")}
    assert (anchors["22 Oct"], anchors["23 Oct"]) == ("", "e")


def test_every_second_label_goes_first_in_a_narrow_frame() -> None:
    root = draw(run([1] * 30), x_kind="category", x_labels=[f"version {i}" for i in range(30)])
    labels = [node for node in root.iter("text") if (node.text or "").startswith("version")]
    assert (labels[0].text, labels[-1].text) == ("version 0", "version 29")
    hidden = ["x2" in node.get("class", "").split() for node in labels]
    assert not hidden[0]
    assert not hidden[-1]
    assert not any(a is b is False for a, b in pairwise(hidden))


def test_epochs_have_no_ticks_between_whole_numbers() -> None:
    labels = [node.text for node in draw(run([1, 2, 3])).iter("text") if float(node.get("y", "")) > HEIGHT + 10]
    assert labels == ["0", "1", "2"]


def test_long_numbers_stand_inside_the_frame() -> None:
    root = draw(run([1_000_000_001, 1_000_000_002, 1_000_000_003]))
    inside = [node for node in with_class(root, "lab") if node.get("x") == "0"]
    assert "1.000000002\u00a0G" in [node.text for node in inside]


def test_rules_are_drawn_with_their_label_when_in_range() -> None:
    root = draw(run([1, 2, 3]), rules=[(1, "5 Nov"), (9, "later"), (NAN, "never")])
    assert [node.get("x1") for node in with_class(root, "rule")] == ["50.00%"]
    assert "5 Nov" in texts(root)
    assert "later" not in texts(root)


def test_hostile_text_stays_text() -> None:
    series = run([1, NAN, 3], label=True, urls=[HOSTILE] * 3, tips=[HOSTILE] * 3)
    hostile = Series(HOSTILE, series.xs, series.ys, urls=series.urls, tips=series.tips, label=True)
    options: dict[str, Any] = {"x_kind": "category", "x_labels": [HOSTILE] * 3, "rules": [(1, HOSTILE)]}
    root = draw(hostile, chart_id=HOSTILE, title=HOSTILE, description=HOSTILE, y_format=lambda _: HOSTILE, **options)
    assert not list(root.iter("script"))
    assert HOSTILE[:22] in (root.findtext("title") or "")
    for markup in (legend([Series(HOSTILE, [], [])], HOSTILE), run_strip([StripBar(1, HOSTILE, HOSTILE, HOSTILE)])):
        assert not list(ElementTree.fromstring(markup).iter("script"))


@given(st.text() | st.text("ab 1.,-%</>&'\"\x00\x0b\ud800é", max_size=9))
def test_text_is_escaped_and_holds_only_what_xml_can(value: str) -> None:
    in_xml = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "\ufffd", value)
    assert text(value) == str(escape(in_xml))


def test_series_of_unequal_lengths_and_unknown_slots_are_refused() -> None:
    with pytest.raises(ValueError, match="2 xs and 1 ys"):
        Series("a", [1, 2], [1])
    with pytest.raises(ValueError, match="slots go from 0 to 5"):
        Series("a", [], [], 6)


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.lists(st.tuples(st.floats(), anything), max_size=12), st.integers(0, 5)), max_size=3),
    st.sampled_from(["number", "time", "category"]),
    st.booleans(),
    st.booleans(),
    st.text(max_size=5),
)
def test_any_floats_give_well_formed_marks_inside_the_frame(
    data: list[tuple[list[tuple[float, float | None]], int]], kind: Any, log_y: bool, zero: bool, name: str
) -> None:
    series = [Series(name, [x for x, _ in pts], [y for _, y in pts], slot, label=True) for pts, slot in data]
    band = Band(series[0].xs, series[0].ys, series[-1].ys[: len(series[0].ys)]) if len(series) == 1 else None
    options: dict[str, Any] = {"x_kind": kind, "log_y": log_y, "y_from_zero": zero, "band": band, "x_labels": [name]}
    markup = line_chart(series, chart_id="c", title=name, description=name, height=HEIGHT, **options)
    assert markup == line_chart(series, chart_id="c", title=name, description=name, height=HEIGHT, **options)
    assert_numbers(markup)
    assert_inside(ElementTree.fromstring(markup))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["0", "0.5", "1"], ["0", "0.5", "1.0"]),
        (["0.9", "0.92", "0.94"], ["0.90", "0.92", "0.94"]),
        (["0 s", "5.0 s", "20.0 s"], ["0 s", "5 s", "20 s"]),
        (["500 ms", "1.0 s", "1.5 s"], ["500 ms", "1.0 s", "1.5 s"]),
        (["−1,000", "1,000.5"], ["−1,000.0", "1,000.5"]),
        (["1e−5", "1.5e−5", "2 min 30 s"], ["1e−5", "1.5e−5", "2 min 30 s"]),
    ],
)
def test_numbers_of_an_axis_have_as_many_decimals_as_each_other(labels: list[str], expected: list[str]) -> None:
    assert align_decimals(labels) == expected


# Legend, sparkline, bars


def test_a_legend_names_each_unlabelled_series_once() -> None:
    single = Series("single runs", [], [], 0, "thin")
    root = ElementTree.fromstring(legend([single, single, run([], slot=2), run([], label=True)], "x: epoch"))
    assert ["".join(item.itertext()) for item in root] == ["single runs", "loss", "x: epoch"]
    assert legend([run([], label=True)]) == ""


def test_a_sparkline_marks_the_last_finite_value_and_shows_gaps() -> None:
    root = ElementTree.fromstring(sparkline([1, 2, None, 3, 5, NAN]))
    assert [len(piece) for piece in line_pieces(root)] == [2, 2]
    (mark,) = with_class(root, "pt")
    assert (mark.get("cx"), mark.get("cy")) == ("94.8", "3.0")


def test_a_constant_sparkline_is_flat_in_the_lower_third() -> None:
    (piece,) = line_pieces(ElementTree.fromstring(sparkline([5] * 20)))
    assert {y for _, y in piece} == {18.0}


def test_one_value_is_no_sparkline() -> None:
    assert sparkline([5]) == sparkline([]) == ""
    assert sparkline([5, 6]) != ""


@given(values.filter(lambda ys: len(ys) > 1))
def test_any_sparkline_is_well_formed_and_inside(ys: list[float | None]) -> None:
    markup = sparkline(ys)
    assert_numbers(markup)
    for path in with_class(ElementTree.fromstring(markup), "ln"):
        assert all(2 <= x <= 118 and 3 <= y <= 21 for piece in pieces(path) for x, y in piece)


def test_a_strip_holds_the_last_twenty_runs_oldest_left() -> None:
    bars = [StripBar(0.5, "completed", f"r{i}.html", f"run {i}") for i in range(25)]
    links = list(ElementTree.fromstring(run_strip(bars)).iter("a"))
    assert [links[0].get("href"), links[-1].get("href"), len(links)] == ["r5.html", "r24.html", 20]
    assert {node.get("tabindex") for node in links} == {"-1"}
    assert [float(node[1].get("x", "")) for node in links] == [10.0 * i for i in range(20)]


def test_statuses_of_a_strip_differ_in_shape_not_only_in_colour() -> None:
    statuses = ["completed", "failed", "running", "cancelled"]
    root = ElementTree.fromstring(run_strip([StripBar(1, status, "r.html", "") for status in statuses]))
    shapes = [tuple(node.tag for node in link) for link in root]
    assert len(set(shapes)) == 4
    assert [node.get("class") for node in with_class(root, "bad")] == ["bad"]


@given(st.floats(), st.floats(), st.sampled_from(["completed", "failed", "running", "stalled", "cancelled"]))
def test_bars_are_visible_and_within_their_run(begin: float, end: float, status: str) -> None:
    bar = ElementTree.fromstring(waterfall_bar(begin, end, status, [0.5, begin]))[-1]
    start, width = (float(bar.get(name, "").rstrip("%")) for name in ("x", "width"))
    assert width >= 1
    assert -0.001 <= start <= start + width <= 100.011
    strip = ElementTree.fromstring(run_strip([StripBar(begin, status, "", "")]))
    for rect in strip.iter("rect"):
        top, height = float(rect.get("y", "")), float(rect.get("height", ""))
        assert 0 <= top <= top + height <= 28


@pytest.mark.parametrize(
    ("percent", "status", "label", "width"),
    [
        (62, "running", "62 percent", "62%"),
        (33.333, "stalled", "33.3 percent, stalled", "33.3%"),
        (250, "completed", "100 percent", "100%"),
        (NAN, "running", "0 percent", "0%"),
    ],
)
def test_a_meter_says_its_progress(percent: float, status: str, label: str, width: str) -> None:
    root = ElementTree.fromstring(meter(percent, status))
    assert (root.get("role"), root.get("aria-label"), root[1].get("width")) == ("img", label, width)
