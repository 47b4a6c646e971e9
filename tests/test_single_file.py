"""One HTML file of a page and those it links to: whole by itself, and nothing in it that was not in the site."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from logs import HOUR, PNG, START, artifact, end, metric, run_start, step_start, write_blob, write_run
from logs import write_small_project as write_project

from reportgen import cli, urls
from reportgen.archives import pack_site, single, write_single
from reportgen.build import build_site
from reportgen.errors import InputError, OutputError
from reportgen.options import Options

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that no test changes."""
    folder = tmp_path_factory.mktemp("single")
    write_project(folder / "runs")
    hostile = "# <b>Hi</b>\n\n</script></style><script>alert(1)</script>\n\n[y](http://[::1/x) [z](//example.org/p) ![x](https://example.org/track.png)\n"
    records = [
        run_start("churn", name="page-1-main </script>"),
        step_start("metrics", "page-1-metrics"),
        artifact("h1", "notes", data=hostile),
        artifact("h2", "remote", type="image", data={"url": "https://example.org/track.png"}),
        metric("accuracy", 0.99),
        end(step="metrics"),
        end(),
    ]
    write_run(folder / "runs", "hostile", records, at=START + 6 * HOUR)
    build_site([folder / "runs"], folder / "site", Options())
    return folder / "site"


class _Look(HTMLParser):
    """What a file has: ids, links, and what it loads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.references: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            assert name[:2] != "on", (tag, name)
            assert name not in ("style", "srcset"), (tag, name)
            if name == "id":
                self.ids.append(value or "")
            elif tag == "a" and name == "href":
                self.links.append(value or "")
            elif name in ("aria-labelledby", "aria-describedby"):
                self.references += (value or "").split()
            elif name in ("src", "href", "xlink:href", "data", "poster"):
                self.loads.append(value or "")


def write(site: Path, page: str, *, url: str = "") -> str:
    write_single(site, Path("out.html"), page, url=url)
    return Path("out.html").read_text("utf-8")


PAGES = [
    urls.OVERVIEW,
    urls.run("run-2"),
    urls.run("hostile"),
    urls.key("summary"),
    urls.key("plot"),
    urls.metric("loss"),
]


@pytest.mark.parametrize("page", PAGES)
def test_file_needs_nothing_else_and_its_links_lead_to_places_in_it(site: Path, page: str) -> None:
    found = _Look(write(site, page))

    assert len(found.ids) == len(set(found.ids))
    assert {link[1:] for link in found.links if link.startswith("#")} <= {*found.ids}
    assert {*found.references} <= {*found.ids}
    assert all(
        link.startswith(("#", "https://example.org/", "data:text/", "data:application/json")) for link in found.links
    )
    assert all(load.startswith(("data:image/", "#")) for load in found.loads)


def test_links_between_pages_of_the_file_stay_links(site: Path) -> None:
    html = write(site, urls.key("summary"))
    anchors = dict(re.findall(r'<li><a href="#(page-\d+)">([^<]*)</a></li>', html))

    assert {"summary v1", "summary v4"} <= {*anchors.values()}
    for anchor, title in anchors.items():
        assert f'<article class="leaf" id="{anchor}">' in html
        assert html.count(f'href="#{anchor}"') > 1 or title == "run-f", title


def test_links_out_of_the_file_are_text_or_lead_to_the_published_site(site: Path) -> None:
    plain, linked = write(site, urls.run("run-2")), write(site, urls.run("run-2"), url="https://ex.org/r")

    assert "https://ex.org" not in plain
    assert '<a href="https://ex.org/r/runs/index.html">Runs</a>' in linked
    assert "<span>Runs</span>" in plain
    assert '<a href="https://ex.org/r/index.html">The whole site</a>' in linked


def test_policy_allows_the_styles_and_scripts_of_the_file_alone(site: Path) -> None:
    html = write(site, urls.run("hostile"))
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in policy[1]
    assert "img-src data:;" in policy[1]
    assert "http" not in policy[1]
    assert "(not in this file)" in html


def test_images_and_small_downloads_are_in_the_file(site: Path) -> None:
    html = write(site, urls.run("run-2"))

    assert f'src="data:image/png;base64,{base64.b64encode(PNG).decode()}"' in html
    csv = (site / "artifacts/worst-rows/v3.csv").read_bytes()
    assert f'href="data:text/csv;base64,{base64.b64encode(csv).decode()}" download="worst-rows-v3.csv"' in html


def test_same_site_gives_the_same_file(site: Path, tmp_path: Path) -> None:
    shutil.copytree(site, tmp_path / "copy")
    pack_site(site, tmp_path / "site.zip")

    assert (
        write(site, urls.OVERVIEW)
        == write(tmp_path / "copy", urls.OVERVIEW)
        == write(tmp_path / "site.zip", urls.OVERVIEW)
    )


def refusal(site: Path, output: str = "out.html", page: str = urls.OVERVIEW) -> str:
    with pytest.raises((InputError, OutputError)) as caught:
        write_single(site, Path(output), page)
    return caught.value.slug


def test_what_cannot_be_written_is_refused_and_leaves_nothing(site: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.html").write_text("<p>my page")
    assert refusal(site, "mine.html") == "foreign-file"
    assert (tmp_path / "mine.html").read_text() == "<p>my page"
    assert refusal(site, page=urls.run("nobody")) == "no-such-page"
    assert refusal(site, str(site / "one.html")) == "output-in-site"
    shutil.copytree(site, tmp_path / "copy")
    page = tmp_path / "copy" / urls.run("run-2")
    page.write_bytes(page.read_bytes().replace(b"run-2", b"run-3"))
    assert refusal(tmp_path / "copy") == "damaged-site"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "mine.html"]


def test_file_that_is_too_large_is_refused_unless_forced(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single, "MOST_BYTES", 50_000)

    assert refusal(site) == "too-large-file"
    assert not Path("out.html").exists()
    assert write_single(site, Path("out.html"), force=True).n_bytes == Path("out.html").stat().st_size > 50_000


def test_command_warns_of_large_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blob = write_blob(tmp_path / "runs", "big", PNG + bytes(12_000_000))
    records = [run_start(), artifact("i", "plot", type="image", data={"blob": blob, "name": "plot.png"}), end()]
    write_run(tmp_path / "runs", "big", records)
    build_site([tmp_path / "runs"], tmp_path / "site", Options())

    assert cli.run(["pack", "--single-file", "--key", "plot", "-o", "plot.html"]) == 0
    assert "warning: plot.html is " in capsys.readouterr().err


def test_command_finds_runs_and_keys(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def pack(*words: str) -> int:
        return cli.run(["pack", str(site), "--single-file", "-o", "out.html", *words])

    assert pack("--run", "latest") == 0
    assert "page-1-main &lt;/script&gt;" in Path("out.html").read_text("utf-8")
    assert pack("--run", "hos") == 0
    assert pack("--key", "summary") == 0
    assert "<title>summary · " in Path("out.html").read_text("utf-8")
    assert capsys.readouterr().out.count("put ") == 3
    assert pack("--key", "sumary") == 1
    assert "did you mean summary?" in capsys.readouterr().err
    assert pack("--run", "x", "--key", "y") == 2
    assert pack("--url", "javascript:alert(1)") == 2
    assert cli.run(["pack", str(site), "--run", "latest", "-o", "out.zip"]) == 2


@pytest.mark.browser
@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_file_opens_by_itself_in_a_browser(chromium: Browser, site: Path, tmp_path: Path, javascript: bool) -> None:
    from axe_playwright_python.sync_playwright import Axe

    write_single(site, tmp_path / "one.html", urls.run("hostile"))
    context = chromium.new_context(java_script_enabled=javascript, viewport={"width": 375, "height": 800})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: said.append(request.url) if request.url.startswith("http") else None)
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto((tmp_path / "one.html").as_uri())

    page.get_by_role("link", name="notes v1").first.click()

    assert re.search(r"#page-\d+$", page.url)
    assert page.locator("article:target h1").is_visible()
    if javascript:
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        assert page.evaluate("getComputedStyle(document.body).maxWidth") == "1280px"
        page.get_by_text("Dark", exact=True).click()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 21, 19)"
        assert Axe().run(page).response["violations"] == []
    assert said == []
    context.close()
