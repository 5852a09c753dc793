"""Tells: messages that nobody waits for.

- **tell-none**, **tell**, **tell-async**: bursts of `BURST` messages to one actor, each burst closed by an ask. The
  messages have no argument, one, and one for a coroutine. `BURST` is below every default bound of a mailbox.
- **fan-in**: `PRODUCERS` actors are told to send `SHARE` messages each to one actor; when that one has counted all of
  them, again. Together they are below every default bound too.
"""

from cases.kinds import Case

CASES = (
    Case("tell-none", "tell, no argument"),
    Case("tell", "tell, one argument"),
    Case("tell-async", "tell, async handler"),
    Case("fan-in", "fan-in from 8"),
)

BURST = 500
PRODUCERS = 8
SHARE = 100


def in_bursts(n: int) -> tuple[int, int]:
    """Return how many bursts make at least *n* messages, and how many messages those are."""
    bursts = -(-n // BURST)
    return bursts, bursts * BURST


def in_shares(n: int) -> tuple[int, int]:
    """Return how many rounds of all producers make at least *n* messages, and how many messages those are."""
    rounds = -(-n // (PRODUCERS * SHARE))
    return rounds, rounds * PRODUCERS * SHARE
