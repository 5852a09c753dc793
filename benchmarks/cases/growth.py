"""Growth: whether a message costs more where there are more actors, or where the queue is longer.

- **ring-of**: so many actors in a ring; `HOPS` hops, but once round at least, after one time round.
- **queue-of**: so many messages told to an actor before it handles the first; a message is told and handled. Where
  mailboxes are bounded by default, this one's bound is declared larger than that.
"""

from cases.kinds import Case

CASES = (Case("ring-of", "number of actors in the ring"), Case("queue-of", "messages in the queue"))

HOPS = 200_000
"""Hops that are enough to time."""
TOLD = 200_000
"""Messages that are enough to time: shorter queues are filled and emptied several times."""


def hops(actors: int) -> int:
    """Return how many hops a ring of so many actors is measured by."""
    return max(HOPS, actors)


def fillings(length: int) -> int:
    """Return how many times a queue of that length is filled."""
    return max(1, TOLD // length)
