"""What is measured, the same for every rival.

A rival is a module with `COUNTS` (by case, how many operations make a run long enough to time) and `MEASURES` (by
case, a function of that count that returns seconds). Defaults as shipped, no tuning for any of them.

- **ask**: one actor, one asker, one question after the other.
- **tell**: bursts of `BURST` messages to one actor, each burst closed by an ask; `BURST` is below every default bound.
- **ring**: one message goes round `RING` actors, each passing it on to the next.
- **spawn**: actors begun one after the other until the last one has answered an ask; ending them is not timed.
"""

CASES = ("ask", "tell", "ring", "spawn")

BURST = 500
RING = 1_000
WARM_UP = 1_000
"""Operations before the clock starts, so that imports, caches and specialised bytecode are in place."""
