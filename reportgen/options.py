"""Options: what `reportgen.toml` (or `[tool.reportgen]` in `pyproject.toml`) may say.

The file is looked for in the working directory only. An unknown key or a wrong type is an error
that names the file and the key. Arguments and command-line flags win over the file.
"""

from __future__ import annotations

import os
from typing import Annotated, Literal

import msgspec

from reportgen.errors import InputError
from reportgen.settings import find_table


class MetricOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of a metric beside its values.

    Attributes
    ----------
    goal
        Which direction is better; `None` when neither is.
    unit
        Written after values, e.g. `"s"`. `"%"` shows shares (0.031) as per cent (3.1 %).
    tolerance
        Changes up to this share of the value before are noise, e.g. 0.02 for 2 %.
    """

    goal: Literal["max", "min"] | None = None
    unit: str = ""
    tolerance: float = 0.0


class ContextOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What runs record of code and machine.

    Attributes
    ----------
    git
        Commit, branch and whether files differ from it.
    command
        The command line, without what looks like a secret.
    environment
        Names of the environment variables to record; no others are.
    packages
        Names of the packages whose versions to record.
    """

    git: bool = True
    command: bool = True
    environment: list[str] = []
    packages: list[str] = []


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All keys of the configuration file; the defaults are those of a missing file."""

    title: str = "Pipeline reports"
    logs: list[str] = []
    output: str = "site"
    metrics: dict[str, MetricOptions] = {}
    headline_metrics: list[str] = []
    warn_outside_run: bool = True
    max_list_values: Annotated[int, msgspec.Meta(ge=0)] = 50_000
    durability: Literal["process", "disk"] = "process"
    strict: bool = False
    log_format: Literal["jsonl", "parquet"] = "jsonl"
    context: ContextOptions = ContextOptions()


def load_options(folder: str | os.PathLike[str] = "") -> Options:
    """Read the options of a folder (default: the working directory).

    Raises
    ------
    InputError
        The file is not TOML, or has an unknown key or a wrong type.
    """
    table, path = find_table(folder)
    try:
        return msgspec.convert(table, Options)
    except msgspec.ValidationError as error:
        hint = "docs/configuration.md lists every key"
        raise InputError(f"{path}: {error}", hint=hint, slug="bad-config") from error
