"""All pipelines, those that need attention first."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from reportgen import urls
from reportgen.model import Model
from reportgen.text import format_count
from reportgen.views.overview import PipelineRow, headline, make_pipeline_row
from reportgen.views.parts import Frame, Here, Page, make_frame


class PipelinesView(msgspec.Struct, frozen=True):
    """The list of pipelines.

    Attributes
    ----------
    frame
        What surrounds the page.
    kind
        How many there are, in words.
    lede
        Are they fine? In one sentence.
    pipelines
        The rows.
    """

    frame: Frame
    kind: str
    lede: str
    pipelines: Sequence[PipelineRow]


def make_page(model: Model) -> Page:
    """Make the list of pipelines."""
    here = Here(urls.PIPELINES)
    order = model.worst_first()
    view = PipelinesView(
        frame=make_frame(model, urls.PIPELINES, "Pipelines"),
        kind=format_count(len(order), "pipeline"),
        lede=headline([pipeline.newest for pipeline in order]),
        pipelines=[make_pipeline_row(model, here, pipeline) for pipeline in order],
    )
    return Page(urls.PIPELINES, "pipelines.html", view)
