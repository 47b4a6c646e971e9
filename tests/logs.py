"""Journals written by hand, with fixed times and ids, so that what a test expects can be written down.

Records get `seq` and `ts` when they are written: one after the other, a second apart, from `START`, unless a
record says when it was made (`ts` other than 0).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from reportgen.build import read_model
from reportgen.compact import Compaction, compact_runs
from reportgen.log.find import find_journals
from reportgen.log.reader import read_run
from reportgen.model import Model
from reportgen.options import Options
from reportgen.records import (
    LOG_FORMAT,
    Artifact,
    Delete,
    End,
    ErrorInfo,
    ListMetric,
    LogStart,
    Metric,
    Progress,
    Record,
    RunStart,
    StepStart,
    Use,
    encode_line,
)
from reportgen.store import table_rows

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
START = 1_767_225_600 * SECOND  # 1 January 2026, 00:00 UTC

# The smallest PNG: one grey pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c636800000082008177cd72b60000000049454e44ae426082"
)


# Records, each with the fields that tests care about


def run_start(pipeline: str = "churn", **fields: Any) -> RunStart:
    return RunStart(**{"ts": 0, "seq": 0, "pipeline": pipeline, **fields})


def step_start(step_id: str, name: str = "train", **fields: Any) -> StepStart:
    return StepStart(**{"ts": 0, "seq": 0, "id": step_id, "name": name, **fields})


def end(status: Any = "completed", error: tuple[str, str, str] | None = None, **fields: Any) -> End:
    return End(**{"ts": 0, "seq": 0, "status": status, "error": ErrorInfo(*error) if error else None, **fields})


def artifact(artifact_id: str, key: str | None = "summary", **fields: Any) -> Artifact:
    defaults = {"ts": 0, "seq": 0, "id": artifact_id, "key": key, "type": "markdown", "data": f"text of {artifact_id}"}
    return Artifact(**{**defaults, **fields})


def progress(artifact_id: str, percent: float, **fields: Any) -> Progress:
    return Progress(**{"ts": 0, "seq": 0, "artifact": artifact_id, "progress": percent, **fields})


def metric(name: str, value: Any, **fields: Any) -> Metric:
    return Metric(**{"ts": 0, "seq": 0, "name": name, "value": value, **fields})


def list_metric(name: str, values: Sequence[Any], x: Sequence[Any] | None = None, **fields: Any) -> ListMetric:
    return ListMetric(**{"ts": 0, "seq": 0, "name": name, "values": [*values], "x": x and [*x], **fields})


def use(direction: Any = "read", **fields: Any) -> Use:
    return Use(**{"ts": 0, "seq": 0, "direction": direction, **fields})


def delete(artifact_id: str | None, reason: str | None = None, **fields: Any) -> Delete:
    return Delete(**{"ts": 0, "seq": 0, "artifact": artifact_id, "reason": reason, **fields})


# Files


def number_records(run_id: str, records: Iterable[Record], writer: str = "main", at: int = START) -> list[Record]:
    """Put the journal's first line before records, and give each its `seq` and, where it has none, its `ts`."""
    numbered: list[Record] = [LogStart(ts=at, seq=0, format=LOG_FORMAT, run=run_id, writer=writer)]
    for seq, record in enumerate(records, 1):
        numbered.append(msgspec.structs.replace(record, seq=seq, ts=record.ts or at + seq * SECOND))
    return numbered


def write_run(
    log_dir: Path,
    run_id: str,
    records: Iterable[Record],
    writer: str = "main",
    *,
    at: int = START,
    folder: str | None = None,
    without: Iterable[int] = (),
) -> Path:
    """Write one journal and give its path.

    Parameters
    ----------
    at
        The time of its first line; the record n comes n seconds later.
    folder
        Name of the run's folder, where it is not the run's id.
    without
        Sequence numbers of records that were lost.
    """
    lost = set(without)
    lines = [encode_line(record) for record in number_records(run_id, records, writer, at) if record.seq not in lost]
    path = log_dir / (run_id if folder is None else folder) / f"{writer}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(lines))
    return path


def write_blob(log_dir: Path, run_id: str, content: bytes, extension: str = "png") -> str:
    """Keep a file by content beside a run's journal and give its name."""
    name = f"{hashlib.sha256(content).hexdigest()}.{extension}"
    path = log_dir / run_id / "blobs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return name


def write_small_project(log_dir: Path) -> None:
    """Write a few runs that have something of everything a site shows."""
    curve = [1.4, 1.1, 0.9, "NaN", 0.8]
    for number in range(4):
        at = START + number * HOUR
        run_id = f"run-{number}"
        blob = write_blob(log_dir, run_id, PNG)
        records = [
            run_start(deployment="nightly", params={"lr": 0.1 * number, "note": None}, tags=["demo"], context={"v": 1}),
            step_start("s1", "load"),
            use(step="s1", artifact=f"a{number - 1}", key="summary") if number else use(step="s1", uri="s3://b/x.csv"),
            artifact(f"l{number}", "source", type="link", data={"link": "https://example.org/x", "link_text": "x"}),
            end(step="s1"),
            step_start("s2", "train"),
            metric("accuracy", 0.9 + number / 100, step="s2"),
            metric("loss", "NaN" if number == 2 else 0.5 - number / 10, step="s2"),
            list_metric("curve", curve, step="s2"),
            list_metric("late", [1, 2, 3], [10, 20, 30]),
            artifact(f"a{number}", "summary", step="s2", data=f"# Title\n\nRun *{number}*[^1]\n\n[^1]: Note.\n"),
            artifact(
                f"t{number}",
                "worst-rows",
                type="table",
                data={"columns": ["id", "text"], "rows": [[n, f"[n{n}](https://example.org/{n})"] for n in range(3)]},
                description="# Title\n\nThe worst rows.\n\nMore of it.",
            ),
            artifact(f"i{number}", "plot", type="image", data={"blob": blob, "name": "plot.png"}, description="A plot"),
            artifact(f"p{number}", "epochs", type="progress", data=10),
            progress(f"p{number}", 50.5 + number, description="half"),
            artifact(f"k{number}", None, description="Without key"),
            end(step="s2"),
            end(),
        ]
        write_run(log_dir, run_id, records, at=at)
    error = ("ValueError", "no rows", "Traceback (most recent call last):\n  …\nValueError: no rows")
    failed = [run_start("etl", parent="run-3"), step_start("s1", "load"), end("failed", error, step="s1")]
    write_run(log_dir, "run-f", [*failed, delete("a1", "wrong data"), end("failed", error)], at=START + 5 * HOUR)
    write_run(log_dir, "run-r", [run_start("watch"), metric("ticks", 3)], at=START + 5 * HOUR)


# What is read back


def compact(*log_dirs: Path) -> Compaction:
    """Read log directories into tables."""
    return compact_runs(read_run(files) for files in find_journals(log_dirs).values())


def rows_of(compaction: Compaction, table: str) -> list[dict[str, Any]]:
    """The rows of a table, those of all days of one that is divided."""
    if table in compaction.tables:
        return table_rows(compaction.tables[table])
    return [row for _, day in sorted(compaction.days[table].items()) for row in table_rows(day)]


def contents_of(compaction: Compaction, run_id: str | None = None) -> dict[str, str]:
    """By id of the artifact: its content as JSON, of one run or of all."""
    rows = rows_of(compaction, "contents")
    return {row["artifact_id"]: row["data_json"] for row in rows if run_id in (None, row["run_id"])}


def points_of(compaction: Compaction, name: str, run_id: str = "r1") -> list[tuple[float, float]]:
    """The (x, value) pairs of a list metric of a run."""
    rows = [row for table in compaction.days["points"].values() for row in table_rows(table)]
    return [(row["x"], row["value"]) for row in rows if (row["name"], row["run_id"]) == (name, run_id)]


def model_of(*log_dirs: Path, options: Options | None = None) -> Model:
    """Read log directories into the model that views read."""
    return read_model(log_dirs, options or Options())
