"""The committed site in Firefox, from disk: pages load and fit, scripts run, nothing is blocked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import serve_with_headers
from firefox import Firefox
from hostile import NAUGHTY, write_injections
from logs import model_of
from pages import sample_pages

from reportgen.build import build_site
from reportgen.options import Options

pytestmark = [pytest.mark.heavy, pytest.mark.browser]

LOOK = """
return {
  excess: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  width: document.documentElement.clientWidth,
  images: [...document.images].filter(one => one.complete && !one.naturalWidth).map(one => one.src),
  rules: [...document.styleSheets].map(one => one.href.split('/').pop()),
  pwned: window.wrappedJSObject ? window.wrappedJSObject.pwned : window.pwned,
  title: document.title,
};
"""


PAPER = "return getComputedStyle(document.body).backgroundColor"
CLICK = """
[...document.querySelectorAll('button, label, a')].find(one => one.textContent.trim() === arguments[0]).click();
"""


@pytest.fixture(scope="module")
def demo_pages(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Pages of every template of the committed site."""
    logs = tmp_path_factory.mktemp("logs") / "logs"
    shutil.copytree(repository / "examples/logs", logs)
    site = repository / "site"
    return [site / url for url in sample_pages(site, model_of(logs), 2)]


@pytest.fixture
def window(firefox: Firefox) -> Iterator[Firefox]:
    firefox.open("about:blank")
    firefox.read_console()
    yield firefox
    firefox.resize(1280)


def test_planted_defects_are_found(window: Firefox, tmp_path: Path) -> None:
    policy = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; script-src 'self'\">"
    body = '<p style="color: red">x<script>window.inline = 1</script><script src="a.js"></script>'
    (tmp_path / "page.html").write_text(f'<!doctype html><meta charset="utf-8">{policy}<title>x</title>{body}')
    (tmp_path / "a.js").write_text("addEventListener('load', () => { nothing.there(); });")
    window.open((tmp_path / "page.html").as_uri())
    found = window.read_console()

    assert any("CSPInlineStyle" in line for line in found), found
    assert any("CSPInlineScript" in line for line in found), found
    assert any("nothing is not defined" in line for line in found), found


def test_pages_on_disk_may_not_read_each_other(window: Firefox, tmp_path: Path) -> None:
    page = '<!doctype html><meta charset="utf-8"><title>x</title><script src="a.js"></script>'
    (tmp_path / "page.html").write_text(page)
    (tmp_path / "a.js").write_text(
        "const request = new XMLHttpRequest(); request.open('GET', 'b.txt', false);"
        "try { request.send(); document.title = 'read'; } catch { document.title = 'refused'; }"
    )
    (tmp_path / "b.txt").write_text("x")
    window.open((tmp_path / "page.html").as_uri())

    assert window.run("return document.title") == "refused"


def test_pages_of_every_template_load_and_fit(window: Firefox, demo_pages: list[Path]) -> None:
    assert len(demo_pages) > 15
    for page in demo_pages:
        for width in (1280, 375, 320):
            window.resize(width)
            if width == 1280:
                window.open(page.as_uri())
            look = window.run(LOOK)
            assert (look["excess"], look["images"]) == (0, []), (page, width, look)
            assert width - 20 <= look["width"] <= width
            assert "report.css" in look["rules"]
        assert window.read_console() == [], page


def test_scripts_run_on_disk(window: Firefox, repository: Path) -> None:
    page = (repository / "site/index.html").as_uri()
    colours = []
    for choice in ("Dark", "Light"):
        window.open(page)
        window.run(CLICK, choice)
        window.open(page)  # Firefox keeps storage for each file of a disk by itself
        colours.append(window.run(PAPER))

    assert colours[0] != colours[1]
    assert window.read_console() == []


def test_choices_hold_on_the_next_page_of_a_server(window: Firefox, repository: Path) -> None:
    with serve_with_headers(repository / "site", {}) as address:
        colours = []
        for choice in ("Dark", "Light"):
            window.open(f"{address}index.html")
            window.run(CLICK, choice)
            window.open(f"{address}runs/index.html")
            colours.append(window.run(PAPER))

    assert colours[0] != colours[1]
    assert window.read_console() == []


def test_hostile_records_run_nothing(window: Firefox, tmp_path: Path) -> None:
    write_injections(tmp_path / "runs", NAUGHTY)
    build_site([tmp_path / "runs"], tmp_path / "site", Options(title=NAUGHTY[1]))
    window.resize(1280)
    for url in sample_pages(tmp_path / "site", model_of(tmp_path / "runs"), 2):
        window.open((tmp_path / "site" / url).as_uri())
        look = window.run(LOOK)
        assert not look["pwned"], url
        assert look["title"] != "pwned", url
        assert window.read_console() == [], url
