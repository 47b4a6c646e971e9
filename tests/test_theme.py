"""Themes: a folder of the user changes templates, style and logo, and nothing of it ends in a traceback."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from logs import HOUR, PNG, START, end, metric, run_start, write_run, write_small_project
from pages import find, parse, text_of

from reportgen import cli
from reportgen.build import build_site
from reportgen.errors import InputError
from reportgen.options import Options
from reportgen.parallel import Workers
from reportgen.theme import NO_THEME, Logo, load_theme

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><rect width="120" height="40"/></svg>'
OPTIONS = Options(theme="theme")


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    write_small_project(tmp_path / "runs")
    return tmp_path / "runs"


@pytest.fixture
def theme(tmp_path: Path) -> Path:
    """A theme with everything that one can have."""
    folder = tmp_path / "theme"
    (folder / "templates").mkdir(parents=True)
    (folder / "static/pictures").mkdir(parents=True)
    (folder / "theme.css").write_text(
        ":root { --accent: #7a1f5c; } .mast { background: url(theme/pictures/paper.png); }"
    )
    (folder / "logo.svg").write_text(SVG)
    (folder / "static/pictures/paper.png").write_bytes(PNG)
    (folder / ".hidden").write_text("not read")
    (folder / "templates/base.html").write_text(
        '{% extends "reportgen/base.html" %}\n{% block foot %}<p>Of {{ frame.site_title }} & co</p>{% endblock %}\n'
    )
    (folder / "templates/run.html").write_text(
        '{% extends "reportgen/run.html" %}\n'
        '{% block main %}<p id="note">{{ name }}: <b>ask the data team</b></p>{{ super() }}{% endblock %}\n'
    )
    return folder


def test_templates_extend_those_of_the_site(logs: Path, theme: Path, tmp_path: Path) -> None:
    build_site([logs], tmp_path / "site", OPTIONS)
    run = parse((tmp_path / "site/runs/run-1.html").read_bytes())
    (note,) = (one for one in find(run, "p") if one.get("id") == "note")
    assert text_of(note).endswith(": ask the data team")
    assert any(one.get("id") == "metrics" for one in find(run, "section"))
    overview = parse((tmp_path / "site/index.html").read_bytes())
    assert text_of(find(overview, "footer")[0]).startswith("Of Pipeline reports & co")
    assert not any(one.get("id") == "note" for one in find(overview, "p"))


def test_style_logo_and_files_come_with_every_page(logs: Path, theme: Path, tmp_path: Path) -> None:
    build_site([logs], tmp_path / "site", OPTIONS)
    page = parse((tmp_path / "site/runs/run-1.html").read_bytes())
    styles = [link.get("href") for link in find(page, "link")]
    assert styles.index("../static/theme.css") > styles.index("../static/report.css")
    (logo,) = (one for one in find(page, "img") if one.get("class") == "logo")
    assert (logo.get("src"), logo.get("width"), logo.get("height"), logo.get("alt")) == (
        "../static/logo.svg",
        "84",
        "28",
        "",
    )
    assert (tmp_path / "site/static/theme/pictures/paper.png").read_bytes() == PNG
    assert (tmp_path / "site/static/logo.svg").read_text() == SVG


def test_workers_make_the_same_pages(logs: Path, theme: Path, tmp_path: Path) -> None:
    build_site([logs], tmp_path / "one", OPTIONS)
    build_site([logs], tmp_path / "two", OPTIONS, open_executor=Workers(2))
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


def files_of(site: Path) -> dict[str, bytes]:
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}


def test_changed_theme_means_a_full_build_and_an_unchanged_one_an_update(
    logs: Path, theme: Path, tmp_path: Path
) -> None:
    said: list[str] = []

    def build() -> int:
        return build_site([logs], tmp_path / "site", OPTIONS, say=said.append).n_written

    n_files = build()
    write_run(logs, "new", [run_start(), metric("accuracy", 1), end()], at=START + 9 * HOUR)
    assert 0 < build() < n_files
    assert said == []
    (theme / "theme.css").write_text(":root { --accent: red; }")
    assert build() >= n_files
    assert len(said) == 1
    shutil.rmtree(theme)
    with pytest.raises(InputError, match="there is no folder theme"):
        build()
    assert (tmp_path / "site/static/theme.css").read_text() == ":root { --accent: red; }"


def test_no_theme_is_the_default(tmp_path: Path) -> None:
    assert load_theme("") is NO_THEME
    (tmp_path / "empty").mkdir()
    assert load_theme("empty").digest == NO_THEME.digest


@pytest.mark.parametrize(
    ("content", "name", "logo"),
    [
        (PNG, "logo.png", Logo("static/logo.png", 28, 28)),
        (b'<svg width="900" height="30"></svg>', "logo.svg", Logo("static/logo.svg", 280, 9)),
        (SVG.encode(), "logo.svg", Logo("static/logo.svg", 84, 28)),
    ],
    ids=["raster", "very wide", "view box"],
)
def test_logo_takes_the_room_that_it_will_need(tmp_path: Path, content: bytes, name: str, logo: Logo) -> None:
    (tmp_path / name).write_bytes(content)
    assert load_theme(str(tmp_path)).logo == logo


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("notes.txt", b"x", r"notes\.txt is no part of a theme: a theme has theme\.css"),
        ("logo.png", PNG, "has two logos: keep one"),
        ("logo.svg", b"<svg/>", "does not say how large it is"),
        ("static/A b.png", PNG, "has a name that a site cannot have"),
        ("templates/run.html", b"\xff", r"run\.html is not UTF-8"),
        ("static/big.png", bytes(10_000_001), "more than 10 MB"),
    ],
)
def test_mistake_in_a_file_is_named(theme: Path, name: str, content: bytes, reason: str) -> None:
    (theme / name).write_bytes(content)
    with pytest.raises(InputError, match=f"^theme: .*{reason}") as caught:
        load_theme("theme")
    assert caught.value.slug == "bad-theme"


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("a\n{% if %}", "line 2: Expected an expression"),
        ("\n\n{{ nothing }}", "line 3: 'nothing' is undefined"),
        ("{{ 1 / 0 }}", "line 1: division by zero"),
        ('{% extends "x.html" %}', "line 1: there is no template x.html"),
    ],
)
def test_mistake_in_a_template_is_one_line_and_the_old_site_stays(
    logs: Path, theme: Path, tmp_path: Path, template: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "reportgen.toml").write_text('theme = "theme"\n')
    shutil.copytree(logs / "run-1", tmp_path / "few" / "run-1")
    assert cli.run(["build", "few", "--quiet"]) == 0
    before = files_of(tmp_path / "site")
    capsys.readouterr()
    (theme / "templates/run.html").write_text(template)
    assert cli.run(["build", "few", "--quiet"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f"error: theme: {Path('theme/templates/run.html')}, {reason}")
    assert files_of(tmp_path / "site") == before


@pytest.mark.browser
def test_browser_shows_the_theme_from_disk(logs: Path, theme: Path, tmp_path: Path, chromium: Browser) -> None:
    build_site([logs], tmp_path / "site", OPTIONS)
    page = chromium.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto((tmp_path / "site/runs/run-1.html").as_uri())
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--accent')") == "#7a1f5c"
    assert page.evaluate("document.querySelector('.logo').naturalWidth") > 0
    assert refused == []
    page.close()
