"""Times questions with many runs behind them, asked of a site's store and of raw logs, beside what any reader must do.

Run with `python tests/benchmarks/query.py [N_RUNS]` (default: 20,000). Each run has 10 metrics, 2 list metrics of 50
points and 3 artifacts of 50 keys with 1 to 2 kB. For each question prints the best time in ms within one process,
pyarrow loaded, and the time of the first question of a fresh process, from `import reportgen` on. The floors, taken in
the same run: reading the one file that must be read, with Parquet's own reader and nothing else; a scan of names and
sizes of all logs.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import reportgen
from reportgen.compact import compact_runs
from reportgen.log.reader import RunRecords
from reportgen.records import (
    LOG_FORMAT,
    AnyRecord,
    Artifact,
    End,
    ListMetric,
    LogStart,
    Metric,
    RunStart,
    StepStart,
    encode_line,
)
from reportgen.store import to_parquet

START, MINUTE, REPEATS = 1_767_225_600_000_000, 60_000_000, 7
N_METRICS, N_LISTS, N_POINTS, N_KEYS, N_ARTIFACTS = 10, 2, 50, 50, 3
TEXT = ("A paragraph of **Markdown** with `code`, a [link](https://example.org) and numbers 0.123.\n" * 25)[:2000]


def id_of(number: int, kind: int = 0) -> str:
    """A UUIDv7-like id: the time first, so that ids sort as runs began."""
    at = START // 1000 + number * 60_000
    rest = random.Random(number * 64 + kind).getrandbits(62)
    return f"{at:012x}"[:8] + f"-{at & 0xFFFF:04x}-7{kind:03x}-8{rest & 0xFFF:03x}-{rest >> 14:012x}"


def records_of(number: int) -> Iterator[AnyRecord]:
    """What one run records, without its numbers and times."""
    rng = random.Random(number)
    run_id, step = id_of(number), id_of(number, 1)
    yield LogStart(ts=0, seq=0, format=LOG_FORMAT, run=run_id, writer="main")
    pipeline, deployment = f"pipeline-{number % 5}", ("nightly", "hourly")[number % 2]
    yield RunStart(ts=0, seq=0, pipeline=pipeline, deployment=deployment, params={"lr": rng.random(), "seed": number})
    yield StepStart(ts=0, seq=0, id=step, name="train")
    for n in range(N_METRICS):
        yield Metric(ts=0, seq=0, step=step, name=f"metric-{n}", value=rng.gauss(0, 1))
    for n in range(N_LISTS):
        values: Any = [rng.gauss(0, 1) for _ in range(N_POINTS)]
        yield ListMetric(ts=0, seq=0, step=step, name=f"list-{n}", values=values)
    for n in range(N_ARTIFACTS):
        key = f"key-{(number * N_ARTIFACTS + n) % N_KEYS}"
        data = TEXT[rng.randrange(1000) :] + str(number)
        yield Artifact(ts=0, seq=0, step=step, id=id_of(number, 2 + n), type="markdown", key=key, data=data)
    yield End(ts=0, seq=0, step=step, status="completed")
    yield End(ts=0, seq=0, status="completed")


def numbered(number: int) -> list[AnyRecord]:
    at = START + number * MINUTE
    return [
        type(record)(
            **{name: getattr(record, name) for name in record.__struct_fields__} | {"seq": seq, "ts": at + seq}
        )
        for seq, record in enumerate(records_of(number))
    ]


def write_store(site: Path, n_runs: int) -> None:
    """Write the data of the site of some runs, without its pages, which no question looks at."""
    runs = (RunRecords(id_of(n), {("main", r.seq): r for r in numbered(n)}) for n in range(n_runs))
    store = compact_runs(runs)
    days = {f"{name}/{day}": table for name, tables in store.days.items() for day, table in tables.items()}
    for name, table in {**store.tables, **days}.items():
        path = site / "data" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(to_parquet(table))
    (site / "manifest.json").write_text('{"generator": "reportgen", "format": 1, "data_format": 1, "files": {}}')


def write_logs(log_dir: Path, n_runs: int) -> None:
    for number in range(n_runs):
        folder = log_dir / id_of(number)
        folder.mkdir(parents=True)
        (folder / "main.jsonl").write_bytes(b"".join(map(encode_line, numbered(number))))


def best_ms(call: Callable[[], object]) -> float:
    figures = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        call()
        figures.append(1000 * (time.perf_counter() - begin))
    return min(figures)


def fresh_ms(place: Path, question: str) -> float:
    """Time the first question of a process, pyarrow's own import in it, from `import reportgen` on."""
    code = (
        "import reportgen, time; begin = time.perf_counter(); "
        f"reportgen.{question}; print(1000 * (time.perf_counter() - begin))"
    )
    environment = {**os.environ, "REPORTGEN_LOG_DIR": str(place)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", code]
    return min(
        float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
        for _ in range(3)
    )


def scan(log_dir: Path) -> int:
    """List names and sizes of all logs, as any reader of them must."""
    n_bytes = 0
    with os.scandir(log_dir) as folders:
        for folder in folders:
            with os.scandir(folder) as files:
                n_bytes += sum(file.stat().st_size for file in files)
    return n_bytes


def ask(place: Path, label: str, n_runs: int) -> None:
    some = id_of(n_runs // 2)
    questions = [
        f"get_metrics(execution_id={some!r})",
        "Artifact.get('key-7')",
        "Artifact.get('key-7').data",
        f"get_list_metrics(execution_id={some!r})",
        "get_metrics(name='metric-3', pipeline_name='pipeline-2')",
        "read_latest_artifacts()",
        "read_artifacts({'artifacts': {'key': {'like_': 'key-1'}}}, limit=20)",
        "count_artifacts()",
    ]
    os.environ["REPORTGEN_LOG_DIR"] = str(place)
    for question in questions:
        code = compile(f"reportgen.{question}", label, "eval")
        took = best_ms(lambda code=code: eval(code, {"reportgen": reportgen}))  # type: ignore[misc]
        print(f"{label}  {took:8.1f} ms   fresh process {fresh_ms(place, question):8.1f} ms   {question}")


def main() -> None:
    n_runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as folder:
        site, logs = Path(folder, "site"), Path(folder, "runs")
        write_store(site, n_runs)
        data = site / "data"
        size = sum(path.stat().st_size for path in data.rglob("*.parquet"))
        print(f"{n_runs:,} runs; data of the site {size / 1e6:.1f} MB")
        ask(site, "site", n_runs)
        floor = best_ms(lambda: pq.read_table(data / "metrics.parquet", columns=["run_id"]))
        print(f"floor {floor:8.1f} ms   reading the column run_id of metrics.parquet")
        write_logs(logs, n_runs)
        begin = time.perf_counter()
        n = reportgen.count_artifacts(log_dir=logs)
        print(f"logs  {1000 * (time.perf_counter() - begin):8.1f} ms   the first question: {n:,} artifacts found")
        ask(logs, "logs", n_runs)
        print(f"floor {best_ms(lambda: scan(logs)):8.1f} ms   a scan of names and sizes")
        newest = logs / id_of(n_runs - 1) / "main.jsonl"
        with newest.open("ab") as file:
            file.write(encode_line(Metric(ts=START + n_runs * MINUTE, seq=1000, name="late", value=1.0)))
        begin = time.perf_counter()
        (late,) = reportgen.get_metrics("late", log_dir=logs)
        print(f"logs  {1000 * (time.perf_counter() - begin):8.1f} ms   after a record was added, value {late['value']}")


if __name__ == "__main__":
    main()
