"""The command line: `llmagentos chat`, `run`, `ps`, … ; one file per group of verbs."""

from llmagentos.cli._app import main

__all__ = ["main"]
