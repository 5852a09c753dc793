"""The verbs about the agents of a running system: create, ask, rm."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from llmagentos._core.control import Level
from llmagentos.cli._chat import make_ready, read_question
from llmagentos.cli._output import as_json, note
from llmagentos.cli._processes import Json, On

Which = Annotated[str, typer.Argument(help="An agent's name, path or id, as `ps` shows them.")]


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command()(create)
    app.command()(ask)
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
    from llmagentos._control import _client as client
    from llmagentos.models._store import is_path

    running = client.find(on)
    make_ready(model)
    wanted = str(Path(model).expanduser().absolute()) if is_path(model) else model  # the system stands elsewhere
    (row,) = client.ask(running, "create", Level.CONTROL, name=name, model=wanted, system=system)
    if json:
        as_json(row)
    else:
        print(row["path"])


def ask(
    which: Which,
    prompt: Annotated[list[str] | None, typer.Argument(help="The question; without it, standard input.")] = None,
    *,
    on: On = None,
) -> None:
    """Ask an agent of a running system, and print its answer as it comes."""
    from llmagentos._control import _client as client
    from llmagentos._core.text import plain

    question = read_question(prompt)
    if question is None:
        raise typer.BadParameter("there is no question; give it as arguments or on standard input")
    rows = client.follow(client.find(on), "ask", Level.CONTROL, which=which, prompt=question)
    with contextlib.closing(rows):
        for row in rows:
            if "said" in row:
                print(plain(str(row["said"])), end="", flush=True)
            else:
                print(flush=True)
                note(str(row.get("note", "")))
    print(flush=True)


def rm(
    which: Which,
    *,
    on: On = None,
    json: Json = False,
) -> None:
    """Destroy an agent that was made while the system runs: it is stopped, and its conversation forgotten."""
    from llmagentos._control import _client as client

    (row,) = client.ask(client.find(on), "rm", Level.CONTROL, which=which)
    if json:
        as_json(row)
    else:
        note(f"{row['path']} is {row['state']}")
