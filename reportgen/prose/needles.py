"""What a piece of text must contain for a step of the Markdown library to do anything with it.

The library tries every pattern on every text. Most texts have no `[^`, `|` or `!!!`, and looking for a few
characters costs a tenth of trying an expression. Here each step gets its needles: every text that its
expression matches contains one of them. Leaving the step out elsewhere changes nothing but the time;
`tests/test_prose_speed.py` compares with the library as it is.

A document's needles lie within a line. The steps only cut lines, they never join two without a line break or
a placeholder between; so what the source lacks no block has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.treeprocessors import InlineProcessor, UnescapeTreeprocessor
from markdown.util import STX, AtomicString, Registry

_LINK = ("://", "www.", "WWW.", "Www.", "wWw.", "wwW.", "WWw.", "WwW.", "wWW.")
OF_PATTERNS: dict[str, tuple[str, ...]] = {
    "backtick": ("`",),
    "escape": ("\\",),
    "footnote": ("[^",),
    "reference": ("[",),
    "link": ("[",),
    "image_link": ("![",),
    "image_reference": ("![",),
    "short_reference": ("[",),
    "short_image_ref": ("![",),
    "autolink": ("://",),
    "automail": ("@",),
    "linebreak": ("  \n",),
    "html": ("<",),
    "magic-link": _LINK,
    "magic-mail": ("@",),
    "entity": ("&",),
    "delimiter": ("*", "_", "~"),
}
OF_BLOCKS: dict[str, tuple[str, ...]] = {
    "table": ("|",),
    "hashheader": ("#",),
    "setextheader": ("\n=", "\n-"),
    "hr": ("-", "*", "_"),
    "deflist": (": ",),
    "quote": (">",),
    "footnote": ("[^",),
    "reference": ("]:",),
}
OF_DOCUMENTS: dict[str, tuple[str, ...]] = {  # for steps that look at other blocks too, or are quick
    **OF_BLOCKS,
    "admonition": ("!!!",),
    "defindent": (": ",),
    "setextheader": ("=", "-"),  # the line break may have a quote's sign after it
    "olist": (". ",),
    "ulist": ("- ", "* ", "+ "),
}
_ALWAYS = ("",)
_REFERENCES = frozenset(("reference", "image_reference", "short_reference", "short_image_ref"))
_ANY = re.compile(r"[`\\\[<@&*_~]|  \n|://|[wW]{3}\.")


def has_any(needles: Iterable[str], text: str) -> bool:
    """Whether one of the needles is in the text."""
    for needle in needles:  # noqa: SIM110  (a generator takes three times as long)
        if needle in text:
            return True
    return False


class Needles:
    """What a converter's steps need; made once for each converter. A step that is not known here is always tried."""

    def __init__(self, md: Markdown) -> None:
        self.parser: Any = md.parser
        self.blocks: list[tuple[tuple[str, ...], BlockProcessor]] = []
        for name, processor in _named(md.parser.blockprocessors, OF_DOCUMENTS):
            guarded = _Block(processor, OF_BLOCKS[name]) if name in OF_BLOCKS else processor
            self.blocks.append((OF_DOCUMENTS.get(name, _ALWAYS), guarded))
        md.is_block_level = cache(md.is_block_level)  # type: ignore[method-assign]  # looks through a list of 60 names
        md.treeprocessors.register(_Inline(md), "inline", 20)
        self.unescape = _Unescape(md)
        md.treeprocessors.register(self.unescape, "unescape", 0)

    def choose(self, source: str) -> None:
        """Leave out the steps that no block of a document needs."""
        self.unescape.is_needed = "\\" in source
        self.parser.blockprocessors = [block for needles, block in self.blocks if has_any(needles, source)]


def _named(registry: Registry[Any], names: Iterable[str]) -> list[tuple[str, Any]]:
    """The steps of a registry in their order, each with its name if that is one of `names`."""
    known = {registry.get_index_for_name(name): name for name in names if name in registry}
    return [(known.get(index, ""), step) for index, step in enumerate(registry)]


class _Expression:
    """A regular expression that is tried only on text with one of its needles."""

    def __init__(self, expression: re.Pattern[str], needles: tuple[str, ...]) -> None:
        self.expression = expression
        self.needles = needles

    def finditer(self, text: str, start: int = 0) -> Iterable[re.Match[str]]:
        return self.expression.finditer(text, start) if has_any(self.needles, text) else ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.expression, name)


class _Block(BlockProcessor):
    """A block processor that is asked only about blocks with one of its needles."""

    def __init__(self, processor: BlockProcessor, needles: tuple[str, ...]) -> None:
        super().__init__(processor.parser)
        self.needles = needles
        self.processor = processor
        self.run = processor.run  # type: ignore[method-assign]

    def test(self, parent: Element, block: str) -> bool:
        return has_any(self.needles, block) and self.processor.test(parent, block)


class _Inline(InlineProcessor):
    """The inline patterns, without those that no text of the document can match, on texts that any can match."""

    def __init__(self, md: Markdown) -> None:
        super().__init__(md)
        self.named = _named(md.inlinePatterns, OF_PATTERNS)
        for name, pattern in self.named:
            if name:
                pattern.compiled_re = _Expression(pattern.compiled_re, OF_PATTERNS[name])

    def run(self, tree: Element, ancestors: list[str] | None = None) -> Element:
        texts = "\n".join(_mark_plain(tree))
        without = frozenset() if self.md.references else _REFERENCES
        patterns: Any = [
            pattern
            for name, pattern in self.named
            if name not in without and has_any(OF_PATTERNS.get(name, _ALWAYS), texts)
        ]
        self.inlinePatterns = patterns
        return super().run(tree, ancestors)


def _mark_plain(tree: Element) -> Iterator[str]:
    """Tell the library which texts of a tree are plain; yield the others."""
    for element in tree.iter():
        if element.text:
            if _ANY.search(element.text):
                yield element.text
            else:
                element.text = AtomicString(element.text)
        if element.tail:
            yield element.tail


class _Unescape(UnescapeTreeprocessor):
    """Puts back what a backslash stood before: without one there is nothing."""

    is_needed = True

    def run(self, root: Element) -> None:
        if self.is_needed:
            super().run(root)

    def unescape(self, text: str) -> str:
        return super().unescape(text) if STX in text else text
