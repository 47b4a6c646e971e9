"""The model: what the tables mean, as objects that views read.

Made from tables alone, so a site's own data gives the same model as the logs it came from. It reads what it is asked
for, so that a build of one new run does not pay for all old ones.
"""

from reportgen.model.files import Files
from reportgen.model.horizon import NO_HORIZON, Horizon
from reportgen.model.keys import Key
from reportgen.model.measures import ListSeries, MetricInfo, Series
from reportgen.model.model import Model
from reportgen.model.objects import Artifact, Edge, Error, ListSummary, MetricValue, Step
from reportgen.model.runs import Pipeline, Run, RunList
from reportgen.model.ties import StepSpan, Tie, find_spans, find_ties
from reportgen.status import RunStatus

__all__ = [
    "NO_HORIZON",
    "Artifact",
    "Edge",
    "Error",
    "Files",
    "Horizon",
    "Key",
    "ListSeries",
    "ListSummary",
    "MetricInfo",
    "MetricValue",
    "Model",
    "Pipeline",
    "Run",
    "RunList",
    "RunStatus",
    "Series",
    "Step",
    "StepSpan",
    "Tie",
    "find_spans",
    "find_ties",
]
