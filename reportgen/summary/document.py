"""Writes the summary: in full if it fits, else with less, in an order that is stated, and says what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reportgen import urls
from reportgen.gates import Baseline, Verdict
from reportgen.gates.baselines import branch_of
from reportgen.gates.judging import COMPLETED, describe_failure
from reportgen.model import Model, Run
from reportgen.summary.facts import ArtifactFact, MetricFact, RunFacts, gather_facts
from reportgen.summary.markup import escape, link, sparkline, table
from reportgen.text import format_count, format_duration, format_short_time, join_words

MOST_BYTES = 1024 * 1024  # of a job summary of GitHub
_LONGEST_LINE = 300
_ALL = 1_000_000
_SHORT_COMMIT = 10
_WORDS = {
    "completed": "✅ completed",
    "failed": "❌ failed",
    "cancelled": "⏹️ cancelled",
    "running": "▶️ running",
    "stalled": "⚠️ stalled",
}


@dataclass(frozen=True)
class _Detail:
    """How much is written."""

    sparklines: bool = True
    quiet_metrics: bool = True
    n_artifacts: int = _ALL
    n_metrics: int = _ALL
    n_findings: int = _ALL
    good_runs: bool = True
    n_runs: int = _ALL


def _iter_details() -> Iterator[tuple[str, _Detail]]:
    """Give ever less detail, each with what it leaves out that the one before has."""
    detail = _Detail()
    yield "", detail
    for left_out, change in (
        ("the last values of metrics", {"sparklines": False}),
        ("metrics that did not change", {"quiet_metrics": False}),
        ("artifacts beyond five of each kind", {"n_artifacts": 5}),
        ("metrics beyond ten of each run", {"n_metrics": 10}),
        ("all artifacts", {"n_artifacts": 0}),
        ("details of runs that are fine", {"good_runs": False}),
        ("findings beyond ten of each run", {"n_findings": 10}),
        ("all metrics", {"n_metrics": 0}),
        ("runs beyond twenty", {"n_runs": 20}),
        ("all runs", {"n_runs": 0}),
    ):
        detail = replace(detail, **change)
        yield left_out, detail


def write_summary(
    model: Model,
    runs: Sequence[Run],
    baseline: Baseline,
    verdicts: Sequence[Verdict] = (),
    *,
    site_url: str = "",
    max_chars: int | None = None,
) -> str:
    """Write a summary of runs as GitHub-flavoured Markdown.

    Parameters
    ----------
    runs
        The runs, as `reportgen.gates.choose_runs` gives them.
    baseline
        What they are compared with.
    verdicts
        What came of the rules, of which those that failed are listed.
    site_url
        Where the site is published; empty for a text without links.
    max_chars
        The longest that it may be, from 1,000, counted as GitHub does: signs beyond the basic plane are two. It is
        never more than 1 MiB of UTF-8.

    Returns
    -------
    str
        In full where that fits, else with less; the last line says what was left out.
    """
    base = f"{site_url.rstrip('/')}/" if site_url else ""
    findings: dict[str, list[Verdict]] = {}
    for one in verdicts:
        if one.outcome == "failed" and one.rule != COMPLETED:
            findings.setdefault(one.run.id, []).append(one)
    facts = [gather_facts(model, run, baseline, findings.get(run.id, [])) for run in runs]
    writer = _Writer(facts, baseline, base)
    left_out: list[str] = []
    text = ""
    for name, detail in _iter_details():
        left_out += [name] if name else []
        text = writer.write(detail, left_out)
        if _fits(text, max_chars):
            break
    return text


def _fits(text: str, max_chars: int | None) -> bool:
    if len(text) > MOST_BYTES or len(text.encode()) > MOST_BYTES:
        return False
    return max_chars is None or len(text.encode("utf-16-le")) // 2 <= max_chars


class _Writer:
    def __init__(self, facts: Sequence[RunFacts], baseline: Baseline, base: str) -> None:
        self._facts = facts
        self._baseline = baseline
        self._base = base

    def write(self, detail: _Detail, left_out: Sequence[str]) -> str:
        blocks = [[f"### {self._headline()}"]]
        shown = sorted(self._facts, key=_is_good)[: detail.n_runs]  # what needs attention is left out last
        shown_ids = {one.run.id for one in shown}
        chosen = [one for one in self._facts if one.run.id in shown_ids]
        if len(self._facts) > 1 and chosen:
            blocks.append(self._overview(chosen))
        for one in chosen:
            if detail.good_runs or not _is_good(one):
                blocks += self._iter_blocks(one, detail)
        if self._base:
            blocks.append([f"[The whole report]({self._base}{urls.OVERVIEW})"])
        if left_out:
            blocks.append([f"Left out for want of room: {', '.join(left_out)}."])
        return "\n\n".join("\n".join(block) for block in blocks) + "\n"

    def _to(self, address: str) -> str:
        return f"{self._base}{address}" if self._base else ""

    def _to_run(self, run: Run) -> str:
        return self._to(urls.run(run.id)) if run.has_page else ""

    def _headline(self) -> str:
        statuses = [one.run.status for one in self._facts]
        n_bad = len(statuses) - statuses.count("completed")
        n_findings = sum(len(one.findings) for one in self._facts)
        if not n_bad:
            words = f"{'❌' if n_findings else '✅'} {format_count(len(statuses), 'run')} completed"
        else:
            parts = [f"{statuses.count(status):,} {status}" for status in _WORDS if status in statuses]
            worst = next(status for status in ("failed", "stalled", "cancelled", "running") if status in statuses)
            words = f"{_WORDS[worst].split()[0]} {format_count(len(statuses), 'run')}: {join_words(parts)}"
        notes = [f"{format_count(n_findings, 'check')} failed"] if n_findings else []
        notes += [
            f"{format_count(n, 'metric')} {tone}"
            for tone in ("worse", "better")
            if (n := sum(one.count(tone) for one in self._facts))
        ]
        return "; ".join([words, *([", ".join(notes)] if notes else [])])

    def _overview(self, facts: Sequence[RunFacts]) -> list[str]:
        rows = [
            [
                _WORDS[one.run.status],
                link(_place(one.run), self._to(urls.pipeline(one.run.pipeline))),
                link(one.run.name, self._to_run(one.run)),
                format_short_time(one.run.started_at),
                "–" if one.run.detached else format_duration(one.run.duration_us),
                _tally(one),
            ]
            for one in facts
        ]
        return table(["Status", "Pipeline", "Run", "Started", ">Took", "Metrics and checks"], rows)

    def _iter_blocks(self, one: RunFacts, detail: _Detail) -> Iterator[list[str]]:
        run = one.run
        name = link(run.name, self._to_run(run))
        yield [f"#### {_WORDS[run.status]}: {escape(_place(run))}, {name}"]
        failure = describe_failure(run)
        if failure:
            yield [f"> {escape(failure, _LONGEST_LINE)}"]
        if one.findings:
            lines = [f"- ❌ {escape(finding.message, _LONGEST_LINE)}" for finding in one.findings[: detail.n_findings]]
            yield [*lines, *_more(len(one.findings) - len(lines))]
        yield [self._origin(one)]
        metrics = [metric for metric in one.metrics if detail.quiet_metrics or metric.is_changed][: detail.n_metrics]
        if metrics:
            yield self._metric_table(metrics, detail)
        artifacts = [*self._iter_artifacts(one, detail)] if detail.n_artifacts else []
        if artifacts:
            yield artifacts

    def _origin(self, one: RunFacts) -> str:
        """Say what was run, and what it is compared with."""
        run = one.run
        took = "" if run.detached else f" in {format_duration(run.duration_us)}"
        parts = [f"Began {format_short_time(run.started_at)} UTC{took}"]
        git = run.context.get("git")
        commit = git.get("commit") if isinstance(git, dict) else None
        if isinstance(commit, str):
            branch = branch_of(run)
            parts.append(f"commit {escape(commit[:_SHORT_COMMIT])}{f' on {escape(branch)}' if branch else ''}")
        if one.before:
            is_here = not self._baseline.is_elsewhere
            name = link(one.before.name, self._to_run(one.before) if is_here else "")
            when = format_short_time(one.before.started_at)
            parts.append(f"compared with {name} of {when} ({escape(self._baseline.text)})")
        else:
            parts.append(f"nothing to compare with ({escape(self._baseline.text)})")
        return f"{', '.join(parts)}."

    def _metric_table(self, metrics: Sequence[MetricFact], detail: _Detail) -> list[str]:
        heads = ["Metric", ">Now", ">Before", "Change", *(["Last values"] if detail.sparklines else [])]
        rows = [
            [
                link(one.name, self._to(urls.metric(one.name))),
                escape(one.now),
                escape(one.before) or "–",
                _change(one),
                *([sparkline(one.history)] if detail.sparklines else []),
            ]
            for one in metrics
        ]
        return table(heads, rows)

    def _iter_artifacts(self, one: RunFacts, detail: _Detail) -> Iterator[str]:
        for title, found in (("New", one.new), ("Changed", one.changed), ("Not made", one.missing)):
            if found:
                shown = ", ".join(map(self._artifact, found[: detail.n_artifacts]))
                n_more = len(found) - detail.n_artifacts
                yield f"- {title}: {shown}{f' and {n_more:,} more' if n_more > 0 else ''}"
        if one.n_same:
            yield f"- As before: {format_count(one.n_same, 'artifact')}"

    def _artifact(self, fact: ArtifactFact) -> str:
        address = urls.version(fact.key, fact.version) if fact.version else urls.key(fact.key)
        is_here = fact.has_page and (fact.version or not self._baseline.is_elsewhere)
        name = link(fact.key, self._to(address) if is_here else "")
        return f"{name} ({escape(fact.note)})" if fact.note else name


def _place(run: Run) -> str:
    return f"{run.pipeline}, {run.deployment}" if run.deployment else run.pipeline


def _is_good(one: RunFacts) -> bool:
    return one.run.status == "completed" and not one.findings


def _tally(one: RunFacts) -> str:
    parts = [f"{len(one.findings):,} failed"] if one.findings else []
    parts += [f"{n:,} {tone}" for tone in ("worse", "better") if (n := one.count(tone))]
    return ", ".join(parts) or "–"


def _change(one: MetricFact) -> str:
    if one.change is None:
        return "–"
    text = escape(one.change.text)
    word = one.change.word
    return f"{text} **{word}**" if word in ("better", "worse") else f"{text} {word}".rstrip()


def _more(n: int) -> list[str]:
    return [f"- and {n:,} more"] if n > 0 else []
