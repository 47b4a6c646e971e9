"""The schema: every record that a log can hold, as typed structs.

A record is one immutable fact that step code appended; `docs/log-format.md` explains each to writers
in other languages. Log format 1 is this module at its first release; a change that an older reader
would misunderstand raises `LOG_FORMAT` and is listed here.

* 1 — first format.

In JSON the field `kind` names the struct. Non-finite numbers are the strings of `NonFinite`.
Unknown fields and unknown kinds of a newer minor version are not errors: `reportgen.log.reader` keeps them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

LOG_FORMAT = 1

MAX_SEQ = 2**53  # what every JSON reader holds exactly
MAX_TIME_US = 253_402_300_799_999_999  # the end of the year 9999

TimeUs = Annotated[int, msgspec.Meta(ge=0, le=MAX_TIME_US)]
NonFinite = Literal["NaN", "Infinity", "-Infinity"]
Number = float | NonFinite
Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)]
Status = Literal["completed", "failed", "cancelled"]
ArtifactType = Literal["link", "markdown", "table", "image", "progress"]


class Record(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="kind"
):
    """What all records share.

    Attributes
    ----------
    ts
        When the call was made: whole microseconds since the epoch, UTC.
    seq
        0, 1, 2 … per writer. A number that never arrives is a record that was lost.
    step
        Id of the step inside which the call was made; `None` directly under the run.
    lost
        How many records and files of this writer could not be written before this record.
    """

    ts: TimeUs
    seq: Count
    step: str | None = None
    lost: Count = 0


class LogStart(Record, frozen=True, kw_only=True, tag="log"):
    """First line of every journal: the format it is in, and whose it is."""

    format: int
    run: str
    writer: str


class RunStart(Record, frozen=True, kw_only=True, tag="run"):
    """A run began. `context` holds facts on code and machine that are safe to publish."""

    pipeline: str
    name: str | None = None
    deployment: str | None = None
    params: dict[str, Any] = {}
    tags: list[str] = []
    parent: str | None = None
    context: dict[str, Any] = {}
    detached: bool = False


class StepStart(Record, frozen=True, kw_only=True, tag="step"):
    """A step began; `step` is the step around it."""

    id: str
    name: str
    attempt: Count = 1


class ErrorInfo(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The exception that ended a step or a run."""

    type: str
    message: str = ""
    traceback: str = ""


class End(Record, frozen=True, kw_only=True, tag="end"):
    """The step named by `step`, or the run when there is none, ended."""

    status: Status
    error: ErrorInfo | None = None


class Artifact(Record, frozen=True, kw_only=True, tag="artifact"):
    """A result for people to read.

    `data` by `type`: link `{"link", "link_text"}`; markdown the text; table `{"columns", "rows"}`, with
    `{"blob", "n_rows"}` when only the first rows are here; image `{"url"}` or `{"blob", "name"}`; progress the per
    cent, 0 to 100. `metadata` holds further facts by name.
    """

    id: str
    type: ArtifactType
    key: str | None = None
    description: str | None = None
    data: Any = None
    metadata: dict[str, Any] = {}


class Progress(Record, frozen=True, kw_only=True, tag="progress"):
    """A new state of the progress artifact `artifact`. No description leaves the old one."""

    artifact: str
    progress: float
    description: str | None = None


class Metric(Record, frozen=True, kw_only=True, tag="metric"):
    """One number of the run; the last one of a name wins."""

    name: str
    value: Number


class ListMetric(Record, frozen=True, kw_only=True, tag="list"):
    """More values of a list metric; calls concatenate. `x`, when given, is as long as `values`."""

    name: str
    values: list[Number]
    x: list[Number] | None = None


class Use(Record, frozen=True, kw_only=True, tag="use"):
    """A lineage edge: this step read or wrote a version of a key, or a dataset outside."""

    direction: Literal["read", "write"]
    key: str | None = None
    artifact: str | None = None
    uri: str | None = None
    name: str | None = None
    digest: str | None = None


class Delete(Record, frozen=True, kw_only=True, tag="delete"):
    """A tombstone for the artifact with this id, or for the run in which it is when there is none.

    The number of a version is never given again.
    """

    artifact: str | None = None
    reason: str | None = None


AnyRecord = LogStart | RunStart | StepStart | End | Artifact | Progress | Metric | ListMetric | Use | Delete


def encode_line(record: Record) -> bytes:
    """Give the line of a record, with its newline."""
    return msgspec.json.encode(record) + b"\n"


def without_content(record: AnyRecord) -> AnyRecord:
    """Give what stays of a record when the artifact that it is of was deleted: all but what people wrote."""
    if isinstance(record, Artifact):
        return msgspec.structs.replace(record, description=None, data=None, metadata={})
    if isinstance(record, Progress):
        return msgspec.structs.replace(record, description=None)
    return record
