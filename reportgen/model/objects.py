"""The small objects of the model: steps, artifacts, values, edges and problems."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from reportgen.status import RunStatus
from reportgen.tables import TableFile


@dataclass(frozen=True)
class Error:
    """The exception that ended a run or step."""

    type: str
    message: str
    traceback: str


@dataclass(frozen=True)
class Step:
    """A stage of a run; `depth` is how deep it is nested. Times are microseconds since the epoch."""

    id: str
    parent_id: str | None
    name: str
    attempt: int
    status: RunStatus
    started_at: int
    ended_at: int
    error: Error | None
    depth: int


@dataclass(frozen=True)
class Artifact:
    """One artifact; `version` counts within its key. A deleted one keeps its place without content.

    `place` is its row in the table of artifacts; artifacts are the same when it is. `metadata` are further facts by
    name. The content is fetched when it is asked for. `has_files` says whether the site has its downloads and further
    pages of its rows, `has_page` whether it has its page and its file: both may be thinned.
    """

    place: int
    id: str = field(compare=False)
    type: str = field(compare=False)
    key: str | None = field(compare=False)
    version: int = field(compare=False)
    run_id: str = field(compare=False)
    step_id: str | None = field(compare=False)
    created_at: int = field(compare=False)
    updated_at: int = field(compare=False)
    n_updates: int = field(compare=False)
    description: str = field(compare=False)
    deleted_at: int | None = field(compare=False)
    deleted_reason: str = field(compare=False)
    content_digest: str | None = field(compare=False)
    size: tuple[int, int] = field(compare=False)
    percent: float | None = field(compare=False)
    blob: str = field(compare=False)
    metadata: Mapping[str, Any] = field(compare=False)
    has_files: bool = field(compare=False)
    has_page: bool = field(compare=False)
    fetch_content: Callable[[Artifact], str] = field(compare=False, repr=False)
    fetch_table_file: Callable[[Artifact], TableFile | None] = field(compare=False, repr=False)

    @cached_property
    def data_json(self) -> str:
        """The content as JSON; `"null"` of a deleted one."""
        return self.fetch_content(self)

    @cached_property
    def data(self) -> Any:
        """The content; its shape by `type` is documented at `reportgen.records.Artifact`."""
        return json.loads(self.data_json)

    @cached_property
    def table_file(self) -> TableFile | None:
        """What is known of the file of a large table; `None` for all else."""
        return self.fetch_table_file(self)


@dataclass(frozen=True)
class ListSummary:
    """A list metric of one run, without its points; min, max and mean are of finite values."""

    name: str
    run_id: str
    step_id: str | None
    n_values: int
    first: float | None
    last: float | None
    min: float | None
    max: float | None
    mean: float | None


@dataclass(frozen=True)
class MetricValue:
    """A metric of one run."""

    name: str
    run_id: str
    step_id: str | None
    value: float
    recorded_at: int


@dataclass(frozen=True)
class Edge:
    """That a step of a run read or wrote a version of a key, or a dataset outside; when, in microseconds."""

    run_id: str
    step_id: str | None
    direction: str
    artifact_id: str | None
    key: str | None
    version: int | None
    uri: str
    name: str
    digest: str
    recorded_at: int
