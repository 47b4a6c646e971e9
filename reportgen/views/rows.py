"""Further pages of a table of over 1,000 rows; the artifact's own page has the first ones."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from reportgen import urls
from reportgen.model import Artifact, Model
from reportgen.views.content import artifact_page, artifact_title
from reportgen.views.parts import Frame, Here, Link, Page, make_frame
from reportgen.views.tables import TableContent, make_further_tables, most_row_pages


class RowsView(msgspec.Struct, frozen=True):
    """A page of further rows of a table.

    Attributes
    ----------
    frame
        What surrounds the page.
    title
        Key and version, or what a keyless artifact is called.
    kind
        Which page it is.
    table
        Its rows.
    artifact
        The page of the artifact, with its downloads.
    """

    frame: Frame
    title: str
    kind: str
    table: TableContent
    artifact: Link


def make_pages(model: Model, artifact: Artifact) -> Iterator[Page]:
    """Make the second page of a table and all after it; nothing for what has at most 1,000 rows or is no table."""
    if artifact.deleted_at is not None or not artifact.has_files or most_row_pages(artifact) < 2:
        return
    page, title = artifact_page(artifact), artifact_title(artifact)
    try:
        tables = [*make_further_tables(artifact, lambda number: Here(urls.more_rows(page, number)), page)]
    except (KeyError, TypeError):  # a foreign writer's data has another shape
        return
    for number, table in enumerate(tables, 2):
        url = urls.more_rows(page, number)
        kind = f"page {number} of its rows"
        view = RowsView(
            frame=make_frame(model, url, kind, crumbs=[*_crumbs(model, artifact), (title, page)]),
            title=title,
            kind=kind,
            table=table,
            artifact=Link("Changes, lineage and downloads", Here(url).to(page)),
        )
        yield Page(url, "rows.html", view)


def _crumbs(model: Model, artifact: Artifact) -> list[tuple[str, str]]:
    if artifact.key is not None:
        return [("Artifacts", urls.ARTIFACTS), (artifact.key, urls.key(artifact.key))]
    run = model.run_of(artifact)
    return [("Runs", urls.RUNS), (run.name, urls.run(run.id))]
