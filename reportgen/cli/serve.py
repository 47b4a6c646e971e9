"""`reportgen serve`: a site that follows its logs, in the browser."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reportgen.cli.build import log_dirs_of, plain_count
from reportgen.cli.messages import say
from reportgen.cli.place import PLACE
from reportgen.cli.progress import choose_progress
from reportgen.settings import is_url

if TYPE_CHECKING:
    from reportgen.live import State
    from reportgen.plan import BuildResult

_PORT = 8123


@click.command()
@click.argument("logs", nargs=-1, type=PLACE)
@click.option("-o", "--output", type=PLACE, help="Folder of the site.  [default: beside the logs, .NAME-cache/live]")
@click.option(
    "--port", type=click.IntRange(0, 65_535), metavar="N", help=f"Or the next that is free.  [default: {_PORT}]"
)
@click.option("--host", default="127.0.0.1", metavar="ADDRESS", help="Listen to other machines too, e.g. 0.0.0.0.")
@click.option("--open", "is_opened", is_flag=True, help="Open the site in a browser.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but the address and errors.")
def serve(
    logs: tuple[Path | str, ...],
    output: Path | str | None,
    port: int | None,
    host: str,
    is_opened: bool,
    quiet: bool,
) -> int:
    """Build the site of LOGS, serve it to this machine, and keep it and the open pages up to date.

    LOGS are what `reportgen build` takes. One site alone is served as it is, and its pages are refreshed when it is
    built again. Ctrl-C ends it, with exit code 0.
    """
    from reportgen.live import Session, choose_folder, is_loopback, open_port, serving
    from reportgen.options import load_options
    from reportgen.places import find_store

    if output is not None and is_url(output):
        raise click.UsageError("-o takes a folder; publish what is in it with reportgen build -o URL")
    places = log_dirs_of(logs, load_options().logs)
    is_site = output is None and len(places) == 1 and not is_url(places[0]) and find_store(Path(places[0])) is not None
    folder = Path(places[0]) if is_site else Path(output or choose_folder([Path(place) for place in places]))
    listener = open_port(host, port, _PORT)
    address, got = listener.getsockname()[:2]
    if port and got != port:
        say("note", "yellow", f"port {port} is taken; this is {got}")
    if not is_loopback(listener):
        say("warning", "yellow", f"whoever can reach port {got} of this machine can read these reports")
    shown = "127.0.0.1" if address == "0.0.0.0" else f"[{address}]" if ":" in address else address  # noqa: S104
    url = f"http://{shown}:{got}/"
    click.echo(f"{url}  Ctrl-C ends it")
    session = Session(
        places=() if is_site else places,
        output=folder,
        load_options=load_options,
        built=lambda result, seconds: None if quiet else _report(result, seconds),
        trouble=lambda reason: say("error", "red", reason),
        progress=choose_progress(quiet=quiet),
    )
    with contextlib.suppress(KeyboardInterrupt), serving(listener, folder, host) as post:

        def post_and_open(state: State) -> None:
            nonlocal is_opened
            post(state)
            if is_opened:
                is_opened = False
                click.launch(url)

        session.follow(post_and_open)
    return 0


def _report(result: BuildResult, seconds: float) -> None:
    n_written = f"{plain_count(result.n_written, 'file')} written"
    click.echo(f"{plain_count(result.n_runs, 'run')}, {n_written}, {seconds:.1f} s", err=True)
