"""What this process has begun and joined, and what becomes of it when Python forks or exits."""

from __future__ import annotations

import atexit
import os
import sys
import threading

from reportgen.recorder.failures import outcome_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reportgen.recorder.run import Run
    from reportgen.recorder.scopes import Scope

DETACHED_PIPELINE = "detached"

open_runs: dict[str, Run] = {}  # begun by this process, by id
joined_runs: dict[str, Run] = {}
joined_scopes: list[Scope] = []  # the one that the environment named, once it was needed
detached_runs: list[Run] = []  # the one for artifacts outside a run
lock = threading.RLock()  # for making the one run of a kind that a process has


def end_open_runs() -> None:
    """End what is still open when Python exits: as failed when an exception that nobody caught ended the program.

    Their journals are not sealed: it is too late to load what that needs.
    """
    error = None if hasattr(sys, "ps1") else getattr(sys, "last_value", None)
    failure: OSError | None = None
    for run in reversed([*open_runs.values()]):
        cause = None if run.pipeline == DETACHED_PIPELINE else error
        try:
            run.end_unsealed(outcome_of(cause), cause)
        except OSError as loss:  # the other runs end all the same
            failure = loss
    if failure:
        raise failure


def _begin_anew_in_child() -> None:
    """After a fork: the parent's runs are joined ones, and what the environment says now decides on further ones."""
    global lock  # noqa: PLW0603 — a thread that the child does not have may have held it
    lock = threading.RLock()
    joined_scopes.clear()
    for run in open_runs.values():
        run.give_up()
    joined_runs.update(open_runs)
    open_runs.clear()


atexit.register(end_open_runs)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew_in_child)
