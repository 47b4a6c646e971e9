"""What an error of the configuration says: file and line, the dotted key, what is accepted and what is there.

Nothing loads this before something is wrong, so that recording does not pay for it. tomllib tells no lines of keys:
they are found by parsing beginnings of the file until the key is there. So tomllib itself decides what is a key, and
a text or comment that looks like one cannot mislead.
"""

from __future__ import annotations

import bisect
import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Sequence
from typing import Any

from reportgen.errors import InputError

Key = Sequence[str | int]  # names, and numbers of list items from 0

_HINT = "docs/configuration.md lists every key"
_LONGEST_VALUE = 40

# What may hide a bracket or a line break, brackets and line breaks. An unfinished text goes on to the end.
_TOKENS = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"{3,5}|\Z)'
    r"|'''.*?(?:'{3,5}|\Z)"
    r'|"(?:\\[^\n]|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[\[\]{}\n]",
    re.DOTALL,
)


# Errors


def unknown_key(path: str, content: bytes, key: Key, known: Iterable[str]) -> InputError:
    """Refuse a key; `known` are the names that its table has."""
    *table, name = key
    place = f" in {_dotted(table)}" if table else ""
    near = difflib.get_close_matches(str(name).lower(), sorted(known), n=1)
    message = f"{path}:{find_line(content.decode(), key)}: unknown key `{_dotted([name])}`{place}"
    return InputError(message, hint=f"did you mean `{near[0]}`?" if near else _HINT, slug="bad-config")


def wrong_value(path: str, content: bytes, key: Key, accepted: str, value: object) -> InputError:
    """Refuse the value of a key; `accepted` says in words what it may be."""
    message = f"{path}:{find_line(content.decode(), key)}: `{_dotted(key)}` must be {accepted}, not {_shown(value)}"
    return InputError(message, hint=_HINT, slug="bad-config")


def not_toml(path: str, content: bytes, error: ValueError | RecursionError) -> InputError:
    """Refuse a file that `tomllib` cannot parse."""
    line, reason = _explain(content, error)
    message = f"{path}:{line}: not TOML: {reason[:1].lower()}{reason[1:]}"
    return InputError(message, hint="docs/configuration.md has an example", slug="bad-config")


def _explain(content: bytes, error: ValueError | RecursionError) -> tuple[int, str]:
    if isinstance(error, UnicodeDecodeError):
        return content.count(b"\n", 0, error.start) + 1, f"byte 0x{content[error.start]:02x} is not UTF-8"
    place = re.search(r" \(at line (\d+), column (\d+)\)$", str(error))
    if place:
        return int(place[1]), f"{place.string[: place.start()]} (column {place[2]})"
    reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    return _find_bad_line(content.decode()), reason


# Words


def _dotted(key: Key) -> str:
    """Write a key as TOML does, and numbers of list items as Python does."""
    names = (f"[{part}]" if isinstance(part, int) else f".{_bare_or_quoted(part)}" for part in key)
    return "".join(names).removeprefix(".")


def _bare_or_quoted(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _shown(value: object) -> str:
    """Write a value as in the file, short and in one line."""
    match value:
        case bool():
            text = str(value).lower()
        case str():
            text = _quoted(value)
        case dict():
            text = "a table"
        case list():
            text = "a list"
        case int() if value.bit_length() > 128:  # Python does not write numbers of any length
            text = "a huge number"
        case _:
            text = str(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


# Lines


def find_line(text: str, key: Key) -> int:
    """Give the line, from 1, where a key of a valid TOML file is set.

    Of a table it is the first line that speaks of it, of a value of several lines the first, of an item of a list
    that it stands on. A table or list within one line is on that line.
    """
    text = text.replace("\r\n", "\n")
    cuts = [*_find_cuts(text), (len(text), "")]
    index = bisect.bisect_left(cuts, True, key=lambda cut: _holds(text[: cut[0]] + cut[1], key))
    return _line_at(text, cuts[max(index - 1, 0)][0])


def _find_bad_line(text: str) -> int:
    """Give the line where the first statement that is not TOML starts."""
    text = text.replace("\r\n", "\n")
    ends = [*(end for end, closing in _find_cuts(text) if not closing), len(text)]
    index = bisect.bisect_left(ends, True, key=lambda end: _parse(text[:end]) is None)
    return _line_at(text, ends[max(index - 1, 0)])


def _find_cuts(text: str) -> list[tuple[int, str]]:
    """Give the starts of lines before which the text may end, each with the brackets that would close what is open.

    Valid TOML remains valid when it is cut there and closed.
    """
    cuts, closing = [(0, "")], ""
    for token in _TOKENS.finditer(text):
        match token[0]:
            case "[":
                closing = "]" + closing
            case "{":
                closing = "}" + closing
            case "]" | "}":
                closing = closing[1:]
            case "\n":
                cuts.append((token.end(), closing))
    return cuts


def _holds(text: str, key: Key) -> bool:
    value: Any = _parse(text)
    for part in key:
        try:
            value = value[part]
        except (LookupError, TypeError):
            return False
    return True


def _parse(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return None


def _line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
