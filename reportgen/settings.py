"""What recording takes from the configuration file, read without the schema library that checks it in full.

The file is `reportgen.toml`, else the table `[tool.reportgen]` of `pyproject.toml`, of the working directory.
`reportgen.options` checks all of it when a site is built; here only what step code depends on is checked, so that
starting a run costs no more than reading the file.
"""

from __future__ import annotations

import os

from reportgen.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

    from reportgen.log.writer import Durability

CONFIG_NAME = "reportgen.toml"
DEFAULT_LOG_DIR = "runs"

KEYS = frozenset(
    "title logs output metrics headline_metrics context "
    "warn_outside_run max_list_values durability strict log_format".split()
)
CONTEXT_KEYS = frozenset("git command environment packages".split())

_HINT = "docs/configuration.md lists every key"


class Settings:
    """The keys that step code depends on; the defaults are those of a missing file.

    Attributes
    ----------
    log_dir
        The first of `logs`.
    warn_outside_run, max_list_values, durability, strict, log_format
        The keys of the file.
    git, command, environment, packages
        The keys of its table `context`: what is recorded of code and machine.
    """

    log_dir: str = DEFAULT_LOG_DIR
    warn_outside_run: bool = True
    max_list_values: int = 50_000
    durability: Durability = "process"
    strict: bool = False
    log_format: Literal["jsonl", "parquet"] = "jsonl"
    git: bool = True
    command: bool = True
    environment: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


def load_settings(folder: str = "") -> Settings:
    """Read the settings of a folder (default: the working directory).

    Raises
    ------
    InputError
        The file is not TOML, or has an unknown key, or one of these keys has a wrong type.
    """
    settings = Settings()
    table, path = find_table(folder)
    _check_keys(table, KEYS, path)
    logs = _texts(table, "logs", path)
    if logs:
        settings.log_dir = logs[0]
    for name in ("warn_outside_run", "strict"):
        setattr(settings, name, _flag(table, name, path, getattr(settings, name)))
    settings.max_list_values = _count(table, "max_list_values", path, settings.max_list_values)
    settings.durability = _choice(table, "durability", path, ("process", "disk"))
    settings.log_format = _choice(table, "log_format", path, ("jsonl", "parquet"))
    context = table.get("context", {})
    if not isinstance(context, dict):
        raise _wrong(path, "context", "a table", context)
    _check_keys(context, CONTEXT_KEYS, path)
    for name in ("git", "command"):
        setattr(settings, name, _flag(context, name, path, True))
    settings.environment = _texts(context, "environment", path)
    settings.packages = _texts(context, "packages", path)
    return settings


def find_table(folder: str | os.PathLike[str] = "") -> tuple[dict[str, Any], str]:
    """Give the configuration of a folder and the file it is in; empty when there is none.

    Raises
    ------
    InputError
        The file is not TOML.
    """
    path = os.path.join(folder, CONFIG_NAME)
    content = _read(path)
    if content is not None:
        return _parse(content, path), path
    path = os.path.join(folder, "pyproject.toml")
    content = _read(path)
    if content is None or b"reportgen" not in content:  # parsing a long file costs milliseconds
        return {}, path
    tools = _parse(content, path).get("tool")
    table = tools.get("reportgen") if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise _wrong(path, "tool.reportgen", "a table", table)
    return table or {}, path


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(path, error) from error


def _parse(content: bytes, path: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(content.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: str, error: Exception) -> InputError:
    return InputError(f"{path}: cannot be read as TOML, {error}", hint="mend the file", slug="bad-config")


def _check_keys(table: Mapping[str, Any], known: frozenset[str], path: str) -> None:
    for name in table:
        if name not in known:
            raise InputError(f"{path}: unknown key `{name}`", hint=_HINT, slug="bad-config")


def _flag(table: Mapping[str, Any], name: str, path: str, default: bool) -> bool:
    value = table.get(name, default)
    if not isinstance(value, bool):
        raise _wrong(path, name, "true or false", value)
    return value


def _count(table: Mapping[str, Any], name: str, path: str, default: int) -> int:
    value = table.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _wrong(path, name, "a whole number from 0", value)
    return value


def _choice(table: Mapping[str, Any], name: str, path: str, choices: tuple[str, ...]) -> Any:
    value = table.get(name, choices[0])
    if value not in choices:
        raise _wrong(path, name, " or ".join(f'"{choice}"' for choice in choices), value)
    return value


def _texts(table: Mapping[str, Any], name: str, path: str) -> tuple[str, ...]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise _wrong(path, name, "a list of texts", value)
    return tuple(value)


def _wrong(path: str, name: str, accepted: str, value: object) -> InputError:
    return InputError(f"{path}: `{name}` must be {accepted}, not {value!r}", hint=_HINT, slug="bad-config")


def resolve_log_dir(argument: str | os.PathLike[str] | None, settings: Settings) -> str:
    """Where to record and read: the argument, else `REPORTGEN_LOG_DIR`, else the configuration, else `runs`."""
    folder = os.fspath(argument or os.environ.get("REPORTGEN_LOG_DIR") or settings.log_dir)
    try:
        return os.path.abspath(folder)
    except FileNotFoundError:  # the working directory is gone: whoever writes there finds out
        return folder


def is_disabled() -> bool:
    """Whether `REPORTGEN_DISABLED` turns recording off."""
    return os.environ.get("REPORTGEN_DISABLED", "").strip().lower() not in ("", "0", "false", "no", "off")
