"""What pages weigh, in bytes before any compression: the budgets of SITE.md, and one for every other kind of page."""

from __future__ import annotations

import shutil
from pathlib import Path

from logs import PNG, artifact, end, list_metric, metric, model_of, run_start, step_start, write_blob, write_run
from pages import find, pages_by_template, parse

from reportgen.build import build_site
from reportgen.options import Options

LARGEST_RUN = 100_000  # with 50 artifacts, before images
LARGEST_STYLE = 25_000
LARGEST_SCRIPT = 60_000
MOST_SCRIPT = 90_000  # of all that a page loads, shared and its own
LARGEST_PAGE = 60_000  # of any kind, in the committed site of a few dozen runs
TYPES = ("markdown", "table", "link", "image", "progress")
TEXT = "# Summary\n\nThe model has *seen* enough.\n\n| a | b |\n|---|--:|\n| x | 1 |\n\n- one\n- two\n" * 3


def test_page_of_a_run_with_fifty_artifacts_is_light(tmp_path: Path) -> None:
    blob = write_blob(tmp_path / "runs", "r1", PNG)
    rows = [[number, number / 7, "a few words in a cell"] for number in range(200)]
    data = {
        "markdown": TEXT,
        "table": {"columns": ["id", "share", "note"], "rows": rows},
        "link": {"link": "https://example.org/reports/2026/summary.html", "link_text": "Summary"},
        "image": {"blob": blob, "name": "plot.png"},
        "progress": 40,
    }
    records = [run_start(params={f"parameter_{n}": n for n in range(20)}, context={"git": {"commit": "0" * 40}})]
    for step in range(10):
        records.append(step_start(f"s{step}", f"step {step}"))
        records += [metric(f"metric_{step}_{n}", n / 3, step=f"s{step}") for n in range(2)]
        records += [list_metric(f"curve_{step}", [n % 7 for n in range(200)], step=f"s{step}")]
        for kind in TYPES:
            name = f"{kind}-{step}"
            facts = {"description": f"What step {step} made, as {kind}.", "step": f"s{step}"}
            records.append(artifact(name, name, type=kind, data=data[kind], **facts))
        records.append(end(step=f"s{step}"))
    write_run(tmp_path / "runs", "r1", [*records, end()])
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    page = (tmp_path / "site/runs/r1.html").read_text("utf-8")

    assert all(f">{kind}-{step}" in page for kind in TYPES for step in range(10))
    assert len(page.encode()) < LARGEST_RUN


def test_shared_style_and_script_are_light(repository: Path) -> None:
    static = repository / "site/static"

    assert (static / "report.css").stat().st_size < LARGEST_STYLE
    assert (static / "report.js").stat().st_size < LARGEST_SCRIPT


def test_no_page_loads_much_script(repository: Path) -> None:
    pages = [*(repository / "site").rglob("*.html")]
    sizes = {page: sum((page.parent / url).stat().st_size for url in scripts_of(page)) for page in pages}

    assert min(sizes.values()) > 0
    assert {page: n_bytes for page, n_bytes in sizes.items() if n_bytes > MOST_SCRIPT} == {}


def scripts_of(page: Path) -> list[str]:
    return [script.get("src", "") for script in find(parse(page.read_bytes()), "script")]


def test_pages_of_every_template_are_light(repository: Path, tmp_path: Path) -> None:
    shutil.copytree(repository / "examples/logs", tmp_path / "logs")
    templates = pages_by_template(model_of(tmp_path / "logs"))
    sizes = {url: (repository / "site" / url).stat().st_size for addresses in templates.values() for url in addresses}

    assert len(templates) > 10
    assert {url: n_bytes for url, n_bytes in sizes.items() if n_bytes > LARGEST_PAGE} == {}
