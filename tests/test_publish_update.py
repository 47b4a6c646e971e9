"""Updates: only what changes is written, the rest stays as it lies there, and files of others are not touched."""

from __future__ import annotations

import errno
import json
from collections.abc import Collection
from pathlib import Path

import pytest

from reportgen.errors import OutputError
from reportgen.publish import Manifest, check_output, open_site, repair_site, update_site

OLD = {"index.html": b"old", "runs/a.html": b"a", "runs/old/b.html": b"b", "keys/k/v1.html": b"1"}
CHANGED = {"index.html": b"new", "runs/new/c.html": b"c"}
GONE = ["runs/old/b.html"]
NEW = {"index.html": b"new", "runs/a.html": b"a", "runs/new/c.html": b"c", "keys/k/v1.html": b"1"}


def build(output: Path, files: dict[str, bytes], n_runs: int = 1) -> None:
    with open_site(output) as site:
        for url, content in files.items():
            site.write(url, content)
        site.write_manifest({"n_runs": n_runs})


def update(output: Path, changed: dict[str, bytes], gone: Collection[str] = (), n_runs: int = 2) -> None:
    with update_site(output, manifest_of(output)) as site:
        for url, content in changed.items():
            site.write(url, content)
        site.remove(gone)
        site.write_manifest({"n_runs": n_runs})


def manifest_of(output: Path) -> Manifest:
    manifest = Manifest.read(output)
    assert manifest is not None
    return manifest


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def alone(site: Path) -> bool:
    return [path.name for path in site.parent.iterdir()] == [site.name]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    build(tmp_path / "out" / "site", OLD)
    return tmp_path / "out" / "site"


def test_updated_site_is_the_one_that_is_built_in_full(site: Path, tmp_path: Path) -> None:
    update(site, CHANGED, GONE)
    build(tmp_path / "full", NEW, n_runs=2)
    assert files_below(site) == files_below(tmp_path / "full")
    assert alone(site)
    assert manifest_of(site).find_damage(site) == []
    check_output(site, [])


def test_files_that_do_not_change_stay_as_they_lie_there(site: Path) -> None:
    before = (site / "runs" / "a.html").stat()
    update(site, CHANGED, GONE)
    after = (site / "runs" / "a.html").stat()
    assert (before.st_ino, before.st_mtime_ns, before.st_ctime_ns) == (
        after.st_ino,
        after.st_mtime_ns,
        after.st_ctime_ns,
    )


def test_folders_without_files_go_and_others_stay(site: Path) -> None:
    (site / "keys" / ".DS_Store").write_bytes(b"")
    update(site, {}, ["runs/old/b.html", "keys/k/v1.html"])
    assert [*files_below(site)].count("keys/.DS_Store") == 1
    assert not (site / "runs" / "old").exists()
    assert not (site / "keys" / "k").exists()


def test_update_of_nothing_changes_nothing(site: Path) -> None:
    before = {path: path.stat().st_ctime_ns for path in site.rglob("*")}
    update(site, {}, n_runs=1)
    assert {path: path.stat().st_ctime_ns for path in site.rglob("*")} == before
    assert alone(site)


def test_facts_alone_may_change(site: Path) -> None:
    update(site, {}, n_runs=7)
    assert json.loads((site / "manifest.json").read_bytes())["n_runs"] == 7


@pytest.mark.parametrize("error", [RuntimeError("bug"), KeyboardInterrupt()], ids=lambda e: type(e).__name__)
def test_update_that_raises_midway_keeps_the_old_site(site: Path, error: BaseException) -> None:
    before = files_below(site)

    def fail(output: Path) -> None:
        with update_site(output, manifest_of(output)) as writer:
            writer.write("index.html", b"half")
            writer.remove(GONE)
            raise error

    with pytest.raises(type(error)):
        fail(site)
    assert files_below(site) == before
    assert alone(site)


def test_output_that_is_a_link_is_updated_where_it_points_to(site: Path) -> None:
    link = site.parent / "link"
    link.symlink_to(site)
    update(link, CHANGED, GONE)
    assert link.is_symlink()
    assert (site / "index.html").read_bytes() == b"new"


# What is refused


def refused(site: Path, changed: dict[str, bytes], gone: Collection[str] = ()) -> OutputError:
    """Give the error of an update that must change nothing."""
    before = files_below(site)
    with pytest.raises(OutputError) as caught:
        update(site, changed, gone)
    assert files_below(site) == before
    assert alone(site)
    return caught.value


@pytest.mark.parametrize("kind", ["file", "link", "broken link"])
def test_file_of_others_is_not_replaced(site: Path, kind: str) -> None:
    if kind == "file":
        (site / "notes.html").write_bytes(b"mine")
    else:
        (site / "notes.html").symlink_to(site / ("index.html" if kind == "link" else "nowhere"))
    error = refused(site, {"notes.html": b"not mine"})
    assert (error.slug, "notes.html" in error.message) == ("foreign-output", True)


def test_file_of_others_elsewhere_stays(site: Path) -> None:
    (site / "runs" / "old" / "notes.txt").write_bytes(b"mine")
    update(site, CHANGED, GONE)
    assert files_below(site)["runs/old/notes.txt"] == b"mine"


@pytest.mark.parametrize("url", ["runs/new.html", "runs/a.html"])
def test_link_in_the_place_of_a_folder_is_not_followed(site: Path, tmp_path: Path, url: str) -> None:
    (site / "runs").rename(tmp_path / "elsewhere")
    (site / "runs").symlink_to(tmp_path / "elsewhere")
    assert refused(site, {url: b"x"}).slug == "foreign-output"
    assert refused(site, {}, GONE).slug == "foreign-output"


def test_link_in_the_place_of_a_file_is_not_followed(site: Path) -> None:
    (site / "runs" / "a.html").unlink()
    (site / "runs" / "a.html").symlink_to(site / "index.html")
    assert refused(site, {"runs/a.html": b"x"}).slug == "cannot-update"


@pytest.mark.parametrize(
    ("changed", "gone"),
    [({"runs": b"x"}, []), ({"keys/k": b"x"}, ["keys/k/v1.html"]), ({"index.html/x": b""}, ["index.html"])],
)
def test_folder_and_file_do_not_take_each_others_place(site: Path, changed: dict[str, bytes], gone: list[str]) -> None:
    error = refused(site, changed, gone)
    assert error.slug == "cannot-update"
    assert "--full" in error.hint


def test_site_that_has_changed_since_is_not_updated(site: Path) -> None:
    manifest = manifest_of(site)
    update(site, {"index.html": b"other"})
    with pytest.raises(OutputError, match="changed since") as caught, update_site(site, manifest):
        raise AssertionError
    assert caught.value.slug == "cannot-update"


def test_site_of_another_format_is_not_updated(site: Path) -> None:
    manifest = (site / "manifest.json").read_bytes()
    (site / "manifest.json").write_bytes(manifest.replace(b'"format": 1', b'"format": 9'))
    assert refused(site, CHANGED).slug == "cannot-update"


def test_file_that_is_not_of_the_site_is_not_removed(site: Path) -> None:
    (site / "thesis.tex").write_bytes(b"mine")
    before = {path: path.stat().st_ctime_ns for path in site.rglob("*")}
    update(site, {}, ["thesis.tex", "../thesis.tex", "manifest.json", "runs"], n_runs=1)
    assert {path: path.stat().st_ctime_ns for path in site.rglob("*")} == before
    assert alone(site)


@pytest.mark.parametrize("first", ["write", "remove"])
def test_file_that_is_written_and_removed_is_there(site: Path, first: str) -> None:
    with update_site(site, manifest_of(site)) as writer:
        if first == "write":
            writer.write("runs/a.html", b"new")
            writer.remove(["runs/a.html"])
        else:
            writer.remove(["runs/a.html"])
            writer.write("runs/a.html", b"new")
        assert writer.gone == frozenset()
        writer.write_manifest({"n_runs": 2})
    assert files_below(site)["runs/a.html"] == b"new"
    assert manifest_of(site).find_damage(site) == []


def test_update_without_a_manifest_is_an_error(site: Path) -> None:
    before = files_below(site)
    with pytest.raises(ValueError, match="no manifest"), update_site(site, manifest_of(site)) as writer:
        writer.write("index.html", b"")
    assert files_below(site) == before
    assert alone(site)


# Updates that were interrupted


def interrupt(site: Path, monkeypatch: pytest.MonkeyPatch, n_files: int) -> Path:
    """Let an update fail when it has put some files in their place; give its folder."""
    replace, places = Path.replace, list[Path]()

    def fail_later(path: Path, place: Path) -> Path:
        if len(places) == n_files:
            raise OSError(errno.EIO, "Input/output error")
        places.append(place)
        return replace(path, place)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail_later)
        with pytest.raises(OutputError, match="Input/output error") as caught:
            update(site, CHANGED, GONE)
    assert caught.value.slug == "cannot-finish"
    [staging] = site.parent.glob(".site.new-*")
    return staging


def test_interrupted_update_is_finished_and_said_so(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt(site, monkeypatch, 1)
    check_output(site, [])
    assert repair_site(site) == "finished"
    assert {**files_below(site), "manifest.json": b""} == {**NEW, "manifest.json": b""}
    assert alone(site)
    assert repair_site(site) == "unneeded"


def test_site_without_leftovers_needs_no_repair(site: Path, tmp_path: Path) -> None:
    assert repair_site(site) == "unneeded"
    assert repair_site(tmp_path / "none" / "site") == "unneeded"
    assert alone(site)


@pytest.mark.parametrize("damage", ["files/runs/new/c.html", "files/manifest.json", "commit.json"])
@pytest.mark.parametrize("how", ["short", "missing"])
def test_damaged_update_leaves_a_site_that_has_to_be_built_in_full(
    site: Path, monkeypatch: pytest.MonkeyPatch, damage: str, how: str
) -> None:
    staging = interrupt(site, monkeypatch, 1)
    if how == "short":
        (staging / damage).write_bytes(b"")
    elif damage == "commit.json":
        (staging / damage).write_text('{"format": 2}', "utf-8")
    else:
        (staging / damage).unlink()
    before = files_below(site)
    assert [repair_site(site), repair_site(site)] == ["damaged", "damaged"]
    assert files_below(site) == before
    with pytest.raises(OutputError, match="interrupted") as caught:
        update(site, CHANGED)
    assert caught.value.slug == "cannot-update"
    with pytest.raises(RuntimeError), open_site(site):
        raise RuntimeError
    assert repair_site(site) == "damaged"
    build(site, NEW)
    assert repair_site(site) == "unneeded"
    assert alone(site)


def test_half_updated_site_may_be_replaced(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    staging = interrupt(site, monkeypatch, 2)
    (staging / "files" / "manifest.json").unlink()
    check_output(site, [])
    (site / "notes.txt").write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"notes\.txt"):
        check_output(site, [])


@pytest.mark.parametrize("url", ["../notes.txt", "/etc/passwd", "manifest.json"])
def test_record_that_leads_out_of_the_site_is_damage(site: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    staging = interrupt(site, monkeypatch, 0)
    (site.parent / "notes.txt").write_bytes(b"mine")
    record = json.loads((staging / "commit.json").read_bytes())
    (staging / "commit.json").write_text(json.dumps({**record, "gone": [url]}), "utf-8")
    assert repair_site(site) == "damaged"
    assert (site.parent / "notes.txt").exists()


def test_update_of_a_site_that_was_replaced_meanwhile_is_dropped(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt(site, monkeypatch, 1)
    build(site.with_name("other"), {"index.html": b"other"})
    site.rename(site.with_name("moved"))
    site.with_name("other").rename(site)
    assert repair_site(site) == "unneeded"
    assert files_below(site)["index.html"] == b"other"
    assert not [*site.parent.glob(".site.new-*")]
