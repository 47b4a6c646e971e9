"""Finds the templates and their static files, in a checkout and in an installed package."""

from __future__ import annotations

import json
import re
from pathlib import Path

from reportgen import urls
from reportgen.datafolders import find_data_folder
from reportgen.model import Model
from reportgen.text import format_clock, format_count, format_date, iso_day
from reportgen.views.parts import RawFile

_NOT_CODE = re.compile(r"^ */\*[^*]*\*/\n| +/\*[^*\n]*\*/$|^ +|^\n", re.MULTILINE)
_ADOPT_STYLE = """\
(function () {
  "use strict";
  var sheet = new CSSStyleSheet();
  sheet.replaceSync(%s);
  document.adoptedStyleSheets = [].concat(Array.from(document.adoptedStyleSheets), sheet);
})();
"""


def static_files(model: Model) -> list[RawFile]:
    """The shared files of a site: styles, scripts, and the stamp that the masthead of every page shows.

    The script of all pages is made of the files of `templates/scripts`, in the order of their names: a style for what
    scripts make, what scripts share, then scripts that each stand alone. What only one kind of page needs lies in
    `templates/static`.
    """
    folder = find_data_folder("templates")
    return [
        *(RawFile(f"static/{path.name}", _read(path)) for path in sorted((folder / "static").glob("*.*"))),
        RawFile(urls.SCRIPT, _join_scripts(folder / "scripts")),
        RawFile(urls.STAMP, make_stamp(model).encode()),
        RawFile(".nojekyll", b""),
        *(RawFile(url, content) for url, content in model.theme.files.items()),
    ]


def _read(path: Path) -> bytes:
    """Read a shared file; a script without indentation and comments, which are a quarter of its size."""
    return _NOT_CODE.sub("", path.read_text("utf-8")).encode() if path.suffix == ".js" else path.read_bytes()


def _join_scripts(folder: Path) -> bytes:
    style = _NOT_CODE.sub("", (folder / "controls.css").read_text("utf-8"))
    adopt = _ADOPT_STYLE % json.dumps(style, ensure_ascii=False)
    return b"\n".join([_NOT_CODE.sub("", adopt).encode(), *(_read(path) for path in sorted(folder.glob("*.js")))])


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
