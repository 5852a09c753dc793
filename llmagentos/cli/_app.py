"""The command line as a whole: which verbs there are, and how every failure ends in a sentence and a status."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

import typer

from llmactors.errors import LLMActorsError
from llmagentos.cli import _agents, _chat, _models, _processes, _run
from llmagentos.cli._output import complain
from llmagentos.errors import LLMAgentOSError

INTERRUPTED = 130
"""The status of a program that Ctrl-C ended."""
TERMINATED = 143
"""The status of a program that SIGTERM ended; `run` has its own, 0, because a service is meant to be ended so."""
PIPE_CLOSED = 141
"""The status of a program whose reader went away."""

app = typer.Typer(
    name="llmagentos",
    help="An operating system for AI agents: every agent, model and service is a supervised actor.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_chat.register(app)
_run.register(app)
_agents.register(app)
_processes.register(app)
app.add_typer(_models.app, name="model")


def main() -> None:
    """Run the command line, and exit with its status."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        app()
    except (LLMAgentOSError, LLMActorsError) as error:
        complain(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter's last flush fails again
        sys.exit(PIPE_CLOSED)


def _terminated(_number: int, _frame: FrameType | None) -> NoReturn:
    """End like any program does, so that what was started is stopped in order."""
    raise SystemExit(TERMINATED)
