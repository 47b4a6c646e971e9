"""Addresses of pages and files within a site; no other module makes one.

A name from a record becomes a file name only through `slug`: lower case, no leading `.` or `_`, nothing that
Windows or a shell minds, under 100 characters, different for different names even when case is folded.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from functools import lru_cache

_PLAIN = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")
_OTHER = re.compile(r"[^a-z0-9]+")
_RESERVED = {"con", "prn", "aux", "nul", "index", *(f"{device}{n}" for device in ("com", "lpt") for n in range(10))}

OVERVIEW = "index.html"
RUNS = "runs/index.html"
PIPELINES = "pipelines/index.html"
ARTIFACTS = "artifacts/index.html"
METRICS = "metrics/index.html"
LINEAGE = "lineage/index.html"
DATA = "data/index.html"
DATA_FOLDER = "data"
BLOBS = "data/blobs"
SEARCH = "search.html"
SEARCH_INDEX = "search/index.js"
COMPARE = "compare.html"
COMPARE_INDEX = "compare/index.js"
NOT_FOUND = "404.html"
FEED = "feed.xml"
MANIFEST = "manifest.json"
CRATE = "ro-crate-metadata.json"
STYLE = "static/report.css"
SCRIPT = "static/report.js"
CHUNKS_SCRIPT = "static/chunks.js"
CHART_SCRIPT = "static/overlay.js"
STAMP = "static/stamp.css"


@lru_cache(5000)
def slug(name: str) -> str:
    """Give the file name (without extension) that stands for a name.

    A plain name stands for itself. Any other keeps its letters and gets a point and 12 hex digits of its
    SHA-256; plain names have no point, so the two kinds never meet.
    """
    if _PLAIN.fullmatch(name) and name not in _RESERVED:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    letters = _OTHER.sub("-", name.lower()).strip("-")[:40].strip("-") or "x"
    if letters in _RESERVED:  # Windows minds `con.html` and `con.anything.html` alike
        letters = f"{letters}-x"
    return f"{letters}.{digest}"


def relative(target: str, page: str) -> str:
    """Give the link from a page to a target, both below the site's root; a fragment stays."""
    path, mark, fragment = target.partition("#")
    if path in ("", page):
        return f"#{fragment}" if mark else posixpath.basename(page)
    folder, _, name = path.rpartition("/")
    return _way(folder, page.rpartition("/")[0]) + name + mark + fragment


@lru_cache(10_000)
def _way(target: str, start: str) -> str:
    """Give the way from one folder of the site to another, with the slash after it; of one to itself it is empty."""
    way = posixpath.relpath(target or ".", start or ".")
    return "" if way == "." else f"{way}/"


def runs_page(number: int) -> str:
    """A page of older runs; page 1 has the oldest."""
    return f"runs/page.{number}.html"


def run(run_id: str) -> str:
    return f"runs/{slug(run_id)}.html"


def compared_runs(span: str) -> str:
    """What `compare.html` shows of the runs of a span."""
    return f"compare/{span}.js"


def searched_runs(span: str) -> str:
    """What `search.html` finds runs of a span by."""
    return f"search/{span}.js"


def keys_page(number: int) -> str:
    """A page of the list of all keys by name; page 1 has the first."""
    return f"artifacts/page.{number}.html"


def pipeline(name: str) -> str:
    return f"pipelines/{slug(name)}.html"


def key(name: str) -> str:
    return f"artifacts/{slug(name)}/index.html"


def older_versions(name: str, number: int) -> str:
    """A page of older versions of a key; page 1 has the oldest."""
    return f"artifacts/{slug(name)}/versions.{number}.html"


def version(name: str, number: int) -> str:
    return f"artifacts/{slug(name)}/v{number}.html"


def keyless(run_id: str, artifact_id: str) -> str:
    return f"runs/{slug(run_id)}/{slug(artifact_id)}.html"


def download(page: str, extension: str) -> str:
    """The raw content of what a page shows, beside the page."""
    return f"{page.removesuffix('.html')}.{extension}"


def more_rows(page: str, number: int) -> str:
    """A further page of the rows of a table, beside the page that shows the first ones; that is page 1."""
    return page if number == 1 else f"{page.removesuffix('.html')}.rows.{number}.html"


def metric(name: str) -> str:
    return f"metrics/{slug(name)}.html"


def badge(name: str) -> str:
    """The badge of a metric."""
    return f"badges/{slug(name)}.svg"


def blob(name: str) -> str:
    """A file by content; `name` is one that `reportgen.log.layout.BLOB_NAME` allows."""
    return f"{BLOBS}/{name}"


def thumbnail(name: str) -> str:
    """The small picture of an image that is kept by content."""
    return f"data/thumbnails/{name.partition('.')[0]}.webp"


def table(name: str) -> str:
    return f"data/{name}.parquet"


def day_table(name: str, day: str) -> str:
    return f"data/{name}/{day}.parquet"
