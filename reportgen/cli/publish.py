"""`reportgen publish`: puts a site where others read it."""

from __future__ import annotations

from pathlib import Path

import click

from reportgen.cli.messages import say


@click.group()
def publish() -> None:
    """Put a site where others read it."""


@publish.command("gh-pages")
@click.argument("site", required=False, type=click.Path(path_type=Path))
@click.option("--branch", default="gh-pages", metavar="NAME", show_default=True, help="The branch; made if need be.")
@click.option("--repo", default="", metavar="REMOTE|URL", help="A remote, URL or path; default: origin.")
@click.option("--prefix", default="", metavar="FOLDER", help="A folder of the branch for the site, e.g. pr-12.")
@click.option("-m", "--message", default="", metavar="TEXT", help="Of the commit.")
@click.option("--no-history", is_flag=True, help="Make it the only commit of the branch: rewrites the branch.")
@click.option("--replace", is_flag=True, help="Let files that no build wrote give way.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors and warnings.")
def gh_pages(
    site: Path | None, branch: str, repo: str, prefix: str, message: str, no_history: bool, replace: bool, quiet: bool
) -> int:
    """Commit SITE to a branch of a git repository and push it, for GitHub Pages and the like.

    SITE is by default the output of the configuration, else the folder site. Only what differs is committed, and
    nothing is pushed when nothing does. Files of the branch that no build wrote stay, and so does a CNAME. The checkout
    that you are in is not touched.
    """
    from reportgen.branch import find_large_files, publish_to_branch
    from reportgen.hosting import MOST_FILE_BYTES, MOST_SITE_BYTES
    from reportgen.options import load_options
    from reportgen.text import format_bytes, format_count

    folder = site or Path(load_options().output)
    large, n_bytes = find_large_files(folder)
    for path, size in large:
        limit = format_bytes(MOST_FILE_BYTES)
        say("warning", "yellow", f"{path} is {format_bytes(size)}; GitHub takes no file over {limit}")
    if n_bytes > MOST_SITE_BYTES:
        say("warning", "yellow", f"{folder} is {format_bytes(n_bytes)}; GitHub Pages publishes no site over 1 GB")
    done = publish_to_branch(
        folder,
        repo=repo,
        branch=branch,
        prefix=prefix,
        message=message,
        keep_history=not no_history,
        replace=replace,
    )
    if quiet:
        return 0
    where = f"{done.branch} of {done.remote}"
    if not done.commit:
        click.echo(f"{where} has this site already: nothing pushed")
    else:
        files = ", ".join(
            [format_count(done.n_written, "file") + " written"]
            + ([format_count(done.n_removed, "file") + " removed"] if done.n_removed else [])
        )
        click.echo(f"pushed to {where}: {files} in {done.commit[:10]}".replace("\u00a0", " "))
    if done.url:
        click.echo(done.url)
    return 0
