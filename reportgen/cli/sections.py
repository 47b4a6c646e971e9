"""Pages of several sections: rows below titles for people, one object with a list for each section for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import click

from reportgen.cli.output import Column, exact_values, print_rows

Row = Mapping[str, Any]

_MISSING: tuple[Any, ...] = (None, "", [], {})


class Section(NamedTuple):
    """Rows under a title.

    Attributes
    ----------
    title
        What people read above them.
    rows
        Their values by field.
    columns
        What people see of them.
    field, exact
        The name of the list in JSON, and the columns it has; nothing for a section that JSON has elsewhere.
    """

    title: str
    rows: Sequence[Row]
    columns: Sequence[Column]
    field: str = ""
    exact: Sequence[Column] = ()


def print_sections(sections: Iterable[Section], now_us: int) -> None:
    """Print the sections that have rows, each after an empty line."""
    for section in sections:
        if section.rows:
            click.echo(f"\n{section.title}")
            print_rows(section.rows, with_cells(section.rows, section.columns), "table", now_us=now_us)


def exact_sections(sections: Iterable[Section]) -> dict[str, list[dict[str, Any]]]:
    """Give the sections as JSON has them."""
    return {part.field: [exact_values(row, part.exact) for row in part.rows] for part in sections if part.field}


def exact_columns(fields: str) -> list[Column]:
    """Make columns for JSON from the names of fields with spaces between; what ends in `_at` is a time."""
    return [Column("", name, "time" if name.endswith("_at") else "text") for name in fields.split()]


def with_cells(rows: Sequence[Row], columns: Sequence[Column]) -> list[Column]:
    """Leave out the columns in which no row has anything."""
    return [column for column in columns if any(row.get(column.field) not in _MISSING for row in rows)]


def one_line(text: str) -> str:
    """Give a text without what could move a terminal's cursor, for titles and sentences."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
