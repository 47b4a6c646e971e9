"""Runs processes and says what they cost: wall time, CPU time of all of them, peak of their memory together.

Memory is the sum over the process group, sampled from `/proc` every 20 ms: the proportional share (PSS) where that can
be read, else what is resident. Sampling slows a process down, so times and memory are taken in runs of their own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLE_S = 0.02


@dataclass(frozen=True)
class Cost:
    """What something cost: seconds of time and of CPU, and in MB the peak of memory where that was sampled."""

    wall_s: float
    cpu_s: float
    peak_mb: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s, max(self.peak_mb, other.peak_mb))


def cost_of(call: Callable[[], object]) -> Cost:
    """Measure a call in this process."""
    begin, cpu = time.perf_counter(), time.process_time()
    call()
    return Cost(time.perf_counter() - begin, time.process_time() - cpu)


def best(measure: Callable[[], Cost], repeats: int) -> Cost:
    """Measure several times, and give the run that took the shortest time."""
    return min((measure() for _ in range(repeats)), key=lambda cost: cost.wall_s)


@dataclass(frozen=True)
class Runner:
    """Runs Python as it is installed: modules compiled before, no bytecode beside the sources.

    Attributes
    ----------
    folder
        Where it runs; compiled modules go there too.
    n_processors
        How many processors its processes may use; all when `None`.
    """

    folder: Path
    n_processors: int | None = None

    def run(self, *words: str, with_memory: bool = False, n_processors: int | None = None) -> Cost:
        """Run `python` with some words, and all that it starts, to its end. An exit code other than 0 ends us, too."""
        kept_to = n_processors or self.n_processors
        with tempfile.TemporaryFile() as output:
            begin = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, *words],
                cwd=self.folder,
                env=self._environment(),
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=partial(_keep_to, kept_to) if kept_to else None,  # noqa: PLW1509 — we have one thread
            )
            peak = _sample(process.pid) if with_memory else 0.0
            _, status, usage = os.wait4(process.pid, 0)
            wall_s = time.perf_counter() - begin
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                output.seek(0)
                sys.exit(f"{' '.join(words)} ended with {process.returncode}:\n{output.read().decode()}")
        return Cost(wall_s, usage.ru_utime + usage.ru_stime, peak)

    def _environment(self) -> dict[str, str]:
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        path = f"{ROOT}{os.pathsep}{Path(__file__).parent}"
        return {**variables, "PYTHONPATH": path, "PYTHONPYCACHEPREFIX": str(self.folder / "compiled")}


def _keep_to(n_processors: int) -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:n_processors])


def _sample(group: int) -> float:
    """Sample the memory of a process group until its first process has ended, which still has to be waited for."""
    peak = 0.0
    while os.waitid(os.P_PID, group, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        peak = max(peak, sum(map(_memory_kb, _processes_of(group))) / 1000)
        time.sleep(SAMPLE_S)
    return peak


def _processes_of(group: int) -> Sequence[str]:
    names = (path.name for path in Path("/proc").iterdir())
    return [name for name in names if name.isdecimal() and _group_of(name) == group]


def _group_of(process: str) -> int:
    try:
        stat = Path("/proc", process, "stat").read_bytes()
    except OSError:  # it has ended
        return -1
    return int(stat.rpartition(b")")[2].split()[2])


def _memory_kb(process: str) -> float:
    """The memory of a process in units of 1,000 bytes; 0 when it has ended."""
    for file, name in (("smaps_rollup", b"Pss:"), ("status", b"VmRSS:")):
        try:
            lines = Path("/proc", process, file).read_bytes().splitlines()
        except OSError:
            continue
        for line in lines:
            if line.startswith(name):
                return int(line.split()[1]) * 1.024
    return 0.0
