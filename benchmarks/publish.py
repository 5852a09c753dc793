"""Bring the docs up to date with what was measured: `python benchmarks/publish.py [FIGURES.json [GROWTH.json]]`.

The files, of `run.py --json` and `scaling.py --json`, are kept with the docs; without them those that are kept are
taken. `--measure` makes both. Charts are drawn, and the tables of the page on performance and of README are written
anew between their markers.
"""

import argparse
import importlib.util
import re
import shutil
from collections.abc import Mapping, Sequence
from json import loads
from pathlib import Path
from typing import Any

import run
import scaling
from measuring.figures import Figures, digits, from_json, human
from measuring.tables import TIMES, page_table, short_table
from runtimes import EXTRA, OURS, RUNTIMES

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "docs" / "explanation" / "performance"
PAGE, README = KEPT.with_suffix(".md"), ROOT / "README.md"
FIGURES, GROWTH = KEPT / "figures.json", KEPT / "growth.json"
RATIOS_CHART, GROWTH_CHART = KEPT / "ratios.png", KEPT / "growth.png"
SHORT = ("ask", "tell", "fan-in", "ring", "spawn", "restart", "skew", "process-ask", "process-tell", "process-echo")
"""The cases of README's table."""


QUIET = 0.7
"""Processes that wanted a processor in the minute before, on average: with fewer the machine was quiet."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Keep the files, draw the charts, write the tables."""
    options = _options(arguments)
    if options.measure:
        KEPT.mkdir(exist_ok=True)
        run.main(["--json", str(FIGURES), "--rounds", str(options.measure)])
        scaling.main(["--json", str(GROWTH), "--rounds", str(options.measure)])
    for given, kept in ((options.figures, FIGURES), (options.growth, GROWTH)):
        if given is not None and given.resolve() != kept:
            KEPT.mkdir(exist_ok=True)
            shutil.copyfile(given, kept)
    found, growth = read(FIGURES), read(GROWTH)
    from measuring.charts import draw_growth, draw_ratios  # noqa: PLC0415  takes a library that only charts need

    draw_ratios(from_json(found["figures"]), RATIOS_CHART)
    draw_growth(scaling.series(growth), GROWTH_CHART)
    for page in (PAGE, README):
        page.write_text(rewritten(page.read_text(encoding="utf-8"), found, growth), encoding="utf-8")


def read(path: Path) -> dict[str, Any]:
    """Read what a measuring command wrote."""
    found: dict[str, Any] = loads(path.read_text(encoding="utf-8"))
    return found


def rewritten(text: str, found: Mapping[str, Any], growth: Mapping[str, Any]) -> str:
    """Return a page with everything anew that stands between markers."""
    figures = from_json(found["figures"])
    parts = {
        "conditions": conditions(found) + warning(found),
        "inside": page_table(figures, apart=False),
        "apart": page_table(figures, apart=True),
        "behind": behind(figures),
        "versions": versions(found),
        "growth": scaling.growth_table(growth),
        "short": short_table(figures, SHORT) + warning(found),
    }

    def part(marked: re.Match[str]) -> str:
        return f"{marked['begin']}\n\n{parts[marked['name']]}\n\n{marked['end']}"

    marker = r"(?P<begin><!-- figures: (?P<name>\w+) -->).*?(?P<end><!-- end of figures -->)"
    return re.sub(marker, part, text, flags=re.DOTALL)


def conditions(found: Mapping[str, Any]) -> str:
    """Return when, on what kind of machine and how it was measured, as a sentence or two."""
    machine = found["machine"]
    return (
        f"Measured on {found['when'][:10]}, {machine['python']}, {machine['processors']} processors "
        f"({machine['processor']}), {machine['system']}; medians of {found['rounds']} round(s). ± is how far the "
        f"farthest round lies from the median. Bold is how many times ahead {OURS} is; below 1 the other one is."
    )


def warning(found: Mapping[str, Any]) -> str:
    """Return a paragraph of warning where the machine was busy before, else nothing."""
    busy = found["load_before"]
    if busy is None or busy < QUIET:
        return ""
    return f"\n\n**The machine was busy (load {busy:g}): times are too long, and ratios rough.**"


def behind(figures: Figures) -> str:
    """Return every figure that is better than ours, as a list."""
    lines = []
    for case, reading in figures.rows():
        for name in figures.runtimes():
            figure = figures.get(case, reading, name)
            ahead = None if figure is None else figures.ahead(figure)
            ours = figures.get(case, reading, OURS)
            if figure is not None and ours is not None and ahead is not None and ahead < 1:
                ratio = f"{digits(1 / ahead)} {TIMES}"
                values = f"{human(figure.median, reading.unit)} against {human(ours.median, reading.unit)}"
                lines.append(f"- {case.label(reading)}: {RUNTIMES[name].title} by {ratio}, {values}")
    return "\n".join(lines) or "Nowhere, among these cases."


def versions(found: Mapping[str, Any]) -> str:
    """Return which versions were measured, and who was not there, as a list."""
    lines = [
        f"- {RUNTIMES[name].title} {version['version']}, CPython {version['python']}"
        for name, version in found["versions"].items()
        if name != OURS
    ]
    absent = [f"- not measured: {RUNTIMES[one['runtime']].title} ({one['why']})" for one in found["absent"]]
    failed = [f"- failed: {RUNTIMES[one['runtime']].title} at {one['case']} ({one['why']})" for one in found["failed"]]
    return "\n".join([*lines, *absent, *failed])


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", type=run.at_least_one, metavar="ROUNDS", help="measure everything first")
    parser.add_argument("figures", nargs="?", type=Path, metavar="FIGURES.json", help="what run.py wrote")
    parser.add_argument("growth", nargs="?", type=Path, metavar="GROWTH.json", help="what scaling.py wrote")
    options = parser.parse_args(arguments)
    if importlib.util.find_spec("matplotlib") is None:
        parser.error(f"charts are drawn with matplotlib: {EXTRA}")
    return options


if __name__ == "__main__":
    main()
