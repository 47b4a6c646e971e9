"""Runs the example pipelines on real data, for `reportgen demo` and for the recorded logs of `examples/`.

Each example is a file of `examples/` with a function `runs()` that gives one callable for each run.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from reportgen.datafolders import find_data_folder
from reportgen.errors import InputError

EXAMPLES = ("digits", "quality", "selfbench")


def load_runs() -> list[Callable[[], None]]:
    """Give the runs of all examples, in the order in which they are to be made.

    Raises
    ------
    InputError
        A package that the examples need is not installed.
    """
    runs: list[Callable[[], None]] = []
    for name in EXAMPLES:
        try:
            runs += _load_example(name).runs()
        except ModuleNotFoundError as error:
            hint = "install them with: pip install 'reportgen[demo]'"
            raise InputError(f"the examples need {error.name}", hint=hint, slug="demo-packages") from error
    return runs


def _load_example(name: str) -> ModuleType:
    path = find_data_folder("examples") / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"reportgen_examples_{name}", path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} is not there", hint="install reportgen again", slug="incomplete-installation")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def recording_into(log_dir: Path) -> Iterator[None]:
    """Let everything inside record into a log directory, whatever the environment says."""
    names = ("REPORTGEN_LOG_DIR", "REPORTGEN_DISABLED", "REPORTGEN_RUN_ID", "REPORTGEN_STEP_ID")
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    os.environ["REPORTGEN_LOG_DIR"] = str(log_dir)
    try:
        yield
    finally:
        del os.environ["REPORTGEN_LOG_DIR"]
        os.environ.update(before)


def make_run(run: Callable[[], None]) -> bool:
    """Make one run; say whether it completed. Some of the examples fail, as real pipelines do."""
    try:
        run()
    except Exception:  # recorded by the run itself: its page shows the error
        return False
    return True
