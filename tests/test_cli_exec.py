"""`reportgen exec`: the command runs as if started directly, and its run or step says how it ended."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from recording import ROOT, journals_of, only, records_of

from reportgen import cli

MISSING = "reportgen exec --pipeline NAME -- COMMAND"


@pytest.fixture(autouse=True)
def on_the_path(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let scripts find `reportgen`."""
    folder = tmp_path_factory.mktemp("bin")
    program = folder / "reportgen"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m reportgen "$@"\n', "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def run(*words: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run `reportgen exec` in a process of its own."""
    return subprocess.run(
        ["reportgen", "exec", *words],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, **environment},
    )


def shell(script: str, program: str = "sh", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a script as one run."""
    return run("--pipeline", "script", "--", program, "-c", script, **environment)


def begin(*words: str) -> subprocess.Popen[bytes]:
    """Start `reportgen exec` as the leader of a process group, and wait until its command says that it is ready."""
    process = subprocess.Popen(
        ["reportgen", "exec", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    return process


def finish(process: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def end_of_run() -> dict[str, Any]:
    (end,) = [record for record in records_of("runs", "end") if "step" not in record]
    return end


def metrics() -> dict[str, float]:
    return {record["name"]: record["value"] for record in records_of("runs", "metric")}


# What is recorded


def test_command_is_a_run_with_what_was_said_of_it() -> None:
    words = ["--name", "first", "--deployment", "nightly", "--tag", "a", "--tag", "b", "--param", "lr=0.1"]
    done = run("--pipeline", "churn", *words, "--", "sh", "-c", "true")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    start = only("runs", "run")
    assert [start[name] for name in ("pipeline", "name", "deployment", "tags", "params")] == [
        "churn",
        "first",
        "nightly",
        ["a", "b"],
        {"lr": 0.1},
    ]
    assert start["context"]["command"] == "sh -c true"
    assert "parent" not in start
    assert end_of_run()["status"] == "completed"
    assert "error" not in end_of_run()
    assert metrics()["exit_code"] == 0
    assert 0 < metrics()["duration_s"] < 30


def test_duration_is_that_of_the_command() -> None:
    shell("sleep 0.2")
    assert 0.2 <= metrics()["duration_s"] < 10


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", 0.1),
        ("3", 3),
        ("true", True),
        ("null", None),
        ("[1, 2]", [1, 2]),
        ('"007"', "007"),
        ("007", "007"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("", ""),
        ("a=b", "a=b"),
        ("two words", "two words"),
        ("[" * 5000, None),
        ("9" * 5000, None),
    ],
)
def test_parameter_is_json_where_it_is_json_else_text(text: str, value: object) -> None:
    assert cli.run(["exec", "--pipeline", "p", "--param", f"key={text}", "--", "true"]) == 0
    recorded = only("runs", "run")["params"]["key"]
    if len(text) < 100:
        assert recorded == value
        assert type(recorded) is type(value)
    else:
        assert isinstance(recorded, str)


def test_failed_command_has_a_message_and_no_traceback() -> None:
    done = shell("echo oops >&2; exit 3")
    assert (done.returncode, done.stderr) == (3, b"oops\n")
    end = end_of_run()
    assert end["status"] == "failed"
    assert end["error"]["type"] == "CommandFailed"
    assert end["error"]["message"] == "\"sh -c 'echo oops >&2; exit 3'\" ended with exit code 3"
    assert end["error"]["traceback"] == ""
    assert metrics()["exit_code"] == 3


def test_secrets_of_the_command_line_are_nowhere() -> None:
    assert run("--pipeline", "p", "--", "sh", "-c", "exit 1", "--password", "hunter2").returncode == 1
    assert "hunter2" not in json.dumps(journals_of())
    assert only("runs", "run")["context"]["command"] == "sh -c 'exit 1' --password ***"


def test_command_that_is_not_to_be_recorded_is_named_by_its_program() -> None:
    Path("reportgen.toml").write_text("[context]\ncommand = false\n", "utf-8")
    assert run("--pipeline", "p", "--", "sh", "-c", "exit 1 # private").returncode == 1
    assert "private" not in json.dumps(journals_of())
    assert end_of_run()["error"]["message"] == '"sh" ended with exit code 1'


def test_code_is_that_of_the_script(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "job.sh").write_text("exit 0\n", "utf-8")
    git = ["git", "-C", str(code), "-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
    for words in (["init", "-q"], ["add", "job.sh"], ["commit", "-qm", "job"]):
        subprocess.run([*git, *words], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    assert run("--pipeline", "p", "--", "sh", "code/job.sh").returncode == 0
    assert only("runs", "run")["context"]["git"]["commit"] == commit


# What the command gets


def test_standard_streams_are_passed_through_to_the_byte() -> None:
    content = bytes(range(256)) * 1000
    done = run("--pipeline", "p", "--", "sh", "-c", "tee /dev/stderr", stdin=content)
    assert done.stdout == content
    assert done.stderr == content


def test_words_after_the_dashes_are_the_commands() -> None:
    words = ["--debug", "--", "-h", "--step", "a b", "--help", ""]
    done = run("--pipeline", "p", "--", sys.executable, "-c", "import sys; print(sys.argv[1:])", *words)
    assert done.stdout.decode().strip() == repr(words)


def test_other_open_files_are_passed_on() -> None:
    done = subprocess.run(
        ["sh", "-c", "reportgen exec --pipeline p -- sh -c 'cat <&3' 3<<END\nthree\nEND"],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, b"three\n")


def test_what_the_command_starts_joins_the_run() -> None:
    code = "import reportgen; reportgen.record_metric_value('accuracy', 0.5)"
    done = shell(f'{shlex.quote(sys.executable)} -c "{code}"; reportgen log metric rows 7; echo "$REPORTGEN_RUN_ID"')
    (run_id,) = {path.partition("/")[0] for path in journals_of()}
    assert done.stdout.decode().strip() == run_id
    assert metrics() == {"accuracy": 0.5, "rows": 7, "exit_code": 0, "duration_s": metrics()["duration_s"]}


def test_command_finds_the_log_directory_from_wherever_it_goes() -> None:
    done = run("--pipeline", "p", "--log-dir", "logs", "--", "sh", "-c", "cd / && reportgen log metric rows 7")
    assert (done.returncode, done.stderr) == (0, b"")
    assert {record["name"] for record in records_of("logs", "metric")} == {"rows", "exit_code", "duration_s"}


# Runs and steps inside a run


def test_run_inside_a_run_has_it_as_its_parent() -> None:
    assert shell("reportgen exec --pipeline inner -- true").returncode == 0
    starts = {record["pipeline"]: record for record in records_of("runs", "run")}
    (outer_id,) = [
        path.partition("/")[0] for path, records in journals_of().items() if records[1]["pipeline"] == "script"
    ]
    assert starts["inner"]["parent"] == outer_id
    assert starts["inner"]["context"]["command"] == "true"


def test_stages_of_a_script_are_steps_until_one_fails() -> None:
    done = shell("""
        set -e
        reportgen exec --step load -- sh -c 'reportgen log metric rows 7; echo "$REPORTGEN_STEP_ID"'
        reportgen exec --step train -- sh -c 'reportgen exec --step fold -- reportgen log metric score -0.5'
        reportgen exec --step check -- sh -c 'exit 4'
        echo never
    """)
    assert done.returncode == 4
    steps = {record["name"]: record for record in records_of("runs", "step")}
    assert set(steps) == {"load", "train", "fold", "check"}
    assert done.stdout.decode().strip() == steps["load"]["id"]
    assert steps["fold"]["step"] == steps["train"]["id"]
    assert {name for name, step in steps.items() if "step" not in step} == {"load", "train", "check"}
    ends = {record.get("step"): record for record in records_of("runs", "end")}
    assert {name: ends[step["id"]]["status"] for name, step in steps.items()} == {
        "load": "completed",
        "train": "completed",
        "fold": "completed",
        "check": "failed",
    }
    assert ends[steps["check"]["id"]]["error"]["message"] == "\"sh -c 'exit 4'\" ended with exit code 4"
    assert ends[None]["status"] == "failed"
    recorded = {(record["name"], record.get("step")) for record in records_of("runs", "metric")}
    of_steps = {("rows", steps["load"]["id"]), ("score", steps["fold"]["id"])}
    assert recorded == of_steps | {("exit_code", None), ("duration_s", None)}
    assert len(records_of("runs", "run")) == 1


# Commands that do not start


@pytest.mark.parametrize(
    ("content", "mode", "exit_code", "what"),
    [
        (None, 0, 127, "was not found"),
        ("#!/bin/sh\n", 0o644, 126, "chmod +x"),
        ("echo hi\n", 0o755, 126, "begins with a line such as #!/bin/sh"),
        ("#!/no/such/program\n", 0o755, 127, "the program that its first line names was not found"),
    ],
    ids=["missing", "not-executable", "no-first-line", "missing-interpreter"],
)
def test_command_that_cannot_be_started_is_a_failed_run(
    content: str | None, mode: int, exit_code: int, what: str
) -> None:
    if content is not None:
        Path("job.sh").write_text(content, "utf-8")
        Path("job.sh").chmod(mode)
    done = run("--pipeline", "p", "--", "./job.sh")
    assert (done.returncode, done.stdout) == (exit_code, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith('error: "job.sh" ')
    assert what in line
    assert end_of_run()["status"] == "failed"
    assert what in end_of_run()["error"]["message"]
    assert metrics()["exit_code"] == exit_code


# Signals


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("KILL", "failed", "CommandFailed"),
        ("SEGV", "failed", "CommandFailed"),
        ("TERM", "cancelled", "CommandStopped"),
        ("INT", "cancelled", "CommandStopped"),
    ],
)
def test_signal_that_ended_the_command_is_its_end(name: str, status: str, kind: str) -> None:
    number = signal.Signals[f"SIG{name}"]
    done = shell(f"ulimit -c 0; kill -{name} $$")
    assert done.returncode == 128 + number
    end = end_of_run()
    assert (end["status"], end["error"]["type"]) == (status, kind)
    assert end["error"]["message"].endswith(f"was ended by SIG{name}")
    assert metrics()["exit_code"] == 128 + number


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_signal_to_one_process_is_passed_on(name: str) -> None:
    number = signal.Signals[name]
    before = signal.signal(number, signal.SIG_DFL)  # the tests may run under nohup, which would be inherited
    process = begin("--pipeline", "p", "--", "sh", "-c", "echo ready; exec sleep 60")
    signal.signal(number, before)
    process.send_signal(number)
    assert finish(process) == (128 + number, b"", b"")
    assert end_of_run()["status"] == "cancelled"


def test_command_may_end_well_after_a_signal() -> None:
    script = 'trap "echo bye; exit 0" TERM; echo ready; while :; do sleep 0.05; done'
    process = begin("--pipeline", "p", "--", "sh", "-c", script)
    process.terminate()
    assert finish(process) == (0, b"bye\n", b"")
    assert end_of_run()["status"] == "completed"


def test_command_that_fails_after_a_signal_is_cancelled() -> None:
    script = 'trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done'
    process = begin("--pipeline", "p", "--", "sh", "-c", script)
    process.terminate()
    assert finish(process)[0] == 9
    assert end_of_run()["status"] == "cancelled"
    assert end_of_run()["error"]["message"].endswith("ended with exit code 9 after SIGTERM")


def test_ctrl_c_reaches_the_command_once() -> None:
    code = """
import signal, sys, time
count = []
signal.signal(signal.SIGINT, lambda *_: count.append(1))
print("ready", flush=True)
until = time.monotonic() + 30
while not count and time.monotonic() < until:
    time.sleep(0.01)
time.sleep(0.2)
print(len(count))
sys.exit(5)
"""
    process = begin("--pipeline", "p", "--", sys.executable, "-c", code)
    os.killpg(process.pid, signal.SIGINT)
    assert finish(process) == (5, b"1\n", b"")
    assert end_of_run()["status"] == "cancelled"


@pytest.mark.parametrize("program", ["sh", "bash"])
def test_ctrl_c_ends_the_stage_the_script_and_the_run(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"no {program}")
    script = "reportgen exec --step long -- sh -c 'echo ready; exec sleep 60'; echo goes on"
    process = begin("--pipeline", "p", "--", program, "-c", script)
    os.killpg(process.pid, signal.SIGINT)
    code, out, err = finish(process)
    assert (code, out, err) == (-signal.SIGINT, b"", b"")
    assert {record["status"] for record in records_of("runs", "end")} == {"cancelled"}
    assert len(records_of("runs", "end")) == 2


def test_exit_code_after_ctrl_c_is_130_in_a_shell() -> None:
    script = "reportgen exec --pipeline p -- sh -c 'echo ready; exec sleep 60'; echo $?"
    process = subprocess.Popen(["sh", "-c", f"trap : INT; {script}"], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=60)[0] == b"130\n"


def test_ignored_hangup_stays_ignored() -> None:
    script = "reportgen exec --pipeline p -- sh -c 'echo ready; sleep 0.3; echo done'"
    process = subprocess.Popen(
        ["sh", "-c", f"trap '' HUP; exec {script}"], stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGHUP)
    assert process.communicate(timeout=60)[0] == b"done\n"
    assert process.returncode == 0
    assert end_of_run()["status"] == "completed"


# Where nothing is recorded


def test_disabled_recording_only_runs_the_command() -> None:
    for words in (["--pipeline", "p"], ["--step", "s"]):
        done = run(
            *words, "--", "sh", "-c", "cat; reportgen log metric a 1; exit 3", stdin=b"hi", REPORTGEN_DISABLED="1"
        )
        assert (done.returncode, done.stdout, done.stderr) == (3, b"hi", b"")
    assert not Path("runs").exists()


def test_log_directory_that_cannot_be_written_is_one_warning() -> None:
    Path("file").write_text("x", "utf-8")
    done = run("--pipeline", "p", "--log-dir", "file/logs", "--", "sh", "-c", "echo ran; exit 3")
    assert (done.returncode, done.stdout) == (3, b"ran\n")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("warning: reportgen could not write to ")


def test_log_directory_that_cannot_be_written_is_an_error_when_strict() -> None:
    Path("file").write_text("x", "utf-8")
    Path("reportgen.toml").write_text("strict = true\n", "utf-8")
    done = run("--pipeline", "p", "--log-dir", "file/logs", "--", "echo", "ran")
    assert (done.returncode, done.stdout) == (1, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("error: cannot record: ")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--", "touch", "ran"], "either --pipeline NAME"),
        (["--pipeline", "p", "--step", "s", "--", "touch", "ran"], "either --pipeline NAME"),
        (["--step", "s", "--", "touch", "ran"], f"none is active: start one with {MISSING}"),
        (["--pipeline", "p"], f"give a command after --, as in {MISSING}"),
        (["--pipeline", "p", "--"], "give a command"),
        (["--pipeline", "p", "--", ""], "give a command"),
        (["--pipeline", "p", "touch", "ran"], f"put -- before the command, as in {MISSING}"),
        (["--pipeline", "p", "touch", "--", "ran"], "put -- before"),
        (["--pipeline", "", "--", "touch", "ran"], "1 to 200 printable characters"),
        (["--step", "s\n", "--", "touch", "ran"], "1 to 200 printable characters"),
        (["--pipeline", "p", "--tag", "", "--", "touch", "ran"], "1 to 200 printable characters"),
        (["--pipeline", "p", "--param", "lr", "--", "touch", "ran"], "'lr' is not of the form KEY=VALUE"),
        (["--pipeline", "p", "--param", "=1", "--", "touch", "ran"], "not of the form KEY=VALUE"),
        (["--pipeline", "p", "--param", "a=1", "--param", "a=2", "--", "touch", "ran"], "'a' is given twice"),
        (["--step", "s", "--param", "a=1", "--", "touch", "ran"], "give it with --pipeline"),
        (["--step", "s", "--log-dir", "logs", "--", "touch", "ran"], "--log-dir is of a run"),
        (["--pipelin", "p", "--", "touch", "ran"], "--pipelin"),
    ],
)
def test_wrong_usage_runs_and_records_nothing(words: list[str], what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["exec", *words]) == 2
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert out == ""
    assert line.startswith("error: ")
    assert what in line
    assert line.endswith("see reportgen exec --help")
    assert [*Path.cwd().iterdir()] == []


@pytest.mark.parametrize("name", ["REPORTGEN_RUN_ID", "REPORTGEN_STEP_ID"])
def test_environment_that_names_no_id_is_an_error(name: str) -> None:
    done = run("--pipeline", "p", "--", "touch", "ran", **{name: "../x"})
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith(f"error: {name} must be a UUID, not '../x': ")
    assert [*Path.cwd().iterdir()] == []


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["exec", "--help"]) == 0
    assert "reportgen exec --pipeline nightly --param lr=0.1 -- ./nightly.sh" in capsys.readouterr().out


def test_script_of_the_readme_works(tmp_path: Path) -> None:
    section = (ROOT / "README.md").read_text("utf-8").partition("## From a shell script")[2]
    script = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert script
    done = subprocess.run(["sh", "-ec", script[1]], capture_output=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, b"")
    assert {record["name"] for record in records_of("runs", "step")} == {"load", "train"}
    assert {record["name"] for record in records_of("runs", "metric")} == {"rows", "exit_code", "duration_s"}
    assert {record["key"] for record in records_of("runs", "artifact")} == {"worst-rows", "summary"}
    assert len(only("runs", "list")["values"]) == 100
    assert end_of_run()["status"] == "completed"
    assert "nightly" in (tmp_path / "site/index.html").read_text("utf-8")
