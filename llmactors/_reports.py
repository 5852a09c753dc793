"""Log events of the kernel. A library never configures logging: without configuration only warnings are seen."""

from __future__ import annotations

import logging
from typing import Any, Final

from llmactors._words import shown

NAME: Final = "llmactors"


def report(level: int, event: str, **facts: Any) -> None:
    """Log *event* with its facts, if anybody listens at that level: to structlog where a program configured it."""
    logger = logging.getLogger(NAME)
    if not logger.isEnabledFor(level):
        return
    import structlog  # noqa: PLC0415  only programs that log pay for it

    if structlog.is_configured():
        structlog.get_logger(NAME).log(level, event, **facts)
    else:
        logger.log(level, "%s %s", event, " ".join(f"{name}={shown(value)}" for name, value in facts.items()))
