"""Artifacts: results for people to read, recorded and found again as in Prefect."""
