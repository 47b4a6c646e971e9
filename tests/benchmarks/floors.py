"""What any program that does a part of a build's work must do at least, for the benchmark of builds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from measuring import Cost, cost_of

from reportgen.log.parse import iter_lines
from reportgen.model import Model
from reportgen.options import Options
from reportgen.render import make_environment, render_page
from reportgen.sources import read_everything
from reportgen.views import version


def write_same_files(files: Sequence[tuple[str, int]], folder: Path) -> None:
    """Write files of these names and sizes."""
    content = memoryview(bytes(max(n_bytes for _, n_bytes in files)))
    made = set()
    for name, n_bytes in files:
        path = f"{folder}/{name}"
        parent = path.rpartition("/")[0]
        if parent not in made:
            Path(parent).mkdir(parents=True, exist_ok=True)
            made.add(parent)
        with open(path, "wb", buffering=0) as file:  # noqa: PTH123 — a floor does without path objects
            file.write(content[:n_bytes])


def render_one_page(logs: Path, n_pages: int) -> Cost:
    """Render the page of a version, a Markdown document of some logs, again and again."""
    model = Model(read_everything([logs]), Options())
    document = next(one for run in model.runs for one in run.artifacts if one.type == "markdown")
    page, environment = version.make_page(model, document), make_environment()
    render_page(environment, page)
    return cost_of(lambda: [render_page(environment, page) for _ in range(n_pages)])


def parse_journals(logs: Path) -> None:
    """Decode every line of the journals, and forget it."""
    for path in logs.glob("*/*.jsonl"):
        with path.open("rb") as file:
            for _ in iter_lines(file):
                pass


def scan(logs: Path) -> None:
    """Ask for names and sizes of all logs."""
    with os.scandir(logs) as folders:
        for folder in folders:
            with os.scandir(folder) as entries:
                for entry in entries:
                    entry.stat()
