"""Times `reportgen serve`: from a record of progress in the log to the new bar in a real browser.

Run with `python tests/benchmarks/live.py [RUNS] [CHANGES]`: 2,000 runs and 20 changes by default; CHROMIUM names the
browser. Each change comes a second after the last one was seen.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from corpus import id_of, write_runs
from measuring import ROOT
from playwright.sync_api import sync_playwright

from reportgen.records import LOG_FORMAT, Artifact, LogStart, Progress, Record, RunStart, encode_line

_SEEN = """(text) => new Promise(resolve => {
  const isShown = () => document.querySelector('.meter').getAttribute('aria-label') === text;
  const look = () => isShown() ? resolve() : requestAnimationFrame(look);
  look();
})"""


def now_us() -> int:
    return time.time_ns() // 1000


def append(path: Path, *records: Record) -> None:
    with path.open("ab") as file:
        for record in records:
            file.write(encode_line(record))


def main() -> None:
    n_runs, n_changes = (int(word) for word in [*sys.argv[1:], *["2000", "20"][len(sys.argv) - 1 :]])
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        write_runs(folder / "runs", range(n_runs))
        run_id, progress_id = id_of(n_runs), id_of(n_runs, 2)
        journal = folder / "runs" / run_id / "main.jsonl"
        journal.parent.mkdir()
        append(
            journal,
            LogStart(ts=now_us(), seq=0, format=LOG_FORMAT, run=run_id, writer="main"),
            RunStart(ts=now_us(), seq=1, pipeline="pipeline-0"),
            Artifact(ts=now_us(), seq=2, id=progress_id, type="progress", key="done", data=0.0),
            Progress(ts=now_us(), seq=3, artifact=progress_id, progress=0.5),
        )
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page()
        process = subprocess.Popen(
            [sys.executable, "-m", "reportgen", "serve", "runs", "-q", "--port", "0"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[0]
            page.goto(url)
            page.wait_for_selector("nav", state="attached", timeout=600_000)
            page.goto(f"{url}artifacts/done/v1.html")
            seconds = []
            for number in range(1, n_changes + 1):
                time.sleep(1)
                begin = time.perf_counter()
                append(journal, Progress(ts=now_us(), seq=3 + number, artifact=progress_id, progress=float(number)))
                page.evaluate(_SEEN, f"{number} percent")
                seconds.append(time.perf_counter() - begin)
        finally:
            process.terminate()
            process.wait()
        browser.close()
    print(
        f"{n_runs:,} runs, {n_changes} changes: median {statistics.median(seconds):.2f} s, slowest {max(seconds):.2f} s"
    )


if __name__ == "__main__":
    main()
