"""What a build is given, what it goes on from, and what it came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from reportgen.history import BuildState
from reportgen.options import Options
from reportgen.parallel import OpenExecutor
from reportgen.publish import Manifest
from reportgen.seen import SeenFile
from reportgen.theme import Theme

if TYPE_CHECKING:
    from reportgen.log.reader import Problem


class Progress(Protocol):
    """Shows how far a build is."""

    def stage(self, label: str, n: int, /) -> AbstractContextManager[Callable[[int], None]]:
        """Begin a stage of `n` things to do; gives what is told how many more are done."""
        ...


class NoProgress:
    """Shows nothing."""

    def stage(self, _label: str, _n: int, /) -> AbstractContextManager[Callable[[int], None]]:
        return nullcontext(lambda _n: None)


class BuildResult(msgspec.Struct, frozen=True):
    """What a build made.

    Attributes
    ----------
    output
        The site's folder.
    n_runs, n_files
        What the site has.
    n_written
        How many of its files were made; the others were there already.
    n_bytes
        The size of all its files.
    problems, n_problems
        The first lines that could not be read, and how many there are; the lines only when the site was made or
        changed.
    n_missing
        How many records did not arrive.
    masked
        How many texts of it were masked, by rule.
    thinned
        How many things the site lacks to be within its limits, by kind; empty when none. See
        `reportgen.thinning.describe_thinned`.
    large
        Address and size of the files of over 100 MiB.
    """

    output: Path
    n_runs: int
    n_files: int
    n_written: int
    n_bytes: int
    problems: Sequence[Problem]
    n_problems: int
    n_missing: int
    masked: Mapping[str, int]
    thinned: Mapping[str, int]
    large: Sequence[tuple[str, int]]


class Base(msgspec.Struct, frozen=True):
    """A site to go on from: its manifest, the logs it was made from, and whether what it has of them stays."""

    folder: Path
    manifest: Manifest
    state: BuildState
    keep: bool


class Plan(msgspec.Struct, frozen=True):
    """What a build is to make.

    Attributes
    ----------
    inputs
        Log directories and sites, as they were given.
    sites
        The folders of the stores of those that are sites.
    seen
        The log files.
    output
        The folder of the site.
    options
        Title, and what is known of metrics.
    theme
        How it looks.
    basis
        What the bytes of the site depend on besides its records.
    source_date_us
        The moment the site speaks of, if it is later than the newest record.
    open_executor
        Opens what does the work; by default worker processes where they pay.
    progress
        Shows how far it is.
    masked
        The folder in whose `blobs` the masked files of tables are.
    """

    inputs: Sequence[Path]
    sites: Sequence[Path]
    seen: Sequence[SeenFile]
    output: Path
    options: Options
    theme: Theme
    basis: str
    source_date_us: int | None
    open_executor: OpenExecutor | None
    progress: Progress
    masked: Path
