"""`reportgen serve`, as its users have it: the command in a process of its own, and a real browser."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec
import pytest
from browser import find_violations
from conftest import ROOT
from logs import artifact, end, metric, progress, run_start, step_start, write_run

from reportgen import work
from reportgen.build import build_site
from reportgen.live.moments import find_moments
from reportgen.live.pages import follow, root_links
from reportgen.live.server import Place, State, find_url, is_own_host, read_plain_file
from reportgen.live.session import Session
from reportgen.live.watching import Watcher
from reportgen.options import Options
from reportgen.publish import Manifest
from reportgen.records import Record, encode_line
from reportgen.theme import Theme

if TYPE_CHECKING:
    from firefox import Firefox
    from playwright.sync_api import Browser, Page

with contextlib.suppress(ImportError):
    from playwright.sync_api import Error as BrowserError

pytestmark = pytest.mark.heavy

SECOND = 1_000_000
TEXT = "\n\n".join(f"Paragraph {n} of a long text." for n in range(80))
_POLLING = "import sys; sys.modules['watchfiles'] = None; from reportgen.cli import main; main()"


def now_us() -> int:
    return time.time_ns() // 1000


class Log:
    """The journal of a run that goes on."""

    def __init__(self, log_dir: Path, run_id: str = "r1", *records: Record, at: int = 0) -> None:
        begun = [run_start(), step_start("s1"), artifact("p1", "done", type="progress", data=10, step="s1"), *records]
        self.path = write_run(log_dir, run_id, begun, at=at or now_us() - 20 * SECOND)
        self.n_records = len(begun) + 1

    def add(self, *records: Record) -> None:
        with self.path.open("ab") as file:
            for record in records:
                numbered = msgspec.structs.replace(record, seq=self.n_records, ts=record.ts or now_us())
                file.write(encode_line(numbered))
                self.n_records += 1


class Served:
    """The command, while it runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        while not self.lines or "http://" not in self.lines[-1]:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, f"it ended: {self.lines}"
            self.lines.append(line)
        found = re.match(r"http://([\d.]+):(\d+)/", self.lines[-1])
        assert found
        self.host, self.port = found[1], int(found[2])

    def url(self, path: str = "") -> str:
        return f"http://{self.host}:{self.port}/{path}"

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.putrequest(method, path, skip_host="host" in headers)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()

    def wait_for_site(self) -> None:
        until(lambda: self.ask("/")[0] == 200)


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    end_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end_at, "it did not happen"
        time.sleep(0.05)


def wait_until(page: Page, expression: str) -> None:
    """Wait for what is true of a page, which may be loaded anew meanwhile."""

    def is_true() -> bool:
        with contextlib.suppress(BrowserError):  # it is just being loaded
            return bool(page.evaluate(expression))
        return False

    until(is_true, 20)


@contextlib.contextmanager
def serving(folder: Path, *words: str, polling: bool = False) -> Iterator[Served]:
    start = ["-c", _POLLING] if polling else ["-m", "reportgen"]
    port = [] if "--port" in words else ["--port", "0"]
    process = subprocess.Popen(
        [sys.executable, *start, "serve", *words, *port],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    try:
        yield Served(process)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1000, "height": 600})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if "Security Policy" in said.text else None)
    yield page
    context.close()
    assert problems == []


# In the browser


@pytest.mark.browser
@pytest.mark.parametrize("polling", [False, True], ids=["watchfiles", "polling"])
def test_progress_moves_on_an_open_page_and_nothing_else_does(page: Page, tmp_path: Path, polling: bool) -> None:
    log = Log(tmp_path / "runs", "r1", artifact("m1", "text", data=TEXT, step="s1"))
    with serving(tmp_path, "runs", polling=polling) as served:
        served.wait_for_site()
        page.goto(served.url("artifacts/done/v1.html"))
        page.evaluate("window.mark = 1; document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert "10 %" in page.inner_text("main")
        log.add(progress("p1", 60.0))
        wait_until(page, "() => document.querySelector('main').innerText.includes('60')")

        assert page.evaluate("window.mark") == 1
        assert page.evaluate("[...document.querySelectorAll('main details')].every(one => one.open)")
        assert page.inner_text(".built").startswith("Live")


@pytest.mark.browser
def test_page_of_another_shape_is_loaded_anew_where_the_reader_was(page: Page, tmp_path: Path) -> None:
    log = Log(tmp_path / "runs", "r1", metric("loss", 1.0), artifact("m1", "text", data=TEXT, step="s1"))
    with serving(tmp_path, "runs") as served:
        served.wait_for_site()
        page.goto(served.url("runs/r1.html"))
        page.evaluate("""
            window.mark = 1;
            document.querySelectorAll('details').forEach(one => { one.open = true; });
            document.getElementById('setup').scrollIntoView();
        """)
        top = page.evaluate("document.getElementById('setup').getBoundingClientRect().top")
        n_open = page.locator("main details[open]").count()
        log.add(metric("accuracy", 0.5), step_start("s2", "evaluate"))
        wait_until(page, "() => !window.mark && document.querySelector('main').innerText.includes('evaluate')")
        wait_until(page, "() => document.querySelector('.built').innerText.startsWith('Live')")

        assert abs(page.evaluate("document.getElementById('setup').getBoundingClientRect().top") - top) < 2
        assert page.locator("main details[open]").count() == n_open


@pytest.mark.browser
def test_reader_who_chooses_runs_is_asked_first(page: Page, tmp_path: Path) -> None:
    for number in range(3):
        write_run(tmp_path / "runs", f"run-{number}", [run_start(name=f"run-{number}"), end()])
    with serving(tmp_path, "runs") as served:
        served.wait_for_site()
        page.goto(served.url("runs/index.html"))
        page.evaluate("window.mark = 1")
        page.click("a.choose")
        page.check("input.choice >> nth=1")
        write_run(tmp_path / "runs", "run-3", [run_start(name="run-3"), end()])
        page.wait_for_selector(".live-line button")

        assert page.evaluate("window.mark") == 1
        assert page.is_checked("input.choice >> nth=1")
        page.click(".live-line button")
        wait_until(page, "() => document.querySelector('main').innerText.includes('run-3')")


@pytest.mark.browser
def test_silent_run_comes_to_be_shown_as_stalled(page: Page, tmp_path: Path) -> None:
    Log(tmp_path / "runs", at=now_us() - 600 * SECOND - 3 * SECOND + 8 * SECOND)
    with serving(tmp_path, "runs") as served:
        served.wait_for_site()
        page.goto(served.url("runs/r1.html"))
        wait_until(page, "() => document.querySelector('h1').innerText.includes('Stalled')")

        assert page.inner_text(".lede").startswith("Stalled")


@pytest.mark.browser
def test_page_whose_run_is_gone_says_so_and_stays(page: Page, tmp_path: Path) -> None:
    Log(tmp_path / "runs", "r1")
    Log(tmp_path / "runs", "r2")
    with serving(tmp_path, "runs") as served:
        served.wait_for_site()
        page.goto(served.url("runs/r1.html"))
        before = page.inner_text("main")
        shutil.rmtree(tmp_path / "runs" / "r1")
        page.wait_for_selector(".live-line:not([hidden])")

        assert "This page is gone" in page.inner_text(".live-line")
        assert page.inner_text("main") == before


@pytest.mark.browser
def test_logs_may_come_go_and_come_back(page: Page, tmp_path: Path) -> None:
    with serving(tmp_path, "runs") as served:
        page.goto(served.url())
        wait_until(page, "() => document.body.innerText.includes('Waiting for the first run')")
        Log(tmp_path / "runs")
        page.wait_for_selector("text=churn")
        (tmp_path / "runs").rename(tmp_path / "away")
        wait_until(page, "() => document.body.innerText.includes('there is no log directory')")
        assert "churn" in page.inner_text("main")
        (tmp_path / "away").rename(tmp_path / "runs")
        page.wait_for_selector(".live-line", state="hidden")
        Log(tmp_path / "runs", "r2", metric("late", 7.0))
        wait_until(page, "() => document.querySelector('main').innerText.includes('late')")


@pytest.mark.browser
def test_page_says_when_the_server_has_ended(page: Page, tmp_path: Path) -> None:
    Log(tmp_path / "runs")
    with serving(tmp_path, "runs") as served:
        served.wait_for_site()
        page.goto(served.url())
        page.wait_for_selector(".built >> text=Live")
        served.process.send_signal(signal.SIGINT)
        page.wait_for_selector("text=reportgen serve has ended")

        assert page.inner_text(".built").startswith("Not live")
        assert served.process.wait(20) == 0


@pytest.mark.browser
def test_what_is_added_to_a_page_is_accessible(page: Page, tmp_path: Path) -> None:
    Log(tmp_path / "runs")
    with serving(tmp_path, "runs") as served:
        served.wait_for_site()
        page.goto(served.url())
        page.wait_for_selector(".built >> text=Live")
        assert find_violations(page) == []
        served.process.send_signal(signal.SIGINT)
        page.wait_for_selector("text=reportgen serve has ended")
        assert find_violations(page) == []


def test_page_follows_in_firefox(firefox: Firefox, tmp_path: Path) -> None:
    log = Log(tmp_path / "runs")
    with serving(tmp_path, "runs") as served:
        served.wait_for_site()
        firefox.open(served.url("artifacts/done/v1.html"))
        firefox.read_console()
        firefox.run("document.documentElement.dataset.mark = 'kept'")
        shown = "return document.querySelector('.meter').getAttribute('aria-label')"
        assert firefox.run(shown) == "10 percent"
        log.add(progress("p1", 60.0))
        until(lambda: firefox.run(shown) == "60 percent")

        assert firefox.run("return document.documentElement.dataset.mark") == "kept"
        assert firefox.run("return document.querySelector('.built').textContent").startswith("Live")
        served.process.send_signal(signal.SIGINT)
        until(lambda: "has ended" in firefox.run("return document.querySelector('.live-line').textContent"))
        assert [line for line in firefox.read_console() if "security" in line.lower() or "error" in line.lower()] == []


@pytest.mark.browser
def test_many_pages_can_be_open_at_once(chromium: Browser, tmp_path: Path) -> None:
    Log(tmp_path / "runs")
    with serving(tmp_path, "runs") as served, contextlib.closing(chromium.new_context()) as context:
        served.wait_for_site()
        for _ in range(9):
            opened = context.new_page()
            opened.goto(served.url(), timeout=10_000)
            assert "churn" in opened.inner_text("main")


@pytest.mark.browser
def test_site_alone_is_served_as_it_is_and_followed(page: Page, tmp_path: Path) -> None:
    write_run(tmp_path / "runs", "first", [run_start(), end()])
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    before = (tmp_path / "site" / "manifest.json").read_bytes()
    with serving(tmp_path, "site") as served:
        served.wait_for_site()
        page.goto(served.url("runs/index.html"))
        assert (tmp_path / "site" / "manifest.json").read_bytes() == before
        write_run(tmp_path / "runs", "second", [run_start(name="second"), end()])
        build_site([tmp_path / "runs"], tmp_path / "site", Options())
        wait_until(page, "() => document.querySelector('main').innerText.includes('second')")


# The command


def test_ctrl_c_ends_it_with_zero_and_leaves_a_whole_site(tmp_path: Path) -> None:
    Log(tmp_path / "runs")
    with serving(tmp_path, "runs", "-o", "site") as served:
        served.wait_for_site()
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(20) == 0
        until(lambda: not can_connect(served.port))
    manifest = Manifest.read(tmp_path / "site")
    assert manifest is not None
    assert manifest.find_damage(tmp_path / "site") == []
    assert not any(b".live/" in path.read_bytes() for path in (tmp_path / "site").rglob("*.html"))
    assert {path.name for path in tmp_path.iterdir()} <= {"runs", "site", ".runs-cache", ".site.lock"}


def test_what_it_builds_is_what_build_builds_at_that_moment(tmp_path: Path) -> None:
    Log(tmp_path / "runs")
    session = Session([tmp_path / "runs"], tmp_path / "live")
    session.refresh()
    session.refresh()
    manifest = Manifest.read(tmp_path / "live")
    assert manifest is not None
    as_of_us = manifest.facts["as_of_us"]
    assert as_of_us % SECOND == 0
    assert abs(as_of_us - now_us()) < 60 * SECOND
    build_site([tmp_path / "runs"], tmp_path / "again", Options(), as_of_us=as_of_us)

    assert Manifest.read(tmp_path / "again").digest == manifest.digest  # type: ignore[union-attr]


def test_when_all_runs_have_ended_the_clock_is_not_looked_at(tmp_path: Path) -> None:
    write_run(tmp_path / "runs", "r1", [run_start(), end()])
    session = Session([tmp_path / "runs"], tmp_path / "live")
    first = session.refresh()
    build_site([tmp_path / "runs"], tmp_path / "again", Options())

    assert session.refresh() == first
    assert Manifest.read(tmp_path / "live").digest == Manifest.read(tmp_path / "again").digest  # type: ignore[union-attr]
    assert session.seconds_left() > 1000


def can_connect(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def test_another_port_is_taken_when_one_is_in_use(tmp_path: Path) -> None:
    Log(tmp_path / "runs")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with serving(tmp_path, "runs", "--port", str(port)) as served:
            assert served.port != port
            assert f"port {port} is taken" in "".join(served.lines)


def test_other_machines_are_let_in_only_when_told_and_it_says_so(tmp_path: Path) -> None:
    Log(tmp_path / "runs")
    with serving(tmp_path, "runs") as served:
        assert served.host == "127.0.0.1"
        assert "warning" not in "".join(served.lines)
    with serving(tmp_path, "runs", "--host", "0.0.0.0") as served:
        assert "whoever can reach port" in "".join(served.lines)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--host", "192.0.2.1"], "cannot listen on 192.0.2.1"),
        (["-o", "runs/site"], "runs/site and the log directory runs are within each other"),
        (["-o", "."], ". and the log directory runs are within each other"),
    ],
)
def test_what_cannot_be_served_is_an_error_in_a_line(tmp_path: Path, words: list[str], reason: str) -> None:
    Log(tmp_path / "runs")
    done = subprocess.run(
        [sys.executable, "-m", "reportgen", "serve", "runs", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {reason}")
    assert done.stderr.count("\n") == 1


# What the server gives


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    Log(folder / "runs", "r1", artifact("i", "picture", type="image", data={"url": "https://img.example/a.png"}))
    (folder / "secret.txt").write_text("outside", "utf-8")
    with serving(folder, "runs", "-o", "site") as server:
        server.wait_for_site()
        (folder / "site" / "link.html").symlink_to(folder / "secret.txt")
        (folder / "site" / "linked").symlink_to(folder)
        for name in (".hidden", "foreign.html"):
            (folder / "site" / name).write_text("outside", "utf-8")
        yield server


PATHS = [
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/runs/..%2f..%2fsecret.txt",
    "/runs/%2e%2e%5c..%5csecret.txt",
    "//etc/passwd",
    "/link.html",
    "/linked/secret.txt",
    "/.hidden",
    "/foreign.html",
    "/runs/%00.html",
    "/%ff",
    "/runs",
    "/data/blobs/",
    "/C:/secret.txt",
    "/secret.txt%00.html",
    "/" + "a/" * 3000,
    "/.live/../site/index.html",
    "/.live/",
    "file:///etc/passwd",
]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_but_files_of_the_site_is_given(served: Served, path: str) -> None:
    status, _, content = served.ask(path)

    assert status == 404
    assert b"outside" not in content
    assert b"root:" not in content


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "", "localhost.evil.example", "10.0.0.1", "[::1", "a b"]
)
def test_request_under_another_name_is_refused(served: Served, host: str) -> None:
    assert served.ask("/", host=host)[0] == 421
    assert served.ask("/.live/wait", host=host)[0] == 421


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:80", "LOCALHOST:8123", "[::1]:1"])
def test_request_to_this_machine_is_answered(served: Served, host: str) -> None:
    assert served.ask("/", host=host)[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "BREW"])
def test_methods_that_change_something_are_refused(served: Served, method: str) -> None:
    status, headers, _ = served.ask("/", method)

    assert (status, headers["allow"]) == (405, "GET, HEAD")


def test_policy_of_header_and_page_are_those_of_the_page_and_one_word_wider(served: Served) -> None:
    for path in ("/", "/artifacts/picture/v1.html", "/nothing.html"):
        _, headers, content = served.ask(path)
        said = re.search(rb'Content-Security-Policy" content="([^"]*)"', content)
        assert said
        policy = said[1].decode().replace("&#39;", "'")
        assert headers["content-security-policy"] == f"{policy}; frame-ancestors 'none'"
        assert policy.endswith("; connect-src 'self'")
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:")


def test_other_sites_can_neither_frame_nor_load_nor_wait(served: Served) -> None:
    _, headers, _ = served.ask("/static/report.js")

    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]
    assert served.ask("/.live/wait", Sec_Fetch_Site="cross-site")[0] == 403


def test_head_says_what_get_would(served: Served) -> None:
    status, headers, content = served.ask("/static/report.css", "HEAD")
    assert (status, content, headers["content-type"]) == (200, b"", "text/css; charset=utf-8")
    got = served.ask("/static/report.css")
    assert int(headers["content-length"]) == len(got[2])
    assert served.ask("/static/report.css", If_None_Match=headers["etag"])[0] == 304


def test_page_that_is_not_there_looks_like_the_site_at_any_depth(served: Served) -> None:
    status, _, content = served.ask("/artifacts/no/such.html")

    assert status == 404
    assert b'href="/static/report.css"' in content
    assert b'href="#main"' in content


# Parts


@pytest.mark.parametrize(
    ("path", "url"),
    [("/", "index.html"), ("/runs/", "runs/index.html"), ("/a%20b.html", "a b.html"), ("x", ""), ("/a\\b", "")],
)
def test_path_of_a_request_leads_to_a_file(path: str, url: str) -> None:
    assert find_url(path) == url


def test_open_server_goes_by_its_addresses_and_own_names_only() -> None:
    place = Place(Path(), "reports.example", is_open=True)

    assert is_own_host("reports.example:8123", place)
    assert is_own_host("10.1.2.3", place)
    assert not is_own_host("evil.example", place)


def test_page_without_a_policy_gets_one() -> None:
    page, policy = follow(b"<html><head><title>x</title></head></html>", 'a"b')

    assert policy.startswith("default-src 'none'")
    assert b'data-build="a&quot;b"' in page


def test_links_of_other_kinds_stay() -> None:
    page = b'<a href="#x"><a href="https://a.example"><a href="/y"><a href="z.html"><img src="data:x">'
    assert root_links(page) == page.replace(b'"z.html"', b'"/z.html"')


def test_file_below_is_read_and_folders_are_not(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"x")

    assert read_plain_file(tmp_path, "a/b") == b"x"
    assert read_plain_file(tmp_path, "a") is None
    assert read_plain_file(tmp_path, "a/b/c") is None


def test_site_is_due_when_a_run_stalls_and_each_minute_while_one_runs(tmp_path: Path) -> None:
    now = 1_800_000_000 * SECOND
    log = Log(tmp_path / "runs", at=now - 100 * SECOND)
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    last = now - 97 * SECOND

    def due(at: int) -> Any:
        return find_moments(tmp_path / "site", at, at)

    assert due(now) == (True, now + 60 * SECOND)
    assert due(last + 590 * SECOND) == (True, last + 601 * SECOND)
    assert due(last + 601 * SECOND) == (True, None)
    assert find_moments(tmp_path / "site", last, last + 700 * SECOND) == (True, last + 700 * SECOND)
    log.add(end(ts=now))
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    assert due(now) == (False, None)


@pytest.mark.parametrize("change", ["append", "new run", "blob", "gone", "setting"])
def test_watcher_sees_each_kind_of_change_once(tmp_path: Path, change: str) -> None:
    log = Log(tmp_path / "runs")
    (tmp_path / "runs" / "r1" / "blobs").mkdir()
    watcher = Watcher([tmp_path / "runs"], [tmp_path / "reportgen.toml"])
    assert not watcher.wait(0)
    if change == "append":
        log.add(metric("loss", 1.0))
    elif change == "new run":
        Log(tmp_path / "runs", "r2")
    elif change == "blob":
        (tmp_path / "runs" / "r1" / "blobs" / "x").write_bytes(b"x")
    elif change == "gone":
        shutil.rmtree(tmp_path / "runs")
    else:
        (tmp_path / "reportgen.toml").write_text('title = "x"', "utf-8")

    assert watcher.wait(10)
    assert not watcher.wait(0)


def test_later_builds_have_templates_and_libraries_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = tmp_path / "runs"
    write_run(logs, "a", [run_start(), end()])
    told: list[State] = []

    class EnoughError(Exception): ...

    class Waits:
        def wait(self, seconds: float) -> None:
            raise EnoughError

    session = Session([logs], tmp_path / "site")
    monkeypatch.setattr(Session, "_watch", lambda self: Waits())
    monkeypatch.setattr(work, "_renders", {})
    with pytest.raises(EnoughError):
        session.follow(told.append)
    assert told[0].build

    def make_nothing(theme: Theme) -> NoReturn:
        raise AssertionError("templates are loaded again")

    monkeypatch.setattr(work, "make_environment", make_nothing)
    write_run(logs, "b", [run_start(), end()])
    assert session.refresh().build != told[0].build
