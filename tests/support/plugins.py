"""Our own pytest plugin in the tests of pytest itself."""

from importlib.metadata import entry_points

OURS = "llmactors.testing.plugin"


def installed() -> bool:
    """Say whether pytest finds our plugin by itself."""
    return any(entry.value == OURS for entry in entry_points(group="pytest11"))


def named() -> tuple[str, ...]:
    """Return what a pytest of its own is to be told, so that it has our plugin."""
    return () if installed() else ("-p", OURS)
