"""`reportgen verify`: whether the files of a site are those that were built."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reportgen.cli.messages import say

if TYPE_CHECKING:
    from reportgen.archives import Difference


@click.command()
@click.argument("site", metavar="SITE|ZIP", type=click.Path(path_type=Path))
@click.option("--digest", metavar="SHA256", help="Of manifest.json, as it was written down when the site was archived.")
@click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print."
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but what differs, and errors.")
def verify(site: Path, digest: str | None, output: str, quiet: bool) -> int:
    """Check every file of a site, or of a zip of it, against its manifest.json.

    Says what is missing, changed or added, one line each, and then exits with 1. A zip is read without being unpacked.
    The manifest stands for the whole site by its own SHA-256: write that down elsewhere, and give it as --digest to
    know that the manifest, too, is the one that was built.
    """
    from reportgen.archives import verify_site
    from reportgen.cli.output import print_json

    if digest is not None and len(digest := digest.strip().lower()) != 64:
        raise click.UsageError("--digest is not the 64 hex digits of a SHA-256")
    found = verify_site(site)
    is_other = digest is not None and digest != found.manifest.digest
    is_whole = not found.differences and not is_other
    if output == "json":
        facts = {
            "site": str(site),
            "whole": is_whole,
            "manifest_sha256": found.manifest.digest,
            "n_files": len(found.manifest),
            "n_bytes": found.manifest.n_bytes,
            "differences": [one._asdict() for one in found.differences],
        }
        print_json(facts)
    else:
        print_differences(found.differences)
    if is_other:
        say("error", "red", f"manifest.json has the SHA-256 {found.manifest.digest}, not the one that was given")
    if found.differences:
        say("error", "red", f"{site} is not as it was built: {count_differences(found.differences)}")
    elif is_whole and output == "text" and not quiet:
        n_files = len(found.manifest)
        text = "1 file is as it was built" if n_files == 1 else f"all {n_files:,} files are as they were built"
        click.echo(f"{text}; manifest.json has the SHA-256 {found.manifest.digest}")
    return 0 if is_whole else 1


def print_differences(differences: list[Difference]) -> None:
    """Print one line for each file that is not as it should be."""
    for kind, url, detail in differences:
        line = f"{kind}: {url}" + (f" ({detail})" if detail else "")
        click.echo("".join(character if character.isprintable() else "\ufffd" for character in line))


def count_differences(differences: list[Difference]) -> str:
    """Say how many files differ and how, e.g. `"2 files changed, 1 added"`."""
    kinds = [one.kind for one in differences]
    return ", ".join(f"{kinds.count(kind):,} {kind}" for kind in dict.fromkeys(kinds))
