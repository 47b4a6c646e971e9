"""Records a pytest session as a run: what came of each test, how long it took, and why it failed.

The keys `test-outcomes`, `test-durations`, `test-failures` and `flaky-tests` get a version each session, so that their
pages show which tests changed. The run is the current one while tests run: what a test records is recorded in it, in
the processes of pytest-xdist, too. Recording never changes what a session comes to.
"""

from __future__ import annotations

import re
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

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
_METRICS = {"passed": "tests_passed", "failed": "tests_failed", "error": "tests_errors", "skipped": "tests_skipped"}
_MOST_FAILURES = 50
_MOST_SLOW = 50
_MOST_CHARACTERS = 10_000  # of a traceback, and of what a test printed
_MOST_SESSIONS = 20  # that are looked at for flaky tests
_LEAST_FLIPS = 2  # one is a mistake, or its correction


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
    run: Run | None = None
    began_at: float = 0.0
    said: str = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Begin the run, before other processes are started, which join it."""
        self.began_at = time.monotonic()
        option = self.config.getoption
        pipeline = option("--reportgen-pipeline") or f"{self.config.rootpath.name} tests"
        params = {"arguments": " ".join(self.config.invocation_params.args), "pytest": pytest.__version__}
        with _without_failing():
            self.run = start_run(pipeline, params=params, log_dir=option("--reportgen-dir"))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.results.setdefault(report.nodeid, Result()).add(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.n_uncollected += 1
            lines = report.longreprtext.strip().splitlines()
            message = lines[-1] if lines else "cannot be collected"
            self.results[report.nodeid] = Result("error", 0.0, message, report.longreprtext, report.sections)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Record what came of the session, and end the run."""
        if self.run is None:
            return
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
        names = ", ".join(bad[:3]) + (f" and {len(bad) - 3} more" if len(bad) > 3 else "")
        text = f"{len(bad)} of {len(self.results)} tests failed: {names}" if bad else f"pytest ended with {exitstatus}"
        return "failed", FailedTestsError(text)

    def _record(self, run: Run) -> None:
        counts = Counter(result.outcome for result in self.results.values())
        record_metric_value("tests", len(self.results))
        for outcome, name in _METRICS.items():
            record_metric_value(name, counts[outcome])
        record_metric_value("tests_seconds", round(time.monotonic() - self.began_at, 3))
        flaky = self._find_flaky(run)
        said = ", ".join(f"{counts[outcome]:,} {outcome}" for outcome in OUTCOMES if counts[outcome])
        create_table_artifact(self._outcomes(), "test-outcomes", said or "No test was run.")
        create_table_artifact(self._durations(), "test-durations", f"The {_MOST_SLOW} slowest tests.")
        create_markdown_artifact(self._failures(), "test-failures")
        about = f"Tests that came and went between passing and failing in the newest {_MOST_SESSIONS} sessions."
        create_table_artifact(flaky, "flaky-tests", about)

    def _outcomes(self) -> dict[str, list[Any]]:
        ordered = sorted(self.results.items(), key=lambda one: (OUTCOMES.index(one[1].outcome), one[0]))
        return {
            "test": [name for name, _ in ordered],
            "outcome": [result.outcome for _, result in ordered],
            "message": [result.message for _, result in ordered],
        }

    def _durations(self) -> dict[str, list[Any]]:
        slowest = sorted(self.results.items(), key=lambda one: (-one[1].seconds, one[0]))[:_MOST_SLOW]
        return {"test": [name for name, _ in slowest], "seconds": [round(result.seconds, 3) for _, result in slowest]}

    def _failures(self) -> str:
        bad = sorted((name, result) for name, result in self.results.items() if result.outcome in BAD)
        if not bad:
            return "No test failed."
        parts = [f"{format_count(len(bad), 'test')} failed."]
        for name, result in bad[:_MOST_FAILURES]:
            parts.append(f"## {_as_code(name)}\n\n{_in_fence(result.details)}")
            parts += [f"{title}:\n\n{_in_fence(text)}" for title, text in result.sections if text.strip()]
        if len(bad) > _MOST_FAILURES:
            parts.append(f"And {len(bad) - _MOST_FAILURES} more, which the table `test-outcomes` has.")
        return "\n\n".join(parts)

    # Flaky tests

    def _find_flaky(self, run: Run) -> dict[str, list[Any]]:
        """Give the tests that passed and failed by turns, or only when they were run again."""
        histories = _read_histories(run)
        rows = []
        for name, result in self.results.items():
            history = [*histories.get(name, ()), result.outcome in BAD]
            n_flips = sum(before != after for before, after in pairwise(history))
            if n_flips >= _LEAST_FLIPS or result.n_reruns:
                rows.append((-n_flips, name, len(history), sum(history), result.n_reruns))
        columns = list(zip(*sorted(rows), strict=True)) or [()] * 5
        names = ("test", "sessions", "failures", "reruns now")
        return {name: list(column) for name, column in zip(names, columns[1:], strict=True)}


def _read_histories(run: Run) -> Mapping[str, list[bool]]:
    """Give whether each test failed in the sessions before, oldest first."""
    selected = {
        "artifacts": {"key": {"any_": ["test-outcomes"]}},
        "flows": {"name": {"any_": [run.pipeline]}},
    }
    histories: dict[str, list[bool]] = {}
    try:
        found = read_artifacts(selected, limit=_MOST_SESSIONS - 1, log_dir=run.log_dir)
        for artifact in reversed(found):
            for row in artifact.data or ():
                if row.get("outcome") != "skipped":
                    histories.setdefault(row["test"], []).append(row["outcome"] in BAD)
    except (ReportgenError, OSError, LookupError, TypeError, AttributeError):  # logs of others, or damaged ones
        return {}
    return histories


# In words


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
