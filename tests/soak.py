"""Soak, for as long as you like: harm on all hosts at once, and nothing may be left of it.

    python tests/soak.py --minutes 10 --seed 1

What it does, and what counts as a leak, stands in `tests/support/soaking.py`. It ends with status 1 if there is one.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))

from soaking import soak


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Soak from the command line."""
    parser = argparse.ArgumentParser(description="Harm all hosts at once for a while, and see what is left of it.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--round", type=float, default=10.0, help="seconds of harm between two rests")
    args = parser.parse_args()
    soaking = soak(args.minutes * 60, args.seed, args.round, _say)
    for deed, times in sorted(soaking.done.items()):
        soaking.say(f"{times:9,} {deed}")
    for fault in soaking.faults:
        soaking.say(f"fault: {fault}")
    soaking.say(f"{len(soaking.faults)} faults" if soaking.faults else "nothing is left")
    return 1 if soaking.faults else 0


if __name__ == "__main__":
    sys.exit(main())
