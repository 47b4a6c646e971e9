"""SITE.md, "How it is proved", over sites of real and of hostile records, whatever pages those have.

The sites are made once. Pages are never named here: all of them, or a sample of each template.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest
from browser import JENKINS_HEADERS, crawl, find_violations, serve_with_headers
from hostile import NAUGHTY, read_injections, write_injections
from logs import model_of
from pages import broken_links, reachable_pages, read_site, sample_pages
from realdata import write_real_data

from reportgen.build import build_site
from reportgen.model import Model
from reportgen.options import Options

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.heavy


@dataclass(frozen=True)
class Site:
    """A built site and what it was built from."""

    folder: Path
    model: Model

    @property
    def start(self) -> str:
        return (self.folder / "index.html").as_uri()

    def sample(self, n: int, largest: float = math.inf) -> list[Path]:
        return [self.folder / url for url in sample_pages(self.folder, self.model, n, largest)]


def build(folder: Path, title: str) -> Site:
    options = Options(title=title)
    build_site([folder / "runs"], folder / "site", options)
    return Site(folder / "site", model_of(folder / "runs", options=options))


@pytest.fixture(scope="module")
def real(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site of the sample sets: hundreds of runs, odd names, missing values, four scripts."""
    folder = tmp_path_factory.mktemp("real")
    write_real_data(shared_data, folder / "runs")
    return build(folder, "Real data")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Site:
    """A site of attacks and odd strings, those of a collection too where the sample data has it."""
    folder = tmp_path_factory.mktemp("hostile")
    collection = repository.parent / "shared/data/xss-markdown/XSS_Filter_Evasion_Cheat_Sheet.md"
    collected = read_injections(collection.read_text("utf-8")) if collection.is_file() else []
    write_injections(folder / "runs", [*NAUGHTY, *collected])
    return build(folder, NAUGHTY[0])


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


# Real data


def test_real_records_are_all_used(real: Site) -> None:
    assert real.model.n_problems == 0, real.model.first_problems(5)
    assert len(real.model.runs) > 200
    assert {run.status for run in real.model.runs} >= {"completed", "failed", "cancelled", "stalled"}


def test_real_site_reads_without_a_finding(chromium: Browser, real: Site) -> None:
    report = crawl(chromium, real.start, javascript=True, most=150)

    assert not report.findings, report


@pytest.mark.parametrize("which", ["real", "hostile"])
def test_all_links_lead_somewhere_and_to_all_pages(which: str, request: pytest.FixtureRequest) -> None:
    files = read_site(request.getfixturevalue(which).folder)

    assert broken_links(files) == []
    assert reachable_pages(files) == {url for url in files if url.endswith(".html")} - {"404.html"}


def test_real_pages_fit_and_read_without_javascript(chromium: Browser, real: Site) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    excess = {}
    for path in real.sample(4):
        page.goto(path.as_uri())
        for width in (320, 375, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            excess[path, width] = wider
    context.close()

    assert {place: pixels for place, pixels in excess.items() if pixels} == {}


def test_real_pages_read_over_http_with_the_network_off_but_for_their_server(chromium: Browser, real: Site) -> None:
    with serve_with_headers(real.folder, {}) as address:
        assert look_at(chromium, real, address, javascript=True) == []
    with serve_with_headers(real.folder, JENKINS_HEADERS) as address:
        found = look_at(chromium, real, address, javascript=False)
        assert [one for one in found if "Blocked script execution" not in one] == []


def look_at(browser: Browser, site: Site, address: str, *, javascript: bool) -> list[str]:
    """Load a sample of a site from a server, and refuse every request that does not go there."""
    context = browser.new_context(java_script_enabled=javascript)
    found: list[str] = []

    def answer(route: Any) -> None:
        if route.request.url.startswith(address):
            route.continue_()
        else:
            found.append(f"asked for {route.request.url}")
            route.abort()

    context.route("**", answer)
    page = context.new_page()
    page.on("console", lambda message: found.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: found.append(error.message))
    for path in site.sample(2):
        page.goto(f"{address}{path.relative_to(site.folder).as_posix()}")
    context.close()
    return [one for one in found if "favicon.ico" not in one]


# Hostile records

TRAP = """
window.dialogs = 0;
for (const name of ['alert', 'confirm', 'prompt']) window[name] = () => { window.dialogs += 1; };
"""
LOOK = """() => ({
  title: document.title, dialogs: window.dialogs, pwned: 'pwned' in window, inherited: ({}).pwned !== undefined,
  scripts: [...document.scripts].map(one => one.src || one.text),
  handlers: [...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames())
    .filter(name => /^on/.test(name)),  // scripts of the site set styles, which markup must not
  loads: [...document.querySelectorAll('iframe, object, embed, base, form, style, meta[http-equiv=refresh]')].length,
})"""


def test_hostile_records_run_nothing_in_chromium(page: Page, hostile: Site) -> None:
    log: list[str] = []
    visits: list[str] = []
    page.add_init_script(TRAP)
    page.on("dialog", lambda dialog: (log.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("popup", lambda popup: log.append(f"popup {popup.url}"))
    page.on("download", lambda download: log.append(f"download {download.url}"))
    page.on("console", lambda message: log.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: log.append(error.message))
    page.on("request", lambda request: visits.append(request.url))
    pages = sorted(hostile.folder.rglob("*.html"))
    for path in pages:
        page.goto(path.as_uri())
        look = page.evaluate(LOOK)
        assert page.url == path.as_uri()
        assert (look["dialogs"], look["pwned"], look["inherited"]) == (0, False, False), path
        assert look["title"] != "pwned", path
        assert (look["handlers"], look["loads"]) == ([], 0), path
        assert all(is_own(script, hostile.folder) for script in look["scripts"]), (path, look["scripts"])
        assert not log, (path, log)
    assert len(pages) > 150
    assert [url for url in visits if not is_own(url, hostile.folder)] == []


def is_own(url: str, folder: Path) -> bool:
    """Whether an address is that of a file of the site."""
    parts = urlsplit(url)
    return parts.scheme == "file" and Path(unquote(parts.path)).is_relative_to(folder)


# Accessibility

LARGEST_FOR_AXE = 14_000  # its time grows faster than the page


@pytest.mark.parametrize("which", ["real", "hostile"])
def test_pages_of_every_template_have_no_accessibility_finding(
    page: Page, which: str, request: pytest.FixtureRequest
) -> None:
    site: Site = request.getfixturevalue(which)
    found = {}
    for path in site.sample(2, LARGEST_FOR_AXE):
        page.goto(path.as_uri())
        found[path] = find_violations(page)

    assert {path: lines for path, lines in found.items() if lines} == {}


# Valid HTML

# Of a `file:` address, `'self'` means nothing to the checker; browsers know that it means the site.
NOT_OURS = re.compile("violates Content Security Policy")

# What records hold is theirs: these are said of the text of a page, not of its markup.
OF_CONTENT = re.compile("Normalization Form C|not mappable to XML 1.0|appears to be written in|Private Use Area")


def check_html(command: Sequence[str], places: Sequence[Path]) -> Iterator[str]:
    """Give what the checker says of some pages, or of all in some folders, errors and warnings, a line each."""
    done = subprocess.run(
        [*command, "--format", "json", "--skip-non-html", *map(str, places)],
        capture_output=True,
        check=False,
        timeout=300,
    )
    for message in json.loads(done.stderr)["messages"]:
        kind = message.get("subType") or message["type"]
        if not NOT_OURS.search(message["message"]):
            yield f"{kind}: {message['message']} ({message.get('url', '')}: {message.get('extract', '')!r})"


def test_checker_finds_planted_defects(html_checker: list[str], tmp_path: Path) -> None:
    start = '<!doctype html><html lang="en"><meta charset="utf-8"><title>x</title>'
    (tmp_path / "page.html").write_text(f'{start}<p id="a">x<p id="a">y<h1><p>z</p></h1>')
    found = "\n".join(check_html(html_checker, [tmp_path]))

    assert "Duplicate ID" in found
    assert "not allowed as child of element" in found


def test_pages_of_every_template_are_valid_html(
    html_checker: list[str], real: Site, hostile: Site, repository: Path
) -> None:
    found = list(check_html(html_checker, [repository / "site", *real.sample(8), *hostile.sample(8)]))

    assert [line for line in found if not OF_CONTENT.search(line)][:20] == []
