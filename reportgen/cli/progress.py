"""How far long work is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

_WORTH_A_LINE_S = 2.0


class SilentProgress:
    """Shows nothing."""

    @contextmanager
    def stage(self, label: str, n: int) -> Iterator[Callable[[int], None]]:
        """Begin a stage of `n` things to do."""
        yield lambda n: None


class LineProgress:
    """Prints a line for each stage that took a while."""

    @contextmanager
    def stage(self, label: str, n: int) -> Iterator[Callable[[int], None]]:
        """Begin a stage of `n` things to do."""
        begin = time.monotonic()
        yield lambda n: None
        seconds = time.monotonic() - begin
        if seconds >= _WORTH_A_LINE_S:
            click.echo(f"{label}: {n:,} in {seconds:.1f} s, {n / seconds:,.0f} a second", err=True)


class BarProgress:
    """Shows a bar with count and rate on stderr."""

    @contextmanager
    def stage(self, label: str, n: int) -> Iterator[Callable[[int], None]]:
        """Begin a stage of `n` things to do."""
        begin = time.monotonic()
        done = 0

        def rate(_: object) -> str:
            seconds = time.monotonic() - begin
            return f"{done / seconds:,.0f}/s" if seconds > 0 and done else ""

        bar: Any
        with click.progressbar(
            length=n, label=f"{label:<8}", show_pos=True, item_show_func=rate, file=sys.stderr
        ) as bar:

            def advance(n_more: int) -> None:
                nonlocal done
                done += n_more
                bar.update(n_more, "")

            yield advance


def choose_progress(*, quiet: bool) -> SilentProgress | LineProgress | BarProgress:
    """Choose how progress is shown on this stderr."""
    if quiet:
        return SilentProgress()
    return BarProgress() if sys.stderr.isatty() else LineProgress()
