"""What can be said of an artifact's content without showing it: its digest, a table's size, per cent, its file.

Contents come from records, whose writers may be anybody: what has another form than `reportgen.records.Artifact` says
has no size, no per cent and no file.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Any

_MAX_ROWS = 2**53
_IN_FILES = ("image", "table")


def describe_content(kind: str, data: Any, data_json: str) -> dict[str, Any]:
    """Give the columns of the table `artifacts` that speak of the content of an artifact of this type."""
    n_rows, n_columns = table_size(data) if kind == "table" else (None, None)
    return {
        "content_digest": digest_content(data_json),
        "n_rows": n_rows,
        "n_columns": n_columns,
        "percent": _find_percent(data) if kind == "progress" else None,
        "blob": _find_blob(data) if kind in _IN_FILES else None,
    }


def digest_content(data_json: str) -> str:
    """Give 32 hex digits that tell contents apart."""
    return hashlib.blake2b(data_json.encode(), digest_size=16).hexdigest()


def table_size(data: Any) -> tuple[int, int]:
    """Rows and columns of a table; 0, 0 when its data has another form.

    Of a table that is a file the record has the first rows, and declares how many there are.
    """
    try:
        columns, rows = data["columns"], data["rows"]
        n_columns = table_width(columns, rows)
        declared = data.get("n_rows") if "blob" in data else None
    except (KeyError, TypeError, AttributeError):
        return 0, 0
    if isinstance(declared, int) and not isinstance(declared, bool) and declared <= _MAX_ROWS:
        return max(declared, len(rows)), n_columns
    return len(rows), n_columns


def table_width(columns: Sequence[Any], rows: Sequence[Any]) -> int:
    """Give how many columns a table has whose rows may have more cells than there are names.

    Raises
    ------
    TypeError
        A row is no list.
    """
    if not all(isinstance(row, list) for row in rows):
        raise TypeError("a row is no list")
    return max([len(columns), *map(len, rows)])


def _find_percent(data: Any) -> float | None:
    if not isinstance(data, (int, float)) or isinstance(data, bool):
        return None
    try:
        percent = float(data)
    except OverflowError:
        return None
    return percent if math.isfinite(percent) else None


def _find_blob(data: Any) -> str | None:
    blob = data.get("blob") if isinstance(data, dict) else None
    return blob if isinstance(blob, str) else None
