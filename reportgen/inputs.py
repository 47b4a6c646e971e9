"""Turns what step code hands over into what a record can hold, or says exactly what it cannot take.

Nothing heavy is imported here: NumPy, pandas, matplotlib and PIL objects are known by what they can do.
The JSON forms of cells are documented in `docs/log-format.md`.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import decimal
import enum
import io
import math
import numbers
import os
import re
import urllib.parse
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import msgspec

from reportgen.records import Number, encode_number

KEY_RULE = "Artifact key must only contain lowercase letters, numbers, and dashes"
_KEY = re.compile(r"[a-z0-9-]{1,200}")
_MAX_NAME = 200
_MAX_PARAM = 500

_MEDIA_EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
    "image/svg+xml": "svg",
}


def check_key(key: str | None) -> None:
    """Refuse a key that is not 1 to 200 lowercase letters, digits and dashes. `None` is keyless.

    Raises
    ------
    ValueError
        The key breaks the rule.
    """
    if key is not None and not (isinstance(key, str) and _KEY.fullmatch(key)):
        raise ValueError(f"{KEY_RULE} (1 to 200 of them), not {key!r}")


def check_name(name: str, what: str) -> None:
    """Refuse a name that is not 1 to 200 printable characters.

    Raises
    ------
    TypeError, ValueError
        The name is not text, or breaks the rule.
    """
    if not isinstance(name, str):
        raise TypeError(f"{what} must be text, not {type(name).__name__}")
    if not name.strip() or len(name) > _MAX_NAME or not name.isprintable():
        raise ValueError(f"{what} must be 1 to {_MAX_NAME} printable characters, not {name[:60]!r}")


def to_number(value: Any, what: str) -> Number:
    """Take a real number (int, float, bool, NumPy scalar, Fraction, Decimal); NaN and infinities are kept.

    Raises
    ------
    TypeError
        The value is not a real number.
    """
    if isinstance(value, (numbers.Real, decimal.Decimal)) or _is_numpy_number(value):
        try:
            return encode_number(float(value))
        except OverflowError:
            return "Infinity" if value > 0 else "-Infinity"
    raise TypeError(f"{what} must be a real number, not {type(value).__name__}")


def _is_numpy_number(value: Any) -> bool:
    """NumPy scalars, and arrays with no dimension, of a kind that is a real number."""
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return kind in ("b", "i", "u", "f") and getattr(value, "shape", None) == ()


def to_numbers(values: Any, what: str) -> list[Number]:
    """Take a sequence of real numbers, e.g. a list, a tuple or a one-dimensional array.

    Raises
    ------
    TypeError
        It is not a sequence, or one of its values is not a real number.
    """
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise TypeError(f"{what} must be a list of real numbers, not {type(values).__name__}")
    if hasattr(values, "tolist"):
        if getattr(getattr(values, "dtype", None), "kind", "") in ("M", "m"):  # nanoseconds would become plain integers
            raise TypeError(f"{what} must be a list of real numbers, not of times")
        values = values.tolist()
        if not isinstance(values, list):
            raise TypeError(f"{what} must have one dimension")
    return [to_number(value, f"{what}[{index}]") for index, value in enumerate(values)]


def to_percent(progress: Any) -> tuple[float, bool]:
    """Take a progress value; give it clamped to 0–100, and whether clamping was needed.

    Raises
    ------
    ValueError
        It is NaN.
    TypeError
        It is not a real number.
    """
    value = float(to_number(progress, "progress"))
    if math.isnan(value):
        raise ValueError("progress must be a number from 0 to 100, not NaN")
    clamped = min(max(value, 0.0), 100.0)
    return clamped, clamped != value


# Tables


def to_table(table: Any) -> dict[str, Any]:
    """Take a table in any of its forms and give `{"columns": [name, …], "rows": [[cell, …], …]}`.

    Parameters
    ----------
    table
        A dict of lists, a list of dicts (columns are the union of keys in order of appearance), a list of
        lists (columns are named 0, 1, 2 …), or any object of the Arrow PyCapsule interface
        (pandas, polars, pyarrow, duckdb).

    Raises
    ------
    TypeError
        It has none of these forms, or a cell cannot be shown; the message names row and column.
    ValueError
        The lists of a dict of lists differ in length.
    """
    if hasattr(table, "__arrow_c_stream__"):
        import pyarrow as pa

        arrow = pa.table(table)
        columns = [str(name) for name in arrow.column_names]
        rows: Iterable[Sequence[Any]] = list(zip(*(_arrow_cells(column) for column in arrow.columns), strict=True))
    elif isinstance(table, Mapping):
        columns, rows = _from_columns(table)
    elif isinstance(table, Sequence) and not isinstance(table, (str, bytes)):
        columns, rows = _from_rows(table)
    else:
        kind = type(table).__name__
        raise TypeError(f"a table must be a dict of lists, a list of dicts or lists, or a data frame, not {kind}")
    return {
        "columns": columns,
        "rows": [
            [_table_cell(cell, f"row {index}, column {name!r}") for name, cell in zip(columns, row, strict=True)]
            for index, row in enumerate(rows)
        ],
    }


def _arrow_cells(column: Any) -> list[Any]:
    """Give a column's values; times lose what is finer than a microsecond, which Python cannot hold."""
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    elif pa.types.is_duration(column.type) and column.type.unit == "ns":
        column = column.cast(pa.duration("us"), safe=False)
    elif pa.types.is_time64(column.type):
        column = column.cast(pa.time64("us"), safe=False)
    return list(column.to_pylist())


def _from_columns(table: Mapping[Any, Any]) -> tuple[list[str], list[tuple[Any, ...]]]:
    _check_names(table)
    columns = {str(name): list(_as_list(values, f"column {name!r}")) for name, values in table.items()}
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"the columns of a table must have one length, not {lengths}")
    return list(columns), list(zip(*columns.values(), strict=True))


def _check_names(names: Mapping[Any, Any]) -> None:
    if len({str(name) for name in names}) < len(names):
        raise ValueError(f"two columns of a table have the same name as text: {[*names]!r}")


def _as_list(values: Any, what: str) -> Iterable[Any]:
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise TypeError(f"{what} must be a list, not {type(values).__name__}")
    return values


def _from_rows(table: Sequence[Any]) -> tuple[list[str], list[list[Any]]]:
    if table and all(isinstance(row, Mapping) for row in table):
        names = {str(name): None for row in table for name in row}
        named_rows = ({str(name): cell for name, cell in row.items()} for row in table)
        return list(names), [[row.get(name) for name in names] for row in named_rows]
    rows = [list(_as_list(row, f"row {index}")) for index, row in enumerate(table)]
    width = max((len(row) for row in rows), default=0)
    return [str(index) for index in range(width)], [row + [None] * (width - len(row)) for row in rows]


def _table_cell(value: Any, where: str) -> Any:
    try:
        return to_cell(value, where)
    except RecursionError:
        raise TypeError(f"{where}: {type(value).__name__} is nested too deeply to be shown in a table") from None


def to_cell(value: Any, where: str) -> Any:
    """Give the JSON form of a cell.

    NaN and missing values become null, infinities the strings of `records.NonFinite`; dates, times and
    durations ISO 8601; Decimal, UUID and Path text; an Enum its value; lists and dicts stay, cell by cell.

    Raises
    ------
    TypeError
        The value is of another type; the message says where.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, enum.Enum):
        return to_cell(value.value, where)
    if isinstance(value, str):
        return str(value)  # NumPy's text is a subclass that JSON encoders refuse
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return None if math.isnan(value) else encode_number(float(value))
    if hasattr(value, "dtype") and hasattr(value, "item"):
        return _numpy_cell(value, where)
    if isinstance(value, decimal.Decimal):
        return None if value.is_nan() else str(value)
    if isinstance(value, (dt.date, dt.time, dt.timedelta)):
        return _time_cell(value)
    if isinstance(value, (uuid.UUID, PurePath)):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): to_cell(item, where) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value
        return [to_cell(item, where) for item in items]
    raise TypeError(f"{where}: {type(value).__name__} cannot be shown in a table; convert it to text or a number")


def _numpy_cell(value: Any, where: str) -> Any:
    if getattr(value, "shape", ()) != ():
        return [to_cell(item, where) for item in value.tolist()]
    kind = getattr(value.dtype, "kind", "")
    if kind in ("M", "m"):
        item = value.astype(f"{kind}8[us]").item()
        return str(value) if isinstance(item, int) else to_cell(item, where)  # int: beyond what Python's types hold
    return to_cell(float(value) if kind == "f" else value.item(), where)  # a long double's item is itself


def _time_cell(value: dt.date | dt.time | dt.timedelta) -> str | None:
    if value != value:  # pandas' NaT  # noqa: PLR0124
        return None
    if isinstance(value, dt.timedelta):
        plain = dt.timedelta(days=value.days, seconds=value.seconds, microseconds=value.microseconds)
        return str(msgspec.to_builtins(plain))
    return value.isoformat()


def to_param(value: Any) -> Any:
    """Give the JSON form of a parameter. What has none is shown by a short `repr`: a parameter never stops a run."""
    try:
        cell = to_cell(value, "parameter")
        if len(msgspec.json.encode(cell)) <= _MAX_PARAM * 4:
            return cell
    except Exception:  # noqa: S110 — no JSON form; a user's mapping or scalar may raise anything
        pass
    try:
        text = repr(value)
    except Exception:  # a user's __repr__ may raise anything
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _MAX_PARAM else f"{text[:_MAX_PARAM]}…"


# Images


def read_image(image: Any) -> tuple[bytes, str, str] | str:
    """Take an image in any of its forms.

    Parameters
    ----------
    image
        An http(s) URL, a data URL, a path, the bytes of an image file, a PIL image or a matplotlib figure.

    Returns
    -------
    str or tuple
        The http(s) URL as it is, or `(content, extension, name)` of what is to be kept by content.

    Raises
    ------
    ValueError
        The URL or the format is not one that a browser shows.
    OSError
        The file cannot be read.
    TypeError
        It has none of these forms.
    """
    if isinstance(image, str) and image.lower().startswith(("http://", "https://")):
        return image
    if isinstance(image, str) and image.lower().startswith("data:"):
        content = _decode_data_url(image)
        return content, image_extension(content), ""
    if isinstance(image, str) and re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", image):
        raise ValueError(f"an image can be at an http or https URL, or in a file, not at {image[:100]!r}")
    if isinstance(image, (str, os.PathLike)):
        path = Path(image)
        content = path.read_bytes()
        return content, image_extension(content), path.name
    if isinstance(image, (bytes, bytearray, memoryview)):
        content = bytes(image)
        return content, image_extension(content), ""
    buffer = io.BytesIO()
    if hasattr(image, "savefig"):
        image.savefig(buffer, format="png", dpi=144, metadata={"Software": None}, bbox_inches="tight")
    elif hasattr(image, "save") and hasattr(image, "mode"):
        image.save(buffer, format="PNG")
    else:
        raise TypeError(f"an image must be a URL, a path, bytes, a PIL image or a figure, not {type(image).__name__}")
    return buffer.getvalue(), "png", ""


def _decode_data_url(url: str) -> bytes:
    head, comma, body = url.partition(",")
    media = head.removeprefix("data:").split(";")[0].lower()
    if not comma or media not in _MEDIA_EXTENSIONS:
        raise ValueError(f"a data URL must hold an image ({', '.join(_MEDIA_EXTENSIONS)}), not {head[:60]!r}")
    raw = urllib.parse.unquote_to_bytes(body)
    if not head.endswith(";base64"):
        return raw
    try:
        return base64.b64decode(raw, validate=True)
    except binascii.Error as error:
        raise ValueError(f"the data URL is not valid base64: {error}") from error


def image_extension(content: bytes) -> str:
    """Tell the format of an image file by its first bytes.

    Raises
    ------
    ValueError
        It is none of PNG, JPEG, GIF, WebP, AVIF, SVG.
    """
    head = content[:1024]
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:12] in (b"ftypavif", b"ftypavis"):
        return "avif"
    if re.match(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!--|!DOCTYPE svg|svg)", head) and b"<svg" in content:
        return "svg"
    raise ValueError("the image is none of PNG, JPEG, GIF, WebP, AVIF, SVG")
