"""A run that was deleted: what the site and its tables still say of it, and what nobody finds any more."""

from __future__ import annotations

from pathlib import Path

import pytest
from logs import HOUR, START, artifact, compact, delete, end, list_metric, metric, rows_of, run_start, use, write_run
from pages import broken_links, find, parse, read_site, text_of

from reportgen.cli import run as run_cli

SECRET = "hunter2-in-the-text"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Two runs of one pipeline and one of another; the first of the one and that of the other were deleted."""
    log_dir = tmp_path / "runs"
    write_run(
        log_dir,
        "gone",
        [
            run_start(params={"password": SECRET}, tags=["demo"]),
            artifact("a1", data=SECRET, description=SECRET),
            artifact("k1", None, data=SECRET),
            metric("accuracy", 0.5),
            list_metric("loss", [1.5, 1.25]),
            end("failed", ("ValueError", SECRET, SECRET)),
        ],
    )
    write_run(log_dir, "gone", [delete(None, "private data")], writer="d1", at=START + 3 * HOUR)
    write_run(
        log_dir,
        "kept",
        [run_start(), artifact("a2"), use(artifact="a1", key="summary"), metric("accuracy", 0.75), end()],
        at=START + HOUR,
    )
    write_run(log_dir, "alone", [run_start("etl"), artifact("a3", "rows"), delete(None), end()], at=START + 2 * HOUR)
    return log_dir


@pytest.fixture
def site(logs: Path, tmp_path: Path) -> dict[str, bytes]:
    assert run_cli(["build", str(logs), "-o", str(tmp_path / "site"), "-q"]) == 0
    return read_site(tmp_path / "site")


def test_tables_have_a_tombstone_of_the_run_and_of_its_artifacts(logs: Path) -> None:
    compaction = compact(logs)
    row = next(row for row in rows_of(compaction, "runs") if row["run_id"] == "gone")
    assert (row["pipeline"], row["status"], row["tags"]) == ("churn", "failed", ["demo"])
    assert (row["deleted_at"], row["deleted_reason"]) == (START + 3 * HOUR + 1_000_000, "private data")
    assert (row["params_json"], row["error_message"], row["n_missing"]) == ("{}", None, 0)
    versions = {row["artifact_id"]: row for row in rows_of(compaction, "artifacts")}
    assert (versions["a1"]["version"], versions["a1"]["deleted_reason"]) == (1, "private data")
    assert (versions["a2"]["version"], versions["a2"]["deleted_at"]) == (2, None)
    assert [row["run_id"] for row in rows_of(compaction, "metrics")] == ["kept"]
    assert rows_of(compaction, "lists") == []


def test_nothing_of_its_content_is_in_the_site(site: dict[str, bytes]) -> None:
    assert [url for url, content in site.items() if SECRET.encode() in content] == []


def test_its_page_says_when_and_why_it_was_deleted(site: dict[str, bytes]) -> None:
    page = text_of(parse(site["runs/gone.html"]))
    assert "Deleted on 1 Jan 2026, 03:00:01 UTC: private data." in page
    assert "v1" in page
    assert "Parameters" not in page


def test_versions_keep_their_numbers_and_pages(site: dict[str, bytes]) -> None:
    assert "private data" in text_of(parse(site["artifacts/summary/v1.html"]))
    assert "text of a2" in text_of(parse(site["artifacts/summary/v2.html"]))


def test_lists_and_histories_pass_it_over(site: dict[str, bytes]) -> None:
    runs = parse(site["runs/index.html"])
    assert [link for link in find(runs, "a") if link.get("href") == "gone.html"] == []
    assert "pipelines/etl.html" not in site
    assert "0.5" not in text_of(parse(site["metrics/accuracy.html"]))


def test_no_link_is_broken(site: dict[str, bytes]) -> None:
    assert broken_links(site) == []


def test_site_of_the_site_is_the_same(site: dict[str, bytes], tmp_path: Path) -> None:
    assert run_cli(["build", str(tmp_path / "site"), "-o", str(tmp_path / "again"), "-q"]) == 0
    assert read_site(tmp_path / "again") == site
