"""What users install is whole: the wheel, built from the sdist, makes a site far away from the checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.heavy, pytest.mark.packaging]

NO_NETWORK = re.compile(
    "Temporary failure in name resolution|NewConnectionError|Failed to establish|Network is unreachable"
)

RECORD_A_RUN = """
import reportgen
with reportgen.start_run("p", log_dir="runs") as run:
    reportgen.record_metric_value("m", 1.0)
"""


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command that must succeed, untouched by the environment's Python settings, and give its output."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    result = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    output = result.stdout + result.stderr
    if result.returncode and NO_NETWORK.search(output) and "CI" not in os.environ:
        pytest.skip("the build needs hatchling from the package registry, which cannot be reached")
    assert result.returncode == 0, output
    return output


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """A folder with the sdist of the checkout, and the wheel that was built from that sdist."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, repository, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(distributions: Path) -> Path:
    (path,) = distributions.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """The `bin` folder of a new environment with the wheel, which borrows the dependencies of this one."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    scheme = {"base": str(folder), "platbase": str(folder)}
    purelib = Path(sysconfig.get_path("purelib", "venv", scheme))
    scripts = Path(sysconfig.get_path("scripts", "venv", scheme))
    python = scripts / Path(sys.executable).name
    pip = (sys.executable, "-m", "pip", "--python", python)
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=folder)
    # Added after the environment's own packages, and without running the .pth file of an editable install.
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (purelib / "borrowed.pth").write_text("\n".join(sorted(borrowed)))
    return scripts


def list_files(folder: Path) -> set[str]:
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in files if not any(part.startswith((".", "__pycache__")) for part in path.parts)}


def is_recorded_log(folder: str, name: str) -> bool:
    """The recorded logs are what `site/` is made from; who installs the package makes runs of their own."""
    return folder == "examples" and name.startswith("logs/")


def test_wheel_holds_package_templates_and_examples(wheel: Path, repository: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for source, target in [
        ("reportgen", "reportgen"),
        ("templates", "reportgen/templates"),
        ("examples", "reportgen/examples"),
    ]:
        expected = {f"{target}/{name}" for name in list_files(repository / source) if not is_recorded_log(source, name)}
        assert expected, source
        assert expected <= names, sorted(expected - names)
    assert not [name for name in names if name.endswith(".jsonl")]
    assert "reportgen/py.typed" in names
    assert any(name.startswith("reportgen/templates/static/") for name in names)


def test_wheel_holds_nothing_else(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {re.sub(r"-.*\.dist-info", ".dist-info", top) for top in tops} == {"reportgen", "reportgen.dist-info"}


def test_sdist_leaves_tests_and_site_out(distributions: Path) -> None:
    (path,) = distributions.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        tops = {name.split("/")[1] for name in archive.getnames() if "/" in name}
    assert {"LICENSE", "README.md", "pyproject.toml", "reportgen", "templates", "examples"} <= tops
    assert not {"tests", "site", "demo", ".venv", ".git"} & tops


def test_installed_command_tells_the_version_of_the_wheel(installed: Path, wheel: Path, tmp_path: Path) -> None:
    assert wheel.name.split("-")[1] in run(installed / "reportgen", "--version", cwd=tmp_path)


def test_installed_package_records_and_builds_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    python = installed / Path(sys.executable).name
    home = run(python, "-c", "import reportgen; print(reportgen.__file__)", cwd=tmp_path).strip()
    assert Path(home).is_relative_to(installed.parent), "the package was imported from somewhere else"

    run(python, "-c", RECORD_A_RUN, cwd=tmp_path)
    run(installed / "reportgen", "build", "runs", "-o", "site", cwd=tmp_path)

    assert "<html" in (tmp_path / "site" / "index.html").read_text("utf-8")


def test_demo_runs_from_an_installed_wheel(installed: Path, tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    output = run(installed / "reportgen", "demo", "somewhere", cwd=tmp_path)

    assert output.splitlines()[-1].endswith("somewhere/site/index.html")
    overview = (tmp_path / "somewhere/site/index.html").read_text("utf-8")
    for pipeline in ("digits-train", "digits-baseline", "prices-quality", "reportgen-bench"):
        assert pipeline in overview
