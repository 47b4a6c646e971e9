"""The harness of the browser tests finds each kind of defect, and none in a sound site."""

from __future__ import annotations

import base64
import http.client
from pathlib import Path

import pytest
from browser import JENKINS_HEADERS, CrawlReport, Kind, crawl, serve_with_headers
from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:"
PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
CHART = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><a href="runs/two.html"><text>2</text></a></svg>'

both_modes = pytest.mark.parametrize("javascript", [True, False], ids=["script", "noscript"])


def write_page(path: Path, body: str, *, policy: str = POLICY) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">' if policy else ""
    path.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8">{meta}<title>t</title><body>{body}</body></html>'
    )


def write_sound_site(folder: Path) -> Path:
    """Three pages, one of them linked only from inside a chart, an image, a style sheet and a download."""
    write_page(
        folder / "index.html",
        f'<link rel="stylesheet" href="style.css"><img src="dot.png" alt="dot">{CHART}'
        '<a href="runs/one%20run.html#end">1</a> <a href="data.csv" download>d</a> <a href="https://example.org/x">out</a>',
    )
    write_page(folder / "runs" / "one run.html", '<h2 id="end">End</h2><a href="../index.html">up</a>')
    write_page(folder / "runs" / "two.html", '<a href="one%20run.html?sort=name#end">1</a>')
    (folder / "style.css").write_text("body { margin: 0 }")
    (folder / "data.csv").write_text("a,b\n")
    (folder / "dot.png").write_bytes(PIXEL)
    return folder / "index.html"


def crawl_body(
    browser: Browser, folder: Path, body: str, *, javascript: bool = True, policy: str = POLICY
) -> CrawlReport:
    write_page(folder / "index.html", body, policy=policy)
    return crawl(browser, (folder / "index.html").as_uri(), javascript=javascript, widths=(320,))


@both_modes
def test_sound_site_has_no_findings(chromium: Browser, tmp_path: Path, javascript: bool) -> None:
    start = write_sound_site(tmp_path / "site")
    report = crawl(chromium, start.as_uri(), javascript=javascript, widths=(320, 1280))
    assert not report.findings, report
    assert sorted(report.pages) == ["index.html", "runs/one run.html", "runs/two.html"]


@both_modes
def test_sound_site_passes_under_the_policy_of_jenkins(chromium: Browser, tmp_path: Path, javascript: bool) -> None:
    write_sound_site(tmp_path / "site")
    with serve_with_headers(tmp_path / "site", JENKINS_HEADERS) as address:
        report = crawl(chromium, f"{address}index.html", javascript=javascript)
    assert not report.findings, report
    assert len(report.pages) == 3


DEFECTS: dict[str, tuple[Kind, str, str]] = {
    "missing page": ("broken link", '<a href="no.html">x</a>', "no.html is missing"),
    "missing page in a chart": (
        "broken link",
        '<svg><a xlink:href="no.html"><text>x</text></a></svg>',
        "no.html is missing",
    ),
    "missing download": ("broken link", '<a href="no.csv">x</a>', "no.csv is missing"),
    "folder": ("broken link", '<a href="runs/">x</a>', "runs/ is a folder"),
    "outside of the site": ("broken link", '<a href="../x.html">x</a>', "../x.html lies outside the site"),
    "missing fragment": ("missing fragment", '<a href="#no">x</a>', "index.html#no"),
    "missing style": ("failed request", '<link rel="stylesheet" href="no.css">', "no.css net::ERR_FILE_NOT_FOUND"),
    "missing image": ("broken image", '<img src="no.png" alt="x">', "no.png"),
    "file that is no image": ("broken image", '<img src="index.html" alt="x">', "index.html"),
    "inline style": ("policy violation", '<p style="color: red">x</p>', "style"),
    "remote image": ("outside request", '<img src="https://example.org/x.png" alt="x">', "https://example.org/x.png"),
    "wide block": ("overflow", '<svg width="400" height="9"></svg>', "px too wide at 320 px"),
}


@both_modes
@pytest.mark.parametrize(("kind", "body", "detail"), DEFECTS.values(), ids=[*DEFECTS])
def test_defect_is_found(
    chromium: Browser, tmp_path: Path, kind: Kind, body: str, detail: str, javascript: bool
) -> None:
    (tmp_path / "site" / "runs").mkdir(parents=True)
    report = crawl_body(chromium, tmp_path / "site", body, javascript=javascript)
    assert any(detail in finding.detail for finding in report.of(kind)), report
    assert all(finding.page == "index.html" for finding in report.findings)


SCRIPT_DEFECTS: dict[str, tuple[Kind, str, str]] = {
    "console error": ("console error", "console.error('went wrong')", "went wrong"),
    "uncaught exception": ("page error", "nothing.there()", "nothing is not defined"),
    "remote fetch": ("outside request", "new Image().src = 'https://example.org/x'", "https://example.org/x"),
}


@pytest.mark.parametrize(("kind", "script", "detail"), SCRIPT_DEFECTS.values(), ids=[*SCRIPT_DEFECTS])
def test_defect_of_a_script_is_found(chromium: Browser, tmp_path: Path, kind: Kind, script: str, detail: str) -> None:
    (tmp_path / "page.js").write_text(script)
    report = crawl_body(chromium, tmp_path, '<script src="page.js"></script>')
    assert any(detail in finding.detail for finding in report.of(kind)), report


def test_inline_script_is_blocked_and_found(chromium: Browser, tmp_path: Path) -> None:
    report = crawl_body(chromium, tmp_path, "<script>console.error('it ran')</script>")
    details = [finding.detail for finding in report.of("policy violation")]
    assert "script-src-elem blocked inline" in details, report  # told by the event
    assert any("Executing inline script" in detail for detail in details), report  # told by the console
    assert not report.of("console error")


def test_no_script_runs_with_javascript_off(chromium: Browser, tmp_path: Path) -> None:
    report = crawl_body(chromium, tmp_path, "<script>console.error('it ran')</script>", javascript=False, policy="")
    assert not report.findings, report


def test_allowed_host_may_be_loaded_from(chromium: Browser, tmp_path: Path) -> None:
    write_sound_site(tmp_path / "other")
    with serve_with_headers(tmp_path / "other", {}) as address:
        write_page(tmp_path / "site" / "index.html", f'<img src="{address}dot.png" alt="x">', policy="")
        start = (tmp_path / "site" / "index.html").as_uri()
        assert crawl(chromium, start, javascript=True).of("outside request")
        report = crawl(chromium, start, javascript=True, allow_hosts={"127.0.0.1"})
    assert not report.findings, report


def test_defects_are_found_over_http(chromium: Browser, tmp_path: Path) -> None:
    write_page(tmp_path / "index.html", '<a href="no.html">x</a><img src="no.png" alt="x"><b style="color: red">x</b>')
    with serve_with_headers(tmp_path, JENKINS_HEADERS) as address:
        report = crawl(chromium, f"{address}index.html", javascript=True)
    kinds = {finding.kind for finding in report.findings}
    assert kinds == {"broken link", "failed request", "broken image", "policy violation", "console error"}, report


def test_server_sends_the_headers_with_every_answer(tmp_path: Path) -> None:
    with serve_with_headers(tmp_path, {"X-Frame-Options": "DENY"}) as address:
        connection = http.client.HTTPConnection(address.split("/")[2])
        for path, status in [("/", 200), ("/no.html", 404)]:
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            assert (response.status, response.version, response.headers["X-Frame-Options"]) == (status, 11, "DENY")
        connection.close()
