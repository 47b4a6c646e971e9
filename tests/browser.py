"""Walks a built site in a real browser and reports everything that a reader would trip over.

`crawl` follows every link inside a site, breadth first, with one browser page, and gives back findings rather
than failing at the first; an empty list means that the site is sound. It works over `file://` and `http://`, with
JavaScript on and off. It looks at pages as they load: what happens after a click is for other tests.
`serve_with_headers` serves a folder with the headers of a strict host; `wait_until` waits for what a script does;
`find_violations` asks axe for what keeps readers out.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal, TypedDict
from urllib.parse import unquote, urldefrag, urljoin, urlsplit
from urllib.request import url2pathname

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response
from playwright.sync_api import Error as BrowserError

JENKINS_HEADERS = {
    "Content-Security-Policy": "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';"
}

Kind = Literal[
    "broken link",  # the file or page is missing, lies outside the site, or is a folder on file://
    "missing fragment",  # the page is there, but nothing in it has that id
    "console error",
    "page error",  # an exception that no script caught
    "policy violation",  # something that the Content-Security-Policy blocked
    "outside request",  # tried to load from another host, or from outside the site's folder
    "failed request",  # a style, script or image of the site that did not arrive
    "broken image",
    "overflow",  # wider than the window, so that the reader has to scroll sideways
]

# Runs before the scripts of each page, to be told of what the policy blocks.
_LISTEN = """
window.__violations = [];
document.addEventListener('securitypolicyviolation', event =>
  window.__violations.push(event.effectiveDirective + ' blocked ' + (event.blockedURI || 'inline')));
"""

_LOOK = """() => {
  const XLINK = 'http://www.w3.org/1999/xlink';
  const links = [];
  for (const e of document.querySelectorAll('a, area, link, use, image, img, script, source, video, audio, iframe'))
    links.push(e.getAttribute('href'), e.getAttribute('src'), e.getAttributeNS(XLINK, 'href'));
  return {
    links: links.filter(link => link !== null),
    base: document.baseURI,
    ids: [...document.querySelectorAll('[id], a[name]')].flatMap(e => [e.id, e.getAttribute('name')]).filter(Boolean),
    brokenImages: [...document.images]
      .filter(image => image.complete && image.naturalWidth === 0)
      .map(image => image.getAttribute('src') || '(no src)'),
    violations: window.__violations || [],
  };
}"""

_OVERFLOW = "() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"


class _Look(TypedDict):
    links: list[str]
    base: str
    ids: list[str]
    brokenImages: list[str]
    violations: list[str]


@dataclass(frozen=True, order=True)
class Finding:
    """One defect: what kind, on which page (relative to the site), and what exactly."""

    kind: Kind
    page: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind} on {self.page}: {self.detail}"


@dataclass(repr=False)
class CrawlReport:
    """What a crawl saw. `assert not report.findings, report` prints one defect a line."""

    pages: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def of(self, *kinds: Kind) -> list[Finding]:
        """Select the findings of some kinds."""
        return [finding for finding in self.findings if finding.kind in kinds]

    def __repr__(self) -> str:
        return "\n".join([f"{len(self.pages)} pages, {len(self.findings)} findings", *map(str, self.findings)])


def crawl(
    browser: Browser,
    start_url: str,
    *,
    javascript: bool,
    allow_hosts: Collection[str] = (),
    widths: Sequence[int] = (),
    most: int | None = None,
) -> CrawlReport:
    """Visit every page of a site and collect its defects.

    Parameters
    ----------
    browser
        The fixture `chromium`.
    start_url
        The site's first page. The folder it lies in is the site: links that leave it, or go to another host,
        are not followed.
    javascript
        Whether the pages' scripts run.
    allow_hosts
        Other hosts (`name` or `name:port`) that pages may load from.
    widths
        Window widths, in CSS pixels, at which no page may scroll sideways, e.g. `(320, 375, 1280)`.
    most
        How many pages are visited, those nearest to the first one; by default all.
    """
    context = browser.new_context(java_script_enabled=javascript)
    try:
        if javascript:
            context.add_init_script(_LISTEN)
        return _Crawler(context.new_page(), start_url, frozenset(allow_hosts), tuple(widths)).run(most)
    finally:
        context.close()


class _Crawler:
    def __init__(self, page: Page, start_url: str, allow_hosts: frozenset[str], widths: tuple[int, ...]) -> None:
        self.page = page
        self.start = start_url
        self.site = urljoin(start_url, ".")
        self.allow_hosts = allow_hosts
        self.widths = widths
        self.report = CrawlReport()
        self.current = start_url
        self.queue = deque([urldefrag(start_url).url])
        self.known: dict[str, str] = {self.queue[0]: ""}  # every address once, and why it is broken, if it is
        self.ids: dict[str, set[str]] = {}
        self.fragments: list[tuple[str, str, str]] = []  # page, target, fragment
        page.on("console", self.on_console)
        page.on("pageerror", lambda error: self.add("page error", error.message))
        page.on("request", self.on_request)
        page.on("requestfailed", self.on_failed)
        page.on("response", self.on_response)

    def run(self, most: int | None) -> CrawlReport:
        while self.queue and (most is None or len(self.report.pages) < most):
            self.visit(self.queue.popleft())
        for page, target, fragment in self.fragments:
            if target in self.ids and fragment not in self.ids[target]:
                self.add("missing fragment", f"{self.relative(target)}#{fragment}", page)
        self.report.findings = sorted(set(self.report.findings))
        return self.report

    def visit(self, url: str) -> None:
        self.current = url
        try:
            self.page.goto(url)
        except BrowserError as error:
            self.add("broken link", error.message.splitlines()[0])
            return
        look: _Look = self.page.evaluate(_LOOK)
        self.report.pages.append(self.relative(url))
        self.ids[url] = set(look["ids"])
        for violation in look["violations"]:
            self.add("policy violation", violation)
        for image in look["brokenImages"]:
            self.add("broken image", image)
        for link in dict.fromkeys(look["links"]):
            self.follow(link, look["base"])
        for width in self.widths:
            self.measure(width)

    def measure(self, width: int) -> None:
        self.page.set_viewport_size({"width": width, "height": 800})
        if excess := self.page.evaluate(_OVERFLOW):
            self.add("overflow", f"{excess} px too wide at {width} px")

    def follow(self, link: str, base: str) -> None:
        url = urljoin(base, link)
        if not url.startswith(self.site):
            if urlsplit(url).scheme == urlsplit(self.site).scheme == "file":
                self.add("broken link", f"{link} lies outside the site")
            return
        target, fragment = urldefrag(url)
        target = target.partition("?")[0]
        if target not in self.known:
            self.known[target] = self.check(target)
            if not self.known[target] and target.endswith((".html", "/")):
                self.queue.append(target)
        if self.known[target]:
            self.add("broken link", f"{link} {self.known[target]}")
        elif fragment:
            self.fragments.append((self.current, target, unquote(fragment)))

    def check(self, url: str) -> str:
        """Say why an address of the site does not work; nothing when it does."""
        if url.startswith("file:"):
            path = Path(url2pathname(urlsplit(url).path))
            if path.is_dir():
                return "is a folder"
            return "" if path.is_file() else "is missing"
        status = self.page.request.head(url).status
        return "" if status == 200 else f"answers {status}"

    def on_console(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "document's frame is sandboxed" in message.text:
            self.add("policy violation", message.text)
        elif message.type == "error" and message.location["url"] != urljoin(self.site, "/favicon.ico"):
            # the browser asks for /favicon.ico by itself
            self.add("console error", message.text)

    def on_request(self, request: Request) -> None:
        if not self.may_load(request.url):
            self.add("outside request", request.url)

    def on_failed(self, request: Request) -> None:
        is_left = request.failure == "net::ERR_ABORTED"  # the next page was opened before it came
        if self.may_load(request.url) and not request.is_navigation_request() and not is_left:
            self.add("failed request", f"{self.relative(request.url)} {request.failure or ''}".strip())

    def on_response(self, response: Response) -> None:
        if response.status >= 400 and self.may_load(response.url):
            self.add("failed request", f"{self.relative(response.url)} answers {response.status}")

    def may_load(self, url: str) -> bool:
        parts = urlsplit(url)
        if parts.scheme in {"data", "blob", "about"} or url.startswith(self.site):
            return True
        return bool({parts.netloc, parts.hostname} & self.allow_hosts)

    def relative(self, url: str) -> str:
        return unquote(url.removeprefix(self.site))

    def add(self, kind: Kind, detail: str, page: str | None = None) -> None:
        self.report.findings.append(Finding(kind, self.relative(page or self.current), detail))


_COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}


def find_violations(page: Page) -> list[str]:
    """Say what axe finds on a page as it is, a line each: by all of its rules in light, by those of colours in dark.

    The page is left in dark.
    """
    from axe_playwright_python.sync_playwright import Axe

    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(Axe().axe_script)
    found = []
    for scheme, rules in (("light", {}), ("dark", {"runOnly": _COLOURS})):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        options = {"resultTypes": ["violations"], **rules}
        for one in page.evaluate("options => axe.run(document, options).then(done => done.violations)", options):
            found += [f"{one['id']} in {scheme}: {node['html'][:200]}" for node in one["nodes"]]
    return found


def wait_until(page: Page, expression: str, seconds: float = 10) -> None:
    """Wait until an expression is true; `Page.wait_for_function` needs a policy that allows `eval`."""
    for _ in range(int(seconds * 40)):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"never became true: {expression}")


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a kept-alive connection waits 40 ms for each answer
    headers_to_send: Mapping[str, str] = {}

    def __init__(self, *args: object, headers_to_send: Mapping[str, str], directory: str) -> None:
        self.headers_to_send = headers_to_send
        super().__init__(*args, directory=directory)  # type: ignore[arg-type]

    def end_headers(self) -> None:
        for name, value in self.headers_to_send.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name in the base class)
        """Say nothing: the crawl reports what went wrong."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a browser keeps its idle connections open


@contextmanager
def serve_with_headers(folder: Path, headers: Mapping[str, str]) -> Iterator[str]:
    """Serve a folder on a free local port with extra headers, and give the address of its root, with a `/`."""
    handler = partial(_Handler, headers_to_send=dict(headers), directory=str(folder))
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
