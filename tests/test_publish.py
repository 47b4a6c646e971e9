"""Publishing: a new site takes the old one's place in one step, or the old one stays; nothing else is touched."""

from __future__ import annotations

import errno
import functools
import hashlib
import json
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from reportgen.errors import OutputError
from reportgen.publish import SiteWriter, check_output, open_site, switch, write_file


def make_site(output: Path, files: dict[str, bytes]) -> None:
    with open_site(output) as site:
        for url, content in files.items():
            site.write(url, content)
        site.write_manifest({"n_runs": 1})


def make_half_a_site(output: Path, error: BaseException) -> None:
    with open_site(output) as site:
        site.write("index.html", b"half")
        raise error


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An earlier site, alone in its folder."""
    output = tmp_path / "out" / "site"
    make_site(output, {"index.html": b"old", "runs/a.html": b"a"})
    return output


def alone(site: Path) -> bool:
    return [path.name for path in site.parent.iterdir()] == [site.name]


# The switch


def test_new_site_takes_the_place_of_the_old_one_and_leaves_nothing(site: Path) -> None:
    make_site(site, {"index.html": b"new", "b.html": b"b"})
    assert {**files_below(site), "manifest.json": b""} == {"index.html": b"new", "b.html": b"b", "manifest.json": b""}
    assert alone(site)


def test_site_is_made_where_there_is_none_and_its_parents_too(tmp_path: Path) -> None:
    make_site(tmp_path / "a" / "b" / "site", {"index.html": b"new"})
    assert (tmp_path / "a" / "b" / "site" / "index.html").read_bytes() == b"new"


def test_switch_works_without_exchange_of_folders(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switch, "_exchange", lambda one, other: False)
    make_site(site, {"index.html": b"new"})
    assert sorted(files_below(site)) == ["index.html", "manifest.json"]
    assert alone(site)


def test_failed_switch_puts_the_old_site_back(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files_below(site)
    rename = Path.rename

    def refuse_new(path: Path, target: Path) -> Path:
        if ".new-" in path.name:
            raise OSError(errno.EACCES, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(switch, "_exchange", lambda one, other: False)
    monkeypatch.setattr(Path, "rename", refuse_new)
    with pytest.raises(OutputError):
        make_site(site, {"index.html": b"new"})
    assert files_below(site) == before
    assert alone(site)


@pytest.mark.parametrize(
    "error", [RuntimeError("bug"), KeyboardInterrupt(), SystemExit(3)], ids=lambda e: type(e).__name__
)
def test_build_that_raises_midway_keeps_the_old_site(site: Path, error: BaseException) -> None:
    before = files_below(site)
    with pytest.raises(type(error)):
        make_half_a_site(site, error)
    assert files_below(site) == before
    assert alone(site)


def test_full_disk_keeps_the_old_site_and_says_what_to_do(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files_below(site)

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def write_half(writer: SiteWriter) -> None:
        writer.write("index.html", b"half a site")
        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", fail)
            writer.write("other.html", b"the other half")

    with pytest.raises(OutputError, match="No space left on device") as caught, open_site(site) as writer:
        write_half(writer)
    assert caught.value.slug == "cannot-write"
    assert "make room" in caught.value.hint
    assert files_below(site) == before
    assert alone(site)


def test_error_that_is_not_of_the_output_is_not_blamed_on_it(site: Path) -> None:
    before = files_below(site)
    with pytest.raises(FileNotFoundError):
        make_half_a_site(site, FileNotFoundError("a template"))
    assert files_below(site) == before
    assert alone(site)


def test_build_that_fails_leaves_nothing_where_nothing_was(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), open_site(tmp_path / "out" / "site"):
        raise RuntimeError
    assert list((tmp_path / "out").iterdir()) == []


def test_output_that_is_a_link_replaces_what_it_points_to(site: Path) -> None:
    link = site.parent / "link"
    link.symlink_to(site)
    make_site(link, {"index.html": b"new"})
    assert link.is_symlink()
    assert (site / "index.html").read_bytes() == b"new"


# Leftovers


@pytest.mark.parametrize("name", ["site", "my [site] *"])
def test_leftover_of_a_killed_build_is_removed(tmp_path: Path, name: str) -> None:
    leftover = tmp_path / f".{name}.new-0123abcd"
    (leftover / "runs").mkdir(parents=True)
    (leftover / "runs" / "a.html").write_bytes(b"half")
    make_site(tmp_path / name, {"index.html": b"new"})
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_site_that_was_moved_aside_by_a_killed_build_comes_back(site: Path) -> None:
    site.rename(site.with_name(".site.old-0123abcd"))
    with pytest.raises(RuntimeError), open_site(site):
        raise RuntimeError
    assert (site / "index.html").read_bytes() == b"old"
    assert alone(site)


def test_other_folders_beside_the_site_stay(site: Path) -> None:
    for name in (".site", "site.new-1", ".sites.new-1", ".site.new", ".other.new-1"):
        (site.parent / name).mkdir()
    make_site(site, {"index.html": b"new"})
    assert len(list(site.parent.iterdir())) == 6


# What may be replaced


def test_earlier_site_may_be_replaced(site: Path) -> None:
    check_output(site, [])
    (site / ".DS_Store").write_bytes(b"")
    check_output(site, [])


def test_empty_folder_may_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    check_output(tmp_path / "site", [tmp_path / "runs"])
    make_site(tmp_path / "site", {"index.html": b"new"})
    assert (tmp_path / "site" / "index.html").read_bytes() == b"new"


def refused(output: Path, *log_dirs: Path) -> str:
    with pytest.raises(OutputError) as caught:
        check_output(output, [*log_dirs])
    assert str(output) in caught.value.message
    assert caught.value.hint
    return caught.value.slug


def test_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("notes", "utf-8")
    assert refused(tmp_path / "site") == "output-is-a-file"


def test_folder_of_others_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "thesis.tex").write_text("…", "utf-8")
    assert refused(tmp_path / "site") == "foreign-output"


@pytest.mark.parametrize(
    "manifest",
    ["{}", "[]", "not json", '{"generator": "other", "files": {"thesis.tex": {}}}', '{"generator": "reportgen"}'],
)
def test_folder_with_another_manifest_is_not_replaced(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "manifest.json").write_text(manifest, "utf-8")
    assert refused(tmp_path / "site") == "foreign-output"


@pytest.mark.parametrize("name", ["notes.txt", "runs/notes.txt", ".git/config"])
def test_site_that_holds_a_file_of_others_is_not_replaced(site: Path, name: str) -> None:
    (site / name).parent.mkdir(exist_ok=True)
    (site / name).write_text("…", "utf-8")
    assert refused(site) == "foreign-output"


def test_link_in_a_site_is_not_ours(site: Path) -> None:
    (site / "elsewhere").symlink_to(site.parent)
    assert refused(site) == "foreign-output"


@pytest.mark.parametrize(
    ("output", "logs"), [("runs", "runs"), ("runs/site", "runs"), ("site", "site/runs"), (".", "runs")]
)
def test_output_and_logs_are_not_within_each_other(tmp_path: Path, output: str, logs: str) -> None:
    (tmp_path / logs).mkdir(parents=True)
    assert refused(tmp_path / output, tmp_path / "else", tmp_path / logs) == "output-in-logs"


def test_output_that_is_a_link_into_the_logs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs" / "x").mkdir(parents=True)
    (tmp_path / "site").symlink_to(tmp_path / "runs" / "x")
    assert refused(tmp_path / "site", tmp_path / "runs") == "output-in-logs"


def test_names_that_only_begin_alike_are_not_within_each_other(tmp_path: Path) -> None:
    check_output(tmp_path / "runs-site", [tmp_path / "runs"])


# Files


def test_manifest_lists_every_file_with_its_hash(site: Path) -> None:
    manifest = json.loads((site / "manifest.json").read_bytes())
    on_disk = files_below(site)
    on_disk.pop("manifest.json")
    assert manifest["files"] == {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in on_disk.items()
    }
    assert (manifest["generator"], manifest["n_runs"]) == ("reportgen", 1)
    assert list(manifest["files"]) == sorted(manifest["files"])


def test_same_files_give_the_same_manifest_in_any_order(tmp_path: Path) -> None:
    make_site(tmp_path / "a", {"x": b"1", "y": b"2"})
    make_site(tmp_path / "b", {"y": b"2", "x": b"1"})
    assert (tmp_path / "a" / "manifest.json").read_bytes() == (tmp_path / "b" / "manifest.json").read_bytes()
    json.loads((tmp_path / "a" / "manifest.json").read_bytes())


@pytest.mark.parametrize("url", ["../x", "a/../../x", "..", "/etc/x", "//x", "a/..", "", "a//b", "a/", "manifest.json"])
def test_address_out_of_the_site_is_not_written(tmp_path: Path, url: str) -> None:
    (tmp_path / "new").mkdir()
    with pytest.raises(ValueError, match="not an address"):
        SiteWriter(tmp_path / "new").write(url, b"x")
    with pytest.raises(ValueError, match="not an address"):
        SiteWriter(tmp_path / "new").add([(url, "0" * 64, 1)])
    with pytest.raises(ValueError, match="not an address"):
        write_file(tmp_path / "new", url, b"x")
    assert files_below(tmp_path) == {}


def make_site_twice(output: Path, *all_files: dict[str, bytes]) -> None:
    with open_site(output) as site:
        for files in all_files:
            for url, content in files.items():
                site.write(url, content)
        site.write_manifest({})


def test_site_with_an_address_that_was_written_twice_is_not_published(tmp_path: Path) -> None:
    make_site(tmp_path / "site", {"index.html": b"old"})
    before = files_below(tmp_path)
    with pytest.raises(ValueError, match=r"written twice: a\.html"):
        make_site_twice(tmp_path / "site", {"a.html": b"1"}, {"a.html": b"2"})
    assert files_below(tmp_path) == before


def test_files_that_other_processes_wrote_are_listed_like_those_of_this_one(tmp_path: Path) -> None:
    files = {f"runs/{n}.html": bytes(n) for n in range(20)}
    make_site(tmp_path / "a", files)
    with open_site(tmp_path / "b") as site, ProcessPoolExecutor(2, get_context("spawn")) as pool:
        site.add(pool.map(functools.partial(write_file, site.folder), files, files.values()))
        site.write_manifest({"n_runs": 1})
    assert files_below(tmp_path / "b") == files_below(tmp_path / "a")


def test_file_that_another_process_did_not_write_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"short")
    with pytest.raises(ValueError, match="not of 6 bytes"):
        SiteWriter(tmp_path).add([("a", "0" * 64, 6)])
    with pytest.raises(FileNotFoundError):
        SiteWriter(tmp_path).add([("b", "0" * 64, 6)])


def test_full_disk_of_another_process_is_explained_too(site: Path) -> None:
    before = files_below(site)

    def fail(folder: Path) -> None:
        raise pickle.loads(pickle.dumps(OSError(errno.ENOSPC, "No space left on device", str(folder / "x"))))

    with pytest.raises(OutputError, match="No space left on device"), open_site(site) as writer:
        fail(writer.folder)
    assert files_below(site) == before
    assert alone(site)
