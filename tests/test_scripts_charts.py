"""What scripts add to charts, in a real browser: values, zoom, scale, smoothing, series, the view in the address."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser import find_violations
from logs import HOUR, START, artifact, end, list_metric, metric, run_start, write_run

from reportgen.build import build_site
from reportgen.options import Options

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.heavy

ATTACK = "<img src=x onerror=\"document.title='pwned'\">"
LOSS = [2.5 * math.exp(-n / 20) + 0.1 for n in range(100)]
NOISY = [0.5 + (0.2 if n % 2 else -0.2) for n in range(100)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("charts")
    for number in range(12):
        records = [
            run_start(ATTACK if number % 2 else "fraud"),
            metric("accuracy", 0.9 + number / 1000),
            list_metric("loss", [value + number / 100 for value in LOSS]),
            list_metric("noisy", NOISY),
            list_metric("odd", [1.0, 2.0, "NaN", 4.0, "Infinity", -3.0], x=[0.5, 1.0, 1.5, 2.0, 2.5, 3.0]),
            artifact("p", "text", data=f"version {number}"),
            end(),
        ]
        write_run(folder / "runs", f"run-{number:02}", records, at=START + number * 24 * HOUR)
    build_site([folder / "runs"], folder / "site", Options())
    return folder / "site"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 1000})
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
    title = page.title()
    context.close()
    assert problems == []
    assert title != "pwned"


def open_run(page: Page, site: Path, query: str = "") -> None:
    page.goto((site / "runs/run-10.html").as_uri() + query)


def reader(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=f"Values of {name}")


def spoken(page: Page, name: str) -> str:
    return (reader(page, name).get_attribute("aria-valuetext") or "").replace("\u00a0", " ")


def frame(page: Page, name: str) -> tuple[float, float, float, float]:
    reader(page, name).scroll_into_view_if_needed()
    box = reader(page, name).bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


def hover(page: Page, name: str, share: float) -> None:
    x, y, width, height = frame(page, name)
    page.mouse.move(x + share * width, y + height / 2)


def drag(page: Page, name: str, start: float, stop: float) -> None:
    x, y, width, height = frame(page, name)
    page.mouse.move(x + start * width, y + height / 2)
    page.mouse.down()
    page.mouse.move(x + stop * width, y + height / 2, steps=4)
    page.mouse.up()


def drawing(page: Page, name: str) -> str:
    """The markup that is shown of a chart, without the crosshair."""
    return str(
        reader(page, name).evaluate(
            """reader => [...reader.previousElementSibling.children]
                .filter(one => !one.hasAttribute('hidden') && !one.matches('.cross, desc, title'))
                .map(one => one.outerHTML).join('')"""
        )
    )


def labels(page: Page, name: str, *, axis: str) -> list[str]:
    """The numbers along an axis as they are shown."""
    return [
        str(text)
        for text in reader(page, name).evaluate(
            """(reader, axis) => [...reader.previousElementSibling.querySelectorAll('text')]
                .filter(one => one.getClientRects().length && (axis === 'y') === one.getAttribute('x').startsWith('-'))
                .map(one => one.textContent)""",
            axis,
        )
    ]


def test_pointer_reads_the_values_of_all_series_in_the_digits_that_were_recorded(page: Page, site: Path) -> None:
    open_run(page, site)
    hover(page, "loss", 10 / 99)
    now, before = LOSS[10] + 0.1, LOSS[10] + 0.08
    assert spoken(page, "loss") == f"x 10: this run {now:.3f}; the run before, {run_name(page)} {before:.3f}"
    readout = page.locator("#curves .readout").first
    assert readout.is_visible()
    assert readout.inner_text().split()[:2] == ["x", "10"]
    page.mouse.move(5, 5)
    assert not readout.is_visible()


def run_name(page: Page) -> str:
    return page.locator("dt", has_text="Run before").locator("xpath=../dd/a").first.inner_text()


def test_charts_of_a_run_are_read_at_the_same_place(page: Page, site: Path) -> None:
    open_run(page, site)
    hover(page, "loss", 20 / 99)
    assert spoken(page, "noisy").startswith("x 20: this run 0.300")


def test_keys_go_from_point_to_point(page: Page, site: Path) -> None:
    open_run(page, site)
    reader(page, "noisy").focus()
    said = []
    for key in (
        "ArrowRight",
        "ArrowRight",
        "PageDown",
        "PageUp",
        "End",
        "ArrowRight",
        "ArrowLeft",
        "Home",
        "ArrowLeft",
    ):
        page.keyboard.press(key)
        said.append(spoken(page, "noisy").split(":", maxsplit=1)[0])
    assert said == ["x 0", "x 1", "x 0", "x 10", "x 99", "x 99", "x 98", "x 0", "x 0"]
    assert reader(page, "noisy").get_attribute("aria-valuemax") == "99"
    page.keyboard.press("Tab")
    assert page.locator("#curves .readout:visible").count() == 0


def test_gaps_and_values_that_are_not_finite_are_said(page: Page, site: Path) -> None:
    open_run(page, site)
    reader(page, "odd").focus()
    said = []
    for _ in range(6):
        page.keyboard.press("ArrowRight")
        said.append(spoken(page, "odd").split(";")[0])
    assert [text.split(": this run ") for text in said] == [
        ["x 0.5", "1.000"], ["x 1", "2.000"], ["x 1.5", "NaN"], ["x 2", "4.000"], ["x 2.5", "∞"], ["x 3", "−3.000"],
    ]  # fmt: skip


def test_dragging_zooms_all_charts_over_x_and_a_double_click_brings_back_what_was_drawn(page: Page, site: Path) -> None:
    open_run(page, site)
    before = drawing(page, "loss"), drawing(page, "noisy")
    drag(page, "loss", 20 / 99, 60 / 99)
    page.wait_for_function("() => location.search === '?curves.x=20..60'")
    assert labels(page, "loss", axis="x") == ["20", "40", "60"]
    assert labels(page, "noisy", axis="x") == ["20", "40", "60"]
    assert page.locator("#curves .told").inner_text() == "x 20 to 60"
    assert max(float(text) for text in labels(page, "loss", axis="y")) < LOSS[20] + 0.2, "y fits what is shown"
    hover(page, "loss", 0.5)
    assert spoken(page, "loss").startswith(f"x 40: this run {LOSS[40] + 0.1:.3f}")
    page.mouse.dblclick(*frame(page, "loss")[:2])
    assert (drawing(page, "loss"), drawing(page, "noisy")) == before
    page.wait_for_function("() => location.search === ''")


def test_keys_zoom_around_the_point_that_is_read(page: Page, site: Path) -> None:
    open_run(page, site)
    reader(page, "loss").focus()
    page.keyboard.press("End")
    page.keyboard.press("+")
    assert page.locator("#curves .told").inner_text() == "x 50 to 99"
    page.keyboard.press("-")
    page.keyboard.press("-")
    assert page.locator("#curves .told").inner_text() == "Drag to zoom"
    page.keyboard.press("+")
    page.keyboard.press("Escape")
    assert page.locator("#curves .told").inner_text() == "Drag to zoom"


def test_buttons_zoom_without_dragging(page: Page, site: Path) -> None:
    open_run(page, site)
    page.get_by_role("button", name="Zoom in").click()
    assert page.locator("#curves .told").inner_text() == "x 25 to 74"
    page.get_by_role("button", name="Reset").click()
    assert page.locator("#curves .told").inner_text() == "Drag to zoom"


def test_y_is_drawn_logarithmic_where_all_values_are_above_zero(page: Page, site: Path) -> None:
    open_run(page, site)
    before = labels(page, "odd", axis="y")
    page.get_by_label("Scale of y").select_option("log")
    assert labels(page, "loss", axis="y") == ["0.2", "0.5", "1", "2"]
    path = page.locator("#curves .plot > g .ln.s1").first.get_attribute("d") or ""
    ys = path_ys(path)
    steps = [math.log(LOSS[n] + 0.1) - math.log(LOSS[n + 1] + 0.1) for n in (0, 20)]
    drops = [ys[n + 1] - ys[n] for n in (0, 20)]
    assert drops[0] / drops[1] == pytest.approx(steps[0] / steps[1], rel=0.05)
    assert labels(page, "odd", axis="y") == before, "it has values below zero"


def path_ys(path: str) -> list[float]:
    return [float(number) for number in path.removeprefix("M").split()[1::2]]


def test_smoothing_draws_the_mean_over_the_pale_points(page: Page, site: Path) -> None:
    open_run(page, site)
    page.get_by_label("Smooth").fill("0.9")
    layer = page.locator("#curves figure").nth(1).locator(".plot > g")
    assert layer.locator(".faint").count() == 2
    ys = path_ys(layer.locator(".ln.s1:not(.faint)").get_attribute("d") or "")
    assert max(ys[20:]) - min(ys[20:]) < 10, "120 px are all of the noise"
    reader(page, "noisy").focus()
    page.keyboard.press("End")
    assert spoken(page, "noisy").startswith("x 99, smoothed (recorded): this run 0.5")
    assert "(0.700" in spoken(page, "noisy")


def test_series_go_and_come_by_their_names_in_the_legend(page: Page, site: Path) -> None:
    open_run(page, site)
    before = drawing(page, "loss")
    button = page.get_by_role("button", name="the run before")
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert 's0"' not in drawing(page, "loss")
    hover(page, "loss", 0)
    assert "the run before" not in spoken(page, "loss")
    button.click()
    assert drawing(page, "loss") == before


def test_view_of_charts_is_in_the_address_and_another_reader_sees_the_same(page: Page, site: Path) -> None:
    open_run(page, site, "#curves")
    drag(page, "loss", 20 / 99, 60 / 99)
    page.get_by_label("Scale of y").select_option("log")
    page.get_by_label("Smooth").fill("0.6")
    page.get_by_role("button", name="the run before").click()
    page.wait_for_function("() => location.search.includes('off')")
    assert page.url.endswith("#curves")
    other = page.context.new_page()
    other.goto(page.url)
    assert drawing(other, "loss") == drawing(page, "loss")
    assert other.get_by_label("Smooth").input_value() == "0.6"
    other.close()


@pytest.mark.parametrize(
    "query",
    ["?curves.x=a..b", "?curves.x=500..900", "?curves.x=9..1&curves.smooth=99", "?curves.off=s9,x&curves.scale=x"],
)
def test_address_that_says_nonsense_shows_a_chart(page: Page, site: Path, query: str) -> None:
    open_run(page, site, query)
    assert page.locator("#curves .plot .ln:visible").count() >= 3
    assert "NaN" not in drawing(page, "loss")


@pytest.fixture(scope="module")
def timed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose points lie at powers of two and came a minute apart, and a list metric recorded at once."""
    folder = tmp_path_factory.mktemp("timed")
    points = [list_metric("loss", [1 / (n + 1)], x=[2**n], ts=START + 30_000_000 + n * 60_000_000) for n in range(10)]
    records = [run_start(ts=START), *points, list_metric("plain", [3.0, 1.0, 2.0], ts=START), end(ts=START + HOUR)]
    write_run(folder / "runs", "run", records)
    build_site([folder / "runs"], folder / "site", Options())
    return folder / "site/runs/run.html"


def test_x_is_the_number_of_the_point_or_the_time_since_the_run_began(page: Page, timed: Path) -> None:
    page.goto(timed.as_uri())
    drawn = drawing(page, "loss"), drawing(page, "plain")
    hover(page, "loss", 0)
    assert spoken(page, "loss").startswith("x 1: ")
    choice = page.get_by_label("What x is")
    assert choice.locator("option").all_inner_texts() == ["as drawn", "index", "time"]
    choice.select_option("index")
    assert labels(page, "loss", axis="x") == ["0", "4", "8"]
    hover(page, "loss", 3 / 9)
    assert spoken(page, "loss") == f"point 3: this run {1 / 4:.4f}"
    choice.select_option("time")
    assert labels(page, "loss", axis="x") == ["2\u00a0min", "6\u00a0min"]
    hover(page, "loss", 3 / 9)
    assert spoken(page, "loss") == f"3 min 30 s: this run {1 / 4:.4f}"
    drag(page, "loss", 0.5, 1)
    assert labels(page, "loss", axis="x")[0] == "6\u00a0min"
    assert drawing(page, "plain") == drawn[1]
    page.wait_for_function("() => location.search.includes('by=time') && location.search.includes('x=')")
    other = page.context.new_page()
    other.goto(page.url)
    assert drawing(other, "loss") == drawing(page, "loss")
    other.close()
    page.get_by_role("button", name="Reset the view").click()
    assert (drawing(page, "loss"), drawing(page, "plain")) == drawn


def test_points_that_came_at_once_offer_no_other_x(page: Page, site: Path) -> None:
    open_run(page, site)
    assert page.get_by_label("What x is").count() == 0


def test_history_names_the_run_at_each_point_and_its_links_work(page: Page, site: Path) -> None:
    page.goto((site / "metrics/accuracy.html").as_uri())
    reader(page, "accuracy").focus()
    page.keyboard.press("End")
    name, _, value = spoken(page, "accuracy").rpartition(": ")
    assert name.endswith(", 12 Jan 2026")
    assert value == f"{ATTACK[:27]}… 0.911" or value.endswith(" 0.911")
    page.locator("#history .plot a").last.click()
    assert page.url.endswith("/runs/run-11.html") or page.url.endswith("/runs/run-10.html")


def test_lines_named_at_their_ends_are_switched_in_the_bar(page: Page, site: Path) -> None:
    page.goto((site / "metrics/accuracy.html").as_uri())
    page.get_by_role("button", name="fraud").click()
    assert page.locator("#history .plot > g .lab").all_text_contents() == [ATTACK[:27] + "…"]


def test_touch_reads_values_and_lets_the_page_scroll(chromium: Browser, site: Path) -> None:
    context = chromium.new_context(has_touch=True, viewport={"width": 375, "height": 800})
    page = context.new_page()
    open_run(page, site)
    x, y, width, height = frame(page, "loss")
    page.touchscreen.tap(x + width * 0.99, y + height / 2)
    assert spoken(page, "loss").startswith("x 98: ")
    assert page.evaluate("getComputedStyle(document.querySelector('.plot')).touchAction") == "pan-y"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_charts_in_use_have_no_accessibility_finding(page: Page, site: Path) -> None:
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        for name in (
            "runs/run-10.html?curves.x=20..60&curves.smooth=.5&curves.off=s0",
            "metrics/loss.html",
            "metrics/accuracy.html",
            "pipelines/fraud.html",
        ):
            page.goto(f"{site.as_uri()}/{name}")
            page.locator(".reader").first.focus()
            page.keyboard.press("End")
            assert find_violations(page) == [], (name, width)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
