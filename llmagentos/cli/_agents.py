"""The verbs about the agents of a running system that belong to no program: create, rm."""

from pathlib import Path
from typing import Annotated

import typer

from llmagentos._core.control import Level
from llmagentos.cli._chat import make_ready
from llmagentos.cli._output import as_json, note
from llmagentos.cli._processes import Json, On


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command()(create)
    app.command()(rm)


def create(
    name: Annotated[str, typer.Argument(help="What the agent is to be called.")],
    *,
    model: Annotated[
        str, typer.Option("--model", "-m", help="A model's name, or the path of a .gguf file.")
    ] = "smollm2",
    system: Annotated[str | None, typer.Option("--system", "-s", help="Instructions for the model.")] = None,
    on: On = None,
    json: Json = False,
) -> None:
    """Make an agent in a running system, and start it. It lives as long as that system, or until `rm`."""
    from llmagentos._control._client import ask, find
    from llmagentos.models._store import is_path

    running = find(on)
    make_ready(model)
    wanted = str(Path(model).expanduser().absolute()) if is_path(model) else model  # the system stands elsewhere
    (row,) = ask(running, "create", Level.CONTROL, name=name, model=wanted, system=system)
    if json:
        as_json(row)
    else:
        print(row["path"])


def rm(
    which: Annotated[str, typer.Argument(help="An agent's name, path or id, as `ps` shows them.")],
    *,
    on: On = None,
    json: Json = False,
) -> None:
    """Destroy an agent that was made while the system runs: it is stopped, and its conversation forgotten."""
    from llmagentos._control._client import ask, find

    (row,) = ask(find(on), "rm", Level.CONTROL, which=which)
    if json:
        as_json(row)
    else:
        note(f"{row['path']} is {row['state']}")
