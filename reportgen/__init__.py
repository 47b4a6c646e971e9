"""reportgen: run logs of data, ML and CI pipelines become a static report site.

Step code uses the functions below; `reportgen build` turns what they recorded into a site.
"""

from reportgen.artifacts import (
    create_image_artifact,
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from reportgen.decorators import pipeline, step
from reportgen.errors import ReportgenError
from reportgen.lineage import record_input, record_output
from reportgen.metrics import record_list_metric_values, record_metric_value
from reportgen.recorder import Run, Step, start_run

__version__ = "0.1.0"

__all__ = [
    "ReportgenError",
    "Run",
    "Step",
    "__version__",
    "create_image_artifact",
    "create_link_artifact",
    "create_markdown_artifact",
    "create_progress_artifact",
    "create_table_artifact",
    "pipeline",
    "record_input",
    "record_list_metric_values",
    "record_metric_value",
    "record_output",
    "start_run",
    "step",
    "update_progress_artifact",
]
