"""Any two versions of a key, compared in a real browser from the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser import find_violations
from logs import HOUR, PNG, START, artifact, delete, end, run_start, write_blob, write_run

from reportgen.build import build_site
from reportgen.options import Options

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.heavy, pytest.mark.browser]

HOSTILE = "<img src=x onerror=window.pwned=1>"
TEXTS = [
    "# Summary\n\nThe model is good.\n\n- one\n- two\n\n```\na = 1\nb = 2\n```\n\nSame.\n\nSame too.\n\nAnd same.\n",
    "# Summary\n\nThe model is bad.\n\n- one\n- three\n\n```\na = 1\nb = 3\n```\n\nSame.\n\nSame too.\n\nAnd same.\n",
    f"# Summary\n\nThe `{HOSTILE}` is better.\n\nSame.\n\nSame too.\n\nAnd same.\n",
    "# Summary\n\nThe model is good.\n\n- one\n- two\n\n```\na = 1\nb = 2\n```\n\nSame.\n\nSame too.\n\nAnd same.\n",
]
ROWS = [
    [["a", 1.5, "x"], ["b", 2, "y"], ["c", 3, HOSTILE]],
    [["a", 1.5, "x"], ["b", 2.25, "y"], ["c", 3, HOSTILE]],
    [["b", 4, "z"], ["a", 1.5, "x"], ["d", 9, "new"]],
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("versions")
    logs = folder / "runs"
    for number in range(4):
        table = {"columns": ["id", "value", "note"], "rows": ROWS[min(number, 2)]}
        long = {"columns": ["n"], "rows": [[n * (number + 1)] for n in range(1200)]}
        address = {"link": f"https://example.org/{number}", "link_text": "Model"}
        records = [
            run_start(),
            artifact(f"t{number}", "text", data=TEXTS[number]),
            artifact(f"r{number}", "rows", type="table", data=table),
            artifact(f"l{number}", "long", type="table", data=long),
            artifact(f"a{number}", "address", type="link", data=address),
            artifact(f"m{number}", "mixed", **({"type": "table", "data": table} if number % 2 else {"data": "text"})),
            artifact(
                f"i{number}",
                "image",
                type="image",
                data={"blob": write_blob(logs, f"run-{number}", PNG), "name": "a.png"},
            ),
            *([artifact("two-a", "two"), artifact("two-b", "two")] if number == 0 else []),
            end(),
        ]
        write_run(logs, f"run-{number}", records, at=START + number * HOUR)
    write_run(logs, "late", [run_start(), delete("t1", "wrong"), end()], at=START + 9 * HOUR)
    build_site([logs], folder / "site", Options())
    return folder / "site"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    assert page.evaluate("window.pwned") is None
    page.close()
    assert problems == []


def open_key(page: Page, site: Path, key: str, query: str = "") -> None:
    page.goto((site / f"artifacts/{key}/index.html").as_uri() + query)


def compare(page: Page, older: str, newer: str) -> str:
    page.select_option("select[aria-label='Older version']", label=older)
    page.select_option("select[aria-label='Newer version']", label=newer)
    page.click("text=Show what changed")
    return said(page)


def said(page: Page) -> str:
    page.wait_for_function(
        "() => /(same|From|answer)/.test(document.querySelector('.choose [role=status]').textContent)"
    )
    return page.inner_text(".choose [role=status]")


def rows_of(page: Page) -> list[list[str]]:
    found: list[list[str]] = page.eval_on_selector_all(
        ".choose .diff tbody tr", "rows => rows.map(row => Array.from(row.cells, cell => cell.textContent))"
    )
    return found


def test_lines_of_texts_are_compared_word_by_word(page: Page, site: Path) -> None:
    open_key(page, site, "text")
    assert page.eval_on_selector_all(
        "select[aria-label='Older version'] option", "all => all.map(one => one.textContent)"
    ) == ["v1", "v3", "v4"]
    assert compare(page, "v1", "v3") == "From v1 to v3: 4 removed, 1 changed."
    rows = rows_of(page)
    assert rows[0][1] == "Summary"
    assert rows[1] == ["~ changed", f"The model{HOSTILE} is goodbetter."]
    assert [row[1] for row in rows if row[0].startswith("−")] == ["one", "two", "a = 1", "b = 2"]
    before, after = (
        "".join(page.eval_on_selector_all(f".choose .src {tag}", "all => all.map(one => one.textContent)"))
        for tag in ("del", "ins")
    )
    assert before == "modelgood"
    assert after.replace(" ", "") == f"{HOSTILE}better".replace(" ", "")
    assert compare(page, "v1", "v4") == "v1 and v4 are the same."
    assert page.is_hidden(".choose .scroll")


def test_rows_of_tables_are_matched_by_their_first_column(page: Page, site: Path) -> None:
    open_key(page, site, "rows")
    assert compare(page, "v1", "v3") == "From v1 to v3: 1 added, 1 removed, 1 changed."
    assert rows_of(page) == [
        ["~ changed", "b", "2.0 → 4.0 +2.0", "y → z"],
        ["", "a", "1.5", "x"],
        ["+ added", "d", "9.0", "new"],
        ["− removed", "c", "3.0", HOSTILE],
    ]
    assert page.inner_text(".choose caption") == "Rows are matched by id"
    assert compare(page, "v2", "v1") == "From v2 to v1: 1 changed."
    assert rows_of(page)[1] == ["~ changed", "b", "2.25 → 2.0 −0.25", "y"]


def test_long_tables_show_what_changed_and_say_what_is_left_out(page: Page, site: Path) -> None:
    open_key(page, site, "long")
    assert compare(page, "v1", "v2") == (
        "From v1 to v2: 500 added, 500 removed. Only rows of the first page of each are compared."
    )
    assert "500 unchanged rows are left out" in page.inner_text(".choose caption")
    assert len(rows_of(page)) == 1000


def test_links_and_versions_of_other_kinds_are_compared_as_text(page: Page, site: Path) -> None:
    open_key(page, site, "address")
    assert compare(page, "v1", "v2") == "From v1 to v2: 1 changed."
    assert rows_of(page) == [["", "Model"], ["~ changed", "https://example.org/01"]]
    open_key(page, site, "mixed")
    assert compare(page, "v1", "v2").startswith("From v1 to v2: ")


def test_choice_is_in_the_address(page: Page, site: Path) -> None:
    open_key(page, site, "rows")
    compare(page, "v1", "v2")
    page.wait_for_function("() => location.search.includes('versions')")
    shared = page.url
    page.goto("about:blank")
    page.goto(shared)
    assert said(page) == "From v1 to v2: 1 changed."
    open_key(page, site, "rows", "?versions=v9,%3Cscript%3E")
    assert page.inner_text(".choose [role=status]") == ""


def test_version_that_is_not_there_is_said(page: Page, site: Path, tmp_path: Path) -> None:
    open_key(page, site, "rows")
    page.clock.install()
    page.evaluate("document.querySelectorAll('#versions th > a').forEach(one => one.href = 'missing.html')")
    page.click("text=Show what changed")
    page.clock.run_for(21_000)
    assert said(page) == "The pages of v3 and v4 do not answer. Open them side by side instead."


@pytest.mark.parametrize("key", ["image", "two"])
def test_keys_of_images_and_of_two_versions_have_other_ways(page: Page, site: Path, key: str) -> None:
    open_key(page, site, key)
    assert page.query_selector("text=Show what changed") is None
    assert "frame-src" not in (page.get_attribute("meta[http-equiv]", "content") or "")


def test_nothing_of_it_is_there_without_scripts(chromium: Browser, site: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    open_key(page, site, "rows")
    assert page.query_selector(".choose > *") is None
    assert page.eval_on_selector(".choose", "one => one.offsetHeight") == 0
    context.close()


def test_comparison_is_accessible(chromium: Browser, site: Path) -> None:
    page = chromium.new_page()
    open_key(page, site, "rows")
    compare(page, "v1", "v3")
    found = find_violations(page)
    page.close()
    assert found == []


def test_versions_of_older_pages_can_be_chosen_too(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reportgen.views.versions._PAGE_SIZE", 2)
    for number in range(7):
        records = [run_start(), artifact(f"t{number}", "text", data=f"Number {number}"), end()]
        write_run(tmp_path / "runs", f"run-{number}", records, at=START + number * HOUR)
    write_run(tmp_path / "runs", "late", [run_start(), delete("t1", "wrong"), end()], at=START + 9 * HOUR)
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    page.goto((tmp_path / "site/artifacts/text/index.html").as_uri())
    assert page.locator("#versions tbody tr").count() == 3
    first = page.get_by_label("Older version")
    assert first.locator("option").all_inner_texts() == ["v1", "v3", "v4", "v5", "v6", "v7"]
    first.select_option(label="v1")
    page.get_by_role("button", name="Show what changed").click()
    page.get_by_text("From v1 to v7: 1 changed.").wait_for()
    assert page.locator("#versions .diff del").all_inner_texts() == ["0"]
    page.goto((tmp_path / "site/artifacts/text/versions.1.html").as_uri())
    assert page.locator("#versions tbody tr").count() == 2
