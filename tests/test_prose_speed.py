"""What makes Markdown fast leaves every byte as the library alone would have it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown import Markdown
from markdown.blockparser import BlockParser
from markdown.treeprocessors import InlineProcessor
from markupsafe import Markup
from test_prose import GITHUB, HOSTILE, MARKUP, SHARED, needs_shared, spec_examples

from reportgen import prose
from reportgen.prose import convert, highlight, needles, render_markdown, source
from reportgen.prose.blocks import HtmlBlocks
from reportgen.prose.sanitize import sanitize
from reportgen.prose.shape import shape

PLAIN_CONFIGS = {name: config for name, config in convert._CONFIGS.items() if name != "pymdownx.superfences"}
LANGUAGES = st.sampled_from(["", "python", "json", "sh", "diff", "html+jinja", "no-such", 'py linenums="1"', "{.c #i}"])
CODE = st.text("ab1 \n\"'#<&=+-{}[]().:;/*%\t", max_size=60)
PIECES = (
    "!!! note\n    ¦> [!TIP]\n> ¦- [x] ¦1. ¦10) ¦* ¦+ ¦: ¦\n:   ¦Term\n: ¦===\n¦---\n¦***\n¦# ¦|a|b|\n|-|:-:|\n|"
    "¦[a]: http://x.e 't'\n¦[a]¦[a][]¦![a]¦![b](c)¦[^1]¦[^1]: ¦www.a.com¦WwW.b.de¦a@b.cc¦<a@b.cc>¦<http://q.e>¦HTTP://r.e¦ftp://s"
    "¦&amp;¦&#9;¦&¦  \n¦\\\n¦\\`¦``¦~~~\n¦    ¦\n\n    ¦**a**¦__b¦*¦_¦~~¦<br>¦<!-- -->¦ſ¦\u2028¦\xa0"
    "¦klzzwxh:0000¦\x02amp\x03"
).split("¦")
DOCUMENT = st.lists(st.one_of(MARKUP, st.sampled_from(PIECES)), max_size=20).map("".join)


def as_the_library(text: str) -> str:
    """What `render_markdown` gives without needles, our highlighting and all that is remembered."""
    md = Markdown(extensions=convert._EXTENSIONS, extension_configs=PLAIN_CONFIGS, output_format="html")
    md.preprocessors.deregister("html_block")
    md.preprocessors.register(HtmlBlocks(md), "html_block", 20)
    html = md.convert(source.normalize(source.clean_characters(text))[0])
    return sanitize(shape(html, heading_base=3, id_prefix="p-"), id_prefix="p-")


def assert_same(text: str) -> None:
    try:
        expected = as_the_library(text)
    except Exception:
        return  # shown as its source; `test_prose` is about that
    assert render_markdown(text, id_prefix="p-") == expected


@settings(max_examples=150)
@given(DOCUMENT)
def test_any_document_is_as_the_library_has_it(text: str) -> None:
    assert_same(text)


@settings(max_examples=60)
@given(LANGUAGES, CODE, st.sampled_from(["", "> ", "    ", "- "]))
def test_any_code_is_as_the_library_has_it(language: str, code: str, before: str) -> None:
    assert_same("\n".join(before + line for line in f"```{language}\n{code}\n```\n".split("\n")))


@pytest.mark.parametrize("text", [GITHUB, *HOSTILE])
def test_known_documents_are_as_the_library_has_them(text: str) -> None:
    assert_same(text)


@needs_shared
def test_examples_and_real_pages_are_as_the_library_has_them() -> None:
    pages = [path.read_text("utf-8")[:20_000] for path in sorted(SHARED.glob("*/*.md"))]
    for text in spec_examples()[::3] + pages:
        assert_same(text)


def test_one_converter_carries_nothing_from_one_document_to_the_next() -> None:
    converter = convert.Converter()
    texts = [source.normalize(text)[0] for text in ("plain", GITHUB, "[a]\n\n[a]: http://x.e", "plain", "[a]", GITHUB)]
    assert [converter.convert(text) for text in texts] == [convert.Converter().convert(text) for text in texts]


def test_a_document_tries_only_what_it_can_need(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[tuple[int, int]] = []
    parse = BlockParser.parseDocument

    def spy(self: BlockParser, lines: list[str]) -> object:
        tree = parse(self, lines)
        inline = self.md.treeprocessors["inline"]
        assert isinstance(inline, InlineProcessor)
        inline.run(tree.getroot())
        tried.append((len(list(self.blockprocessors)), len(list(inline.inlinePatterns))))
        return tree

    monkeypatch.setattr(BlockParser, "parseDocument", spy)
    convert.Converter().convert("only words")
    convert.Converter().convert(GITHUB)
    assert tried[0] == (4, 0)
    assert tried[1][0] > 12
    assert tried[1][1] > 8


def test_every_pattern_of_the_library_is_known() -> None:
    patterns = convert.Converter().md.inlinePatterns
    assert [patterns.get_index_for_name(name) for name in needles.OF_PATTERNS] == list(range(len(patterns)))
    assert needles.OF_BLOCKS.keys() <= needles.OF_DOCUMENTS.keys()


def test_no_forbidden_character_is_printable() -> None:
    forbidden = source._BAD_CHARACTERS
    assert not [one for one in map(chr, range(0x110000)) if one.isprintable() and forbidden.match(one)]
    assert set(source._SPECIALS) == {one for one in map(chr, range(128)) if source._SPECIAL.match(one)}


def test_a_text_that_calls_itself_safe_is_not() -> None:
    assert "<script>" not in prose._as_source(Markup("<script>"), "x")
    assert type(source.clean_characters(Markup("a"))) is str


def test_a_failure_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "fails once, then does not"
    with monkeypatch.context() as patch:
        patch.setattr(convert.Converter, "convert", lambda self, text: 1 / 0)
        assert "could not be converted" in render_markdown(text)
    assert render_markdown(text) == f"<p>{text}</p>"


def test_code_has_only_spans_that_get_a_colour() -> None:
    html = highlight.format_code("x = 1\n", "python", "", {}, convert.Converter().md, classes=[], id_value="", attrs={})
    assert re.findall(r"<span[^>]*>", html) == ["<span>", '<span class="mi">']


def test_code_looks_the_same_whatever_was_read_before() -> None:
    use, definition = "```csound-orc\nk1 odd 1\n```", "```csound-orc\nopcode odd, k, k\nendop\n```"
    before = render_markdown(use)
    render_markdown(definition)
    highlight._remembered_code.cache_clear()
    assert render_markdown(f"{use}\n") == before
