"""Times builds of sites, whole processes, beside what any such program must do, taken in the same run.

Run with `python tests/benchmarks/build.py [S|M|L …] [--disk FOLDER] [--workers N] [--profile]`. S has 100 runs, M 2,000
and L 20,000 (default: S and M), each with 10 metrics, 5 × 1,000 points and 3 artifacts (`corpus.py`). Logs and sites
lie in memory (`/dev/shm`) where there is such a folder, else in a temporary one; `--disk` names one on a real disk.
`--workers` lets builds use only N processors, as on a machine that has no more. `--profile` tells the time of a cold
build in one process by stage. `--points [N_RUNS N_POINTS]` (default: 10,000 × 10,000) times only compaction: logs read,
tables written, no page made.

Prints a figure, its floor, their ratio and the target, where there is one. The floors, each in one process:

- of a cold build: writing files of the same names and sizes; rendering the page of one version, its view ready, as
  many times as the site has pages; parsing the same journals. CPU times add up; the wall time of several workers may
  come below their sum.
- of an update: `reportgen --version`, and a scan of names and sizes of the logs.
- of memory: a process that has imported the build.

An update must come to the same bytes as a build from scratch, or its time is worth nothing: the last site is compared
with such a build, and the exit code is 1 if they differ.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from corpus import N_LISTS, write_runs
from floors import parse_journals, render_one_page, scan, write_same_files
from measuring import Cost, Runner, best, cost_of
from stages import print_stages

SIZES = {"S": 100, "M": 2_000, "L": 20_000}
COLD_REPEATS = {"S": 3}
REPEATS, START_REPEATS = 3, 7
IMPORTED = "import reportgen.build, time; time.sleep(0.2)"  # long enough to be sampled

COLD_S = {"M": 6.0, "L": 60.0}
RUNS_A_SECOND, PAGES_A_SECOND = {"M": 330.0}, {"M": 1500.0}
ADDED_S = {"M": 0.4, "L": 0.8}
UNCHANGED_S = {"M": 0.25, "L": 0.5}
PEAK_MB = {"L": 400.0}
POINTS, POINTS_S = (10_000, 10_000), 90.0


@dataclass(frozen=True)
class Bench:
    """The logs of one size and their sites.

    The last `REPEATS` runs of the first half are held back, so that they can arrive late.
    """

    size: str
    runner: Runner

    @property
    def n_runs(self) -> int:
        return SIZES[self.size]

    @property
    def first_late(self) -> int:
        return self.n_runs // 2

    @property
    def next(self) -> int:
        return self.n_runs + REPEATS

    @property
    def logs(self) -> Path:
        return self.runner.folder / "runs"

    @property
    def few_logs(self) -> Path:
        return self.runner.folder / "few"

    @property
    def site(self) -> Path:
        return self.runner.folder / "site"

    def warm_up(self) -> None:
        """Build a site of a few runs, so that all modules are compiled."""
        write_runs(self.few_logs, range(20))
        self.runner.run("-m", "reportgen", "build", str(self.few_logs), "-o", f"{self.few_logs}-site")

    def write_logs(self) -> int:
        late = self.first_late
        return write_runs(self.logs, range(late)) + write_runs(self.logs, range(late + REPEATS, self.next))

    def build(self, site: Path, *, with_memory: bool = False) -> Cost:
        """Build a site or bring it up to date."""
        words = ["-m", "reportgen", "build", str(self.logs), "-o", str(site)]
        return self.runner.run(*words, with_memory=with_memory)

    def build_afresh(self, site: Path, *, with_memory: bool = False) -> Cost:
        """Build a site as if for the first time."""
        shutil.rmtree(site, ignore_errors=True)
        shutil.rmtree(self.logs.with_name(f".{self.logs.name}-cache"), ignore_errors=True)
        return self.build(site, with_memory=with_memory)

    def add_run(self, number: int) -> Cost:
        write_runs(self.logs, range(number, number + 1))
        return self.build(self.site)


# Files


def iter_files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Give the files below a folder: name and facts."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.stat()


def identities(folder: Path) -> set[tuple[str, int, int]]:
    """Give what stays the same of a file that nobody touches."""
    return {(name, facts.st_ino, facts.st_mtime_ns) for name, facts in iter_files(folder)}


def find_differences(one: Path, other: Path) -> list[str]:
    """Give the names of files that are in only one of two folders, or not the same in both."""
    names, others = ({name for name, _ in iter_files(folder)} for folder in (one, other))
    differing = {name for name in names & others if (one / name).read_bytes() != (other / name).read_bytes()}
    return sorted(names ^ others | differing)


# Figures


def show(
    name: str, figure: float, floor: float, unit: str, target: float | None = None, *, is_rate: bool = False
) -> None:
    """Print a line of the table."""
    decimals = {"s": 2, "/s": 1}.get(unit, 0)
    ratio = floor / figure if is_rate else figure / floor
    wanted = f"   target {'≥' if is_rate else '≤'} {target:g} {unit}" if target else ""
    print(f"  {name:45} {figure:9,.{decimals}f} {unit:3} floor {floor:9,.{decimals}f}   ratio {ratio:6.1f}{wanted}")


def measure_size(size: str, runner: Runner, *, with_profile: bool) -> tuple[float, float, bool]:
    """Measure all of one size; give CPU seconds a run, cold and of the floor, and whether updates are right."""
    bench = Bench(size, runner)
    n_bytes = bench.write_logs()
    print(f"{size}: {bench.n_runs:,} runs, logs of {n_bytes / 1e6:,.1f} MB", flush=True)
    bench.warm_up()
    cost, floor = measure_cold(bench)
    measure_updates(bench)
    is_right = measure_memory(bench)
    if with_profile:
        profile(bench, cost.cpu_s)
    return cost.cpu_s / bench.n_runs, floor.cpu_s / bench.n_runs, is_right


def measure_cold(bench: Bench) -> tuple[Cost, Cost]:
    cost = best(partial(bench.build_afresh, bench.site), COLD_REPEATS.get(bench.size, 1))
    files = [(name, facts.st_size) for name, facts in iter_files(bench.site)]
    n_pages = sum(name.endswith(".html") for name, _ in files)
    n_mb = sum(n_bytes for _, n_bytes in files) / 1e6
    print(f"  the site: {len(files):,} files, {n_pages:,} of them pages, {n_mb:,.1f} MB", flush=True)
    same = bench.runner.folder / "same"
    floors = {
        "writing the same files": cost_of(lambda: write_same_files(files, same)),
        "rendering a page as many times": render_one_page(bench.few_logs, n_pages),
        "parsing the same journals": cost_of(lambda: parse_journals(bench.logs)),
    }
    shutil.rmtree(same)
    floor = sum(floors.values(), Cost(0, 0))
    show("cold build", cost.wall_s, floor.wall_s, "s", COLD_S.get(bench.size))
    for noun, n, targets in (("runs", bench.n_runs, RUNS_A_SECOND), ("pages", n_pages, PAGES_A_SECOND)):
        show(f"… {noun} a second", n / cost.wall_s, n / floor.wall_s, "/s", targets.get(bench.size), is_rate=True)
    show("… CPU", cost.cpu_s, floor.cpu_s, "s")
    for name, part in floors.items():
        show(f"… CPU, beside {name}", cost.cpu_s, part.cpu_s, "s")
    sys.stdout.flush()
    return cost, floor


def measure_updates(bench: Bench) -> None:
    """Measure updates of the site that is there, each several times, and say how many files they wrote."""
    started = best(partial(bench.runner.run, "-m", "reportgen", "--version"), START_REPEATS)
    imported = best(partial(bench.runner.run, "-c", "import reportgen"), START_REPEATS)
    scanned = best(lambda: cost_of(lambda: scan(bench.logs)), START_REPEATS)
    floor = started + scanned
    starts = {"import reportgen": imported, "reportgen --version": started, "scan of the logs": scanned}
    print("  " + ", ".join(f"{name} {cost.wall_s:.3f} s" for name, cost in starts.items()))
    news = iter(range(bench.next, bench.next + REPEATS))
    late = iter(range(bench.first_late, bench.first_late + REPEATS))
    updates: list[tuple[str, Callable[[], Cost], dict[str, float]]] = [
        ("one run added", lambda: bench.add_run(next(news)), ADDED_S),
        ("late run added", lambda: bench.add_run(next(late)), {}),
        ("nothing changed", lambda: bench.build(bench.site), UNCHANGED_S),
    ]
    for name, update, targets in updates:
        cost = best(update, REPEATS - 1)
        before = identities(bench.site)
        cost = min(cost, update(), key=lambda cost: cost.wall_s)
        n_written = len(identities(bench.site) - before)
        show(f"{name}, {n_written:,} files written", cost.wall_s, floor.wall_s, "s", targets.get(bench.size))
        show("… CPU", cost.cpu_s, floor.cpu_s, "s")
        sys.stdout.flush()


def measure_memory(bench: Bench) -> bool:
    """Measure the memory of a build from scratch, and of an update of it; say whether earlier updates were right."""
    floor = bench.runner.run("-c", IMPORTED, with_memory=True)
    fresh = bench.runner.folder / "fresh"
    cold = bench.build_afresh(fresh, with_memory=True)
    differences = find_differences(bench.site, fresh)
    write_runs(bench.logs, range(bench.next + REPEATS, bench.next + REPEATS + 1))
    added = bench.build(fresh, with_memory=True)
    show("cold build, peak memory", cold.peak_mb, floor.peak_mb, "MB", PEAK_MB.get(bench.size))
    show("one run added, peak memory", added.peak_mb, floor.peak_mb, "MB", PEAK_MB.get(bench.size))
    if differences:
        print(f"  WRONG: {len(differences):,} files of the updated site differ: {' '.join(differences[:5])}")
    else:
        print(f"  the site after {2 * REPEATS} updates has the same files and bytes as one built from scratch")
    sys.stdout.flush()
    return not differences


def profile(bench: Bench, cpu_s: float) -> None:
    """Profile a cold build in one process, and share the CPU time of an earlier one out over its stages."""
    stats, site = bench.runner.folder / "stats", bench.runner.folder / "profiled"
    words = ["-m", "cProfile", "-o", str(stats), "-m", "reportgen", "build", str(bench.logs), "-o", str(site)]
    bench.runner.run(*words, n_processors=1)
    print_stages(stats, cpu_s)


def show_growth(figures: dict[str, tuple[float, float, bool]]) -> None:
    """Print how the cost of a run grows with the number of runs."""
    before = 0.0
    for size, (cost, floor, _) in figures.items():
        growth = f", {cost / before:.2f} times that of the size before" if before else ""
        print(
            f"{size}: {1000 * cost:6.2f} ms CPU a run of {SIZES[size]:,}, floor {1000 * floor:6.2f} ms, "
            f"ratio {cost / floor:.1f}{growth}"
        )
        before = cost


# Points


def compact_logs(logs: Path, folder: Path) -> None:
    """Read logs and write their tables, as a build does before it makes pages."""
    from reportgen import urls
    from reportgen.gather import gather
    from reportgen.log.find import scan_logs
    from reportgen.options import RedactOptions
    from reportgen.redact import Redactor
    from reportgen.seen import identify_all
    from reportgen.store import to_parquet

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        redactor = Redactor(RedactOptions(), Path(scratch, "masked"))
        whole, files = gather(identify_all([*scan_logs(logs)]), folder, Path(scratch), None, redactor)
        for _ in files:  # each is written as it is asked for
            pass
    for name, table in whole.items():
        path = folder / urls.table(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(to_parquet(table))


def measure_points(n_runs: int, n_points: int, runner: Runner) -> None:
    """Measure compaction of runs that have many points."""
    logs, tables = runner.folder / "runs", runner.folder / "tables"
    n_bytes = write_runs(logs, range(n_runs), n_points=n_points // N_LISTS)
    print(f"{n_runs:,} runs × {n_points:,} points, logs of {n_bytes / 1e6:,.1f} MB", flush=True)
    paths = ", ".join(f"Path({str(path)!r})" for path in (logs, tables))
    code = f"from build import compact_logs; from pathlib import Path; compact_logs({paths})"
    bare = runner.run("-c", IMPORTED, with_memory=True)
    cost = runner.run("-c", code)
    files = [(name, facts.st_size) for name, facts in iter_files(tables)]
    same = runner.folder / "same"
    floor = cost_of(lambda: parse_journals(logs)) + cost_of(lambda: write_same_files(files, same))
    peak = runner.run("-c", code, with_memory=True)
    show("compaction", cost.wall_s, floor.wall_s, "s", POINTS_S if (n_runs, n_points) == POINTS else None)
    show("… CPU", cost.cpu_s, floor.cpu_s, "s")
    rate = n_runs * n_points / 1e6
    show("… million points a second", rate / cost.wall_s, rate / floor.wall_s, "/s", is_rate=True)
    show("… peak memory", peak.peak_mb, bare.peak_mb, "MB")
    print(f"  the tables: {len(files):,} files, {sum(n_bytes for _, n_bytes in files) / 1e6:,.1f} MB")


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Times builds of sites beside their floors.")
    parser.add_argument("sizes", nargs="*", metavar="S|M|L", help="sizes of the logs (default: S M)")
    parser.add_argument("--disk", metavar="FOLDER", help="work below this folder, not in memory")
    parser.add_argument("--workers", type=int, metavar="N", help="let builds use N processors")
    parser.add_argument("--profile", action="store_true", help="tell the time of a cold build by stage")
    parser.add_argument(
        "--points", type=int, nargs="*", metavar="N", help="time compaction of N_RUNS × N_POINTS points"
    )
    arguments = parser.parse_args()
    if unknown := {*arguments.sizes} - {*SIZES}:
        parser.error(f"no such size: {' '.join(sorted(unknown))}")
    if arguments.points is not None and len(arguments.points) not in {0, 2}:
        parser.error("--points takes two numbers or none")
    if arguments.workers is not None and not 1 <= arguments.workers <= (os.cpu_count() or 1):
        parser.error(f"--workers takes 1 to {os.cpu_count()} here")
    return arguments


def main() -> int:
    arguments = read_arguments()
    place = arguments.disk or ("/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    sizes = arguments.sizes or (["S", "M"] if arguments.points is None else [])
    n_processors = arguments.workers or len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    print(
        f"{n_processors} processors, load before the start {load:.1f}; working below {place or tempfile.gettempdir()}"
    )
    figures = {}
    for size in sizes:
        with tempfile.TemporaryDirectory(dir=place, prefix="reportgen-bench-") as name:
            runner = Runner(Path(name), arguments.workers)
            figures[size] = measure_size(size, runner, with_profile=arguments.profile)
    show_growth(figures)
    if arguments.points is not None:
        with tempfile.TemporaryDirectory(dir=place, prefix="reportgen-bench-") as name:
            n_runs, n_points = arguments.points or POINTS
            measure_points(n_runs, n_points, Runner(Path(name), arguments.workers))
    return 0 if all(is_right for _, _, is_right in figures.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
