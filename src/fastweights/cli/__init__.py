"""The command line: parses, calls the library, prints. One command a file."""

from fastweights.cli.main import main

__all__ = ["main"]
