"""Redaction: what looks like a secret is masked where records enter a build, before anything of them is written.

`texts` finds secrets in text, `values` in what records hold, `runs` masks the records of a run, what was not understood
of it and what was reported, and `tables` the files of large tables. Nothing that comes after knows of it: tables,
pages, archive and downloads are made from masked records. Logs stay as they are.
"""

from reportgen.redact.runs import Redactor, read_masked
from reportgen.redact.texts import MASK

__all__ = ["MASK", "Redactor", "read_masked"]
