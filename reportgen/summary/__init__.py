"""A summary of runs as GitHub-flavoured Markdown: for the page of a CI job, and for comments on pull requests."""

from reportgen.summary.document import write_summary

__all__ = ["write_summary"]
