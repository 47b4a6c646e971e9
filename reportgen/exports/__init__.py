"""What a site holds, given back in the forms of others: logs, CSV, a bag, OpenLineage events.

Each is written into a folder that is not there yet or is empty, whole or not at all.
"""

from reportgen.exports.logs import ExportedLogs, export_logs

__all__ = ["ExportedLogs", "export_logs"]
