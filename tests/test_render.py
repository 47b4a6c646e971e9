"""Compiled templates are kept where Python keeps compiled modules; whatever becomes of them, pages are the same."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path

import pytest
from logs import model_of, run_start, write_run

from reportgen.datafolders import find_data_folder
from reportgen.render import make_environment, render_page
from reportgen.views import overview
from reportgen.views.parts import Page


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the templates, of which nothing is compiled."""
    folder = tmp_path / "templates"
    shutil.copytree(find_data_folder("templates"), folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr("reportgen.render.find_data_folder", lambda name: folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    return folder


@pytest.fixture
def start_page(tmp_path: Path) -> Page:
    write_run(tmp_path / "runs", "r1", [run_start()])
    return overview.make_page(model_of(tmp_path / "runs"))


def compiled_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("__pycache__/*"))


def test_compiled_templates_are_kept_and_taken(
    templates: Path, start_page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    html = render_page(make_environment(), start_page)
    assert compiled_in(templates)
    monkeypatch.setattr("reportgen.render.Environment.compile", None)
    assert render_page(make_environment(), start_page) == html


def test_template_that_changed_is_compiled_anew(templates: Path, start_page: Page) -> None:
    render_page(make_environment(), start_page)
    base = templates / "base.html"
    base.write_text(base.read_text("utf-8").replace("<main", "<main data-changed"), "utf-8")
    assert b"<main data-changed" in render_page(make_environment(), start_page)


@pytest.mark.parametrize("content", [b"", b"not compiled", b"j2"])
def test_damaged_compiled_templates_are_made_anew(templates: Path, start_page: Page, content: bytes) -> None:
    html = render_page(make_environment(), start_page)
    for path in compiled_in(templates):
        path.write_bytes(path.read_bytes()[:40] if content == b"j2" else content)
    assert render_page(make_environment(), start_page) == html


def test_nothing_is_kept_where_python_keeps_nothing(
    templates: Path, start_page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    render_page(make_environment(), start_page)
    assert compiled_in(templates) == []


def test_prefix_of_compiled_modules_holds_for_templates(
    templates: Path, start_page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "elsewhere"))
    render_page(make_environment(), start_page)
    assert compiled_in(templates) == []
    assert [*(tmp_path / "elsewhere").rglob("*.jinja")]


@pytest.mark.skipif(os.name == "nt", reason="other permissions there")
def test_folder_that_cannot_be_written_is_no_error(templates: Path, start_page: Page) -> None:
    html = render_page(make_environment(), start_page)
    shutil.rmtree(templates / "__pycache__")
    (templates / "__pycache__").write_bytes(b"in the way")
    templates.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert render_page(make_environment(), start_page) == html
    finally:
        templates.chmod(stat.S_IRWXU)
