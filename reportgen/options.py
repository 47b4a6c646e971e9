"""Options: what `reportgen.toml` (or `[tool.reportgen]` in `pyproject.toml`) may say.

The file is looked for in the working directory only. An unknown key or a wrong type is an error
that names the file and the key. Arguments and command-line flags win over the file.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec

from reportgen.errors import InputError

CONFIG_NAME = "reportgen.toml"
DEFAULT_LOG_DIR = "runs"
DEFAULT_OUTPUT = "site"


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


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All keys of the configuration file; the defaults are those of a missing file."""

    title: str = "Pipeline reports"
    logs: list[str] = []
    output: str = DEFAULT_OUTPUT
    metrics: dict[str, MetricOptions] = {}
    headline_metrics: list[str] = []
    warn_outside_run: bool = True
    max_list_values: int = 50_000
    durability: Literal["process", "disk"] = "process"
    strict: bool = False


def load_options(folder: Path | None = None) -> Options:
    """Read the options of a folder (default: the working directory).

    Raises
    ------
    InputError
        The file is not TOML, or has an unknown key or a wrong type.
    """
    folder = folder or Path()
    path = folder / CONFIG_NAME
    if path.is_file():
        return _to_options(_read_toml(path), path)
    project = folder / "pyproject.toml"
    if project.is_file():
        tools = _read_toml(project).get("tool")
        table = tools.get("reportgen") if isinstance(tools, dict) else None
        if table is not None:
            return _to_options(table, project)
    return Options()


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: cannot be read as TOML, {error}", hint="mend the file", slug="bad-config") from error


def _to_options(table: dict[str, Any], path: Path) -> Options:
    try:
        return msgspec.convert(table, Options)
    except msgspec.ValidationError as error:
        hint = "docs/configuration.md lists every key"
        raise InputError(f"{path}: {error}", hint=hint, slug="bad-config") from error


def resolve_log_dir(argument: str | os.PathLike[str] | None, options: Options) -> Path:
    """Where to record and read: the argument, else `REPORTGEN_LOG_DIR`, else the configuration, else `runs`."""
    configured = options.logs[0] if options.logs else DEFAULT_LOG_DIR
    return Path(argument or os.environ.get("REPORTGEN_LOG_DIR") or configured)
