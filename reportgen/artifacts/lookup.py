"""Looks up artifacts that earlier runs recorded, and records that they were used."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from reportgen.artifacts.artifact import Artifact, markdown_link, name_cells
from reportgen.inputs.names import check_key
from reportgen.queries import find_versions
from reportgen.recorder.joining import current_scope, scope_unless_outside
from reportgen.settings import load_settings, resolve_log_dir

if TYPE_CHECKING:
    from collections.abc import Mapping


def find_artifact(key: str, version: int | None = None, *, is_use: bool = False) -> Artifact | None:
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
    log_dir = current_log_dir()
    rows = [row for row in find_versions(log_dir, key) if row["deleted_at"] is None]
    row = next((row for row in reversed(rows) if version in (None, row["version"])), None)
    if row is None:
        return None
    artifact = _from_row(row, log_dir)
    scope = scope_unless_outside("the use of the artifact") if is_use else current_scope()
    if scope:
        scope.run.record("use", step=scope.step, direction="read", key=key, artifact=row["artifact_id"])
    return artifact


def current_log_dir() -> Path:
    """Where artifacts are looked up: in the log directory of the current run, else where a new run would record."""
    scope = current_scope()
    return (scope.run.log_dir if scope else None) or Path(resolve_log_dir(None, load_settings()))


def _from_row(row: Mapping[str, Any], log_dir: Path) -> Artifact:
    artifact = Artifact.__new__(Artifact)
    metadata = json.loads(row["metadata_json"])
    data = json.loads(row["data_json"])
    vars(artifact).update(
        type=row["type"],
        key=row["key"],
        description=row["description"],
        data=data,
        metadata=metadata,
        id=_to_uuid(row["artifact_id"]),
        version=row["version"],
        created=_moment(row["created_at"]),
        updated=_moment(row["updated_at"]),
        run_id=row["run_id"],
        step_id=row["step_id"],
    )
    if isinstance(data, dict):
        _settle_data(artifact, data, log_dir)
    return artifact


def _to_uuid(identity: str) -> UUID | str:
    """Give an id as what `create_…` returned; that of a foreign writer may be any text."""
    try:
        return UUID(identity)
    except ValueError:
        return identity


def _moment(us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)


def _settle_data(artifact: Artifact, data: dict[str, Any], log_dir: Path) -> None:
    """Turn what a record holds into what users of the object expect; data of another form stays as it is."""
    folder = log_dir / str(artifact.run_id)
    if artifact.type == "link" and isinstance(data.get("link"), str):
        artifact.data = markdown_link(data["link"], data.get("link_text"))
        artifact.metadata = {**artifact.metadata, "link": data["link"], "link_text": data.get("link_text")}
    elif artifact.type == "image":
        name = data.get("blob")
        artifact.data = data.get("url") or (_blob_path(name, folder) if isinstance(name, str) else data)
    elif artifact.type == "table" and isinstance(data.get("columns"), list) and isinstance(data.get("rows"), list):
        rows = _read_large_table(data["blob"], folder) if isinstance(data.get("blob"), str) else data["rows"]
        artifact.data = name_cells(data["columns"], rows)


def _blob_path(name: str, folder: Path) -> str:
    from reportgen.blobs import BlobError, find_blob

    try:
        return os.fspath(find_blob(name, [folder]))
    except BlobError as error:
        raise OSError(f"the file {name} of {folder} cannot be used: {error}") from error


def _read_large_table(name: str, folder: Path) -> list[Any]:
    from reportgen.tables import TableFileError, inspect_table

    try:
        batches = inspect_table(Path(_blob_path(name, folder))).iter_batches()
        return [row for columns in batches for row in zip(*columns, strict=True)]
    except TableFileError as error:
        raise OSError(f"the table {name} of {folder} cannot be read: {error}") from error
