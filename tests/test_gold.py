"""One page of each template, byte for byte as it was looked at and approved; see `gold/README.md`."""

from __future__ import annotations

import difflib
import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from logs import model_of, write_small_project
from pages import pages_by_template

from reportgen.build import build_site
from reportgen.options import Options

MAX_BYTES = 300_000
GOLD = Path(__file__).parent / "gold"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """By template: the pages that a small fixed set of logs gives, by address."""
    folder = tmp_path_factory.mktemp("gold")
    write_small_project(folder / "runs")
    with pytest.MonkeyPatch.context() as patch:  # a page of each kind
        patch.setattr("reportgen.views.versions._PAGE_SIZE", 1)
        patch.setattr("reportgen.views.keys._MANY_KEYS", 0)
        build_site([folder / "runs"], folder / "site", Options(title="Gold"))
        templates = pages_by_template(model_of(folder / "runs", options=Options(title="Gold")))
    return {
        template.removesuffix(".html"): {url: (folder / "site" / url).read_bytes() for url in addresses}
        for template, addresses in templates.items()
    }


def kept_pages() -> Iterator[tuple[str, str, bytes]]:
    """The template, the address and the bytes of each page that is kept."""
    for path in sorted(GOLD.rglob("*.html")):
        template, _, url = path.relative_to(GOLD).as_posix().partition("/")
        yield template, url, path.read_bytes()


def write_pages(built: dict[str, dict[str, bytes]]) -> None:
    """Write the kept pages anew; of a template that has none, the one with most in it."""
    kept = {template: url for template, url, _ in kept_pages()}
    for folder in GOLD.iterdir():
        if folder.is_dir():
            shutil.rmtree(folder)
    for template, pages in built.items():
        url = kept.get(template, "")
        if url not in pages:
            url = max(pages, key=lambda one: (len(pages[one]), one))
        path = GOLD / template / url
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pages[url])


def test_each_template_has_a_page_here(built: dict[str, dict[str, bytes]], update: bool) -> None:
    if update:
        write_pages(built)
    assert [template for template, _, _ in kept_pages()] == sorted(built), "run pytest --update tests/test_gold.py"


def test_pages_are_as_they_were_approved(built: dict[str, dict[str, bytes]], update: bool) -> None:
    for template, url, expected in kept_pages():
        found = built[template].get(url, b"")
        if found != expected:
            pytest.fail(
                f"{url} differs; look at it, then: pytest --update tests/test_gold.py\n{describe(expected, found)}",
                pytrace=False,
            )


def describe(expected: bytes, found: bytes) -> str:
    """The first lines that differ, without what is equal at both ends of long ones."""
    lines = difflib.unified_diff(
        expected.decode().splitlines(), found.decode().splitlines(), "approved", "now", lineterm="", n=0
    )
    return "\n".join(line if len(line) < 400 else f"{line[:400]}…" for line in itertools.islice(lines, 30))


def test_pages_are_small() -> None:
    assert sum(len(content) for _, _, content in kept_pages()) < MAX_BYTES


def test_difference_is_readable() -> None:
    shown = describe(b"<p>same\n<p>old\n<p>same", b"<p>same\n<p>new\n<p>same")

    assert shown.splitlines() == ["--- approved", "+++ now", "@@ -2 +2 @@", "-<p>old", "+<p>new"]
