"""Tells a profile of reportgen by stage, which is a package or a module of it.

The time of foreign code (Markdown, pyarrow, the standard library) counts as that of the function of ours that called
it, in proportion where several did; only Jinja and what it compiles is `render`, and importing is `imports`.
"""

from __future__ import annotations

import pstats
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measuring import ROOT

Function = tuple[str, int, str]  # file, line, name, as cProfile has them

N_STAGES, N_CALLS_UP = 12, 40
PACKAGE, TEMPLATES = str(ROOT / "reportgen"), str(ROOT / "templates")


def print_stages(profile: Path, cpu_s: float) -> None:
    """Print the stages that took longest, and the dearest function of each.

    The CPU time is that of a build without a profiler, shared out as the profiler saw it; many small calls look
    dearer to it than they are.
    """
    own = own_times(pstats.Stats(str(profile)).stats)  # type: ignore[attr-defined]
    factor = cpu_s / sum(own.values())
    stages: defaultdict[str, dict[Function, float]] = defaultdict(dict)
    for function, seconds in own.items():
        stages[stage_of(function) or "other"][function] = seconds * factor
    ordered = sorted(stages.items(), key=lambda item: -sum(item[1].values()))
    print(f"  profile: {cpu_s:.1f} s of CPU of a cold build by stage, about")
    for stage, functions in ordered[:N_STAGES]:
        dearest = max(functions, key=functions.__getitem__)
        most = f"most in {Path(dearest[0]).name}:{dearest[2]}, {functions[dearest]:.2f} s"
        print(f"    {stage:12} {_share(sum(functions.values()), cpu_s)}   {most}")
    rest = sum(sum(functions.values()) for _, functions in ordered[N_STAGES:])
    print(f"    {'the others':12} {_share(rest, cpu_s)}")


def _share(seconds: float, total: float) -> str:
    return f"{seconds:8.2f} s {seconds / total:7.1%}"


def stage_of(function: Function) -> str | None:
    """Give the stage of a function; `None` when that is the stage of its caller."""
    file = function[0]
    if file.startswith(PACKAGE):
        return Path(file).relative_to(PACKAGE).parts[0].removesuffix(".py")
    if file.startswith(TEMPLATES) or "/jinja2/" in file or "/markupsafe/" in file:
        return "render"
    return "imports" if file.startswith("<frozen importlib") else None


def own_times(stats: dict[Function, Any]) -> dict[Function, float]:
    """Give the time of each function that has a stage, with that of the foreign code it called."""
    times: defaultdict[Function, float] = defaultdict(float)
    waiting = {function: facts[2] for function, facts in stats.items()}
    for _ in range(N_CALLS_UP):
        passed_on: defaultdict[Function, float] = defaultdict(float)
        for function, seconds in waiting.items():
            if stage_of(function):
                times[function] += seconds
                continue
            for caller, share in iter_callers(function, stats):
                passed_on[caller] += seconds * share
        waiting = passed_on
    times["?", 0, "no caller"] = sum(facts[2] for facts in stats.values()) - sum(times.values())
    return times


def iter_callers(function: Function, stats: dict[Function, Any]) -> Iterator[tuple[Function, float]]:
    """Give who called a function, and the shares of the time of its calls."""
    callers = {caller: facts[3] + 1e-9 for caller, facts in stats[function][4].items() if caller != function}
    total = sum(callers.values())
    for caller, seconds in callers.items():
        yield caller, seconds / total
