"""Full text search: what chunks say of runs, and the page in a browser, from the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser import find_violations, wait_until
from logs import HOUR, START, artifact, end, list_metric, metric, run_start, write_run, write_small_project
from test_views_compare import HOSTILE, read_chunk

from reportgen import urls
from reportgen.build import build_site, read_model
from reportgen.options import Options
from reportgen.views import search

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ARABIC = "تقرير شهري"


def test_chunk_has_what_runs_are_found_by(tmp_path: Path) -> None:
    write_small_project(tmp_path / "runs")
    model = read_model([tmp_path / "runs"], Options())
    (span,) = search.search_spans(model)
    data = read_chunk(search.make_runs(model, span.name).content)
    said = {run_id: [data["texts"][at] for at in mine] for run_id, mine in zip(data["ids"], data["said"], strict=True)}
    assert said["run-1"] == [
        "plr=0.1",
        "pnote=null",
        "tdemo",
        "depochs: half",
        "dplot: A plot",
        "dworst-rows: Title The worst rows. More of it.",
        "dWithout key",
    ]
    assert said["run-f"] == ["eValueError: no rows"]
    assert len(data["texts"]) == len({*data["texts"]})


def test_index_has_columns_of_tables(tmp_path: Path) -> None:
    write_small_project(tmp_path / "runs")
    data = read_chunk(search.make_index(read_model([tmp_path / "runs"], Options())).content)
    keys = {name: rest for name, *rest in data["keys"]}
    assert keys["worst-rows"] == [0, "table", 4, "Title The worst rows. More of it.", "id, text"]
    assert [name for name, _ in data["metrics"]] == ["accuracy", "curve", "late", "loss", "ticks"]
    assert data["pipelines"] == [["churn", 0, 4, "nightly"], ["etl", 0, 1, ""], ["watch", 0, 1, ""]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("search")
    columns = {"columns": ["customer_id", "Größe"], "rows": [[1, 2]]}
    for number in range(3):
        records = [
            run_start(
                "churn", deployment="nightly", name=f"morning {number}", params={"lr": number / 10, "opt": {"b": 7}}
            ),
            metric("accuracy", 0.5),
            list_metric("train_loss", [1, 2]),
            artifact(f"w{number}", "worst-rows", type="table", data=columns, description="Rows with the largest error"),
            artifact(f"a{number}", ARABIC, description=ARABIC),
            artifact(f"h{number}", HOSTILE, description=HOSTILE),
            end(),
        ]
        write_run(folder / "runs", f"run-{number}", records, at=START + number * HOUR)
    failed = [run_start("etl", name=HOSTILE), end("failed", ("ValueError", "too few rows", "…"))]
    write_run(folder / "runs", "run-f", failed, at=START + 9 * HOUR)
    build_site([folder / "runs"], folder / "site", Options())
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


def look_for(page: Page, site: Path, query: str) -> list[str]:
    """Search by typing and give the links that are found."""
    page.goto((site / urls.SEARCH).as_uri())
    page.wait_for_selector("#q")
    page.fill("#q", query)
    wait_until(page, "/result|Nothing/.test(document.querySelector('.said').textContent)")
    wait_until(page, "!/Looking/.test(document.querySelector('.said').textContent)")
    links: list[str] = page.locator(".hits a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    return links


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("orst-r", "artifacts/worst-rows/index.html"),
        ("WORST rows", "artifacts/worst-rows/index.html"),
        ("customer_id", "artifacts/worst-rows/index.html"),
        ("grosse", ""),
        ("große", ""),
        ("größe", "artifacts/worst-rows/index.html"),
        ("grösse", ""),
        ("gro", ""),
        ("accuracy", "metrics/accuracy.html"),
        ("loss", "metrics/train_loss.html"),
        ("nightly", "pipelines/churn.html"),
        ("lr=0.1", "runs/run-1.html"),
        ("opt.b=7 morning 2", "runs/run-2.html"),
        ("too few", "runs/run-f.html"),
        ("failed", "runs/run-f.html"),
        ("run-0", "runs/run-0.html"),
        ("xyzzy", ""),
    ],
)
def test_search_finds(page: Page, site: Path, query: str, first: str) -> None:
    found = look_for(page, site, query)
    if first:
        assert found[0] == first
    elif query in ("xyzzy", "grosse", "grösse"):
        assert not found


def test_name_counts_more_than_what_is_said_of_it(page: Page, site: Path) -> None:
    found = look_for(page, site, "rows")
    assert found[0] == "artifacts/worst-rows/index.html"
    assert "runs/run-f.html" in found


def test_right_to_left_text_is_found_and_kept_apart(page: Page, site: Path) -> None:
    (link, *_) = look_for(page, site, "شهري")
    page.goto((site / link).as_uri())
    assert ARABIC in page.title()


def test_hostile_names_do_nothing(page: Page, site: Path) -> None:
    found = look_for(page, site, "onerror")
    assert len(found) == 5
    assert page.locator("img").count() == 0
    assert page.locator(".hits mark").first.inner_text() == "onerror"
    look_for(page, site, HOSTILE)
    look_for(page, site, "( [ * \\ ?")


def test_query_is_in_the_address(page: Page, site: Path) -> None:
    look_for(page, site, "opt.b=7 & more")
    wait_until(page, "location.search !== ''")
    assert page.url.endswith("?q=opt.b%3D7%20%26%20more")
    page.goto(f"{(site / urls.SEARCH).as_uri()}?q=worst%20rows")
    page.wait_for_selector(".hits a")
    assert page.input_value("#q") == "worst rows"


def test_results_are_reached_by_arrows_and_slash_leads_back(page: Page, site: Path) -> None:
    look_for(page, site, "rows")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("[...document.querySelectorAll('.hits a')].indexOf(document.activeElement)") == 1
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.press("Enter")
    page.wait_for_url("**/artifacts/worst-rows/index.html")


def test_slash_leads_to_the_search_until_it_is_told_not_to(page: Page, site: Path) -> None:
    page.goto((site / "runs/index.html").as_uri())
    page.keyboard.press("/")
    page.wait_for_url("**/search.html")
    page.wait_for_selector("#q")
    page.get_by_role("checkbox", name="The key / leads here").uncheck()
    page.goto((site / "runs/index.html").as_uri())
    page.keyboard.press("/")
    page.wait_for_timeout(100)
    assert page.url.endswith("runs/index.html")


@pytest.mark.parametrize("query", ["", "?q=rows", "?q=nothing-at-all"])
def test_page_has_no_accessibility_finding(page: Page, site: Path, query: str) -> None:
    page.goto(f"{(site / urls.SEARCH).as_uri()}{query}")
    wait_until(page, "document.querySelector('.said') && document.querySelector('.said').textContent")
    assert find_violations(page) == []


@pytest.mark.parametrize("width", [320, 375])
def test_page_is_never_wider_than_a_phone(page: Page, site: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    look_for(page, site, "r")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_page_without_scripts_says_what_it_needs_and_leads_on(chromium: Browser, site: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / urls.SEARCH).as_uri())
    assert "needs JavaScript" in page.locator("#search").inner_text()
    page.locator("#search").get_by_role("link", name="artifacts").click()
    assert page.url.endswith("artifacts/index.html")
    context.close()
