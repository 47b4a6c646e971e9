"""Turns views into HTML; the one module that knows Jinja.

Autoescape is on and an unknown name is an error. Views hold safe HTML as `Markup`, made by `charts` and
`prose` alone; no template marks anything safe. Characters that HTML must not hold become U+FFFD.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import sys
import traceback
from collections.abc import Sequence
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import (
    ChoiceLoader,
    FileSystemBytecodeCache,
    FileSystemLoader,
    FunctionLoader,
    PrefixLoader,
    StrictUndefined,
    nodes,
)
from jinja2.bccache import Bucket
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup, escape

from reportgen.datafolders import find_data_folder
from reportgen.errors import InputError
from reportgen.theme import NO_THEME, Theme
from reportgen.views.parts import Page

_NOT_HTML = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_USUAL = bytes(code for code in range(128) if not _NOT_HTML.match(chr(code)))
_find_special = re.compile("[&<>\"']").search


def _escape(value: Any) -> str:
    """Do what `escape` does, without making a `Markup` of texts that nothing happens to: those are nearly all."""
    kind = type(value)
    return value if kind is Markup or (kind is str and not _find_special(value)) else escape(value)


def _write_number_rows(rows: Sequence[Sequence[str]]) -> Markup:
    """Write the rows of a long table of numbers, which takes a template several times as long."""
    cells = ('</td><td class="n">'.join(map(_escape, row)) for row in rows)
    return Markup("".join(f'<tr><td class="n">{row}</td></tr>\n' for row in cells))  # noqa: S704 - all is escaped


class _Generator(CodeGenerator):
    """Writes the code of templates so that it escapes by the environment's own function."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.write("environment.escape(")


class Environment(jinja2.Environment):
    """An environment that escapes always, and quickly."""

    code_generator_class = _Generator
    theme = NO_THEME
    escape = staticmethod(_escape)


class _CompiledTemplates(FileSystemBytecodeCache):
    """Keeps compiled templates where Python keeps compiled modules, under the same conditions."""

    def __init__(self, templates: Path) -> None:
        folder = Path(cache_from_source(str(templates / "templates.py"))).parent
        compiler = f"{jinja2.__version__} {sys.implementation.cache_tag}".encode() + Path(__file__).read_bytes()
        super().__init__(str(folder), f"%s.{hashlib.sha256(compiler).hexdigest()[:16]}.jinja")

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            super().load_bytecode(bucket)
        except Exception:  # a damaged file, or one that cannot be read: it is written anew
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        if not sys.dont_write_bytecode:
            with contextlib.suppress(OSError):  # it may belong to somebody else
                Path(self.directory).mkdir(parents=True, exist_ok=True)
                super().dump_bytecode(bucket)


def make_environment(theme: Theme = NO_THEME) -> Environment:
    """Make the environment that all pages are rendered in.

    Raises
    ------
    InputError
        A template of the theme is none.
    """
    templates = find_data_folder("templates")
    own = FileSystemLoader(templates)
    environment = Environment(
        loader=ChoiceLoader([_load_from(theme), PrefixLoader({"reportgen": own}), own]) if theme.templates else own,
        bytecode_cache=_CompiledTemplates(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        keep_trailing_newline=True,
    )
    environment.globals["zip"] = zip
    environment.filters["number_rows"] = _write_number_rows
    environment.theme = theme
    if not theme.templates:
        environment.getattr = getattr  # type: ignore[assignment,method-assign]  # own templates ask for what is there alone
    for name in theme.templates:
        try:
            environment.get_template(name)
        except jinja2.TemplateSyntaxError as error:
            raise _theme_error(f"{error.filename}, line {error.lineno}: {error.message}") from error
    return environment


def _load_from(theme: Theme) -> FunctionLoader:
    def load(name: str) -> tuple[str, str, None] | None:
        source = theme.templates.get(name)
        return None if source is None else (source, theme.path_of(name), None)

    return FunctionLoader(load)


def render_page(environment: Environment, page: Page) -> bytes:
    """Render a page: its template gets exactly the fields of its view.

    Raises
    ------
    InputError
        A template of the theme asks for what is not there.
    """
    try:
        html = environment.get_template(page.template).render(
            {name: getattr(page.view, name) for name in type(page.view).__match_args__}
        )
    except Exception as error:
        place = _find_place(environment.theme, error)
        if not place:
            raise
        reason = f"there is no template {error}" if isinstance(error, jinja2.TemplateNotFound) else str(error)
        raise _theme_error(f"{place}: {reason}") from error
    return _encode(html)


def _find_place(theme: Theme, error: Exception) -> str:
    """Say where in the templates of a theme an error arose; nothing when it is none of theirs."""
    paths = {theme.path_of(name) for name in theme.templates}
    frames = (frame for frame in reversed(traceback.extract_tb(error.__traceback__)) if frame.filename in paths)
    return next((f"{frame.filename}, line {frame.lineno}" for frame in frames), "")


def _theme_error(message: str) -> InputError:
    hint = "the fields that each template gets are in docs/views.md"
    return InputError(f"theme: {message}", hint=hint, slug="bad-theme")


def _encode(html: str) -> bytes:
    content = html.encode("utf-8", "surrogatepass")
    unusual = content.translate(None, _USUAL).decode("utf-8", "surrogatepass")  # little, and left out quickly
    return _NOT_HTML.sub("\ufffd", html).encode() if _NOT_HTML.search(unusual) else content
