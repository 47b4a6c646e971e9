"""Markdown to safe HTML: the one part of reportgen that knows Markdown.

Text of records and Markdown artifacts comes from strangers, so what comes out is safe by construction: it
makes no request, runs nothing, styles nothing, cannot name a page of the site, and closes every element.
It looks as on GitHub. A document that the library could not convert in about two seconds is shown as its source.

The way: `source.normalize` → Python-Markdown → `shape.shape` → nh3. The stylesheet owns the classes
(`hl-…`, `admonition`, `task-list`, `footnote`, `ta-right`, `scroll`); nothing here knows a colour.

Not done: maths, emoji names, links between artifacts, images (they become links; the build may archive them).
"""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup, escape

from reportgen.prose.convert import to_html
from reportgen.prose.difference import ChangedBlock, compare_rendered
from reportgen.prose.inline import excerpt_markdown, plain_text, render_inline
from reportgen.prose.sanitize import sanitize
from reportgen.prose.shape import TooDeepError, shape
from reportgen.prose.source import MAX_BYTES, clean_characters, normalize, reason_not_to_render

__all__ = ["ChangedBlock", "compare_rendered", "excerpt_markdown", "plain_text", "render_inline", "render_markdown"]

MAX_REMEMBERED = 4_000  # characters of a text; a page for each version repeats the description of its key
_MAX_HTML = 8 * MAX_BYTES


def render_markdown(text: str, *, heading_base: int = 3, id_prefix: str = "") -> Markup:
    """Convert a Markdown document to a sanitised HTML fragment.

    Parameters
    ----------
    text
        Any text: GitHub's Markdown with footnotes, definition lists, `!!!` admonitions and raw HTML.
    heading_base
        The level that the topmost headings get, 1 to 6. Deeper ones follow without a gap, at most `<h6>`: `####`
        under `#` is one level below it, as the next `##` is.
    id_prefix
        Stands before every id and fragment link. Give each document of a page its own, and one that the
        page's own ids do not begin with. No blanks.

    Returns
    -------
    Markup
        A balanced fragment for the inside of a block element. The same text gives the same bytes. Above
        256 kB, or where the markup would take too long to convert, a note and the source in `<pre>`.
    """
    if len(text) > MAX_BYTES or len(text.encode(errors="replace")) > MAX_BYTES:
        return _as_source(text, "it is larger than 256 kB")
    try:
        if len(text) > MAX_REMEMBERED:
            return _render(text, heading_base, id_prefix)
        return _remembered(text, heading_base, id_prefix)
    except TooDeepError:
        return _as_source(text, "its elements are nested too deeply")
    except Exception:  # the library fails on odd input in many ways; a report shows all it can
        return _as_source(text, "it could not be converted")


def _render(text: str, heading_base: int, id_prefix: str) -> Markup:
    text = clean_characters(text)
    source, depth = normalize(text)
    if reason := reason_not_to_render(source, depth):
        return _as_source(text, reason)
    html = to_html(source)
    if len(html) > _MAX_HTML:
        return _as_source(text, "its HTML would be too large")
    fragment = shape(html, heading_base=heading_base, id_prefix=id_prefix)
    return Markup(sanitize(fragment, id_prefix=id_prefix))  # noqa: S704  (nh3 is the reason it is safe)


_remembered = lru_cache(maxsize=256)(_render)


def _as_source(text: str, reason: str) -> Markup:
    note = f'<p class="quiet small">Shown as Markdown source, because {reason}.</p>\n'
    return Markup('{}<pre tabindex="0">\n{}</pre>').format(Markup(note), escape(clean_characters(text)))  # noqa: S704
