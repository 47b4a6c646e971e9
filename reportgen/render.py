"""Turns views into HTML; the one module that knows Jinja.

Autoescape is on and an unknown name is an error. Views hold safe HTML as `Markup`, made by `charts` and
`prose` alone; no template marks anything safe. Characters that HTML must not hold become U+FFFD.
"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reportgen.datafolders import find_data_folder
from reportgen.views.parts import Page

_NOT_HTML = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def make_environment() -> Environment:
    """Make the environment that all pages are rendered in."""
    return Environment(
        loader=FileSystemLoader(find_data_folder("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        keep_trailing_newline=True,
    )


def render_page(environment: Environment, page: Page) -> bytes:
    """Render a page: its template gets exactly the fields of its view."""
    values: dict[str, Any] = {field.name: getattr(page.view, field.name) for field in fields(page.view)}
    html = environment.get_template(page.template).render(values)
    return _NOT_HTML.sub("\ufffd", html).encode()
