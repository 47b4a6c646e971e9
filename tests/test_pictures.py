"""Two versions of an image compared in a browser: side by side, swiped, blinking, and the pixels that differ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import wait_until
from logs import HOUR, START, artifact, end, run_start, write_blob, write_run
from playwright.sync_api import Browser, Page

from reportgen.build import build_site
from reportgen.inputs.png import write_png
from reportgen.options import Options

pytestmark = [pytest.mark.heavy, pytest.mark.browser]

RED, BLUE = bytes([200, 30, 30]), bytes([30, 30, 200])
WIDE = write_png([RED * 400] * 200, 400, 200, colour_type=2)
HALF = write_png([RED * 200 + BLUE * 200] * 200, 400, 200, colour_type=2)
NARROW = write_png([BLUE * 200] * 300, 200, 300, colour_type=2)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="%d"><path d="M0 0h30v20z"/></svg>'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    drawings = [SVG % height for height in (20, 30, 40)]
    for number, (picture, drawing) in enumerate(zip((WIDE, HALF, NARROW), drawings, strict=True), 1):
        blobs = (
            write_blob(folder / "runs", f"r{number}", picture),
            write_blob(folder / "runs", f"r{number}", drawing, "svg"),
        )
        records = [
            artifact(f"{key}{number}", key, type="image", data={"blob": blob}, description="A plot")
            for key, blob in zip(("plot", "drawing"), blobs, strict=True)
        ]
        write_run(folder / "runs", f"r{number}", [run_start(), *records, end()], at=START + number * HOUR)
    build_site([folder / "runs"], folder / "site", Options())
    return folder / "site"


@pytest.fixture(params=["light", "dark"])
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = chromium.new_context(color_scheme=request.param, viewport={"width": 1000, "height": 900})
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(error.message))
    yield page
    context.close()


def open_version(page: Page, site: Path, version: int, key: str = "plot", query: str = "") -> None:
    page.goto((site / f"artifacts/{key}/v{version}.html").as_uri() + query)


def find_violations(page: Page) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    return [found["id"] for found in Axe().run(page).response["violations"]]


def visible(page: Page) -> list[str]:
    """Of what can be seen: the pair, the stage, and the pixels that differ."""
    parts = [".pairimg", ".stage", ".pixels"]
    return [part for part in parts if page.locator(part).count() and page.locator(part).is_visible()]


def test_control_takes_the_place_of_words_so_that_nothing_moves(page: Page, site: Path) -> None:
    top = "document.querySelector('.pairimg').getBoundingClientRect().top"
    open_version(page, site, 2)
    assert page.get_by_role("radio", name="Side by side").is_checked()
    with_script = page.evaluate(top)
    plain = page.context.browser.new_context(java_script_enabled=False, viewport={"width": 1000, "height": 900})
    other = plain.new_page()
    open_version(other, site, 2)
    assert other.locator(".views").inner_text() == "Side by side"
    assert other.locator(".pairimg").bounding_box()["y"] == with_script
    assert visible(other) == [".pairimg", ".pixels"]
    plain.close()


def test_every_way_shows_what_it_says_and_is_sound(page: Page, site: Path) -> None:
    open_version(page, site, 2)
    for name, parts in {
        "Swipe": [".stage"],
        "Blink": [".stage"],
        "Difference": [".pixels"],
        "Side by side": [".pairimg", ".pixels"],
    }.items():
        page.get_by_role("radio", name=name).check()
        assert visible(page) == parts, name
        assert find_violations(page) == [], name


def test_swipe_is_moved_by_keys_and_by_pointer(page: Page, site: Path) -> None:
    open_version(page, site, 2, query="?view=swipe")
    assert page.get_by_role("radio", name="Swipe").is_checked()
    slider = page.get_by_role("slider")
    slider.focus()
    for key in ("ArrowRight", "PageUp", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    assert slider.input_value() == "59"
    cuts = "[...document.querySelectorAll('.stage img')].map(image => image.style.clipPath)"
    assert page.evaluate(cuts) == ["inset(0px 41% 0px 0px)", "inset(0px 0px 0px 59%)"]
    box = page.locator(".stage").bounding_box()
    assert (box["width"], box["height"]) == (400, 200)
    page.mouse.move(box["x"] + 10, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 100, box["y"] + 50)
    page.mouse.up()
    assert slider.input_value() == "25"


def test_images_of_different_sizes_are_swiped_at_the_same_scale(page: Page, site: Path) -> None:
    open_version(page, site, 3, query="?view=swipe")
    sizes = page.evaluate("[...document.querySelectorAll('.stage img')].map(i => [i.clientWidth, i.clientHeight])")
    assert sizes == [[400, 200], [200, 300]]
    assert page.evaluate("document.querySelectorAll('.stage img')[1].style.clipPath") == "inset(0px 0px 0px 100%)"
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    sizes = page.evaluate("[...document.querySelectorAll('.stage img')].map(i => i.clientWidth / i.clientHeight)")
    assert sizes == pytest.approx([2, 2 / 3], rel=0.02)


def test_blinking_can_be_stopped_and_stepped(page: Page, site: Path) -> None:
    open_version(page, site, 2, query="?view=blink")
    name = page.locator(".tools b")
    first = name.inner_text()
    page.wait_for_function("name => document.querySelector('.tools b').textContent !== name", arg=first)
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Show v").click()
    shown = name.inner_text()
    away = page.evaluate("[...document.querySelectorAll('.stage img')].map(i => getComputedStyle(i).visibility)")
    assert away == (["visible", "hidden"] if shown == "v1" else ["hidden", "visible"])
    assert page.get_by_role("button", name="Blink").is_visible()


def test_nothing_blinks_by_itself_for_readers_who_want_less_motion(page: Page, site: Path) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.clock.install()
    open_version(page, site, 2, query="?view=blink")
    page.clock.run_for(5000)
    assert page.locator(".tools b").inner_text() == "v2"
    assert page.get_by_role("button", name="Blink").is_visible()


def test_drawings_are_subtracted_by_the_browser(page: Page, site: Path) -> None:
    open_version(page, site, 2, key="drawing")
    assert visible(page) == [".pairimg"]
    page.get_by_role("radio", name="Difference").check()
    assert visible(page) == [".stage"]
    assert page.locator(".stage svg image").count() == 0
    assert find_violations(page) == []


def test_view_is_in_the_address(page: Page, site: Path) -> None:
    open_version(page, site, 2)
    page.get_by_role("radio", name="Blink").check()
    wait_until(page, "location.search === '?view=blink'")
    page.get_by_role("radio", name="Side by side").check()
    wait_until(page, "location.search === ''")


def open_key(page: Page, site: Path, query: str = "") -> None:
    page.goto((site / "artifacts/plot/index.html").as_uri() + query)


def test_any_two_versions_can_be_chosen(page: Page, site: Path) -> None:
    open_key(page, site)
    height = "document.getElementById('versions').getBoundingClientRect().top"
    top = page.evaluate(height)
    assert page.evaluate("document.querySelector('.choose').getBoundingClientRect().height") == 32
    page.get_by_label("Older version").select_option(label="v1")
    assert page.evaluate(height) == top
    page.get_by_role("button", name="Compare").click()
    assert [one.inner_text() for one in page.locator(".pairimg figcaption").all()] == [
        "v1: 400 × 200 pixels",
        "v3: 200 × 300 pixels",
    ]
    for name in ("Swipe", "Blink", "Difference"):
        page.get_by_role("radio", name=name).check()
        assert visible(page) == [".stage"]
        assert find_violations(page) == [], name
    page.get_by_label("Newer version").select_option(label="v2")
    wait_until(page, "location.search === '?view=difference&versions=v1,v2'")
    assert [one.get_attribute("alt") for one in page.locator(".stage img").all()] == ["v1: A plot", "v2: A plot"]


def test_view_of_images_and_order_of_versions_share_the_address(page: Page, site: Path) -> None:
    open_key(page, site, "?versions=v1,v2&view=blink")
    page.get_by_role("button", name="Version", exact=True).click()
    wait_until(page, "location.search === '?view=blink&versions=v1,v2&versions.sort=1'")
    page.get_by_label("Newer version").select_option(label="v3")
    wait_until(page, "location.search === '?view=blink&versions.sort=1&versions=v1,v3'")


def test_link_to_two_versions_shows_them(page: Page, site: Path) -> None:
    open_key(page, site, "?versions=v1,v2&view=swipe")
    assert page.get_by_label("Older version").evaluate("select => select.selectedOptions[0].text") == "v1"
    assert visible(page) == [".stage"]
    assert page.evaluate("[...document.querySelectorAll('.stage img')].every(image => image.naturalWidth === 400)")
    open_key(page, site, "?versions=v9,<b>")
    assert visible(page) == [".pairimg"]
    assert page.locator("main b").count() == 0
