"""`reportgen log`: shell scripts and other languages record metrics, artifacts and datasets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from reportgen.artifacts.create import (
    create_image_artifact,
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from reportgen.cli.inputs import STANDARD_INPUT, decode, is_file, read_content, read_numbers, to_number
from reportgen.cli.loggroup import creating, log, measuring
from reportgen.cli.recording import require_run
from reportgen.cli.tableinput import FORMATS, format_by_name, read_table_file
from reportgen.cli.words import checking, parsing, to_id
from reportgen.errors import InputError
from reportgen.inputs.images import read_image
from reportgen.inputs.names import check_name
from reportgen.lineage import record_input, record_output
from reportgen.metrics import record_list_metric_values, record_metric_value

__all__ = ["log"]

_MAX_MARKDOWN = 10_000_000
_MAX_NUMBERS = 100_000_000
_MAX_IMAGE = 50_000_000


def _refuse_empty(text: str) -> None:
    if not text.strip():
        raise ValueError("it is empty")


_metric_name = click.argument("name", callback=checking(lambda name: check_name(name, "the name of a metric")))


@measuring("metric")
@_metric_name
@click.argument("value", callback=parsing(to_number))
def log_metric(name: str, value: float) -> None:
    """Record one number; the last one of a name wins.

    \b
    reportgen log metric accuracy 0.93
    reportgen log metric delta -0.5
    """
    record_metric_value(name, value)


@measuring("list")
@_metric_name
@click.argument("values", nargs=-1, required=True, metavar="VALUE...")
@click.option(
    "--x", metavar="NUMBER", multiple=True, callback=parsing(to_number), help="Where a point lies; once for each value."
)
def log_list(name: str, values: tuple[str, ...], x: tuple[float, ...]) -> None:
    """Append numbers to a list metric.

    They are VALUE…, or with - those on the standard input, separated by spaces or line ends.

    \b
    reportgen log list loss 1.4 1.1 0.9
    awk '{print $3}' train.log | reportgen log list loss -
    """
    numbers = _read_values(values)
    if x and len(x) != len(numbers):
        raise click.UsageError(f"give --x once for each value: there are {len(numbers)} values and {len(x)} of --x")
    record_list_metric_values(name, numbers, [*x] or None)


def _read_values(values: tuple[str, ...]) -> list[float]:
    if values == (STANDARD_INPUT,):
        return read_numbers(STANDARD_INPUT, _MAX_NUMBERS)
    if STANDARD_INPUT in values:
        raise click.UsageError("give values, or - alone to read them from the standard input")
    try:
        return [to_number(value) for value in values]
    except ValueError as error:
        raise click.UsageError(str(error)) from error


@creating("markdown")
@click.argument("text", required=False)
@click.option("--file", metavar="FILE", help="Record what is in this file.")
def log_markdown(text: str | None, file: str | None, **fields: Any) -> Any:
    """Record Markdown.

    It is TEXT, or with - the standard input, or what is in a file, of at most 10 MB.

    \b
    reportgen log markdown "**Good enough** to ship." --key summary
    reportgen log markdown --file report.md --key summary
    """
    if (text is None) == (file is None):
        raise click.UsageError("give either TEXT, or - for the standard input, or --file FILE")
    if text is not None and text != STANDARD_INPUT:
        if is_file(text):
            raise click.UsageError(f"{text!r} is a file: give --file {text} to record what is in it")
        return create_markdown_artifact(text, **fields)
    name = STANDARD_INPUT if file is None else file
    return create_markdown_artifact(decode(read_content(name, _MAX_MARKDOWN), name), **fields)


@creating("table")
@click.argument("file")
@click.option("--format", "kind", type=click.Choice(FORMATS), help="What FILE is.  [default: by its suffix]")
def log_table(file: str, kind: str | None, **fields: Any) -> Any:
    """Record a table.

    It is in FILE, or with - on the standard input, of at most 200 MB. The first line of CSV and TSV names the columns;
    the types of cells are inferred. JSON is a list of objects or an object of lists, JSON lines an object a line.

    \b
    reportgen log table worst.csv --key worst-rows
    psql -c "copy (select …) to stdout csv header" | reportgen log table - --format csv
    """
    kind = kind or format_by_name(file)
    if kind is None:
        raise click.UsageError(f"give --format: {file!r} does not say which of {', '.join(FORMATS)} it is")
    return create_table_artifact(read_table_file(file, kind), **fields)


@creating("image")
@click.argument("image", metavar="FILE|URL")
def log_image(image: str, **fields: Any) -> Any:
    """Record an image.

    It is in FILE, or with - on the standard input: PNG, JPEG, GIF, WebP, AVIF or SVG, of at most 50 MB. The report
    holds a copy. An image at a URL stays there.

    \b
    reportgen log image confusion.png --key confusion-matrix
    """
    if image == STANDARD_INPUT:
        return create_image_artifact(read_content(STANDARD_INPUT, _MAX_IMAGE), **fields)
    try:
        read_image(image)  # the recorder does it again; its errors are those of the log
    except OSError as error:
        hint = "give a file, an http(s) URL, or - for the standard input"
        what = f"{image[:200]} cannot be read, {error.strerror or error}"
        raise InputError(what, hint=hint, slug="unreadable-input") from error
    return create_image_artifact(image, **fields)


@creating("link")
@click.argument("url", callback=checking(_refuse_empty))
@click.option("--text", "link_text", help="What is shown in place of the URL.")
def log_link(url: str, **fields: Any) -> Any:
    """Record a link.

    \b
    reportgen log link https://ci.example.org/job/7 --text "job 7" --key job
    """
    return create_link_artifact(url, **fields)


@creating("progress")
@click.argument("percent", callback=parsing(to_number))
@click.option(
    "--update", "artifact_id", callback=parsing(to_id), metavar="ID", help="Set the artifact of this id to PERCENT."
)
def log_progress(percent: float, artifact_id: str | None, key: str | None, description: str | None) -> Any:
    """Record how far something is.

    PERCENT is from 0 to 100. With --update it is how far an earlier one is by now.

    \b
    id=$(reportgen log progress 0 --key epochs)
    reportgen log progress 40 --update "$id"
    """
    if artifact_id is None:
        return create_progress_artifact(percent, key, description)
    if key is not None:
        raise click.UsageError("--key stays as it is: leave it out with --update")
    require_run()  # or it would be in another one than the artifact
    update_progress_artifact(artifact_id, percent, description)
    return None


def _dataset_options(function: Callable[..., Any]) -> Callable[..., Any]:
    check = checking(lambda text: check_name(text, "it"))
    function = click.option("--digest", callback=check, help="What tells its content, e.g. a SHA-256.")(function)
    function = click.option("--name", callback=check, help="A short name.  [default: URI]")(function)
    return click.argument("uri", callback=checking(_refuse_empty))(function)


@measuring("input")
@_dataset_options
def log_input(**fields: Any) -> None:
    """Record which dataset the step, or the run, read.

    URI says where it is: a URL, a path, a table's name.

    \b
    reportgen log input s3://bucket/july.parquet --digest "$(sha256sum < july.parquet | cut -c 1-64)"
    """
    record_input(**fields)


@measuring("output")
@_dataset_options
def log_output(**fields: Any) -> None:
    """Record which dataset the step, or the run, wrote.

    URI says where it is: a URL, a path, a table's name.

    \b
    reportgen log output s3://bucket/scores.parquet --name scores
    """
    record_output(**fields)
