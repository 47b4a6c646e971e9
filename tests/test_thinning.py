"""Sites that are thinned to be within limits: they are, they have no dead link, and updates come to the same bytes."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import msgspec
import pytest
from logs import HOUR, START, artifact, end, list_metric, metric, run_start, use, write_blob, write_run
from test_incremental import IMAGES, OPTIONS, Changes, files_of

from reportgen.build import build_site
from reportgen.cli import run
from reportgen.cli.build import warn_of_size
from reportgen.model import NO_HORIZON, Horizon
from reportgen.options import Options, parse_size
from reportgen.plan import BuildResult
from reportgen.publish import Manifest
from reportgen.publish.manifest import NO_FILES
from reportgen.thinning import horizon_of
from reportgen.views import runs as runs_view

if TYPE_CHECKING:
    from playwright.sync_api import Browser

N_RUNS = 12
SEEDS = range(int(os.environ.get("REPORTGEN_TEST_SEEDS", "2")))


def build(logs: Path, site: Path, options: Options = OPTIONS) -> BuildResult:
    return build_site([logs], site, options)


def horizon(site: Path) -> Horizon:
    manifest = Manifest.read(site)
    assert manifest is not None
    return horizon_of(manifest)


def iter_dead_links(site: Path) -> Iterator[str]:
    """Give the links of pages that lead nowhere, fragments included."""
    pages = {path: path.read_text("utf-8") for path in site.rglob("*.html")}
    anchors = {path: {*re.findall(r'\sid="([^"]*)"', text)} for path, text in pages.items()}
    for path, text in pages.items():
        for link in re.findall(r'\s(?:href|src|data-full)="([^"]*)"', text):
            parts = urlsplit(unescape(link))
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not link or not target.is_file():
                yield f"{path.relative_to(site)}: {link!r}"
            elif parts.fragment and target in anchors and unescape(parts.fragment) not in anchors[target]:
                yield f"{path.relative_to(site)}: {link!r} has no such part"


def read_chunks(site: Path, folder: str) -> Iterator[dict[str, Any]]:
    for path in (site / folder).glob("*-*.js"):
        text = path.read_text("utf-8")
        yield json.loads(text[text.index("JSON.parse('") + 12 : -4].replace("\\\\", "\\"))


def expect_chunks_to_know(site: Path) -> None:
    """Expect that what is searched and compared knows which pages there are."""
    for chunk in read_chunks(site, "search"):
        for place, run_id in enumerate(chunk["ids"]):
            assert (chunk["files"].get(str(place)) != -1) == (site / f"runs/{run_id}.html").exists()
    for chunk in read_chunks(site, "compare"):
        for run_id, file, *_, artifacts in chunk["runs"]:
            assert (file != -1) == (site / f"runs/{run_id}.html").exists()
            for key, _, version, _, *thinned in artifacts:
                if key >= 0:
                    page = site / f"artifacts/{chunk['texts'][key]}/v{version}.html"
                    assert (not thinned) == page.exists()


def write_history(logs: Path, n: int) -> None:
    for number in range(n):
        run_id = f"r{number:03}"
        blob = write_blob(logs, run_id, IMAGES[number % len(IMAGES)])
        rows = [[row, row * number] for row in range(1500 if number == 1 else 2)]
        tags = ["release"] if number == 2 else []
        records = [
            run_start("etl" if number == 0 else "churn", tags=tags),
            metric("accuracy", number / n),
            list_metric("loss", [1.0, 0.5, 1 / (number + 1)]),
            artifact(f"{run_id}-text", "report", data=f"Text of {number}"),
            artifact(f"{run_id}-rows", "rows", type="table", data={"columns": ["a", "b"], "rows": rows}),
            artifact(f"{run_id}-plot", "plot", type="image", data={"blob": blob, "name": "plot.png"}),
            artifact(f"{run_id}-free", None, data="without a key"),
            *([artifact("only-once", "once", data="the one version")] if number == 3 else []),
            *([use(artifact=f"r{number - 1:03}-text", key="report")] if number else []),
            end(),
        ]
        write_run(logs, run_id, records, at=START + number * 5 * HOUR)


def limited(**limits: object) -> Options:
    return msgspec.structs.replace(OPTIONS, **limits)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, BuildResult]:
    folder = tmp_path_factory.mktemp("history")
    write_history(folder / "runs", N_RUNS)
    return folder / "runs", build(folder / "runs", folder / "site")


def test_site_within_its_limits_is_not_thinned(history: tuple[Path, BuildResult], tmp_path: Path) -> None:
    logs, whole = history
    build(logs, tmp_path / "site", limited(max_files=10_000, max_size="1GB"))
    assert horizon(tmp_path / "site") == NO_HORIZON
    assert files_of(tmp_path / "site").keys() == files_of(whole.output).keys()


def test_limit_of_files_holds_and_no_link_is_dead(history: tuple[Path, BuildResult], tmp_path: Path) -> None:
    logs, whole = history
    seen = set()
    build(logs, tmp_path / "site", limited(max_files=1))
    least = len(files_of(tmp_path / "site"))
    for max_files in range(least, whole.n_files, (whole.n_files - least) // 4):
        result = build(logs, tmp_path / "site", limited(max_files=max_files))
        assert result.n_files <= max_files
        expect_chunks_to_know(tmp_path / "site")
        assert [*iter_dead_links(tmp_path / "site")] == []
        seen.add(tuple(map(bool, horizon(tmp_path / "site"))))
    assert seen >= {(True, False, False), (True, True, False), (True, True, True)}


def test_what_goes_goes_in_the_stated_order(history: tuple[Path, BuildResult], tmp_path: Path) -> None:
    logs, whole = history
    site = tmp_path / "site"
    before = files_of(whole.output).keys()
    build(logs, site, limited(max_files=whole.n_files - 5))
    gone = {*before} - {*files_of(site)}
    assert gone
    assert all(re.search(r"\.(csv|json|md|rows\.[0-9]+\.html|difference\.png)$", name) for name in gone)
    build(logs, site, limited(max_files=1))
    left = files_of(site)
    assert horizon(site) == (N_RUNS,) * 3
    spared = [f"artifacts/{key}/v{n}.html" for key, n in (("once", 1), ("report", 1), ("report", 12), ("report", 3))]
    assert [name for name in spared if name not in left] == []
    assert sorted(name for name in left if re.fullmatch(r"artifacts/report/v.*\.html", name)) == spared[1:]
    runs = sorted(name for name in left if re.fullmatch(r"runs/r[0-9]+\.html", name))
    assert runs == ["runs/r000.html", "runs/r002.html", "runs/r011.html"]  # newest of a pipeline, tagged, newest
    assert "thinned" in left["runs/index.html"].decode()
    assert "Pages of runs: of 9 runs" in left["data/index.html"].decode().replace("\u00a0", " ")


def test_tables_keep_what_is_thinned(history: tuple[Path, BuildResult], tmp_path: Path) -> None:
    logs, whole = history
    build(logs, tmp_path / "site", limited(max_files=1))
    tables = {name: content for name, content in files_of(whole.output).items() if name.endswith(".parquet")}
    thinned = files_of(tmp_path / "site")
    assert all(thinned[name] == content for name, content in tables.items())


def test_limit_of_size_holds(history: tuple[Path, BuildResult], tmp_path: Path) -> None:
    logs, whole = history
    build(logs, tmp_path / "least", limited(max_files=1))
    least = sum(map(len, files_of(tmp_path / "least").values()))
    for part in (0.7, 0.3):
        limit = int(least + part * (whole.n_bytes - least))
        result = build(logs, tmp_path / "site", limited(max_size=limit))
        assert result.n_bytes <= limit
        assert result.thinned


def test_feed_and_crate_name_only_what_is_there(history: tuple[Path, BuildResult], tmp_path: Path) -> None:
    logs, _ = history
    site = tmp_path / "site"
    build(logs, site, limited(max_files=1))
    linked = re.findall(r'<link [^>]*href="([^"]*)"', (site / "feed.xml").read_text("utf-8"))
    crate = json.loads((site / "ro-crate-metadata.json").read_text("utf-8"))["@graph"]
    linked += [entity["@id"] for entity in crate if entity["@type"] == "File"]
    linked += [entity["url"] for entity in crate if "url" in entity]
    assert any(name.startswith("runs/") for name in linked)
    assert [name for name in linked if not (site / name).is_file()] == []


def test_scripts_find_and_compare_runs_without_a_page(
    history: tuple[Path, BuildResult], tmp_path: Path, chromium: Browser
) -> None:
    logs, _ = history
    site = tmp_path / "site"
    build(logs, site, limited(max_files=1))
    page = chromium.new_page()
    page.goto(f"{(site / 'search.html').as_uri()}?q=churn")
    page.wait_for_selector("ul.hits li >> nth=8")
    shown = page.eval_on_selector_all("ul.hits a", "all => all.map((one) => one.getAttribute('href'))")
    assert None in shown
    page.goto(f"{(site / 'compare.html').as_uri()}?runs=r010,r011")
    page.wait_for_selector("#artifacts a[href]")
    shown += page.eval_on_selector_all("main a", "all => all.map((one) => one.getAttribute('href'))")
    assert [link for link in shown if link and not (site / link.split("#")[0].split("?")[0]).is_file()] == []
    page.close()


def test_build_says_what_it_thinned_and_what_is_still_too_much(
    history: tuple[Path, BuildResult], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs, _ = history
    words = ["build", str(logs), "-o", str(tmp_path / "site"), "--max-files", "1", "--max-size", "1kB"]
    for _ in range(2):  # nothing is left to do for the second one
        assert run(words) == 0
        lines = capsys.readouterr().err.splitlines()
        warnings = [line for line in lines if line.startswith("warning: ")]
        assert [line for line in lines if line.startswith("thinned: ")] == [
            "thinned: 36 artifacts without downloads, 36 artifacts without a page, 9 runs without a page; "
            "listed on the site's page Data"
        ]
        assert len(warnings) == 2
        assert all("no more can be thinned: prune runs, or give a higher limit" in line for line in warnings)


def test_limit_that_is_no_size_is_refused_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["build", "--max-size", "12 parsecs"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        'error: --max-size must be a size such as "900MB", "1.5 GB" or "512MiB", not \'12 parsecs\': '
        "see reportgen build --help"
    ]


def test_hosts_limits_are_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    large = [("data/blobs/x.png", 101 * 2**20)]
    warn_of_size(BuildResult(tmp_path, 1, 50_001, 0, 10**9 + 1, (), 0, 0, {}, {}, large), Options())
    lines = capsys.readouterr().err.splitlines()
    assert re.findall(r"over [^:\n]*", "\n".join(lines)) == [
        "over 100 MiB",
        "over 1 GB",
        "over 10 minutes, when it gives up",
    ]
    warn_of_size(BuildResult(tmp_path, 1, 50_000, 0, 10**9, (), 0, 0, {}, {}, ()), Options())
    assert capsys.readouterr().err == ""


def test_large_files_are_found_in_the_manifest() -> None:
    facts = {"a": ("0" * 64, 10**8), "b/c": ("0" * 64, 10**8 + 1), "d": ("0" * 64, 7)}
    assert NO_FILES.change({}, facts).find_large(10**8) == [("b/c", 10**8 + 1)]


@pytest.mark.parametrize("seed", SEEDS)
def test_update_comes_to_the_bytes_of_a_build_from_scratch(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs_view, "PAGE_SIZE", 4)
    monkeypatch.setattr("reportgen.changes.PAGE_SIZE", 4)
    monkeypatch.setattr("reportgen.views.compare.SPAN_RUNS", 2)
    monkeypatch.setattr("reportgen.views.search.SPAN_RUNS", 3)
    changes = Changes(tmp_path / "runs", seed)
    for _ in range(8):
        changes.add()
    whole = build(tmp_path / "runs", tmp_path / "whole")
    options = limited(max_files=whole.n_files - changes.rng.randrange(40))
    site, fresh = tmp_path / "site", tmp_path / "fresh"
    build(tmp_path / "runs", site, options)
    horizons, history = set(), []
    for _ in range(8):
        history += [changes.make() for _ in range(changes.rng.choice([1, 1, 2]))]
        build(tmp_path / "runs", site, options)
        build(tmp_path / "runs", fresh, options)
        updated, built = files_of(site), files_of(fresh)
        differing = sorted(name for name in {*built, *updated} if built.get(name) != updated.get(name))
        assert not differing, f"{history} differ: {' '.join(differing)}"
        assert [*iter_dead_links(site)] == []
        horizons.add(horizon(site))
        shutil.rmtree(fresh)
    assert len(horizons) > 1


@pytest.mark.parametrize(
    ("text", "n_bytes"),
    [("900MB", 900_000_000), ("1.5 GB", 1_500_000_000), ("512MiB", 512 * 2**20), (7, 7), ("3k", 3000)],
)
def test_sizes(text: str | int, n_bytes: int) -> None:
    assert parse_size(text) == n_bytes


@pytest.mark.parametrize("text", ["", "12 parsecs", "0", "-1MB", "1e9", "MB", "1,5GB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a size such as"):
        parse_size(text)
