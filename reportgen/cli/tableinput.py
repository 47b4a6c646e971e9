"""Tables in files, for `reportgen log table`: CSV, TSV, JSON, JSON lines and Parquet.

pyarrow reads CSV and Parquet, and infers the types of CSV columns from all of the file. What is wrong with a file is
said with its line. The recorder takes what comes out of here, and checks the cells.
"""

from __future__ import annotations

import io
import json
from typing import Any

from reportgen.cli.inputs import bad_input, decode, read_content

FORMATS = ("csv", "tsv", "json", "jsonl", "parquet")
_SUFFIXES = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_SUFFIXES |= {".parquet": "parquet", ".pq": "parquet"}
_MAX_BYTES = 200_000_000


def format_by_name(name: str) -> str | None:
    """Tell the format of a file by its suffix."""
    _, dot, suffix = name.rpartition(".")
    return _SUFFIXES.get(f"{dot}{suffix}".lower())


def read_table_file(name: str, kind: str) -> Any:
    """Read a table, in a form that `create_table_artifact` takes.

    Parameters
    ----------
    name
        A file, or `-` for the standard input.
    kind
        One of `FORMATS`.

    Raises
    ------
    InputError
        It cannot be read or is not of this format; it names the line where there is one.
    """
    content = read_content(name, _MAX_BYTES)
    if kind == "parquet":
        return _read_parquet(content, name)
    text = decode(content, name)
    if kind == "json":
        return _read_json(text, name)
    if kind == "jsonl":
        return _read_json_lines(text, name)
    return _read_csv(content, text, "\t" if kind == "tsv" else ",", name)


def _read_parquet(content: bytes, name: str) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(io.BytesIO(content))
    except (pa.ArrowException, OSError) as error:
        raise bad_input(name, None, f"this is not a Parquet file, {_first_line(error)}") from error


def _read_csv(content: bytes, text: str, delimiter: str, name: str) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    options = csv.ReadOptions(use_threads=False, block_size=len(content) + 1)  # a row may be any length
    parsing = csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    try:
        return csv.read_csv(io.BytesIO(content), read_options=options, parse_options=parsing)
    except pa.ArrowException as error:
        line, what = _explain_csv(text, delimiter)
        raise bad_input(name, line, what or _first_line(error)) from error


def _explain_csv(text: str, delimiter: str) -> tuple[int | None, str]:
    """Find the line of a row that is not as wide as the first, which pyarrow does not tell."""
    import csv

    if not text.strip():
        return None, "it is empty, not even the names of columns are there"
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    width, line = 0, 1
    try:
        for row in reader:
            width = width or len(row)
            if row and len(row) != width:
                return line, f"{len(row)} cells where {width} are expected"
            line = reader.line_num + 1  # where the next row begins
    except csv.Error as error:
        return line, str(error)
    return None, ""


def _read_json(text: str, name: str) -> Any:
    value = _parse(text, name, 1)
    if not isinstance(value, (list, dict)):
        raise bad_input(name, None, "a table in JSON is a list of objects, or an object of lists")
    return value


def _read_json_lines(text: str, name: str) -> list[Any]:
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            row = _parse(line, name, number)
            if not isinstance(row, dict):
                raise bad_input(name, number, 'each line is an object, such as {"id": 1}')
            rows.append(row)
    return rows


def _parse(text: str, name: str, first_line: int) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        what = f"this is not JSON, {error.msg} at column {error.colno}"
        raise bad_input(name, first_line + error.lineno - 1, what) from error
    except (ValueError, RecursionError) as error:  # a number of too many digits, or nested too deeply
        raise bad_input(name, None, f"this is not JSON that can be read, {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    return str(error).split("\n", 1)[0]
