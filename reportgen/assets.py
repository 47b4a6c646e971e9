"""Finds the templates and their static files, in a checkout and in an installed package."""

from __future__ import annotations

from pathlib import Path

from reportgen import urls
from reportgen.datafolders import find_data_folder
from reportgen.model import Model
from reportgen.text import format_clock, format_count, format_date, iso_day
from reportgen.views.parts import RawFile


def static_files(model: Model) -> list[RawFile]:
    """The shared files of a site: styles, scripts, and the stamp that the masthead of every page shows.

    The script of all pages is made of the files of `templates/scripts`, each of which stands alone; what only one kind
    of page needs lies in `templates/static`. Scripts are written without margins and comments.
    """
    folder = find_data_folder("templates")
    scripts = sorted((folder / "scripts").glob("*.js"))
    return [
        *(RawFile(f"static/{path.name}", _read(path)) for path in sorted((folder / "static").glob("*.*"))),
        RawFile(urls.SCRIPT, b"".join(map(_read, scripts))),
        RawFile(urls.STAMP, make_stamp(model).encode()),
        RawFile(".nojekyll", b""),
    ]


def _read(path: Path) -> bytes:
    """Read a shared file; of a script leave out margins and lines of comment, as none of its texts spans lines."""
    if path.suffix != ".js":
        return path.read_bytes()
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    kept = [line for line in lines if line and not (line.startswith("/*") and line.endswith("*/"))]
    return "".join(f"{line}\n" for line in kept).encode()


def make_stamp(model: Model) -> str:
    """Write the style sheet that puts the site's date and size on every page.

    It is a file of its own so that a new run changes this one file and not the text of every old page.
    """
    n_problems = model.n_problems
    n_missing = model.n_missing
    texts = {"as": "", "built": "No run yet", "newest": ""}
    if model.runs:
        newest = model.runs[-1].started_at
        same_day = iso_day(newest) == iso_day(model.as_of)
        as_of = f"{format_date(model.as_of)}, {format_clock(model.as_of)} UTC"
        texts["as"] = "As of "
        texts["built"] = f"{as_of}, {format_count(len(model.runs), 'run')}"
        texts["newest"] = f", newest started {format_clock(newest) if same_day else format_date(newest)}"
    notes = [format_count(n_problems, "line") + " skipped"] if n_problems else []
    notes += [f"{format_count(n_missing, 'record')} lost"] if n_missing else []
    texts["problems"] = f"{', '.join(notes) or 'No record lost'} · "
    return "".join(f'.stamp-{name}::before {{ content: "{content}"; }}\n' for name, content in texts.items())
