"""Finds the templates and their static files, in a checkout and in an installed package."""

from __future__ import annotations

from reportgen import urls
from reportgen.datafolders import find_data_folder
from reportgen.model import Model
from reportgen.text import format_clock, format_count, format_date, iso_day
from reportgen.views.parts import RawFile


def static_files(model: Model) -> list[RawFile]:
    """The shared files of a site: styles, scripts, and the stamp that the masthead of every page shows.

    The script of all pages is made of the files of `templates/scripts`, each of which stands alone; what only one kind
    of page needs lies in `templates/static` as it is.
    """
    folder = find_data_folder("templates")
    scripts = sorted((folder / "scripts").glob("*.js"))
    return [
        *(RawFile(f"static/{path.name}", path.read_bytes()) for path in sorted((folder / "static").glob("*.*"))),
        RawFile(urls.SCRIPT, b"\n".join(path.read_bytes() for path in scripts)),
        RawFile(urls.STAMP, make_stamp(model).encode()),
        RawFile(".nojekyll", b""),
    ]


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
