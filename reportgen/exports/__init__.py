"""What a site holds, given back in the forms of others: logs, CSV, a bag, OpenLineage events.

Each is written into a folder that is not there yet or is empty, whole or not at all.
"""

from reportgen.exports.bag import export_bag
from reportgen.exports.csv import export_csv
from reportgen.exports.logs import ExportedLogs, export_logs
from reportgen.exports.openlineage import export_openlineage

__all__ = ["ExportedLogs", "export_bag", "export_csv", "export_logs", "export_openlineage"]
