"""`llmagentos run app.py[:App]`: any `Supervisor` or `Agent` of a file, with the agent OS around it."""

import importlib.util
import inspect
import sys
import traceback
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Annotated, TypeAlias, TypeGuard

import typer

from llmagentos.cli.errors import NothingToRunError

if TYPE_CHECKING:
    from llmagentos.agents import Agent
    from supervisors import Supervisor

    Runnable: TypeAlias = type[Agent | Supervisor]


LEVELS = ("debug", "info", "warning", "error", "never")


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(run)


def run(
    target: Annotated[str, typer.Argument(help="A Python file, and after a colon what in it to run: app.py:App.")],
    *,
    name: Annotated[str | None, typer.Option("--name", help="What `ps` calls this system.")] = None,
    log_level: Annotated[str, typer.Option("--log-level", help="debug, info, warning, error or never.")] = "info",
    allow_faults: Annotated[bool, typer.Option("--allow-faults", help="Let `inject` hurt it.")] = False,
) -> None:
    """Run a Supervisor or an Agent until it ends, or until Ctrl-C."""
    from llmagentos._logging import configure
    from llmagentos._program import run_program

    if log_level not in LEVELS:
        raise typer.BadParameter(f"there is no log level `{log_level}`; there are {', '.join(LEVELS)}")
    configure(log_level)
    path, _, wanted = target.partition(":")
    cls = pick(load(Path(path)), wanted)
    named = name or Path(path).stem.replace(" ", "-")
    raise typer.Exit(run_program(cls, named, exact_name=name is not None, allow_faults=allow_faults))


def load(path: Path) -> ModuleType:
    """Import the file at *path* under its own name, with its directory on the import path, as `python path` does.

    Raises:
        NothingToRunError: There is no such file, or importing it raises; its traceback is then on standard error.
    """
    if not path.is_file():
        raise NothingToRunError(str(path), "it is a directory" if path.is_dir() else "there is no such file")
    directory = str(path.absolute().parent)
    if directory not in sys.path:
        sys.path.insert(0, directory)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise NothingToRunError(str(path), "it is no Python file (its name must end in .py)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # noqa: BLE001 - a file may raise anything
        traceback.print_exception(error.with_traceback(_within(path, error.__traceback__)))
        reason = f"importing it raises {type(error).__name__}: {error}"
        raise NothingToRunError(str(path), reason) from None
    return module


def _within(path: Path, trace: TracebackType | None) -> TracebackType | None:
    """Drop the frames above those of the file at *path*: they are ours and the import system's."""
    while trace is not None and trace.tb_frame.f_code.co_filename != str(path.absolute()):
        trace = trace.tb_next
    return trace


def pick(module: ModuleType, wanted: str) -> "Runnable":
    """Answer the class called *wanted*; without a name `App`, or the only Supervisor, or the only Agent of *module*.

    Raises:
        NothingToRunError: There is none, or several; the sentence names them.
    """
    where = str(module.__file__)
    if wanted:
        found = getattr(module, wanted, None)
        if not _is_runnable(found):
            raise NothingToRunError(where, f"`{wanted}` in it is no Supervisor or Agent")
        return found
    own = {
        name: value
        for name, value in vars(module).items()
        if _is_runnable(value) and value.__module__ == module.__name__
    }
    trees = {name: value for name, value in own.items() if not hasattr(value, "answer")}
    choice = trees or own  # agents beside a tree are its parts
    if not choice:
        reason = f"it defines no Supervisor and no Agent; one that it imports is named as in `{where}:NAME`"
        raise NothingToRunError(where, reason)
    if len(choice) != 1 and "App" not in choice:
        raise NothingToRunError(where, f"it defines {', '.join(own)}; say which one with `{where}:NAME`")
    return choice.get("App") or next(iter(choice.values()))


def _is_runnable(value: object) -> "TypeGuard[Runnable]":
    from llmagentos.agents import Agent
    from supervisors import Supervisor

    return inspect.isclass(value) and issubclass(value, Agent | Supervisor)
