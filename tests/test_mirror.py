"""Logs in an object store: mirrored into the cache, read from there, and never changed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from logs import START, metric, run_start, write_run, write_small_project
from objectstore import Bucket

import reportgen
from reportgen import cli, mirror
from reportgen.errors import InputError, ReportgenError
from reportgen.mirror import local_path
from reportgen.remote import explain, place_of, plain_url
from reportgen.settings import is_url

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store's thread lets worker processes start anew, which takes them seconds."""
    monkeypatch.setattr("reportgen.making.choose_executor", lambda n_tasks, seconds: None)


def files_of(folder: Path) -> dict[str, tuple[bytes, int]]:
    """What a folder holds: content and time of each file."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def site_of(folder: Path) -> dict[str, bytes]:
    return {name: content for name, (content, _) in files_of(folder).items()}


# URLs


@pytest.mark.parametrize("text", ["s3://bucket/runs", "gs://b", "abfs://c@account.dfs.core.windows.net/x", "foo://x"])
def test_url_is_told_from_a_path(text: str) -> None:
    assert is_url(text)
    assert not is_url(Path(text))


@pytest.mark.parametrize("text", ["runs", "./s3:/x", "C://runs", "/a://b", "", None, "://x", "ä://x"])
def test_path_is_no_url(text: str | None) -> None:
    assert not is_url(text)


def test_messages_show_no_credentials() -> None:
    assert plain_url("s3://KEY:SECRET@bucket/runs/?region=x") == "s3://bucket/runs"
    assert plain_url("abfs://box:SECRET@account.dfs.core.windows.net/x?sas=SECRET") == (
        "abfs://box@account.dfs.core.windows.net/x"
    )
    error = explain("s3://b", ValueError("Cannot parse URI: 's3://KEY:SECRET@b ucket'"))
    assert "SECRET" not in str(error)


def test_the_same_place_is_the_same_with_another_password() -> None:
    one, other = "s3://K:S@b/runs?scheme=http", "s3://b/runs/?region=eu-1"
    assert place_of(one) == place_of(other)
    assert place_of("s3://b/runs?endpoint_override=x") != place_of("s3://b/runs?endpoint_override=y")


# Mirrors


def test_mirror_has_the_files_of_logs_with_the_times_of_the_store(bucket: Bucket) -> None:
    write_small_project(Path("runs"))
    bucket.put_folder(Path("runs"), "team/runs")
    bucket.put("team/runs/README.txt", b"not a log")
    bucket.put("team/runs/run-0/notes.txt", b"not a log")
    bucket.put("team/runs-old/run-0/main.jsonl", b"of another folder")
    folder = local_path(bucket.url("team/runs"))
    assert site_of(folder) == site_of(Path("runs"))
    stored = bucket.client.head_object(Bucket=bucket.name, Key="team/runs/run-0/main.jsonl")["LastModified"]
    assert (folder / "run-0/main.jsonl").stat().st_mtime_ns == int(stored.timestamp()) * 10**9


def test_only_what_is_new_or_changed_is_downloaded_and_what_is_gone_is_removed(
    bucket: Bucket, s3: tuple[int, list[str]]
) -> None:
    write_small_project(Path("runs"))
    bucket.put_folder(Path("runs"), "runs")
    local_path(bucket.url("runs"))
    write_run(Path("runs"), "run-r", [run_start("watch"), metric("ticks", 3), metric("ticks", 4)])
    write_run(Path("runs"), "run-s", [run_start("watch")])
    for name in ("run-r", "run-s"):
        bucket.put(f"runs/{name}/main.jsonl", Path(f"runs/{name}/main.jsonl").read_bytes())
    bucket.remove("runs/run-f/main.jsonl")
    Path("runs/run-f/main.jsonl").unlink()
    s3[1].clear()
    folder = local_path(bucket.url("runs"))
    assert site_of(folder) == site_of(Path("runs"))
    fetched = {request for request in s3[1] if request.endswith(".jsonl")}
    assert {request.rpartition("/runs/")[2] for request in fetched} == {"run-r/main.jsonl", "run-s/main.jsonl"}
    s3[1].clear()
    local_path(bucket.url("runs"))
    assert len(s3[1]) == 1  # the listing


def test_journal_in_the_mirror_that_was_cut_is_downloaded_again(bucket: Bucket) -> None:
    path = write_run(Path("runs"), "r1", [run_start(), metric("m", 1)])
    bucket.put_folder(Path("runs"), "runs")
    copy = local_path(bucket.url("runs")) / "r1/main.jsonl"
    copy.write_bytes(copy.read_bytes()[:50])
    local_path(bucket.url("runs"))
    assert copy.read_bytes() == path.read_bytes()


def test_download_that_is_killed_leaves_nothing_half(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(Path("runs"), "r1", [run_start(), metric("m", 1)])
    bucket.put_folder(Path("runs"), "runs")

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "utime", die)
        with pytest.raises(KeyboardInterrupt):
            local_path(bucket.url("runs"))
    root = mirror.cache_folder("mirrors", bucket.url("runs"))
    assert files_of(root / "runs") == {}
    (root / ".new").mkdir()
    (root / ".new" / "left").write_bytes(b"of a process that was killed")
    assert site_of(local_path(bucket.url("runs"))) == site_of(Path("runs"))
    assert not (root / ".new").exists()


@pytest.mark.parametrize(
    "name",
    ["r/../../evil.jsonl", "../../evil/main.jsonl", "../r1/main.jsonl", "x/../main.jsonl", "/evil.jsonl", "./x.jsonl"],
)
def test_name_that_leads_out_of_the_mirror_is_refused(bucket: Bucket, tmp_path: Path, name: str) -> None:
    write_run(Path("runs"), "r1", [run_start()])
    bucket.put_folder(Path("runs"), "runs")
    bucket.put(f"runs/{name}", b"{}")
    with pytest.raises(InputError, match="no folder can hold") as raised:
        local_path(bucket.url("runs"))
    assert raised.value.slug == "unsafe-name"
    assert not [*tmp_path.rglob("evil*")]


def test_other_hostile_names_stay_in_the_mirror(bucket: Bucket) -> None:
    write_run(Path("runs"), "r1", [run_start()])
    bucket.put_folder(Path("runs"), "runs")
    for name in ("runs/r\\..\\..\\x/a.jsonl", "runs/r1/blobs/../x", "runs/\u00e4/b c.jsonl"):
        bucket.put(name, b"{}")
    folder = local_path(bucket.url("runs"))
    assert {*site_of(folder)} == {"r1/main.jsonl", "r\\..\\..\\x/a.jsonl", "\u00e4/b c.jsonl"}


def test_empty_segments_that_stand_for_folders_are_no_files(bucket: Bucket) -> None:
    write_run(Path("runs"), "r1", [run_start()])
    bucket.put_folder(Path("runs"), "runs")
    for name in ("runs/", "runs/r1/", "runs/r2/"):
        bucket.put(name, b"")
    assert [*site_of(local_path(bucket.url("runs")))] == ["r1/main.jsonl"]


# Who reads them


def test_build_of_a_url_is_that_of_the_folder(bucket: Bucket, capsys: pytest.CaptureFixture[str]) -> None:
    write_small_project(Path("runs"))
    bucket.put_folder(Path("runs"), "runs")
    assert cli.run(["build", "runs", "-o", "local"]) == 0
    assert cli.run(["build", bucket.url("runs"), "-o", "remote"]) == 0
    assert site_of(Path("remote")) == site_of(Path("local"))
    write_run(Path("runs"), "run-s", [run_start("watch"), metric("ticks", 3)], at=START + 10**12)
    bucket.put_folder(Path("runs") / "run-s", "runs/run-s")
    capsys.readouterr()
    assert cli.run(["build", "runs", "-o", "local", "--full"]) == 0
    assert cli.run(["build", bucket.url("runs"), "-o", "remote"]) == 0
    assert "(all written)" not in capsys.readouterr().out.splitlines()[-1]  # an update, of one run
    assert site_of(Path("remote")) == site_of(Path("local"))


def test_environment_and_configuration_name_urls(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(Path("runs"), "r1", [run_start(), metric("m", 7)])
    bucket.put_folder(Path("runs"), "elsewhere")
    Path("reportgen.toml").write_text(f'logs = ["{bucket.url("elsewhere")}"]')
    assert [row["value"] for row in reportgen.get_metrics("m")] == [7.0]
    assert cli.run(["build"]) == 0
    Path("reportgen.toml").unlink()
    monkeypatch.setenv("REPORTGEN_LOG_DIR", bucket.url("elsewhere"))
    assert [row["value"] for row in reportgen.get_metrics("m")] == [7.0]
    assert [row["value"] for row in reportgen.get_metrics("m", log_dir=bucket.url("elsewhere"))] == [7.0]
    capsys.readouterr()
    assert cli.run(["metric", "ls"]) == 0
    assert "churn" in capsys.readouterr().out
    assert cli.run(["run", "ls", "--logs", bucket.url("elsewhere"), "-o", "json"]) == 0
    assert '"r1"' in capsys.readouterr().out


def test_site_in_a_store_is_an_input_and_a_base(bucket: Bucket) -> None:
    write_small_project(Path("runs"))
    assert cli.run(["build", "runs", "-o", "site"]) == 0
    bucket.put_folder(Path("site"), "site")
    write_run(Path("new"), "run-s", [run_start("watch"), metric("ticks", 3)], at=START + 10**12)
    assert cli.run(["build", "new", "--base", bucket.url("site"), "-o", "remote"]) == 0
    assert cli.run(["build", "new", "--base", "site", "-o", "local"]) == 0
    assert site_of(Path("remote")) == site_of(Path("local"))


@pytest.mark.parametrize(
    "command",
    [["seal", "URL"], ["prune", "URL", "--max-runs", "1"], ["run", "delete", "r1", "--logs", "URL", "--yes"]],
    ids=["seal", "prune", "delete"],
)
def test_commands_that_change_logs_refuse_a_url(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    words = [word.replace("URL", "s3://bucket/runs") for word in command]
    assert cli.run(words) == 1
    error = capsys.readouterr().err
    assert "s3://bucket/runs: logs in an object store cannot be changed" in error
    assert len(error.splitlines()) == 1


def test_command_line_reads_and_writes_stores_with_worker_processes(bucket: Bucket) -> None:
    write_small_project(Path("runs"))
    bucket.put_folder(Path("runs"), "runs")
    words = ["build", bucket.url("runs"), "-o", bucket.url("site"), "--workers", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "reportgen", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert cli.run(["build", "runs", "-o", "local"]) == 0
    assert bucket.contents("site") == site_of(Path("local"))


# What is wrong


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        ("foo://bucket/runs", "bad-url"),
        ("file:///tmp/runs", "bad-url"),
        ("s3://", "bad-url"),
        ("s3://?region=x", "bad-url"),
        ("s3://bucket/runs?colour=red", "bad-url"),
    ],
)
def test_url_that_cannot_be_used_is_refused(url: str, slug: str) -> None:
    with pytest.raises(InputError) as raised:
        local_path(url)
    assert raised.value.slug == slug


def test_bucket_and_logs_that_are_not_there(bucket: Bucket) -> None:
    write_run(Path("runs"), "r1", [run_start()])
    bucket.put_folder(Path("runs"), "runs")
    for url, slug in {
        bucket.url("runs").replace(bucket.name, "nobody"): "no-such-bucket",
        bucket.url("other"): "no-runs",
        bucket.url("runs/r1"): "logs-of-one-run",
    }.items():
        with pytest.raises(InputError) as raised:
            local_path(url)
        assert raised.value.slug == slug
        assert "\n" not in str(raised.value)


def test_store_that_cannot_be_reached_is_one_line(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["build", "s3://bucket/runs?endpoint_override=127.0.0.1:9&scheme=http"]) == 1
    error = capsys.readouterr().err
    assert "s3://bucket/runs: the store cannot be reached" in error
    assert len(error.splitlines()) == 1
    assert not Path("site").exists()


@pytest.mark.parametrize(
    ("said", "slug"),
    [
        ("When listing: AWS Error ACCESS_DENIED during ListObjectsV2 operation: No response body.", "store-access"),
        ("AWS Error UNKNOWN (HTTP status 403) during HeadObject operation: x (credentials)", "store-access"),
        ("AWS Error SLOW_DOWN during PutObject operation: Please reduce your request rate.", "store-failed"),
        ("Could not load libhdfs", "bad-url"),
    ],
)
def test_what_a_store_says_gets_a_slug_and_a_hint(said: str, slug: str) -> None:
    error: ReportgenError = explain("s3://b/x", OSError(said))
    assert error.slug == slug
    assert error.hint
