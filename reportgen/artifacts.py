"""The functions that record artifacts, named and shaped as in Prefect."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from reportgen.inputs.images import read_image
from reportgen.inputs.names import check_key
from reportgen.inputs.numbers import to_percent
from reportgen.inputs.tables import to_table
from reportgen.recorder import Scope, current_scope, new_id, scope_for_artifact
from reportgen.records import Artifact, ArtifactType, Progress


def create_link_artifact(
    link: str, link_text: str | None = None, key: str | None = None, description: str | None = None
) -> UUID:
    """Record a link.

    Parameters
    ----------
    link
        Where it leads.
    link_text
        What is shown in its place.
    key
        Artifacts with one key are versions of one thing; `None` shows it on the run's page only.
    description
        Markdown.

    Returns
    -------
    UUID
        Id of the artifact.

    Raises
    ------
    ValueError
        The key does not match `[a-z0-9-]{1,200}`.
    TypeError
        `link`, `link_text` or `description` is not text.
    """
    _check_text(link=link)
    _check_text(link_text=link_text, optional=True)
    return _create("link", {"link": link, "link_text": link_text}, key, description)


def create_markdown_artifact(markdown: str, key: str | None = None, description: str | None = None) -> UUID:
    """Record Markdown text. Key, description, result and errors as for `create_link_artifact`."""
    _check_text(markdown=markdown)
    return _create("markdown", markdown, key, description)


def create_table_artifact(table: Any, key: str | None = None, description: str | None = None) -> UUID:
    """Record a table. Key, description and result as for `create_link_artifact`.

    Parameters
    ----------
    table
        A dict of lists, a list of dicts, a list of lists, or a data frame of pandas, polars, pyarrow or duckdb.

    Raises
    ------
    TypeError
        The table has another form, or a cell cannot be shown; the message names row and column.
    ValueError
        The key is not allowed, or columns differ in length.
    """
    return _create("table", to_table(table), key, description)


def create_image_artifact(image_url: Any, key: str | None = None, description: str | None = None) -> UUID:
    """Record an image. Key, description and result as for `create_link_artifact`.

    Parameters
    ----------
    image_url
        An http(s) URL, which stays outside; or a data URL, a path, the bytes of a PNG, JPEG, GIF, WebP, AVIF or
        SVG file, a PIL image or a matplotlib figure, which are kept by content and shown offline.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        The key is not allowed, or the image is of no format that browsers show.
    TypeError
        It is none of the above.
    """
    _check(key, description)
    image = read_image(image_url)
    if isinstance(image, str):
        return _create("image", {"url": image}, key, description)
    content, extension, name = image
    scope = scope_for_artifact()
    data = {"blob": scope.run.add_blob(content, extension), "name": name}
    return _record("image", data, key, description, scope)


def create_progress_artifact(progress: float, key: str | None = None, description: str | None = None) -> UUID:
    """Record how far something is, in per cent; values outside 0–100 are clamped with a logged warning.

    Key, description and result as for `create_link_artifact`; update it with `update_progress_artifact`.

    Raises
    ------
    ValueError
        The key is not allowed, or `progress` is NaN.
    TypeError
        `progress` is not a real number.
    """
    return _create("progress", _clamp(progress), key, description)


def update_progress_artifact(artifact_id: UUID | str, progress: float, description: str | None = None) -> UUID:
    """Set a progress artifact to a new value; this makes no new version.

    Parameters
    ----------
    artifact_id
        What `create_progress_artifact` returned, in this process or another one of the run.
    progress
        Per cent.
    description
        A new description; `None` leaves the old one.

    Raises
    ------
    ValueError
        `artifact_id` is no UUID or that of an artifact of another type, or `progress` is NaN.
    """
    identity = str(_to_uuid(artifact_id))
    percent = _clamp(progress)
    _check_text(description=description, optional=True)
    scope = current_scope() or scope_for_artifact()
    kind = scope.run.artifact_types.get(identity, "progress")
    if kind != "progress":
        raise ValueError(f"artifact {identity} is of type {kind}: only progress artifacts can be updated")
    scope.run.record(Progress, artifact=identity, progress=percent, description=description, step=scope.step)
    return UUID(identity)


def _to_uuid(artifact_id: UUID | str) -> UUID:
    try:
        return artifact_id if isinstance(artifact_id, UUID) else UUID(str(artifact_id))
    except ValueError as error:
        hint = "give what create_progress_artifact returned"
        raise ValueError(f"{artifact_id!r} is not the id of an artifact: {hint}") from error


def _clamp(progress: Any) -> float:
    percent, clamped = to_percent(progress)
    if clamped:
        import logging

        logging.getLogger("reportgen").warning("progress %r is outside 0 to 100; recorded as %g", progress, percent)
    return percent


def _create(kind: ArtifactType, data: Any, key: str | None, description: str | None) -> UUID:
    _check(key, description)
    return _record(kind, data, key, description, scope_for_artifact())


def _check(key: str | None, description: str | None) -> None:
    check_key(key)
    _check_text(description=description, optional=True)


def _check_text(*, optional: bool = False, **arguments: str | None) -> None:
    for name, value in arguments.items():
        if not isinstance(value, str) and not (optional and value is None):
            raise TypeError(f"{name} must be text, not {type(value).__name__}")


def _record(kind: ArtifactType, data: Any, key: str | None, description: str | None, scope: Scope) -> UUID:
    identity = new_id()
    scope.run.artifact_types[identity] = kind
    scope.run.record(Artifact, id=identity, type=kind, key=key, description=description, data=data, step=scope.step)
    return UUID(identity)
