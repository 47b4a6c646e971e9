"""Builds whose work a Dask cluster does: the same bytes, also when one of its workers is killed on the way."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from corpus import write_corpus
from pages import read_site
from test_build_killed import Killer

from reportgen.build import build_site
from reportgen.cli import run
from reportgen.cluster import open_cluster
from reportgen.errors import InputError, OutputError
from reportgen.options import Options
from reportgen.parallel import run_tasks

if TYPE_CHECKING:
    from distributed import LocalCluster

# Those of the event loops and processes of the cluster, which tests end while it is at work.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """Two worker processes and a scheduler on the loopback."""
    distributed = pytest.importorskip("distributed", reason="no Dask: the package distributed is not installed")
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=2,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
        local_directory=str(tmp_path_factory.mktemp("dask")),
        silence_logs=50,
    ) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def lasting_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lasting")


@pytest.fixture(autouse=True)
def working_directory(lasting_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in a folder that outlives the test: workers that are started again are in it, too."""
    monkeypatch.chdir(lasting_folder)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Divide the work of few runs as that of many is."""
    monkeypatch.setattr("reportgen.gather._MOST_RUNS", 4)
    monkeypatch.setattr("reportgen.work._LEAST_WORK_MS", 20)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    write_corpus(tmp_path / "runs", 20)
    return tmp_path / "runs"


def build_here(logs: Path) -> dict[str, bytes]:
    build_site([logs], logs.parent / "here", Options())
    return read_site(logs.parent / "here")


def from_here(path: Path) -> str:
    """A path that leads nowhere from where workers are."""
    return os.path.relpath(path)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.usefixtures("small_parts")
def test_cluster_makes_the_same_bytes(cluster: LocalCluster, logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = logs.parent / "out/site"
    command = ["build", from_here(logs), "-o", from_here(site), "--executor", "dask"]
    command += ["--scheduler", cluster.scheduler_address]
    assert run(command) == 0
    assert read_site(site) == build_here(logs)
    write_corpus(logs, 1, first=20)
    assert run(command) == 0
    _, _, again = capsys.readouterr().out.partition("\n")
    assert "(all written)" not in again
    assert read_site(site) == build_here(logs)
    assert names_in(site.parent) == ["site"]


def test_cluster_goes_on_from_a_site_whose_logs_are_gone(cluster: LocalCluster, logs: Path) -> None:
    expected = build_here(logs)
    open_executor = open_cluster(cluster.scheduler_address)
    here, there = Path(from_here(logs.parent / "here")), Path(from_here(logs.parent / "there"))
    build_site([here], there, Options(), open_executor=open_executor)
    assert read_site(there) == expected


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("stage", ["Reading", "Making"])
def test_worker_that_is_killed_is_replaced(cluster: LocalCluster, logs: Path, tmp_path: Path, stage: str) -> None:
    def kill() -> None:
        os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)

    killer = Killer(stage, kill)
    open_executor = open_cluster(cluster.scheduler_address)
    build_site([logs], tmp_path / "out/site", Options(), open_executor=open_executor, progress=killer)
    assert killer.has_killed
    assert read_site(tmp_path / "out/site") == build_here(logs)
    assert names_in(tmp_path / "out") == ["site"]


def _fail(_: int) -> None:
    raise InputError("a log cannot be read", hint="mend it", slug="unreadable")


def test_error_of_a_worker_is_the_error_of_the_build(cluster: LocalCluster) -> None:
    with pytest.raises(InputError, match="a log cannot be read: mend it"):
        list(run_tasks(open_cluster(cluster.scheduler_address), _fail, [1, 2]))


def _die(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_work_that_kills_every_worker_is_an_error(cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    with pytest.raises(OutputError, match="worker processes died 3 times") as caught:
        list(run_tasks(open_cluster(cluster.scheduler_address), _die, [1]))
    assert caught.value.slug == "workers-died"


def test_workers_with_another_reportgen_are_refused(
    cluster: LocalCluster, logs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("reportgen.basis._basis_of_program", lambda: b"other")
    assert run(["build", str(logs), "--executor", "dask", "--scheduler", cluster.scheduler_address]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: workers do not have this reportgen (tcp://127.0.0.1:")
    assert names_in(logs.parent) == ["runs"]


# Without a cluster


def test_scheduler_that_does_not_answer_is_one_line(
    logs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("distributed", reason="no Dask: the package distributed is not installed")
    monkeypatch.setattr("reportgen.cluster._PATIENCE_S", 0.5)
    for address in ("tcp://127.0.0.1:9", "nonsense://127.0.0.1:9", "127.0.0.1"):
        assert run(["build", str(logs), "--executor", "dask", "--scheduler", address]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"error: no Dask scheduler answers at {address}: give the address")
    assert names_in(logs.parent) == ["runs"]


def test_missing_package_is_one_line_that_says_what_to_install(
    logs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tcp://127.0.0.1:9")
    assert run(["build", str(logs), "--executor", "dask"]) == 1
    assert capsys.readouterr().err == "error: distributed is not installed: pip install 'reportgen[dask]'\n"


@pytest.mark.parametrize(
    ("flags", "what"),
    [
        (["--executor", "dask"], "--executor dask needs a scheduler: give --scheduler tcp://HOST:PORT"),
        (["--scheduler", "tcp://127.0.0.1:9"], "--scheduler is for --executor dask"),
        (["--scheduler", "tcp://127.0.0.1:9", "--executor", "a:b"], "--scheduler is for --executor dask"),
        (["--workers", "2", "--executor", "dask"], "--workers and --executor exclude each other"),
    ],
)
def test_flags_that_do_not_go_together_are_wrong_usage(
    logs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], flags: list[str], what: str
) -> None:
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
    assert run(["build", str(logs), *flags]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert what in line
