"""A site in a bag (BagIt 1.0, RFC 8493), as libraries and archives take data in: the files with their SHA-256 twice.

The bag depends on the site alone: its date is the moment that the site speaks of.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from reportgen import __version__
from reportgen.archives import copy_checked, open_holding, read_manifest
from reportgen.archives.verify import read_files
from reportgen.exports.folder import new_folder
from reportgen.publish import Manifest
from reportgen.text import iso_day
from reportgen.urls import MANIFEST

_PAYLOAD = "data"
_ESCAPES = str.maketrans({"%": "%25", "\n": "%0A", "\r": "%0D"})


def export_bag(site: Path, output: Path) -> Manifest:
    """Write a bag that holds a site.

    Parameters
    ----------
    site
        Its folder, or a zip of it.
    output
        A folder that is not there yet, or is empty.

    Raises
    ------
    InputError
        There is no site, or a file of it is not as it was built.
    OutputError
        The folder is taken, or the disk failed; nothing was written.
    """
    with open_holding(site) as holding:
        manifest = read_manifest(holding)
        files = {**read_files(site, manifest), MANIFEST: (manifest.digest, holding.sizes[MANIFEST])}
        with new_folder(output, site) as bag:
            for url, facts in sorted(files.items()):
                copy_checked(holding, url, facts, bag / _PAYLOAD / url)
            _write_tags(bag, manifest, {url: sha256 for url, (sha256, _) in files.items()}, holding.sizes[MANIFEST])
    return manifest


def _write_tags(bag: Path, manifest: Manifest, digests: dict[str, str], manifest_bytes: int) -> None:
    as_of, n_runs = manifest.facts.get("as_of_us"), manifest.facts.get("n_runs")
    n_bytes = manifest.n_bytes + manifest_bytes
    info = {
        "Bag-Software-Agent": f"reportgen {__version__}",
        "Bagging-Date": iso_day(as_of) if isinstance(as_of, int) else None,
        "External-Description": f"Site of reports of {n_runs} runs; open data/index.html in a browser",
        "External-Identifier": f"sha256:{manifest.digest} (of data/{MANIFEST})",
        "Payload-Oxum": f"{n_bytes}.{len(digests)}",
    }
    lines = {f"{_PAYLOAD}/{url}".translate(_ESCAPES): sha256 for url, sha256 in sorted(digests.items())}
    tags = {
        "bagit.txt": "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "bag-info.txt": "".join(f"{name}: {value}\n" for name, value in info.items() if value is not None),
        "manifest-sha256.txt": "".join(f"{sha256}  {path}\n" for path, sha256 in lines.items()),
    }
    sums = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(tags.items())}
    tags["tagmanifest-sha256.txt"] = "".join(f"{sha256}  {name}\n" for name, sha256 in sums.items())
    for name, text in tags.items():
        (bag / name).write_bytes(text.encode())
