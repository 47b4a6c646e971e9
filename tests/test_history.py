"""What a site was built from is remembered beside the logs, for this site and these logs alone."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import platformdirs
import pytest

from reportgen.history import BuildState, load_state, save_state
from reportgen.seen import SeenFile, basis_of

FILES = [SeenFile("/runs/r1/main.jsonl", 120, 1_767_225_600_000_000_000, "r1", "main")]


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "site"


def state(log_dirs: list[Path], manifest: str, files: list[SeenFile]) -> BuildState:
    return BuildState(manifest, basis_of(log_dirs), files, {"/runs/r1": 5})


def state_files(logs: Path) -> list[Path]:
    return sorted(logs.with_name(".runs-cache").rglob("*.json"))


def test_state_is_given_back_for_the_manifest_it_was_saved_with(logs: Path, site: Path) -> None:
    save_state([logs], site, state([logs], "d1", FILES))
    assert load_state([logs], site, "d1") == state([logs], "d1", FILES)
    assert load_state([logs], site, "d2") is None


def test_state_is_of_one_site_and_its_logs(logs: Path, site: Path, tmp_path: Path) -> None:
    save_state([logs], site, state([logs], "d1", FILES))
    (tmp_path / "more").mkdir()
    assert load_state([logs], tmp_path / "other", "d1") is None
    assert load_state([logs, tmp_path / "more"], site, "d1") is None
    save_state([logs], tmp_path / "other", state([logs], "d2", []))
    assert load_state([logs], site, "d1") is not None


def test_only_the_last_state_is_kept(logs: Path, site: Path) -> None:
    for digest in ("d1", "d2", "d3"):
        save_state([logs], site, state([logs], digest, FILES))
    assert len(state_files(logs)) == 1
    assert [path.name for path in state_files(logs)[0].parent.iterdir()] == [state_files(logs)[0].name]
    assert load_state([logs], site, "d3") is not None


@pytest.mark.parametrize("content", [b"", b"{", b"null", b'{"manifest": "d1"}', b"\xff\xfe", b'{"manifest": 1}'])
def test_damaged_state_is_none(logs: Path, site: Path, content: bytes) -> None:
    save_state([logs], site, state([logs], "d1", FILES))
    state_files(logs)[0].write_bytes(content)
    assert load_state([logs], site, "d1") is None


def test_state_of_another_version_is_none(logs: Path, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_state([logs], site, state([logs], "d1", FILES))
    monkeypatch.setattr("reportgen.seen.__version__", "99.0")
    assert load_state([logs], site, "d1") is None


@pytest.mark.skipif(sys.platform == "win32", reason="another folder there")
def test_users_cache_folder_is_taken_where_there_can_be_none_beside_the_logs(
    logs: Path, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    logs.with_name(".runs-cache").write_bytes(b"in the way")
    save_state([logs], site, state([logs], "d1", FILES))
    assert load_state([logs], site, "d1") is not None
    assert [*(tmp_path / "cache" / "reportgen").rglob("builds/*.json")]


@pytest.mark.skipif(sys.platform == "win32", reason="another folder there")
def test_state_that_can_be_kept_nowhere_is_no_error(
    logs: Path, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / "file" / name)
    logs.with_name(".runs-cache").write_bytes(b"in the way")
    save_state([logs], site, state([logs], "d1", FILES))
    assert load_state([logs], site, "d1") is None


def test_site_of_other_sites_alone_remembers_nothing(site: Path, tmp_path: Path) -> None:
    save_state([], site, state([], "d1", []))
    assert load_state([], site, "d1") is None
    assert [*tmp_path.iterdir()] == []


def test_removed_cache_is_no_error(logs: Path, site: Path) -> None:
    save_state([logs], site, state([logs], "d1", FILES))
    shutil.rmtree(logs.with_name(".runs-cache"))
    assert load_state([logs], site, "d1") is None
