"""Masks the files of large tables: one in which something is masked becomes another file, named by its content.

Cells are looked at by what they say, each different text of a piece once. A file that cannot be looked into is left out
of the site, which then has the first rows that the record holds.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from reportgen.blobs import BlobError, find_blob
from reportgen.log.layout import BLOB_DIR
from reportgen.publish.disk import explaining
from reportgen.redact.values import Values
from reportgen.tables import TableFile, TableFileError, encode_table, inspect_table


def mask_file(name: str, folders: Sequence[Path], values: Values, masked: Path) -> str:
    """Mask the file of a table.

    Parameters
    ----------
    name
        The name that the record gives it.
    folders
        Where it may lie: the folders of the logs of the run.
    values
        What masks cells.
    masked
        The folder in whose `blobs` masked files are written.

    Returns
    -------
    str
        The name of the file that the site may carry: the same when nothing in it was masked, or when there is none.
        Empty when it cannot be looked into.

    Raises
    ------
    OutputError
        The masked file cannot be written.
    """
    try:
        path = find_blob(name, folders)
    except BlobError:
        return name
    table = inspect_table(path)
    if table.path is None:
        return name
    try:
        content = _mask(path, table, values)
    except (TableFileError, pa.ArrowException, ValueError, TypeError):
        return ""
    if content is None:
        return name
    fresh = f"{hashlib.sha256(content).hexdigest()}.parquet"
    with explaining(masked):
        keep_file(masked / BLOB_DIR / fresh, content)
    return fresh


def keep_file(path: Path, content: bytes) -> None:
    """Write a file that is named by its content, if it is not there; workers may do so at the same time."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{secrets.token_hex(8)}")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def _mask(path: Path, table: TableFile, values: Values) -> bytes | None:
    """Give the file of a table with masked cells; `None` when there is nothing to mask.

    Raises
    ------
    TableFileError
        Its rows cannot be read.
    """
    hidden = [values.is_secret_column(name) for name in table.columns]
    names = [values.text(name) for name in table.columns]
    columns: list[list[Any]] = [[] for _ in names]
    changed = {at for at, is_hidden in enumerate(hidden) if is_hidden}
    for batch in table.iter_batches(any_width=True):
        for at, cells in enumerate(batch):
            fresh = [*map(values.whole, cells)] if hidden[at] else _mask_cells(cells, values)
            if fresh is not cells:
                changed.add(at)
            columns[at].append(fresh)
    if not changed and names == [*table.columns] and not _has_secret_notes(path, values):
        return None
    stored = pq.read_table(path, use_threads=False)
    parts = [_joined(columns[at]) if at in changed else _plain(stored.column(at)) for at in range(len(names))]
    return encode_table(names, parts)


def _joined(pieces: list[list[Any]]) -> list[Any]:
    return [cell for piece in pieces for cell in piece]


def _plain(column: Any) -> Any:
    kind = column.type
    return column.cast(kind.value_type) if pa.types.is_dictionary(kind) else column


def _mask_cells(cells: list[Any], values: Values) -> list[Any]:
    """Mask the texts of a piece of a column, and what JSON it holds."""
    others = {type(cell) for cell in cells} - {str, int, float, bool, type(None)}
    if others:
        masked = [values.value(cell) for cell in cells]
        return masked if any(a is not b for a, b in zip(masked, cells, strict=True)) else cells
    texts = {cell for cell in cells if type(cell) is str}
    if not texts or not values.texts.may_mask("\n".join(texts)):
        return cells
    found = {text: fresh for text in sorted(texts) if (fresh := values.text(text)) != text}
    return [found.get(cell, cell) if type(cell) is str else cell for cell in cells] if found else cells


def _has_secret_notes(path: Path, values: Values) -> bool:
    """Whether what else the file says, which its writer chose, holds something to mask."""
    schema = pq.read_schema(path)
    notes = [*_iter_notes(schema.metadata), *(note for field in schema for note in _iter_notes(field.metadata))]
    return any(values.text(note) != note for note in notes)


def _iter_notes(metadata: Any) -> Iterator[str]:
    for name, value in (metadata or {}).items():
        yield f"{name.decode('utf-8', 'replace')}={value.decode('utf-8', 'replace')}"
