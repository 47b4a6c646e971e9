"""Puts a page of a site, and the pages that it links to, into one HTML file that needs nothing else.

The pages stand one below the other: links between them lead to places in the file, so that all of it can be read,
searched and printed without a script. Styles and scripts are in the file, allowed by their digests alone, and so are
images; nothing is loaded from anywhere. Where a link leads to a page that is not in the file it goes to the published
site, if its address is given, and else is plain text.
"""

from __future__ import annotations

import base64
import hashlib
import posixpath
import re
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from html import escape
from pathlib import Path

import msgspec

from reportgen import urls
from reportgen.archives.holding import DAMAGE, NO_FILE, Holding, open_holding, read_manifest
from reportgen.archives.pack import check_target, writing
from reportgen.archives.page import Content, Piece, Tag, read_page, write_pieces
from reportgen.archives.verify import read_files
from reportgen.datafolders import find_data_folder
from reportgen.errors import InputError, OutputError
from reportgen.publish.manifest import FileFacts, Manifest
from reportgen.text import format_bytes

LARGE_BYTES = 10_000_000  # from which on mail and browsers begin to mind
MOST_BYTES = 50_000_000
_MOST_DOWNLOAD_BYTES = 1_000_000
_MARK = b'<meta name="generator" content="reportgen">'
_LISTINGS = {
    urls.OVERVIEW, urls.RUNS, urls.PIPELINES, urls.ARTIFACTS, urls.METRICS, urls.LINEAGE, urls.DATA, urls.NOT_FOUND,
}  # fmt: skip
_OLDER = re.compile(r"[a-z]+/page\.[0-9]+\.html")
_CONTENTS = "in-this-file"
_GROUPS = ("Artifacts", "Runs", "Pipelines", "Metrics", "Other pages")
_TYPES = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
    "avif": "image/avif", "svg": "image/svg+xml", "csv": "text/csv", "json": "application/json", "md": "text/markdown",
}  # fmt: skip
_IMAGES = {"png", "jpg", "jpeg", "gif", "webp", "avif", "svg"}
_ABSOLUTE = re.compile(r"/|[a-zA-Z][a-zA-Z0-9+.-]*:")
_CSS_URL = re.compile(r"""url\(\s*(['"]?)([^'")]+)\1\s*\)""")


class Written(msgspec.Struct, frozen=True):
    """What was written: its size in bytes, and how many pages it holds."""

    n_bytes: int
    n_pages: int


def write_single(site: Path, output: Path, page: str = urls.OVERVIEW, *, url: str = "", force: bool = False) -> Written:
    """Write a page and those that it links to as one HTML file.

    Parameters
    ----------
    site
        The folder of a site, or a zip of it.
    output
        The file. One that was made so is replaced.
    page
        The address of the page in the site.
    url
        Where the site is published; links to other pages lead there.
    force
        Replace any file that is there, and write more than 50 MB.

    Raises
    ------
    InputError
        There is no site, it has no such page, or a file of it is not as it was built.
    OutputError
        The file would be too large, what is there is not of reportgen, or the disk failed; it is as it was.
    """
    check_target(output, site, is_own=_is_single, force=force)
    with open_holding(site) as holding:
        manifest = read_manifest(holding)
        files = _Files(holding, read_files(site, manifest))
        if page not in files.listed:
            hint = "build the site again, from logs that have it and within limits that do not thin it"
            raise InputError(f"{site} has no page {page}", hint=hint, slug="no-such-page")
        book = _Book(files, page, url and url.rstrip("/") + "/", None if force else MOST_BYTES)
        parts = [part.encode() for part in book.iter_parts(manifest)]
    with writing(output) as file:
        file.writelines(parts)
    return Written(sum(map(len, parts)), len(book.pages))


def _is_single(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _MARK in file.read(2000)
    except OSError:
        return False


class _Files:
    """The files of a site, each of which is checked as it is read."""

    def __init__(self, holding: Holding, listed: Mapping[str, FileFacts]) -> None:
        self.listed = listed
        self._holding = holding

    def read(self, url: str) -> bytes:
        sha256, n_bytes = self.listed[url]
        content = b""
        if self._holding.sizes.get(url, NO_FILE) == n_bytes:
            with suppress(*DAMAGE), self._holding.open(url) as file:
                content = file.read(n_bytes + 1)
        if hashlib.sha256(content).hexdigest() != sha256:
            hint = "see what differs with `reportgen verify`, and build the site again"
            raise InputError(f"{self._holding.path}: {url} is not as it was built", hint=hint, slug="damaged-site")
        return content

    def to_data(self, url: str) -> str:
        """Give a file as a `data:` URI."""
        kind = _TYPES.get(url.rpartition(".")[2], "application/octet-stream")
        return f"data:{kind};base64,{base64.b64encode(self.read(url)).decode()}"


class _Place(msgspec.Struct, frozen=True):
    """A page of the file: its anchor, what goes before its ids, its title, and what it says."""

    url: str
    anchor: str
    prefix: str
    title: str
    content: Content


class _Book:
    """The file as it is put together."""

    def __init__(self, files: _Files, first: str, site_url: str, most_bytes: int | None) -> None:
        self._files = files
        self._site_url = site_url
        self._most_bytes = most_bytes
        self._n_bytes = 0
        self.pages: dict[str, _Place] = {}
        self._add(first, "main")
        for number, url in enumerate(self._find_linked(first), 1):
            self._add(url, f"page-{number}")

    def _find_linked(self, first: str) -> list[str]:
        found = dict.fromkeys(self._split(link, first)[0] for link in self.pages[first].content.links)
        wanted = [url for url in found if url in self._files.listed and _is_page(url) and url != first]
        return sorted(wanted, key=lambda url: _GROUPS.index(_group_of(url)))

    def _split(self, link: str, page: str) -> tuple[str, str]:
        """Give the address in the site that a link of a page leads to, and the fragment; none for one outside."""
        path, _, fragment = link.partition("#")
        if _ABSOLUTE.match(path):
            return "", ""
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), urllib.parse.unquote(path)))
        return (target if path else page), urllib.parse.unquote(fragment)

    def _add(self, url: str, anchor: str) -> None:
        content = read_page(self._files.read(url).decode("utf-8", "replace"))
        taken = {place.prefix + one for place in self.pages.values() for one in place.content.ids}
        prefix = f"{anchor}-" if self.pages else ""
        while any(prefix + one in taken for one in content.ids):
            prefix = f"x{prefix}"
        title = " ".join(content.heading.split()) or content.title
        if any(place.title == title for place in self.pages.values()):
            title = f"{title} ({len(self.pages)})"
        self.pages[url] = _Place(url, anchor, prefix, title, content)

    # What is written

    def iter_parts(self, manifest: Manifest) -> Iterator[str]:
        """Give the file in parts.

        Raises
        ------
        OutputError
            It becomes too large.
        """
        for part in self._iter_parts(manifest):
            self._n_bytes += len(part)
            if self._most_bytes is not None and self._n_bytes > self._most_bytes:
                size = format_bytes(self._most_bytes).replace("\u00a0", " ")
                hint = "take one run or key with --run or --key, pack a zip without --single-file, or --force it"
                raise OutputError(f"the file would be over {size}", hint=hint, slug="too-large-file")
            yield part

    def _iter_parts(self, manifest: Manifest) -> Iterator[str]:
        first, *others = self.pages.values()
        style, script = self._join_styles(), self._join_scripts()
        yield (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f'<meta name="referrer" content="no-referrer">\n{_MARK.decode()}\n'
            f"<title>{escape(first.content.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        )
        yield from self._write_masthead(first, bool(others))
        yield '<main id="main">'
        yield from self._write(first, first.content.pieces)
        if others:
            yield from self._write_contents(others)
        for place in others:
            yield f'\n<article class="leaf" id="{place.anchor}">'
            yield f'<p class="leaf-back"><a href="#{_CONTENTS}">In this file</a></p>'
            yield from self._write(place, place.content.pieces)
            yield "</article>"
        yield (
            '\n</main>\n<footer class="foot"><p>Made by reportgen · all times UTC</p>'
            "<p>From the site whose manifest.json has the SHA-256 "
            f'<span class="id">{manifest.digest}</span></p></footer>\n'
            f"<script>{script}</script>\n</body>\n</html>\n"
        )

    def _write_masthead(self, first: _Place, has_others: bool) -> Iterator[str]:
        """Write what stands before the content, with links to the parts of the file in place of the site's sections."""
        links = ['<li><a href="#main" aria-current="true">Report</a></li>']
        links += [f'<li><a href="#{_CONTENTS}">In this file</a></li>'] if has_others else []
        links += [f'<li><a href="{escape(self._site_url)}index.html">The whole site</a></li>'] if self._site_url else []
        html = "".join(self._write(first, first.content.head))
        navigation = f'<nav aria-label="File"><ul>{"".join(links)}</ul></nav>'
        yield re.sub(r"<nav\b.*?</nav>", lambda _: navigation, html, count=1, flags=re.DOTALL)

    def _write_contents(self, others: list[_Place]) -> Iterator[str]:
        yield (
            f'\n<section class="sec" id="{_CONTENTS}"><div class="head"><h2>In this file</h2>'
            '<p>The pages that this one links to, as they were</p></div>\n<div class="body">'
        )
        for group in _GROUPS:
            places = [place for place in others if _group_of(place.url) == group]
            if places:
                items = "".join(f'<li><a href="#{one.anchor}">{escape(one.title)}</a></li>' for one in places)
                yield f'<h3>{group}</h3><ul class="leaves">{items}</ul>'
        yield "</div></section>\n"

    def _write(self, place: _Place, pieces: list[Piece]) -> Iterator[str]:
        def change(tag: Tag) -> Tag | str:
            return self._change(place, tag)

        return write_pieces(pieces, place.prefix, place.content.ids, change)

    def _change(self, place: _Place, tag: Tag) -> Tag | str:
        if tag.name == "a":
            return self._change_link(place, tag)
        if tag.name == "img" or (tag.name == "image" and tag.in_svg):
            return self._change_image(place, tag)
        if not place.prefix:
            return tag
        attributes = {name: value for name, value in tag.attributes.items() if name != "aria-current"}
        if attributes.get("aria-label") and (tag.name == "nav" or attributes.get("role") == "region"):
            attributes["aria-label"] += f", {place.title}"  # a reader of landmarks tells them apart by it
        return tag._replace(attributes=attributes)

    def _change_link(self, place: _Place, tag: Tag) -> Tag:
        name = "href" if "href" in tag.attributes else "xlink:href"
        link = tag.attributes.get(name, "")
        path, fragment = self._split(link, place.url)
        if not path or link.startswith("#"):
            return tag
        target = self.pages.get(path)
        if target:
            anchor = target.prefix + fragment if fragment in target.content.ids else target.anchor
            return tag._replace(attributes={**tag.attributes, name: f"#{anchor}"})
        is_file = path in self._files.listed
        if is_file and "download" in tag.attributes and self._can_be_saved(path):
            data = {name: self._files.to_data(path), "download": "-".join(path.split("/")[-2:])}
            return tag._replace(attributes={**tag.attributes, **data})
        if self._site_url and is_file:
            address = (
                self._site_url + urllib.parse.quote(path) + (f"#{urllib.parse.quote(fragment)}" if fragment else "")
            )
            return tag._replace(attributes={**tag.attributes, name: address})
        kept = {key: value for key, value in tag.attributes.items() if key in ("id", "class")}
        return tag._replace(name="g" if tag.in_svg else "span", attributes=kept)

    def _can_be_saved(self, url: str) -> bool:
        """Whether the file has a copy of a download: of what is small, and no image, which is there to be saved."""
        return self._files.listed[url][1] <= _MOST_DOWNLOAD_BYTES and url.rpartition(".")[2] not in _IMAGES

    def _change_image(self, place: _Place, tag: Tag) -> Tag | str:
        name = "src" if tag.name == "img" else "href"
        link = tag.attributes.get(name, "")
        path, _ = self._split(link, place.url)
        if path in self._files.listed and path.rpartition(".")[2] in _IMAGES:
            return tag._replace(attributes={**tag.attributes, name: self._files.to_data(path)})
        if link.startswith("data:"):
            return tag
        alt = escape(tag.attributes.get("alt", ""))
        return "" if tag.in_svg else f'<span class="gone">{alt or "Image"} (not in this file)</span>'

    def _join_styles(self) -> str:
        texts = [self._inline_urls(url) for url in self._find_shared(lambda content: content.styles, ".css")]
        texts.append((find_data_folder("templates") / "single.css").read_text("utf-8"))
        return "\n".join(texts).replace("</", "<\\/")

    def _inline_urls(self, style: str) -> str:
        def replace(match: re.Match[str]) -> str:
            path, _ = self._split(match[2], style)
            is_image = path in self._files.listed and path.rpartition(".")[2] in _IMAGES
            return f"url({self._files.to_data(path)})" if is_image else match[0]

        return _CSS_URL.sub(replace, self._files.read(style).decode())

    def _join_scripts(self) -> str:
        texts = [self._files.read(url).decode() for url in self._find_shared(lambda content: content.scripts, ".js")]
        return ";\n".join(texts).replace("</", "<\\/").replace("<!--", "<\\!--")

    def _find_shared(self, of: Callable[[Content], list[str]], suffix: str) -> list[str]:
        """Give the files that any of the pages loads, in order."""
        found = dict.fromkeys(
            self._split(link, place.url)[0] for place in self.pages.values() for link in of(place.content)
        )
        return [url for url in found if url in self._files.listed and url.endswith(suffix)]


def _policy(style: str, script: str) -> str:
    sources = {"script-src": script, "style-src": style}
    digests = "".join(f" {name} '{_csp_digest(text)}';" for name, text in sources.items())
    return f"default-src 'none';{digests} img-src data:; base-uri 'none'; form-action 'none'"


def _csp_digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _is_page(url: str) -> bool:
    return url.endswith(".html") and url not in _LISTINGS and not _OLDER.fullmatch(url) and "/" in url


def _group_of(url: str) -> str:
    folder, _, rest = url.partition("/")
    if folder == "runs" and "/" in rest:
        return "Artifacts"
    return folder.capitalize() if folder.capitalize() in _GROUPS else _GROUPS[-1]
