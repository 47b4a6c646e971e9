"""Drives a Firefox as it is installed, by its own protocol (Marionette), with no driver beside it.

Messages are JSON behind their length, over a local socket. Firefox started for remote control relaxes a rule: pages
on `file://` may read each other, so that what fails for a reader passes here. `start_firefox` sets it back.
"""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

START_SECONDS = 60
ANSWER_SECONDS = 60
NAVIGATION_SECONDS = 30

PREFERENCES = {
    "remote.prefs.recommended": False,  # those of a reader, not of a test
    "security.fileuri.strict_origin_policy": True,
    "marionette.port": 0,
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "browser.startup.homepage": "about:blank",
    "captivedetect.canonicalURL": "",
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "startup.homepage_welcome_url": "about:blank",
    "toolkit.telemetry.enabled": False,
}

# What the browser's console holds of pages, scripts and policies; the browser's own chatter is left out.
_READ_CONSOLE = """
const found = Services.console.getMessageArray()
  .filter(m => m instanceof Ci.nsIScriptError && /^(file|https?):/.test(m.sourceName || ''))
  .map(m => `${m.category}: ${m.errorMessage}`);
Services.console.reset();
return found;
"""

_RESIZE = """
const browser = Services.wm.getMostRecentWindow('navigator:browser').gBrowser.selectedBrowser;
browser.style.maxWidth = browser.style.minWidth = arguments[0] + 'px';
"""


class FirefoxError(Exception):
    """Firefox could not do what it was told."""


class Firefox:
    """One window. Scripts get their arguments as `arguments`."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._incoming = connection.makefile("rb")
        self._count = 0
        self._read()  # the greeting

    def open(self, url: str) -> None:
        """Go to an address and wait until it is loaded."""
        self._call("WebDriver:Navigate", url=url)

    def run(self, script: str, *arguments: Any) -> Any:
        """Run the body of a function in the page, past its policy, and give what it returns."""
        return self._call("WebDriver:ExecuteScript", script=script, args=[*arguments])["value"]

    def click(self, selector: str) -> None:
        """Click the first element that a CSS selector names."""
        found = self._call("WebDriver:FindElement", using="css selector", value=selector)["value"]
        self._call("WebDriver:ElementClick", id=next(iter(found.values())))

    def read_console(self) -> list[str]:
        """Take the errors and warnings of pages since the last time."""
        return list(self._run_in_browser(_READ_CONSOLE))

    def resize(self, width: int) -> None:
        """Make the page this wide, in CSS pixels, also narrower than a window of Firefox can be."""
        self._call("WebDriver:SetWindowRect", width=max(600, width), height=900)
        self._run_in_browser(_RESIZE, width)
        until = time.monotonic() + ANSWER_SECONDS
        while self.run("return innerWidth") != width:
            if time.monotonic() > until:
                raise FirefoxError(f"the page is {self.run('return innerWidth')} px wide, not {width}")
            time.sleep(0.01)

    def screenshot(self, path: Path) -> None:
        """Save the whole page as PNG."""
        answer = self._call("WebDriver:TakeScreenshot", full=True, hash=False)
        path.write_bytes(base64.b64decode(answer["value"]))

    def begin(self) -> None:
        """Open the session."""
        self._call("WebDriver:NewSession", timeouts={"pageLoad": NAVIGATION_SECONDS * 1000})

    def quit(self) -> None:
        """End the browser."""
        self._call("Marionette:Quit", flags=["eForceQuit"])

    def _run_in_browser(self, script: str, *arguments: Any) -> Any:
        self._call("Marionette:SetContext", value="chrome")
        try:
            return self.run(script, *arguments)
        finally:
            self._call("Marionette:SetContext", value="content")

    def _call(self, command: str, **parameters: Any) -> Any:
        self._count += 1
        message = json.dumps([0, self._count, command, parameters]).encode()
        self._connection.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self._read()
        if error:
            raise FirefoxError(f"{command}: {error['error']}: {error['message']}")
        return result

    def _read(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            byte = self._incoming.read(1)
            if not byte:
                raise FirefoxError("Firefox ended")
            length += byte
        return json.loads(self._incoming.read(int(length[:-1])))


@contextmanager
def start_firefox(executable: str, profile: Path) -> Iterator[Firefox]:
    """Start a headless Firefox with an empty profile in a folder, and end it afterwards."""
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))
    command = [executable, "--headless", "--no-remote", "--profile", str(profile), "--marionette"]
    with (profile / "log").open("wb") as log:
        process = subprocess.Popen([*command, "--remote-allow-system-access"], stdout=log, stderr=log)
    try:
        with _connect(process, profile) as connection:
            firefox = Firefox(connection)
            firefox.begin()
            yield firefox
            with suppress(FirefoxError, OSError):
                firefox.quit()
    finally:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _connect(process: subprocess.Popen[bytes], profile: Path) -> socket.socket:
    """Wait for the port that Firefox chose, and connect to it."""
    port_file = profile / "MarionetteActivePort"
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if port_file.is_file() and (port := port_file.read_text().strip()):
            return socket.create_connection(("127.0.0.1", int(port)), timeout=ANSWER_SECONDS)
        time.sleep(0.05)
    raise FirefoxError(f"Firefox did not start: {(profile / 'log').read_text(errors='replace')[-2000:]}")
