"""The schema of the store: which tables it has, what each column means, and in which order the rows are.

`reportgen.formats.DATA_FORMAT` versions the schema; what each version changed is listed here. `docs/data.md` and the
site's page Data are made from this module.

* 1 — first format.

Times are UTC with whole microseconds. Columns named `…_json` hold JSON text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from reportgen.arrays import empty_table, make_array

_TIME: pa.DataType = pa.timestamp("us", tz="UTC")
_TEXT: pa.DataType = pa.string()
_INT: pa.DataType = pa.int64()
_REAL: pa.DataType = pa.float64()
_FLAG: pa.DataType = pa.bool_()
_TEXTS: pa.DataType = pa.list_(_TEXT)

Tables = Mapping[str, pa.Table]


class Column(NamedTuple):
    """A column: its name, type, and meaning in words; whether a row may have nothing there."""

    name: str
    type: pa.DataType
    meaning: str
    optional: bool = False


class TableInfo(NamedTuple):
    """A table of the store.

    Attributes
    ----------
    meaning
        What a row is.
    columns
        Its columns.
    order
        The columns that its rows are sorted by, missing values last.
    by_day
        Whether it is a folder of files, one for each day (UTC) on which runs began.
    """

    meaning: str
    columns: Sequence[Column]
    order: Sequence[str]
    by_day: bool = False


_RUN = Column("run_id", _TEXT, "the run")
_STEP = Column("step_id", _TEXT, "the step; missing directly under the run", optional=True)
_ERROR = (
    Column("error_type", _TEXT, "class of the exception that ended it", optional=True),
    Column("error_message", _TEXT, "its message", optional=True),
    Column("error_traceback", _TEXT, "its traceback", optional=True),
)

TABLES: dict[str, TableInfo] = {
    "runs": TableInfo(
        "a run",
        (
            Column("run_id", _TEXT, "id of the run"),
            Column("pipeline", _TEXT, "what was run"),
            Column("deployment", _TEXT, "the name under which it was run, if any", optional=True),
            Column("name", _TEXT, "the name it was given, if any", optional=True),
            Column(
                "status",
                _TEXT,
                "`completed`, `failed` or `cancelled`; missing when the logs have no end of it",
                optional=True,
            ),
            Column("started_at", _TIME, "its first record"),
            Column("ended_at", _TIME, "its end", optional=True),
            Column("last_record_at", _TIME, "its newest record"),
            Column("longest_silence_us", _INT, "longest time between two records, in microseconds"),
            Column("parent_run_id", _TEXT, "the run that started it", optional=True),
            Column("params_json", _TEXT, "its parameters, an object"),
            Column("tags", _TEXTS, "its tags", optional=True),
            Column("context_json", _TEXT, "facts on code and machine, an object"),
            *_ERROR,
            Column("detached", _FLAG, "made for an artifact that was recorded outside a run"),
            Column("n_records", _INT, "records that were read"),
            Column("n_writers", _INT, "processes that recorded"),
            Column("n_missing", _INT, "records that did not arrive"),
            Column("deleted_at", _TIME, "when it was deleted; then all else that it recorded is gone", optional=True),
            Column("deleted_reason", _TEXT, "why", optional=True),
        ),
        ("started_at", "run_id"),
    ),
    "steps": TableInfo(
        "an attempt of a step",
        (
            _RUN,
            Column("step_id", _TEXT, "id of this attempt"),
            Column("parent_step_id", _TEXT, "the step around it", optional=True),
            Column("name", _TEXT, "name of the step"),
            Column("attempt", _INT, "1 for the first try"),
            Column("status", _TEXT, "`completed`, `failed` or `cancelled`; missing without an end", optional=True),
            Column("started_at", _TIME, "its beginning"),
            Column("ended_at", _TIME, "its end", optional=True),
            *_ERROR,
        ),
        ("run_id", "started_at"),  # steps of one moment stay in the order of their records
    ),
    "artifacts": TableInfo(
        "an artifact: a version of a key, or one without a key",
        (
            Column("key", _TEXT, "its key, if any", optional=True),
            Column("version", _INT, "counts the artifacts of its key from 1; missing without a key", optional=True),
            Column("artifact_id", _TEXT, "id of the artifact"),
            Column("type", _TEXT, "`link`, `markdown`, `table`, `image` or `progress`"),
            _RUN,
            _STEP,
            Column("created_at", _TIME, "when it was recorded"),
            Column("updated_at", _TIME, "when its progress changed last"),
            Column("n_updates", _INT, "how often its progress changed"),
            Column("description", _TEXT, "its description, Markdown", optional=True),
            Column("content_digest", _TEXT, "tells its content: 32 hex digits; missing when deleted", optional=True),
            Column("n_rows", _INT, "rows of a table; 0 when its content has another form", optional=True),
            Column("n_columns", _INT, "columns of a table; 0 when its content has another form", optional=True),
            Column("percent", _REAL, "per cent of progress, when its content is a number", optional=True),
            Column("blob", _TEXT, "the file in `blobs` that an image or a table is kept in, if any", optional=True),
            Column("metadata_json", _TEXT, "further facts, an object"),
            Column("deleted_at", _TIME, "when it was deleted; then its content is gone", optional=True),
            Column("deleted_reason", _TEXT, "why", optional=True),
            Column("writer", _TEXT, "the process that recorded it"),
            Column("seq", _INT, "the number of its record"),
        ),
        ("key", "version", "created_at", "run_id", "writer", "seq"),
    ),
    "contents": TableInfo(
        "the content of an artifact that is not deleted",
        (
            Column("run_id", _TEXT, "the run that recorded the artifact"),
            Column("artifact_id", _TEXT, "the artifact"),
            Column(
                "data_json",
                _TEXT,
                "its content: `{link, link_text}`, text, `{columns, rows}`, `{url}`, per cent; `{blob}` is in `blobs`",
            ),
        ),
        ("run_id", "artifact_id"),
        by_day=True,
    ),
    "metrics": TableInfo(
        "a metric of a run",
        (
            Column("name", _TEXT, "name of the metric"),
            _RUN,
            Column("step_id", _TEXT, "the step that recorded the value", optional=True),
            Column("value", _REAL, "the last value; may be NaN or infinite"),
            Column("recorded_at", _TIME, "when it was recorded"),
            Column("n_values", _INT, "how often the metric was recorded in this run"),
        ),
        ("name", "run_id"),
    ),
    "lists": TableInfo(
        "a list metric of a run",
        (
            Column("name", _TEXT, "name of the list metric"),
            _RUN,
            Column("step_id", _TEXT, "the step that recorded its last values", optional=True),
            Column("n_values", _INT, "its length"),
            Column("first", _REAL, "its first value", optional=True),
            Column("last", _REAL, "its last value", optional=True),
            Column("min", _REAL, "the smallest of its finite values", optional=True),
            Column("max", _REAL, "the largest of them", optional=True),
            Column("mean", _REAL, "their mean", optional=True),
            Column("recorded_at", _TIME, "when the last values were recorded"),
        ),
        ("name", "run_id"),
    ),
    "points": TableInfo(
        "a point of a list metric",
        (
            Column("name", _TEXT, "name of the list metric"),
            _RUN,
            Column("index", _INT, "0, 1, 2 … in the order of recording"),
            Column("x", _REAL, "where the point lies; its index when that was not said"),
            Column("value", _REAL, "its value; may be NaN or infinite"),
            Column("recorded_at", _TIME, "when it was recorded"),
        ),
        ("name", "run_id", "index"),
        by_day=True,
    ),
    "edges": TableInfo(
        "a version or a dataset that a step read or wrote",
        (
            _RUN,
            _STEP,
            Column("direction", _TEXT, "`read` or `write`"),
            Column("artifact_id", _TEXT, "the artifact that was read", optional=True),
            Column("key", _TEXT, "its key", optional=True),
            Column("version", _INT, "its version", optional=True),
            Column("uri", _TEXT, "the dataset, where it is no artifact", optional=True),
            Column("name", _TEXT, "a short name of the dataset", optional=True),
            Column("digest", _TEXT, "what tells the content of the dataset", optional=True),
            Column("recorded_at", _TIME, "when"),
        ),
        ("run_id", "recorded_at", "direction", "artifact_id", "uri", "step_id"),
    ),
    "deletes": TableInfo(
        "a deletion",
        (
            Column("run_id", _TEXT, "the run that the deletion was recorded in"),
            Column("artifact_id", _TEXT, "the artifact that was deleted; missing when it was the run", optional=True),
            Column("deleted_at", _TIME, "when"),
            Column("reason", _TEXT, "why", optional=True),
        ),
        ("run_id", "deleted_at", "artifact_id", "reason"),
    ),
    "problems": TableInfo(
        "something that could not be used",
        (
            _RUN,
            Column("file", _TEXT, "the file, below the log directory"),
            Column("line", _INT, "line in the file, from 1; 0 for the file or the run as a whole; of `masked`: texts"),
            Column("reason", _TEXT, "what is wrong, in a line"),
            Column(
                "origin",
                _TEXT,
                "`file`: found in reading it; `run`: records that do not fit together; `masked`: by which rule",
            ),
        ),
        ("run_id", "file", "line", "reason", "origin"),
    ),
    "unknown": TableInfo(
        "a record of a kind or with fields that this version does not know",
        (
            _RUN,
            Column("writer", _TEXT, "the process that recorded it"),
            Column("seq", _INT, "its number"),
            Column("kind", _TEXT, "its kind"),
            Column("json", _TEXT, "its line"),
        ),
        ("run_id", "writer", "seq", "json"),
    ),
    "records": TableInfo(
        "a record, as its log has it",
        (
            _RUN,
            Column("writer", _TEXT, "the process that recorded it"),
            Column("seq", _INT, "its number"),
            Column("kind", _TEXT, "its kind"),
            Column(
                "n_points",
                _INT,
                "of `list`: how many of the list's points are of this record; missing otherwise",
                optional=True,
            ),
            Column("json", _TEXT, "its line, without the values of `list`, which are in `points`"),
        ),
        ("run_id", "writer", "seq"),
        by_day=True,
    ),
}

SCHEMAS: dict[str, pa.Schema] = {
    name: pa.schema([(column.name, column.type) for column in table.columns]) for name, table in TABLES.items()
}
_REPEATED: Any = pa.dictionary(pa.int32(), pa.string())
_REPEATED_TEXTS = {"metrics": ["run_id", "step_id"], "lists": ["run_id", "step_id"], "points": ["name", "run_id"]}


def _hold(name: str) -> pa.Schema:
    repeated = _REPEATED_TEXTS.get(name, ())
    return pa.schema([(field.name, _REPEATED if field.name in repeated else field.type) for field in SCHEMAS[name]])


HELD: dict[str, pa.Schema] = {name: _hold(name) for name in TABLES}  # in memory, where many rows have the same texts
WHOLE_TABLES = tuple(name for name, table in TABLES.items() if not table.by_day)
DAY_TABLES = tuple(name for name, table in TABLES.items() if table.by_day)


def make_table(name: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Make the table of this name from rows; times are given as microseconds, and what a row has not is missing."""
    return _make_table(HELD[name], [*rows])


def _make_table(schema: pa.Schema, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    if not rows:
        return empty_table(schema)
    try:
        columns = [make_array([row.get(field.name) for row in rows], field.type) for field in schema]
    except OverflowError:  # of texts that are too long for one array
        if len(rows) == 1:
            raise
        middle = len(rows) // 2
        return pa.concat_tables([_make_table(schema, rows[:middle]), _make_table(schema, rows[middle:])])
    return pa.Table.from_arrays(columns, schema=schema)


def table_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Give the rows of a table as plain values, times as microseconds."""
    rows: list[dict[str, Any]] = with_plain_times(table).to_pylist()
    return rows


def with_plain_times(table: pa.Table) -> pa.Table:
    """Give a table with its times as microseconds: whole numbers."""
    for index, column in enumerate(table.schema):
        if pa.types.is_timestamp(column.type):
            table = table.set_column(index, column.name, table.column(index).cast(pa.int64()))
    return table
