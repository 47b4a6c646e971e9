"""Records a pytest session as a run: what came of each test, how long it took, and why it failed.

The keys `test-failures`, `test-files`, `test-outcomes`, `test-durations` and `test-flaky` get a version each session; a
table without a key says which tests came to something else than when they were last run. The run is the current one
while tests run: what a test records is recorded in it, in the processes of pytest-xdist, too. Recording never changes
what a session comes to.
"""

from __future__ import annotations

import os
import re
import time
import tomllib
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from reportgen.artifacts.create import create_markdown_artifact, create_table_artifact
from reportgen.errors import ReportgenError
from reportgen.metrics import record_metric_value
from reportgen.reading import read_artifacts
from reportgen.recorder.run import Run
from reportgen.recorder.start import start_run
from reportgen.text import format_count

OUTCOMES = ("failed", "error", "xpassed", "passed", "xfailed", "skipped")
BAD = frozenset({"failed", "error"})
CHANGES = ("broke", "mended", "other", "new", "gone")
_METRICS = {"passed": "tests_passed", "failed": "tests_failed", "error": "tests_errors", "skipped": "tests_skipped"}
_Outcomes = dict[str, str]  # of a session, by test
_MOST_FAILURES = 50
_MOST_OF_NAME = 100  # characters
_MOST_SLOW = 50
_MOST_CHARACTERS = 10_000  # of a traceback, and of what a test printed
_MOST_SESSIONS = 20  # that are looked at for flaky tests
_MOST_ROWS = 1_000  # of what a page shows, and compares with the version before
_LEAST_FLIPS = 2  # one is a mistake, or its correction
_WORKER = re.compile(r"\A\[gw\d+\] .* -- Python .*\n+")


class FailedTestsError(Exception):
    """Some tests of a session failed."""


@dataclass
class Result:
    """What came of a test.

    Attributes
    ----------
    outcome
        One of `OUTCOMES`.
    seconds
        How long it took, with its fixtures.
    message
        The first line of why it did not pass.
    details
        The traceback.
    sections
        What it printed, by title.
    n_reruns
        How often it was run again.
    """

    outcome: str = "passed"
    seconds: float = 0.0
    message: str = ""
    details: str = ""
    sections: Sequence[tuple[str, str]] = ()
    n_reruns: int = 0

    def add(self, report: pytest.TestReport) -> None:
        """Take what came of the setup, the call or the teardown."""
        self.seconds += report.duration
        if report.outcome == "rerun":  # type: ignore[comparison-overlap] # as pytest-rerunfailures says
            self.n_reruns += 1
            return
        outcome = _outcome_of(report)
        if report.when == "call" or outcome != "passed":
            self.outcome = outcome
        if outcome != "passed":
            self.message, self.details = _reason(report), report.longreprtext
            self.sections = report.sections


def _outcome_of(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        return "xpassed" if report.passed else "xfailed"
    if report.failed and report.when != "call":
        return "error"
    return report.outcome


def _reason(report: pytest.TestReport) -> str:
    text = getattr(report, "wasxfail", "")
    crash = getattr(report.longrepr, "reprcrash", None)
    if not text and crash is not None:
        text = crash.message
    elif not text and isinstance(report.longrepr, tuple):
        text = report.longrepr[2].removeprefix("Skipped: ")
    lines = (text or report.longreprtext).strip().splitlines()
    return lines[0][:500] if lines else ""


@dataclass
class SessionRecorder:
    """The plug-in of a session that is recorded."""

    config: pytest.Config
    results: dict[str, Result] = field(default_factory=dict)
    n_uncollected: int = 0
    is_whole: bool = False
    run: Run | None = None
    began_at: float = 0.0
    said: str = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Begin the run, before other processes are started, which join it."""
        self.began_at = time.monotonic()
        option = self.config.getoption
        pipeline = option("--reportgen-pipeline") or f"{_project_name(self.config.rootpath)} tests"
        params = {"arguments": " ".join(self.config.invocation_params.args), "pytest": pytest.__version__}
        with _without_failing():
            self.run = start_run(pipeline, params=params, log_dir=option("--reportgen-dir"))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.results.setdefault(_without_group(report.nodeid), Result()).add(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.n_uncollected += 1
            lines = report.longreprtext.strip().splitlines()
            message = lines[-1] if lines else "cannot be collected"
            self.results[report.nodeid] = Result("error", 0.0, message, report.longreprtext, report.sections)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Record what came of the session, and end the run."""
        if self.run is None:
            return
        ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        self.is_whole = ended and not session.shouldfail and not session.shouldstop
        run, self.run = self.run, None
        with _without_failing():
            run.enter()
            try:
                self._record(run)
            finally:
                run.end(*self._outcome(exitstatus))
            self.said = (
                f"{format_count(len(self.results), 'test')} recorded as a run of {run.pipeline} in {_shown(run)}"
            )

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.said:
            terminalreporter.write_line(f"reportgen: {self.said}".replace("\u00a0", " "))

    def _outcome(self, exitstatus: int) -> tuple[Any, BaseException | None]:
        bad = sorted(name for name, result in self.results.items() if result.outcome in BAD)
        if exitstatus == pytest.ExitCode.INTERRUPTED and not self.n_uncollected:
            return "cancelled", None
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            return "completed", None
        names = ", ".join(map(_cut, bad[:3])) + (f" and {len(bad) - 3:,} more" if len(bad) > 3 else "")
        counts = f"{len(bad):,} of {len(self.results):,} tests failed"
        text = f"{counts}: {names}" if bad else f"pytest ended with {exitstatus}"
        return "failed", FailedTestsError(text)

    def _record(self, run: Run) -> None:
        counts = Counter(result.outcome for result in self.results.values())
        record_metric_value("tests", len(self.results))
        for outcome, name in _METRICS.items():
            record_metric_value(name, counts[outcome])
        record_metric_value("tests_seconds", round(time.monotonic() - self.began_at, 3))
        prefix = self._prefix()
        sessions = _read_sessions(run, f"{prefix}-outcomes")
        changes = self._find_changes(sessions)
        if changes:  # without a key: each session has its own, there is nothing to compare them with
            create_table_artifact(_columns(changes[:_MOST_ROWS], _Change), None, _say_changes(changes))
        create_markdown_artifact(self._failures(), f"{prefix}-failures")
        create_table_artifact(self._files(), f"{prefix}-files", "What came of the tests of each file.")
        said = ", ".join(f"{counts[outcome]:,} {outcome}" for outcome in OUTCOMES if counts[outcome])
        create_table_artifact(self._outcomes(), f"{prefix}-outcomes", said or "No test was run.")
        create_table_artifact(self._durations(), f"{prefix}-durations", f"The {_MOST_SLOW} slowest tests.")
        about = f"Tests that came and went between passing and failing in the newest {_MOST_SESSIONS} sessions."
        create_table_artifact(_columns(self._find_flaky(sessions), _Flaky), f"{prefix}-flaky", about)

    def _prefix(self) -> str:
        """Give how keys begin: those of a pipeline with a name of its own are its own."""
        name = self.config.getoption("--reportgen-pipeline") or ""
        return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "test"

    def _files(self) -> dict[str, list[Any]]:
        counts: dict[str, Counter[str]] = {}
        seconds: Counter[str] = Counter()
        for name, result in self.results.items():
            file = name.partition("::")[0]
            counts.setdefault(file, Counter())[result.outcome] += 1
            seconds[file] += result.seconds  # type: ignore[assignment] # counts anything that adds up
        files = sorted(counts)
        return {
            "file": files,
            "tests": [counts[file].total() for file in files],
            "failed": [sum(counts[file][outcome] for outcome in BAD) for file in files],
            "skipped": [counts[file]["skipped"] for file in files],
            "seconds": [round(seconds[file], 2) for file in files],
        }

    def _outcomes(self) -> dict[str, list[Any]]:
        """Give all tests, the bad ones first where a page holds all of them."""
        is_long = (
            len(self.results) > _MOST_ROWS
        )  # comparing goes so far: tests that moved there would look like new ones
        ordered = sorted(self.results.items(), key=lambda one: (not is_long and OUTCOMES.index(one[1].outcome), one[0]))
        return {
            "outcome": [result.outcome for _, result in ordered],
            "test": [name for name, _ in ordered],
            "message": [result.message for _, result in ordered],
        }

    def _durations(self) -> dict[str, list[Any]]:
        slowest = sorted(self.results.items(), key=lambda one: (-one[1].seconds, one[0]))[:_MOST_SLOW]
        return {"seconds": [round(result.seconds, 3) for _, result in slowest], "test": [name for name, _ in slowest]}

    def _failures(self) -> str:
        bad = sorted((name, result) for name, result in self.results.items() if result.outcome in BAD)
        if not bad:
            return "No test failed."
        parts = [f"{format_count(len(bad), 'test')} failed."]
        for name, result in bad[:_MOST_FAILURES]:
            parts.append(f"## {_as_code(name)}\n\n{_in_fence(self._clean(result.details))}")
            parts += [f"{title}:\n\n{_in_fence(text)}" for title, text in result.sections if text.strip()]
        if len(bad) > _MOST_FAILURES:
            parts.append(f"And {len(bad) - _MOST_FAILURES:,} more, which the table `{self._prefix()}-outcomes` has.")
        return "\n\n".join(parts)

    def _clean(self, text: str) -> str:
        """Leave out which process of pytest-xdist ran a test, and where the project lies."""
        return _WORKER.sub("", text).replace(f"{self.config.rootpath}{os.sep}", "")

    # Against earlier sessions

    def _find_changes(self, sessions: Sequence[_Outcomes]) -> list[_Change]:
        """Give the tests of which came something else than when they were last run, those that broke first."""
        if not sessions:
            return []
        known = {name: outcome for session in sessions for name, outcome in session.items()}
        changes = []
        for name, result in self.results.items():
            before, now = known.get(name, ""), result.outcome
            if before != now:
                changes.append(_Change(_name_change(before, now), before, now, name, result.message))
        changes += [_Change("gone", sessions[-1][name], "", name, "") for name in self._find_gone(sessions[-1])]
        return sorted(changes, key=lambda one: (CHANGES.index(one.change), one.now not in BAD, one.test))

    def _find_gone(self, before: _Outcomes) -> list[str]:
        """Give the tests that are no more, if this session was asked for all tests and came to its end."""
        option = self.config.getoption
        chooses = [option("keyword"), option("markexpr"), option("lf", False), "::" in "".join(self.config.args)]
        if any(chooses) or not self.is_whole:
            return []
        files = {name.partition("::")[0] for name in self.results}
        names = {name: name.partition("::")[0] for name in before.keys() - self.results.keys()}
        return [name for name, file in names.items() if file in files or not (self.config.rootpath / file).exists()]

    def _find_flaky(self, sessions: Sequence[_Outcomes]) -> list[_Flaky]:
        """Give the tests that passed and failed by turns, or only when they were run again."""
        found = []
        for name, result in self.results.items():
            outcomes = [session[name] for session in sessions if session.get(name, "skipped") != "skipped"]
            history = [outcome in BAD for outcome in [*outcomes, result.outcome]]
            n_flips = sum(before != after for before, after in pairwise(history))
            if n_flips >= _LEAST_FLIPS or result.n_reruns:
                found.append((-n_flips, name, _Flaky(sum(history), len(history), result.n_reruns, name)))
        return [row for _, _, row in sorted(found)]


class _Change(NamedTuple):
    change: str
    before: str
    now: str
    test: str
    message: str


class _Flaky(NamedTuple):
    failures: int
    sessions: int
    reruns: int
    test: str


def _columns(rows: Sequence[tuple[Any, ...]], kind: type[_Change] | type[_Flaky]) -> dict[str, list[Any]]:
    return {name: [row[place] for row in rows] for place, name in enumerate(kind._fields)}


def _name_change(before: str, now: str) -> str:
    if not before:
        return "new"
    if (before in BAD) == (now in BAD):
        return "other"
    return "broke" if now in BAD else "mended"


def _say_changes(changes: Sequence[_Change]) -> str:
    counts = Counter(one.change for one in changes)
    said = ", ".join(f"{counts[change]:,} {change}" for change in CHANGES if counts[change])
    rest = f" The first {_MOST_ROWS:,} are here." if len(changes) > _MOST_ROWS else ""
    return f"Changes: {said}.{rest}"


def _read_sessions(run: Run, key: str) -> list[_Outcomes]:
    """Give the outcome of each test in the sessions before, oldest first."""
    selected = {"artifacts": {"key": {"any_": [key]}}, "flows": {"name": {"any_": [run.pipeline]}}}
    try:
        found = read_artifacts(selected, limit=_MOST_SESSIONS - 1, log_dir=run.log_dir)
        return [{row["test"]: row["outcome"] for row in artifact.data or ()} for artifact in reversed(found)]
    except (ReportgenError, OSError, LookupError, TypeError, AttributeError):  # logs of others, or damaged ones
        return []


# Names


def _project_name(root: Path) -> str:
    try:
        name = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["name"]
    except (OSError, ValueError, LookupError, TypeError):
        return root.name
    return name if isinstance(name, str) and name.strip() else root.name


def _without_group(name: str) -> str:
    """Leave out the group of a test, which pytest-xdist adds with `--dist loadgroup`."""
    place = name.rfind("@")
    return name[:place] if place > name.rfind("]") and place > name.rfind("::") else name


# In words


def _cut(name: str) -> str:
    return name if len(name) <= _MOST_OF_NAME else f"{name[: _MOST_OF_NAME - 1]}…"


def _shown(run: Run) -> str:
    place = run.place or "nowhere: REPORTGEN_DISABLED is set"
    try:
        return Path(place).relative_to(Path.cwd()).as_posix()
    except ValueError:
        return place


def _in_fence(text: str) -> str:
    """Write a text as a block of code, of which the end is kept when it is long."""
    cut = text.strip("\n")
    if len(cut) > _MOST_CHARACTERS:
        cut = f"… {len(cut) - _MOST_CHARACTERS:,} characters left out\n{cut[-_MOST_CHARACTERS:]}"
    fence = "`" * max(3, _longest_ticks(cut) + 1)
    return f"{fence}text\n{cut}\n{fence}"


def _as_code(text: str) -> str:
    ticks = "`" * (_longest_ticks(text) + 1)
    return f"{ticks} {text} {ticks}" if len(ticks) > 1 else f"`{text}`"


def _longest_ticks(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


@contextmanager
def _without_failing() -> Iterator[None]:
    """Let a session go on whatever becomes of its record: a warning says what was not recorded."""
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        try:
            yield
        except (ReportgenError, OSError, ValueError, TypeError) as error:
            warnings.warn(f"reportgen could not record the session: {error}", stacklevel=3)
