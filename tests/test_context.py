"""What a run records of code, machine and command line, and that it records nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording import only, run_python

import reportgen
from reportgen.recorder import context
from reportgen.recorder.context import describe_code, describe_command, gather_context
from reportgen.settings import Settings

# Git

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *words: str) -> str:
    settings = {
        "user.name": "t",
        "user.email": "t@example.org",
        "init.defaultBranch": "main",
        "protocol.file.allow": "always",
        "commit.gpgsign": "false",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    return subprocess.run(
        ["git", *options, *words], cwd=folder, check=True, capture_output=True, text=True, env=environment
    ).stdout.strip()


def make_repository(folder: Path, name: str = "job.py") -> str:
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q")
    (folder / name).write_text("import reportgen\nreportgen.start_run('churn').end()\n")
    git(folder, "add", name)
    git(folder, "commit", "-qm", "first")
    return git(folder, "rev-parse", "HEAD")


@needs_git
def test_clean_commit_on_a_branch(tmp_path: Path) -> None:
    commit = make_repository(tmp_path)
    git(tmp_path, "checkout", "-qb", "feature/x")
    assert describe_code() == {"commit": commit, "branch": "feature/x", "dirty": False}


@needs_git
def test_detached_head_has_no_branch(tmp_path: Path) -> None:
    commit = make_repository(tmp_path)
    git(tmp_path, "checkout", "-q", "--detach")
    assert describe_code() == {"commit": commit, "dirty": False}


@needs_git
@pytest.mark.parametrize(
    ("variables", "branch"),
    [
        ({"GITHUB_SHA": "HEAD", "GITHUB_REF": "refs/heads/release/1"}, "release/1"),
        ({"GITHUB_SHA": "HEAD", "GITHUB_REF": "refs/pull/7/merge", "GITHUB_HEAD_REF": "feature"}, "feature"),
        ({"GITHUB_SHA": "HEAD", "GITHUB_REF": "refs/tags/v1", "GITHUB_HEAD_REF": ""}, None),
        ({"CI_COMMIT_SHA": "HEAD", "CI_COMMIT_BRANCH": "main"}, "main"),
        ({"CI_COMMIT_SHA": "HEAD", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "feature"}, "feature"),
        ({"GIT_COMMIT": "HEAD", "GIT_BRANCH": "origin/main"}, "main"),
        ({"GIT_COMMIT": "HEAD", "BRANCH_NAME": "PR-3", "CHANGE_BRANCH": "feature"}, "feature"),
        ({"GITHUB_SHA": "0" * 40, "GITHUB_REF": "refs/heads/main"}, None),
        ({"GITHUB_REF": "refs/heads/main"}, None),
    ],
)
def test_detached_head_of_a_ci_job_has_the_branch_of_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], branch: str | None
) -> None:
    commit = make_repository(tmp_path)
    git(tmp_path, "checkout", "--quiet", "--detach")
    for name, value in variables.items():
        monkeypatch.setenv(name, commit if value == "HEAD" else value)
    assert describe_code() == {"commit": commit, **({"branch": branch} if branch else {}), "dirty": False}


@needs_git
def test_repository_without_a_commit_has_a_branch_only(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert describe_code() == {"branch": "main", "dirty": False}


@needs_git
@pytest.mark.parametrize(("name", "dirty"), [("job.py", True), ("new.py", False)], ids=["tracked", "untracked"])
def test_only_tracked_files_make_it_dirty(name: str, dirty: bool, tmp_path: Path) -> None:
    commit = make_repository(tmp_path)
    (tmp_path / name).write_text("changed")
    assert describe_code() == {"commit": commit, "branch": "main", "dirty": dirty}


@needs_git
def test_staged_change_is_dirty(tmp_path: Path) -> None:
    make_repository(tmp_path)
    (tmp_path / "new.py").write_text("new")
    git(tmp_path, "add", "new.py")
    assert describe_code()["dirty"] is True


@needs_git
def test_folder_below_the_root_is_in_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = make_repository(tmp_path)
    (tmp_path / "a/b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a/b")
    assert describe_code()["commit"] == commit


@needs_git
def test_worktree_is_described_by_its_own_branch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = make_repository(tmp_path / "one")
    git(tmp_path / "one", "worktree", "add", "-q", "-b", "other", "../two")
    monkeypatch.chdir(tmp_path / "two")
    assert (tmp_path / "two/.git").is_file()
    assert describe_code() == {"commit": commit, "branch": "other", "dirty": False}


@needs_git
def test_submodule_is_described_by_its_own_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = make_repository(tmp_path / "library", "library.py")
    outer = make_repository(tmp_path / "project")
    git(tmp_path / "project", "submodule", "add", "-q", "../library", "sub")
    git(tmp_path / "project", "commit", "-qm", "with a submodule")
    monkeypatch.chdir(tmp_path / "project/sub")
    assert describe_code()["commit"] == inner
    (tmp_path / "project/sub/library.py").write_text("changed")
    monkeypatch.chdir(tmp_path / "project")
    facts = describe_code()
    assert facts["commit"] not in (inner, outer)
    assert facts["dirty"] is False


@needs_git
@pytest.mark.parametrize("content", ["gitdir: /nowhere\n", "", "nonsense"])
def test_broken_git_file_gives_nothing(content: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".git").write_text(content)
    assert describe_code() == {}
    assert capfd.readouterr() == ("", "")


@needs_git
def test_no_git_on_the_path_gives_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repository(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert describe_code() == {}
    with reportgen.start_run("churn"):
        pass
    assert "git" not in only("runs", "run")["context"]


def test_outside_a_repository_git_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "_run_git", lambda *_: pytest.fail("git was started"))
    monkeypatch.setattr(context, "_code_folders", lambda *_: ["/dev/null"])
    assert describe_code() == {}


@needs_git
def test_repository_of_the_script_wins_over_that_of_the_working_directory(tmp_path: Path) -> None:
    of_script = make_repository(tmp_path / "code")
    of_folder = make_repository(tmp_path / "data", "data.txt")
    environment = {**os.environ, "PYTHONPATH": str(Path(reportgen.__file__).parents[1])}
    subprocess.run([sys.executable, "../code/job.py"], cwd=tmp_path / "data", env=environment, check=True, timeout=60)
    facts = only(tmp_path / "data/runs", "run")["context"]["git"]
    assert of_script != of_folder
    assert facts == {"commit": of_script, "branch": "main", "dirty": False}


@needs_git
def test_repository_that_a_git_hook_names_is_not_taken_for_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = make_repository(tmp_path / "here")
    make_repository(tmp_path / "other", "other.py")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other/.git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "other/.git/index"))
    assert describe_code() == {"commit": commit, "branch": "main", "dirty": False}


def fake_git(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "bin").mkdir()
    (folder / "bin/git").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "bin/git").chmod(0o755)
    (folder / ".git").mkdir()
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.skipif(sys.platform == "win32", reason="the fake git is a shell script")
@pytest.mark.parametrize(
    ("script", "facts"),
    [
        ('case "$*" in *status*) exec sleep 20;; *) echo 0123abc;; esac', {"commit": "0123abc"}),
        ("exec sleep 20", {}),
        ("sleep 20", {}),
        ("exit 128", {}),
        ("printf '\\377\\n'", {"dirty": True}),
    ],
    ids=["slow status", "slow", "slow child", "fails", "nonsense"],
)
def test_slow_or_strange_git_holds_up_nothing(
    script: str, facts: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_git(tmp_path, script, monkeypatch)
    run_git = context._run_git
    monkeypatch.setattr(context, "_GIT_SECONDS", 0.1)
    monkeypatch.setattr(context, "_run_git", lambda folder, words, seconds: run_git(folder, words, min(seconds, 0.3)))
    start = time.monotonic()
    assert describe_code() == facts
    assert time.monotonic() - start < 10


# Command lines

SECRET = "hunter2hunter2"

HIDDEN = [
    f"--token {SECRET}",
    f"--token={SECRET}",
    f"--token -{SECRET}",
    f"--auth-token {SECRET}",
    f"--authToken={SECRET}",
    f"--api-key {SECRET}",
    f"--api_key={SECRET}",
    f"--apikey={SECRET}",
    f"-api-key {SECRET}",
    f"--password {SECRET}",
    f"--db-password={SECRET}",
    f"--dbpassword {SECRET}",
    f"--passwd {SECRET}",
    f"--passphrase={SECRET}",
    f"--pass {SECRET}",
    f"--client-secret {SECRET}",
    f"--aws-secret-access-key={SECRET}",
    f"--private-key {SECRET}",
    f"--credentials {SECRET}",
    f"--auth {SECRET}",
    f"--bearer {SECRET}",
    f"API_KEY={SECRET}",
    f"PGPASSWORD={SECRET}",
    f"MYSQL_PWD={SECRET}",
    f"AWS_SESSION_TOKEN={SECRET}",
    f"-e API_TOKEN={SECRET}",
    f"-eAPI_TOKEN={SECRET}",
    f"db.password={SECRET}",
    f"+trainer.api_key={SECRET}",
    f"Server=h;Password={SECRET};Port=1",
    f"AccountName=x;AccountKey={SECRET}",
    f'{{"api_key":"{SECRET}"}}',
    f"-H|Authorization: Bearer {SECRET}",
    f"-H|X-Api-Key: {SECRET}",
    f"--verbose|--header=Authorization: Basic {SECRET}",
    f"https://x.example/?a=1&token={SECRET}&b=2",
    f"https://x.example/?sig={SECRET}",
    f"https://{SECRET}@x.example/y",
    f"https://user:{SECRET}@x.example/y",
    f"--db=postgres://user:{SECRET}@h:5432/d",
    f"postgres://user:a@{SECRET}@h/d",
    f"postgres://user:a/{SECRET}@h/d",
    f"-c|connect(password='{SECRET}')",
]


@pytest.mark.parametrize("text", HIDDEN)
def test_secret_of_a_command_line_is_not_shown(text: str) -> None:
    words = text.split("|") if "|" in text else text.split(" ")
    shown = describe_command(["/usr/bin/python", "job.py", *words, "--depth", "3"])
    assert SECRET not in shown
    assert "***" in shown
    assert shown.startswith("python job.py ")
    assert shown.endswith(" --depth 3")


@pytest.mark.parametrize(
    "token",
    [
        "ghp_" + "a1B2" * 9,
        "github_pat_11AAAAAAA0abcdefghijkl_mnopqrstuv",
        "glpat-abcdefghij0123456789",
        "xoxb-123456789012-abcdef",
        "AKIAIOSFODNN7EXAMPLE",
        "hf_" + "aB3d" * 8,
        "sk-proj-abc123def456ghi789",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
    ],
)
@pytest.mark.parametrize("form", ["{}", "--value={}", "x:{}", "--remote=https://h/{}/y", "f('{}')"])
def test_what_looks_like_a_token_is_not_shown_wherever_it_is(token: str, form: str) -> None:
    shown = describe_command(["python", "job.py", form.format(token)])
    assert token not in shown
    assert all(part not in shown for part in token.split("."))
    assert "***" in shown


ORDINARY = [
    "--author Ann",
    "--author=Ann",
    "--tokenizer bert",
    "--tokenizer=bert",
    "--n-tokens 512",
    "--max_tokens=100",
    "--n-token 5",
    "model.n_token=5",
    "--max-token 100",
    "--keyboard qwerty",
    "--key worst-rows",
    "--monkey=3",
    "--passes 3",
    "--n-passes=3",
    "--bypass cache",
    "--compass=north",
    "--pass-through yes",
    "--no-auth data.csv",
    "--authentic=1",
    "--design=a",
    "--sigma=0.1",
    "--signal x",
    "--cookiecutter x",
    "--assign=1",
    "--model sk-logistic-regression",
    "--data hf_internal_testing_model",
    "risk-assessment-model-2024",
    "secrets/rows.csv",
    "https://h.example:8080/@scope/x@1.0",
    "a=b",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_words_of_a_command_line_are_shown(text: str) -> None:
    assert describe_command(["python", "job.py", *text.split(" ")]) == f"python job.py {text}"


def test_option_after_a_secret_option_is_shown_with_its_value() -> None:
    assert describe_command(["python", "--token", "--depth", "3"]) == "python --token --depth 3"


@given(st.lists(st.text(max_size=8), max_size=6))
def test_command_line_of_any_words_is_one_short_line_of_text(words: list[str]) -> None:
    shown = describe_command(words)
    assert len(shown) <= 1001
    assert isinstance(shown, str)


def test_long_command_line_is_cut_and_costs_little() -> None:
    start = time.monotonic()
    shown = describe_command(["python", "secret" * 100_000, *["x" * 300] * 100])
    assert len(shown) == 1001
    assert time.monotonic() - start < 5


def test_home_and_working_directory_are_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home/project").mkdir(parents=True)
    home, project = tmp_path / "home", tmp_path / "home/project"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.chdir(project)
    words = ["job.py", "{p}/a.py", "--data={h}/d.csv", "file://{h}/q", "{h}", "{p}", "--in={h}/a:{p}/b", "f('{h}/x')"]
    shown = describe_command(["/opt/python", *(word.format(h=home, p=project) for word in words)])
    assert str(tmp_path) not in shown
    assert shown == "python job.py a.py '--data=~/d.csv' 'file://~/q' '~' . '--in=~/a:b' 'f('\"'\"'~/x'\"'\"')'"


def test_folder_whose_name_only_begins_like_the_home_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert describe_command(["python", "/home/anna/x", "/srv/home/ann/x"]) == "python /home/anna/x /srv/home/ann/x"


# Environment and packages


def settings_with(**fields: Any) -> Settings:
    settings = Settings()
    for name, value in {"git": False, "command": False, **fields}.items():
        setattr(settings, name, value)
    return settings


def test_only_named_variables_that_are_set_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_JOB", "7")
    monkeypatch.setenv("CI_TOKEN", "x")
    facts = gather_context(settings_with(environment=("CI_JOB", "MISSING")))
    assert facts["environment"] == {"CI_JOB": "7"}


def test_only_named_packages_that_are_installed_are_recorded() -> None:
    facts = gather_context(settings_with(packages=("pytest", "no-such-package", "")))
    assert facts["packages"] == {"pytest": pytest.__version__}


def test_what_is_switched_off_is_not_recorded() -> None:
    assert set(gather_context(settings_with())) == {"python", "system", "reportgen"}


EVERYTHING = """
import reportgen
with reportgen.start_run("churn") as run, run.step("train"):
    reportgen.record_metric_value("a", 1)
    reportgen.create_markdown_artifact("text", "summary")
try:
    with reportgen.start_run("fails"):
        raise ValueError("no rows")
except ValueError:
    pass
reportgen.start_run("open")
"""


def test_no_other_variable_is_anywhere_in_the_log(tmp_path: Path) -> None:
    Path("reportgen.toml").write_text('[context]\nenvironment = ["CI_JOB"]\npackages = ["pytest"]')
    run_python(EVERYTHING, CANARY_NAME="canary-value", CI_JOB="named-value", USER="canary-user", HOSTNAME="canary-host")
    content = b"".join(path.read_bytes() for path in sorted(tmp_path.rglob("runs/*/*")) if path.is_file())
    assert content.count(b"named-value") == 3
    assert b"canary" not in content.lower()
    assert os.uname().nodename.encode() not in content
    assert str(tmp_path).encode() not in content


def test_run_inside_another_one_has_the_same_context_without_asking_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with reportgen.start_run("outer") as outer:
        monkeypatch.setattr("reportgen.recorder.start.gather_context", lambda *_: pytest.fail("asked again"))
        with reportgen.start_run("inner") as inner:
            assert inner.context == outer.context
    assert json.dumps(outer.context)
