"""Pygments' lexers, each without the rules that a text cannot match.

A lexer tries the expressions of its state one after the other at each place of the text, most of them in vain: half of
Python's are of strings with a prefix. A rule whose expression holds a character that the text lacks never matches.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from pygments.lexer import Lexer, RegexLexer
from pygments.lexers import find_lexer_class_by_name
from pygments.lexers.special import TextLexer

_WITH_MEMORY = {"CsoundDocumentLexer", "CsoundOrchestraLexer", "CsoundScoreLexer"}
"""Lexers that colour a text by what their class read before it: the same text must give the same bytes."""

_REPEATS = {codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT}
_ADDED = "\n "  # to a text, by lexers


def make_lexer(language: str, source: str) -> Lexer:
    """Make the lexer of a language for one text; that of plain text for a language that is not known.

    It is a new one each time: some lexers remember what they have read.
    """
    try:
        lexer = _lexer_class(language)(stripnl=True)
    except Exception:  # as the library does: a plug-in may fail in any way
        return TextLexer(stripnl=True)
    if _has_plain_rules(type(lexer)) and "_tokens" not in vars(lexer):
        lexer._tokens = _Rules(lexer._tokens, source)  # type: ignore[attr-defined]
    return lexer


@lru_cache(maxsize=128)
def _lexer_class(language: str) -> type[Lexer]:
    try:
        found = find_lexer_class_by_name(language) if language else TextLexer
    except Exception:
        return TextLexer
    return TextLexer if found.__name__ in _WITH_MEMORY else found


def _has_plain_rules(lexer: type[Lexer]) -> bool:
    """Whether a lexer matches its rules with the text as it is."""
    return (
        issubclass(lexer, RegexLexer)
        and lexer.get_tokens is Lexer.get_tokens
        and lexer.get_tokens_unprocessed is RegexLexer.get_tokens_unprocessed
    )


class _Rules(dict[str, list[Any]]):
    """The rules of each state that a text can match, put together when the state is entered."""

    def __init__(self, rules: dict[str, list[Any]], source: str) -> None:
        super().__init__()
        self._rules = rules
        self._characters = {*source, *_ADDED}

    def __missing__(self, state: str) -> list[Any]:
        self[state] = rules = [rule for rule in self._rules[state] if _needs_of(rule[0]) <= self._characters]
        return rules


@cache
def _needs_of(match: Any) -> frozenset[str]:
    """Give characters that a text has if an expression, of which this is the method `match`, matches it."""
    expression = getattr(match, "__self__", None)
    if not isinstance(expression, re.Pattern):
        return frozenset()
    with_case = not expression.flags & re.IGNORECASE
    items = parser.parse(expression.pattern, expression.flags)
    return frozenset(one for one in _find_literals(items) if with_case or not one.isalpha())


def _find_literals(items: Iterable[tuple[Any, Any]]) -> Iterable[str]:
    """Give what stands in each text that a parsed expression matches, save what may be of another case there."""
    for code, of_code in items:
        if code is codes.LITERAL:
            yield chr(of_code)
        elif code is codes.SUBPATTERN and not of_code[1]:  # flags
            yield from _find_literals(of_code[3])
        elif code in _REPEATS and of_code[0]:
            yield from _find_literals(of_code[2])
