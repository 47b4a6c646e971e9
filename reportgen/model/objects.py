"""The small objects of the model: steps, artifacts, values, edges and problems."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import msgspec

from reportgen.status import RunStatus
from reportgen.tables import TableFile


class Error(msgspec.Struct, frozen=True):
    """The exception that ended a run or step."""

    type: str
    message: str
    traceback: str


class Step(msgspec.Struct, frozen=True):
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


class Artifact(msgspec.Struct, frozen=True, dict=True, eq=False):
    """One artifact; `version` counts within its key. A deleted one keeps its place without content.

    `place` is its row in the table of artifacts; artifacts are the same when it is. `metadata` are further facts by
    name. The content is fetched when it is asked for. `has_files` says whether the site has its downloads and further
    pages of its rows, `has_page` whether it has its page and its file: both may be thinned.
    """

    place: int
    id: str
    type: str
    key: str | None
    version: int
    run_id: str
    step_id: str | None
    created_at: int
    updated_at: int
    n_updates: int
    description: str
    deleted_at: int | None
    deleted_reason: str
    content_digest: str | None
    size: tuple[int, int]
    percent: float | None
    blob: str
    metadata: Mapping[str, Any]
    has_files: bool
    has_page: bool
    fetch_content: Callable[[Artifact], str]
    fetch_table_file: Callable[[Artifact], TableFile | None]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Artifact) and other.place == self.place

    def __ne__(self, other: object) -> bool:  # a struct has one of its own
        return not self == other

    def __hash__(self) -> int:
        return hash(self.place)

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


class ListSummary(msgspec.Struct, frozen=True):
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


class MetricValue(msgspec.Struct, frozen=True):
    """A metric of one run."""

    name: str
    run_id: str
    step_id: str | None
    value: float
    recorded_at: int


class Edge(msgspec.Struct, frozen=True):
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
