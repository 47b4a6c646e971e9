"""The model: what the tables mean, as frozen objects that views read.

Built once a build, from tables alone, so a site's own data gives the same model as the logs it came from.
List-metric points stay in Arrow and are fetched by series.
"""

from reportgen.model.make import blob_of, build_model
from reportgen.model.objects import (
    Artifact,
    Edge,
    Error,
    Key,
    ListSummary,
    MetricInfo,
    MetricValue,
    Model,
    Pipeline,
    PointSource,
    Problem,
    Run,
    Series,
    Step,
)
from reportgen.status import RunStatus

__all__ = [
    "Artifact",
    "Edge",
    "Error",
    "Key",
    "ListSummary",
    "MetricInfo",
    "MetricValue",
    "Model",
    "Pipeline",
    "PointSource",
    "Problem",
    "Run",
    "RunStatus",
    "Series",
    "Step",
    "blob_of",
    "build_model",
]
