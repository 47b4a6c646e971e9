"""Gives the work of a build to a Dask cluster.

Workers get paths and parts of the work, as worker processes do. They have to see the log directories and the folder
that the output is in, at the same paths, and to have the same reportgen with the same libraries, which is checked of
those that are there when a stage begins. Work whose worker dies is done again by another.
"""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, Executor, Future
from functools import partial
from typing import TYPE_CHECKING, Any

from reportgen.basis import basis_of_site
from reportgen.errors import InputError
from reportgen.options import Options
from reportgen.parallel import OpenExecutor

if TYPE_CHECKING:
    from distributed import Client

_RETRIES = 2
_PATIENCE_S = 10


def open_cluster(scheduler: str) -> OpenExecutor:
    """Give what opens an executor whose work is done by the cluster of a scheduler.

    Parameters
    ----------
    scheduler
        Its address, such as `tcp://10.0.0.5:8786`. Certificates for `tls://` are taken from Dask's configuration.

    Raises
    ------
    InputError
        Dask is not installed. When opened: the scheduler cannot be reached, or workers would make other bytes.
    """
    try:
        import distributed  # noqa: F401 — an error now is better than one after the logs were looked through
    except ImportError as error:
        hint = "pip install 'reportgen[dask]'"
        raise InputError("distributed is not installed", hint=hint, slug="no-dask") from error
    return partial(_open_cluster, scheduler)


def _open_cluster(scheduler: str) -> Executor:
    from distributed import Client

    try:
        client = Client(scheduler, timeout=_PATIENCE_S, set_as_default=False)
    except (OSError, ValueError) as error:
        hint = "give the address that dask scheduler prints, such as --scheduler tcp://10.0.0.5:8786"
        raise InputError(f"no Dask scheduler answers at {scheduler}", hint=hint, slug="no-scheduler") from error
    try:
        _check_workers(client)
    except BaseException:
        client.close()
        raise
    return _ClusterExecutor(client)


def _check_workers(client: Client) -> None:
    """Refuse workers that would make other bytes."""
    mine = basis_of_site(Options())
    answers = client.run(basis_of_site, Options(), on_error="return")
    others = sorted(address for address, answer in answers.items() if answer != mine)
    if others:
        names = ", ".join(others[:3]) + (" …" if len(others) > 3 else "")
        hint = "install the same versions of reportgen and its libraries there"
        raise InputError(f"workers do not have this reportgen ({names})", hint=hint, slug="workers-differ")


class _ClusterExecutor(Executor):
    """The executor of a client, which breaks when workers die, as those of Python do, and ends with its client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._executor = client.get_executor(retries=_RETRIES, pure=False)

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        outcome: Future[Any] = Future()
        inner = self._executor.submit(function, *args, **kwargs)
        inner.add_done_callback(partial(_pass_on, outcome))
        outcome.add_done_callback(lambda outcome: inner.cancel() if outcome.cancelled() else None)
        return outcome

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._executor.shutdown(wait=wait and not cancel_futures)
        self._client.close()


def _pass_on(outcome: Future[Any], inner: Future[Any]) -> None:
    from distributed import KilledWorker

    if not outcome.set_running_or_notify_cancel():
        return
    error = BrokenExecutor("the scheduler is gone") if inner.cancelled() else inner.exception()
    if isinstance(error, KilledWorker):
        outcome.set_exception(BrokenExecutor(str(error)))
    elif error is not None:
        outcome.set_exception(error)
    else:
        outcome.set_result(inner.result())
