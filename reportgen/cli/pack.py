"""`reportgen pack`: a site, or some of it, as one file."""

from __future__ import annotations

from pathlib import Path

import click

from reportgen.cli.messages import say
from reportgen.text import NBSP, format_bytes


@click.command()
@click.argument("site", required=False, type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The file.")
@click.option("--single-file", is_flag=True, help="Make one HTML file, of the overview unless --run or --key is given.")
@click.option("--run", "run_id", metavar="ID", help="Take a run: its id, the beginning of it, or latest.")
@click.option("--key", metavar="KEY", help="Take a key of artifacts, with all its versions.")
@click.option("--url", metavar="URL", help="Where the site is published: other links of the HTML file lead there.")
@click.option(
    "--no-compression", is_flag=True, help="Store every file of a zip as it is: the same bytes with any zlib."
)
@click.option("--force", is_flag=True, help="Replace a file that reportgen did not write; write over 50 MB of HTML.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors and warnings.")
def pack(
    site: Path | None,
    output: Path,
    single_file: bool,
    run_id: str | None,
    key: str | None,
    url: str | None,
    no_compression: bool,
    force: bool,
    quiet: bool,
) -> int:
    """Pack SITE into one zip, or a page of it and those that it links to into one HTML file.

    SITE is by default the output of the configuration, else the folder site. The zip opens from the folder that it is
    unpacked to, the HTML file by itself, from a mail or as an artifact of CI, and both are the same for the same site.
    Every file is checked against manifest.json on the way, so that what is packed is whole.
    """
    from reportgen.options import load_options

    if not single_file and (run_id or key or url):
        raise click.UsageError("--run, --key and --url are for --single-file")
    if run_id and key:
        raise click.UsageError("--run and --key exclude each other")
    if single_file and no_compression:
        raise click.UsageError("--no-compression is for a zip")
    folder = site or Path(load_options().output)
    if single_file:
        _write_single(folder, output, find_page(folder, run_id, key), url or "", force=force, quiet=quiet)
    else:
        _pack(folder, output, compress=not no_compression, force=force, quiet=quiet)
    return 0


def _pack(site: Path, output: Path, *, compress: bool, force: bool, quiet: bool) -> None:
    from reportgen.archives import pack_site

    manifest = pack_site(site, output, compress=compress, force=force)
    if not quiet:
        click.echo(f"packed {len(manifest) + 1:,} files ({_size_text(output.stat().st_size)}): {output}")
        click.echo(f"manifest.json has the SHA-256 {manifest.digest}")


def _write_single(site: Path, output: Path, page: str, url: str, *, force: bool, quiet: bool) -> None:
    from reportgen.archives import LARGE_BYTES, write_single

    if url and not url.startswith(("https://", "http://")):
        raise click.UsageError("--url is no http or https address")
    written = write_single(site, output, page, url=url, force=force)
    if written.n_bytes > LARGE_BYTES:
        size = _size_text(written.n_bytes)
        say(
            "warning", "yellow", f"{output} is {size}, which mail may refuse and browsers open slowly; a zip is smaller"
        )
    if not quiet:
        pages = "1 page" if written.n_pages == 1 else f"{written.n_pages:,} pages"
        click.echo(f"put {pages} into one file ({_size_text(written.n_bytes)}): {output}")


def find_page(site: Path, run_id: str | None, key: str | None) -> str:
    """Give the address of the page of a run or a key, or else of the overview.

    Raises
    ------
    InputError
        The site has no such run or key.
    """
    from reportgen import urls
    from reportgen.archives import open_holding, read_manifest

    if not run_id and not key:
        return urls.OVERVIEW
    page = urls.run(run_id) if run_id else urls.key(key or "")
    with open_holding(site) as holding:
        if page in read_manifest(holding) or not site.is_dir():
            return page
    from reportgen.cli.place import no_such_key
    from reportgen.queries.runs import resolve_run
    from reportgen.sources import open_source

    store = open_source([site]).store
    if run_id:
        return urls.run(resolve_run(store, run_id))
    raise no_such_key(store, key or "")


def _size_text(n_bytes: int) -> str:
    return format_bytes(n_bytes).replace(NBSP, " ")
