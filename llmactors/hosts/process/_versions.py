"""What both sides of a process border must have in common, compared at hello."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import Any, Final

from llmactors.hosts.process._wire import PROTOCOL

OLDEST: Final = (3, 11, 1)


def versions() -> dict[str, Any]:
    """Return what this side is."""
    try:
        package = metadata.version("llmagentos")
    except metadata.PackageNotFoundError:  # run from its sources
        package = "source"
    return {
        "protocol": PROTOCOL,
        "package": package,
        "python": list(sys.version_info[:3]),
        "executable": sys.executable,
    }


def mismatch(ours: dict[str, Any], theirs: dict[str, Any]) -> str | None:
    """Return what keeps the two from working together, as a sentence with its remedy; None when nothing does."""
    where = theirs.get("executable")
    python = tuple(theirs.get("python", (0,)))
    if python < OLDEST:
        return f"{where} is Python {_dotted(python)}; a worker needs {_dotted(OLDEST)} or newer"
    if (ours["protocol"], ours["package"]) != (theirs.get("protocol"), theirs.get("package")):
        return (
            f"{where} has llmagentos {theirs.get('package')}, and this process has {ours['package']}; "
            "install the same version in both environments"
        )
    return None


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
