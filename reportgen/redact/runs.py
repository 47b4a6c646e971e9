"""Masks the records of a run, the lines of it that were not understood, and what was reported of them.

Identities stay: ids, keys, names of pipelines, deployments and metrics, kinds of records. Measurements hold nothing to
mask and are not looked at; most other runs are passed by one search for the parts that every secret has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from reportgen.arrays import text_array
from reportgen.log.find import LogFile
from reportgen.log.layout import BLOB_DIR, BLOB_NAME
from reportgen.log.reader import Problem, RunRecords, Unknown, read_run
from reportgen.options import RedactOptions
from reportgen.publish.disk import explaining
from reportgen.records import (
    AnyRecord,
    Artifact,
    Delete,
    End,
    ErrorInfo,
    ListMetric,
    LogStart,
    Metric,
    Progress,
    RunStart,
    StepStart,
    Use,
)
from reportgen.redact.tables import keep_file, mask_file
from reportgen.redact.values import Values

_UNTOUCHED = (ListMetric, Metric, LogStart)
_IDENTITIES = frozenset(
    "kind ts seq step lost format run writer pipeline deployment parent id key artifact type status direction".split()
)
_NAMED_BY_IDENTITY = ("metric", "list")

MaskFile = Callable[[str], str]


class Redactor:
    """Masks runs by the rules of a configuration; can be sent to workers.

    Raises
    ------
    InputError
        A pattern of the configuration cannot be used.
    """

    def __init__(self, options: RedactOptions, masked: Path) -> None:
        """Take the rules, and the folder in whose `blobs` masked files of tables are kept."""
        self._options = options
        self._folder = masked
        self._values = Values(options)

    def __reduce__(self) -> tuple[Any, ...]:
        return Redactor, (self._options, self._folder)

    @property
    def folder(self) -> Path:
        """Where masked files of tables are kept."""
        return self._folder

    def mask_run(self, run: RunRecords, folders: Sequence[Path]) -> RunRecords:
        """Give a run without its secrets; `folders` are where the files that it keeps by content may lie.

        Raises
        ------
        OutputError
            The masked file of a table cannot be written.
        """
        values = self._values
        if values.texts.is_idle and not values.has_names:
            return run
        told = {identity: record for identity, record in run.records.items() if not isinstance(record, _UNTOUCHED)}
        if not (run.unknown or run.problems or self._may_mask([*told.values()])):
            return run
        values.counts.clear()
        files: dict[str, tuple[str, int]] = {}
        notes: list[Problem] = []

        def mask_table(name: str) -> str:
            if name not in files:
                before = values.counts.total()
                fresh = mask_file(name, folders, values, self._folder)
                files[name] = fresh, values.counts.total() - before
            fresh, n = files[name]
            if not fresh:
                reason = "the file of a table cannot be searched for secrets, so it was left out"
                notes.append(Problem(run.run_id, run.run_id, 0, reason))
            elif fresh != name:
                notes.append(Problem(run.run_id, f"blobs/{fresh}", n, _TABLES))
            return fresh

        masked = {identity: _mask_record(record, values, mask_table) for identity, record in told.items()}
        unknown = [*dict.fromkeys(_mask_unknown(line, values, mask_table) for line in run.unknown)]
        problems = [problem._replace(reason=values.text(problem.reason)) for problem in run.problems]
        for name, n in values.counts.items():
            notes.append(Problem(run.run_id, run.run_id, n, name))
        own = [note for note in dict.fromkeys(notes) if note.line]
        problems += [note for note in dict.fromkeys(notes) if not note.line]
        return RunRecords(run.run_id, {**run.records, **masked}, unknown, problems, [*run.masked, *own])

    def restore(self, problems: pa.Table, store: Path) -> None:
        """Fetch the masked files that the table `problems` of a site speaks of from its store, where they are gone."""
        rows = problems.filter(pc.is_in(problems["origin"], value_set=text_array(["masked"])))
        names: list[Any] = rows["file"].to_pylist()
        for name in names:
            if name.startswith(f"{BLOB_DIR}/") and not (self._folder / name).exists():
                with explaining(self._folder), suppress(FileNotFoundError):
                    keep_file(self._folder / name, (store / name).read_bytes())

    def _may_mask(self, records: Sequence[AnyRecord]) -> bool:
        if self._values.has_names or any(_has_table_file(record) for record in records):
            return True
        try:
            text = msgspec.json.encode(records).decode()
        except RecursionError:
            return True
        return self._values.texts.may_mask(text.replace('"key":', ""))


def read_masked(files: Sequence[LogFile], redactor: Redactor) -> RunRecords:
    """Read the journals of one run without what looks like a secret.

    Raises
    ------
    InputError
        A file cannot be read.
    OutputError
        The masked file of a table cannot be written.
    """
    folders = [*dict.fromkeys(file.path.parent for file in files)]
    return redactor.mask_run(read_run(files), folders)


_TABLES = "in the file of a table"


def _has_table_file(record: AnyRecord) -> bool:
    return (
        isinstance(record, Artifact)
        and record.type == "table"
        and isinstance(record.data, dict)
        and "blob" in record.data
    )


def _mask_record(record: AnyRecord, values: Values, mask_table: MaskFile) -> AnyRecord:
    match record:
        case RunStart():
            found: dict[str, Any] = {
                "name": _optional(record.name, values),
                "params": values.value(record.params),
                "tags": [values.text(tag) for tag in record.tags],
                "context": values.value(record.context),
            }
        case StepStart():
            found = {"name": values.text(record.name)}
        case End(error=ErrorInfo() as error):
            texts = [values.text(text) for text in (error.type, error.message, error.traceback)]
            found = {"error": ErrorInfo(*texts)}
        case Artifact():
            found = {
                "description": _optional(record.description, values),
                "data": _mask_data(record.type, record.data, values, mask_table),
                "metadata": values.value(record.metadata),
            }
        case Progress():
            found = {"description": _optional(record.description, values)}
        case Use():
            found = {name: _optional(getattr(record, name), values) for name in ("uri", "name", "digest")}
        case Delete():
            found = {"reason": _optional(record.reason, values)}
        case _:
            return record
    return msgspec.structs.replace(record, **found)


def _optional(text: str | None, values: Values) -> str | None:
    return None if text is None else values.text(text)


def _mask_data(kind: Any, data: Any, values: Values, mask_table: MaskFile) -> Any:
    if not isinstance(data, dict):
        return values.value(data)
    rest = {name: value for name, value in data.items() if name not in ("blob", "columns", "rows")}
    masked: dict[str, Any] = values.value(rest)
    columns, rows = data.get("columns"), data.get("rows")
    if isinstance(columns, list) and isinstance(rows, list):
        names, cells = values.table(columns, rows)
        masked = {**masked, "columns": names, "rows": cells}
    else:
        masked = {**masked, **values.value({name: data[name] for name in ("columns", "rows") if name in data})}
    blob = data.get("blob")
    if isinstance(blob, str) and BLOB_NAME.fullmatch(blob):
        blob = mask_table(blob) if kind == "table" else blob
    elif blob is not None:
        blob = values.value(blob)
    if blob or ("blob" in data and not isinstance(blob, str)):
        masked = {**masked, "blob": blob}
    return {**{name: masked[name] for name in data if name in masked}, **masked}


def _mask_unknown(line: Unknown, values: Values, mask_table: MaskFile) -> Unknown:
    fields = msgspec.json.decode(line.json)
    masked = {}
    for name, value in fields.items():
        is_name = name == "name" and line.kind in _NAMED_BY_IDENTITY
        if name in _IDENTITIES or is_name:
            masked[name] = value
        elif name == "data":
            masked[name] = _mask_data(fields.get("type"), value, values, mask_table)
        elif values.is_secret_name(name):
            masked[values.text(name)] = values.whole(value)
        else:
            masked[values.text(name)] = values.value(value)
    return line if masked == fields else line._replace(json=msgspec.json.encode(masked).decode())
