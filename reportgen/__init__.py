"""reportgen: run logs of data, ML and CI pipelines become a static report site.

Step code uses the functions below; `reportgen build` turns what they recorded into a site.
"""

from reportgen.artifacts.artifact import Artifact
from reportgen.artifacts.create import (
    create_image_artifact,
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from reportgen.artifacts.twins import (
    acreate_image_artifact,
    acreate_link_artifact,
    acreate_markdown_artifact,
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
)
from reportgen.decorators import pipeline, step
from reportgen.errors import ReportgenError
from reportgen.lineage import ause_artifact, record_input, record_output, use_artifact
from reportgen.metrics import record_list_metric_values, record_metric_value
from reportgen.reading import (
    count_artifacts,
    get_list_metrics,
    get_metrics,
    open_logs,
    read_artifacts,
    read_latest_artifacts,
)
from reportgen.recorder.run import Run, Step
from reportgen.recorder.start import start_run

__version__ = "0.1.0"

__all__ = [
    "Artifact",
    "ReportgenError",
    "Run",
    "Step",
    "__version__",
    "acreate_image_artifact",
    "acreate_link_artifact",
    "acreate_markdown_artifact",
    "acreate_progress_artifact",
    "acreate_table_artifact",
    "aupdate_progress_artifact",
    "ause_artifact",
    "count_artifacts",
    "create_image_artifact",
    "create_link_artifact",
    "create_markdown_artifact",
    "create_progress_artifact",
    "create_table_artifact",
    "get_list_metrics",
    "get_metrics",
    "open_logs",
    "pipeline",
    "read_artifacts",
    "read_latest_artifacts",
    "record_input",
    "record_list_metric_values",
    "record_metric_value",
    "record_output",
    "start_run",
    "step",
    "update_progress_artifact",
    "use_artifact",
]
