"""The committed `site/` is what the recorded logs of the examples give, byte for byte. `make site` writes it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from reportgen.build import build_site
from reportgen.options import load_options

MAX_BYTES = 3_000_000


@pytest.fixture
def built(repository: Path, tmp_path: Path) -> Path:
    build_of_recorded_logs(repository, tmp_path, tmp_path / "site")
    return tmp_path / "site"


def build_of_recorded_logs(repository: Path, folder: Path, site: Path) -> None:
    """Build from a copy: what builds remember lies beside the logs."""
    shutil.copytree(repository / "examples/logs", folder / "logs", dirs_exist_ok=True)
    build_site([folder / "logs"], site, load_options(repository / "examples"))


def files_of(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def test_committed_site_is_what_the_recorded_logs_give(
    repository: Path, built: Path, tmp_path: Path, update: bool
) -> None:
    committed = repository / "site"
    if update:
        build_of_recorded_logs(repository, tmp_path, committed)
    expected, found = files_of(built), files_of(committed)

    assert set(found) == set(expected), "site/ is out of date: run make site"
    different = [name for name in expected if expected[name].read_bytes() != found[name].read_bytes()]
    other = [name for name in different if not name.endswith((".parquet", ".webp", "manifest.json"))]
    assert not other, f"site/ is out of date: run make site ({other[:5]})"
    for name in different:  # another pyarrow may write other bytes of the same table, another Pillow of a picture
        if name.endswith(".parquet"):
            assert pq.read_table(expected[name]).equals(pq.read_table(found[name])), name
        elif name.endswith("manifest.json"):
            assert_same_manifest(expected[name], found[name], different)


def assert_same_manifest(expected: Path, found: Path, different: list[str]) -> None:
    """Compare two manifests but for the tables that differ, and what made the bytes: the code and its libraries."""
    manifests = [json.loads(path.read_bytes()) for path in (expected, found)]
    for manifest in manifests:
        del manifest["basis"], manifest["n_bytes"]
        for name in different:
            manifest["files"].pop(name, None)
    assert manifests[0] == manifests[1]


def test_committed_site_is_small(repository: Path) -> None:
    assert sum(path.stat().st_size for path in files_of(repository / "site").values()) < MAX_BYTES


def test_recorded_logs_name_no_path_of_the_machine_they_were_made_on(repository: Path) -> None:
    for journal in (repository / "examples/logs").glob("*/*.jsonl"):
        text = journal.read_text("utf-8")
        assert "/root/" not in text, journal
        assert "/home/" not in text, journal
        assert "/work/" not in text, journal
