"""The manifest: changed in pieces or written anew, the same files give the same bytes; damage to files is found."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.publish import Manifest
from reportgen.publish.manifest import NO_FILES, FileFacts

FACTS = {"data_format": 1, "title": "a “title”\n with: {", "nested": {"files": {"x": [1]}}}
urls = st.text(st.sampled_from('ab/."\\:{}, \n\té€𝄞'), min_size=1, max_size=8) | st.sampled_from(
    ['": {"sha256": "', "a", "a/b", "a.b", 'a"', "a!", '"bytes": 1},\n  "', "files"]
)
file_facts = st.tuples(st.sampled_from(["0" * 64, "f" * 64]), st.integers(0, 10**12))
lists = st.dictionaries(urls, file_facts, max_size=12)


def write(folder: Path, content: bytes | str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def plain(facts: dict[str, Any], files: dict[str, FileFacts]) -> dict[str, Any]:
    """What a manifest says, as JSON has it."""
    listed = {url: {"sha256": files[url][0], "bytes": files[url][1]} for url in sorted(files)}
    n_bytes = sum(size for _, size in files.values())
    return {"generator": "reportgen", "format": 1, **facts, "n_bytes": n_bytes, "files": listed}


def read(folder: Path) -> Manifest:
    manifest = Manifest.read(folder)
    assert manifest is not None
    return manifest


@given(old=lists, new=lists)
def test_changed_manifest_is_the_one_that_is_written_anew(
    tmp_path_factory: pytest.TempPathFactory, old: dict[str, FileFacts], new: dict[str, FileFacts]
) -> None:
    folder = write(tmp_path_factory.getbasetemp() / "law", NO_FILES.change({"n": 1}, old).content)
    changed = {url: facts for url, facts in new.items() if old.get(url) != facts}
    manifest = read(folder).change(FACTS, changed, frozenset(old.keys() - new.keys()))
    assert manifest.content == NO_FILES.change(FACTS, new).content
    assert list(json.loads(manifest.content).items()) == list(plain(FACTS, new).items())
    assert list(json.loads(manifest.content)["files"]) == sorted(new)
    again = read(write(folder, manifest.content))
    assert ([*again.urls], len(again), again.facts) == (sorted(new), len(new), manifest.facts)
    assert [url in again for url in [*old, *new]] == [url in new for url in [*old, *new]]
    assert [again.digest_of(url) for url in [*old, *new]] == [new.get(url, (None, 0))[0] for url in [*old, *new]]
    assert again.digest == manifest.digest == hashlib.sha256(manifest.content).hexdigest()


def test_form_is_one_file_a_line_with_the_facts_first() -> None:
    manifest = NO_FILES.change({"n_runs": 2}, {"b/c": ("2" * 64, 22), "a": ("1" * 64, 1)})
    assert manifest.content.decode().splitlines() == [
        "{",
        ' "generator": "reportgen",',
        ' "format": 1,',
        ' "n_runs": 2,',
        ' "n_bytes": 23,',
        ' "files": {',
        f'  "a": {{"sha256": "{"1" * 64}", "bytes": 1}},',
        f'  "b/c": {{"sha256": "{"2" * 64}", "bytes": 22}}',
        " }",
        "}",
    ]


@pytest.mark.parametrize("indent", [None, 0, 1, 2, "\t"])
@given(files=lists)
def test_manifest_of_another_form_is_read_all_the_same(
    tmp_path_factory: pytest.TempPathFactory, indent: int | str | None, files: dict[str, FileFacts]
) -> None:
    content = json.dumps(plain({"n": 1}, files), indent=indent) + "\n"
    manifest = read(write(tmp_path_factory.getbasetemp() / "law", content))
    assert [*manifest.urls] == sorted(files)
    assert manifest.digest == hashlib.sha256(content.encode()).hexdigest()
    assert manifest.change(FACTS, {}).content == NO_FILES.change(FACTS, files).content


@pytest.mark.parametrize(
    "content",
    [
        "",
        "not json",
        "[]",
        "{}",
        '{"generator": "reportgen"}',
        '{"generator": "other", "files": {}}',
        '{"generator": "reportgen", "files": []}',
        '{"generator": "reportgen", "files": {"a": 1}}',
        '{\n "generator": "other",\n "files": {\n\n }\n}\n',
        '{\n "generator" "reportgen",\n "files": {\n\n }\n}\n',
    ],
)
def test_what_is_no_manifest_of_ours_is_none(tmp_path: Path, content: str) -> None:
    assert Manifest.read(write(tmp_path / "site", content)) is None


def test_folder_without_a_manifest_has_none(tmp_path: Path) -> None:
    assert Manifest.read(tmp_path) is None
    assert Manifest.read(tmp_path / "nowhere") is None


@pytest.fixture
def site(tmp_path: Path) -> Path:
    files = {"a.html": b"a", "runs/b.html": b"bb", "runs/deep/c.html": b"", "runs/deep/d.html": b"d"}
    for url, content in files.items():
        (tmp_path / "site" / url).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "site" / url).write_bytes(content)
    listed = {url: (hashlib.sha256(content).hexdigest(), len(content)) for url, content in files.items()}
    return write(tmp_path / "site", NO_FILES.change({}, listed).content)


def test_whole_site_has_no_damage_whatever_else_lies_in_it(site: Path) -> None:
    (site / "runs" / "notes.txt").write_bytes(b"mine")
    assert read(site).find_damage(site) == []


def test_files_that_are_missing_or_of_another_size_or_kind_are_damage(site: Path) -> None:
    (site / "a.html").unlink()
    (site / "runs" / "b.html").write_bytes(b"b")
    (site / "runs" / "deep" / "c.html").unlink()
    (site / "runs" / "deep" / "c.html").mkdir()
    (site / "runs" / "deep" / "d.html").unlink()
    (site / "runs" / "deep" / "d.html").symlink_to(site / "runs" / "b.html")
    assert read(site).find_damage(site) == ["a.html", "runs/b.html", "runs/deep/c.html", "runs/deep/d.html"]


def test_folder_that_is_a_link_is_damage(site: Path) -> None:
    (site / "runs").rename(site.parent / "elsewhere")
    (site / "runs").symlink_to(site.parent / "elsewhere")
    assert read(site).find_damage(site) == ["runs/b.html", "runs/deep/c.html", "runs/deep/d.html"]


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (b'"bytes": 2', b'"bytes": "2"'),
        (b'"bytes": 2', b'"bytes": 3'),
        (b'"n_bytes": 4', b'"n_bytes": 3'),
        (b'"a.html"', b'"z.html"'),
        (b"{\n  ", b"{\n x"),
    ],
)
def test_manifest_that_was_changed_by_hand_is_damage(site: Path, was: bytes, now: bytes) -> None:
    manifest = Manifest.read(write(site, (site / "manifest.json").read_bytes().replace(was, now)))
    assert manifest is None or manifest.find_damage(site) == ["manifest.json"]
