"""What the simulations of our own trees share: faults everywhere, and what may come of them."""

import asyncio
from collections.abc import Iterable
from typing import Any

from llmactors.errors import ActorEndedError, AskTimeoutError, MailboxFullError
from llmactors.testing import At, Faults, InjectedCrashError
from supervisors import Intensity, SupervisorError

EVERYTHING = Faults(
    crash=[At("/*/*"), At("/*/*", when="await"), At("/*/*", when="finished")],
    kill=[At("/*/*"), At("/*/*", when="await"), At("/*/*", when="finished")],
    oom="/*/*",
    hang="/[!e]*/*",
    slow=True,
    start_failure="/*/*",
    delay=True,
    drop=True,
    partition="/*/*",
    duplicate=True,
    stall_stream=True,
    rate=0.02,
    most=5,
)
"""Every fault that an actor of a tree may meet, but for the root's own children. A stream of errands has no limit."""

PATIENT = Intensity(1_000, within=5.0)
"""More restarts than there are faults: who has it does not give up."""

EXPECTED = (
    InjectedCrashError,
    MemoryError,
    ActorEndedError,
    AskTimeoutError,
    MailboxFullError,
    SupervisorError,
    LookupError,
)
"""What an ask may come to where everything is harmed."""


async def settled(jobs: Iterable[asyncio.Task[Any]]) -> list[Any]:
    """Wait for all of them; what else than `EXPECTED` became of one is raised."""
    outcomes = await asyncio.wait_for(asyncio.gather(*jobs, return_exceptions=True), 3_000.0)
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, EXPECTED):
            raise outcome
    return outcomes
