"""The recipes for CI: the action and the documented scripts run here, against a bare repository of the test's own."""

from __future__ import annotations

import http.server
import io
import os
import re
import shutil
import subprocess
import sys
import textwrap
import threading
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from logs import HOUR, START, end, metric, run_start, write_run

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(not (shutil.which("git") and shutil.which("bash")), reason="git or bash is missing"),
]

ROOT = Path(__file__).resolve().parent.parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
HOSTING = (ROOT / "docs/hosting.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    return [textwrap.dedent(found) for found in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)]


def iter_run_lines(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("run"), str):
            yield value["run"]
        value = [*value.values()]
    for item in value if isinstance(value, list) else ():
        yield from iter_run_lines(item)


# Machinery: a checkout of a bare repository, and a shell as a CI job has it


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a job in a checkout, which is the working directory."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, line in (
        ("reportgen", f'exec "{sys.executable}" -m reportgen "$@"'),
        ("python", f'exec "{sys.executable}" "$@"'),
    ):
        (commands / name).write_text(f"#!/bin/sh\n{line}\n")
        (commands / name).chmod(0o755)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITHUB_", "CI_"))},
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "RUNNER_TEMP": str(tmp_path / "temp dir"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_OUTPUT": str(tmp_path / "output.txt"),
        "GITHUB_REPOSITORY": "Owner/repo",
    }
    (tmp_path / "temp dir").mkdir()
    checkout = tmp_path / "checkout"
    for line in (
        f"git init --quiet --bare -b main '{tmp_path}/origin.git'",
        f"git clone --quiet '{tmp_path}/origin.git' '{checkout}' 2>/dev/null",
        f"git -C '{checkout}' -c user.name=a -c user.email=a@b.c commit -q --allow-empty -m x",
        f"git -C '{checkout}' push -q origin HEAD:main",
    ):
        subprocess.run(["bash", "-c", line], env=environment, check=True, cwd=tmp_path)
    monkeypatch.chdir(checkout)
    return environment


def sh(script: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run lines as GitHub does."""
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


def record(number: int, accuracy: float = 0.9) -> None:
    """Leave the logs of one run, as a job does that starts in a fresh checkout."""
    shutil.rmtree("runs", ignore_errors=True)
    shutil.rmtree("site", ignore_errors=True)
    context = {"git": {"branch": "main", "commit": "c" * 40}}
    records = [run_start(context=context), metric("accuracy", accuracy), end()]
    write_run(Path("runs"), f"run-{number}", records, at=START + number * HOUR)


def published(tmp_path: Path, path: str, branch: str = "gh-pages") -> str:
    done = subprocess.run(
        ["git", "-C", tmp_path / "origin.git", "show", f"{branch}:{path}"], capture_output=True, text=True, check=False
    )
    return done.stdout


# The action


def run_action(environment: Mapping[str, str], **inputs: str) -> list[subprocess.CompletedProcess[str]]:
    """Run the steps of the action that are shell, as the runner does, up to the first that fails."""
    values = {name: str(about.get("default", "")) for name, about in ACTION["inputs"].items()} | inputs
    done = []
    for step in ACTION["runs"]["steps"]:
        if "run" not in step or not is_wanted(step.get("if", ""), values):
            continue
        own = {name: fill(str(text), values) for name, text in step.get("env", {}).items()}
        done.append(sh(step["run"], {**environment, **own}))
        if done[-1].returncode:
            break
    return done


def fill(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda match: values[match[1]], text)


def is_wanted(condition: str, values: Mapping[str, str]) -> bool:
    if not condition:
        return True
    match = re.fullmatch(r"\$\{\{ inputs\.(\w+) (==|!=) '(\w*)' \}\}", condition)
    assert match, condition
    return (values[match[1]] == match[3]) is (match[2] == "==")


def test_action_is_a_composite_action_whose_scripts_take_nothing_but_variables() -> None:
    assert ACTION["runs"]["using"] == "composite"
    for step in ACTION["runs"]["steps"]:
        assert {"name"} < set(step)
        assert ("run" in step) == ("shell" in step)
    for name, about in ACTION["inputs"].items():
        assert isinstance(about["default"], str), name
    documented = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", HOSTING, re.MULTILINE)
    assert {name for cell in documented for name in re.findall(r"\w+", cell)} == set(ACTION["inputs"])


@pytest.mark.parametrize("source", [ACTION, *(yaml.safe_load(block) for block in blocks(HOSTING + README, "yaml"))])
def test_no_script_holds_an_expression(source: Any) -> None:
    assert all("${{" not in line for line in iter_run_lines(source))


def test_action_builds_on_the_published_site_and_publishes(job: dict[str, str], tmp_path: Path) -> None:
    for number in (1, 2):
        record(number, 0.9 + number / 100)
        done = run_action(job, publish="true", install="", against="branch:main")
        assert [step.returncode for step in done] == [0, 0, 0], [step.stderr for step in done]
    assert [bool(published(tmp_path, f"runs/run-{number}.html")) for number in (1, 2)] == [True, True]
    summary = Path(job["GITHUB_STEP_SUMMARY"]).read_text("utf-8")
    assert summary.count("### ✅ 1\u00a0run completed") == 2
    assert "(https://Owner.github.io/repo/runs/run-2.html)" in summary
    assert "| 0.92 | 0.91 |" in summary
    outputs = dict(line.split("=", 1) for line in Path(job["GITHUB_OUTPUT"]).read_text("utf-8").splitlines())
    assert outputs["site"] == "site"
    assert Path(outputs["comment"]).read_text("utf-8") in summary
    assert "::notice title=reportgen check::1 check of 1 run" in done[-1].stdout


def test_action_fails_at_the_end_when_a_rule_is_not_met(job: dict[str, str], tmp_path: Path) -> None:
    Path("reportgen.toml").write_text('[check]\nrules = ["accuracy >= 0.95"]\n')
    record(1)
    done = run_action(job, publish="true", install="")
    assert [step.returncode for step in done] == [0, 0, 1]
    assert done[-1].stdout.startswith("::error title=churn%3A accuracy >= 0.95::")
    assert published(tmp_path, "runs/run-1.html")


def test_action_of_a_pull_request_publishes_nothing(job: dict[str, str], tmp_path: Path) -> None:
    record(1)
    done = run_action(job, install="")
    assert [step.returncode for step in done] == [0, 0]
    assert "](http" not in Path(job["GITHUB_STEP_SUMMARY"]).read_text("utf-8")
    assert published(tmp_path, "index.html") == ""


def test_action_keeps_to_a_folder_of_the_branch(job: dict[str, str], tmp_path: Path) -> None:
    for number in (1, 2):
        record(number)
        done = run_action(job, publish="true", install="", prefix="nightly", branch="reports", url="https://x.example/")
        assert [step.returncode for step in done] == [0, 0, 0], [step.stderr for step in done]
    assert published(tmp_path, "nightly/runs/run-1.html", "reports")
    assert "(https://x.example/index.html)" in Path(job["GITHUB_STEP_SUMMARY"]).read_text("utf-8")


def test_inputs_of_the_action_are_no_shell_code(job: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "bin/reportgen").write_text("#!/bin/sh\n")
    evil = f'"; touch "{tmp_path}/evil"; $(touch "{tmp_path}/evil") `touch "{tmp_path}/evil"`'
    for name in ("logs", "site", "branch", "prefix", "url", "against"):
        run_action(job, publish="true", install="", **{name: evil})
        assert not (tmp_path / "evil").exists(), name


def test_repository_that_does_not_answer_loses_no_history(job: dict[str, str], tmp_path: Path) -> None:
    record(1)
    (tmp_path / "origin.git").rename(tmp_path / "away.git")
    for done in (run_action(job, publish="true", install=""), [sh(plain_script(), job)]):
        assert done[-1].returncode
        assert len(done) == 1
    assert not Path("site").exists()


# Scripts of the documentation


def plain_script() -> str:
    (script,) = (line for line in iter_run_lines(yaml.safe_load(blocks(HOSTING, "yaml")[1])) if "reportgen" in line)
    return script


def test_script_without_the_action_does_the_same(job: dict[str, str], tmp_path: Path) -> None:
    for number in (1, 2):
        record(number)
        shutil.rmtree("published", ignore_errors=True)
        done = sh(plain_script(), job)
        assert done.returncode == 0, done.stderr
    assert [bool(published(tmp_path, f"runs/run-{number}.html")) for number in (1, 2)] == [True, True]
    assert Path(job["GITHUB_STEP_SUMMARY"]).read_text("utf-8").count("\u00a0run completed") == 2


def test_readme_has_the_same_script() -> None:
    (workflow,) = (block for block in blocks(README, "yaml") if "reportgen build" in block)
    (script,) = (line for line in iter_run_lines(yaml.safe_load(workflow)) if "reportgen build" in line)
    assert script == plain_script()


@pytest.fixture
def gitlab() -> Iterator[dict[str, Any]]:
    """An API that gives the artifact of the job before, as `answer` says: a status and content."""
    state: dict[str, Any] = {"answer": (404, b"")}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state["request"] = self.path, self.headers["JOB-TOKEN"]
            status, content = state["answer"]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state["url"] = f"http://127.0.0.1:{server.server_port}/api/v4"
    yield state
    server.shutdown()
    server.server_close()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is missing")
def test_gitlab_jobs_go_on_from_the_artifact_of_the_last_one(job: dict[str, str], gitlab: dict[str, Any]) -> None:
    jobs = yaml.safe_load(blocks(HOSTING, "yaml")[2])
    variables = {
        **job,
        "CI_API_V4_URL": gitlab["url"],
        "CI_PROJECT_ID": "7",
        "CI_DEFAULT_BRANCH": "main",
        "CI_JOB_TOKEN": "token",
        "no_proxy": "127.0.0.1",
    }
    lines = [line for line in jobs["pages"]["script"] if not line.startswith(("pip", "python train"))]
    checks = [line for line in jobs["check"]["script"] if not line.startswith("pip")]
    record(1)
    done = sh("\n".join([*lines, *checks]), variables)
    assert done.returncode == 0, done.stderr
    assert gitlab["request"] == ("/api/v4/projects/7/jobs/artifacts/main/download?job=pages", "token")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(Path("public").rglob("*")):
            archive.write(path)
    shutil.rmtree("public")
    gitlab["answer"] = 200, packed.getvalue()
    record(2)
    assert sh("\n".join(lines), variables).returncode == 0
    assert [Path(f"public/runs/run-{number}.html").is_file() for number in (1, 2)] == [True, True]
    assert Path("check.xml").read_text("utf-8").startswith("<?xml")
    assert Path("summary.md").read_text("utf-8").startswith("### ✅")
    gitlab["answer"] = 500, b""
    done = sh("\n".join(lines), variables)
    assert (done.returncode, "cannot be fetched, 500" in done.stdout) == (1, True)


def test_jenkins_script_goes_on_from_the_artifact_of_the_last_build(job: dict[str, str]) -> None:
    (script,) = re.findall(r"sh '''(.*?)'''", HOSTING, re.DOTALL)
    Path("reportgen.toml").write_text('[check]\nrules = ["accuracy >= 0.95"]\n')
    record(1)
    done = sh(textwrap.dedent(script), job)
    assert done.returncode == 0, done.stderr  # what is not met is for the plug-in JUnit to judge
    assert "<failure" in Path("check.xml").read_text("utf-8")
    Path("before").mkdir()
    Path("site").rename("before/site")
    record(2)
    assert sh(textwrap.dedent(script), job).returncode == 0
    assert [Path(f"site/runs/run-{number}.html").is_file() for number in (1, 2)] == [True, True]
    assert sh(textwrap.dedent(script).replace("--run runs", "--run none"), job).returncode != 0
