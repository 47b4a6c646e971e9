"""What the page of a version says and shows of how it differs from the one before."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st
from logs import HOUR, PNG, START, artifact, delete, end, model_of, run_start, write_blob, write_run
from pages import broken_links, find, parse, policy, read_site, tag, text_of

from reportgen.build import build_site
from reportgen.inputs.png import write_png
from reportgen.inputs.tables import LargeTable, read_table
from reportgen.options import Options
from reportgen.units import iter_units, make_unit
from reportgen.views.parts import Page

SCRIPT = "<script>alert(1)</script>"


def site_of(folder: Path, *versions: Mapping[str, Any], deleted: tuple[int, ...] = ()) -> dict[str, bytes]:
    """Build the site of runs that each recorded a version of the key `thing`."""
    for number, fields in enumerate(versions, 1):
        records = [run_start(), artifact(f"a{number}", **{"key": "thing", **fields}), end()]
        write_run(folder / "runs", f"r{number}", records, at=START + number * HOUR)
    records = [run_start(), *(delete(f"a{number}", "wrong") for number in deleted), end()]
    write_run(folder / "runs", "last", records, at=START + 90 * HOUR)
    build_site([folder / "runs"], folder / "site", Options())
    files = read_site(folder / "site")
    assert broken_links(files) == []
    return files


def page_of(files: Mapping[str, bytes], version: int = 2) -> Element:
    return parse(files[f"artifacts/thing/v{version}.html"])


def lede(page: Element) -> str:
    return next(text_of(one) for one in find(page, "p") if one.get("class") == "lede").replace("\u00a0", " ")


def changes(page: Element) -> Element | None:
    return next((one for one in find(page, "section") if one.get("id") == "changes"), None)


def section(page: Element) -> Element:
    found = changes(page)
    assert found is not None
    return found


def rendered(page: Element) -> Element:
    return next(one for one in find(section(page), "div") if "changed" in one.get("class", ""))


def source(page: Element) -> Element:
    return next(one for one in find(section(page), "table") if "lines" in one.get("class", ""))


def table(columns: list[str], *rows: list[Any]) -> dict[str, Any]:
    return {"type": "table", "data": {"columns": columns, "rows": [*rows]}}


def link(address: str, text: str | None = None) -> dict[str, Any]:
    return {"type": "link", "data": {"link": address, "link_text": text}}


SCORES = table(["class", "f1"], ["cat", 0.81], ["dog", 0.9], ["eel", 0.2])


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ({"data": "one"}, {"data": "one"}, "No change since v1."),
        ({"data": "one"}, {"data": "one", "description": "new"}, "Another description since v1."),
        ({"data": "Score 0.81"}, {"data": "Score 0.84"}, "1 word added, 1 removed since v1."),
        ({"data": "one two three"}, {"data": "one two three four"}, "1 word added since v1."),
        ({"data": "one two three"}, {"data": "one two"}, "1 word removed since v1."),
        ({"data": "one two"}, {"data": "one  two"}, "Only signs or blanks changed since v1."),
        ({"data": "one"}, {"data": "x" * 300_000}, "New text since v1."),
        ({"data": "one"}, SCORES, "Table instead of Markdown since v1."),
        (
            {"type": "progress", "data": 60},
            {"type": "progress", "data": 82.5},
            "60 % → 82.5 % (+22.5 points) since v1.",
        ),
        (link("https://x.org/1"), link("https://x.org/2"), "Another text and address since v1."),
        (link("https://x.org/1", "a"), link("https://x.org/2", "a"), "Another address since v1."),
        (link("https://x.org/1"), link("https://x.org/1", "https://x.org/1"), "No change since v1."),
        (
            SCORES,
            table(["class", "f1"], ["cat", 0.84], ["dog", 0.9], ["fox", 0.5]),
            "1 row changed, 1 added, 1 removed since v1; “f1” of row “cat” 0.81 → 0.84 (+0.03).",
        ),
        (
            SCORES,
            table(["class", "f1"], ["cat", 0.82], ["dog", 0.3], ["eel", 0.2]),
            "2 rows changed since v1; most of all “f1” of row “dog” 0.9 → 0.3 (−0.6).",
        ),
        (
            SCORES,
            table(["class", "f1", "n"], ["cat", 0.81, 1], ["dog", 0.9, 2], ["eel", 0.2, 3]),
            "Column “n” added since v1.",
        ),
        (SCORES, table(["class", "f1"], ["dog", 0.9], ["cat", 0.81], ["eel", 0.2]), "Rows in another order since v1."),
        (
            SCORES,
            table(["f1", "class"], [0.81, "cat"], [0.9, "dog"], [0.2, "eel"]),
            "Columns in another order since v1.",
        ),
        (table(["x"], [1]), table(["x"], [1.0]), "No cell changed since v1."),
        (table(["x"], [1]), table(["x"]), "1 → 0 rows since v1."),
        (table(["x"]), table(["x"], [1]), "0 → 1 row since v1."),
        (table(["x"], [10**400]), table(["x"], [10**400 + 1]), "1 row changed since v1."),
        ({"type": "link", "data": {"link": 3}}, link("https://x.org"), "New content since v1."),
    ],
)
def test_sentence_says_what_changed(tmp_path: Path, before: Any, after: Any, sentence: str) -> None:
    page = page_of(site_of(tmp_path, before, after))
    assert lede(page) == sentence
    assert text_of(find(section(page), "h2")[0]) == "Changes since v1"


def test_first_version_and_artifact_without_key_are_compared_with_none(tmp_path: Path) -> None:
    files = site_of(tmp_path, {}, {"key": None})
    assert lede(page_of(files, 1)) == "First version."
    assert changes(page_of(files, 1)) is None
    (keyless,) = (content for url, content in files.items() if url == "runs/r2/a2.html")
    assert changes(parse(keyless)) is None


def test_deleted_versions_are_passed_over(tmp_path: Path) -> None:
    files = site_of(tmp_path, *({"data": f"Number {number}"} for number in range(1, 6)), deleted=(1, 3, 4))
    assert lede(page_of(files, 2)) == "The first version that is not deleted."
    assert changes(page_of(files, 2)) is None
    assert changes(page_of(files, 4)) is None
    assert lede(page_of(files, 5)) == "1 word added, 1 removed since v2."
    text = text_of(section(page_of(files, 5)))
    assert "v2, 1 Jan 2026, 02:00:02; v3 to v4 are deleted" in text
    assert [text_of(one) for one in find(rendered(page_of(files, 5)), "del", "ins")] == ["2", "5"]


def test_words_are_struck_and_set_anew(tmp_path: Path) -> None:
    unchanged = "\n".join(f"Line {number}" for number in range(20))
    files = site_of(tmp_path, {"data": f"Score 0.81 of all\n{unchanged}"}, {"data": f"Score 0.84 of all\n{unchanged}"})
    found = source(page_of(files))
    assert [(tag(one), text_of(one)) for one in find(found, "del", "ins")] == [("del", "0.81"), ("ins", "0.84")]
    assert "~ changed" in text_of(found)
    assert "18\u00a0lines unchanged" in "".join(found.itertext())
    assert "Line 15" not in text_of(found)


def test_text_is_compared_as_it_reads_with_its_source_below(tmp_path: Path) -> None:
    same = "\n\n".join(f"Block {number}" for number in range(9))
    texts = (f"# Title\n\n{same}\n\n## Part\n\nScore **{score}** of all\n\nEnd" for score in (0.81, 0.84))
    page = page_of(site_of(tmp_path, *({"data": text} for text in texts)))
    assert text_of(rendered(page)).replace("\u00a0", " ") == (
        "10 blocks unchanged Part Score 0.810.84 of all 1 block unchanged"
    )
    _, strong = find(rendered(page), "strong")
    assert [tag(one) for one in strong] == ["del", "ins"]
    (details,) = find(section(page), "details")
    assert "Changes in the source, line by line" in text_of(details)
    assert "~ changed" in text_of(source(page))


def test_text_whose_source_alone_differs_shows_that(tmp_path: Path) -> None:
    page = page_of(site_of(tmp_path, {"data": "one *two* three"}, {"data": "one _two_ three"}))
    assert find(section(page), "details") == []
    assert "− removed" in text_of(source(page))


def test_block_of_which_only_the_form_changed_says_so(tmp_path: Path) -> None:
    page = page_of(site_of(tmp_path, {"data": "one **two** three"}, {"data": "one two three"}))
    assert text_of(rendered(page)) == "Only its form, a sign or a link changed:one two three"


def test_long_text_is_compared_by_its_source_alone(tmp_path: Path) -> None:
    words = "word " * 5000
    page = page_of(site_of(tmp_path, {"data": f"old\n\n{words}"}, {"data": f"new\n\n{words}"}))
    assert find(section(page), "details") == []
    assert lede(page) == "1 word added, 1 removed since v1."


def test_many_changed_blocks_are_cut(tmp_path: Path) -> None:
    texts = ("\n\n".join(f"Block {word} {n}" for n in range(80)) for word in ("one", "two"))
    page = page_of(site_of(tmp_path, *({"data": text} for text in texts)))
    assert text_of(rendered(page)).endswith("More changed blocks are not shown.")
    assert len(find(rendered(page), "ins")) == 60


def test_rows_and_cells_are_marked_in_words_too(tmp_path: Path) -> None:
    after = table(["class", "f1", "n"], ["cat", 0.84, 7], ["fox", 0.5, 8], ["dog", 0.9, 9])
    found = section(page_of(site_of(tmp_path, SCORES, after)))
    rows = [[text_of(cell) for cell in find(row, "td", "th")] for row in find(found, "tr")]
    assert rows == [
        ["Change", "class", "f1", "+ added n"],
        ["~ changed", "cat", "0.81 → 0.84 +0.03", "7"],
        ["+ added", "fox", "0.50", "8"],
        ["− removed", "eel", "0.20", "–"],
    ]
    assert "Rows are matched by “class”" in text_of(found)
    assert "1 row unchanged" in text_of(found)


def test_cells_that_would_read_the_same_are_written_in_full(tmp_path: Path) -> None:
    rows = ([["cat", 5000.25], ["dog", value]] for value in (0.1, 0.10000001))
    found = section(page_of(site_of(tmp_path, *(table(["class", "x"], *pair, ["eel", 1.5]) for pair in rows))))
    assert [text_of(one) for one in find(found, "del", "ins")] == ["0.1", "0.10000001"]


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("x" * 1000 + "one", "x" * 1000 + "two", ["one'", "two'"]),
        ([["x" * 1000, 1]], [["x" * 1000, 2]], ["1]]", "2]]"]),
        (True, "true", ["True", "'true'"]),
    ],
    ids=["text", "list", "boolean"],
)
def test_cells_that_differ_late_or_in_kind_read_differently(
    tmp_path: Path, before: Any, after: Any, shown: list[str]
) -> None:
    found = section(page_of(site_of(tmp_path, table(["x", "y"], [0.5, before]), table(["x", "y"], [0.5, after]))))
    texts = [text_of(one) for one in find(found, "del", "ins")]
    assert [text[-len(end) :] for text, end in zip(texts, shown, strict=True)] == shown
    assert max(map(len, texts)) < 310


def test_long_lines_are_shortened(tmp_path: Path) -> None:
    middle = " ".join(f"word{number}" for number in range(400))
    files = site_of(tmp_path, {"data": f"one {middle} two"}, {"data": f"1 {middle} 2\n{'x' * 5000}"})
    text = text_of(source(page_of(files)))
    assert "one1 word0 word1" in text
    assert "characters" in text
    assert "word200" not in text
    assert "x" * 1000 not in text


def test_of_very_many_lines_the_first_are_shown(tmp_path: Path) -> None:
    files = site_of(tmp_path, {"data": "one"}, {"data": "\n".join(f"line {number}" for number in range(1000))})
    found = section(page_of(files))
    assert len(find(found, "tr")) == 401
    assert "601 more changed lines not shown." in text_of(found)


def test_of_many_rows_and_columns_the_first_changes_are_shown(tmp_path: Path) -> None:
    columns = ["id", *(f"c{number}" for number in range(40))]
    before, after = ([[row, *[0] * 39, value] for row in range(300)] for value in (1, 2))
    found = section(page_of(site_of(tmp_path, table(columns, *before), table(columns, *after))))
    assert len(find(found, "tr")) == 201
    heads = [text_of(cell) for cell in find(find(found, "thead")[0], "th")]
    assert (len(heads), heads[1], heads[-1]) == (21, "id", "c39")
    text = text_of(found)
    assert "300 rows changed, 300 cells" in text
    assert "100 more rows with changes not shown. 21 more columns not shown." in text


def test_of_very_long_tables_the_first_rows_are_compared(tmp_path: Path) -> None:
    versions = []
    for number in (1, 2):
        large = read_table({"id": [*range(1500)], "x": [0.5] * 1499 + [number]})
        assert isinstance(large, LargeTable)
        blob = write_blob(tmp_path / "runs", f"r{number}", large.content, "parquet")
        versions.append({"type": "table", "data": json.loads(large.data_json(blob))})
    files = site_of(tmp_path, *versions)
    assert lede(page_of(files)) == "1,500 rows; among the first 1,000: no cell changed since v1."
    assert "Compared are the first 1,000 rows." in text_of(section(page_of(files)))


def test_table_whose_file_is_gone_is_compared_by_its_record(tmp_path: Path) -> None:
    data = {"columns": ["id"], "rows": [[1], [2]], "n_rows": 2000, "blob": f"{'0' * 64}.parquet"}
    page = page_of(site_of(tmp_path, {"type": "table", "data": data}, table(["id"], [1], [3])))
    assert lede(page) == "2,000 → 2 rows; among the first 2: 1 row added, 1 removed since v1."
    assert "Not all rows could be read: v1, " in text_of(section(page))


def image(folder: Path, number: int, content: bytes) -> dict[str, Any]:
    blob = write_blob(folder / "runs", f"r{number}", content)
    return {"type": "image", "data": {"blob": blob, "name": f"{number}.png"}, "description": "A plot"}


def test_images_stand_side_by_side(tmp_path: Path) -> None:
    files = site_of(
        tmp_path, image(tmp_path, 1, PNG), image(tmp_path, 2, PNG + b"more"), image(tmp_path, 3, PNG + b"more")
    )
    page = page_of(files)
    assert lede(page) == "Another image since v1, 1 × 1 pixels as before; no pixel differs."
    assert "the files differ only in how the image is written" in text_of(section(page))
    shown = find(section(page), "img")
    assert [one.get("alt") for one in shown] == ["v1: A plot", "v2: A plot"]
    assert len({one.get("src") for one in shown}) == 2
    assert lede(page_of(files, 3)) == "The same image since v2."
    assert find(section(page_of(files, 3)), "img") == []


GREY = write_png([bytes([90] * 40)] * 30, 40, 30, colour_type=0)
CHANGED = write_png([bytes([90] * 40)] * 20 + [bytes([200] * 40)] * 10, 40, 30, colour_type=0)
LARGER = write_png([bytes([90] * 60)] * 30, 60, 30, colour_type=0)


def test_pixels_that_differ_are_counted_and_shown(tmp_path: Path) -> None:
    files = site_of(tmp_path, image(tmp_path, 1, GREY), image(tmp_path, 2, CHANGED))
    page = page_of(files)
    assert lede(page) == "Another image since v1, 40 × 30 pixels as before; 33.3 % of the pixels differ."
    assert "400 of 1,200 pixels differ (33.3 %), all of them clearly." in text_of(section(page)).replace("\u00a0", " ")
    *pair, pixels = find(section(page), "img")
    assert pixels.get("src") == "v2.difference.png"
    assert pixels.get("alt") == "33.3\u00a0% of the pixels differ; they are magenta on a faded v2."
    assert (pixels.get("width"), pixels.get("height")) == ("40", "30")
    assert files["artifacts/thing/v2.difference.png"].startswith(b"\x89PNG")
    links = [one for one in find(section(page), "a") if one.get("class") == "zoom"]
    assert [one.get("href") for one in links] == [one.get("src") for one in (*pair, pixels)]


def test_images_of_different_sizes_stand_at_the_same_scale(tmp_path: Path) -> None:
    files = site_of(tmp_path, image(tmp_path, 1, GREY), image(tmp_path, 2, LARGER))
    page = page_of(files)
    assert lede(page) == "Another image since v1, 40 × 30 → 60 × 30 pixels; 33.3 % of the pixels differ."
    frames = [one for one in find(section(page), "svg") if one.get("class") == "frame"]
    assert {(one.get("width"), one.get("height"), one.get("viewBox")) for one in frames} == {("60", "30", "0 0 60 30")}
    assert [one.get("aria-label") for one in frames] == ["v1: A plot", "v2: A plot"]
    inner = [one for one in section(page).iter() if tag(one) == "image"]
    assert [(one.get("width"), one.get("height")) for one in inner] == [("40", "30"), ("60", "30")]
    assert "What only one of the images has is light, too." in text_of(section(page))


def test_broken_image_says_why_beside_the_other(tmp_path: Path) -> None:
    files = site_of(tmp_path, image(tmp_path, 1, GREY[:-9]), image(tmp_path, 2, GREY))
    for page in (page_of(files), page_of(files, 1), parse(files["artifacts/thing/index.html"])):
        assert "This image cannot be shown: it is cut short." in text_of(page)
    assert len(find(section(page_of(files)), "img")) == 1


def test_nothing_is_said_of_pixels_without_pillow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reportgen.images.decoding.has_pillow", lambda: False)
    files = site_of(tmp_path, image(tmp_path, 1, GREY), image(tmp_path, 2, CHANGED))
    assert lede(page_of(files)) == "Another image since v1, 40 × 30 pixels as before."
    assert len(find(section(page_of(files)), "img")) == 2
    assert not [url for url in files if url.endswith("difference.png")]


def test_lists_show_large_images_small(tmp_path: Path) -> None:
    noise = random.Random(1)
    large = write_png([noise.randbytes(1000) for _ in range(500)], 1000, 500, colour_type=0)
    files = site_of(tmp_path, image(tmp_path, 1, large), image(tmp_path, 2, large + b"more"))
    blob = hashlib.sha256(large + b"more").hexdigest()
    for url in ("index.html", "artifacts/index.html"):
        (shown,) = find(parse(files[url]), "img")
        assert (shown.get("src") or "").endswith(f"data/thumbnails/{blob}.webp")
        assert (shown.get("width"), shown.get("height"), shown.get("loading")) == ("264", "132", "lazy")
        assert [one for one in find(parse(files[url]), "a") if one.get("class") == "zoom"] == []
    page = parse(files["artifacts/thing/index.html"])
    film = next(one for one in find(page, "ul") if one.get("class") == "film")
    assert [one.get("alt") for one in find(film, "img")] == ["v1: A plot", "v2: A plot"]
    assert [one.get("href") for one in find(film, "a")] == ["v1.html", "v1.html", "v2.html", "v2.html"]
    assert sum(url.startswith("data/thumbnails/") for url in files) == 2


def test_image_from_another_origin_than_the_page_allows_is_only_linked(tmp_path: Path) -> None:
    versions = [{"type": "image", "data": {"url": f"https://{host}.example/x.png"}} for host in ("a", "b")]
    page = page_of(site_of(tmp_path, *versions))
    assert [one.get("src") for one in find(section(page), "img")] == ["https://b.example/x.png"]
    assert "https://b.example" in policy(page)
    assert "https://a.example/x.png" in [one.get("href") for one in find(section(page), "a")]


def test_addresses_that_a_browser_should_not_follow_are_text(tmp_path: Path) -> None:
    page = page_of(site_of(tmp_path, link("javascript:alert(1)", "x"), link("https://x.org/", "x")))
    assert [one.get("href") for one in find(find(section(page), "dl")[0], "a")] == ["https://x.org/"]
    assert "javascript:alert(1) → https://x.org/" in text_of(section(page))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"data": f"a b c d {SCRIPT}"}, {"data": f'a b c d "><img src=x onerror=y> {SCRIPT} &amp;'}),
        (
            table([SCRIPT, "x"], [SCRIPT, 1]),
            table([SCRIPT, SCRIPT], [SCRIPT, SCRIPT], [f"{SCRIPT}2", {SCRIPT: [SCRIPT]}]),
        ),
        (link(f"https://x/{SCRIPT}", SCRIPT), link(f"https://y/{SCRIPT}", f"{SCRIPT}!")),
        ({"type": "image", "data": {"blob": SCRIPT}}, {"type": "image", "data": {"url": SCRIPT}}),
    ],
    ids=["markdown", "table", "link", "image"],
)
def test_texts_of_records_do_not_become_markup(tmp_path: Path, before: Any, after: Any) -> None:
    page = page_of(site_of(tmp_path, before, after))
    found = section(page)
    assert find(found, "script", "style", "svg") == []
    assert all(one.get("src") is None or one.get("onerror") is None for one in find(found, "img"))
    assert not [name for one in found.iter() for name in one.attrib if name == "style" or name.startswith("on")]
    assert SCRIPT in text_of(found)


contents = st.sampled_from(["markdown", "table", "link", "image", "progress"])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["columns", "rows", "link", "url", "blob"]), inner)
    ),
    max_leaves=8,
)


@given(contents, anything, anything)
def test_data_of_any_form_is_compared_without_error(
    tmp_path_factory: pytest.TempPathFactory, kind: str, before: Any, after: Any
) -> None:
    folder = tmp_path_factory.mktemp("odd")
    for number, data in enumerate((before, after)):
        records = [run_start(), artifact(f"a{number}", "thing", type=kind, data=data), end()]
        write_run(folder, f"r{number}", records, at=START + number * HOUR)
    model = model_of(folder)
    for unit in iter_units(model):
        for file in make_unit(model, unit):
            if isinstance(file, Page) and file.url.endswith("v2.html"):
                assert file.view.difference.sentence.endswith(".")


def test_content_of_the_version_before_is_not_kept(tmp_path: Path) -> None:
    for number in range(2):
        records = [run_start(), artifact(f"a{number}", "thing", data=f"Number {number}"), end()]
        write_run(tmp_path, f"r{number}", records, at=START + number * HOUR)
    model = model_of(tmp_path)
    for unit in iter_units(model):
        if unit.kind == "artifact":
            list(make_unit(model, unit))
    assert "data" not in vars(model.keys["thing"].versions[0])
