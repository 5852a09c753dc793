"""Log events of the kernel. A library never configures logging: without configuration only warnings are seen."""

from __future__ import annotations

import logging
from typing import Any, Final

from llmactors._words import shown
from llmactors.trace import SPAN

NAME: Final = "llmactors"
_LOGGER: Final = logging.getLogger(NAME)


is_heard: Final = _LOGGER.isEnabledFor
"""Says whether anybody listens at a level."""


def report(level: int, event: str, **facts: Any) -> None:
    """Log *event* with its facts, if anybody listens at that level: to structlog where a program configured it.

    What happens in a trace says in which: `trace_id` and `span_id`.
    """
    if not _LOGGER.isEnabledFor(level):
        return
    step = SPAN.get()
    if step is not None:
        facts = {"trace_id": step.trace_id, "span_id": step.span_id, **facts}
    import structlog  # noqa: PLC0415  only programs that log pay for it

    if not structlog.is_configured():
        _LOGGER.log(level, "%s %s", event, _words(facts))
        return
    try:
        structlog.get_logger(NAME).log(level, event, **facts)
    except Exception as error:  # noqa: BLE001  the program's logging has failed: that ends nobody of whom it tells
        _LOGGER.log(level, "%s %s (structlog failed: %s)", event, _words(facts), shown(error))


def _words(facts: dict[str, Any]) -> str:
    return " ".join(f"{name}={shown(value)}" for name, value in facts.items())
