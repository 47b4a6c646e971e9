"""Masks what records hold: texts by what is in them, and whole values by the names they go by."""

from __future__ import annotations

import fnmatch
import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from reportgen.options import RedactOptions
from reportgen.redact.texts import MASK, Texts
from reportgen.secretwords import SECRET_NAME

_BY_NAME = "secret by name"
_ORDINARY_COLUMNS = frozenset({"token", "tokens", "sig", "signature", "pass", "auth"})  # of words, genes, tests
_MOST_NAME = 200


class Values:
    """Masks values by the rules of a configuration, and counts what it masks by rule.

    Attributes
    ----------
    texts
        Masks single texts.
    counts
        What was masked, by rule, since it was last emptied.
    """

    def __init__(self, options: RedactOptions) -> None:
        self.texts = Texts(options)
        self.counts: Counter[str] = Counter()
        self._options = options
        self._names: dict[str, bool] = {}

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        own = [fnmatch.translate(name.lower()) for name in self._options.names]
        parts = [rf".*?(?:{SECRET_NAME})"] if self._options.defaults else []
        return re.compile("|".join([*own, *parts]), re.IGNORECASE | re.DOTALL) if own or parts else None

    @property
    def has_names(self) -> bool:
        """Whether the configuration names some, which nothing tells quickly."""
        return bool(self._options.names)

    def is_secret_name(self, name: str) -> bool:
        """Whether values of this name are masked whole."""
        known = self._names.get(name)
        if known is None:
            known = self._pattern is not None and self._pattern.match(name[:_MOST_NAME].lower()) is not None
            if len(self._names) < 10_000:
                self._names[name] = known
        return known

    def is_secret_column(self, name: Any) -> bool:
        """Whether the cells of a column of this name are masked whole; what is ordinary in tables is not."""
        if not isinstance(name, str):
            return False
        if name.lower() in _ORDINARY_COLUMNS:
            return any(fnmatch.fnmatchcase(name.lower(), own.lower()) for own in self._options.names)
        return self.is_secret_name(name)

    def text(self, text: str) -> str:
        """Mask a text."""
        return self.texts.mask(text, self.counts)

    def value(self, value: Any) -> Any:
        """Mask all that is in a JSON value, names of members too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            masked = [self.value(item) for item in value]
            return masked if any(a is not b for a, b in zip(masked, value, strict=True)) else value
        return value

    def whole(self, value: Any) -> Any:
        """Mask a value that goes by a secret name; what says no more than yes or no stays."""
        if value is None or isinstance(value, bool) or value in ("", MASK, [], {}):
            return value
        self.counts[_BY_NAME] += 1
        return MASK

    def _object(self, members: dict[Any, Any]) -> dict[Any, Any]:
        masked: dict[Any, Any] = {}
        is_same = True
        for name, value in members.items():
            shown = self.text(name) if isinstance(name, str) else name
            while shown != name and shown in masked:
                shown += "*"
            is_hidden = isinstance(name, str) and self.is_secret_name(name)
            masked[shown] = self.whole(value) if is_hidden else self.value(value)
            is_same = is_same and shown is name and masked[shown] is value
        return members if is_same else masked

    def table(self, columns: Sequence[Any], rows: Any) -> tuple[list[Any], Any]:
        """Mask names and cells of a table; rows are lists, and may have more cells than there are names."""
        hidden = [self.is_secret_column(name) for name in columns]
        names = [self.text(name) if isinstance(name, str) else name for name in columns]
        return names, [self._row(row, hidden) if isinstance(row, list) else self.value(row) for row in rows]

    def _row(self, row: list[Any], hidden: Sequence[bool]) -> list[Any]:
        n = len(hidden)
        return [
            self.whole(cell) if at < n and hidden[at] else cell if type(cell) in _PLAIN else self.value(cell)
            for at, cell in enumerate(row)
        ]


_PLAIN = frozenset({int, float, bool, type(None)})
