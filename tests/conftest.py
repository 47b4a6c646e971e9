"""Fixtures for all tests: a real browser, a clean environment, and where the data lies.

Playwright is used as it is, without its pytest plug-in, so that one browser serves a whole session.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import settings
from objectstore import CREDENTIALS, Bucket, make_bucket, serving_s3
from recording import fresh_process

from reportgen.recorder import scopes

settings.register_profile("no clock", settings(), deadline=None)  # what a machine is busy with is no failure
settings.load_profile("no clock")

if TYPE_CHECKING:
    from firefox import Firefox
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent

# Read before any test starts, because `isolated_environment` removes these variables.
WANTED_BROWSER = os.environ.get("REPORTGEN_CHROMIUM")
BROWSER_IS_REQUIRED = os.environ.get("REPORTGEN_REQUIRE_BROWSER") == "1"

WANTED_FIREFOX = os.environ.get("REPORTGEN_FIREFOX")
WANTED_CHECKER = os.environ.get("REPORTGEN_VNU")

FIREFOX_NAMES = ("firefox-esr", "firefox")
BROWSER_NAMES = (
    "chromium-headless-shell",  # at a third of the processor time of those with windows
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)

BROWSER_ARGUMENTS = [
    "--no-sandbox",  # tests may run as root in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write the committed files that tests compare with")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first: workers that start one of them last are waited for."""
    items.sort(key=lambda item: item.get_closest_marker("heavy") is None)


@pytest.hookimpl(trylast=True)
def pytest_sessionstart() -> None:
    """Forget the run that records this session, if one does: what tests and fixtures record is not of it."""
    scopes.active.set(None)
    for name in scopes.VARIABLES:
        os.environ.pop(name, None)


@pytest.fixture(scope="session")
def update(request: pytest.FixtureRequest) -> bool:
    """Whether to write `docs/` and `site/` instead of comparing with them (`make docs`, `make site`)."""
    return bool(request.config.getoption("--update"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real-world sample data, which lies beside the checkout and is not part of it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no sample data: {folder} does not exist")
    return folder


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium for the whole session. Skips without one, or fails where one is required."""
    executable = find_chromium()
    if executable is None:
        give_up(f"no browser: {WANTED_BROWSER or ', '.join(BROWSER_NAMES)} not found (set REPORTGEN_CHROMIUM)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        give_up("no browser: the Python package playwright is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """A headless Firefox for the whole session. Skips without one."""
    from firefox import start_firefox

    names = (WANTED_FIREFOX,) if WANTED_FIREFOX else FIREFOX_NAMES
    executable = next((path for name in names if (path := shutil.which(name))), None)
    if executable is None:
        pytest.skip(f"no Firefox: {', '.join(names)} not found (set REPORTGEN_FIREFOX)")
    with start_firefox(executable, tmp_path_factory.mktemp("firefox")) as browser:
        yield browser


@pytest.fixture(scope="session")
def html_checker() -> list[str]:
    """The command that starts the Nu HTML checker. Skips where `.ci/ensure-vnu` provided none."""
    java = shutil.which("java")
    if java is None or not WANTED_CHECKER:
        pytest.skip("no HTML checker: " + ("java is not installed" if java is None else "REPORTGEN_VNU is not set"))
    return [java, "-XX:TieredStopAtLevel=1", "-Xss8m", "-jar", WANTED_CHECKER]


def find_chromium() -> str | None:
    """Return the browser that REPORTGEN_CHROMIUM names, else the first known one on PATH."""
    names = (WANTED_BROWSER,) if WANTED_BROWSER else BROWSER_NAMES
    return next((path for name in names if (path := shutil.which(name))), None)


def give_up(reason: str) -> NoReturn:
    if BROWSER_IS_REQUIRED:
        pytest.fail(f"{reason} (REPORTGEN_REQUIRE_BROWSER=1)", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def isolated_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run each test in its own empty working directory, as a fresh process that knows no setting and no run."""
    for name in _settings():
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    with fresh_process():
        yield
    scopes.active.set(None)  # what a test left, which fixtures of a whole session would see
    scopes._exported.begin()
    for name in _settings():
        del os.environ[name]


def _settings() -> list[str]:
    return [name for name in os.environ if name.startswith("REPORTGEN_") or name == "SOURCE_DATE_EPOCH"]


@pytest.fixture(autouse=True)
def hidden_browser_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let tests without a browser call `asyncio.run` after a test with one.

    Playwright's synchronous API leaves its event loop marked as running in this thread for as long as the
    session's browser lives; `asyncio.run` refuses to start beside it.
    """
    loop = asyncio._get_running_loop()
    if loop is None or "chromium" in request.fixturenames:
        yield
        return
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(loop)


@pytest.fixture(scope="session")
def s3() -> Iterator[tuple[int, list[str]]]:
    """An object store on loopback for the whole session: its port, and the requests it got."""
    with serving_s3() as server:
        yield server


@pytest.fixture
def bucket(s3: tuple[int, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A new bucket of it, with credentials, and empty folders of this user for cache and state."""
    for name, value in {
        **CREDENTIALS,
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }.items():
        monkeypatch.setenv(name, value)
    return make_bucket(s3[0], f"bucket-{secrets.token_hex(6)}")
