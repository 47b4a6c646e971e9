"""The live view: a site that is served, and built again whenever its logs change.

`session` watches and builds, `watching` and `moments` tell it when; `server`, a process of its own, answers browsers
from the folder of the site, and `pages` adds to each page what lets it follow. The files on the disk are those of any
build: only what goes over the wire has a wider policy and one more script, `templates/live/live.js`.
"""

from reportgen.live.server import State
from reportgen.live.session import Session, choose_folder, is_loopback, open_port, serving

__all__ = ["Session", "State", "choose_folder", "is_loopback", "open_port", "serving"]
