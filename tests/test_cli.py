"""The command line: exit codes, one line for each error, the old site kept, output and errors apart."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from logs import SECOND, START, metric, run_start, write_run

from reportgen import __version__, cli, demo
from reportgen.errors import InputError

ROOT = Path(__file__).resolve().parent.parent


def reportgen(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, in the working directory of the test."""
    return subprocess.run(
        [sys.executable, "-m", "reportgen", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with logs in `runs`; it is the working directory."""
    write_run(tmp_path / "runs", "r1", [run_start(), metric("accuracy", 0.9)])
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--help"]) == 0
    out, err = capsys.readouterr()
    assert "build" in out
    assert "demo" in out
    assert err == ""


def test_help_of_a_command_names_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["build", "-h"]) == 0
    out = capsys.readouterr().out
    assert [name for name in ("--output", "--title", "--quiet", "LOGS") if name not in out] == []


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"reportgen, version {__version__}\n"


def test_help_loads_nothing_heavy() -> None:
    code = "import sys; from reportgen import cli; cli.run(['--help']); cli.run(['build', '--help'])"
    code += "; print(sorted({'pyarrow', 'jinja2', 'markdown', 'numpy'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_module_and_function_do_the_same(project: Path) -> None:
    done = reportgen("build", "runs", "-o", "site")
    assert (done.returncode, done.stderr) == (0, "")
    n_files = len(contents(project / "site")) - 1
    assert re.fullmatch(
        rf"1 run, {n_files} files \(all written\), [0-9.]+ kB, [0-9.]+ s: site/index\.html\n", done.stdout
    )


def test_build_takes_logs_from_argument_environment_file_and_default(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, n_runs in [("a", 2), ("b", 3), ("c", 4)]:
        for number in range(n_runs):
            write_run(project / name, f"{name}{number}", [run_start()])

    def n_runs_built(*arguments: str) -> int:
        assert cli.run(["build", *arguments]) == 0
        return int(capsys.readouterr().out.split()[0])

    assert n_runs_built() == 1
    (project / "reportgen.toml").write_text('logs = ["a"]\noutput = "mine"\n', "utf-8")
    assert n_runs_built() == 2
    assert (project / "mine" / "index.html").is_file()
    monkeypatch.setenv("REPORTGEN_LOG_DIR", "b")
    assert n_runs_built() == 3
    assert n_runs_built("c") == 4
    assert n_runs_built("a", "c") == 6


def test_title_of_the_command_line_wins_over_the_file(project: Path) -> None:
    (project / "reportgen.toml").write_text('title = "Theirs"\n', "utf-8")
    assert cli.run(["build", "-o", "one"]) == 0
    assert cli.run(["build", "-o", "two", "--title", "Ours <b>"]) == 0
    assert "<title>Overview · Theirs</title>" in (project / "one" / "index.html").read_text("utf-8")
    assert "<title>Overview · Ours &lt;b&gt;</title>" in (project / "two" / "index.html").read_text("utf-8")


def test_quiet_prints_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["build", "-q"]) == 0
    assert capsys.readouterr() == ("", "")


def test_bad_lines_are_printed_with_their_place_and_the_site_is_made(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project / "runs" / "r1" / "main.jsonl"
    path.write_bytes(
        path.read_bytes() + b'{"kind":"metric"\n' + b'{"kind":"metric","ts":1,"seq":9,"name":"x","value":1}\n'
    )
    assert cli.run(["build"]) == 0
    out, err = capsys.readouterr()
    first, *rest = err.splitlines()
    assert first.startswith("skipped: r1/main.jsonl:4: ")
    assert rest == ["lost: 6 records did not arrive; see the pages of their runs"]
    assert out.startswith("1 run, ")


def test_only_the_first_bad_lines_are_printed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = project / "runs" / "r1" / "main.jsonl"
    path.write_bytes(path.read_bytes() + b"nonsense\n" * 25)
    assert cli.run(["build"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11
    assert lines[-1] == "skipped: 15 more, listed on the site's page Data"


# Errors


def no_logs(project: Path) -> list[str]:
    return ["build", "nowhere"]


def empty_logs(project: Path) -> list[str]:
    (project / "empty").mkdir()
    return ["build", "empty"]


def logs_are_a_file(project: Path) -> list[str]:
    (project / "file").write_text("x", "utf-8")
    return ["build", "file"]


def logs_of_one_run(project: Path) -> list[str]:
    return ["build", "runs/r1"]


def output_of_others(project: Path) -> list[str]:
    (project / "theirs").mkdir()
    (project / "theirs" / "thesis.tex").write_text("x", "utf-8")
    return ["build", "-o", "theirs"]


def output_is_a_file(project: Path) -> list[str]:
    (project / "file").write_text("x", "utf-8")
    return ["build", "-o", "file"]


def output_in_the_logs(project: Path) -> list[str]:
    return ["build", "-o", "runs/site"]


def output_cannot_be_made(project: Path) -> list[str]:
    (project / "file").write_text("x", "utf-8")
    return ["build", "-o", "file/site"]


def unreadable_file(project: Path) -> list[str]:
    (project / "runs" / "r2" / "main.jsonl").mkdir(parents=True)  # opens for nobody, not even for root
    return ["build"]


def newer_format(project: Path) -> list[str]:
    (project / "runs" / "r2").mkdir()
    line = '{"kind":"log","ts":1,"seq":0,"format":99,"run":"r2","writer":"main"}\n'
    (project / "runs" / "r2" / "main.jsonl").write_text(line, "utf-8")
    return ["build"]


def config_is_not_toml(project: Path) -> list[str]:
    (project / "reportgen.toml").write_text("title = \n", "utf-8")
    return ["build"]


def config_has_an_unknown_key(project: Path) -> list[str]:
    (project / "reportgen.toml").write_text('titel = "x"\n', "utf-8")
    return ["build"]


def config_has_a_wrong_type(project: Path) -> list[str]:
    (project / "pyproject.toml").write_text("[tool.reportgen]\ntitle = 3\n", "utf-8")
    return ["build"]


BAD = {
    no_logs: ("nowhere", "record a run first"),
    empty_logs: ("empty", "record a run first"),
    logs_are_a_file: ("file", "give the folder that holds one folder per run"),
    logs_of_one_run: ("r1", "give its parent, "),
    output_of_others: ("thesis.tex", "move other files away"),
    output_is_a_file: ("file", "give a folder"),
    output_in_the_logs: ("runs/site", "beside the logs"),
    output_cannot_be_made: ("file/site", "build again"),
    unreadable_file: ("main.jsonl", "build again"),
    newer_format: ("format 99", "install a newer reportgen"),
    config_is_not_toml: ("reportgen.toml:1: not TOML", "docs/configuration.md"),
    config_has_an_unknown_key: ("titel", "did you mean `title`?"),
    config_has_a_wrong_type: ("pyproject.toml:2: `tool.reportgen.title` must be text, not 3", "docs/configuration.md"),
}


@pytest.mark.parametrize("make_bad", BAD, ids=lambda make_bad: make_bad.__name__)
def test_bad_input_is_one_line_that_says_what_where_and_what_to_do(
    project: Path, capsys: pytest.CaptureFixture[str], make_bad: object
) -> None:
    assert cli.run(["build", "-q"]) == 0
    site = contents(project / "site")
    arguments = make_bad(project)  # type: ignore[operator]
    others = {name: content for name, content in contents(project).items() if not name.startswith("site/")}
    assert cli.run(arguments) == 1
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("error: ")
    what, hint = BAD[make_bad]  # type: ignore[index]
    assert what in line
    assert hint in line.partition(what)[2]
    assert contents(project / "site") == site
    assert {name: content for name, content in contents(project).items() if not name.startswith("site/")} == others


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["build", "--nonsense"], "--nonsense"),
        (["--nonsense"], "--nonsense"),
        (["nonsense"], "nonsense"),
        (["build", "-o"], "-o"),
        (["demo", "a", "b"], "b"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], what: str
) -> None:
    assert cli.run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("error: ")
    assert what in line
    assert "--help" in line
    assert [path.name for path in project.iterdir()] == ["runs"]


def test_error_has_no_traceback_unless_asked_for(project: Path) -> None:
    done = reportgen("build", "nowhere")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    done = reportgen("--debug", "build", "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback (most recent call last)" in done.stderr
    assert "InputError" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("arguments", [["build"], ["seal", "--dry-run", "--idle", "0"], ["--help"]])
def test_output_that_cannot_be_printed_is_one_line(project: Path, arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "reportgen", *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: the standard output cannot be read or written, No space left on device: ")


def test_wrong_usage_exits_with_2(project: Path) -> None:
    done = reportgen("build", "--nonsense")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_source_date_that_is_no_number_is_an_error(project: Path) -> None:
    done = reportgen("build", SOURCE_DATE_EPOCH="yesterday")
    assert (done.returncode, done.stdout) == (1, "")
    assert "SOURCE_DATE_EPOCH is 'yesterday'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_stopped_build_changes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.run(["build", "-q"]) == 0
    before = contents(project)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("reportgen.work.write_file", stop)
    assert cli.run(["build", "--full"]) == 1
    assert capsys.readouterr().err.strip() == "stopped; nothing is half done"
    assert contents(project) == before


# The demo


def test_demo_runs_examples_and_builds_their_site(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing() -> None:
        raise RuntimeError("as real pipelines do")

    def recording() -> None:
        write_run(Path(os.environ["REPORTGEN_LOG_DIR"]), "r1", [run_start("digits")], at=START + SECOND)

    monkeypatch.setattr(demo, "load_runs", lambda: [recording, failing])
    assert cli.run(["demo", "here"]) == 0
    out = capsys.readouterr().out
    assert "1 of 2 failed" in out
    assert (project / "here" / "site" / "index.html").is_file()
    assert "REPORTGEN_LOG_DIR" not in os.environ


def test_demo_without_its_packages_says_what_to_install(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [*sys.modules]:
        if name.partition(".")[0] == "sklearn":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert cli.run(["demo"]) == 1
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert "sklearn" in line
    assert "pip install 'reportgen[demo]'" in line
    assert out == ""
    assert not (project / "demo").exists()


def test_demo_whose_examples_are_gone_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "spec_from_file_location", lambda *_: None)
    with pytest.raises(InputError) as caught:
        demo.load_runs()
    assert caught.value.slug == "incomplete-installation"


def test_debug_may_stand_after_the_command(project: Path) -> None:
    finished = reportgen("build", "nowhere", "--debug")
    assert finished.returncode == 1
    assert "Traceback" in finished.stderr


def test_bad_lines_cannot_command_the_terminal(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "runs" / "\x1b[31mred").mkdir()
    (project / "runs" / "\x1b[31mred" / "main.jsonl").write_bytes(b"not a record\n")
    assert cli.run(["build"]) == 0
    assert "\x1b[31mred" not in capsys.readouterr().err
