"""What is changed in a page on its way to the browser, so that it can follow the site: its policy and one more script.

The policy of a page forbids it to ask for anything. Two policies apply to a served page, its own and that of the
header, and both have to allow what is allowed; so both are the page's own, wider by `connect-src 'self'` alone.
"""

from __future__ import annotations

import html
import re

PREFIX = "/.live/"  # no file of a site has a name like this
SCRIPT = f"{PREFIX}live.js"
STYLE = f"{PREFIX}report.css"
WAIT = f"{PREFIX}wait"

_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
_LINK = re.compile(r'\b(href|src)="(?![#/]|[a-z][a-z0-9+.-]*:)')
_OWN_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'"
)
FILE_POLICY = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; sandbox"
_NO_FRAMES = "; frame-ancestors 'none'"  # which a page cannot say of itself


def follow(page: bytes, build: str) -> tuple[bytes, str]:
    """Let a page follow the site.

    Parameters
    ----------
    page
        As it is on the disk.
    build
        Which state of the site it is of.

    Returns
    -------
    tuple
        The page, and the policy that its header says.
    """
    text = page.decode("utf-8", "replace")
    found = _POLICY.search(text)
    policy = f"{html.unescape(found[1]) if found else _OWN_POLICY}; connect-src 'self'"
    meta = f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy, quote=False)}">'
    script = f'<script src="{SCRIPT}" data-build="{html.escape(build)}" defer></script>'
    added = f"{meta}\n{script}"
    if found:
        text = f"{text[: found.start()]}{added}{text[found.end() :]}"
    else:
        text = text.replace("<head>", f"<head>\n{added}", 1)
    return text.encode(), policy + _NO_FRAMES


def root_links(page: bytes) -> bytes:
    """Make the links of a page of the site's root lead there from wherever it is shown."""
    return _LINK.sub(r'\1="/', page.decode("utf-8", "replace")).encode()


def make_note(title: str, lede: str) -> bytes:
    """Make the page that stands for a site that is not there yet."""
    title, lede = html.escape(title), html.escape(lede)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_OWN_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="{STYLE}">
</head>
<body>
<header class="top"><div class="mast"><span class="site">reportgen</span><p class="built"></p></div></header>
<main id="main"><div class="title"><h1>{title}</h1>
<p class="lede">{lede}</p></div></main>
</body>
</html>
""".encode()
