"""The summary for CI: what it says, that records cannot say more in it, and that it always fits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logs import HOUR, START, artifact, end, list_metric, metric, run_start, step_start, write_run

from reportgen.cli import run
from reportgen.gates import Baseline, choose_runs, find_baseline
from reportgen.model import Model, Run
from reportgen.options import Options
from reportgen.prose import render_markdown
from reportgen.sources import open_source
from reportgen.summary import write_summary
from reportgen.summary.markup import escape, sparkline

RUNS = Path("runs")
URL = "https://owner.github.io/repo/"
HOSTILE = (
    "@team #12 owner/repo#3 GH-7 !5 ~bug %1 $2 <img src=x onerror=alert(1)> [a](https://evil.example) "
    "![b](https://evil.example/i.png) https://evil.example www.evil.example me@evil.example "
    "|x|`y`*z*_q_ \\| &lt; ~~s~~ [^1]\n# big"
)


def add(number: int, *records: Any, branch: str = "main", pipeline: str = "churn", to: Path = RUNS) -> None:
    ends = () if any(record.__class__.__name__ == "End" for record in records) else (end(),)
    context = {"git": {"commit": "c" * 40, "branch": branch}}
    write_run(to, f"run-{number}", [run_start(pipeline, context=context), *records, *ends], at=START + number * HOUR)


def summarise(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(["summary", *words]) == 0
    return capsys.readouterr().out


def rows_of(text: str) -> list[list[str]]:
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]


def write_project() -> None:
    Path("reportgen.toml").write_text(
        '[metrics.accuracy]\ngoal = "max"\n[metrics.seconds]\ngoal = "min"\nunit = "s"\ntolerance = 0.5\n'
    )
    add(
        1,
        metric("accuracy", 0.9),
        metric("seconds", 10),
        list_metric("loss", [2, 1]),
        artifact("a1"),
        artifact("b1", "gone"),
        artifact("c1", "same", data="same"),
    )
    add(2, metric("accuracy", 0.95), branch="try")
    add(
        3,
        metric("accuracy", 0.85),
        metric("seconds", 11),
        list_metric("loss", [2, 0.5]),
        metric("fresh", 1),
        artifact("a3"),
        artifact("b3", "brought"),
        artifact("c3", "same", data="same"),
    )


# What it says


def test_metrics_and_artifacts_are_compared_with_the_baseline(capsys: pytest.CaptureFixture[str]) -> None:
    write_project()
    text = summarise(capsys, "--against", "run-1").replace("\xa0", " ")
    assert text.startswith("### ✅ 1 run completed; 1 metric worse\n")
    assert rows_of(text)[2:] == [
        ["accuracy", "0.85", "0.90", "↓ −0.05 (−5.6 %) **worse**", "▅█▁"],
        ["seconds", "11 s", "10 s", "↑ +1 s (+10.0 %) in tolerance", "▁█"],
        ["loss", "0.5", "1.0", "↓ −0.5 (−50.0 %)", "█▁"],
        ["fresh", "1", "–", "–", "▁"],
    ]
    assert "\n- New: brought\n- Changed: summary (new content)\n- Not made: gone\n- As before: 1 artifact\n" in text
    assert "commit cccccccccc on main" in text
    assert "of 1 Jan 01:00 (run-1)." in text


def test_baseline_is_chosen(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_project()
    add(9, metric("accuracy", 0.5), to=tmp_path / "other")

    def before(against: str) -> str:
        return next(row[2] for row in rows_of(summarise(capsys, "--against", against)) if row[0] == "accuracy")

    assert [before(text) for text in ("latest", "branch:main", "branch:try", "other")] == [
        "0.95",
        "0.90",
        "0.95",
        "0.50",
    ]
    assert run(["summary", "--against", "nobody"]) == 1
    assert capsys.readouterr().err.startswith("error: there is no baseline 'nobody': give latest, branch:NAME, ")


def test_first_run_has_nothing_to_compare_with(capsys: pytest.CaptureFixture[str]) -> None:
    add(1, metric("accuracy", 0.9), artifact("a1"))
    text = summarise(capsys, "--against", "branch:main")
    assert "nothing to compare with (branch\\:main)." in text
    assert "- New: summary\n" in text


def test_failure_is_told_first_with_the_first_line_of_its_error(capsys: pytest.CaptureFixture[str]) -> None:
    add(1, pipeline="etl")
    error = ("ValueError", "no rows\nmore", "t")
    add(2, step_start("s1", "load"), end("failed", error, step="s1"), end("failed", error))
    text = summarise(capsys).replace("\xa0", " ")
    assert text.startswith("### ❌ 2 runs: 1 completed and 1 failed\n")
    assert "\n> failed at step load\\: ValueError\\: no rows\n" in text
    assert [row[0] for row in rows_of(text)[2:]] == ["❌ failed", "✅ completed"]


def test_rules_of_the_configuration_that_are_not_met_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    Path("reportgen.toml").write_text('[check]\nrules = ["accuracy >= 0.9", "accuracy >= 0.1"]\n')
    add(1, metric("accuracy", 0.5))
    text = summarise(capsys).replace("\xa0", " ")
    assert text.startswith("### ❌ 1 run completed; 1 check failed\n")
    assert "\n- ❌ accuracy is 0.5, but must be &gt;= 0.9\n" in text


def test_links_lead_into_the_published_site(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_project()
    assert "](" not in summarise(capsys)
    Path("reportgen.toml").write_text(f'url = "{URL}"\n')
    text = summarise(capsys)
    assert text == summarise(capsys, "--url", URL.rstrip("/"))
    assert run(["build", "-q"]) == 0
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert len(links) > 8
    for address in links:
        assert address.startswith(URL)
        assert (tmp_path / "site" / address.removeprefix(URL)).is_file()


def test_what_is_thinned_has_no_link(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_project()
    assert run(["build", "-q", "--max-files", "1"]) == 0
    text = summarise(capsys, "site", "--url", URL, "--against", "run-1")
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert links
    assert [address for address in links if not (tmp_path / "site" / address.removeprefix(URL)).is_file()] == []
    assert "run-1.html" not in text
    assert "run-1.html" in summarise(capsys, "runs", "--url", URL, "--against", "run-1")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "owner.github.io", "https://x/(y)", "https://x y", "https://x?q"]
)
def test_address_that_is_none_is_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    add(1)
    assert run(["summary", "--url", url]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    Path("reportgen.toml").write_text(f"url = {url!r}\n")
    assert run(["summary"]) == 1
    assert capsys.readouterr().err.startswith('error: reportgen.toml:1: `url` must be an address such as "https://')


def test_sites_and_logs_give_the_same_summary(capsys: pytest.CaptureFixture[str]) -> None:
    write_project()
    assert run(["build", "-q"]) == 0
    assert summarise(capsys, "site") == summarise(capsys, "runs") == summarise(capsys)


# Hostile records


def test_names_of_records_are_text_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    for number in (1, 2):
        error = (HOSTILE, HOSTILE, "t")
        add(
            number,
            metric(HOSTILE.replace("\n", " "), number),
            artifact(f"a{number}", "k-" + "x" * 50),
            end("failed", error),
            branch=HOSTILE,
            pipeline=HOSTILE,
        )
    text = summarise(capsys, "--url", URL)
    outside = re.sub(re.escape(URL) + r"[^)]*\)|&(?:#\d+|\w+);", "", text)
    assert "evil" in outside
    for sign in (r"[@#!%~$]\w", r"GH-\d", r"<\w", r"www\.", r"(?<!\\):/", r"(?<![\\!])\[\^", r"\|x"):
        assert not re.search(sign, outside), sign
    html = render_markdown(text)
    assert re.findall(r"<(?:img|script|h1|del|em|code)", html) == []
    assert {address for address in re.findall(r'href="([^"]*)"', html) if not address.startswith(URL)} == set()
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("|")}
    assert widths == {6}


@given(st.text(max_size=400))
def test_text_stays_on_its_line_and_is_cut(text: str) -> None:
    escaped = escape(text)
    assert "\n" not in escaped
    assert "|" not in escaped
    assert "<" not in escaped
    assert all(character.isprintable() or character == "\u200b" for character in escaped)
    assert len(escaped) <= 120 * 8


@given(st.from_regex(r"[A-Za-z0-9 _.,/()-]{0,80}", fullmatch=True))
def test_harmless_names_read_as_they_are(text: str) -> None:
    read = re.sub(r"\\(.)", r"\1", escape(text)).replace("\u200b", "")
    assert read == " ".join(text.split())


def test_sparkline_has_a_bar_for_each_value() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert sparkline([5, 5]) == "▁▁"
    assert sparkline([1, float("nan"), None, float("inf"), 2]) == "▁···█"
    assert sparkline([-1.7e308, 1.7e308]) == "▁█"
    assert sparkline([]) == ""


# Sizes


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logs whose summary in full is over a megabyte: many runs with many metrics and keys, and some failures."""
    folder = tmp_path_factory.mktemp("large") / "runs"
    for number in range(60):
        records: list[Any] = [metric(f"metric 😀 {n} {'m' * 60}", n + number) for n in range(100)]
        records += [artifact(f"a{number}-{n}", f"key-{n}-{'k' * 100}") for n in range(40)]
        error = ("ValueError", "long " * 100, "t")
        add(
            number,
            *records,
            end("failed", error) if number % 20 == 0 else end(),
            pipeline=f"pipeline {number}",
            to=folder,
        )
    return folder


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def test_summary_of_anything_fits_a_job_summary(large: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = summarise(capsys, str(large), "--url", URL)
    assert 500_000 < len(text.encode()) <= 1024 * 1024
    assert text.splitlines()[-1].startswith("Left out for want of room: the last values of metrics")


@pytest.mark.parametrize("most", [1000, 1500, 5000, 20_000, 65_536])
def test_comment_fits_and_says_what_it_leaves_out(large: Path, most: int, capsys: pytest.CaptureFixture[str]) -> None:
    text = summarise(capsys, str(large), "--max-chars", str(most))
    assert utf16(text) <= most
    assert text.startswith("### ❌ 60\xa0runs: 57 completed and 3 failed")
    last = text.splitlines()[-1]
    assert last.startswith("Left out for want of room: the last values of metrics, metrics that did not change, ")
    if "all runs" not in last:  # what failed is left out last
        assert text.count("❌ failed") >= 3


def test_summary_that_fits_leaves_nothing_out(capsys: pytest.CaptureFixture[str]) -> None:
    write_project()
    text = summarise(capsys)
    assert text == summarise(capsys, "--max-chars", "65536")
    assert "Left out" not in text
    assert utf16(summarise(capsys, "--max-chars", str(max(utf16(text), 1000)))) == utf16(text)


@pytest.fixture(scope="module")
def judged(large: Path) -> tuple[Model, list[Run], Baseline]:
    """What the summary of the large logs says: their model, its runs and what they are compared with."""
    source = open_source([large])
    model = Model(source.store, Options())
    runs = choose_runs(model, source)
    return model, runs, find_baseline(model, source, "latest", runs)


@settings(max_examples=10)
@given(st.integers(1000, 70_000))
def test_less_room_never_says_more(judged: tuple[Model, list[Run], Baseline], most: int) -> None:
    model, runs, baseline = judged
    less, more = (utf16(write_summary(model, runs, baseline, max_chars=n)) for n in (most, most + 5000))
    assert less <= most
    assert less <= more
