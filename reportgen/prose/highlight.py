"""Fenced code for the Markdown library: Pygments' HTML, with a `<span>` only where the shaper gives it a colour.

The bytes after `shape` are those of `pymdownx.highlight`, which makes a formatter and looks up the lexer (and the
installed plug-ins, if there is none) for each block. A block with options takes the library's way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Any

import pygments
from markdown import Markdown
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name
from pygments.lexers.special import TextLexer
from pygments.token import STANDARD_TYPES, Text, _TokenType
from pymdownx.superfences import highlight_validator  # type: ignore[import-untyped]

from reportgen.prose.vocabulary import HIGHLIGHT

MAX_REMEMBERED = 4_000  # characters of a block; a step that logs its usage logs it in each run
_WITH_MEMORY = {"CsoundDocumentLexer", "CsoundOrchestraLexer", "CsoundScoreLexer"}
"""Lexers that colour a text by what their class read before it: the same text must give the same bytes."""

MAX_NAME = 60  # characters of a language; no lexer has a longer alias


def format_code(
    source: str, language: str | None, class_name: str, options: dict[str, Any], md: Markdown, **of_fence: Any
) -> str:
    """Write a fenced code block as HTML: the `format` function of a custom fence of `pymdownx.superfences`."""
    if options or any(of_fence.values()):
        fences: Any = md.preprocessors["fenced_code_block"]
        written: str = fences.highlight(src=source, language=language, options=options, md=md, **of_fence)
        return written
    if len(source) <= MAX_REMEMBERED:
        return _remembered_code(source, (language or "")[:MAX_NAME])
    return _code(source, (language or "")[:MAX_NAME])


FENCE: dict[str, object] = {"name": "*", "class": "", "format": format_code, "validator": highlight_validator}


def _code(source: str, language: str) -> str:
    return pygments.format(_coloured(_lexer(language).get_tokens(source)), _formatter()).strip()


_remembered_code = lru_cache(maxsize=256)(_code)


def _lexer(language: str) -> Lexer:
    """Make a new one each time: some lexers remember what they have read."""
    try:
        return _lexer_class(language)(stripnl=True)
    except Exception:  # as the library does: a plug-in may fail in any way
        return TextLexer(stripnl=True)


@lru_cache(maxsize=128)
def _lexer_class(language: str) -> type[Lexer]:
    try:
        found = find_lexer_class_by_name(language) if language else TextLexer
    except Exception:
        return TextLexer
    return TextLexer if found.__name__ in _WITH_MEMORY else found


@cache
def _formatter() -> HtmlFormatter[str]:
    return HtmlFormatter(cssclass="highlight", wrapcode=True)


def _coloured(tokens: Iterable[tuple[_TokenType, str]]) -> Iterator[tuple[_TokenType, str]]:
    for token, text in tokens:
        yield (token if _has_colour(token) else Text), text


@cache
def _has_colour(token: _TokenType) -> bool:
    while token not in STANDARD_TYPES and token.parent:
        token = token.parent
    return STANDARD_TYPES.get(token, "") in HIGHLIGHT
