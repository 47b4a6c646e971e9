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
    from collections.abc import Iterable
    from typing import Any, Literal

    from reportgen.log.writer import Durability

CONFIG_NAME = "reportgen.toml"
DEFAULT_LOG_DIR = "runs"

KEYS = frozenset(
    "title url logs output metrics headline_metrics theme max_size max_files context retention check redact "
    "warn_outside_run max_list_values durability strict log_format".split()
)
CONTEXT_KEYS = frozenset("git command environment packages".split())


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


class ConfigFile:
    """The configuration of a folder, and how it is refused.

    Attributes
    ----------
    path
        The file.
    content
        What it holds.
    table
        Its keys and values; empty when there is no file.
    place
        Where in the file that table is.
    """

    def __init__(self, path: str, content: bytes, table: Any, place: tuple[str, ...] = ()) -> None:
        self.path = path
        self.content = content
        self.table = table
        self.place = place

    def get(self, key: tuple[str, ...], default: Any) -> Any:
        """Give the value of a key, named by the tables it is in."""
        value = self.table
        for name in key:
            if name not in value:
                return default
            value = value[name]
        return value

    def place_of(self, key: tuple[str | int, ...]) -> str:
        """Give file and line of a key as errors begin, e.g. `"reportgen.toml:4: "`."""
        from reportgen.config_errors import find_line

        return f"{self.path}:{find_line(self.content.decode(), (*self.place, *key))}: "

    def unknown_key(self, key: tuple[str | int, ...], known: Iterable[str]) -> InputError:
        """Make the error about a key that its table does not have; `known` are those that it has."""
        from reportgen.config_errors import unknown_key

        return unknown_key(self.path, self.content, (*self.place, *key), known)

    def wrong_value(self, key: tuple[str | int, ...], accepted: str, value: object) -> InputError:
        """Make the error about a value; `accepted` says in words what it may be."""
        from reportgen.config_errors import wrong_value

        return wrong_value(self.path, self.content, (*self.place, *key), accepted, value)


def load_settings(folder: str = "") -> Settings:
    """Read the settings of a folder (default: the working directory).

    Raises
    ------
    InputError
        The file is not TOML, or has an unknown key, or one of these keys has a wrong type.
    """
    settings = Settings()
    file = find_config(folder)
    _check_table(file, (), KEYS)
    logs = _texts(file, ("logs",))
    if logs:
        settings.log_dir = logs[0]
    settings.warn_outside_run = _flag(file, ("warn_outside_run",), True)
    settings.strict = _flag(file, ("strict",), False)
    settings.max_list_values = _count(file, ("max_list_values",), settings.max_list_values)
    settings.durability = _choice(file, ("durability",), ("process", "disk"))
    settings.log_format = _choice(file, ("log_format",), ("jsonl", "parquet"))
    _check_table(file, ("context",), CONTEXT_KEYS)
    settings.git = _flag(file, ("context", "git"), True)
    settings.command = _flag(file, ("context", "command"), True)
    settings.environment = _texts(file, ("context", "environment"))
    settings.packages = _texts(file, ("context", "packages"))
    return settings


def find_config(folder: str | os.PathLike[str] = "") -> ConfigFile:
    """Read the configuration of a folder, unchecked; an empty table when there is none.

    Raises
    ------
    InputError
        The file cannot be read or is not TOML.
    """
    path = os.path.join(folder, CONFIG_NAME)
    content = _read(path)
    if content is not None:
        return ConfigFile(path, content, _parse(path, content))
    path = os.path.join(folder, "pyproject.toml")
    content = _read(path)
    if content is None or b"reportgen" not in content:  # parsing a long file costs milliseconds
        return ConfigFile(path, b"", {})
    tools = _parse(path, content).get("tool")
    table = tools.get("reportgen", {}) if isinstance(tools, dict) else {}
    file = ConfigFile(path, content, table, ("tool", "reportgen"))
    if not isinstance(table, dict):
        raise file.wrong_value((), "a table", table)
    return file


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise InputError(message, hint="make it readable, or remove it", slug="bad-config") from error


def _parse(path: str, content: bytes) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:  # not UTF-8 and not TOML are both a `ValueError`
        from reportgen.config_errors import not_toml

        raise not_toml(path, content, error) from error


def _check_table(file: ConfigFile, key: tuple[str, ...], known: frozenset[str]) -> None:
    table = file.get(key, {})
    if not isinstance(table, dict):
        raise file.wrong_value(key, "a table", table)
    for name in table:
        if name not in known:
            raise file.unknown_key((*key, name), known)


def _flag(file: ConfigFile, key: tuple[str, ...], default: bool) -> bool:
    value = file.get(key, default)
    if not isinstance(value, bool):
        raise file.wrong_value(key, "true or false", value)
    return value


def _count(file: ConfigFile, key: tuple[str, ...], default: int) -> int:
    value = file.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise file.wrong_value(key, "a whole number from 0", value)
    return value


def _choice(file: ConfigFile, key: tuple[str, ...], choices: tuple[str, ...]) -> Any:
    value = file.get(key, choices[0])
    if value not in choices:
        raise file.wrong_value(key, " or ".join(f'"{choice}"' for choice in sorted(choices)), value)
    return value


def _texts(file: ConfigFile, key: tuple[str, ...]) -> tuple[str, ...]:
    value = file.get(key, [])
    if not isinstance(value, list):
        raise file.wrong_value(key, "a list of texts", value)
    for index, item in enumerate(value):
        if not isinstance(item, str):
            raise file.wrong_value((*key, index), "text", item)
    return tuple(value)


def is_url(place: object) -> bool:
    """Whether a place is a URL rather than a path: `pathlib` takes the second `/` out, so ask before it is a path."""
    if not isinstance(place, str) or "://" not in place:
        return False
    scheme = place.partition("://")[0]
    return len(scheme) > 1 and scheme.isascii() and scheme.isalnum()


def resolve_log_dir(argument: str | os.PathLike[str] | None, settings: Settings) -> str:
    """Where to record, an absolute path or a URL: the argument, else `REPORTGEN_LOG_DIR`, the configuration, `runs`."""
    chosen = argument or os.environ.get("REPORTGEN_LOG_DIR") or settings.log_dir
    if is_url(chosen):
        return str(chosen)
    folder = os.path.expanduser(chosen)
    try:
        return os.path.abspath(folder)
    except FileNotFoundError:  # the working directory is gone: whoever writes there finds out
        return folder


def is_disabled() -> bool:
    """Whether `REPORTGEN_DISABLED` turns recording off."""
    return os.environ.get("REPORTGEN_DISABLED", "").strip().lower() not in ("", "0", "false", "no", "off")
