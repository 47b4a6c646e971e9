"""The functions that record artifacts, named and shaped as in Prefect."""

from __future__ import annotations

import re

from reportgen.ids import format_id, new_id_number
from reportgen.inputs.names import check_key
from reportgen.inputs.numbers import to_percent
from reportgen.inputs.tables import LargeTable, read_table
from reportgen.jsontext import to_json, to_json_bulk
from reportgen.recorder import process
from reportgen.recorder.joining import scope_for_artifact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any
    from uuid import UUID

    from reportgen.recorder.run import Run
    from reportgen.recorder.scopes import Scope
    from reportgen.records import ArtifactType

_MARKDOWN_LINK = re.compile(r"\[(?P<text>(?:[^\[\]\\]|\\.)*)\]\(<?(?P<link>[^<>]*?)>?\)")


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
    return _create("link", _link_json((link, link_text)), key, description)


def create_markdown_artifact(markdown: str, key: str | None = None, description: str | None = None) -> UUID:
    """Record Markdown text. Key, description, result and errors as for `create_link_artifact`."""
    return _create("markdown", _markdown_json(markdown), key, description)


def create_table_artifact(table: Any, key: str | None = None, description: str | None = None) -> UUID:
    """Record a table. Key, description and result as for `create_link_artifact`.

    Parameters
    ----------
    table
        A dict of lists, a list of dicts, a list of lists, an array, or a data frame of pandas, polars, pyarrow or
        duckdb. Over 1,000 rows or 256 kB it is kept as a Parquet file beside the log.

    Raises
    ------
    TypeError
        The table has another form, or a cell cannot be shown; the message names row and column.
    ValueError
        The key is not allowed, or columns differ in length.
    """
    check(key, description)
    return _create("table", _table_json(table), key, description)


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
    check(key, description)
    return _create("image", _image_json(image_url), key, description)


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
    return _create("progress", _progress_json(progress), key, description)


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
    identity = _to_uuid(artifact_id)
    percent = to_clamped_percent(progress)
    if description is not None:
        _check_text(description, "description")
    scope = scope_for_artifact()
    run = _run_of(identity.int, scope)
    kind = run.artifact_types.get(identity.int, "progress")
    if kind != "progress":
        raise ValueError(f"artifact {identity} is of type {kind}: only progress artifacts can be updated")
    step = scope.step if run is scope.run else None
    run.record("progress", step=step, artifact=str(identity), progress=percent, description=description)
    return identity


def _run_of(number: int, scope: Scope) -> Run:
    """Give the run of this process that has an artifact, which may be around the current one; else the current one."""
    runs = [scope.run, *process.open_runs.values(), *process.joined_runs.values()]
    return next((run for run in runs if number in run.artifact_types), scope.run)


def _to_uuid(artifact_id: UUID | str) -> UUID:
    from uuid import UUID

    try:
        return artifact_id if isinstance(artifact_id, UUID) else UUID(str(artifact_id))
    except ValueError as error:
        hint = "give what create_progress_artifact returned"
        raise ValueError(f"{artifact_id!r} is not the id of an artifact: {hint}") from error


def to_clamped_percent(progress: Any) -> float:
    """Take a progress value; one outside 0 to 100 is clamped with a logged warning.

    Raises
    ------
    TypeError, ValueError
        It is not a real number, or NaN.
    """
    percent, clamped = to_percent(progress)
    if clamped:
        import logging

        logging.getLogger("reportgen").warning("progress %r is outside 0 to 100; recorded as %g", progress, percent)
    return percent


def create_of_type(
    kind: ArtifactType, data: Any, key: str | None, description: str | None, metadata: Mapping[str, Any]
) -> tuple[UUID, Scope]:
    """Record an artifact whose data is as the `create_…` function of its type takes it, with metadata.

    Returns
    -------
    tuple
        Its id, and where it was recorded.

    Raises
    ------
    TypeError, ValueError, OSError
        As that function.
    """
    content = _MAKERS[kind](data)
    scope = scope_for_artifact()
    return _create(kind, content, key, description, scope, to_json(metadata) if metadata else ""), scope


def check(key: str | None, description: str | None) -> None:
    """Refuse a key or a description that is not allowed.

    Raises
    ------
    TypeError, ValueError
        As the functions above say.
    """
    if key is not None:
        check_key(key)
    if description is not None:
        _check_text(description, "description")


def _check_text(value: Any, name: str) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be text, not {type(value).__name__}")


# The data of each type: JSON text, or what gives it once a file is kept beside the journal


def split_link(data: Any) -> tuple[str, str | None]:
    """Take a link as `(address, text)`, as `{"link": …, "link_text": …}`, as `[text](address)` or as an address.

    Raises
    ------
    TypeError
        It is none of these.
    """
    link, text = data, None
    if isinstance(data, tuple) and len(data) == 2:
        link, text = data
    elif isinstance(data, dict) and "link" in data:
        link, text = data["link"], data.get("link_text")
    elif isinstance(data, str) and (match := _MARKDOWN_LINK.fullmatch(data)):
        link, text = match["link"], re.sub(r"\\([\[\]\\])", r"\1", match["text"])
    _check_text(link, "link")
    if text is not None:
        _check_text(text, "link_text")
    return link, text


def _link_json(data: Any) -> str:
    link, text = split_link(data)
    return to_json({"link": link, "link_text": text})


def _markdown_json(markdown: Any) -> str:
    _check_text(markdown, "markdown")
    return to_json_bulk(markdown, len(markdown))


def _table_json(table: Any) -> str | Callable[[Run], str]:
    content = read_table(table)
    if not isinstance(content, LargeTable):
        return content.data_json.decode()
    return lambda run: content.data_json(run.add_blob(content.content, content.extension)).decode()


def _image_json(image: Any) -> str | Callable[[Run], str]:
    from reportgen.inputs.images import read_image

    found = read_image(image)
    if isinstance(found, str):
        return to_json({"url": found})
    content, extension, name = found
    return lambda run: to_json({"blob": run.add_blob(content, extension), "name": name})


def _progress_json(progress: Any) -> str:
    return repr(to_clamped_percent(progress))


_MAKERS = {
    "link": _link_json,
    "markdown": _markdown_json,
    "table": _table_json,
    "image": _image_json,
    "progress": _progress_json,
}


def _create(
    kind: ArtifactType,
    data: str | Callable[[Run], str],
    key: str | None,
    description: str | None,
    scope: Scope | None = None,
    metadata: str = "",
) -> UUID:
    """Record an artifact; `data` and `metadata` are JSON text."""
    import uuid

    fields = ""
    if key is not None:
        check_key(key)
        fields += f',"key":{to_json(key)}'  # not as it formats itself: an `Enum` may be text
    if description is not None:
        _check_text(description, "description")
        fields += f',"description":{to_json(description)}'
    if metadata:
        fields += f',"metadata":{metadata}'
    scope = scope or scope_for_artifact()
    text = data if isinstance(data, str) else data(scope.run)
    number = new_id_number()
    scope.run.artifact_types[number] = kind
    scope.append(
        f'{{"kind":"artifact","id":"{format_id(number)}","type":"{kind}"{scope.step_field}{fields},"data":', text
    )
    return uuid.UUID(int=number)
