"""Lines on the terminal: the word before them coloured where that is wanted, nothing in them taken for a command."""

from __future__ import annotations

import os

import click


def say(word: str, colour: str, text: str) -> None:
    """Print `word: text` on stderr. No colour where stderr is no terminal or `NO_COLOR` is set."""
    plain = "".join(character if character.isprintable() else "\ufffd" for character in text)
    shown = word if os.environ.get("NO_COLOR") else click.style(word, fg=colour)
    click.echo(f"{shown}: {plain}", err=True)
