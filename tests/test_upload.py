"""Sites in an object store: built in the cache, and what differs is uploaded."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from logs import PNG, START, artifact, metric, run_start, write_blob, write_run
from objectstore import Bucket
from test_mirror import site_of

from reportgen import cli, mirror
from reportgen.errors import OutputError
from reportgen.publish.upload import NOTE, RemoteSite, hold_remote_site, metadata_of


@pytest.fixture(autouse=True)
def no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store's thread lets worker processes start anew, which takes them seconds."""
    monkeypatch.setattr("reportgen.making.choose_executor", lambda n_tasks, seconds: None)


def build(*words: str) -> int:
    return cli.run(["build", *words])


def write_project() -> None:
    """Write two runs, one of which has a file."""
    write_run(Path("runs"), "run-f", [run_start(), metric("loss", 3)])
    image = {"blob": write_blob(Path("runs"), "run-g", PNG), "name": "plot.png"}
    write_run(Path("runs"), "run-g", [run_start(), metric("loss", 2), artifact("i", "plot", type="image", data=image)])


@pytest.fixture
def project(bucket: Bucket) -> Bucket:
    """Logs in the folder `runs`, and their site in the store at `site`."""
    write_project()
    assert build("runs", "-o", bucket.url("site"), "-q") == 0
    return bucket


def add_run() -> None:
    write_run(Path("runs"), "run-s", [run_start("watch"), metric("ticks", 3)], at=START + 10**12)


def local_site() -> dict[str, bytes]:
    assert build("runs", "-o", "local", "--full", "-q") == 0
    return site_of(Path("local"))


def test_site_in_a_store_is_that_of_a_folder(project: Bucket) -> None:
    assert project.contents("site") == local_site()


def test_only_what_differs_is_uploaded_and_what_is_gone_is_removed(
    project: Bucket, s3: tuple[int, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    before = project.contents("site")
    add_run()
    Path("runs/run-f/main.jsonl").unlink()
    s3[1].clear()
    assert build("runs", "-o", project.url("site")) == 0
    after = project.contents("site")
    assert after == local_site()
    place = f"/{project.name}/site/"
    put = [request.partition(place)[2] for request in s3[1] if request.startswith("PUT") and place in request]
    files = [name for name in put if name and not name.endswith("/")]
    changed = {name for name, content in after.items() if before.get(name) != content}
    assert {*files} == changed | {NOTE}
    assert (files[0], files[-1]) == (NOTE, "manifest.json")
    n_gone = len(before.keys() - after.keys())
    last = capsys.readouterr().out.splitlines()
    assert n_gone > 0
    assert last[-1].startswith(f"uploaded {len(changed) - 1} files (")
    assert last[-1].endswith(f"removed {n_gone}, left {len(after) - len(changed)} as they were")
    assert f"s3://{project.name}/site/index.html" in last[-2]


def test_nothing_is_uploaded_when_nothing_changed(project: Bucket, s3: tuple[int, list[str]]) -> None:
    s3[1].clear()
    assert build("runs", "-o", project.url("site")) == 0
    assert not [request for request in s3[1] if not request.startswith(("GET", "HEAD"))]


def test_other_machine_uploads_only_what_differs(
    project: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other-cache"))
    assert build("runs", "-o", project.url("site")) == 0
    assert "uploaded 0 files" in capsys.readouterr().out


def test_files_are_served_as_what_they_are(project: Bucket) -> None:
    def headers(name: str) -> tuple[str, str | None]:
        found = project.headers(f"site/{name}")
        return found["ContentType"], found.get("CacheControl")

    assert headers("index.html") == ("text/html; charset=utf-8", "no-cache")
    assert headers("manifest.json") == ("application/json", "no-cache")
    assert headers("static/report.css") == ("text/css; charset=utf-8", None)
    assert headers("static/report.js") == ("text/javascript; charset=utf-8", None)
    assert headers("data/runs.parquet") == ("application/vnd.apache.parquet", None)
    assert metadata_of("data/blobs/x.png")["Content-Type"] == "image/png"
    assert metadata_of(".nojekyll")["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize("at", [0, 1, 5])
def test_upload_that_is_cut_short_is_made_good_by_the_next(
    project: Bucket, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even when the logs are what they were before, so that the manifest in the store looks right."""
    add_run()
    n_put = 0
    put_file = RemoteSite._put_file

    def die(self: RemoteSite, url: str) -> None:
        nonlocal n_put
        n_put += 1
        if n_put > at:
            raise OutputError("no more", hint="try again", slug="store-failed")
        put_file(self, url)

    with monkeypatch.context() as patch:
        patch.setattr(RemoteSite, "_put_file", die)
        assert build("runs", "-o", project.url("site")) == 1
    assert NOTE in project.contents("site")
    Path("runs/run-s/main.jsonl").unlink()
    Path("runs/run-s").rmdir()
    assert build("runs", "-o", project.url("site")) == 0
    assert project.contents("site") == local_site()


def test_first_upload_that_is_cut_short_is_no_foreign_place(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project()
    put_file = RemoteSite._put_file

    def die(self: RemoteSite, url: str) -> None:
        if url == "manifest.json":
            raise OutputError("no more", hint="try again", slug="store-failed")
        put_file(self, url)

    with monkeypatch.context() as patch:
        patch.setattr(RemoteSite, "_put_file", die)
        assert build("runs", "-o", bucket.url("site")) == 1
    assert "manifest.json" not in bucket.contents("site")
    assert build("runs", "-o", bucket.url("site")) == 0
    assert bucket.contents("site") == local_site()


def test_full_build_uploads_every_file(project: Bucket) -> None:
    project.put("site/index.html", b"changed by hand")
    assert build("runs", "-o", project.url("site")) == 0
    assert project.get("site/index.html") == b"changed by hand"
    assert build("runs", "-o", project.url("site"), "--full") == 0
    assert project.contents("site") == local_site()


def test_place_with_objects_of_others_is_refused(bucket: Bucket, capsys: pytest.CaptureFixture[str]) -> None:
    write_project()
    for name, content in {"a/photo.jpg": b"x", "b/manifest.json": b'{"generator": "other", "files": {}}'}.items():
        bucket.put(name, content)
        assert build("runs", "-o", bucket.url(name[0])) == 1
        assert "holds objects that reportgen did not write" in capsys.readouterr().err
    assert bucket.names() == ["a/photo.jpg", "b/manifest.json"]
    assert not mirror.cache_folder("sites", bucket.url("a")).joinpath("site").exists()  # refused before the build


def test_objects_of_others_beside_a_site_stay_and_are_not_written_over(
    project: Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    project.put("site/photo.jpg", b"x")
    project.put("site/runs/run-s.html", b"in the way")
    before = project.contents("site")
    add_run()
    assert build("runs", "-o", project.url("site")) == 1
    assert "run-s.html" in capsys.readouterr().err
    assert project.contents("site") == before
    project.remove("site/runs/run-s.html")
    assert build("runs", "-o", project.url("site")) == 0
    assert project.contents("site") == {**local_site(), "photo.jpg": b"x"}


@pytest.mark.parametrize(("logs", "site"), [("runs", "runs"), ("runs", "runs/site"), ("a/runs", "a"), ("runs", "")])
def test_site_within_its_logs_is_refused(
    bucket: Bucket, logs: str, site: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_project()
    bucket.put_folder(Path("runs"), logs)
    assert build(bucket.url(logs), "-o", bucket.url(site)) == 1
    assert "within each other" in capsys.readouterr().err or logs == site


def test_logs_and_site_may_lie_beside_each_other_in_a_bucket(bucket: Bucket) -> None:
    write_project()
    bucket.put_folder(Path("runs"), "runs")
    Path("reportgen.toml").write_text(f'logs = ["{bucket.url("runs")}"]\noutput = "{bucket.url("runs-site")}"')
    assert build() == 0
    Path("reportgen.toml").unlink()
    ours, theirs = local_site(), bucket.contents("runs-site")
    assert theirs.pop("manifest.json") != ours.pop("manifest.json")  # which knows of the other options
    assert theirs == ours


def test_store_that_fails_leaves_the_old_manifest(project: Bucket, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = project.get("site/manifest.json")
    add_run()
    url = project.url("site").replace(project.name, f"{project.name}-gone")
    assert build("runs", "-o", url) == 1
    assert "there is no such bucket" in capsys.readouterr().err
    assert project.get("site/manifest.json") == manifest


def test_place_with_a_manifest_of_hostile_names_removes_only_below_itself(project: Bucket) -> None:
    project.put("precious.txt", b"x")
    listed = json.loads(project.get("site/manifest.json"))
    listed["files"]["../precious.txt"] = {"sha256": hashlib.sha256(b"x").hexdigest(), "bytes": 1}
    project.put("site/manifest.json", json.dumps(listed).encode())
    with hold_remote_site(project.url("site")) as remote:
        remote.upload()
    assert project.get("precious.txt") == b"x"
    assert project.contents("site") == local_site()


def test_runs_of_the_site_in_the_store_stay_when_it_is_the_base(
    project: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    add_run()
    expected = local_site()
    write_run(Path("new"), "run-s", [run_start("watch"), metric("ticks", 3)], at=START + 10**12)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other-cache"))  # of another machine, without the old logs
    assert build("new", "--base", project.url("site"), "-o", project.url("site")) == 0
    assert project.contents("site") == expected
