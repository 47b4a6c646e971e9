"""How listing commands print rows: a table for people, JSON and CSV for programs.

Rows hold plain exact values: times and durations are whole microseconds, `None` is missing. JSON and CSV give them with
every digit and times in ISO form; NaN and the infinities are strings. CSV has no other sign for missing than an empty
cell, and a text that a spreadsheet takes for a formula is left as it is. Both are UTF-8, whatever the locale.

A table rounds, and tells how long ago something was. On a terminal no line wraps: columns that may shrink share the
room, and the last columns are left out, and named on stderr, where not even their least widths fit. Elsewhere nothing
is cut, so that `grep` finds what it looks for. Numbers have plain minus signs and spaces, to be pasted into a shell.

What rows hold may come from anyone: no control character or bidi override of theirs reaches a terminal. JSON escapes
them, which keeps the text; tables, and CSV on a terminal, replace them.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypeVar

import click

from reportgen.floats import encode_number
from reportgen.jsontext import encode_text
from reportgen.text import DASH, format_bytes, format_duration, format_number, format_time, iso_time, join_words

Kind = Literal["text", "number", "count", "time", "duration", "status", "size", "id"]
Command = TypeVar("Command", bound=Callable[..., Any])

_GAP = "  "
_LEAST_WIDTH = 8
_ON_THE_RIGHT = {"number", "count", "duration", "size"}
_STATUS_COLOURS = {"completed": "green", "failed": "red", "running": "blue", "stalled": "yellow", "cancelled": "yellow"}


class Column(NamedTuple):
    """A column of a table, or a fact about one thing.

    `title` is its heading and `field` its key in the rows, in JSON and in CSV; only one that `shrinks` may be cut.
    """

    title: str
    field: str
    kind: Kind = "text"
    shrinks: bool = False


def output_option(function: Command) -> Command:
    """Give a command the option `--output`; its parameter is `output`."""
    formats = click.Choice(["table", "json", "csv"])
    text = "How to print: json and csv have every digit and exact times."
    return click.option("-o", "--output", type=formats, default="table", show_default=True, help=text)(function)


def print_rows(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    output: str,
    *,
    now_us: int | None = None,
    empty: str = "nothing found",
) -> None:
    """Print rows.

    Parameters
    ----------
    rows
        Their values by field; a field that is not there is missing, one that no column names is not printed.
    columns
        What to print, in order; the most important first.
    output
        `"table"`, `"json"` or `"csv"`.
    now_us
        The moment from which a table tells times; by default now.
    empty
        What stderr says in place of a table without rows.
    """
    if output == "json":
        print_json([exact_values(row, columns) for row in rows])
    elif output == "csv":
        _print_csv(rows, columns)
    elif rows:
        _print_table(rows, columns, _now_us() if now_us is None else now_us)
    else:
        click.echo(_plain(empty), err=True)


def print_facts(facts: Mapping[str, Any], columns: Sequence[Column], output: str, *, now_us: int | None = None) -> None:
    """Print what is known of one thing: lines of title and value, one JSON object, or CSV with one row.

    Times are told in full, and the lines of a text are kept. Nothing is cut.
    """
    if output == "json":
        print_json(exact_values(facts, columns))
    elif output == "csv":
        _print_csv([facts], columns)
    else:
        _print_fact_lines(facts, columns, _now_us() if now_us is None else now_us)


def print_json(value: Any) -> None:
    """Print dicts, lists, texts, numbers, booleans and `None` as JSON."""
    _write_exact(_to_json(value, indent=2) + "\n")


def exact_values(row: Mapping[str, Any], columns: Sequence[Column]) -> dict[str, Any]:
    """Give a row as JSON has it, for commands that print rows inside of something else."""
    return {field: _exact(row.get(field), kind) for _, field, kind, _ in columns}


def _exact(value: Any, kind: Kind) -> Any:
    if isinstance(value, float):
        return encode_number(value)
    return iso_time(value) if kind == "time" and isinstance(value, int) else value


def _now_us() -> int:
    return time.time_ns() // 1000


# JSON and CSV

_UNSEEN = re.compile("[\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


def _to_json(value: Any, indent: int | None = None) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    except ValueError:
        text = json.dumps(_with_finite_numbers(value), ensure_ascii=False, indent=indent)
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _with_finite_numbers(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_finite_numbers(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_finite_numbers(item) for item in value]
    return encode_number(value) if isinstance(value, float) else value


class _Lines(list[str]):
    """Where the CSV writer writes: one string for each row."""

    def write(self, line: str) -> None:
        self.append(line.removesuffix("\r\n"))


def _print_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[Column]) -> None:
    import csv

    lines = _Lines()
    writer = csv.writer(lines)  # one that ends its own lines without a carriage return leaves those of cells unquoted
    writer.writerow([column.field for column in columns])
    writer.writerows([_to_csv_cell(value) for value in exact_values(row, columns).values()] for row in rows)
    shown = map(_plain, lines) if _on_terminal() else lines
    _write_exact("".join(line + "\n" for line in shown))


def _to_csv_cell(value: Any) -> Any:
    return _to_json(value) if isinstance(value, (bool, list, tuple, dict)) else value


# Tables


def _print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], now_us: int) -> None:
    texts = [[_to_text(row.get(field), kind, now_us) for row in rows] for _, field, kind, _ in columns]
    widths = [max(map(text_width, [title, *cells])) for (title, *_), cells in zip(columns, texts, strict=True)]
    fitted = fit_widths(widths, [column.shrinks for column in columns], _room())
    coloured = _wants_colour()
    drawn = [_draw_column(*parts, coloured) for parts in zip(columns, texts, fitted, strict=False)]
    _write("".join(_GAP.join(cells).rstrip() + "\n" for cells in zip(*drawn, strict=True)), coloured)
    if left_out := [column.title for column in columns[len(fitted) :]]:
        click.echo(f"no room for {join_words(left_out)}: widen the terminal, or use -o json", err=True)


def _draw_column(column: Column, texts: list[str], width: int, coloured: bool) -> list[str]:
    right = column.kind in _ON_THE_RIGHT
    heading = _draw(column.title, width, right, {"bold": coloured})
    if coloured and column.kind == "status":
        return [heading, *(_draw(text, width, right, {"fg": _STATUS_COLOURS.get(text)}) for text in texts)]
    return [heading, *(_draw(text, width, right) for text in texts)]


def _print_fact_lines(facts: Mapping[str, Any], columns: Sequence[Column], now_us: int) -> None:
    indent = max((text_width(column.title) for column in columns), default=0)
    coloured = _wants_colour()
    lines = []
    for title, field, kind, _ in columns:
        first, *more = _to_fact(facts.get(field), kind, now_us)
        if coloured and kind == "status":
            first = _draw(first, text_width(first), False, {"fg": _STATUS_COLOURS.get(first)})
        lines.append(_draw(title, indent, False, {"bold": coloured}) + _GAP + first)
        lines += [" " * indent + _GAP + line for line in more]
    _write("".join(line.rstrip() + "\n" for line in lines), coloured)


def _to_fact(value: Any, kind: Kind, now_us: int) -> list[str]:
    if isinstance(value, str):
        return [_plain(line) for line in value.splitlines()] or [""]
    text = _to_text(value, kind, now_us)
    return [f"{format_time(value)} UTC ({text})" if kind == "time" and isinstance(value, int) else text]


# Values as people read them

_TYPED = str.maketrans("−\xa0⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "- -0123456789")
_FORMATS: dict[str, Callable[[Any], str]] = {
    "number": lambda value: f"{value:,}" if isinstance(value, int) else format_number(value),
    "count": lambda value: f"{value:,}",
    "duration": format_duration,
    "size": format_bytes,
}


def _to_text(value: Any, kind: Kind, now_us: int) -> str:
    if isinstance(value, str):
        return _plain(value)
    if value is None:
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return _to_figures(value, kind, now_us)
    return _plain(", ".join(map(str, value)) if isinstance(value, (list, tuple)) else _to_json(value))


def _to_figures(value: float, kind: Kind, now_us: int) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(encode_number(value))
    if kind == "time":
        return relative_time(int(value), now_us)
    write = _FORMATS.get(kind)
    return write(value).replace(" × 10", "e").translate(_TYPED) if write else str(value)


def relative_time(at_us: int, now_us: int) -> str:
    """Tell how far a time is from now, e.g. `"3 min ago"` or `"in 2 h"`; from a day on, in days of UTC."""
    seconds = abs(now_us - at_us) // 1_000_000
    days = abs(now_us // 86_400_000_000 - at_us // 86_400_000_000)
    if seconds < 60:
        return "just now"
    if seconds >= 86_400 and days == 1:
        return "yesterday" if at_us < now_us else "tomorrow"
    if seconds < 86_400:
        amount = f"{seconds // 60} min" if seconds < 3600 else f"{seconds // 3600} h"
    elif days < 731:
        amount = f"{days} days" if days < 61 else f"{int(days / 30.4375)} months"
    else:
        amount = f"{int(days / 365.25)} years"
    return f"{amount} ago" if at_us < now_us else f"in {amount}"


def _plain(text: str) -> str:
    """Take out of a text what could move a terminal's cursor or turn its words around."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in _JOINERS else " " if character.isspace() else "\ufffd"
        for character in text
    )


# Widths, in cells of a terminal

_JOINERS = "\u200c\u200d"
_AS_EMOJI = "\ufe0f"


def fit_widths(widths: Sequence[int], shrinks: Sequence[bool], room: int) -> list[int]:
    """Give the columns that fit into a room their widths; what shrinks shares what the others leave.

    Those that are shorter than a fair share keep their width, none gets below eight cells. Where that is too much
    the last columns are left out; the first stays, and is cut if it shrinks.
    """
    least = [min(width, _LEAST_WIDTH) if may else width for width, may in zip(widths, shrinks, strict=True)]
    n_shown = len(widths)
    while n_shown > 1 and sum(least[:n_shown]) + len(_GAP) * (n_shown - 1) > room:
        n_shown -= 1
    fitted = list(widths[:n_shown])
    flexible = sorted((index for index in range(n_shown) if shrinks[index]), key=widths.__getitem__)
    left = room - len(_GAP) * (n_shown - 1) - sum(fitted) + sum(fitted[index] for index in flexible)
    for n_before, index in enumerate(flexible):
        floor = _LEAST_WIDTH if n_shown > 1 else 1
        fitted[index] = min(fitted[index], max(left // (len(flexible) - n_before), floor))
        left -= fitted[index]
    return fitted


@lru_cache(maxsize=4096)
def text_width(text: str) -> int:
    """Count the cells that a text takes on a terminal."""
    return len(text) if text.isascii() else sum(width for _, width in _iter_clusters(text))


def _iter_clusters(text: str) -> Iterator[tuple[str, int]]:
    """Split a text into what is drawn as one, such as a letter with its accents or a joined emoji, with its width."""
    cluster, width = "", 0
    for character in text:
        own = _width_of(character)
        if cluster and (own == 0 or _joins(cluster, character)):
            cluster += character
            width = 2 if own or character == _AS_EMOJI else width
            continue
        if cluster:
            yield cluster, width
        cluster, width = character, own
    if cluster:
        yield cluster, width


def _joins(cluster: str, character: str) -> bool:
    is_skin_tone = "\U0001f3fb" <= character <= "\U0001f3ff"
    is_symbol = unicodedata.category(character).startswith("S")
    return (is_skin_tone or cluster[-1] == "\u200d") and is_symbol and unicodedata.category(cluster[0]).startswith("S")


@lru_cache(maxsize=4096)
def _width_of(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"} or "\u1160" <= character <= "\u11ff":  # Korean vowels
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _draw(text: str, width: int, right: bool, look: dict[str, Any] | None = None) -> str:
    """Cut or fill a text to a width."""
    shown = text if text_width(text) <= width else _cut(text, width)
    spaces = " " * (width - text_width(shown))
    styled = click.style(shown, **look) if look and any(look.values()) else shown
    return spaces + styled if right else styled + spaces


def _cut(text: str, width: int) -> str:
    kept, left = "", width - 1
    for cluster, own in _iter_clusters(text):
        left -= own
        if left < 0:
            break
        kept += cluster
    return kept + "…"


# The standard output


def _on_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _wants_colour() -> bool:
    return _on_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _room() -> int:
    import shutil

    return shutil.get_terminal_size().columns if _on_terminal() else sys.maxsize


def _write_exact(text: str) -> None:
    """Write UTF-8; to a terminal what it can show."""
    content = encode_text(text)
    if _on_terminal():
        _write(content.decode())
    else:
        click.echo(content, nl=False)


def _write(text: str, coloured: bool = False) -> None:
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    click.echo(text.encode(encoding, "replace").decode(encoding), nl=False, color=coloured)
