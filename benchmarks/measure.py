"""One measurement, in a process of its own: `python benchmarks/measure.py RIVAL CASE N` prints one line of JSON.

`RIVAL` is a module in `rivals`; `N` is the number of operations, 0 for the rival's own. A fresh process each time,
because what ran before (threads, a warm allocator, a grown heap) changes what comes after.
"""

import importlib
import json
import sys

from rivals.measured import BURST, CASES

NOT_INSTALLED = 3
"""Exit status where a rival's library is missing."""


def main() -> None:
    """Measure what the command line names."""
    rival, case, n = sys.argv[1:]
    if case not in CASES:
        sys.exit(f"no case {case!r}; there are: {', '.join(CASES)}")
    try:
        module = importlib.import_module(f"rivals.{rival}")
    except ModuleNotFoundError as missing:
        print(f"rivals/{rival}.py is left out: {missing.name} is not installed", file=sys.stderr)
        sys.exit(NOT_INSTALLED)
    count = -(-(int(n) or module.COUNTS[case]) // BURST) * BURST  # whole bursts
    print(json.dumps({"seconds": module.MEASURES[case](count), "n": count}))


if __name__ == "__main__":
    main()
