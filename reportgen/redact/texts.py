"""Finds secrets in text by rules, each with a name that is told instead of them.

A rule gives ranges of the text; whatever its length, a text takes a time in proportion to it, because no repetition of
a pattern is without a limit. Masking what is masked changes nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from typing import NamedTuple

from reportgen.errors import InputError
from reportgen.options import RedactOptions
from reportgen.secretwords import SECRET_NAME, SECRET_VALUE

MASK = "***"

_QUOTED = r"\"[^\"\n]{0,4000}\"|'[^'\n]{0,4000}'|\\{1,7}\"[^\"\n]{0,4000}?\\{1,7}\""
_PLAIN = r"[^\s,;&\"'`<>|)}\]\\]{1,4000}"
_HARMLESS = r"(?i:true|false|none|null|nil|yes|no|str|int|bool|bytes|required|optional|\.{3})(?![\w-])"
_CALL = r"[A-Za-z_][\w.]{0,80}[(\[]"  # code that fetches it
_VALUE = rf"(?!\*\*\*|{_HARMLESS}|{_CALL})(?:{_QUOTED}|{_PLAIN})"
_FLAGS = re.IGNORECASE
_URL = "://"  # holds a password only where there is an `@`, too


class _Rule(NamedTuple):
    """A pattern, of which the group `secret` is masked, or all of it if it has none.

    Attributes
    ----------
    name
        For people.
    hint
        Is found in every text, in small letters, in which the pattern is; empty when nothing simple is.
    """

    name: str
    pattern: str
    hint: str = ""
    flags: int = 0


_NAMED = "pass|pwd|secret|cred|auth|token|bearer|cookie|sig|key"
_PREFIXES = (
    r"gh[pousr]_|github_pat_|glpat-|xox|xapp-|hf_|a[ks]ia|sk-|k_live_|whsec_|npm_|pypi-|aiza|ya29\.|sg\.|_v1_|dckr_pat_|dapi"
    r"|glsa_|hv[sb]\.|shp|eyj"
)

_DEFAULTS = [
    _Rule(
        "private key",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?P<secret>(?!\*\*\*).*?)(?:-----END |\Z)",
        "private key",
        re.DOTALL,
    ),
    _Rule("password in a URL", r"(?<=://)(?P<secret>(?!\*\*\*@)[^\s@/<>\"'`]{1,1000}?)@(?=[\w\[%-])", _URL),
    _Rule(
        "password in a URL",
        r"(?<=://)(?P<secret>(?!\*\*\*@)[^\s:@/<>\"'`]{0,200}:(?!\d{1,5}(?:[/?#]|$))[^\s<>\"'`]{1,500})@(?=[\w\[%-])",
        _URL,
    ),
    _Rule("token of a known form", SECRET_VALUE, _PREFIXES),
    _Rule(
        "authorization",
        r"\b(?:bearer|authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:basic|digest|token|negotiate))\s{1,3}"
        r"(?P<secret>(?!\*\*\*)[\w.~+/=:-]{6,4000})",
        "bearer|authorization",
        _FLAGS,
    ),
    _Rule(
        "secret by name",
        rf"(?<![a-z])[\w.-]{{0,40}}?(?:{SECRET_NAME})[\w.\-]{{0,40}}?[\\\"'\]]{{0,9}}\s{{0,3}}(?::=|=>|=|:(?!//))\s{{0,3}}"
        rf"(?!bearer\s|basic\s|token\s)(?P<secret>{_VALUE})",
        _NAMED,
        _FLAGS,
    ),
    _Rule(
        "secret by name",
        rf"(?<!\S)--?+(?!(?:no|ask|without|skip|disable)[-_])[\w.-]{{0,40}}?(?:{SECRET_NAME})[\w.-]{{0,40}}?\s{{1,3}}"
        rf"(?!-)(?P<secret>{_VALUE})",
        _NAMED,
        _FLAGS,
    ),
]
_PATHS = _Rule(
    "path", r"(?<![\w/\\.:~*<>-])(?P<secret>(?:[A-Za-z]:\\|\\\\|/)(?:[\w.@+~ -]{1,100}[/\\]){1,40})(?=[\w.@+~-])"
)
_HOSTS = [
    _Rule("host", r"(?<=://)(?:[^\s@/<>\"'`]{1,200}@)?(?P<secret>(?!\*\*\*)(?:\[[0-9a-fA-F:.]{2,60}\]|[\w.-]{1,253}))"),
    _Rule("host", r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)"),
    _Rule(
        "host",
        r"\b[a-z0-9][\w-]{0,62}(?:\.[\w-]{1,63}){0,8}\.(?:local|internal|lan|intranet|corp|localdomain)\b",
        "",
        _FLAGS,
    ),
]


class Texts:
    """Masks texts by the rules of a configuration.

    Raises
    ------
    InputError
        A pattern of the configuration is none, or is found in the empty text.
    """

    def __init__(self, options: RedactOptions) -> None:
        self._options = options
        for pattern in options.patterns:
            _check_pattern(pattern)

    @cached_property
    def _rules(self) -> list[tuple[_Rule, re.Pattern[str], re.Pattern[str]]]:
        rules = [*_DEFAULTS] if self._options.defaults else []
        rules += [_Rule(f"pattern {n}", text) for n, text in enumerate(self._options.patterns, 1)]
        rules += [_PATHS] if self._options.paths else []
        rules += _HOSTS if self._options.hosts else []
        return [(rule, re.compile(rule.pattern, rule.flags), re.compile(rule.hint)) for rule in rules]

    @cached_property
    def _hints(self) -> re.Pattern[str] | None:
        """What is in every text that holds a secret, but for those in URLs; `None` when that is not known."""
        if not all(rule.hint for rule, _, _ in self._rules):
            return None
        hints = dict.fromkeys(rule.hint for rule, _, _ in self._rules if rule.hint != _URL)
        return re.compile("|".join(hints) or r"(?!)")

    @property
    def is_idle(self) -> bool:
        """Whether there is no rule."""
        return not self._rules

    def may_mask(self, text: str) -> bool:
        """Say quickly whether some text, or JSON that texts are in, may hold a secret."""
        if self._hints is None:
            return True
        small = text.lower()
        return self._hints.search(small) is not None or ("@" in small and _URL in small)

    def mask(self, text: str, counts: Counter[str]) -> str:
        """Mask a text; what was masked is counted by rule."""
        if len(text) < 4 or text.startswith("data:") or not self.may_mask(text):
            return text
        small = text.lower()
        for rule, pattern, hint in self._rules:
            if hint.search(small):
                text = _replace(rule, pattern, text, counts)
        return text


def _replace(rule: _Rule, pattern: re.Pattern[str], text: str, counts: Counter[str]) -> str:
    group = "secret" if "secret" in pattern.groupindex else min(1, pattern.groups)
    pieces: list[str] = []
    end = 0
    for match in pattern.finditer(text):
        start, stop = match.span(group)
        if start < end or start == stop or text[start:stop].strip("*\"'\\") == "":
            continue
        pieces += [text[end:start], _mask_of(text[start:stop])]
        end = stop
        counts[rule.name] += 1
    return "".join([*pieces, text[end:]]) if pieces else text


def _mask_of(secret: str) -> str:
    """Give the mask of a secret, in its quotes if it has some: text that is code stays code."""
    quotes = re.fullmatch(r"(\\{0,7}[\"']).+?(\\{0,7}[\"'])", secret, re.DOTALL)
    return f"{quotes[1]}{MASK}{quotes[2]}" if quotes else MASK


def _check_pattern(pattern: str) -> None:
    try:
        is_empty = re.compile(pattern).match("") is not None
    except (re.error, OverflowError, RecursionError) as error:
        hint = "mend this regular expression in redact.patterns"
        raise InputError(f"{pattern!r} is no pattern ({error})", hint=hint, slug="bad-redaction") from error
    if is_empty:
        hint = "make it match at least a character"
        raise InputError(f"the pattern {pattern!r} matches nothing at all", hint=hint, slug="bad-redaction")
