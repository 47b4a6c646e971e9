"""The page that a web server shows for an address that is not there."""

from __future__ import annotations

import msgspec

from reportgen import urls
from reportgen.model import Model
from reportgen.views.parts import Frame, Page, make_frame


class NotFoundView(msgspec.Struct, frozen=True):
    """The page for an address that is not there.

    Attributes
    ----------
    frame
        What surrounds the page.
    """

    frame: Frame


def make_page(model: Model) -> Page:
    """Make the page."""
    return Page(urls.NOT_FOUND, "not_found.html", NotFoundView(make_frame(model, urls.NOT_FOUND, "Page not found")))
