"""Times recording beside its floor: the same record encoded with `msgspec` and one `os.write` to an appended file.

Run with `python tests/benchmarks/record.py [FOLDER]`; the logs are written below FOLDER (default: a temporary one),
so that a real disk can be named. Prints, for each call, the best of several repeats in µs, its floor in the same run,
their ratio and the target; then what importing and starting cost in fresh interpreters, and the size of a point.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
import timeit
from pathlib import Path
from typing import Any

import msgspec

import reportgen
from reportgen import records

ROOT = Path(__file__).resolve().parents[2]
REPEATS, SECONDS = 15, 0.05
RUN = "0193fa3c-1234-7abc-8def-0123456789ab"
STEP = "0193fa3c-5678-7abc-8def-0123456789ab"
TS = 1_795_248_204_528_295

VALUE = 0.93712345678912
MARKDOWN = ("A paragraph of **Markdown** with `code`, a [link](https://example.org) and numbers 0.123.\n" * 25)[:2000]
_random = random.Random(7)
VALUES = [_random.gauss(0.0, 1.0) for _ in range(10_000)]
POINTS = [_random.gauss(0.0, 1.0) for _ in range(50_000)]
TABLE = [
    {"id": n, "name": f"customer {n}", "score": VALUES[n], "share": abs(VALUES[n + 100]), "active": n % 2 == 0}
    for n in range(100)
]

FLOOR = 'write(descriptor, encode(record) + b"\\n")'
CALLS = {**vars(reportgen), "VALUE": VALUE, "VALUES": VALUES, "MARKDOWN": MARKDOWN, "TABLE": TABLE}


def best_us(statement: str, names: dict[str, Any]) -> float:
    """Time a statement: the best of several repeats, each of which takes about `SECONDS`."""
    timer = timeit.Timer(statement, globals=names)
    n_calls = max(1, int(SECONDS / (timer.timeit(10) / 10)))
    return 1e6 * min(timer.repeat(REPEATS, n_calls)) / n_calls


def compare(folder: Path, name: str, call: str, record: records.Record, target: str) -> None:
    """Print a call beside the least that any writer of its record must do, each measured twice in turn."""
    descriptor = os.open(folder / "floor.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC)
    names = {"write": os.write, "encode": msgspec.json.Encoder().encode, "descriptor": descriptor, "record": record}
    figures = [(best_us(call, CALLS), best_us(FLOOR, names)) for _ in range(2)]
    os.close(descriptor)
    cost, floor = min(figure[0] for figure in figures), min(figure[1] for figure in figures)
    print(f"{name:38} {cost:9.2f} µs   floor {floor:8.2f}   ratio {cost / floor:4.2f}   target {target}")


def measure_calls(folder: Path) -> None:
    """Time each recording function inside a step, with logs on the disk of `folder`."""
    os.environ["REPORTGEN_LOG_DIR"] = str(folder / "runs")
    fields = {"ts": TS, "seq": 123_456, "step": STEP}
    document = records.Artifact(**fields, id=RUN, type="markdown", key="summary", data=MARKDOWN)
    rows = {"columns": list(TABLE[0]), "rows": [list(row.values()) for row in TABLE]}
    table = records.Artifact(**fields, id=RUN, type="table", key="worst-rows", data=rows)
    number = records.Metric(**fields, name="accuracy", value=VALUE)
    point = records.ListMetric(**fields, name="loss", values=[VALUE])
    points = records.ListMetric(**fields, name="long", values=VALUES)
    with reportgen.start_run("bench") as run, run.step("measure"):
        run.max_list_values = sys.maxsize
        compare(folder, "record_metric_value", "record_metric_value('accuracy', VALUE)", number, "2.5 µs, 1.8")
        compare(
            folder, "record_list_metric_values, one", "record_list_metric_values('loss', [VALUE])", point, "the same"
        )
        compare(folder, "… 10,000 values", "record_list_metric_values('long', VALUES)", points, "800 µs (0.08 a value)")
        compare(folder, "create_markdown_artifact, 2 kB", "create_markdown_artifact(MARKDOWN, 'k')", document, "8 µs")
        compare(folder, "create_table_artifact, 100 × 5", "create_table_artifact(TABLE, 'k')", table, "50 µs")


# Starting


def as_installed(folder: Path) -> dict[str, str]:
    """Give an environment in which modules are compiled once, as installing them does."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**variables, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(folder.parent / "compiled")}


def best_start_ms(code: str, folder: Path, n: int = 25) -> float:
    """Time a fresh interpreter that runs some code, in ms."""
    best = float("inf")
    for _ in range(n):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, cwd=folder, env=as_installed(folder))
        best = min(best, time.perf_counter() - start)
    return 1000 * best


START = """
import time, reportgen
start = time.perf_counter()
reportgen.start_run("bench", params={"lr": 0.1, "layers": 3})
reportgen.record_metric_value("accuracy", 0.9)
print(1000 * (time.perf_counter() - start))
"""


def best_first_record_ms(folder: Path, n: int = 15) -> float:
    """Time `start_run` to the first record in fresh interpreters, in ms."""
    command = [sys.executable, "-c", START]
    times = [
        float(
            subprocess.run(
                command, check=True, cwd=folder, env=as_installed(folder), capture_output=True, text=True
            ).stdout
        )
        for _ in range(n)
    ]
    return min(times)


def make_repository(folder: Path) -> None:
    folder.mkdir()
    (folder / "train.py").write_text("print(1)\n")
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"]
    for words in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", *words], cwd=folder, check=True)


def measure_start(folder: Path) -> None:
    bare = best_start_ms("pass", folder)
    imported = best_start_ms("import reportgen", folder)
    print(f"{'import reportgen':38} {imported - bare:9.1f} ms   floor {bare:8.1f} (bare interpreter)   target 25 ms")
    print(f"{'start_run to first record':38} {best_first_record_ms(folder):9.2f} ms   target 2 ms")
    make_repository(folder / "repository")
    print(f"{'… in a git repository':38} {best_first_record_ms(folder / 'repository'):9.2f} ms   target 15 ms")


# Size


def measure_size(folder: Path) -> None:
    from reportgen.log.seal import seal_journal

    os.environ["REPORTGEN_LOG_DIR"] = str(folder / "size")
    with reportgen.start_run("bench") as run, run.step("train"):
        for value in POINTS:
            reportgen.record_list_metric_values("loss", value)
    (journal,) = (folder / "size").glob("*/*.jsonl")
    n_bytes = journal.stat().st_size
    seal_journal(journal)
    (segment,) = (folder / "size").glob("*/*.parquet")
    floor = len(json.dumps(VALUES[0])) + 1
    print(
        f"{'size of a point, one a call':38} {n_bytes / len(POINTS):9.1f} bytes in the journal, "
        f"{segment.stat().st_size / len(POINTS):.1f} sealed; floor 8 (a float) and {floor} (its text)"
    )


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        folder = Path(name) / "work"
        folder.mkdir()
        measure_calls(folder)
        measure_start(folder)
        measure_size(folder)


if __name__ == "__main__":
    main()
