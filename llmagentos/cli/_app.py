"""The command line as a whole: which verbs there are, and how every failure ends in a sentence and a status."""

import signal
import sys
from importlib.metadata import PackageNotFoundError, version
from types import FrameType
from typing import Annotated, NoReturn

import typer

from llmagentos.cli import _agents, _budgets, _chat, _faults, _models, _processes, _run, _top
from llmagentos.cli._output import complain
from llmagentos.cli._streams import drop_output, make_usable
from llmagentos.errors import LLMAgentOSError

INTERRUPTED = 130
"""The status of a program that Ctrl-C ended."""
SIGNALLED = 128
"""So much more than the signal is the status of what it ended: 129 for SIGHUP (its terminal is gone), 143 for SIGTERM.
`run` has its own for SIGTERM, 0, because a service is meant to be ended so."""
PIPE_CLOSED = 141
"""The status of a program whose reader went away."""

app = typer.Typer(
    name="llmagentos",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it
    if not wanted:
        return
    try:
        print(f"llmagentos {version('llmagentos')}")
    except PackageNotFoundError:
        print("llmagentos (from its sources, not installed)")
    raise typer.Exit


@app.callback()
def _options(
    *, _version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True)] = False
) -> None:
    """An operating system for AI agents: every agent, model and service is a supervised actor."""


_chat.register(app)
_run.register(app)
_agents.register(app)
_processes.register(app)
_top.register(app)
_budgets.register(app)
_faults.register(app)
app.add_typer(_models.app, name="model")


def main() -> None:
    """Run the command line, and exit with its status."""
    for number in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, number) and signal.getsignal(signal.Signals[number]) is signal.SIG_DFL:  # nohup ignores one
            signal.signal(signal.Signals[number], _terminated)
    make_usable()
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        status = _told(error)
        if status is None:
            raise
        sys.exit(status)


def _told(error: Exception) -> int | None:
    """Tell of a failure, and return its status; None for what nobody foresaw."""
    if _is_ours(error):
        complain(str(error))
        return 1
    if isinstance(error, BrokenPipeError):
        drop_output()
        return PIPE_CLOSED
    if isinstance(error, OSError):  # a full disk, a directory that may not be written
        drop_output()
        where = f" `{error.filename}`" if error.filename else ""
        complain(f"the system refuses{where}: {error.strerror or error}")
        return 1
    return None


def _is_ours(error: Exception) -> bool:
    """Say whether that is an error of the agent OS or of the kernel, which most verbs do without."""
    kernel = sys.modules.get("llmactors.errors")
    return isinstance(error, LLMAgentOSError if kernel is None else (LLMAgentOSError, kernel.LLMActorsError))


def _terminated(number: int, _frame: FrameType | None) -> NoReturn:
    """End like any program does, so that what was started is stopped in order."""
    raise SystemExit(SIGNALLED + number)
