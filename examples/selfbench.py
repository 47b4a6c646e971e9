"""Measures what recording costs: microseconds and bytes per record, beside the bare writes they cannot be cheaper than.

Data: none but its own timings. Each run of `reportgen-bench` records into a temporary log directory in batches, then
writes the same bytes with `os.write` alone (the floor), and times `import reportgen` in fresh interpreters.

A run records the medians as metrics whose names end in their unit, each batch as a list metric, all timings as a
table, a bar chart made by hand as SVG, and a Markdown summary.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import reportgen


def time_batches(call: Callable[[], object], n_batches: int, batch_size: int) -> list[float]:
    """Give, for each batch of calls, the microseconds that one call took."""
    times = []
    for _ in range(n_batches):
        started = time.perf_counter()
        for _ in range(batch_size):
            call()
        times.append((time.perf_counter() - started) / batch_size * 1e6)
    return times


def time_recording(call: Callable[[], object], n_batches: int, batch_size: int) -> tuple[list[float], list[bytes]]:
    """Time calls that record, in a run of their own that is thrown away; give the times and the lines of its log."""
    with TemporaryDirectory() as log_dir:
        with reportgen.start_run("bench-target", log_dir=log_dir):  # for these calls the current run; then ours again
            times = time_batches(call, n_batches, batch_size)
        (journal,) = Path(log_dir).rglob("*.jsonl")
        return times, journal.read_bytes().splitlines(keepends=True)


def time_floor(lines: list[bytes], n_batches: int, batch_size: int) -> list[float]:
    """Time appending the same lines to a file, with nothing around the write."""
    with TemporaryDirectory() as folder:
        file = os.open(Path(folder, "floor"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        remaining = iter(lines)
        try:
            return time_batches(lambda: os.write(file, next(remaining)), n_batches, batch_size)
        finally:
            os.close(file)


def time_start(code: str, n_starts: int = 5) -> float:
    """Give the median milliseconds that a fresh interpreter takes to run the code."""
    start = partial(subprocess.run, [sys.executable, "-c", code], check=True)
    return median(time_batches(start, n_starts, 1)) / 1000


def draw_bars(values: dict[str, float]) -> bytes:
    """Draw labelled bars as an SVG."""
    scale = 300 / max(values.values())
    bars = "".join(
        f'<text x="150" y="{24 * row + 17}" text-anchor="end">{name}</text>'
        f'<rect x="160" y="{24 * row + 4}" width="{value * scale:.1f}" height="16" fill="#4878a8"/>'
        f'<text x="{165 + value * scale:.1f}" y="{24 * row + 17}">{value:.1f}</text>'
        for row, (name, value) in enumerate(values.items())
    )
    style = 'font-family="sans-serif" font-size="13"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="520" height="{24 * len(values)}" {style}>{bars}</svg>'.encode()
    )


@reportgen.step
def measure_calls(n_batches: int, batch_size: int, table_rows: int) -> dict[str, list[float]]:
    """Give the microseconds per call of each batch, by the name of their metric."""
    table = [{"id": row, "name": f"row {row}", "p": row / table_rows} for row in range(table_rows)]
    calls: dict[str, Callable[[], object]] = {
        "record_metric_us": lambda: reportgen.record_metric_value("accuracy", 0.93),
        "record_list_value_us": lambda: reportgen.record_list_metric_values("loss", [0.25]),
        "record_table_us": lambda: reportgen.create_table_artifact(table, key="rows"),
    }
    times, lines = {}, {}
    for name, call in calls.items():
        times[name], lines[name] = time_recording(call, n_batches, batch_size)
    metric_lines = lines["record_metric_us"]
    times["floor_write_us"] = time_floor(metric_lines, n_batches, batch_size)
    reportgen.record_metric_value("bytes_per_record", sum(map(len, metric_lines)) / len(metric_lines))
    return times


@reportgen.step
def measure_import() -> None:
    python_ms = time_start("pass")
    reportgen.record_metric_value("python_start_ms", python_ms)
    reportgen.record_metric_value("import_ms", time_start("import reportgen") - python_ms)


@reportgen.step
def report(times: dict[str, list[float]]) -> None:
    medians = {name: median(batches) for name, batches in times.items()}
    for name, value in medians.items():
        reportgen.record_metric_value(name, value)
    reportgen.record_list_metric_values("metric_batch_us", times["record_metric_us"])
    reportgen.record_list_metric_values("floor_batch_us", times["floor_write_us"])
    timings = [
        {
            "timing": name,
            "median": round(medians[name], 2),
            "min": round(min(batches), 2),
            "max": round(max(batches), 2),
        }
        for name, batches in times.items()
    ]
    reportgen.create_table_artifact(
        timings, key="bench-timings", description="Microseconds per call, over all batches."
    )
    reportgen.create_image_artifact(draw_bars(medians), key="bench-bars", description="Median microseconds per call.")
    ratio = medians["record_metric_us"] / medians["floor_write_us"]
    reportgen.create_markdown_artifact(
        f"Recording a metric took **{medians['record_metric_us']:.1f} µs**, {ratio:.1f} times the bare write.\n\n"
        f"- a value of a list metric: {medians['record_list_value_us']:.1f} µs\n"
        f"- a table: {medians['record_table_us']:.1f} µs\n",
        key="bench-summary",
    )


@reportgen.pipeline(name="reportgen-bench")
def bench(*, batch_size: int = 100, table_rows: int = 20, n_batches: int = 30) -> None:
    """Measure once; the arguments become the run's parameters."""
    times = measure_calls(n_batches, batch_size, table_rows)
    measure_import()
    report(times)


def runs() -> list[partial[None]]:
    """Give callables that make one run each, in order."""
    return [
        partial(bench, batch_size=25),
        partial(bench, batch_size=100),
        partial(bench, batch_size=100, table_rows=100),
        partial(bench, batch_size=200),
    ]


if __name__ == "__main__":
    for run in runs():
        run()
        print("completed ", run.keywords)
