"""Writes a site, in one of two ways, either of which ends in the old site or the new one and nothing between.

- `open_site` writes all files into a folder beside the site, `.NAME.new-XXXX`, and exchanges the two folders. Where the
  system can do that in one step (Linux), there is no moment without a site.
- `update_site` writes only the files that change into such a folder, then a record of what is to be done with them
  (`reportgen.publish.redo`), and then renames each file into its place. What it costs depends on these files alone.

A build that fails, is killed or runs out of disk leaves the site as it was. One that is killed while it renames the
files of an update leaves the record, by which `repair_site`, and so the next build, finishes it. What else a killed
build left beside the site is removed by the next one. One build at a time works on a site; others wait (`lock_site`).

Nothing is replaced or removed but what reportgen wrote: the files that the site's `manifest.json` lists.

That a file's content has reached the disk is waited for only for the manifest and the record. After a power failure
just behind a build, other files may be short of bytes, which `Manifest.find_damage` sees.
"""

from reportgen.publish.check import check_output
from reportgen.publish.lock import lock_site
from reportgen.publish.manifest import Manifest
from reportgen.publish.redo import has_digest
from reportgen.publish.site import open_scratch, open_site, repair_site, update_site
from reportgen.publish.writer import SiteWriter, WrittenFile, make_parents, write_file

__all__ = [
    "Manifest",
    "SiteWriter",
    "WrittenFile",
    "check_output",
    "has_digest",
    "lock_site",
    "make_parents",
    "open_scratch",
    "open_site",
    "repair_site",
    "update_site",
    "write_file",
]
