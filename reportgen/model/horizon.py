"""Where the thinned part of a history ends."""

from __future__ import annotations

from typing import NamedTuple


class Horizon(NamedTuple):
    """How many of the oldest runs a site is thinned of: each number is at most the one before it.

    Attributes
    ----------
    files
        Runs without downloads, and without further pages of rows and pictures of differences.
    artifacts
        Those of which artifacts have no page and no image or other file either.
    runs
        Those that have no page either.
    """

    files: int = 0
    artifacts: int = 0
    runs: int = 0


NO_HORIZON = Horizon()
