"""A few dozen runs that have something of everything, for tests that build them again and again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from logs import HOUR, PNG, START, artifact, end, list_metric, metric, run_start, step_start, use, write_blob, write_run

from reportgen.records import Record


def write_corpus(logs: Path, n_runs: int, first: int = 0) -> None:
    """Write runs, five a day; those with the same number are the same."""
    for number in range(first, first + n_runs):
        blob = write_blob(logs, f"run-{number:03}", PNG)
        write_run(logs, f"run-{number:03}", _records(number, blob), at=START + number * 5 * HOUR)


def _records(number: int, blob: str) -> Iterator[Record]:
    rng = random.Random(number)
    yield run_start(f"pipeline-{number % 3}", deployment="nightly", params={"lr": rng.choice([0.1, 0.2])})
    yield step_start("s1", "train")
    if number:
        yield use(step="s1", artifact=f"a{number - 1}", key="summary")
    for name in ("accuracy", "loss", "rows"):
        yield metric(name, rng.random(), step="s1")
    yield list_metric("curve", [rng.random() for _ in range(50)], step="s1")
    yield artifact(f"a{number}", "summary", step="s1", data=f"# Run {number}\n\nWith *some* text.\n")
    rows = [[n, rng.random()] for n in range(5)]
    yield artifact(f"t{number}", "worst-rows", type="table", data={"columns": ["id", "share"], "rows": rows})
    yield artifact(f"i{number}", "plot", type="image", data={"blob": blob, "name": "plot.png"})
    yield end(step="s1")
    yield end()
