"""`start_run`: begins a run and makes it the current one.

Recording costs one line of text and one `write`; importing this module and starting a run load no library that is not
needed for it.
"""

from __future__ import annotations

import os

from reportgen.ids import new_id
from reportgen.inputs.names import check_name
from reportgen.recorder.context import gather_context
from reportgen.recorder.joining import MAIN_WRITER, joined_scope, make_run
from reportgen.recorder.run import Run
from reportgen.recorder.scopes import Scope, active
from reportgen.settings import load_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


def start_run(
    pipeline: str,
    *,
    name: str | None = None,
    deployment: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Sequence[str] | None = None,
    log_dir: str | os.PathLike[str] | None = None,
    parent: str | None = None,
) -> Run:
    """Begin a run and make it the current one.

    Parameters
    ----------
    pipeline
        What is being run: 1 to 200 printable characters.
    name
        A name for this run; without one the site derives a readable name from its id.
    deployment
        A name under which the pipeline is run, e.g. `"nightly"`.
    params
        Parameters by name. Values without a JSON form are shown by their `repr`.
    tags
        Words to find the run by.
    log_dir
        Where to record, a folder or a URL such as `s3://bucket/runs`; else with the current run, else
        `REPORTGEN_LOG_DIR`, else the configuration, else `runs`.
    parent
        Id of the run that started this one; by default the current run.
    Returns
    -------
    Run
        A context manager: an exception ends it as failed, and goes on up. A run that nothing has ended when Python
        exits is ended then: as failed if an exception ended the program, else as completed.

    Raises
    ------
    TypeError, ValueError
        A name or tag is not 1 to 200 printable characters, or `params` is no dict.
    InputError
        The configuration file is not usable.
    """
    return begin_run(pipeline, name, deployment, params, tags, log_dir, parent)


def begin_run(
    pipeline: str,
    name: str | None = None,
    deployment: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Sequence[str] | None = None,
    log_dir: str | os.PathLike[str] | None = None,
    parent: str | None = None,
    command: Sequence[str] | None = None,
) -> Run:
    """Do what `start_run` does, for a `command` other than that of this process."""
    words = _to_tags(tags)
    _check_run(pipeline, name, deployment, params, words, log_dir, parent)
    outer = _scope_around_run()
    settings = load_settings()
    folder = log_dir or (outer.run.place if outer else None)
    run = make_run(new_id(), MAIN_WRITER, folder, settings, pipeline, name, deployment)
    if run.is_recording:  # a run inside another one of this process is made with the same code
        run.context = (outer and not command and outer.run.context) or gather_context(settings, command)
    run.begin(
        params=_to_params(params) if params is not None else None,
        tags=words or None,
        parent=parent or (outer.run.id if outer else None),
    )
    run.enter()
    return run


def _scope_around_run() -> Scope | None:
    """Give the current scope for a run to begin in, which is not in a run that was ended elsewhere."""
    scope = active.get()
    while scope is not None and scope.run.has_ended:
        scope = scope.outer
    return scope or joined_scope()


def _to_params(params: Mapping[str, Any]) -> dict[str, Any] | None:
    from reportgen.inputs.cells import to_param

    return {str(key): to_param(value) for key, value in params.items()} or None


def _to_tags(tags: Any) -> list[Any]:
    """Give a list of tags, which may have come from a generator.

    Raises
    ------
    TypeError
        They are no list.
    """
    if isinstance(tags, str):
        raise TypeError(f"tags must be a list of words, e.g. [{tags[:60]!r}]")
    try:
        return [] if tags is None else [*tags]
    except TypeError:
        raise TypeError(f"tags must be a list of words, not {type(tags).__name__}") from None


def _check_run(
    pipeline: Any, name: Any, deployment: Any, params: Any, tags: list[Any], log_dir: Any, parent: Any
) -> None:
    """Refuse arguments of `start_run` before anything is recorded.

    Raises
    ------
    TypeError, ValueError
        As `start_run` says.
    """
    names = {"pipeline": pipeline, "the name of a run": name, "deployment": deployment, "parent": parent}
    for what, value in names.items():
        if value is not None or what == "pipeline":
            check_name(value, what)
    if params is not None and (isinstance(params, type) or not (hasattr(params, "items") and hasattr(params, "keys"))):
        raise TypeError(f"params must be a dict, not {type(params).__name__}")
    for tag in tags:
        check_name(tag, "a tag")
    if log_dir is not None:
        _check_folder(log_dir)


def _check_folder(log_dir: Any) -> None:
    folder = os.fspath(log_dir) if hasattr(log_dir, "__fspath__") else log_dir
    if not isinstance(folder, str):
        raise TypeError(f"log_dir must be a path as text or pathlib.Path, not {type(log_dir).__name__}")
    try:
        name = os.fsencode(folder)
    except UnicodeEncodeError:
        name = b"\0"
    if b"\0" in name:
        raise ValueError(f"log_dir must be a path, not {folder[:60]!r}, which no file system can hold")
