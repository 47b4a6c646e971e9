"""Sites as archives: checked file by file, packed into a zip, or put into one HTML file.

All of it works on the files of a site alone, in a folder or in a zip, wherever their logs have gone. What is read may
come from anyone: no name in it makes a path, links are never followed, and no more is read than the manifest lists.
"""

from reportgen.archives.holding import Holding, open_holding, read_manifest
from reportgen.archives.pack import copy_checked, pack_site
from reportgen.archives.single import LARGE_BYTES, Written, write_single
from reportgen.archives.verify import Difference, compare_files, verify_site

__all__ = [
    "LARGE_BYTES",
    "Difference",
    "Holding",
    "Written",
    "compare_files",
    "copy_checked",
    "open_holding",
    "pack_site",
    "read_manifest",
    "verify_site",
    "write_single",
]
