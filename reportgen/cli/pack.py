"""`reportgen pack`: a site, or some of it, as one file."""

from __future__ import annotations

from pathlib import Path

import click

from reportgen.text import NBSP, format_bytes


@click.command()
@click.argument("site", required=False, type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The file.")
@click.option("--no-compression", is_flag=True, help="Store every file as it is: the same bytes with any zlib.")
@click.option("--force", is_flag=True, help="Replace a file that reportgen did not write.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors and warnings.")
def pack(site: Path | None, output: Path, no_compression: bool, force: bool, quiet: bool) -> int:
    """Pack SITE into one zip, which opens from the folder that it is unpacked to.

    SITE is by default the output of the configuration, else the folder site. The same site gives the same zip. Every
    file is checked against manifest.json on the way, so that what is packed is whole.
    """
    from reportgen.archives import pack_site
    from reportgen.options import load_options

    folder = site or Path(load_options().output)
    manifest = pack_site(folder, output, compress=not no_compression, force=force)
    if not quiet:
        size = format_bytes(output.stat().st_size).replace(NBSP, " ")
        click.echo(f"packed {len(manifest) + 1:,} files ({size}): {output}")
        click.echo(f"manifest.json has the SHA-256 {manifest.digest}")
    return 0
