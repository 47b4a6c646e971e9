"""What scripts add to tables and text, in a real browser: order, filter, columns, copies, links, the address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser import JENKINS_HEADERS, find_violations, serve_with_headers
from logs import HOUR, MINUTE, START, artifact, end, metric, run_start, write_run

from reportgen.build import build_site
from reportgen.options import Options

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.heavy

ATTACK = '<img src=x onerror="document.title=\'pwned\'"> | `x` \\ "q"'
COLUMNS = ["name", "score", "share", "took", "size of it"]
ROWS: list[list[Any]] = [
    ["model 10", 99.5, "12 %", "2 min 05 s", "1.5 MB"],
    ["model 2", -3.25, "9.5 %", "48.2 s", "20.0 kB"],
    ["Äther", None, "100 %", "900 ms", "999 B"],
    [ATTACK, 0.5, "–", "1 h 02 min", "3.0 GB"],
    ["model 1", "Infinity", "0 %", "3 days 4 h", ""],
    *([f"rest {n}", n + 10, f"{n + 20} %", f"{n + 5} min", f"{n + 2} kB"] for n in range(10)),
]
TEXT = "# Head\n\n## A part\n\n```python\nprint(1)\n```\n\n| n | of |\n|---|---|\n| 2 | a |\n| 10 | b |\n| 1 | c |\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    table = artifact("t", "rows", type="table", data={"columns": COLUMNS, "rows": ROWS})
    for day in range(12):
        at = START + day * 7 * HOUR
        records = [
            run_start("churn" if day % 2 else "fraud"),
            table,
            artifact("m", "text", data=TEXT),
            metric("loss", day),
        ]
        write_run(folder / "runs", f"run-{day:02}", [*records, end(ts=at + (13 - day) * MINUTE)], at=at)
    build_site([folder / "runs"], folder / "site", Options())
    return folder / "site"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(
        permissions=["clipboard-read", "clipboard-write"], viewport={"width": 1280, "height": 900}
    )
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda message: (
            problems.append(message.text) if message.type == "error" and "connect-src" not in message.text else None
        ),
    )  # axe asks
    yield page
    context.close()
    assert problems == []


def column(page: Page, number: int, table: str = "#content table") -> list[str]:
    """The texts of a column, of the rows that are shown."""
    texts = page.locator(f"{table} tbody tr:visible :is(td, th):nth-child({number})").all_inner_texts()
    return [text.replace("\u00a0", " ") for text in texts]


def click_head(page: Page, name: str, table: str = "#content table") -> None:
    page.locator(f"{table} thead th", has_text=name).get_by_role("button").click()


def wait_for_address(page: Page, part: str) -> None:
    page.wait_for_function("part => decodeURIComponent(location.search).includes(part)", arg=part)


def open_table(page: Page, site: Path, query: str = "") -> None:
    page.goto((site / "artifacts/rows/v12.html").as_uri() + query)


def test_numbers_sort_by_size_with_missing_ones_last_and_a_third_click_brings_the_order_back(
    page: Page, site: Path
) -> None:
    open_table(page, site)
    before = column(page, 2)
    head = page.locator("#content thead th", has_text="score")

    click_head(page, "score")
    assert head.get_attribute("aria-sort") == "ascending"
    assert [*column(page, 2)[:3], *column(page, 2)[-3:]] == ["−3.25", "0.50", "10.00", "99.50", "Infinity", "–"]
    click_head(page, "score")
    assert head.get_attribute("aria-sort") == "descending"
    assert [*column(page, 2)[:3], *column(page, 2)[-3:]] == ["Infinity", "99.50", "19.00", "0.50", "−3.25", "–"]
    click_head(page, "score")
    assert head.get_attribute("aria-sort") is None
    assert column(page, 2) == before


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("name", 1, [ATTACK, "Äther", "model 1", "model 2", "model 10", "rest 0"]),
        ("share", 3, ["0 %", "9.5 %", "12 %", "20 %", "21 %", "22 %"]),
        ("took", 4, ["900 ms", "48.2 s", "2 min 05 s", "5 min", "6 min", "7 min"]),
        ("size", 5, ["999 B", "2 kB", "3 kB", "4 kB", "5 kB", "6 kB"]),
    ],
)
def test_columns_sort_by_what_their_texts_mean(
    page: Page, site: Path, name: str, number: int, expected: list[str]
) -> None:
    open_table(page, site)
    click_head(page, name)
    assert column(page, number)[:6] == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("model", ["model 10", "model 2", "model 1"]),
        ("MODEL 1", ["model 10", "model 1"]),
        ("score>99", ["model 10", "model 1"]),
        ("score<=-3", ["model 2"]),
        ("share>=100%", ["Äther"]),
        ("took<1min", ["model 2", "Äther"]),
        ("took>1h", [ATTACK, "model 1"]),
        ('"size of it">1MB', ["model 10", ATTACK]),
        ("size>1GB model", []),
        ("name=äther", ["Äther"]),
        (">1234 model", ["model 10", "model 2", "model 1"]),
        ("onerror", [ATTACK]),
        ("nothing>3", []),
        ("model >100000", ["model 10", "model 1"]),
    ],
)
def test_filter_takes_words_and_comparisons_with_units(page: Page, site: Path, query: str, expected: list[str]) -> None:
    open_table(page, site)
    page.get_by_role("searchbox").fill(query)
    assert column(page, 1) == expected
    assert page.locator("#content output").inner_text() == f"{len(expected)} of 15 rows"
    page.get_by_role("searchbox").fill("")
    assert page.locator("#content output").inner_text() == ""


def test_view_of_a_table_is_in_the_address_and_another_reader_sees_the_same(page: Page, site: Path) -> None:
    open_table(page, site, "#content")
    click_head(page, "score")
    click_head(page, "score")
    page.get_by_role("searchbox").fill("rest score>15")
    page.locator("#content summary", has_text="Columns").click()
    page.get_by_label("took").uncheck()
    wait_for_address(page, "content.hide=4")
    assert page.url.endswith("#content")
    shown = page.locator("#content table").inner_text()
    assert "rest 9" in shown
    assert "min" not in shown

    other = page.context.new_page()
    other.goto(page.url)
    assert other.locator("#content table").inner_text() == shown
    assert other.get_by_role("searchbox").input_value() == "rest score>15"
    other.locator("#content summary", has_text="Columns").click()
    assert not other.get_by_label("took").is_checked()
    other.close()


@pytest.mark.parametrize(
    "query", ["?content.sort=99", "?content.sort=-0", "?content.hide=1,2,3,4,5", "?content.sort=x&content.hide=-1,7"]
)
def test_address_that_says_nonsense_does_no_harm(page: Page, site: Path, query: str) -> None:
    open_table(page, site, query)
    assert len(column(page, 1)) == 15


def test_last_column_cannot_be_hidden_and_escape_closes_the_choice(page: Page, site: Path) -> None:
    open_table(page, site)
    summary = page.locator("#content summary", has_text="Columns")
    summary.focus()
    page.keyboard.press("Enter")
    boxes = page.locator("#content fieldset input")
    for number in range(4):
        boxes.nth(number).uncheck()
    assert boxes.nth(4).is_disabled()
    page.keyboard.press("Escape")
    assert not page.locator("#content fieldset").is_visible()
    assert page.evaluate("document.activeElement.textContent") == "Columns"


def test_shown_rows_are_copied_for_spreadsheets_and_as_markdown(page: Page, site: Path) -> None:
    open_table(page, site, "?content.filter=q&content.hide=3,4,5")
    page.get_by_role("button", name="as TSV").click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"name\tscore\n{ATTACK}\t0.50\n"
    page.get_by_role("button", name="as Markdown").click()
    page.get_by_text("Copied").nth(1).wait_for()
    escaped = ATTACK.replace("\\", "\\\\").replace("|", "\\|").replace("`", "\\`").replace("<", "\\<")
    assert page.evaluate("navigator.clipboard.readText()") == f"| name | score |\n| --- | --: |\n| {escaped} | 0.50 |\n"
    assert page.title() != "pwned"


def test_rows_of_groups_stand_together_when_sorted_and_each_says_its_group(page: Page, site: Path) -> None:
    page.goto((site / "runs/index.html").as_uri())
    table = "#runs table"
    before = page.locator(table).inner_text()
    click_head(page, "Took", table)
    assert column(page, 4, table) == [f"{n} min" for n in range(2, 14)]
    assert page.locator(f"{table} .group:visible").count() == 0
    assert "Sunday 4 January 2026" in column(page, 1, table)[0]
    click_head(page, "Took", table)
    click_head(page, "Took", table)
    assert page.locator(table).inner_text() == before


def test_groups_without_a_row_that_passes_are_not_shown(page: Page, site: Path) -> None:
    page.goto((site / "runs/index.html").as_uri())
    groups = page.locator("#runs .group:visible")
    assert groups.count() == 4
    page.get_by_role("searchbox").fill("took>10min")
    assert groups.all_inner_texts() == ["Thursday 1 January 2026"]


def test_heads_sort_by_keyboard(page: Page, site: Path) -> None:
    open_table(page, site)
    page.get_by_role("searchbox").focus()
    for _ in range(5):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('th').getAttribute('aria-sort')") == "ascending"


def test_narrow_listings_are_sorted_by_a_choice(page: Page, site: Path) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto((site / "runs/index.html").as_uri())
    page.get_by_label("Order of rows").select_option(label="Took ▾")
    assert column(page, 4, "#runs table")[:2] == ["13 min", "12 min"]
    wait_for_address(page, "runs.sort=-4")


def test_tables_of_markdown_sort_by_their_heads_and_not_by_a_click_into_them(page: Page, site: Path) -> None:
    page.goto((site / "artifacts/text/index.html").as_uri())
    table = page.locator("#newest .prose table")
    first = table.locator("tbody td:first-child")
    first.nth(1).click()
    assert first.all_inner_texts() == ["2", "10", "1"]
    table.get_by_role("button", name="n").click()
    assert first.all_inner_texts() == ["1", "2", "10"]


def test_head_of_a_long_table_stays_in_sight(page: Page, site: Path) -> None:
    page.set_viewport_size({"width": 1280, "height": 500})
    page.goto((site / "runs/index.html").as_uri())
    page.evaluate("window.scrollTo(0, 500)")
    box = page.locator("#runs thead th").first.bounding_box()
    assert box is not None
    assert box["y"] == 0


def test_code_ids_and_headings_can_be_copied_and_linked(page: Page, site: Path) -> None:
    page.goto((site / "artifacts/text/v12.html").as_uri())
    page.locator("pre").hover()
    page.get_by_role("button", name="Copy code").click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "print(1)\n"
    page.locator("#content h2").hover()
    page.get_by_role("link", name="Link to In full").click()
    assert page.url.endswith("v12.html#content")
    page.get_by_role("button", name="Copy artifact id").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Copied").nth(1).wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "m"
    for link in page.locator(".perma").all():
        assert page.locator((link.get_attribute("href") or "").replace(".", r"\.")).count() == 1


def test_open_controls_have_no_accessibility_finding(page: Page, site: Path) -> None:
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        for name in (
            "artifacts/rows/v12.html?content.sort=2&content.filter=rest",
            "runs/index.html?runs.sort=4",
            "artifacts/text/v12.html",
        ):
            page.goto(f"{site.as_uri()}/{name}")
            page.evaluate("document.querySelectorAll('.tools details').forEach(one => { one.open = true; })")
            assert find_violations(page) == [], (name, width)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)


SHIFT = """() => new Promise(resolve => {
    let total = 0;
    new PerformanceObserver(list => list.getEntries().forEach(e => { total += e.value; }))
        .observe({type: 'layout-shift', buffered: true});
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(total)));
})"""


@pytest.mark.parametrize("width", [1280, 375, 320])
def test_controls_move_nothing(chromium: Browser, site: Path, width: int) -> None:
    """Neither do pages move while they load, nor is anything in another place than without scripts."""
    places = []
    look = """() => [...document.querySelectorAll('main h2, main table, main tr, pre, svg.plot, footer')]
        .map(e => { const b = e.getBoundingClientRect();
            return [e.tagName, b.x, b.y, b.width, b.height].join(' '); })"""
    for runs_scripts in (True, False):
        context = chromium.new_context(viewport={"width": width, "height": 800})
        page = context.new_page()
        if not runs_scripts:
            page.route("**/report.js", lambda route: route.abort())
        found = []
        for name in (
            "runs/index.html",
            "artifacts/rows/v12.html",
            "artifacts/text/v12.html",
            "metrics/loss.html",
            "runs/run-11.html",
        ):
            page.goto(f"{site.as_uri()}/{name}")
            if runs_scripts:
                assert page.evaluate(SHIFT) == 0, name
            found.append((name, page.evaluate(look)))
        places.append(found)
        context.close()
    assert places[0] == places[1]


def test_without_scripts_and_on_paper_there_is_no_control(chromium: Browser, site: Path) -> None:
    with serve_with_headers(site, JENKINS_HEADERS) as url:
        page = chromium.new_page()
        page.goto(f"{url}artifacts/rows/v12.html")
        assert page.locator("main :is(button, input, select)").count() == 0
        page.close()
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "artifacts/rows/v12.html").as_uri())
    assert page.locator("main :is(button, input, select)").count() == 0
    assert not page.locator(".tools").first.is_visible()
    context.close()
    page = chromium.new_page()
    page.goto((site / "artifacts/text/v12.html").as_uri())
    page.emulate_media(media="print")
    assert page.locator(":is(.copy, .perma, .tools):visible").count() == 0
    displays = page.locator(".sort").evaluate_all("all => all.map(one => getComputedStyle(one).display)")
    assert {*displays} == {"contents"}  # the text of a button is left out where a head is printed again
    page.close()
