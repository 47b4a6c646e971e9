"""The words of a command that records: which of them are options, and which values they may have."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import click


class DashedWords(click.Command):
    """A command whose words may begin with a dash: a negative number, an item of a Markdown list.

    What is no option of it is a word. `-h` is one only where it comes first: a text may have an h anywhere.
    """

    ignore_unknown_options = True

    def get_help_option_names(self, ctx: click.Context) -> list[str]:
        return ["--help"]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, ["--help"] if args[:1] == ["-h"] else args)


def parsing(parse: Callable[[str], Any]) -> Callable[..., Any]:
    """Make a callback that reads the values of an option or an argument; a `ValueError` says what is wrong with one."""

    def callback(context: click.Context, parameter: click.Parameter, value: str | tuple[str, ...] | None) -> Any:
        try:
            if value is None or isinstance(value, str):
                return None if value is None else parse(value)
            return tuple(parse(text) for text in value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from error

    return callback


def checking(check: Callable[[str], None]) -> Callable[..., Any]:
    """Make a callback that refuses the values that a check refuses by a `ValueError`."""

    def parse(text: str) -> str:
        check(text)
        return text

    return parsing(parse)


def to_id(text: str) -> str:
    """Read the id of a run, a step or an artifact.

    Raises
    ------
    ValueError
        It is no UUID.
    """
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise ValueError(f"{text!r} is not a UUID") from None
