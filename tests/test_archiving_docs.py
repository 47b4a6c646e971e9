"""docs/archiving.md: what it says of plain tools is what they do, on whole archives and on damaged ones."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from logs import write_small_project

from reportgen import cli, crate
from reportgen.archives import pack_site, verify_site
from reportgen.build import build_site
from reportgen.options import Options

TOOLS = ("bash", "unzip", "sha256sum", "sed", "comm")


@pytest.fixture
def page(repository: Path) -> str:
    return (repository / "docs/archiving.md").read_text("utf-8")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    write_small_project(tmp_path / "runs")
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    pack_site(tmp_path / "site", tmp_path / "report.zip")
    return tmp_path / "site"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def run_shell(commands: list[str]) -> subprocess.CompletedProcess[str]:
    text = "set -o pipefail\n" + "\n".join(commands)
    return subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=False)


@pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason="a plain tool is not installed")
def test_shell_commands_prove_a_whole_archive_and_find_damage(page: str, site: Path, tmp_path: Path) -> None:
    unpack, cite, check, find_added = blocks(page, "bash")

    done = run_shell([unpack, cite, check, find_added])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{verify_site(site).manifest.digest}  manifest.json\n"

    (tmp_path / "report/404.html").write_text("another")
    (tmp_path / "report/own.html").write_text("added")
    assert "404.html: FAILED" in run_shell(["cd report", check]).stdout
    assert run_shell(["cd report", find_added]).stdout == "own.html\n"
    (tmp_path / "report/404.html").unlink()
    assert run_shell(["cd report", check]).returncode == 1


def test_python_without_reportgen_proves_the_same(page: str, site: Path) -> None:
    check, read = blocks(page, "python")

    def run(code: str) -> str:
        words = [sys.executable, "-I", "-c", code]
        return subprocess.run(words, cwd=site, capture_output=True, text=True, check=True).stdout

    assert run(check) == ""
    assert run(read).startswith("6 runs from 2026-01-01 00:00:00")
    (site / "404.html").write_text("another")
    (site / "index.html").unlink()
    (site / "own.html").write_text("added")
    assert run(check) == "changed 404.html\nmissing index.html\nadded own.html\n"


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not installed")
def test_bag_checks_with_plain_tools(page: str, site: Path, tmp_path: Path) -> None:
    command = "sha256sum --check --quiet manifest-sha256.txt"
    assert command in page.replace("\n  ", " ")
    assert cli.run(["export", "bagit", str(site), "-o", "bag", "--quiet"]) == 0

    assert run_shell(["cd bag", command]).returncode == 0
    assert run_shell(["cd bag", command.replace("manifest", "tagmanifest")]).returncode == 0
    (tmp_path / "bag/data/index.html").write_text("another")
    assert run_shell(["cd bag", command]).returncode == 1


def test_commands_of_the_page_are_commands(page: str) -> None:
    for line in re.findall(r"^reportgen .*$", page, re.MULTILINE):
        words = line.split()[1:]
        depth = 2 if words[0] == "export" else 1
        assert cli.run([*words[:depth], "--help"]) == 0, line
        options = {word for word in words if word.startswith("--")}
        command = cli.cli.commands[words[0]]
        command = getattr(command, "commands", {}).get(words[1], command)
        assert options <= {name for parameter in command.params for name in parameter.opts}, line


def test_limits_of_the_crate_are_those_that_the_page_gives(page: str) -> None:
    assert f"the newest {crate.MOST_RUNS} runs, and {crate.MOST_STEPS} steps of each" in page
