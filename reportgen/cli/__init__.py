"""The command line: parses, calls, prints, and returns an exit code.

0 is fine, 1 a check or the input failed, 2 wrong usage. An error is one line on stderr that says what, where
and what to do next; `--debug` shows the traceback. Heavy imports are local to each command, so `--help` is instant.
"""

from __future__ import annotations

import sys

import click

from reportgen import __version__
from reportgen.cli.artifact import artifact
from reportgen.cli.build import build
from reportgen.cli.check import check
from reportgen.cli.demo import demo
from reportgen.cli.exec import execute
from reportgen.cli.export import export
from reportgen.cli.lineage import lineage
from reportgen.cli.log import log
from reportgen.cli.messages import say
from reportgen.cli.metric import metric
from reportgen.cli.pack import pack
from reportgen.cli.prune import prune
from reportgen.cli.publish import publish
from reportgen.cli.runs import runs
from reportgen.cli.seal import seal
from reportgen.cli.serve import serve
from reportgen.cli.summary import summary
from reportgen.cli.verify import verify
from reportgen.errors import ReportgenError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="reportgen")
@click.option("--debug", is_flag=True, help="Show the traceback of an error; may stand anywhere.")
def cli(debug: bool) -> None:
    """Turn run logs of pipelines into a static report site."""


cli.add_command(artifact)
cli.add_command(build)
cli.add_command(check)
cli.add_command(demo)
cli.add_command(execute, "exec")
cli.add_command(export)
cli.add_command(lineage)
cli.add_command(log)
cli.add_command(metric)
cli.add_command(pack)
cli.add_command(prune)
cli.add_command(publish)
cli.add_command(runs)
cli.add_command(seal)
cli.add_command(serve)
cli.add_command(summary)
cli.add_command(verify)


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit."""
    sys.exit(run(args))


def run(args: list[str] | None = None) -> int:
    """Run the command line and give its exit code."""
    words = sys.argv[1:] if args is None else args
    end = words.index("--") if "--" in words else len(words)
    debug = "--debug" in words[:end]  # anywhere before a command's own words, not just before the command
    words = [word for word in words[:end] if word != "--debug"] + words[end:]
    try:
        result = cli.main(args=words, prog_name="reportgen", standalone_mode=False)
    except click.exceptions.Exit as finished:
        return finished.exit_code
    except click.ClickException as error:
        _show_usage_error(error)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped; nothing is half done", err=True)
        return 1
    except ReportgenError as error:
        if debug:
            raise
        say("error", "red", str(error))
        return 1
    except OSError as error:
        if debug:
            raise
        place = error.filename
        if place is None:  # what has no name is where the output goes
            place, sys.stdout = "the standard output", None  # or Python tries again when it exits
        say("error", "red", f"{place} cannot be read or written, {error.strerror or error}: mend that and try again")
        return 1
    return result if isinstance(result, int) else 0


def _show_usage_error(error: click.ClickException) -> None:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "reportgen"
    what = error.format_message().rstrip(".")
    if "\n" in what:  # the help itself, for a call without arguments
        error.show()
        return
    say("error", "red", f"{what}: see {command} --help")
