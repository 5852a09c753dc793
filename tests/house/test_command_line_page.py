"""The command line's page has every command, and no other."""

import re

import typer.main
from sources import ROOT

from llmagentos.cli._app import app

HEADING = re.compile(r"^### `llmagentos ([a-z ]+?)(?: [^a-z].*)?`$", re.MULTILINE)


def commands() -> set[str]:
    root = typer.main.get_command(app)
    names = set()
    for name, command in getattr(root, "commands", {}).items():
        nested = getattr(command, "commands", {})
        names |= {f"{name} {inner}" for inner in nested} or {name}
        if getattr(command, "invoke_without_command", False):
            names.add(name)
    return names


def test_every_command_has_its_heading_and_every_heading_its_command() -> None:
    page = (ROOT / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
    assert set(HEADING.findall(page)) == commands()
