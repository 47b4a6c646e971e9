"""Looks up artifacts that were recorded, and records that they were used."""

from __future__ import annotations

import functools
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from reportgen.artifacts.artifact import Artifact, markdown_link, name_cells
from reportgen.errors import InputError
from reportgen.inputs.names import check_key
from reportgen.places import choose_paths
from reportgen.queries.artifacts import find_version
from reportgen.queries.contents import Contents
from reportgen.recorder.joining import current_scope, scope_unless_outside
from reportgen.sources import EMPTY_SOURCE, Source, open_source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NO_LOGS = ("no-log-directory", "no-runs")


def find_artifact(
    key: str, version: int | None = None, *, is_use: bool = False, log_dir: str | os.PathLike[str] | None = None
) -> Artifact | None:
    """Find a version of a key, by default the newest that is not deleted, and record that the current step read it.

    Outside a run a look is nothing to warn of, a use that is not recorded is.

    Raises
    ------
    TypeError, ValueError
        The key is not allowed.
    InputError
        The logs cannot be read.
    """
    if not isinstance(key, str):
        raise TypeError(f"key must be text, not {type(key).__name__}")
    check_key(key)
    source = _open_or_empty(log_dir)
    row = find_version(source.store, key, version)
    if row is None:
        return None
    scope = scope_unless_outside("the use of the artifact") if is_use else current_scope()
    if scope:
        scope.run.record("use", step=scope.step, direction="read", key=key, artifact=row["artifact_id"])
    return to_artifacts([row], source)[0]


def current_paths(log_dir: str | os.PathLike[str] | None = None) -> list[Path]:
    """Choose where to look: the argument, else where the current run records, else as `choose_paths` says."""
    scope = None if log_dir else current_scope()
    if scope:
        scope.run.flush()
    return choose_paths((scope and scope.run.place) or log_dir)


def open_current(log_dir: str | os.PathLike[str] | None = None) -> Source:
    """Open what `current_paths` chooses."""
    return open_source(current_paths(log_dir))


def _open_or_empty(log_dir: str | os.PathLike[str] | None) -> Source:
    """The same; where nothing was recorded yet, there is nothing to be found."""
    try:
        return open_current(log_dir)
    except InputError as error:
        if error.slug in _NO_LOGS:
            return EMPTY_SOURCE
        raise


def to_artifacts(rows: Sequence[Mapping[str, Any]], source: Source) -> list[Artifact]:
    """Make the objects of rows; their contents are read when one of them is first looked at."""
    contents = Contents(source.store, rows)
    return [_to_artifact(row, contents, source) for row in rows]


def _to_artifact(row: Mapping[str, Any], contents: Contents, source: Source) -> Artifact:
    artifact = Artifact.__new__(Artifact)
    vars(artifact).update(
        type=row["type"],
        key=row["key"],
        description=row["description"],
        id=_to_uuid(row["artifact_id"]),
        version=row["version"],
        created=_moment(row["created_at"]),
        updated=_moment(row["updated_at"]),
        run_id=row["run_id"],
        step_id=row["step_id"],
    )
    artifact._read_data = functools.partial(_read_data, row, contents, source)
    artifact._read_metadata = functools.partial(_read_metadata, row, contents)
    return artifact


def _read_metadata(row: Mapping[str, Any], contents: Contents) -> dict[str, Any]:
    """Give the metadata; those of a link have what it is made of, too."""
    metadata: dict[str, Any] = json.loads(row["metadata_json"])
    data: Any = _read_content(row, contents) if row["type"] == "link" else None
    return {**metadata, "link": data["link"], "link_text": data.get("link_text")} if _is_link(data) else metadata


def _read_content(row: Mapping[str, Any], contents: Contents) -> Any:
    return json.loads(contents.fetch(row["run_id"], row["artifact_id"]))


def _is_link(data: Any) -> bool:
    return isinstance(data, dict) and isinstance(data.get("link"), str)


def _to_uuid(identity: str) -> UUID | str:
    """Give an id as what `create_…` returned; that of a foreign writer may be any text."""
    try:
        return UUID(identity)
    except ValueError:
        return identity


def _moment(us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)


def _read_data(row: Mapping[str, Any], contents: Contents, source: Source) -> Any:
    """Turn what a record holds into what users of the object expect; data of another form stays as it is."""
    data = _read_content(row, contents)
    if not isinstance(data, dict):
        return data
    if row["type"] == "link" and _is_link(data):
        return markdown_link(data["link"], data.get("link_text"))
    if row["type"] == "image":
        name = data.get("blob")
        return data.get("url") or (_blob_path(name, row["run_id"], source) if isinstance(name, str) else data)
    if row["type"] == "table" and _is_table(data):
        name = data.get("blob")
        rows = _read_large_table(name, row["run_id"], source) if isinstance(name, str) else data["rows"]
        return name_cells(data["columns"], rows)
    return data


def _is_table(data: dict[str, Any]) -> bool:
    """Whether it is a table as records have it: columns by name, and rows with a cell for each."""
    columns, rows = data.get("columns"), data.get("rows")
    return (
        isinstance(columns, list)
        and isinstance(rows, list)
        and all(isinstance(column, str) for column in columns)
        and all(isinstance(row, list) and len(row) == len(columns) for row in rows)
    )


def _blob_path(name: str, run_id: str, source: Source) -> str:
    from reportgen.blobs import BlobError, find_blob

    try:
        return os.fspath(find_blob(name, source.iter_blob_folders(run_id)))
    except BlobError as error:
        raise OSError(f"the file {name} of run {run_id} cannot be used: {error}") from error


def _read_large_table(name: str, run_id: str, source: Source) -> list[Any]:
    from reportgen.tables import TableFileError, inspect_table

    try:
        batches = inspect_table(Path(_blob_path(name, run_id, source))).iter_batches()
        return [row for columns in batches for row in zip(*columns, strict=True)]
    except TableFileError as error:
        raise OSError(f"the table {name} of run {run_id} cannot be read: {error}") from error
