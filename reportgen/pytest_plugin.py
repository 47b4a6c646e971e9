"""The pytest plug-in: with `pytest --reportgen` a test session is recorded as a run.

pytest loads this module wherever reportgen is installed, so it only knows the options; the work is in
`reportgen.testsession`, which is loaded when it is asked for.
"""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("reportgen", "recording the session as a run of reportgen")
    group.addoption("--reportgen", action="store_true", help="Record outcomes, durations and failures.")
    group.addoption(
        "--reportgen-dir", metavar="FOLDER|URL", help="Where to record, if not where the configuration says."
    )
    group.addoption(
        "--reportgen-pipeline",
        metavar="NAME",
        help="The pipeline that the run is of; default: the project's name and 'tests'.",
    )


def pytest_configure(config: pytest.Config) -> None:
    is_worker = hasattr(config, "workerinput")  # of pytest-xdist: its session is that of the process that started it
    if config.getoption("--reportgen") and not is_worker and not config.getoption("collectonly"):
        from reportgen.testsession import SessionRecorder

        config.pluginmanager.register(SessionRecorder(config), "reportgen-session")
