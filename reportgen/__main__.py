"""Lets `python -m reportgen` do what `reportgen` does."""

from reportgen.cli import main

main()
