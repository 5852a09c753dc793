"""Asks: one asker, one actor, one question after the other.

- **ask**: a plain handler that returns its argument. An actor that is idle may be answered on its asker's stack.
- **ask-queued**: the same, but every ask goes through the queue, as it does when the actor has something else to do.
  Most runtimes know no other way; those are measured by `ask` alone.
- **ask-timed**: the same as `ask-queued`, and no answer within 5 s is an error. Ours always has a time-out; raw
  asyncio's has one in this case only.
- **ask-async**: the handler is a coroutine that does not suspend.
- **ask-suspending**: the handler is a coroutine that gives the loop one turn.
"""

from cases.kinds import Case

CASES = (
    Case("ask", "ask, idle actor"),
    Case("ask-queued", "ask, through the queue"),
    Case("ask-timed", "ask, through the queue, with a time-out"),
    Case("ask-async", "ask, async handler"),
    Case("ask-suspending", "ask, async handler that suspends"),
)

WARM_UP = 1_000
"""Operations before the clock starts, so that imports, caches and specialised bytecode are in place."""
