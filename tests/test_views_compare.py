"""Runs side by side: what chunks say, and the page in a browser, from the disk."""

from __future__ import annotations

import json
import math
import re
import struct
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser import find_violations, wait_until
from hypothesis import example, given
from hypothesis import strategies as st
from logs import (
    HOUR,
    SECOND,
    START,
    artifact,
    delete,
    end,
    list_metric,
    metric,
    number_records,
    run_start,
    write_run,
    write_small_project,
)

from reportgen import urls
from reportgen.assets import static_files
from reportgen.build import build_site, read_model
from reportgen.charts import Series, line_chart
from reportgen.charts.ticks import align_decimals, format_tick, nice_ticks
from reportgen.compact import compact_runs
from reportgen.deletion import delete_runs
from reportgen.log.reader import RunRecords
from reportgen.model import Model
from reportgen.options import MetricOptions, Options
from reportgen.render import make_environment, render_page
from reportgen.text import NumberForm, describe_change, format_number
from reportgen.views import compare, search
from reportgen.views.chunks import make_chunk

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.heavy

OPTIONS = Options(metrics={"accuracy": MetricOptions(goal="max", tolerance=0.001)}, headline_metrics=["accuracy"])
HOSTILE = "</script><img src=x onerror=alert(1)>'\"\\\u2028"


def read_chunk(content: bytes) -> Any:
    """Read a chunk as a browser does: first the literal of the script, then the JSON in it."""
    text = content.decode()
    literal = re.fullmatch(r"""reportgen\.take\("[^"]+",JSON\.parse\('(.*)'\)\)\n""", text, re.DOTALL)
    assert literal, text[:100]
    assert "\u2028" not in text
    return json.loads(re.sub(r"\\(u....|x..|.)", _unescape, literal[1], flags=re.DOTALL))


def _unescape(match: re.Match[str]) -> str:
    return chr(int(match[1][1:], 16)) if len(match[1]) > 1 else match[1]


# Chunks


@given(st.recursive(st.text() | st.integers(0, 9), lambda inner: st.lists(inner, max_size=4), max_leaves=8))
@example([HOSTILE, "\\'", "\\u2028", "\u2029", "\ud800"])
def test_chunk_hands_over_what_it_was_given(data: Any) -> None:
    written = make_chunk("search/0-0.js", data).content
    assert b"</" not in written
    assert read_chunk(written) == json.loads(json.dumps(data).replace("\\ud800", "\\ufffd")) or _has_halves(data)


def _has_halves(data: Any) -> bool:
    return bool(re.search(r"\\ud[89a-f]", json.dumps(data)))


def unpack(low: float, high: float, is_log: int, packed: str) -> list[float | None]:
    special = {65532: None, 65533: math.nan, 65534: math.inf, 65535: -math.inf}
    start, stop = (math.log(low), math.log(high)) if is_log else (low, high)
    raw = b64decode(packed)
    places = struct.unpack(f"<{len(raw) // 2}H", raw)
    values = [2 * (start / 2 + (stop / 2 - start / 2) * (place / 65000)) for place in places]
    return [
        special[place] if place in special else math.exp(value) if is_log else value
        for place, value in zip(places, values, strict=True)
    ]


@given(st.lists(st.floats() | st.none() | st.floats(0, 1) | st.integers(0, 999).map(float), max_size=50))
@example([1.0, 1.0])
@example([1e-9, 1.0, math.nan, None, math.inf, -math.inf])
@example([-1.7e308, 1.7e308])
def test_packed_values_are_near_enough_to_draw(values: list[float | None]) -> None:
    packed = compare.pack_places(values)
    low, high, is_log, _ = packed
    found = unpack(*packed)
    assert len(found) == len(values)
    for value, near in zip(values, found, strict=True):
        if value is None or not math.isfinite(value):
            assert near is value or (near is not None and value is not None and str(near) == str(value))
        elif is_log:
            assert near == pytest.approx(value, rel=1e-2 if high / 1e300 > low else 2e-2)
        else:
            assert near is not None
            assert abs(near / 2 - value / 2) <= (high / 2 - low / 2) / 60_000


def test_chunk_has_what_a_run_recorded(tmp_path: Path) -> None:
    write_small_project(tmp_path / "runs")
    model = read_model([tmp_path / "runs"], OPTIONS)
    (span,) = compare.compare_spans(model)
    data = read_chunk(compare.make_runs(model, span.name).content)
    texts = data["texts"]
    row = next(row for row in data["runs"] if row[0] == "run-2")
    params, values, lists, artifacts = row[10], row[12], row[13], row[14]
    assert [texts[at] for at in params] == ["lr", "0.2", "note", "null"]
    assert {texts[at]: value for at, value in zip(values[::2], values[1::2], strict=True)} == {
        "accuracy": 0.92,
        "loss": "NaN",
    }
    assert [(texts[one[0]], one[1]) for one in lists] == [("curve", 5), ("late", 3)]
    assert {texts[at]: version for at, _, version, _ in artifacts if at >= 0} == {
        "source": 3, "summary": 3, "worst-rows": 3, "plot": 3, "epochs": 3
    }  # fmt: skip


def test_index_names_chunks_and_says_how_metrics_are_judged(tmp_path: Path) -> None:
    write_small_project(tmp_path / "runs")
    model = read_model([tmp_path / "runs"], OPTIONS)
    data = read_chunk(compare.make_index(model).content)
    assert data["counts"] == [6]
    assert data["metrics"][0] == ["accuracy", 0, 1, 0.001, "", 2]


# The page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten runs, of which one is deleted and one has hostile names."""
    folder = tmp_path_factory.mktemp("compare")
    for number in range(10):
        name = HOSTILE if number == 8 else f"run {number}"
        records = [
            run_start(name=name, params={"lr": 0.1 * number, "model": "large", "opt": {"beta": 1}}, tags=["t"]),
            metric("accuracy", 0.9 + number / 100),
            metric("rows", 12),
            list_metric("loss", [1 / (n + 1 + number) for n in range(30)]),
            artifact(f"same-{number}", "same", data="as before"),
            artifact(f"text-{number}", "text", data=f"Number {number}"),
            artifact(f"free-{number}", None),
        ]
        if number == 8:
            records += [metric(HOSTILE, 1), artifact("h", HOSTILE, description=HOSTILE)]
        if number == 4:
            records += [list_metric("odd", [1, "NaN", "Infinity", 3, 2]), delete("same-3", "wrong")]
        write_run(folder / "runs", f"run-{number}", [*records, end()], at=START + number * HOUR)
    delete_runs([folder / "runs"], ["run-9"], reason="private")
    build_site([folder / "runs"], folder / "site", OPTIONS)
    return folder / "site"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(error.message))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("dialog", lambda dialog: errors.append(f"dialog {dialog.message}"))
    yield page
    page.close()
    assert not [error for error in errors if "connect-src" not in error]  # axe reads style sheets


def open_compare(page: Page, site: Path, query: str) -> None:
    page.goto(f"{(site / urls.COMPARE).as_uri()}{query}")
    page.wait_for_selector(".chosen")
    wait_until(page, "document.querySelector('#compare .lede').textContent")


def cells(page: Page, section: str, name: str) -> list[str]:
    row = page.locator(f"#{section} tbody tr").filter(has=page.get_by_role("rowheader", name=name, exact=True))
    return [" ".join(text.split()) for text in row.locator("td").all_inner_texts()]


def test_two_runs_show_what_differs_and_whether_it_is_better(page: Page, site: Path) -> None:
    open_compare(page, site, "?runs=run-1,run-3")
    assert cells(page, "params", "lr") == ["0.1", "0.30000000000000004"]
    assert cells(page, "params", "model") == []
    assert cells(page, "metrics", "accuracy") == ["0.91", "0.93 ↑ +0.02 (+2.2 %) better"]
    assert cells(page, "metrics", "rows") == []
    assert cells(page, "artifacts", "text") == ["v2", "v4 changed"]
    assert page.locator("#lists .plot .ln").count() == 2
    lede = page.locator(".lede").inner_text().replace("\u00a0", " ")
    assert lede == "Between these 2 runs 1 parameter, 2 metrics and 2 artifacts differ."


def test_switch_shows_what_is_equal_and_keeps_it_in_the_address(page: Page, site: Path) -> None:
    open_compare(page, site, "?runs=run-1,run-2")
    page.get_by_label("Show what is equal, too").check()
    wait_until(page, "location.search.includes('all=1')")
    assert cells(page, "params", "model") == ["large", "large"]
    assert cells(page, "params", "opt.beta") == ["1", "1"]
    assert cells(page, "artifacts", "same") == ["v2", "v3 same content"]
    page.reload()
    page.wait_for_selector("#params")
    assert cells(page, "params", "model") == ["large", "large"]


def test_curves_are_read_zoomed_and_switched_as_on_other_pages(page: Page, site: Path) -> None:
    open_compare(page, site, "?runs=run-1,run-3")
    reader = page.get_by_role("slider", name="Values of loss of 2 runs")
    reader.focus()
    page.keyboard.press("End")
    names = page.locator("#lists .legend li").all_inner_texts()
    spoken = (reader.get_attribute("aria-valuetext") or "").split("; ")
    assert [name in said for name, said in zip(names, spoken, strict=True)] == [True, True]
    page.locator("#lists .legend button").first.click()
    assert page.locator("#lists .plot").first.locator("g .ln").count() == 1
    wait_until(page, "location.search === '?runs=run-1,run-3&lists.off=ln%20s1'")
    open_compare(page, site, "?runs=run-1,run-3&lists.off=ln%20s1")
    assert page.locator("#lists [aria-pressed=false]").count() == 1
    page.get_by_label("Show what is equal, too").check()
    assert page.url.endswith("?runs=run-1,run-3&all=1&lists.off=ln%20s1")


def test_next_version_links_to_what_changed(page: Page, site: Path) -> None:
    open_compare(page, site, "?runs=run-1,run-2")
    page.locator("#artifacts").get_by_role("link", name="what changed").click()
    page.wait_for_load_state()
    assert page.url.endswith("artifacts/text/v3.html#changes")
    assert page.locator("#changes").count() == 1


def test_three_and_eight_runs_stand_side_by_side(page: Page, site: Path) -> None:
    open_compare(page, site, "?runs=run-0,run-1,run-2")
    assert len(cells(page, "metrics", "accuracy")) == 3
    open_compare(page, site, "?runs=" + ",".join(f"run-{number}" for number in range(8)))
    assert len(cells(page, "metrics", "accuracy")) == 8
    classes = (
        page.locator("#lists figure").first.locator(".ln").evaluate_all("all => all.map(e => e.getAttribute('class'))")
    )
    assert sorted(classes) == ["ln", *["ln s0"] * 3, *[f"ln s{n}" for n in range(1, 6)]]  # a marker is a line
    assert "in grey: run 5, run 6, run 7" in page.locator("#lists .legend").inner_text()


def test_nine_runs_are_eight(page: Page, site: Path) -> None:
    open_compare(page, site, "?runs=" + ",".join(f"run-{number}" for number in range(9)))
    assert page.locator(".chosen > li").count() == 8


def test_unknown_and_deleted_runs_say_so(page: Page, site: Path) -> None:
    open_compare(page, site, "?runs=run-1,no%2Csuch,run-9,%E0%A4%A")
    said = page.locator(".chosen > li").all_inner_texts()
    assert "No run of this id is in this site." in said[1]
    assert "no,such" in said[1]
    assert re.search(r"Deleted on .* UTC: private", said[2])
    assert "No run of this id" in said[3]
    assert page.locator(".lede").inner_text() == "Add another run to compare with."


def test_hostile_names_are_text(page: Page, site: Path) -> None:
    open_compare(page, site, "?runs=run-1,run-8&all=1")
    shown = HOSTILE.replace("\u2028", "")
    assert shown in page.locator(".chosen").inner_text().replace("\u2028", "").replace("\n", "")
    assert page.locator("img").count() == 0
    assert page.locator("#metrics").get_by_role("link").count() == 3


def test_runs_are_moved_removed_and_the_way_back_leads_back(page: Page, site: Path) -> None:
    open_compare(page, site, "?runs=run-1,run-2,run-3")
    page.get_by_role("button", name="Move up: run 3").click()
    wait_until(page, "location.search === '?runs=run-1,run-3,run-2'")
    wait_until(page, "document.activeElement.getAttribute('aria-label') === 'Move up: run 3'")
    page.keyboard.press("Enter")
    wait_until(page, "location.search === '?runs=run-3,run-1,run-2'")
    page.get_by_role("button", name="Remove: run 1").click()
    wait_until(page, "location.search === '?runs=run-3,run-2'")
    wait_until(page, "document.querySelectorAll('.chosen > li').length === 2")
    page.go_back()
    wait_until(page, "document.querySelectorAll('.chosen > li').length === 3")


def test_run_is_added_by_keyboard(page: Page, site: Path) -> None:
    open_compare(page, site, "?runs=run-1")
    page.get_by_text("Add a run").focus()
    page.keyboard.press("Enter")
    wait_until(page, "document.activeElement.id === 'add'")
    page.keyboard.type("run 5")
    wait_until(page, "document.querySelectorAll('.offers li').length === 1")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wait_until(page, "location.search === '?runs=run-1,run-5'")
    assert page.locator(".vh[role=status]").text_content() == "Added: run 5"


def test_page_without_runs_offers_the_newest(page: Page, site: Path) -> None:
    open_compare(page, site, "")
    page.wait_for_selector(".offers li")
    assert page.locator(".offers bdi").first.inner_text().startswith("</script>")
    assert page.locator(".offers li").count() == 8


@pytest.mark.parametrize("width", [320, 375])
@pytest.mark.parametrize("runs", ["run-1,run-4", "run-0,run-1,run-2,run-3,run-4,run-5,run-6,run-8"])
def test_page_is_never_wider_than_a_phone(page: Page, site: Path, width: int, runs: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    open_compare(page, site, f"?runs={runs}&all=1")
    page.wait_for_selector("#lists")
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("query", ["", "?runs=run-1,run-4,run-8&all=1", "?runs=run-1,gone,run-9"])
def test_page_has_no_accessibility_finding(page: Page, site: Path, query: str) -> None:
    open_compare(page, site, query)
    assert find_violations(page) == []


def test_page_without_scripts_says_what_it_needs_and_leads_on(chromium: Browser, site: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / urls.COMPARE).as_uri())
    assert "needs JavaScript" in page.locator("#compare").inner_text()
    page.get_by_role("link", name="the list of runs").click()
    assert page.url.endswith("runs/index.html")
    context.close()


def test_run_links_to_a_comparison_with_the_one_before(page: Page, site: Path) -> None:
    page.goto((site / "runs/run-3.html").as_uri())
    page.get_by_role("link", name="compare", exact=True).click()
    page.wait_for_selector("#metrics")
    assert page.url.endswith("compare.html?runs=run-2,run-3")


def test_runs_are_chosen_in_a_list(page: Page, site: Path) -> None:
    page.goto((site / "runs/index.html").as_uri())
    assert page.locator("input.choice").count() == 0
    page.get_by_role("link", name="Choose runs to compare").click()
    for number in (2, 6):
        page.get_by_role("checkbox", name=f"Compare run {number}").check()
    assert page.locator(".choosing [role=status]").inner_text() == "2 runs chosen"
    page.get_by_role("link", name="Compare them").click()
    page.wait_for_selector("#metrics")
    assert page.url.endswith("compare.html?runs=run-2,run-6")


# Numbers and charts are those of the other pages

numbers = [
    0.0,
    0.5,
    1.5,
    2.5,
    0.03125,
    0.09375,
    1 / 3,
    -2 / 3,
    12,
    1234567.891,
    1e-5,
    -3e-9,
    1e15,
    1.5e300,
    0.1 + 0.2,
]
numbers += [math.inf, -math.inf, math.nan, 99.95, 0.9994999, 1e-300, 123456, 0.00001234]
forms = [NumberForm(0), NumberForm(2, "s"), NumberForm(4), NumberForm(None), NumberForm(1, "%"), NumberForm(6)]


def test_numbers_are_written_as_on_other_pages(page: Page, site: Path) -> None:
    page.goto((site / urls.COMPARE).as_uri())
    asked = [(str(value), form.decimals, form.unit) for form in forms for value in numbers]
    found = page.evaluate(
        """asked => asked.map(([value, decimals, unit]) => reportgen.write(
            Number(value.replace("inf", "Infinity")), {decimals, unit}))""",
        asked,
    )
    assert found == [format_number(value, form) for form in forms for value in numbers]


def test_changes_are_written_as_on_other_pages(page: Page, site: Path) -> None:
    page.goto((site / urls.COMPARE).as_uri())
    cases = [
        (now, before, form, goal, tolerance)
        for now in numbers
        for before in numbers
        for form, goal, tolerance in zip(forms, ("max", "min", None) * 2, (0, 0.02, 0, 0, 0.5, 0), strict=True)
    ]
    goals = {"max": 1, "min": -1, None: 0}
    found = page.evaluate(
        """cases => cases.map(([now, before, decimals, unit, goal, tolerance]) => reportgen.describeChange(
            Number(now.replace("inf", "Infinity")), Number(before.replace("inf", "Infinity")),
            {form: {decimals, unit}, goal, tolerance}))""",
        [(str(n), str(b), form.decimals, form.unit, goals[goal], share) for n, b, form, goal, share in cases],
    )
    for (now, before, form, goal, share), said in zip(cases, found, strict=True):
        change = describe_change(now, before, form, goal=goal, tolerance=share)  # type: ignore[arg-type]
        assert change is not None
        assert said == [change.text, change.tone, change.word], (now, before, form)


def test_ticks_are_those_of_other_charts(page: Page, site: Path) -> None:
    page.goto((site / urls.COMPARE).as_uri())
    ranges = [(0, 1), (0.1, 0.3), (-5, 1234), (1e-8, 3e-8), (0, 1e6), (97, 99.5), (1e14, 9e16), (-1e-12, 1e-9)]
    found = page.evaluate("ranges => ranges.map(([low, high]) => reportgen.niceTicks(low, high, 5))", ranges)
    assert found == [nice_ticks(low, high, 5) for low, high in ranges]
    values = sorted({value for ticks in found for value in ticks} | {150_000, 2.5e6, 1e12, 1e15, 3e-7, -0.25, -4e5})
    texts = page.evaluate("values => values.map(reportgen.formatTick)", values)
    assert texts == [format_tick(value) for value in values]
    axes = [[format_tick(tick) for tick in ticks] for ticks in found] + [
        ["0 s", "500 ms", "1.0 s", "2 min 30 s"],
        ["\u22120.5", "0"],
    ]
    assert page.evaluate("axes => axes.map(reportgen.alignDecimals)", axes) == [align_decimals(axis) for axis in axes]


SHAPE = """svg => ({
  paths: [...svg.querySelectorAll('path.ln')].map(
    e => [e.getAttribute('class'), e.getAttribute('d').match(/[M]|[\\d.]+/g)]),
  texts: [...svg.querySelectorAll('text')].map(
    e => [e.textContent, e.getAttribute('class') || '', Math.round(e.getAttribute('y'))]),
  grid: [...svg.querySelectorAll('.grid')].map(e => Number(e.getAttribute('y1'))),
  marks: [...svg.querySelectorAll('.pt, .open')].map(e => e.getAttribute('class')),
})"""


@pytest.mark.parametrize(
    "ys",
    [
        [0.1 * n * n for n in range(20)],
        [1000.0 / 10**n for n in range(12)],
        [1.0, 2.0, None, 3.0, math.nan, math.inf, 2.5, 2.0],
        [5.0, 6.0],
        [0.0, 0.0, 0.0],
        [123456.0 + n for n in range(9)],
        [math.nan, math.nan],
    ],
    ids=["curve", "log", "odd", "two", "flat", "large", "none"],
)
def test_charts_have_the_shape_of_static_ones(page: Page, site: Path, ys: list[float | None]) -> None:
    page.goto((site / urls.COMPARE).as_uri())
    xs = [float(n) for n in range(len(ys))]
    is_log = [y for y in ys if y is not None] == [1000.0 / 10**n for n in range(12)]
    drawn = line_chart(
        [Series("a", xs, ys, slot=1)], chart_id="c", title="t", description="d", height=160, log_y=is_log
    )
    sent = [None if y is None else str(y).replace("inf", "Infinity") for y in ys]
    mine, static = page.evaluate(
        f"""([xs, ys, drawn]) => {{
          const shape = {SHAPE};
          const all = ys.map(y => y === null ? null : Number(y));
          const [, svg] = reportgen.draw([{{slot: 1, xs, ys: all}}], {{id: 'c', height: 160}});
          const other = new DOMParser().parseFromString(drawn, 'text/html').querySelector('svg');
          return [shape(svg), shape(other)];
        }}""",
        [xs, sent, str(drawn)],
    )
    assert mine == static


# Many runs


def make_records(number: int) -> RunRecords:
    at = START + number * 600 * SECOND
    milliseconds = at // 1000
    run_id = f"{milliseconds >> 16:08x}-{milliseconds & 0xFFFF:04x}-7000-8000-{number:012x}"
    records = [
        run_start(f"pipeline-{number % 5}", params={"seed": number, "lr": number % 7 / 10}),
        metric("accuracy", number % 100 / 100),
        list_metric("loss", [number, 1, 2]),
        end(),
    ]
    numbered = number_records(run_id, records, at=at)
    return RunRecords(run_id, {("main", record.seq): record for record in numbered})


@pytest.fixture(scope="module")
def long_history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The pages to search and to compare of 10,000 runs, with their chunks; and the ids of the runs."""
    folder = tmp_path_factory.mktemp("long")
    model = Model(compact_runs(map(make_records, range(10_000))), OPTIONS)
    files = [*static_files(model), compare.make_index(model), search.make_index(model)]
    files += [compare.make_runs(model, span.name) for span in compare.compare_spans(model)]
    files += [search.make_runs(model, span.name) for span in search.search_spans(model)]
    written = {file.url: file.content for file in files}
    for made in (compare.make_page(model), search.make_page(model)):
        written[made.url] = render_page(make_environment(), made)
    for url, content in written.items():
        path = folder / url
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder, model.columns.ids


def test_comparison_in_a_long_history_loads_little(page: Page, long_history: tuple[Path, list[str]]) -> None:
    folder, ids = long_history
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    chosen = [ids[number] for number in (3, 4000, 9998)]
    open_compare(page, folder, f"?runs={','.join(chosen)}")
    assert cells(page, "params", "seed") == ["3", "4000", "9998"]
    chunks = [url.partition("?")[0] for url in asked if "/compare/" in url]
    assert len(chunks) == 4
    sizes = [(folder / "compare" / url.rpartition("/")[2]).stat().st_size for url in chunks]
    assert sum(sizes) < 60_000


def test_picker_in_a_long_history_finds_old_runs(page: Page, long_history: tuple[Path, list[str]]) -> None:
    folder, ids = long_history
    open_compare(page, folder, f"?runs={ids[9999]}")
    page.get_by_text("Add a run").click()
    page.get_by_label("Name, pipeline, status, parameter or id").fill("seed=1234")
    wait_until(page, "document.querySelectorAll('.offers li').length === 1")
    page.locator(".offers button").click()
    page.wait_for_selector("#params")
    assert cells(page, "params", "seed") == ["9999", "1234"]


def test_search_in_a_long_history_loads_chunks_of_a_size(page: Page, long_history: tuple[Path, list[str]]) -> None:
    folder, _ = long_history
    files = sorted((folder / "search").iterdir())
    assert len(files) < 50
    assert max(path.stat().st_size for path in files) < 80_000
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((folder / urls.SEARCH).as_uri())
    page.wait_for_selector("#q")
    assert len([url for url in asked if "/search/" in url]) == 1
    page.fill("#q", "seed=4321")
    wait_until(page, "document.querySelector('.said').textContent === '1\\u00a0result.'")
    assert page.locator(".hits mark").first.inner_text() == "seed=4321"
    page.fill("#q", "pipeline-3")
    wait_until(page, "document.querySelector('.said').textContent.startsWith('2,001')")
    assert page.locator(".hits li").count() == 51
