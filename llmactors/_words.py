"""Values in words, for errors and reports: whatever a value of the user's does when it is to be shown."""

from __future__ import annotations


def shown(value: object) -> str:
    """Return the repr of *value*; where that raises, its class and why."""
    try:
        return repr(value)
    except Exception as broken:  # noqa: BLE001  a value that cannot be shown must not end who tells of it
        return f"<{type(value).__name__}, whose repr raises {type(broken).__name__}>"


def text_of(value: object) -> str:
    """Return the text of *value*, an error for example; where that raises, why."""
    try:
        return str(value)
    except Exception as broken:  # noqa: BLE001  as above
        return f"(its text raises {type(broken).__name__})"
