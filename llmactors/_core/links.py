"""What the end of a linked actor does to its peer (OTP, "Links"; rows B4 to B7 of the conformance table)."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmactors._exits import Exit


class LinkEffect(Enum):
    """What to do with the peer."""

    NOTHING = "nothing"
    NOTIFY = "notify"
    END = "end"


def on_linked_exit(exit: Exit, *, trapping: bool) -> LinkEffect:
    """Decide: who traps hears of every end; who does not ends with an abnormal one and ignores a clean one."""
    if trapping:
        return LinkEffect.NOTIFY
    return LinkEffect.NOTHING if exit.clean else LinkEffect.END
