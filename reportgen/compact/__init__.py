"""Compaction: records become tables, one row per run, step, artifact version, metric and list metric.

`rows` looks at the records of one run, `archive` keeps them and makes them again, `merge` puts runs and whole stores
together, numbers versions by key and applies deletions.
"""

from reportgen.compact.merge import EMPTY, Compaction, compact_runs, expand_run, merge, without_runs

__all__ = ["EMPTY", "Compaction", "compact_runs", "expand_run", "merge", "without_runs"]
