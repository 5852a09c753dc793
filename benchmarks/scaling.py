"""Measure whether a message costs more as numbers grow: `python benchmarks/scaling.py --json FILE --chart FILE.png`.

A ring of 10 to 1 000 000 actors, a queue of 1 000 to 3 000 000 messages; beside it raw asyncio, whose actors are too
large for a ring of a million.
"""

import argparse
import importlib.util
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cases import GROWTH
from measuring.figures import digits, rounded
from measuring.machine import load
from measuring.rounds import interpreters, once
from measuring.told import conditions, write
from run import at_least_one
from runtimes import EXTRA, OURS, RUNTIMES

SIZES: Mapping[tuple[str, str], Sequence[int]] = {
    ("ring-of", OURS): (10, 100, 1_000, 10_000, 100_000, 1_000_000),
    ("ring-of", "asyncio"): (10, 100, 1_000, 10_000, 100_000),
    ("queue-of", OURS): (1_000, 10_000, 100_000, 1_000_000, 3_000_000),
    ("queue-of", "asyncio"): (1_000, 10_000, 100_000, 1_000_000, 3_000_000),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write what was asked for."""
    options = _options(arguments)
    busy, taken = load(), defaultdict[tuple[str, str, int], list[float]](list)
    pythons = interpreters({})
    with Console(stderr=True).status("measuring") as status:
        for number in range(options.rounds):
            for (case, name), sizes in list(SIZES.items())[:: 1 if number % 2 == 0 else -1]:
                for size in sizes:
                    if size > options.most:
                        continue
                    status.update(f"round {number + 1} of {options.rounds}: {case} {size:,}, {name}")
                    result = once(name, case, size, pythons[name])
                    taken[case, name, size].append(float(result["readings"]["time"]))
    found = {
        **conditions(busy),
        "rounds": options.rounds,
        "figures": [
            {
                "case": case,
                "runtime": name,
                "n": size,
                "median": rounded(statistics.median(times)),
                "rounds": [rounded(one) for one in times],
            }
            for (case, name, size), times in taken.items()
        ],
    }
    Console().print(table(found))
    write(found, options.json)
    if options.chart is not None:
        from measuring.charts import draw_growth  # noqa: PLC0415  takes a library that only charts need

        draw_growth(series(found), options.chart)


def series(found: Mapping[str, object]) -> dict[str, dict[str, dict[int, float]]]:
    """Return the figures by case and runtime: what a message costs by number."""
    panels: dict[str, dict[str, dict[int, float]]] = {}
    for one in found["figures"]:  # type: ignore[attr-defined]  # a list of what stands in `main`
        panel = panels.setdefault(GROWTH[one["case"]].title, {})
        panel.setdefault(one["runtime"], {})[one["n"]] = one["median"]
    return panels


def table(found: Mapping[str, object]) -> Table:
    """Return the figures for a terminal."""
    shown = Table("", "number", "runtime", "µs a message", title="What a message costs as numbers grow")
    for title, runtimes in series(found).items():
        for name, costs in runtimes.items():
            for number, cost in costs.items():
                shown.add_row(title, f"{number:,}", RUNTIMES[name].title, digits(cost))
    return shown


def growth_table(found: Mapping[str, object]) -> str:
    """Return the figures as a table of Markdown."""
    lines = ["| | | number | a message |", "| --- | --- | --- | --- |"]
    for title, runtimes in series(found).items():
        for name, costs in runtimes.items():
            numbers = "<br>".join(f"{number:,}".replace(",", "\u00a0") for number in costs)
            times = "<br>".join(f"{digits(cost)}\u00a0µs" for cost in costs.values())
            lines.append(f"| {title} | {RUNTIMES[name].title} | {numbers} | {times} |")
    return "\n".join(lines)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=at_least_one, default=3, help="measurements of each (default: 3)")
    parser.add_argument("--most", type=int, default=10**9, metavar="N", help="leave larger numbers out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    parser.add_argument("--chart", type=Path, metavar="FILE.png", help="draw them into FILE.png")
    options = parser.parse_args(arguments)
    if options.chart is not None and importlib.util.find_spec("matplotlib") is None:
        parser.error(f"--chart draws with matplotlib: {EXTRA}")
    return options


if __name__ == "__main__":
    main()
