"""Every table of a site as CSV, for programs that read nothing else.

UTF-8, a line of names, texts in quotes: an empty text is `""` and a missing value is nothing. Times are UTC, lists are
JSON, NaN and the infinities are `nan`, `inf` and `-inf`. Tables that a site has by day become one file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from reportgen.exports.folder import find_site_store, new_folder
from reportgen.store import SCHEMAS, TABLES, StoreFolder


def export_csv(site: Path, output: Path) -> dict[str, int]:
    """Write every table of a site as a CSV file.

    Parameters
    ----------
    site
        Its folder.
    output
        A folder that is not there yet, or is empty.

    Returns
    -------
    dict
        By table: how many rows it has.

    Raises
    ------
    InputError
        There is no site, or a table of it is damaged.
    OutputError
        The folder is taken, or the disk failed; nothing was written.
    """
    store = StoreFolder(find_site_store(site))
    with new_folder(output, site) as folder:
        return {name: _write(folder / f"{name}.csv", name, store) for name in TABLES}


def _write(path: Path, name: str, store: StoreFolder) -> int:
    n_rows = 0
    schema = _plain(SCHEMAS[name].empty_table()).schema
    with csv.CSVWriter(str(path), schema) as writer:
        for table in _iter_tables(name, store):
            writer.write_table(_plain(table))
            n_rows += len(table)
    return n_rows


def _iter_tables(name: str, store: StoreFolder) -> Iterator[pa.Table]:
    if not TABLES[name].by_day:
        yield store.read(name)
        return
    for day in store.days_of(name):
        yield store.read_day(name, day)


def _plain(table: pa.Table) -> pa.Table:
    """Give a table whose columns CSV can hold."""
    for position, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            values: list[Any] = table.column(position).to_pylist()
            texts = [None if value is None else json.dumps(value, ensure_ascii=False) for value in values]
            table = table.set_column(position, field.name, pa.array(texts, pa.string()))
        elif pa.types.is_dictionary(field.type):
            table = table.set_column(position, field.name, table.column(position).cast(pa.string()))
        elif pa.types.is_timestamp(field.type):
            times: Any = table.column(position).cast(pa.timestamp("us"))
            table = table.set_column(position, field.name, pc.strftime(times, format="%Y-%m-%dT%H:%M:%SZ"))
    return table
