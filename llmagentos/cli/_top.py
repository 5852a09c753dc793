"""`llmagentos top`: the actors of a running system, live; who uses the CPU, who is throttled, who is stuck."""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmagentos._core.standing import SORTS, Standing, compare, ordered
from llmagentos.cli._keys import keys
from llmagentos.cli._output import as_json, as_table, size, span
from llmagentos.cli._processes import Json, On

if TYPE_CHECKING:
    from rich.table import Table

COLUMNS = {
    "path": "name",
    "state": "state",
    "cores": "cpu",
    "memory": "memory",
    "mailbox": "queue",
    "wait": "wait",
    "rate": "msg/s",
    "restarts": "restarts",
    "dropped": "dropped",
    "pid": "pid",
}
WIDTHS = {
    "state": 9,
    "cores": 6,
    "memory": 8,
    "mailbox": 5,
    "wait": 6,
    "rate": 6,
    "restarts": 8,
    "dropped": 7,
    "pid": 7,
}
"""What columns need; the name has the rest."""
SPARED = ("pid", "dropped", "restarts", "rate")
"""Columns that a narrow terminal does without, in this order."""
LEAST = 20
"""What the name has at least."""
STYLES = {"throttled": "yellow", "stuck": "bold red"}
KEYS = {"c": "cpu", "m": "memory", "u": "queue"}
AROUND = 4
"""Lines of a terminal that are not actors: the heading, what is above it, and what is below."""


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(top)


def top(
    *,
    sort: Annotated[str, typer.Option("--sort", "-s", help="By cpu, memory or queue.")] = "cpu",
    interval: Annotated[float, typer.Option("--interval", "-i", min=0.1, help="Seconds between two looks.")] = 1.0,
    most: Annotated[int, typer.Option("--most", "-n", min=1, help="How many actors to show.")] = 30,
    once: Annotated[bool, typer.Option("--once", "-1", help="Write one table after one interval, and end.")] = False,
    on: On = None,
    json: Json = False,
) -> None:
    """Show the actors of a running system, the busiest first: c, m and u sort by CPU, memory and queue; q leaves.

    Where standard output is no terminal, one table is written after one interval.
    """
    if sort not in SORTS:
        raise typer.BadParameter(f"sort by {', '.join(SORTS)}, not by `{sort}`")
    look = _looks(on)
    if not (json or once) and sys.stdout.isatty():
        _live(look, sort, interval, most)
        return
    look()
    time.sleep(interval)
    standings = ordered(look(), sort)[:most]
    if json:
        as_json([_row(standing) for standing in standings])
    else:
        as_table([_for_people(standing) for standing in standings], COLUMNS)


def _looks(on: str | None) -> Callable[[], list[Standing]]:
    """Return what looks at the system, and tells how it stands since the look before."""
    from llmagentos._control._client import ask, find

    running = find(on)
    standings: dict[str, Standing] = {}
    seen = 0.0

    def look() -> list[Standing]:
        nonlocal standings, seen
        rows, now = ask(running, "ps"), time.monotonic()
        standings, seen = compare(standings, rows, now - seen if seen else 0.0), now
        return list(standings.values())

    return look


def _live(look: Callable[[], list[Standing]], sort: str, interval: float, most: int) -> None:
    from rich.console import Console
    from rich.live import Live

    console = Console()
    look()
    with keys() as wait, Live(console=console, auto_refresh=False, screen=True) as live:
        due = time.monotonic() + min(interval, 0.3)  # the first figures come soon
        standings: list[Standing] = []
        while True:
            key = wait(max(0.0, due - time.monotonic())).lower()
            if key == "q":
                return
            sort = KEYS.get(key, sort)
            if not key:
                standings, due = look(), time.monotonic() + interval
            shown = max(1, min(most, console.height - AROUND))
            live.update(_table(standings, sort, shown, _columns(console.width)), refresh=True)


def _columns(width: int) -> list[str]:
    """Return the columns that a terminal so wide has room for."""
    keys = list(COLUMNS)
    for spared in SPARED:
        if sum(WIDTHS[key] + 1 for key in keys[1:]) + LEAST > width:
            keys.remove(spared)
    return keys


def _table(standings: list[Standing], sort: str, most: int, columns: list[str]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    shown = ordered(standings, sort)[:most]
    table = Table(box=None, pad_edge=False, expand=True, padding=(0, 1, 0, 0), title_justify="left", title_style="bold")
    table.title = _summary(standings, sort)
    for key in columns:
        width = WIDTHS.get(key)
        side = "left" if key == "state" else "right"
        place: Any = {"ratio": 1} if width is None else {"width": width, "justify": side}
        heading = Text(COLUMNS[key].upper(), style="reverse" if COLUMNS[key] == sort else "")
        table.add_column(heading, no_wrap=True, overflow="ellipsis", **place)
    for standing in shown:
        row = _for_people(standing)
        cells = (Text("-" if row[key] is None else str(row[key])) for key in columns)
        table.add_row(*cells, style=STYLES.get(standing.mark, ""))
    table.caption, table.caption_justify = "by c cpu, m memory, u queue; q leaves", "left"
    return table


def _summary(standings: list[Standing], sort: str) -> str:
    """Say in a line how the whole system stands."""
    marks = [standing.mark for standing in standings]
    cores = sum(standing.cores for standing in standings)
    waiting = sum(standing.row["mailbox"] or 0 for standing in standings)
    said = f"{len(standings)} actors by {sort}, {100 * cores:.1f}% cpu, {waiting} messages wait"
    for mark in STYLES:
        if mark in marks:
            said += f", {marks.count(mark)} {mark}"
    return said


def _row(standing: Standing) -> dict[str, Any]:
    still = round(standing.still, 3)
    now = {"cores": standing.cores, "rate": standing.rate, "wait_now": standing.wait}
    return {**standing.row, **now, "still": still, "mark": standing.mark}


def _for_people(standing: Standing) -> dict[str, Any]:
    from llmagentos._core.text import one_line

    row = standing.row
    return {
        **row,
        "path": one_line(row["path"], 60),
        "cores": f"{100 * standing.cores:.1f}%",
        "state": standing.mark or row["state"],
        "memory": size(row["memory"] or row["mailbox_bytes"] or None),
        "wait": _short(standing.wait),
        "rate": f"{standing.rate:.0f}",
    }


def _short(seconds: float) -> str | None:
    """Write how long a message waited; nothing where none was seen to."""
    if not seconds:
        return None
    return f"{1000 * seconds:.0f}ms" if seconds < 1 else span(seconds)
