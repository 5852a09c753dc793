"""`llmagentos top`: the actors of a running system, live; who uses the CPU, who is throttled, who is stuck."""

import itertools
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmagentos._core.standing import SORTS, Standing, compare, ordered
from llmagentos.cli._output import as_json, as_table, size
from llmagentos.cli._processes import Json, On

if TYPE_CHECKING:
    from rich.table import Table

COLUMNS = {
    "path": "name",
    "state": "state",
    "cores": "cpu",
    "memory": "memory",
    "mailbox": "mailbox",
    "rate": "msg/s",
    "restarts": "restarts",
    "pid": "pid",
    "mark": "",
}
STYLES = {"throttled": "yellow", "stuck": "bold red"}


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(top)


def top(
    *,
    sort: Annotated[str, typer.Option("--sort", "-s", help="By cpu, memory or mailbox.")] = "cpu",
    interval: Annotated[float, typer.Option("--interval", "-i", min=0.1, help="Seconds between two looks.")] = 1.0,
    most: Annotated[int, typer.Option("--most", "-n", min=1, help="How many actors to show.")] = 30,
    on: On = None,
    json: Json = False,
) -> None:
    """Show the actors of a running system, the busiest first; Ctrl-C leaves.

    Where standard output is no terminal, one table is written after one interval.
    """
    if sort not in SORTS:
        raise typer.BadParameter(f"sort by {', '.join(SORTS)}, not by `{sort}`")
    looks = (ordered(look.values(), sort)[:most] for look in _looks(on, interval))
    if json:
        as_json([_row(standing) for standing in next(looks)])
    elif not sys.stdout.isatty():
        as_table([_for_people(standing) for standing in next(looks)], COLUMNS)
    else:
        _live(looks)


def _looks(on: str | None, interval: float) -> Iterator[dict[str, Standing]]:
    """Look at the system again and again, and yield how it stands since the look before."""
    from llmagentos._control._client import ask, find

    running = find(on)
    standings, seen = compare({}, ask(running, "ps"), 0.0), time.monotonic()
    for _ in itertools.count():
        time.sleep(interval)
        rows, now = ask(running, "ps"), time.monotonic()
        standings, seen = compare(standings, rows, now - seen), now
        yield standings


def _live(looks: Iterator[list[Standing]]) -> None:
    from rich.live import Live

    with Live(auto_refresh=False, screen=True) as live:
        for standings in looks:
            live.update(_table(standings), refresh=True)


def _table(standings: list[Standing]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(*(heading.upper() for heading in COLUMNS.values()), box=None, pad_edge=False)
    for standing in standings:
        row = _for_people(standing)
        cells = (Text("-" if row[key] is None else str(row[key])) for key in COLUMNS)
        table.add_row(*cells, style=STYLES.get(standing.mark, ""))
    return table


def _row(standing: Standing) -> dict[str, Any]:
    still = round(standing.still, 3)
    return {**standing.row, "cores": standing.cores, "rate": standing.rate, "still": still, "mark": standing.mark}


def _for_people(standing: Standing) -> dict[str, Any]:
    from llmagentos._core.text import one_line

    row = standing.row
    return {
        **row,
        "path": one_line(row["path"], 60),
        "cores": f"{100 * standing.cores:.1f}%",
        "memory": size(row["memory"]),
        "rate": f"{standing.rate:.0f}",
        "mark": standing.mark,
    }
