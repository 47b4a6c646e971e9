"""`Artifact`: an artifact as an object, to be created or as it was found in the logs; shaped as in Prefect."""

from __future__ import annotations

from reportgen.artifacts import create
from reportgen.jsontext import to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import datetime as dt
    import os
    from collections.abc import Callable, Mapping
    from typing import Any
    from uuid import UUID

    from reportgen.records import ArtifactType

_FIELDS = "id key type version description data metadata created updated run_id step_id".split()
TYPES: tuple[ArtifactType, ...] = ("link", "markdown", "table", "image", "progress")


class Artifact:
    """A result for people to read.

    Parameters
    ----------
    type
        `"link"`, `"markdown"`, `"table"`, `"image"` or `"progress"`.
    key, description
        As for `create_link_artifact`.
    data
        The content, as the `create_…` function of its type takes it. For a link it may be the address, or
        `[text](address)`.
    metadata
        Further facts by name, shown with the artifact.

    Attributes
    ----------
    id
        `uuid.UUID`; `None` before it is created.
    version
        From 1 per key. `None` for an artifact without a key and for one just created, since versions are counted when
        logs are read.
    data
        As it was found: of a link `[text](address)`, with `link` and `link_text` in `metadata`; of Markdown the text;
        of a table a list of rows by column name; of an image its URL or the path of its file; of progress the per cent.
    created, updated
        `datetime` in UTC.
    run_id, step_id
        What made it; `flow_run_id` and `task_run_id` are other names for them.

    Raises
    ------
    TypeError, ValueError
        The type, the key or the description is not allowed.
    """

    def __init__(
        self,
        type: ArtifactType = "markdown",  # noqa: A002 — as Prefect names it
        key: str | None = None,
        description: str | None = None,
        data: Any = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        if type not in TYPES:
            raise ValueError(f"type must be one of {', '.join(TYPES)}, not {type!r}")
        create.check(key, description)
        self.type: ArtifactType = type
        self.key = key
        self.description = description
        self._data = data
        self._read_data: Callable[[], Any] | None = None
        self._metadata = _check_metadata(metadata)
        self._read_metadata: Callable[[], dict[str, Any]] | None = None
        self.id: UUID | str | None = None
        self.version: int | None = None
        self.created: dt.datetime | None = None
        self.updated: dt.datetime | None = None
        self.run_id: str | None = None
        self.step_id: str | None = None

    @property
    def data(self) -> Any:
        """The content."""
        if self._read_data is not None:
            self._data, self._read_data = self._read_data(), None
        return self._data

    @data.setter
    def data(self, data: Any) -> None:
        self._data, self._read_data = data, None

    @property
    def metadata(self) -> dict[str, Any]:
        """Further facts by name."""
        if self._read_metadata is not None:
            self._metadata, self._read_metadata = self._read_metadata(), None
        return self._metadata

    @metadata.setter
    def metadata(self, metadata: dict[str, Any]) -> None:
        self._metadata, self._read_metadata = metadata, None

    @property
    def flow_run_id(self) -> str | None:
        """Prefect's name for `run_id`."""
        return self.run_id

    @property
    def task_run_id(self) -> str | None:
        """Prefect's name for `step_id`."""
        return self.step_id

    def __repr__(self) -> str:
        named = f"key={self.key!r}, " if self.key else ""
        version = f"version={self.version}, " if self.version else ""
        return f"Artifact(type={self.type!r}, {named}{version}id={self.id!s})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Artifact) and all(getattr(self, name) == getattr(other, name) for name in _FIELDS)

    __hash__ = None  # type: ignore[assignment]

    # Recording

    def create(self) -> Artifact:
        """Record it; each call makes a further one.

        Returns
        -------
        Artifact
            What was recorded, with its id, time, run and step.

        Raises
        ------
        TypeError, ValueError, OSError
            As the `create_…` function of its type.
        """
        import datetime as dt

        identity, scope = create.create_of_type(self.type, self.data, self.key, self.description, self.metadata)
        created = Artifact(self.type, self.key, self.description, self.data, self.metadata)
        created.id = identity
        created.created = created.updated = dt.datetime.now(dt.UTC)
        created.run_id, created.step_id = scope.run.id, scope.step
        return created

    async def acreate(self) -> Artifact:
        """Do what `create` does, to be awaited."""
        return self.create()

    def format(self) -> str | float:
        """Give the content as Prefect stores it: text, JSON text of a table's rows, or a number."""
        if self.type == "progress":
            return create.to_clamped_percent(self.data)
        if self.type == "table":
            return to_json(_rows_of(self.data))
        if self.type == "link":
            return markdown_link(*create.split_link(self.data))
        return str(self.data)

    async def aformat(self) -> str | float:
        """Do what `format` does, to be awaited."""
        return self.format()

    # Reading

    @classmethod
    def get(cls, key: str, *, log_dir: str | os.PathLike[str] | None = None) -> Artifact | None:
        """Give the newest version of a key that is not deleted; `None` when there is none.

        Inside a run, that the current step read it is recorded. Looked for is in `log_dir`, a log directory or a site,
        else in the log directory of the current run, else in `REPORTGEN_LOG_DIR`, else in the log directories of the
        configuration, else in `runs`.

        Raises
        ------
        ValueError
            The key is not allowed.
        InputError
            The logs cannot be read.
        """
        from reportgen.artifacts.lookup import find_artifact

        return find_artifact(key, log_dir=log_dir)

    @classmethod
    async def aget(cls, key: str, *, log_dir: str | os.PathLike[str] | None = None) -> Artifact | None:
        """Do what `get` does, in a thread."""
        import asyncio

        return await asyncio.to_thread(cls.get, key, log_dir=log_dir)

    @classmethod
    def get_or_create(
        cls,
        key: str,
        description: str | None = None,
        data: Any = None,
        **fields: Any,
    ) -> tuple[Artifact, bool]:
        """Give the newest version of a key, or record a first one.

        Parameters
        ----------
        key, description, data, fields
            As `Artifact` takes them.

        Returns
        -------
        tuple
            The artifact, and whether it was created.

        Raises
        ------
        TypeError, ValueError, InputError
            As `Artifact`, `create` and `get`.
        """
        wanted = cls(key=key, description=description, data=data, **fields)
        found = cls.get(key)
        return (found, False) if found else (wanted.create(), True)

    @classmethod
    async def aget_or_create(
        cls, key: str, description: str | None = None, data: Any = None, **fields: Any
    ) -> tuple[Artifact, bool]:
        """Do what `get_or_create` does, reading in a thread."""
        wanted = cls(key=key, description=description, data=data, **fields)
        found = await cls.aget(key)
        return (found, False) if found else (wanted.create(), True)


def _check_metadata(metadata: Any) -> dict[str, Any]:
    from reportgen.inputs.cells import to_cell

    if metadata is None:
        return {}
    if not hasattr(metadata, "items"):
        raise TypeError(f"metadata must be a dict, not {type(metadata).__name__}")
    return {str(name): to_cell(value, f"metadata {name!r}") for name, value in metadata.items()}


def markdown_link(link: str, text: str | None) -> str:
    """Write a link in Markdown."""
    shown = (text or link).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return f"[{shown}](<{link}>)" if any(c in link for c in " ()") else f"[{shown}]({link})"


def _rows_of(table: Any) -> Any:
    from reportgen.inputs.tables import to_table

    return name_cells(**to_table(table))


def name_cells(columns: list[str], rows: list[Any]) -> Any:
    """Give a table's rows by column name; as columns and rows when two columns have one name."""
    if len(set(columns)) < len(columns):
        return {"columns": columns, "rows": rows}
    return [dict(zip(columns, row, strict=False)) for row in rows]
