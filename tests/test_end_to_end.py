"""The whole road: the examples run for real, their site is built, and a real browser reads all of it.

One demo serves all tests here.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser import crawl, find_violations, serve_with_headers
from logs import artifact, run_start, write_run
from recording import ROOT

import reportgen
from reportgen import cli
from reportgen.build import build_site
from reportgen.options import Options

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.heavy

JENKINS = {
    "Content-Security-Policy": "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';"
}
RUN_THIS = "document.title='pwned'"
ATTACK = f'"\'><script>{RUN_THIS}</script><img src=x onerror="{RUN_THIS}"><svg onload="{RUN_THIS}">'


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `reportgen demo`: `runs` and `site`."""
    folder = tmp_path_factory.mktemp("demo")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REPORTGEN_")}
    environment["PYTHONPATH"] = str(ROOT)
    subprocess.run([sys.executable, "-m", "reportgen", "demo", "."], cwd=folder, env=environment, check=True)
    return folder


def records_of(logs: Path) -> Iterator[dict[str, Any]]:
    for journal in sorted(logs.glob("*/*.jsonl")):
        yield from map(json.loads, journal.read_text("utf-8").splitlines())


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def test_examples_use_every_kind_of_record_and_artifact(demo: Path) -> None:
    records = list(records_of(demo / "runs"))
    kinds = Counter(record["kind"] for record in records)
    types = Counter(record["type"] for record in records if record["kind"] == "artifact")

    assert {"log", "run", "step", "end", "artifact", "progress", "metric", "list"} <= set(kinds)
    assert set(types) == {"link", "markdown", "table", "image", "progress"}


def test_examples_give_keys_versions_and_metrics_histories(demo: Path) -> None:
    records = list(records_of(demo / "runs"))
    versions = Counter(record["key"] for record in records if record["kind"] == "artifact" and "key" in record)
    pipelines = Counter(record["pipeline"] for record in records if record["kind"] == "run")
    statuses = Counter(record["status"] for record in records if record["kind"] == "end" and "step" not in record)

    assert len(pipelines) >= 3
    assert sum(n >= 3 for n in pipelines.values()) >= 3
    assert sum(n >= 3 for n in versions.values()) >= 6
    assert statuses["failed"] >= 1
    assert statuses["completed"] > statuses["failed"]


def test_demo_site_has_a_page_for_everything_recorded(demo: Path) -> None:
    site = demo / "site"
    records = list(records_of(demo / "runs"))
    runs = {record["run"] for record in records if record["kind"] == "log"}
    keys = {record["key"] for record in records if record.get("key") and record["kind"] == "artifact"}

    assert {path.stem for path in site.glob("runs/*.html")} == runs | {"index"}
    assert {path.name for path in (site / "artifacts").iterdir() if path.is_dir()} == keys
    for name in ("index.html", "404.html", ".nojekyll", "manifest.json", "data/runs.parquet", "metrics/accuracy.html"):
        assert (site / name).is_file(), name


def test_demo_site_reads_without_a_finding_from_disk(chromium: Browser, demo: Path) -> None:
    report = crawl(chromium, (demo / "site/index.html").as_uri(), javascript=True, widths=(320, 1280))

    assert not report.findings, report
    assert len(report.pages) == len(list((demo / "site").rglob("*.html"))) - 1, "every page but 404 is linked"


def test_demo_site_reads_without_a_finding_without_javascript(chromium: Browser, demo: Path) -> None:
    report = crawl(chromium, (demo / "site/index.html").as_uri(), javascript=False, most=60)

    assert not report.findings, report
    assert len(report.pages) == 60


def test_demo_site_reads_without_a_finding_under_jenkins(chromium: Browser, demo: Path) -> None:
    with serve_with_headers(demo / "site", JENKINS) as url:
        report = crawl(chromium, f"{url.rstrip('/')}/index.html", javascript=False, most=60)
    # the sandbox says of each page that it did not run its script; that is all it may say
    unexpected = [finding for finding in report.findings if "Blocked script execution" not in finding.detail]

    assert not unexpected, unexpected
    assert len(report.pages) == 60


def test_demo_site_has_no_accessibility_finding(page: Page, demo: Path) -> None:
    site = demo / "site"
    failed = next(path for path in sorted(site.glob("runs/*.html")) if "Failed:" in path.read_text("utf-8"))
    pages = [
        "index.html",
        "runs/index.html",
        f"runs/{failed.name}",
        "pipelines/index.html",
        "pipelines/digits-train.html",
        "artifacts/index.html",
        "artifacts/worst-rows/index.html",
        "artifacts/training-summary/v1.html",
        "artifacts/training-summary/v2.html",
        "artifacts/worst-rows/v2.html",
        "artifacts/confusion-image/v2.html",
        "metrics/index.html",
        "metrics/accuracy.html",
        "metrics/val_loss.html",
        "lineage/index.html",
        "data/index.html",
    ]
    expect_no_finding(page, site, pages)


MARKDOWN = """\
# Heading

Text with a [link](https://example.org), `code`, a footnote[^1], ~~struck~~ and **strong** words.

- [x] done
- [ ] to do

| a | b |
|---|--:|
| 1 | 2 |

!!! warning
    Look at this.

```python
print("hello")  # a comment
```

Term
:   Definition

<details><summary>More</summary>Hidden text</details>

[^1]: The note, with some words before its link back.
"""


def test_all_forms_of_markdown_have_no_accessibility_finding(page: Page, tmp_path: Path) -> None:
    write_run(tmp_path / "runs", "r1", [run_start(), artifact("a", "text", type="markdown", data=MARKDOWN)])
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    expect_no_finding(page, tmp_path / "site", ["artifacts/text/v1.html", "artifacts/text/index.html"])


def expect_no_finding(page: Page, site: Path, pages: Sequence[str]) -> None:
    for name in pages:
        page.goto((site / name).as_uri())
        assert find_violations(page) == [], name


def test_chosen_colour_scheme_holds_on_the_next_page(page: Page, demo: Path) -> None:
    dark_paper = "rgb(22, 21, 19)"
    page.goto((demo / "site/index.html").as_uri())
    page.get_by_text("Dark", exact=True).click()
    page.goto((demo / "site/runs/index.html").as_uri())

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark_paper


def test_listing_is_a_table_to_screen_readers_at_every_width(page: Page, demo: Path) -> None:
    page.goto((demo / "site/runs/index.html").as_uri())
    counts = []
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        counts.append([page.get_by_role(role).count() for role in ("table", "row", "cell")])  # type: ignore[arg-type]

    assert counts[0] == counts[1]
    assert counts[0][1] > 20


def test_images_and_pages_keep_their_place_while_loading(page: Page, demo: Path) -> None:
    page.goto((demo / "site/index.html").as_uri())
    shift = page.evaluate(
        """() => new Promise(resolve => {
            let total = 0;
            new PerformanceObserver(list => list.getEntries().forEach(e => { total += e.value; }))
                .observe({type: 'layout-shift', buffered: true});
            requestAnimationFrame(() => requestAnimationFrame(() => resolve(total)));
        })"""
    )
    assert shift == 0


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of a run that has an attack in every text field."""
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.raises(ValueError, match="pwned"):
        record_hostile_run(folder / "runs")
    assert cli.run(["build", str(folder / "runs"), "-o", str(folder / "site"), "--title", ATTACK]) == 0
    return folder / "site"


def record_hostile_run(log_dir: Path) -> None:
    name = ATTACK[:150]
    with reportgen.start_run(
        name, name=name, deployment=name, params={ATTACK: ATTACK}, tags=[name], log_dir=log_dir
    ) as run:
        with run.step(name):
            record_attacks()
        raise ValueError(ATTACK)


def record_attacks() -> None:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script><![CDATA[{RUN_THIS}]]></script></svg>'
    links = [
        "javascript:document.title='pwned'",
        "data:text/html,<script>1</script>",
        f"https://example.invalid/{ATTACK}",
    ]
    for key in ("attack", None):
        for link in links:
            reportgen.create_link_artifact(link, ATTACK, key, ATTACK)
            reportgen.create_markdown_artifact(f"{ATTACK}\n\n[x]({link}) ![x]({link})\n\n<{link}>", key, ATTACK)
            reportgen.create_table_artifact([{ATTACK: f"[x]({link})", "b": ATTACK, "c": [ATTACK]}], key, ATTACK)
        reportgen.create_image_artifact(f"https://example.invalid/{ATTACK}.png", key, ATTACK)
        reportgen.create_image_artifact(svg.encode(), key, ATTACK)
        reportgen.create_progress_artifact(50, key, ATTACK)
    reportgen.record_metric_value(ATTACK[:150], float("nan"))
    reportgen.record_list_metric_values(ATTACK[:150], [1, float("inf"), 2])


@pytest.mark.parametrize("javascript", [True, False])
def test_hostile_records_run_nothing_and_break_nothing(chromium: Browser, hostile_site: Path, javascript: bool) -> None:
    url = (hostile_site / "index.html").as_uri()
    report = crawl(chromium, url, javascript=javascript, allow_hosts=["example.invalid"])

    # the remote image is not there; nothing else may be found
    assert {f.kind for f in report.findings} <= {"broken image", "failed request", "console error"}, report
    assert all("example.invalid" in f.detail or "ERR_" in f.detail for f in report.findings), report
    assert len(report.pages) > 15


def test_hostile_records_do_not_change_a_title(page: Page, hostile_site: Path) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    page.route(re.compile("^http"), lambda route: route.abort())
    for path in sorted(hostile_site.rglob("*.html")):
        page.goto(path.as_uri())
        assert page.title() != "pwned", path
        scripts = page.locator("script").evaluate_all(
            "all => all.map(e => e.parentNode.tagName + e.getAttribute('src'))"
        )
        ours = re.compile(r"HEAD((\.\./)*static/[a-z]+\.js|(search|compare)/[0-9a-z-]+\.js(\?[0-9]+)?)")
        assert all(map(ours.fullmatch, scripts)), (path, scripts)
        assert page.evaluate("document.querySelectorAll('main [onerror], main [onload], main iframe').length") == 0, (
            path
        )
    assert not dialogs


def record_long_names(log_dir: Path) -> None:
    names = ["customer_lifetime_value_prediction_training_pipeline", "x" * 200, "a few words " * 15]
    for name in [*names, *names]:
        facts = {"name": name, "deployment": name, "params": {name: name}, "tags": [name]}
        with reportgen.start_run(name, log_dir=log_dir, **facts) as run, run.step(name):
            reportgen.record_metric_value(name, 1e-9)
            reportgen.record_metric_value("mean_absolute_percentage_error_validation", 1.017)
            reportgen.record_list_metric_values(name, [1, 2, 3])
            reportgen.create_table_artifact([{name: name, "id": run.id}], "k" * 200, name)
            reportgen.create_link_artifact(f"s3://bucket/{'p' * 200}", name, "model", name)
            reportgen.create_markdown_artifact(f"{name} of one run, which is {run.id}", "m" * 200)


def test_long_names_fit_at_every_width(chromium: Browser, tmp_path: Path) -> None:
    record_long_names(tmp_path / "runs")
    assert cli.run(["build", "--title", "x" * 200]) == 0
    report = crawl(chromium, (tmp_path / "site/index.html").as_uri(), javascript=False, widths=(320, 375, 800, 1280))

    assert not report.findings, report
    assert len(report.pages) > 30


def test_demo_can_be_run_again_and_adds_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def make_a_run() -> None:
        with reportgen.start_run("again"):
            reportgen.record_metric_value("m", 1)

    monkeypatch.setattr("reportgen.demo.load_runs", lambda: [make_a_run, make_a_run])
    for n_runs in (2, 4):
        assert cli.run(["demo", "again"]) == 0
        assert len(list((tmp_path / "again/runs").iterdir())) == n_runs
        assert len(list((tmp_path / "again/site/runs").glob("*-*.html"))) == n_runs
