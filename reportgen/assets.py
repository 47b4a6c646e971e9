"""Finds the templates and their static files, in a checkout and in an installed package."""

from __future__ import annotations

from pathlib import Path

from reportgen import urls
from reportgen.errors import InputError
from reportgen.model import Model
from reportgen.text import format_count, format_date, format_time
from reportgen.views.parts import RawFile

_PACKAGE = Path(__file__).parent


def find_data_folder(name: str) -> Path:
    """Find `templates` or `examples`: the package's own folder first, else the checkout's.

    Raises
    ------
    InputError
        Neither is there.
    """
    own, checkout = _PACKAGE / name, _PACKAGE.parent / name
    if own.is_dir():
        return own
    if checkout.is_dir() and (_PACKAGE.parent / "pyproject.toml").is_file():
        return checkout
    hint = "install reportgen again"
    raise InputError(f"neither {own} nor {checkout} is there", hint=hint, slug="incomplete-installation")


def static_files(model: Model) -> list[RawFile]:
    """The shared files of a site: style, script, and the stamp that the masthead of every page shows."""
    folder = find_data_folder("templates") / "static"
    return [
        RawFile(urls.STYLE, (folder / "report.css").read_bytes()),
        RawFile(urls.SCRIPT, (folder / "report.js").read_bytes()),
        RawFile(urls.STAMP, make_stamp(model).encode()),
        RawFile(".nojekyll", b""),
    ]


def make_stamp(model: Model) -> str:
    """Write the style sheet that puts the site's date and size on every page.

    It is a file of its own so that a new run changes this one file and not the text of every old page.
    """
    n_problems = sum(len(run.problems) for run in model.runs)
    n_missing = sum(run.n_missing for run in model.runs)
    built = "No run yet"
    if model.runs:
        newest = model.runs[-1].started_at
        as_of = format_time(model.as_of).rsplit(":", 1)[0]
        built = f"As of {as_of} UTC, from {format_count(len(model.runs), 'run')}, newest started {format_date(newest)}"
    notes = [format_count(n_problems, "line") + " skipped"] if n_problems else []
    notes += [f"{format_count(n_missing, 'record')} lost"] if n_missing else []
    text = ", ".join(notes) or "No record lost"
    return f'.stamp-built::before {{ content: "{built}"; }}\n.stamp-problems::before {{ content: "{text} · "; }}\n'
