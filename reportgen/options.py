"""Options: what `reportgen.toml` (or `[tool.reportgen]` in `pyproject.toml`) may say.

The file is looked for in the working directory only. An unknown key or a wrong type is an error
that names the file, the line and the key. Arguments and command-line flags win over the file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
import msgspec.inspect

from reportgen.errors import InputError
from reportgen.settings import ConfigFile, find_config

# Ages

_AGE_PATTERN = r"^([1-9][0-9]{0,4})([hdwy]?)\Z"
_HOURS = {"h": 1, "": 24, "d": 24, "w": 7 * 24, "y": 365 * 24}
_AGE_WORDS = 'an age such as "36h", "90d", "12w" or "2y"'

Age = Annotated[
    Annotated[str, msgspec.Meta(pattern=_AGE_PATTERN)] | Annotated[int, msgspec.Meta(ge=1, le=99_999)],
    msgspec.Meta(description=_AGE_WORDS),
]


def parse_age(age: str | int) -> int:
    """Give the microseconds of an age: hours, days, weeks or years of 365 days; a number alone counts days.

    Raises
    ------
    ValueError
        It is no such age, or not between 1 and 99,999 of its unit.
    """
    match = re.match(_AGE_PATTERN, str(age))
    if not match:
        raise ValueError(f"must be {_AGE_WORDS}, not {age!r}")
    return int(match[1]) * _HOURS[match[2]] * 3_600_000_000


# Sizes

_SIZE_PATTERN = r"^([1-9][0-9]{0,8}(?:\.[0-9]{1,3})?) ?([kKMGT]?)(i?)B?\Z"
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_SIZE_WORDS = 'a size such as "900MB", "1.5 GB" or "512MiB"'

Size = Annotated[
    Annotated[str, msgspec.Meta(pattern=_SIZE_PATTERN)] | Annotated[int, msgspec.Meta(ge=1)],
    msgspec.Meta(description=_SIZE_WORDS),
]


def parse_size(size: str | int) -> int:
    """Give the bytes of a size: `kB`, `MB`, `GB` and `TB` count by thousands, `KiB` to `TiB` by 1,024.

    Raises
    ------
    ValueError
        It is no such size.
    """
    match = re.match(_SIZE_PATTERN, str(size))
    if not match:
        raise ValueError(f"must be {_SIZE_WORDS}, not {size!r}")
    return int(Decimal(match[1]) * (1024 if match[3] else 1000) ** _POWERS[match[2].upper()])


# Addresses

_URL_WORDS = 'an address such as "https://owner.github.io/repository/"'
URL_PATTERN = r"^(?:https?://[^\s<>\"'()\[\]\\^`{|}?#\x00-\x1f\x7f]{1,300})?\Z"

SiteUrl = Annotated[str, msgspec.Meta(pattern=URL_PATTERN), msgspec.Meta(description=_URL_WORDS)]


# Keys


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
    tolerance: Annotated[float, msgspec.Meta(ge=0)] = 0.0


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


class RetentionOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `reportgen prune` removes unless its flags say otherwise; nothing else removes anything.

    Attributes
    ----------
    max_age
        Runs that are older may go, e.g. `"90d"`; a number counts days.
    max_versions
        Versions to keep of each key.
    max_runs
        Runs to keep of each pipeline.
    """

    max_age: Age | None = None
    max_versions: Annotated[int, msgspec.Meta(ge=1)] | None = None
    max_runs: Annotated[int, msgspec.Meta(ge=1)] | None = None

    @property
    def max_age_us(self) -> int | None:
        """`max_age` in microseconds."""
        return None if self.max_age is None else parse_age(self.max_age)


class CheckOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `reportgen check` judges runs by, unless its flags say otherwise.

    Attributes
    ----------
    rules
        What runs must meet; the forms are in docs/checks.md.
    allow_failed
        Judge runs that did not complete by the rules alone.
    """

    rules: list[str] = []
    allow_failed: bool = False


class RedactOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What builds mask, so that it does not come into the site.

    Attributes
    ----------
    defaults
        What looks like a secret: tokens of known forms, passwords in URLs, private keys, and what goes by the name of
        a password, a token, a key and the like.
    names
        Names of parameters, members and columns whose values are masked whole; `*` and `?` stand for any letters.
    patterns
        Regular expressions; masked is what the first group matches, else all of it.
    paths
        Folders of absolute paths.
    hosts
        Hosts of URLs, IP addresses, and names that end in `.local`, `.internal` and the like.
    """

    defaults: bool = True
    names: list[str] = []
    patterns: list[str] = []
    paths: bool = False
    hosts: bool = False


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All keys of the configuration file; the defaults are those of a missing file."""

    title: str = "Pipeline reports"
    url: SiteUrl = ""
    logs: list[str] = []
    output: str = "site"
    metrics: dict[str, MetricOptions] = {}
    headline_metrics: list[str] = []
    theme: str = ""
    max_size: Size | None = None
    max_files: Annotated[int, msgspec.Meta(ge=1)] | None = None
    warn_outside_run: bool = True
    max_list_values: Annotated[int, msgspec.Meta(ge=0)] = 50_000
    durability: Literal["process", "disk"] = "process"
    strict: bool = False
    log_format: Literal["jsonl", "parquet"] = "jsonl"
    context: ContextOptions = ContextOptions()
    retention: RetentionOptions = RetentionOptions()
    check: CheckOptions = CheckOptions()
    redact: RedactOptions = RedactOptions()

    @property
    def max_bytes(self) -> int | None:
        """`max_size` in bytes."""
        return None if self.max_size is None else parse_size(self.max_size)


# Reading


def load_options(folder: str | os.PathLike[str] = "") -> Options:
    """Read the options of a folder (default: the working directory).

    Raises
    ------
    InputError
        The file is not TOML, or has an unknown key or a wrong type.
    """
    file = find_config(folder)
    try:
        return msgspec.convert(file.table, Options)
    except msgspec.ValidationError as error:
        raise _refuse(file, (), file.table, Options) from error


def _refuse(file: ConfigFile, key: tuple[str | int, ...], value: object, kind: Any) -> InputError:
    """Say what is wrong with a value that does not convert to a type, at the innermost key that does not."""
    for name, item, item_kind in _iter_parts(value, kind):
        if item_kind is None:
            return file.unknown_key((*key, name), kind.__struct_fields__)
        try:
            msgspec.convert(item, item_kind)
        except msgspec.ValidationError:
            return _refuse(file, (*key, name), item, item_kind)
    return file.wrong_value(key, _describe(msgspec.inspect.type_info(kind)), value)


def _iter_parts(value: object, kind: Any) -> Iterator[tuple[str | int, object, Any]]:
    """Give key, value and type of what a value consists of; the type of an unknown key is `None`."""
    if isinstance(value, dict) and hasattr(kind, "__struct_fields__"):
        kinds = {field.name: field.type for field in msgspec.structs.fields(kind)}
        yield from ((name, item, kinds.get(name)) for name, item in value.items())
    elif isinstance(value, dict) and get_origin(kind) is dict:
        yield from ((name, item, get_args(kind)[1]) for name, item in value.items())
    elif isinstance(value, list) and get_origin(kind) is list:
        yield from ((index, item, get_args(kind)[0]) for index, item in enumerate(value))


def _describe(kind: msgspec.inspect.Type) -> str:
    """Say in words what a type accepts."""
    match kind:
        case msgspec.inspect.BoolType():
            return "true or false"
        case msgspec.inspect.StrType():
            return "text"
        case msgspec.inspect.IntType(ge=least):
            return f"a whole number from {least}"
        case msgspec.inspect.FloatType(ge=least):
            return f"a number from {least}"
        case msgspec.inspect.LiteralType(values=choices):
            return " or ".join(f'"{choice}"' for choice in choices)
        case msgspec.inspect.ListType():
            return "a list of texts"
        case msgspec.inspect.StructType() | msgspec.inspect.DictType():
            return "a table"
        case msgspec.inspect.Metadata(extra_json_schema={"description": description}):
            return str(description)
        case msgspec.inspect.UnionType(types=(accepted, msgspec.inspect.NoneType())):
            return _describe(accepted)
    raise AssertionError(f"the configuration has no words for {kind}")
