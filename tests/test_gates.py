"""Gates: what runs must meet, judged from logs and from sites, through the functions and the command line."""

from __future__ import annotations

import json
import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from logs import HOUR, START, artifact, delete, end, list_metric, metric, run_start, step_start, write_run

from reportgen.cli import run
from reportgen.errors import InputError
from reportgen.gates.noise import measure_noise
from reportgen.gates.reports import plain_line
from reportgen.gates.rules import Against, Recorded, Rule, Steady, Threshold, parse_rule

RUNS = Path("runs")
CONFIG = Path("reportgen.toml")


def add(
    number: int,
    *records: Any,
    pipeline: str = "churn",
    deployment: str | None = None,
    branch: str = "main",
    to: Path = RUNS,
) -> str:
    """Write a run of an hour of its own, completed unless its records say otherwise."""
    context = {"git": {"commit": "c" * 40, "branch": branch}} if branch else {}
    ends = () if any(record.__class__.__name__ == "End" for record in records) else (end(),)
    start = run_start(pipeline, deployment=deployment, context=context)
    write_run(to, f"run-{number}", [start, *records, *ends], at=START + number * HOUR)
    return f"run-{number}"


def check(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = run(["check", *words])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def findings(capsys: pytest.CaptureFixture[str], *rules: str, more: Sequence[str] = ()) -> list[str]:
    """Judge by rules and give what was found, after the colon that the run stands before."""
    code, shown, error = check(capsys, *(word for rule in rules for word in ("--rule", rule)), *more)
    assert error == ""
    lines = shown.splitlines()
    if code == 0:
        assert len(lines) == 1
        return []
    return [line.split("): ", 1)[1] for line in lines]


def outcomes(capsys: pytest.CaptureFixture[str], *rules: str, more: Sequence[str] = ()) -> dict[tuple[str, str], str]:
    """By pipeline and rule: what came of it."""
    _, shown, _ = check(capsys, "-o", "json", *(word for rule in rules for word in ("--rule", rule)), *more)
    return {(one["pipeline"], one["rule"]): one["outcome"] for one in json.loads(shown)["checks"]}


# Rules as text


@pytest.mark.parametrize(
    ("text", "subject", "test"),
    [
        ("accuracy >= 0.9", "accuracy", Threshold(">=", 0.9)),
        ("accuracy>=0.9", "accuracy", Threshold(">=", 0.9)),
        ("error_rate < 5%", "error_rate", Threshold("<", 0.05)),
        ("delta != -1e-3", "delta", Threshold("!=", -0.001)),
        ("'train loss' <= 2", "train loss", Threshold("<=", 2.0)),
        ("metric >= 1", "metric", Threshold(">=", 1.0)),
        ("accuracy against latest", "accuracy", Against("latest")),
        ("* against branch:main tolerance=2%", "*", Against("branch:main", 0.02)),
        ("x against ../site goal=min tolerance=0", "x", Against("../site", 0.0, "min")),
        ("accuracy steady", "accuracy", Steady(20, 4.0, None, None)),
        ("a steady window=30 deviations=3.5 effect=1% goal=max", "a", Steady(30, 3.5, 0.01, "max")),
        ("metric accuracy", "accuracy", Recorded("metric")),
        ("artifact 'worst rows'", "worst rows", Recorded("artifact")),
    ],
)
def test_rule_is_read(text: str, subject: str, test: object) -> None:
    assert parse_rule(text) == Rule(text, subject, test)  # type: ignore[arg-type]
    placed = f"{text} pipeline='a b' deployment=nightly"
    assert parse_rule(placed) == Rule(placed, subject, test, "a b", "nightly")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it says nothing of a metric or artifact"),
        ("accuracy", "it says nothing of a metric or artifact"),
        ("accuracy >=", "the number after >= is missing"),
        ("accuracy >= high", "'high' is no number"),
        ("accuracy >= nan", "'nan' is no limit"),
        ("accuracy => 0.9", "'=>' is neither a comparison, nor against, nor steady"),
        ("accuracy against", "what to compare with is missing: latest, branch:NAME, a run's id, or a site"),
        ("train loss <= 2", "'loss' is neither a comparison, nor against, nor steady"),
        ("a >= 1 b", "'b' is one word too many; quote names with spaces"),
        ("a >= 1 pipline=x", "unknown option 'pipline', did you mean pipeline?"),
        ("a >= 1 tolerance=1", "unknown option 'tolerance', there are pipeline, deployment"),
        ("a >= 1 pipeline=x pipeline=y", "pipeline is given twice"),
        ("a steady window=7", "window must be a whole number from 8"),
        ("a steady deviations=0", "deviations must be over 0"),
        ("a against latest tolerance=-1", "tolerance must be 0 or more"),
        ("a against latest goal=up", "goal must be max or min"),
        ("'a >= 1", "a quotation mark is not closed"),
        ("metric ''", "the name is empty"),
    ],
)
def test_malformed_rule_is_one_line_that_says_what_a_rule_is(
    text: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    add(1, metric("accuracy", 1))
    with pytest.raises(InputError) as caught:
        parse_rule(text)
    assert caught.value.slug == "bad-rule"
    code, out, error = check(capsys, "--rule", text)
    assert (code, out, error.count("\n")) == (1, "", 1)
    assert error.startswith(f"error: rule {text!r}: {reason}: a rule is ")


def test_malformed_rule_of_the_configuration_names_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    add(1, metric("accuracy", 1))
    CONFIG.write_text('title = "x"\n[check]\nrules = [\n  "accuracy >= 0",\n  "accuracy > high",\n]\n')
    code, _, error = check(capsys)
    assert code == 1
    assert error.startswith("error: reportgen.toml:5: rule 'accuracy > high': 'high' is no number: ")


# Status


def test_all_well_is_one_line_and_success(capsys: pytest.CaptureFixture[str]) -> None:
    add(1, metric("accuracy", 0.95))
    assert check(capsys, "--rule", "accuracy >= 0.9") == (0, "2 checks of 1 run: none failed\n", "")


def test_newest_run_of_each_pipeline_and_deployment_must_have_completed(capsys: pytest.CaptureFixture[str]) -> None:
    error = ("ValueError", "no rows\nsecond line", "Traceback")
    add(1, end("failed", error))
    add(2)
    add(3, step_start("s1", "load"), end("failed", error, step="s1"), end("failed", error), deployment="nightly")
    add(4, end("cancelled"), pipeline="etl")
    write_run(RUNS, "run-5", [run_start("watch"), metric("x", 1)], at=START)
    code, shown, _ = check(capsys)
    assert code == 1
    assert [re.sub(r": [a-z-]+ ", " ", line, count=1) for line in shown.splitlines()] == [
        "churn, nightly (run-3): failed at step load: ValueError: no rows",
        "etl (run-4): was cancelled",
        "watch (run-5): has not ended: it still runs, or was killed",
    ]


def test_failed_runs_may_be_allowed_by_flag_and_by_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    add(1, metric("accuracy", 0.95), end("failed", ("E", "m", "t")))
    assert findings(capsys) == ["failed: E: m"]
    assert findings(capsys, more=["--allow-failed", "--rule", "accuracy >= 0.9"]) == []
    CONFIG.write_text("[check]\nallow_failed = true\n")
    assert findings(capsys, "accuracy > 0.96") == ["accuracy is 0.95, but must be > 0.96"]


def test_what_a_failed_run_has_not_recorded_is_not_told_twice(capsys: pytest.CaptureFixture[str]) -> None:
    add(1, metric("accuracy", 0.95), artifact("a1"))
    add(2, end("failed", ("E", "m", "t")))
    rules = "accuracy >= 0.9", "metric accuracy", "artifact summary"
    assert findings(capsys, *rules) == ["failed: E: m"]
    assert findings(capsys, *rules, more=["--allow-failed"]) == [
        "accuracy was not recorded",
        "accuracy was not recorded",
        "no version of summary was made",
    ]


# Thresholds, metrics and artifacts


@pytest.mark.parametrize(
    ("rule", "value", "is_met"),
    [
        ("m >= 0.9", 0.9, True),
        ("m > 0.9", 0.9, False),
        ("m <= 0.9", 0.9, True),
        ("m < 0.9", 0.9, False),
        ("m == 0.9", 0.9, True),
        ("m != 0.9", 0.9, False),
        ("m < 0.9", "Infinity", False),
        ("m > 0.9", "Infinity", True),
        ("m != 0.9", "NaN", False),
    ],
)
def test_value_is_compared_with_a_limit(
    rule: str, value: float | str, is_met: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    add(1, metric("m", value))
    assert (findings(capsys, rule) == []) is is_met


def test_finding_shows_the_digits_that_differ(capsys: pytest.CaptureFixture[str]) -> None:
    add(1, metric("m", 0.8999999))
    assert findings(capsys, "m >= 0.9") == ["m is 0.8999999, but must be >= 0.9"]


def test_last_value_of_a_list_metric_is_judged(capsys: pytest.CaptureFixture[str]) -> None:
    add(1, list_metric("loss", [3, 2, 1]))
    assert findings(capsys, "loss < 1") == ["loss is 1, but must be < 1"]
    assert findings(capsys, "loss <= 1", "metric loss") == []


def test_rule_is_for_pipelines_that_ever_recorded_the_metric_or_for_those_it_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    add(1, metric("accuracy", 0.95), artifact("a1"))
    add(2, pipeline="etl")
    assert findings(capsys, "accuracy >= 0.9", "metric accuracy", "artifact summary") == []
    assert findings(capsys, "accuracy >= 0.9 pipeline=etl", "artifact summary pipeline=etl") == [
        "accuracy was not recorded",
        "no version of summary was made",
    ]
    add(3)
    assert findings(capsys, "accuracy >= 0.9", "artifact summary") == [
        "accuracy was not recorded",
        "no version of summary was made",
    ]


def test_deleted_version_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    add(1, artifact("a1"), delete("a1"))
    assert findings(capsys, "artifact summary") == ["no version of summary was made"]


def test_deployment_is_selected(capsys: pytest.CaptureFixture[str]) -> None:
    add(1, metric("m", 1), deployment="nightly")
    add(2, metric("m", 3), deployment="hourly")
    assert findings(capsys, "m > 2") == ["m is 1, but must be > 2"]
    assert findings(capsys, "m > 2 deployment=hourly") == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rule", "acuracy > 1"], "rule 'acuracy > 1': no run has the metric 'acuracy': did you mean accuracy?"),
        (
            ["--rule", "metric f1"],
            "rule 'metric f1': no run has the metric 'f1': reportgen metric ls lists the metrics",
        ),
        (["--rule", "artifact sumary"], "rule 'artifact sumary': no run made 'sumary': did you mean summary?"),
        (["--rule", "accuracy > 1 pipeline=chun"], "no run is of the pipeline 'chun': did you mean churn?"),
        (
            ["--rule", "accuracy > 1 deployment=x"],
            "rule 'accuracy > 1 deployment=x': no run is of the deployment 'x': leave it out: runs have none",
        ),
        (["--rule", "* steady"], "rule '* steady': no metric has a goal: set [metrics.NAME] goal in"),
        (["--rule", "accuracy against nowhere"], "there is no baseline 'nowhere': give latest, branch:NAME, a run's"),
        (
            ["--rule", "accuracy against branch:mian"],
            "no run was recorded on the branch 'mian': there are runs of main",
        ),
        (["--pipeline", "etl"], "no run is of the pipeline 'etl': there are churn"),
        (["--run", "zzz"], "there is no run 'zzz': reportgen run ls lists the runs"),
        (["nowhere"], "there is no log directory nowhere"),
    ],
)
def test_unknown_names_are_one_line_that_says_what_to_do(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    add(1, metric("accuracy", 1), artifact("a1"))
    add(2, metric("accuracy", 1), artifact("a2"))
    code, out, error = check(capsys, *words)
    assert (code, out, error.count("\n")) == (1, "", 1)
    assert error.startswith(f"error: {message}")


# Baselines


def goal(direction: str = "max", tolerance: float = 0.0, name: str = "accuracy") -> None:
    CONFIG.write_text(f'[metrics.{name}]\ngoal = "{direction}"\ntolerance = {tolerance}\n')


def test_change_against_the_run_before_is_judged_by_goal_and_tolerance(capsys: pytest.CaptureFixture[str]) -> None:
    goal("max", 0.02)
    add(1, metric("accuracy", 0.90))
    add(2, metric("accuracy", 0.89))
    assert findings(capsys, "accuracy against latest") == []
    (found,) = findings(capsys, "accuracy against latest tolerance=1%")
    assert re.fullmatch(
        r"accuracy is 0\.89, was 0\.90 in [a-z-]+ \(latest\): ↓ −0\.01 \(−1\.1 %\), more than 1 %", found
    )
    assert findings(capsys, "accuracy against latest tolerance=0 goal=min") == []
    goal("min")
    assert findings(capsys, "accuracy against latest") == []
    CONFIG.unlink()
    assert len(findings(capsys, "accuracy against latest")) == 1  # without a goal any change is one


def test_sums_in_another_order_are_no_change(capsys: pytest.CaptureFixture[str]) -> None:
    add(1, metric("m", 0.3))
    add(2, metric("m", 0.1 + 0.2))
    assert findings(capsys, "m against latest") == []


def test_latest_is_the_newest_completed_run_before(capsys: pytest.CaptureFixture[str]) -> None:
    goal()
    add(1, metric("accuracy", 0.9))
    add(2, metric("accuracy", 0.1), end("failed", ("E", "m", "t")))
    add(3, metric("accuracy", 0.8))
    add(4, metric("accuracy", 0.2), deployment="nightly")
    assert len(findings(capsys, "accuracy against latest")) == 1


def test_nothing_to_compare_with_passes_and_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    add(1, metric("accuracy", 0.9))
    rules = ["--rule", "accuracy against latest", "--rule", "accuracy against branch:main", "--rule", "accuracy steady"]
    assert check(capsys, *rules) == (0, "4 checks of 1 run: none failed, 3 had nothing to compare with\n", "")


def test_branch_is_that_of_git(capsys: pytest.CaptureFixture[str]) -> None:
    goal()
    add(1, metric("accuracy", 0.9))
    add(2, metric("accuracy", 0.5), branch="try")
    add(3, metric("accuracy", 0.8), branch="try")
    assert findings(capsys, "accuracy against latest") == []
    (found,) = findings(capsys, "accuracy against branch:main")
    assert "was 0.9 in" in found
    assert "(branch:main)" in found


def test_baseline_may_be_a_run_or_another_site_or_logs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    goal()
    add(1, metric("accuracy", 0.9))
    add(2, metric("accuracy", 0.8))
    add(9, metric("accuracy", 0.95), to=tmp_path / "other")
    assert run(["build", "-q", "other", "-o", "other-site"]) == 0
    assert [len(findings(capsys, f"accuracy against {text}")) for text in ("run-1", "other", "other-site")] == [1, 1, 1]
    assert "was 0.95 in" in findings(capsys, "accuracy against other-site")[0]
    assert findings(capsys, "accuracy against run-2") == []  # with itself nothing is compared


def test_sites_and_logs_are_judged_alike(capsys: pytest.CaptureFixture[str]) -> None:
    goal()
    for number, value in enumerate([0.9, 0.8, 0.7]):
        add(number, metric("accuracy", value), artifact(f"a{number}"))
    assert run(["build", "-q"]) == 0
    rules = ["--rule", "* against latest", "--rule", "artifact summary", "--rule", "accuracy > 1"]
    assert check(capsys, "site", *rules) == check(capsys, "runs", *rules) == check(capsys, *rules)


def test_judged_runs_may_be_chosen(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    add(1, metric("m", 1))
    add(2, metric("m", 3))
    add(3, metric("m", 1), pipeline="etl")
    assert outcomes(capsys, "m > 2") == {
        ("churn", "completed"): "passed",
        ("churn", "m > 2"): "passed",
        ("etl", "completed"): "passed",
        ("etl", "m > 2"): "failed",
    }
    assert findings(capsys, "m > 2", more=["--pipeline", "churn"]) == []
    assert len(findings(capsys, "m > 2", more=["--run", "run-1"])) == 1
    assert len(findings(capsys, "m > 2", more=["--run", "latest", "--run", "run-1"])) == 2
    add(4, metric("m", 5), to=tmp_path / "today")
    assert run(["build", "-q", "runs", "today"]) == 0
    assert findings(capsys, "m > 2", more=["site", "--run", "today"]) == []
    code, _, error = check(capsys, "runs", "--run", "today")
    assert code == 1
    assert error.startswith("error: run run-4 of today is not among what is judged: build the site of these logs first")


# Noise


def add_series(values: Sequence[float]) -> None:
    for number, value in enumerate(values):
        add(number, metric("accuracy", value))


def test_value_within_the_noise_is_steady_and_one_outside_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    goal()
    noise = [0.90, 0.91, 0.89, 0.90, 0.92, 0.88, 0.90, 0.91, 0.89, 0.90]
    add_series([*noise, 0.88])
    assert findings(capsys, "accuracy steady") == []
    add(50, metric("accuracy", 0.7))
    (found,) = findings(capsys, "accuracy steady")
    assert re.fullmatch(r"accuracy is 0\.70, the median of 11 earlier runs is 0\.90, \d+\.\d deviations away", found)
    assert findings(capsys, "accuracy steady effect=30%") == []
    assert findings(capsys, "accuracy steady goal=min") == []
    assert findings(capsys, "accuracy steady deviations=50") == []


def test_single_wild_run_does_not_hide_a_regression_and_too_few_runs_say_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    goal()
    add_series([0.90, 0.91, 0.89, 0.10, 0.92, 0.88, 0.7])
    assert outcomes(capsys, "accuracy steady")["churn", "accuracy steady"] == "skipped"
    add_series([0.90, 0.91, 0.89, 0.10, 0.92, 0.88, 0.90, 0.91, 0.90, 0.7])
    assert len(findings(capsys, "accuracy steady")) == 1


def test_metric_that_never_varied_may_not_get_worse(capsys: pytest.CaptureFixture[str]) -> None:
    goal("min")
    add_series([3.0] * 10)
    assert findings(capsys, "accuracy steady") == []
    add(50, metric("accuracy", 4))
    assert findings(capsys, "accuracy steady") == [
        "accuracy is 4, the median of 10 earlier runs is 3, and they never varied"
    ]
    add(51, metric("accuracy", 2))
    assert findings(capsys, "accuracy steady") == []


def test_values_before_a_lasting_change_are_no_noise() -> None:
    rng = random.Random(3)
    before = [rng.gauss(0, 1) for _ in range(12)]
    after = [rng.gauss(30, 1) for _ in range(10)]
    noise = measure_noise([*before, *after])
    assert noise
    assert noise.n == 10
    assert abs(noise.median - 30) < 1
    assert noise.deviation < 2.5
    assert measure_noise(after[:7]) is None
    assert measure_noise([*after[:8], None, float("nan"), float("inf")]) == measure_noise(after[:8])


# Formats

HOSTILE = "a\"<b>&'\n::error::%0A\\ |\x1b[31m\u202e,:"


def judge_hostile(capsys: pytest.CaptureFixture[str], output: str) -> tuple[int, str]:
    error = (f"]]>{HOSTILE}", "m", "t")
    add(1, metric(HOSTILE, "NaN"), end("failed", error), pipeline=HOSTILE, deployment=HOSTILE)
    quoted = "'" + HOSTILE.replace("'", "'\"'\"'") + "'"
    code, shown, _ = check(capsys, "-o", output, "--rule", f"{quoted} > 1")
    return code, shown


def test_text_is_one_line_a_finding_whatever_names_hold(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = judge_hostile(capsys, "text")
    assert code == 1
    assert len(shown.splitlines()) == 2
    assert all(line.isprintable() for line in shown.splitlines())


def test_json_has_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = judge_hostile(capsys, "json")
    answer = json.loads(shown)
    assert (code, answer["passed"]) == (1, False)
    status, rule = answer["checks"]
    assert (status["rule"], status["outcome"], status["status"]) == ("completed", "failed", "failed")
    assert (rule["pipeline"], rule["subject"], rule["value"]) == (HOSTILE, HOSTILE, "NaN")
    assert rule["started_at"] == "2026-01-01T01:00:00.000000Z"


def test_junit_has_a_suite_for_each_run_and_a_case_for_each_rule(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = judge_hostile(capsys, "junit")
    add(2, metric("m", 1), pipeline="fine")
    root = ET.fromstring(shown)
    assert (code, root.tag) == (1, "testsuites")
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "2",
        "failures": "2",
        "errors": "0",
        "skipped": "0",
    }
    suite = root[0]
    assert suite.get("timestamp") == "2026-01-01T01:00:00"
    shown_name = plain_line(HOSTILE)
    assert [(case.get("classname"), case[0].tag) for case in suite] == [(f"{shown_name}.{shown_name}", "failure")] * 2
    assert "]]>" in (suite[0][0].text or "")
    _, shown, _ = check(capsys, "-o", "junit", "--pipeline", "fine", "--rule", "m against latest")
    assert [[child.tag for child in case] for case in ET.fromstring(shown)[0]] == [[], ["skipped"]]


def test_github_commands_are_one_line_each_and_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = judge_hostile(capsys, "github")
    lines = shown.splitlines()
    assert (code, len(lines)) == (1, 2)
    for line in lines:
        match = re.fullmatch(r"::error title=([^:,]*)::(.*)", line)
        assert match
        assert not re.search(r"%(?!25|3A|2C|0A|0D)", line)
        assert "%0A" not in match[2]  # the name's own per cent sign is escaped
    add(2)
    assert check(capsys, "--run", "run-2", "-o", "github")[1] == (
        "::notice title=reportgen check::1 check of 1 run: none failed\n"
    )


UNESCAPED = {r"\\": "\\", r"\n": "\n", r"\"": '"'}


def parse_openmetrics(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], str]:
    """Read OpenMetrics strictly: families are declared once and stay together, and the text ends with its mark."""
    assert text.endswith("\n# EOF\n")
    samples: dict[tuple[str, tuple[tuple[str, str], ...]], str] = {}
    families: list[str] = []
    for line in text.removesuffix("# EOF\n").splitlines():
        if declared := re.fullmatch(r"# TYPE ([a-z_]+) gauge", line):
            assert declared[1] not in families
            families.append(declared[1])
        elif not line.startswith(("# HELP ", "# UNIT ")):
            match = re.fullmatch(r'([a-z_]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\n"])*",?)*)\} (\S+)', line)
            assert match, line
            assert match[1] == families[-1]
            found = re.findall(r'([a-z_]+)="((?:[^"\\\n]|\\[\\n"])*)"', match[2])
            labels = tuple((name, re.sub(r"\\.", lambda m: UNESCAPED[m[0]], value)) for name, value in found)
            assert (match[1], labels) not in samples
            samples[match[1], labels] = match[3]
    return samples


def test_openmetrics_has_metrics_and_verdicts_with_escaped_labels(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = judge_hostile(capsys, "openmetrics")
    samples = parse_openmetrics(shown.replace("\x1b", ""))
    name = HOSTILE.replace("\x1b", "")
    place = (("pipeline", name), ("deployment", name))
    assert code == 1
    assert samples["reportgen_run_completed", place] == "0.0"
    assert samples["reportgen_metric", (*place, ("metric", name))] == "NaN"
    assert [value for (family, _), value in samples.items() if family == "reportgen_check_passed"] == ["0.0", "0.0"]


def test_openmetrics_has_one_sample_a_series_when_several_runs_are_judged(capsys: pytest.CaptureFixture[str]) -> None:
    add(1, metric("m", 1))
    add(2, metric("m", "Infinity"))
    _, shown, _ = check(capsys, "-o", "openmetrics", "--run", "run-1", "--run", "run-2", "--rule", "m against latest")
    samples = parse_openmetrics(shown)
    assert [value for (family, _), value in samples.items() if family == "reportgen_metric"] == ["+Inf"]


def test_same_logs_print_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    add_series([0.90, 0.91, 0.89, 0.7])
    for output in ("text", "json", "junit", "github", "openmetrics"):
        assert check(capsys, "-o", output, "--rule", "accuracy against latest") == check(
            capsys, "-o", output, "--rule", "accuracy against latest"
        )
