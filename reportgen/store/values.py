"""Checks the values of tables that come from elsewhere: a site may be a stranger's, or damaged.

Who has a table that passed need not look again: nothing is missing where something has to be, times are times, and
texts that should be JSON are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from reportgen.records import MAX_TIME_US
from reportgen.store.schema import TABLES

_RULES: dict[str, Callable[[Any], object]] = {
    "content_digest": re.compile(r"[0-9a-f]{32}").fullmatch,
    "n_rows": lambda n: n >= 0,
    "n_columns": lambda n: n >= 0,
    "percent": math.isfinite,
}
_OBJECTS = ("params_json", "context_json", "metadata_json")


def check_values(found: pa.Table, table: str) -> None:
    """Check rows of a table.

    Raises
    ------
    ValueError
        A value is missing or none that the column can have.
    """
    columns = {column.name: column for column in TABLES[table].columns}
    for name in found.column_names:
        cells = found[name]
        if cells.null_count and not columns[name].optional:
            raise ValueError(f"its column {name} has a row with nothing in it")
        if pa.types.is_timestamp(columns[name].type):
            _check_times(cells, name)
        elif name in _RULES:
            _check_rule(cells, name)
        elif name.endswith("_json"):
            _check_json(cells, name)


def _check_times(cells: Any, name: str) -> None:
    bounds: Any = pc.min_max(cells.cast(pa.int64())).as_py()
    if bounds["min"] is not None and not 0 <= bounds["min"] <= bounds["max"] <= MAX_TIME_US:
        raise ValueError(f"its column {name} has a time that is none")


def _check_rule(cells: Any, name: str) -> None:
    if not all(map(_RULES[name], pc.unique(cells.drop_null()).to_pylist())):
        raise ValueError(f"its column {name} has a value that is none")


def _check_json(cells: Any, name: str) -> None:
    decode = _read_object if name in _OBJECTS else _read_any
    try:
        for text in pc.unique(cells).to_pylist():
            decode(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"its column {name} has a text that cannot be used ({error})") from error


_read_object = msgspec.json.Decoder(dict[str, Any]).decode
_read_any = msgspec.json.Decoder().decode
