"""`llmagentos budget`: what the subtrees of a running system may use, and have used; and how that is changed."""

from typing import Annotated, Any

import typer

from llmagentos._core.control import Level
from llmagentos.cli._output import as_json, as_table, note, span
from llmagentos.cli._processes import Json, On

COLUMNS = {
    "account": "account",
    "resource": "resource",
    "kind": "kind",
    "limit": "limit",
    "used": "used",
    "reserved": "reserved",
    "granted": "granted",
    "available": "left",
    "throttled": "throttled",
    "weight": "weight",
}

budget = typer.Typer(
    help="Show budgets, or change them: `budget`, `budget set NAME cpu=0.25`.", invoke_without_command=True
)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.add_typer(budget, name="budget")


@budget.callback()
def show(context: typer.Context, *, on: On = None, json: Json = False) -> None:
    """Show what every subtree may use and has used."""
    if context.invoked_subcommand is not None:
        return
    from llmagentos._control._client import ask, find

    rows = ask(find(on), "budget")
    if json:
        as_json(rows)
    else:
        as_table([_for_people(row) for row in rows], COLUMNS)


@budget.command("set")
def set_(
    which: Annotated[str, typer.Argument(help="Whose: a child of a ResourceSupervisor, or that supervisor itself.")],
    limits: Annotated[list[str], typer.Argument(help="cpu=0.25, calls=150, tokens=6000/minute, wall=2h …")],
    *,
    on: On = None,
    json: Json = False,
) -> None:
    """Change limits while the system runs; what waited for more goes on."""
    from llmagentos._control._client import ask, find

    (row,) = ask(find(on), "budget set", Level.CONTROL, which=which, limits=limits)
    if json:
        as_json(row)
    else:
        note(f"{row['path']} may use {', '.join(row['limits'])} now")


def _for_people(row: dict[str, Any]) -> dict[str, Any]:
    amounts = ("limit", "used", "reserved", "granted", "available", "weight")
    plain = {key: None if row[key] is None else f"{row[key]:g}" for key in amounts}
    per = "/s" if row["kind"] == "rate" and row["resource"] != "cpu" else ""
    return {**row, **plain, "limit": f"{plain['limit']}{per}", "throttled": span(row["throttled"])}
