"""`llmagentos budget`: what the subtrees of a running system may use, and have used; and how that is changed."""

from typing import Annotated, Any

import typer

from llmagentos._core.control import Level
from llmagentos.cli._output import as_json, as_table, note, size, span
from llmagentos.cli._processes import Json, On

COLUMNS = {
    "account": "account",
    "resource": "resource",
    "kind": "kind",
    "soft": "soft",
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
    limits: Annotated[list[str], typer.Argument(help="cpu=0.25, memory=512MiB, calls=150, tokens=6000/minute …")],
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
        for resource in row["unknown"]:
            note(f"nobody there has used `{resource}` so far: is that how its actors call it?")


def _for_people(row: dict[str, Any]) -> dict[str, Any]:
    amounts = ("soft", "limit", "used", "reserved", "granted", "available")
    in_bytes = row["kind"] == "ceiling" and row["resource"] != "processes"
    plain = {key: _amount(row[key], in_bytes=in_bytes) for key in amounts}
    per = "/s" if row["kind"] == "rate" and row["resource"] != "cpu" else ""
    told = {"limit": f"{plain['limit']}{per}", "throttled": span(row["throttled"]), "weight": f"{row['weight']:g}"}
    if row["kind"] == "rate":
        plain["used"] = f"{row['used']:.3g}{per}"  # a measure, not a count
    return {**row, **plain, **told}


def _amount(amount: float | None, *, in_bytes: bool) -> str | None:
    if amount is None:
        return None
    return size(round(amount)) if in_bytes else f"{amount:g}"
