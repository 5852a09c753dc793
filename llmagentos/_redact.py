"""What people who look at a system are not shown: what was said to an agent, and what it said."""

from dataclasses import replace
from typing import Any

from llmactors import Message, Report


def unspoken(report: Report, *attributes: str) -> Report:
    """Answer *report* without words of a conversation: *attributes* by their size, messages by their name."""
    state = {name: _size(value) if name in attributes else value for name, value in report.state.items()}
    message = report.message
    if isinstance(message, Message):
        info = message.__endpoint__
        message = f"{info.owner.__name__}.{info.name}(...)"
    return replace(report, state=state, message=message, value=None)


def _size(value: Any) -> str:
    try:
        return f"({type(value).__name__} of {len(value)})"
    except TypeError:
        return f"({type(value).__name__})"
