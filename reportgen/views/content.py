"""The content of an artifact, in full and as a preview, and its raw files."""

from __future__ import annotations

import hashlib
import re
import urllib.parse
from collections.abc import Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from reportgen import urls
from reportgen.charts import meter
from reportgen.images import fit_size, thumbnail_size
from reportgen.model import Artifact, Model
from reportgen.prose import excerpt_markdown, plain_text, render_markdown
from reportgen.text import NumberForm, first_line, format_bytes, format_number, format_short_time
from reportgen.views.parts import Here, Link, RawFile
from reportgen.views.tables import TableContent, make_table, table_files, table_size, to_csv
from reportgen.webaddress import web_address

__all__ = ["table_size", "to_csv"]

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]{1,5})?", re.IGNORECASE)

KIND_WORDS = {"markdown": "Markdown"}


class ImageContent(msgspec.Struct, frozen=True):
    """An image as it is shown.

    Attributes
    ----------
    url
        What `<img>` loads; empty when it cannot be shown.
    width, height
        How large it is shown, in pixels of CSS; 0 when not known.
    alt
        What it shows, in words.
    size_text
        Pixels and bytes in words.
    source
        The address of a remote image.
    broken
        Why it cannot be shown.
    full
        The image at its full size; empty when it is at another host.
    """

    url: str
    width: int
    height: int
    alt: str
    size_text: str
    source: Link | None
    broken: str
    full: str = ""


class Content(msgspec.Struct, frozen=True):
    """The content of one artifact, in the field of its kind; the others are `None`.

    Attributes
    ----------
    kind
        link, markdown, table, image or progress; `"deleted"` for a tombstone.
    label
        The kind in words.
    downloads
        Raw files.
    note
        A line below, e.g. rows and columns.
    """

    kind: str
    label: str
    table: TableContent | None = None
    html: Markup | None = None
    image: ImageContent | None = None
    link: Link | None = None
    percent: str = ""
    bar: Markup | None = None
    downloads: Sequence[Link] = ()
    note: str = ""


def kind_word(artifact: Artifact) -> str:
    """The kind of an artifact in words."""
    return KIND_WORDS.get(artifact.type, artifact.type)


def make_content(model: Model, artifact: Artifact, here: Here, page: str, *, peek: bool = False) -> Content:
    """Make the content of an artifact.

    Parameters
    ----------
    here
        The page it is shown on.
    page
        The page of the artifact itself, beside which its raw files lie.
    peek
        A preview: a few rows, a few lines.
    """
    if artifact.deleted_at is not None:
        return Content("deleted", kind_word(artifact))
    if artifact.type == "image" and artifact.blob and not artifact.has_page:
        return Content("image", "image", note="Not in this site: thinned.")
    try:
        return _MAKERS[artifact.type](model, artifact, here, page, peek)
    except (KeyError, TypeError, ValueError, AttributeError):  # a foreign writer's data has another shape
        raw = Markup("<pre><code>{}</code></pre>").format(artifact.data_json[:2000])
        return Content(
            artifact.type, kind_word(artifact), html=raw, note="shown raw: its data has not the form of its type"
        )


def _markdown(model: Model, artifact: Artifact, here: Here, page: str, peek: bool) -> Content:
    text = _text(artifact.data)
    if peek:
        html = render_markdown(excerpt_markdown(text, 400), heading_base=4, id_prefix=_id_prefix(artifact))
        return Content("markdown", "Markdown", html=html)
    downloads = [Link(f"Markdown, {format_bytes(len(text.encode()))}", here.to(urls.download(page, "md")))]
    downloads = downloads if artifact.has_files else []
    html = render_markdown(text, heading_base=3, id_prefix=_id_prefix(artifact))
    return Content("markdown", "Markdown", html=html, downloads=downloads)


def _id_prefix(artifact: Artifact) -> str:
    """Begin the ids of its text: its own on any page, whatever a foreign writer gave as its id."""
    name = f"{artifact.run_id}/{artifact.id}"
    return f"text-{hashlib.sha256(name.encode()).hexdigest()[:8]}-"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


def _link(model: Model, artifact: Artifact, here: Here, page: str, peek: bool) -> Content:
    address = _text(artifact.data["link"])
    text = _text(artifact.data.get("link_text") or address)
    href = web_address(address)
    note = (urllib.parse.urlsplit(href).netloc if href else address) if text != address else ""
    return Content("link", "link", link=Link(text, href), note=note)


def _progress(model: Model, artifact: Artifact, here: Here, page: str, peek: bool) -> Content:
    percent = min(max(float(artifact.data), 0.0), 100.0)
    status = "completed" if percent == 100 else model.run_of(artifact).status
    bar = meter(percent, status)
    return Content("progress", "progress", percent=format_number(percent, NumberForm(1 if percent % 1 else 0)), bar=bar)


def percent_text(artifact: Artifact) -> str:
    """The per cent of a progress artifact."""
    if artifact.percent is None:
        return "–"
    return format_number(artifact.percent, NumberForm(1 if artifact.percent % 1 else 0)) + "\u00a0%"


def _image(model: Model, artifact: Artifact, here: Here, page: str, peek: bool) -> Content:
    alt = plain_text(artifact.description) or f"Image {artifact.key or artifact.id}"
    remote = artifact.data.get("url")
    if remote:
        source = Link(_text(remote), web_address(remote))
        shown = "" if peek or not image_origin(artifact) else source.url
        return Content("image", "image", image=ImageContent(shown, 0, 0, alt, "", source, ""))
    name = _text(artifact.data["blob"])
    facts = model.image_of(artifact)
    pixels = f"{facts.width:,} × {facts.height:,} pixels, " if facts.width else ""
    size = "" if facts.broken else pixels + format_bytes(facts.n_bytes)
    url = "" if facts.broken else here.to(urls.blob(name))
    shown, width, height = url, facts.width, facts.height
    if peek and width:
        width, height = fit_size(width, height)
        shown = here.to(urls.thumbnail(name)) if thumbnail_size(facts) else url
    image = ImageContent(shown, width, height, alt, size, None, facts.broken, full=url)
    downloads = [Link("Image file", url)] if url and not peek else ()
    return Content("image", "image", image=image, downloads=downloads)


def image_origin(artifact: Artifact) -> str:
    """The origin of a remote image, for the policy of its own page; empty for all else."""
    if artifact.type != "image" or artifact.deleted_at is not None or not isinstance(artifact.data, dict):
        return ""
    url = web_address(str(artifact.data.get("url") or ""))
    match = _ORIGIN.match(url)
    rest = url[match.end() :] if match else "?"
    return match.group().lower() if match and (not rest or rest[0] in "/?#") else ""


def _table(model: Model, artifact: Artifact, here: Here, page: str, peek: bool) -> Content:
    table, downloads = make_table(artifact, here, page, peek=peek)
    return Content("table", "table", table=table, downloads=downloads, note=table.size_text)


def raw_files(artifact: Artifact, page: str) -> list[RawFile]:
    """The artifact's content as files beside its page: `.md`, or `.csv` and `.json`."""
    if artifact.deleted_at is not None or not artifact.has_files:
        return []
    if artifact.type == "markdown" and isinstance(artifact.data, str):
        return [RawFile(urls.download(page, "md"), artifact.data.encode())]
    return table_files(artifact, page) if artifact.type == "table" else []


_MAKERS = {"markdown": _markdown, "link": _link, "progress": _progress, "image": _image, "table": _table}


class Card(msgspec.Struct, frozen=True):
    """A preview of an artifact.

    Attributes
    ----------
    title
        Key and version, or the description, with the artifact's page.
    kind
        In words.
    content
        The preview.
    source
        Where it comes from: pipeline or step, and when.
    """

    title: Link
    kind: str
    content: Content
    source: Sequence[Link]


def artifact_page(artifact: Artifact) -> str:
    """The address of an artifact's page."""
    if artifact.key is None:
        return urls.keyless(artifact.run_id, artifact.id)
    return urls.version(artifact.key, artifact.version)


def artifact_url(here: Here, artifact: Artifact) -> str:
    """The link to an artifact's page; empty when that is thinned."""
    return here.to(artifact_page(artifact)) if artifact.has_page else ""


def artifact_title(artifact: Artifact) -> str:
    """Key and version, or what a keyless artifact is called: its description's first line, else its kind."""
    if artifact.key is not None:
        return f"{artifact.key} v{artifact.version}"
    return first_line(plain_text(artifact.description), 60) or f"{kind_word(artifact)} without a key"


def make_card(model: Model, artifact: Artifact, here: Here, source: Sequence[Link]) -> Card:
    """Make the preview of an artifact."""
    page = artifact_page(artifact)
    content = make_content(model, artifact, here, page, peek=True)
    return Card(Link(artifact_title(artifact), artifact_url(here, artifact)), kind_word(artifact), content, source)


def artifact_source(model: Model, here: Here, artifact: Artifact) -> list[Link]:
    """Say where an artifact comes from: pipeline, step, time."""
    run = model.run_of(artifact)
    step = run.step_name(artifact.step_id)
    parts = [here.pipeline_of(model, run)]
    parts += [Link(f"/ {step}")] if step else []
    return [*parts, Link(f", {format_short_time(artifact.updated_at)}")]
