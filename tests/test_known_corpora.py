"""Collections that others test with, recorded, built and shown: PngSuite, and the examples of CommonMark and GitHub."""

from __future__ import annotations

import re
from pathlib import Path

import html5lib
import pytest
from logs import HOUR, START, artifact, end, run_start, write_blob, write_run
from pages import broken_links, find, parse, read_site, text_of

import reportgen
from reportgen.build import build_site
from reportgen.options import Options


def build(folder: Path) -> dict[str, bytes]:
    said: list[str] = []
    build_site([folder / "runs"], folder / "site", Options(), say=said.append)
    assert said == []
    files = read_site(folder / "site")
    assert broken_links(files) == []
    return files


def expect_valid(content: bytes) -> None:
    html5lib.HTMLParser(strict=True).parse(content.decode())


def test_pngsuite_is_recorded_and_shown(shared_data: Path, tmp_path: Path) -> None:
    """Each file is a version of one key, so that each is compared with another kind of PNG as well."""
    paths = sorted((shared_data / "pngsuite").glob("*.png"))
    refused, recorded = [], []
    with reportgen.start_run("pngsuite"):
        for path in paths:
            try:
                reportgen.create_image_artifact(path, key="suite", description=path.stem)
            except ValueError:
                refused.append(path.stem)
            else:
                recorded.append(path)
    assert refused == ["xcrn0g04", "xlfn0g04", "xs1n0g01", "xs2n0g01", "xs4n0g01", "xs7n0g01"]
    files = build(tmp_path)
    for number, path in enumerate(recorded, 1):
        content = files[f"artifacts/suite/v{number}.html"]
        expect_valid(content)
        (shown,) = [one for one in find(parse(content), "section") if one.get("id") == "content"]
        if path.stem.startswith("x"):
            assert find(shown, "img") == [], path.stem
            assert text_of(shown).startswith("In full This image cannot be shown: its"), path.stem
        else:
            (image,) = find(shown, "img")
            assert image.get("alt") == path.stem
            assert int(image.get("width") or 0) > 0
    assert sum(url.endswith("difference.png") for url in files) > 100


def test_damaged_files_of_a_foreign_writer_are_named_where_they_are_listed(shared_data: Path, tmp_path: Path) -> None:
    paths = sorted((shared_data / "pngsuite").glob("x*.png"))
    blobs = {path.stem: write_blob(tmp_path / "runs", "r1", path.read_bytes()) for path in paths}
    records = [artifact(name, name, type="image", data={"blob": blob}) for name, blob in blobs.items()]
    write_run(tmp_path / "runs", "r1", [run_start(), *records, end()], at=START)
    files = build(tmp_path)
    pages = ["artifacts/index.html", *(f"artifacts/{name}/{page}.html" for name in blobs for page in ("index", "v1"))]
    for url in pages:
        expect_valid(files[url])
        assert "This image cannot be shown: " in text_of(parse(files[url])), url
        assert find(parse(files[url]), "img") == [], url
    assert text_of(parse(files["artifacts/index.html"])).count("cannot be shown") == len(paths) == 14
    assert not [url for url in files if url.startswith("data/blobs/")]


@pytest.mark.parametrize("name", ["commonmark-spec", "gfm-extensions", "gfm-regression"])
def test_examples_of_markdown_are_shown_and_compared(shared_data: Path, tmp_path: Path, name: str) -> None:
    """Each example is a version, so that each is compared with the one before."""
    source = (shared_data / f"markdown-spec/{name}.txt").read_text("utf-8").replace("→", "\t")
    found = re.findall(r"^`{32} example[^\n]*\n(.*?)^`{32}$", source, re.DOTALL | re.MULTILINE)
    examples = [example.partition("\n.\n")[0].removeprefix(".\n") for example in found]
    assert len(examples) > 15
    records = [artifact(f"a{number}", "example", data=text) for number, text in enumerate(examples)]
    write_run(tmp_path / "runs", "r1", [run_start(), *records, end()], at=START + HOUR)
    files = build(tmp_path)
    for number in range(1, len(examples) + 1):
        content = files[f"artifacts/example/v{number}.html"]
        expect_valid(content)
        assert b"shown raw" not in content
        assert number == 1 or b"Not compared" not in content
