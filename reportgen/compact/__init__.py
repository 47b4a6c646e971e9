"""Compaction: records become tables, one row per run, step, artifact version, metric and list metric.

`rows` looks at the records of one run, `archive` keeps them and makes them again, `compaction` has the tables of some
runs, `merge` puts those together and numbers versions by key, `deletions` applies what was deleted, and `update` brings
tables of earlier up to date.
"""

from reportgen.compact.compaction import EMPTY, Compaction, expand_run, without_runs
from reportgen.compact.merge import compact_runs, merge
from reportgen.compact.update import Update

__all__ = ["EMPTY", "Compaction", "Update", "compact_runs", "expand_run", "merge", "without_runs"]
