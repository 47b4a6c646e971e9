"""Markdown becomes HTML that looks as on GitHub, and that no record can use against its reader."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.prose import excerpt_markdown, plain_text, render_inline, render_markdown

SHARED = Path(__file__).parents[2] / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data sets are not beside the checkout")

TAGS = set(
    "a abbr b bdi bdo blockquote br caption cite code dd del details dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i input"
    " ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr u"
    " ul var wbr".split()
)
ATTRIBUTES = set(
    "id dir lang title class href rel start colspan rowspan open type disabled checked aria-label tabindex role".split()
)
HEADINGS = {f"h{level}" for level in range(1, 7)}
CLASSES = re.compile(
    r"hl-\w|highlight|admonition(-title)?|task-list(-item)?|footnote(-ref|-backref)?|ta-(right|center)|scroll|note|tip|info"
    r"|important|warning|caution|danger|quote|example|question|hint|success|error|bug|attention|abstract"
)


def parse(html: str, *, strict: bool = False) -> Element:
    parser = html5lib.HTMLParser(strict=strict, namespaceHTMLElements=False)
    return parser.parseFragment(html, container="div")


def elements(html: str, tag: str | None = None) -> list[Element]:
    return [one for one in parse(html).iter() if isinstance(one.tag, str) and tag in (None, one.tag)][tag is None :]


def text_of(html: str) -> str:
    return "".join(parse(html).itertext())


def assert_safe(html: str, prefix: str = "") -> None:
    ids: list[str] = []
    root = parse(html)
    for one in root.iter():
        assert isinstance(one.tag, str), "a comment is left"
        if one is root:
            continue
        assert one.tag in TAGS, one.tag
        assert set(one.attrib) <= ATTRIBUTES, one.attrib
        href = one.get("href", "https://")
        assert re.match(r"https?://|mailto:|#" + re.escape(prefix), href, re.IGNORECASE), href
        assert one.tag != "input" or (one.get("type") == "checkbox" and "disabled" in one.attrib)
        assert all(CLASSES.fullmatch(name) for name in one.get("class", "").split())
        assert one.get("dir", "rtl") in ("rtl", "ltr", "auto")
        ids += [one.attrib["id"]] if "id" in one.attrib else []
    assert all(one.startswith(prefix) for one in ids)
    assert len(ids) == len(set(ids))


HOSTILE = [
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x)",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    "[x](//evil.example/x)",
    "[x](../../index.html)",
    "[x](file:///etc/passwd)",
    "![x](https://evil.example/x.png)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x](//evil.example/x.png)",
    '<img src=x onerror="alert(1)" srcset="https://evil.example/x 2x">',
    "<svg/onload=alert(1)>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
    '<p style="background:url(https://evil.example)">x</p>',
    "<style>@import 'https://evil.example'</style>",
    '<form action="https://evil.example"><input name=a><button>x</button></form>',
    '<iframe src="https://evil.example"></iframe>',
    '<base href="https://evil.example">',
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    '<link rel="stylesheet" href="https://evil.example">',
    '<object data="x"></object><embed src="x">',
    '<a href="https://ok.example" target="_blank" onclick="alert(1)" style="position:fixed">x</a>',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    '<div title="`<img src=x onerror=alert(1)>`">x</div>',
    '<b x="<!--">y</b><i>-->',
    '<p id="a"><p id="a"><p class="scroll skip top">',
    '<input type="text" autofocus onfocus=alert(1)>',
    '<video src="https://evil.example" autoplay><source src="https://evil.example"></video>',
    "<<script>alert(1);//<</script>",
    "```html\n<script>alert(1)</script>\n```",
    '``` {onclick="alert(1)" style="x" #id}\nx\n```',
    "\x02wzxhzdk:0\x03 \x02stash:0\x03 \x00 \ud800",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_but_allowed_tags_and_addresses_is_left(text: str) -> None:
    assert_safe(render_markdown(text, id_prefix="p-"), "p-")
    assert_safe(render_inline(text))


SWALLOWING = (
    "<textarea> <title> <iframe> <plaintext> <xmp> <!-- <script> <style> <select> <template> <noscript> <svg> <math>"
    " <table> <div><b><i><a> <a/href=' <details> <![CDATA["
).split()


@pytest.mark.parametrize("tag", SWALLOWING)
@pytest.mark.parametrize("gap", ["\n\n", " "])
def test_an_unclosed_tag_swallows_nothing(tag: str, gap: str) -> None:
    html = render_markdown(f"{tag}{gap}still here\n\nand here")
    page = parse(f"<main>{html}</main><footer>foot</footer>")
    assert [child.tag for child in page] == ["main", "footer"]
    assert "still here" in text_of(html)
    assert "and here" in text_of(html)


def test_every_element_is_closed() -> None:
    html = render_markdown("<div>\n<b>x\n\n- a\n\n</ul></div></div><i>")
    assert html.count("<div") == html.count("</div>")
    assert html.count("<b>") == html.count("</b>")


GITHUB = """\
# Title *x*
Text ~~gone~~ https://example.com/a?b=1 and mail@example.com.[^n]
- a
  - b

1) one
2) two

> [!WARNING]
> Mind
> - this

- [ ] todo
- [x] done

Term
:   Meaning

| n | c | l |
|--:|:-:|---|
| 1 | 2 | `x` |

```python
def f(): return "a"  # why
```

<details><summary>More</summary>

Hidden **text**

</details>

!!! danger "Careful"
    Hot.

[to title](#title-x) [nowhere](#none) [file](other.md) ![chart](https://x.example/c.png)

[^n]: The note.
"""


def test_an_ordinary_document_is_valid_html() -> None:
    parse(render_markdown(GITHUB), strict=True)


def test_lists_nest_with_two_spaces_and_need_no_blank_line() -> None:
    html = render_markdown("Text\n- a\n  - b\n    - c\n1) one\n2) two")
    assert [one.tag for one in elements(html) if one.tag in ("ul", "ol")] == ["ul", "ul", "ul", "ol"]
    assert [one.text for one in elements(html, "ol")[0]] == ["one", "two"]


def test_task_lists_have_disabled_named_checkboxes() -> None:
    boxes = elements(render_markdown("- [ ] todo\n- [x] done"), "input")
    assert [("checked" in box.attrib, box.get("aria-label")) for box in boxes] == [(False, "To do"), (True, "Done")]


def test_table_alignment_is_a_class_and_the_table_scrolls_in_a_named_frame() -> None:
    html = render_markdown("| n | c | l |\n|--:|:-:|---|\n| 1 | 2 | 3 |")
    assert [one.get("class") for one in elements(html, "td")] == ["ta-right", "ta-center", None]
    frame = elements(html, "div")[0]
    assert frame.attrib == {"class": "scroll", "tabindex": "0", "role": "group", "aria-label": "Table"}
    assert frame[0].tag == "table"


def test_footnotes_lead_there_and_back_with_prefix() -> None:
    html = render_markdown(GITHUB, id_prefix="p-")
    ids = {one.get("id") for one in elements(html)}
    inner = {one.attrib["href"] for one in elements(html, "a") if one.get("href", "").startswith("#")}
    assert inner == {"#p-fn:n", "#p-fnref:n", "#p-title-x"}
    assert {one[1:] for one in inner} <= ids


def test_links_to_files_and_to_missing_fragments_are_text() -> None:
    html = render_markdown("[file](other.md) [nowhere](#none)")
    assert text_of(html) == "file nowhere"
    assert elements(html, "a") == []


def test_outside_links_do_not_tell_where_they_come_from() -> None:
    (link,) = elements(render_markdown("https://x.example/a"), "a")
    assert link.attrib == {"href": "https://x.example/a", "rel": "noreferrer nofollow"}


def test_remote_images_become_links_and_data_images_their_text() -> None:
    html = render_markdown("![chart](https://x.e/c.png) ![](https://x.e/d.png) ![inline](data:image/png;base64,AA==)")
    assert [(one.get("href"), one.text) for one in elements(html, "a")] == [
        ("https://x.e/c.png", "chart"),
        ("https://x.e/d.png", "https://x.e/d.png"),
    ]
    assert text_of(html).endswith("inline")


def test_an_image_in_a_link_leaves_the_link() -> None:
    (link,) = elements(render_markdown("[![build](https://x.e/b.svg)](https://x.e/ci)"), "a")
    assert (link.get("href"), link.text) == ("https://x.e/ci", "build")


def test_code_is_highlighted_by_class() -> None:
    html = render_markdown('```python\ndef f(): return "a"  # why\n```')
    assert [(one.get("class"), one.text) for one in elements(html, "span")] == [
        ("hl-k", "def"),
        ("hl-f", "f"),
        ("hl-k", "return"),
        ("hl-s", '"a"'),
        ("hl-c", "# why"),
    ]


def test_a_fence_without_end_is_code_to_the_end() -> None:
    html = render_markdown("```\n# a\n\n- b")
    assert elements(html, "code")[0].text == "# a\n\n- b\n"


@pytest.mark.parametrize("text", ["> [!WARNING]\n> Mind\n> - this", '!!! warning "Warning"\n    Mind\n\n    - this'])
def test_alerts_have_a_kind_and_a_title(text: str) -> None:
    html = render_markdown(text)
    alert = elements(html, "div")[0]
    assert alert.get("class") == "admonition warning"
    assert (alert[0].get("class"), alert[0].text) == ("admonition-title", "Warning")
    assert elements(html, "li")[0].text == "this"


def test_markdown_inside_details_is_markdown() -> None:
    html = render_markdown("<details><summary>More</summary>\n\nHidden **text**\n\n</details>")
    (details,) = elements(html, "details")
    assert [child.tag for child in details] == ["summary", "p"]
    assert elements(html, "strong")[0].text == "text"


def test_definitions_and_strikethrough() -> None:
    html = render_markdown("Term\n:   Meaning ~~not~~")
    assert [one.text for one in elements(html) if one.tag in ("dt", "dd", "del")] == ["Term", "Meaning ", "not"]


def test_headings_have_unique_anchors() -> None:
    html = render_markdown("# A b\n## A b\n##### C\n<h1>D</h1>", heading_base=3, id_prefix="x-")
    heads = [one for one in elements(html) if one.tag in HEADINGS]
    assert [(one.tag, one.get("id")) for one in heads] == [
        ("h3", "x-a-b"),
        ("h4", "x-a-b-1"),
        ("h5", "x-c"),
        ("h3", "x-d"),
    ]


@pytest.mark.parametrize(
    ("written", "levels"),
    [
        ("123", "345"),
        ("323", "334"),
        ("1421", "3443"),
        ("16262", "34454"),
        ("123456123", "345666345"),
    ],
)
def test_headings_leave_out_no_level(written: str, levels: str) -> None:
    text = "\n\n".join(f"{'#' * int(level)} x" for level in written)
    found = [one.tag for one in elements(render_markdown(text, heading_base=3)) if one.tag in HEADINGS]
    assert found == [f"h{level}" for level in levels]
    assert [a for a, b in itertools.pairwise(found) if b > a and int(b[1]) != int(a[1]) + 1] == []


def test_headings_without_a_text_are_left_out() -> None:
    html = render_markdown("# A\n\n##\n\n### B\n\n<h1> </h1>", heading_base=3)
    assert [(one.tag, one.text) for one in elements(html) if one.tag in HEADINGS] == [("h3", "A"), ("h4", "B")]


def test_unknown_tags_stay_visible() -> None:
    assert text_of(render_markdown("a vector<int> b")) == "a vector<int> b"


def test_direction_and_language_are_kept() -> None:
    (div,) = elements(render_markdown('<div dir="rtl" lang="ar">\n\nx\n\n</div>'), "div")
    assert div.attrib == {"dir": "rtl", "lang": "ar"}


def spec_examples() -> list[str]:
    if not SHARED.is_dir():
        return []
    fence = "`" * 32
    pattern = re.compile(rf"^{fence} example[^\n]*\n(.*?)^\.\n.*?^{fence}$", re.MULTILINE | re.DOTALL)
    files = sorted((SHARED / "markdown-spec").glob("*.txt"))
    return [one.replace("→", "\t") for file in files for one in pattern.findall(file.read_text("utf-8"))]


@needs_shared
def test_examples_of_the_markdown_specifications_are_safe() -> None:
    examples = spec_examples()
    assert len(examples) > 650
    for example in examples:
        html = render_markdown(example, id_prefix="p-")
        assert "could not be converted" not in html
        assert_safe(html, "p-")


@needs_shared
def test_the_list_of_filter_evasions_is_harmless_as_page_and_one_by_one() -> None:
    page = (SHARED / "xss-markdown" / "XSS_Filter_Evasion_Cheat_Sheet.md").read_text("utf-8")
    assert_safe(render_markdown(page))
    attacks = re.findall(r"^```[^\n]*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(attacks) > 90
    for attack in attacks:
        assert_safe(render_markdown(attack))
        assert_safe(render_inline(attack))


@needs_shared
def test_real_pages_keep_direction_and_every_outside_link() -> None:
    pages = sorted((SHARED / "markdown-books").glob("*/*.md"))
    assert len(pages) == 4
    for page in pages:
        text = page.read_text("utf-8")
        html = render_markdown(text)
        assert_safe(html)
        wanted = re.findall(r"(?<!!)\[[^\]\n]*\]\((https?://[^\s()]+)\)", text)
        assert len(wanted) > 20
        assert set(wanted) <= {one.get("href") for one in elements(html, "a")}
        assert ('dir="rtl"' in html) == ('dir="rtl"' in text)
        parse(html, strict=True)


@pytest.mark.parametrize(
    "text",
    ["[" * 20_000, "![x][" * 10_000, "[a](<b" * 10_000, "> " * 500 + "x", "- " * 500 + "x", "<div>\n" * 5_000,
     "a\n\n" * 50_000, "- a\n" * 60_000, "x" * 300_000, "ä" * 140_000, "[^a]: x\n\n" * 5_000, "- # a\n  # b\n" * 9_000],
)  # fmt: skip
def test_a_document_too_costly_to_convert_is_shown_as_source(text: str) -> None:
    html = render_markdown(text)
    assert html.startswith('<p class="quiet small">Shown as Markdown source, because ')
    assert elements(html, "pre")[0].text == text


def test_headings_rules_and_footnotes_need_no_blank_lines_around_them() -> None:
    html = render_markdown("a[^1]\n# b\nc\n***\nd\n[^1]: note\nHead\n---")
    assert [one.tag for one in parse(html)][:5] == ["p", "h3", "p", "hr", "p"]
    assert render_markdown("Head\n---").startswith("<h3")


def test_a_failure_of_the_library_shows_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object, source: str) -> str:
        raise RecursionError

    monkeypatch.setattr("markdown.Markdown.convert", fail)
    assert text_of(render_markdown("<b>x")).endswith("<b>x")


def test_inline_knows_links_code_and_emphasis() -> None:
    html = render_inline(
        "[a *b*](https://x.e/(1)) **c** _d_ ***e*** `<f>` snake_case_x https://y.e/z). <g> \\*h\\* **i"
    )
    assert html == (
        '<a href="https://x.e/(1)" rel="noreferrer nofollow">a <em>b</em></a> <strong>c</strong> <em>d</em>'
        " <strong><em>e</em></strong> <code>&lt;f&gt;</code> snake_case_x"
        ' <a href="https://y.e/z" rel="noreferrer nofollow">https://y.e/z</a>). &lt;g&gt; *h* **i'
    )


def test_inline_link_to_a_file_is_its_text() -> None:
    assert render_inline("[a](b.html) [c](javascript:d)") == "a c"


def test_plain_text_has_no_markup() -> None:
    text = "# Head\n\n> [!NOTE]\n> A [link](https://x.e) and `code`[^1], **bold**.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    assert plain_text(text) == "Head A link and code, bold. a | b 1 | 2"


def test_plain_text_is_cut_at_a_word() -> None:
    assert plain_text("one two three four", 12) == "one two…"


def test_excerpt_ends_at_a_block_and_closes_its_fence() -> None:
    assert excerpt_markdown("one\n\ntwo two two\n\nthree", 10) == "one"
    assert excerpt_markdown("```py\n" + "a = 1\n\n" * 50 + "```\n", 30) == "```py\na = 1\n\na = 1\n\na = 1\n```"
    assert excerpt_markdown("short") == "short"


PIECES = (
    '\n¦\n\n¦    ¦- ¦> ¦# ¦```¦`¦**¦_¦[¦](¦)¦!¦<¦>¦</¦<div>¦</div>¦<p>¦</p>¦<b>¦</b>¦<table>¦<tr><td>¦<a href=¦"¦#a¦|'
    "¦|-|-|¦javascript:¦https://x.e/¦[^1]¦[^1]: ¦<!--¦-->¦<svg>¦<style>¦&#1;¦&lt;¦<h1>¦<li>¦id=a ¦1. ¦<details>"
    "¦<ul>¦<pre>¦<img src=¦ alt=x ¦onload=x¦\\¦~~¦[!NOTE]\n"
).split("¦")
MARKUP = st.lists(st.one_of(st.text(max_size=8), st.sampled_from(PIECES)), max_size=25).map("".join)


@settings(max_examples=300)
@given(MARKUP)
def test_any_text_is_safe_and_always_gives_the_same(text: str) -> None:
    html = render_markdown(text, id_prefix="p-")
    assert_safe(html, "p-")
    assert render_markdown(text, id_prefix="p-") == html
    assert_safe(render_markdown(excerpt_markdown(text, 40)))


@settings(max_examples=300)
@given(MARKUP)
def test_any_line_gives_only_inline_tags(text: str) -> None:
    html = render_inline(text)
    assert_safe(html)
    assert {one.tag for one in elements(html)} <= {"a", "code", "strong", "em"}
    assert html.count("<em>") == html.count("</em>")
    assert "\n" not in html


@given(MARKUP, st.integers(2, 60))
def test_plain_text_is_one_line_within_the_limit(text: str, limit: int) -> None:
    plain = plain_text(text, limit)
    assert len(plain) <= limit
    assert "\n" not in plain


def test_colours_of_terminals_are_left_out_of_logs() -> None:
    html = render_markdown("```\n\x1b[32mok\x1b[0m 3 passed\n```\n\n\x1b[1mDone\x1b[0m\x1b")
    assert text_of(html).split() == ["ok", "3", "passed", "Done\ufffd"]
