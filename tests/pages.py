"""Reads the pages of a site as a browser would, without one."""

from __future__ import annotations

import functools
import math
import posixpath
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

import html5lib

from reportgen.model import Model
from reportgen.units import iter_units, make_unit
from reportgen.views.parts import Page


@functools.lru_cache(maxsize=2000)
def parse(content: bytes) -> Element:
    """Parse a page as HTML5; names of HTML elements have no namespace. The result is shared: do not change it."""
    root: Element = html5lib.parse(content, transport_encoding="utf-8", namespaceHTMLElements=False)
    return root


def iter_elements(root: Element) -> Iterator[Element]:
    """Give every element of a page; comments are none."""
    return (element for element in root.iter() if isinstance(element.tag, str))


def tag(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def text_of(element: Element) -> str:
    """The text of an element and of all in it, with single blanks."""
    return " ".join("".join(element.itertext()).split())


def find(root: Element, *tags: str) -> list[Element]:
    return [element for element in iter_elements(root) if tag(element) in tags]


def attributes(element: Element) -> dict[str, str]:
    """The attributes of an element, names without namespace."""
    return {name.rpartition("}")[2]: value for name, value in element.attrib.items()}


def ids(root: Element) -> list[str]:
    return [element.attrib["id"] for element in iter_elements(root) if "id" in element.attrib]


def policy(root: Element) -> str:
    """The page's Content-Security-Policy."""
    (meta,) = (m for m in find(root, "meta") if m.get("http-equiv") == "Content-Security-Policy")
    return meta.get("content", "")


def iter_links(root: Element) -> Iterator[tuple[str, str]]:
    """Give every address of a page with the tag that has it."""
    for element in iter_elements(root):
        for name, value in attributes(element).items():
            if name in {"href", "src", "action", "formaction", "srcset", "data", "poster", "background", "cite"}:
                yield tag(element), value


def read_site(folder: Path) -> dict[str, bytes]:
    """Every file of a site by its address."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def broken_links(files: dict[str, bytes]) -> list[str]:
    """The internal links of a site that lead to no file or to no element."""
    pages = {url: parse(content) for url, content in files.items() if url.endswith(".html")}
    known = {url: set(ids(page)) for url, page in pages.items()}
    return [
        f"{url}: {link}"
        for url, page in pages.items()
        for link, path, fragment in internal_links(url, page)
        if path not in files or (fragment and fragment not in known.get(path, ()))
    ]


def internal_links(url: str, page: Element) -> Iterator[tuple[str, str, str]]:
    """Give the links of a page that stay in its site: as they are written, the address, the fragment."""
    for _, link in iter_links(page):
        parts = urlsplit(link)
        if not (parts.scheme or parts.netloc):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(url), unquote(parts.path)))
            yield link, path if parts.path else url, unquote(parts.fragment)


def reachable_pages(files: dict[str, bytes], start: str = "index.html") -> set[str]:
    """The pages that links lead to from the first one."""
    found, waiting = {start}, [start]
    while waiting:
        url = waiting.pop()
        linked = {path for _, path, _ in internal_links(url, parse(files[url])) if path.endswith(".html")}
        waiting += linked - found
        found |= linked
    return found


def pages_by_template(model: Model) -> dict[str, list[str]]:
    """The addresses of all pages of a site by the template that they are made of."""
    found = defaultdict(list)
    for unit in iter_units(model):
        for file in make_unit(model, unit):
            if isinstance(file, Page):
                found[file.template].append(file.url)
    return dict(found)


def sample_pages(site: Path, model: Model, n: int, largest: float = math.inf) -> list[str]:
    """Take `n` pages of each template, at least 2: the one with least in it, the one with most, and some between.

    Those of over `largest` bytes are passed over, but for a template's smallest.
    """
    sample = []
    for _, addresses in sorted(pages_by_template(model).items()):
        ranked = sorted(set(addresses), key=lambda url: ((site / url).stat().st_size, url))
        ranked = [url for url in ranked if url == ranked[0] or (site / url).stat().st_size <= largest]
        places = {round((len(ranked) - 1) * place / max(1, n - 1)) for place in range(n)}
        sample += [ranked[place] for place in sorted(places)]
    return sample
