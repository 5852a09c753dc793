"""The verbs about a running system's actors: to see them, start and stop them, pause them."""

import contextlib
from typing import Annotated, Any

import typer

from llmagentos._core.control import Level
from llmagentos.cli._output import as_json, as_json_line, as_table, note, size, span

On = Annotated[str | None, typer.Option("--on", help="The system's name, where several run.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON, for scripts.")]
Which = Annotated[str, typer.Argument(help="An actor's name, path or id, as `ps` shows them.")]

COLUMNS = {
    "id": "id",
    "path": "name",
    "kind": "kind",
    "state": "state",
    "parent": "parent",
    "restarts": "restarts",
    "mailbox": "mailbox",
    "wait": "wait",
    "cpu": "cpu",
    "memory": "memory",
    "pid": "pid",
    "uptime": "uptime",
}
WIDE = {"busy": "busy", "handled": "handled", "dropped": "dropped", "mailbox_bytes": "in mailbox", "gpu_memory": "gpu"}
"""What `ps --wide` shows beside that."""


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command()(ps)
    app.command()(tree)
    app.command()(inspect)
    app.command()(trace)
    app.command()(logs)
    for verb, text in ACTIONS.items():
        app.command(verb, help=text)(_action(verb))


def ps(
    *,
    wide: Annotated[bool, typer.Option("--wide", "-w", help="More of every account.")] = False,
    on: On = None,
    json: Json = False,
) -> None:
    """List the actors of the running systems, and what each has used."""
    from llmagentos._control._client import ask, find
    from llmagentos._control._lease import running_systems

    systems = [find(on)] if on is not None else running_systems() or [find(None)]
    rows = [{"system": system.name, **row} for system in systems for row in ask(system, "ps")]
    if json:
        as_json(rows)
    else:
        several = {"system": "system"} if len(systems) > 1 else {}
        as_table([_for_people(row) for row in rows], {**several, **COLUMNS, **(WIDE if wide else {})})


def tree(*, on: On = None, json: Json = False) -> None:
    """Show the supervision tree of a running system."""
    from llmagentos._control._client import ask, find

    system = find(on)
    rows = ask(system, "ps")
    if json:
        as_json(rows)
        return
    for row in rows:
        depth = row["path"].rstrip("/").count("/")
        print(
            f"{'   ' * depth}{row['name']}  {row['kind']}, {row['state']}, {row['restarts']} restarts, pid {row['pid']}"
        )


def inspect(
    which: Which,
    *,
    state: Annotated[
        bool, typer.Option("--state", help="Its attributes too, as its class lets people see them.")
    ] = False,
    on: On = None,
    json: Json = False,
) -> None:
    """Show all that is known of one actor."""
    from llmagentos._control._client import ask, find
    from llmagentos._core.text import one_line

    system = find(on)
    (row,) = ask(system, "inspect", which=which)
    attributes = ask(system, "state", Level.SECRETS, which=which) if state else []
    if json:
        as_json({**row, **({"attributes": {one["name"]: one["value"] for one in attributes}} if state else {})})
        return
    for key, value in row.items():
        print(f"{key.replace('_', ' '):13} {one_line(_shown(value), 2_000)}")
    for one in attributes:
        print(f"  .{one_line(one['name'])} = {one_line(one['value'], 2_000)}")


def _shown(value: Any) -> str:
    """Write what is known of an actor: one thing, several, or an account."""
    match value:
        case None | "" | []:
            return "-"
        case list():
            return ", ".join(map(str, value))
        case dict():
            parts = [f"{key.replace('_', ' ')} {_shown(part)}" for key, part in value.items() if part not in (None, {})]
            return ", ".join(parts) or "-"
        case float():
            return f"{value:.6g}"
        case _:
            return str(value)


def trace(
    which: Which,
    *,
    most: Annotated[int | None, typer.Option("--count", "-n", help="End after so many events.", min=1)] = None,
    on: On = None,
    json: Json = False,
) -> None:
    """Show the messages that an actor handles, and what becomes of them, as they come; Ctrl-C ends it."""
    from llmagentos._control import _client as client

    rows = client.follow(client.find(on), "trace", Level.SECRETS, which=which, most=most)
    with contextlib.closing(rows):
        for row in rows:
            if "tracing" in row:
                note(f"tracing {row['tracing']}")
            elif json:
                as_json_line(row)
            else:
                print(_traced_line(row), flush=True)


def _traced_line(row: dict[str, Any]) -> str:
    from llmagentos._core.text import one_line

    missed = f" ({row['missed']} before it were missed)" if row["missed"] else ""
    text = f" -> {row['text']}" if row["text"] else ""
    step = f" [{row['trace']}]" if row["trace"] else ""
    return one_line(f"{row['at']:.6f} {row['what']} {row['message']}{text}{step}{missed}", 2_000)


def logs(
    which: Annotated[str | None, typer.Argument(help="Only events of actors at or below this path.")] = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new events as they come.")] = False,
    on: On = None,
    json: Json = False,
) -> None:
    """Show what happened in a running system."""
    from llmagentos._control import _client as client

    rows = client.follow(client.find(on), "logs", follow=follow, which=which)
    with contextlib.closing(rows):
        for row in rows:
            if json:
                as_json_line(row)
            else:
                print(_event_line(row), flush=True)


def _event_line(event: dict[str, Any]) -> str:
    from llmagentos._core.text import one_line

    head = f"{event.pop('timestamp', '')} {event.pop('level', ''):8} {event.pop('event', '')}"
    return one_line(" ".join([head, *(f"{key}={value}" for key, value in event.items())]), 2_000)


ACTIONS = {
    "start": "Start an actor that was stopped.",
    "stop": "Stop an actor in order; it stays stopped until `start`.",
    "restart": "Stop an actor in order, and start it again.",
    "kill": "End an actor at once; its supervisor restarts it as its spec says.",
    "pause": "Pause an actor, between two tokens if it is answering; a supervisor's whole subtree.",
    "resume": "Let a paused actor go on.",
}


def _action(verb: str) -> Any:
    def action(which: Which, *, on: On = None, json: Json = False) -> None:
        from llmagentos._control._client import ask, find

        (row,) = ask(find(on), verb, Level.CONTROL, which=which)
        if json:
            as_json(row)
        else:
            note(f"{row['path']} is {row['state']}")

    return action


def _for_people(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "memory": size(row["memory"]),
        "mailbox_bytes": size(row["mailbox_bytes"]),
        "gpu_memory": size(row["gpu_memory"]),
        "wait": span(row["wait"]),
        "cpu": span(row["cpu"]),
        "busy": span(row["busy"]),
        "uptime": span(row["uptime"]),
    }
