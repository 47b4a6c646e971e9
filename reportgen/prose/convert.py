"""The Markdown library as reportgen uses it: its extensions, and what is faster or different here."""

from __future__ import annotations

import threading

from markdown import Markdown

from reportgen.prose.blocks import HtmlBlocks
from reportgen.prose.highlight import FENCE
from reportgen.prose.needles import Needles

_EXTENSIONS = [
    "tables",
    "sane_lists",
    "footnotes",
    "def_list",
    "admonition",
    "pymdownx.superfences",
    "pymdownx.highlight",
    "pymdownx.tilde",
    "pymdownx.tasklist",
    "pymdownx.magiclink",
    "pymdownx.betterem",
    "pymdownx.quotes",
]
_CONFIGS: dict[str, dict[str, object]] = {
    "pymdownx.superfences": {"custom_fences": [FENCE]},
    "pymdownx.highlight": {"guess_lang": False, "noclasses": False},
    "pymdownx.quotes": {"callouts": True},
    "pymdownx.tilde": {"subscript": False},  # `H~2~O` is text on GitHub too
}
_of_thread = threading.local()


class Converter:
    """Markdown with all extensions, for one document after the other."""

    def __init__(self) -> None:
        self.md = Markdown(extensions=_EXTENSIONS, extension_configs=_CONFIGS, output_format="html")
        self.md.preprocessors.deregister("html_block")
        self.md.preprocessors.register(HtmlBlocks(self.md), "html_block", 20)
        self.needles = Needles(self.md)

    def convert(self, source: str) -> str:
        self.needles.choose(source)
        return self.md.reset().convert(source)


def to_html(source: str) -> str:
    """Convert a normalized source (`source.normalize`) to HTML of any quality.

    Raises
    ------
    Exception
        The library fails on odd input in many ways; its converter is then thrown away.
    """
    converter: Converter | None = getattr(_of_thread, "converter", None)
    _of_thread.converter = None
    if converter is None:
        converter = Converter()  # as costly as many short documents, so each thread keeps one
    html = converter.convert(source)
    _of_thread.converter = converter
    return html
