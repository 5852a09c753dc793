"""`llmagentos chat`: one answer, or a conversation. It is a running system like any other, and `ps` shows it."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from llmagentos.cli._output import note

if TYPE_CHECKING:
    from llmagentos._messages import AgentChunk
    from llmagentos.agents._default import DefaultSystem
    from llmagentos.agents._handle import Handle

HELP = """/new   begin a new conversation
/quit  leave (as Ctrl-D does)
Ctrl-C breaks an answer off."""


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(chat)


def chat(
    prompt: Annotated[list[str] | None, typer.Argument(help="The question; without one, a conversation.")] = None,
    *,
    model: Annotated[
        str, typer.Option("--model", "-m", help="A model's name, or the path of a .gguf file.")
    ] = "smollm2",
    system: Annotated[str | None, typer.Option("--system", "-s", help="Instructions for the model.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="What `ps` calls this system.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the system's events.")] = False,
) -> None:
    """Talk to a language model on this machine.

    On a terminal it is a conversation. With a prompt, or a question on standard input, it is one answer.
    """
    from llmagentos._logging import configure

    configure("info" if verbose else "never")
    question = read_question(prompt)
    make_ready(model)
    with _system(name) as default:
        agent = _agent(default, model, system)
        if question is None:
            _converse(agent, default, model)
        else:
            _print_answer(agent.say(question))


def read_question(prompt: list[str] | None) -> str | None:
    """Answer the question of the arguments or of standard input; None without arguments on a terminal.

    Raises:
        typer.BadParameter: It is empty, or no text.
    """
    question = " ".join(prompt) if prompt else None
    if question is None and not sys.stdin.isatty():
        question = _as_text(sys.stdin.buffer.read())
    elif question is not None:
        question = _as_text(os.fsencode(question))  # what this locale could not read may be UTF-8 all the same
    if question is not None and not question.strip():
        raise typer.BadParameter("the question is empty; give it as arguments or on standard input")
    return question and question.strip()


def _as_text(question: bytes) -> str:
    try:
        return question.decode()
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"the question is no UTF-8 text: byte {error.start + 1} of it is not") from None


def make_ready(model: str) -> None:
    """See that the model is there: a known one is fetched the first time.

    Raises:
        ModelError: It is neither known nor a file, or cannot be fetched.
    """
    from llmagentos.cli._models import pull_with_bar
    from llmagentos.models import resolve
    from llmagentos.models.errors import ModelNotPulledError

    try:
        resolve(model)
    except ModelNotPulledError:
        note(f"{model} is not here yet; fetching it, once")
        pull_with_bar(model)


@contextlib.contextmanager
def _system(name: str | None) -> Iterator["DefaultSystem"]:
    from llmagentos.agents._default import DefaultSystem

    system = DefaultSystem(name or "chat", exact_name=name is not None)
    system.boot()
    try:
        yield system
    finally:
        system.shut_down()


def _agent(default: "DefaultSystem", model: str, instructions: str | None) -> "Handle":
    """Load the model, so that what is wrong with it is said at once, and start the agent."""
    from llmagentos.agents._agent import Agent
    from llmagentos.agents._handle import Handle

    default.load(model)
    settings = {"model": model, "instructions": instructions}
    return Handle(Agent, (), settings, system=default, name="assistant").start()


def _converse(agent: "Handle", default: "DefaultSystem", model: str) -> None:
    """Ask and answer until the end of input."""
    note(f"llmagentos chat with {model}; this system is `{default.name}`. /help for help, Ctrl-D to leave.")
    while (question := _read()) is not None:
        match question.strip():
            case "":
                continue
            case "/quit" | "/exit":
                return
            case "/help":
                note(HELP)
            case "/new":
                agent.start().forget()
                note("a new conversation")
            case words:
                _answer_or_break_off(agent, words)


def _read() -> str | None:
    """Read a question; None at the end of input, nothing where it was no text."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - its import gives `input` editing and history
    try:
        question = input("> ")
        question.encode()  # what the terminal's encoding could not read comes as halves of characters, or is an error
    except EOFError:
        print()
        return None
    except UnicodeError:
        note("that was no UTF-8 text; type it again")
        return ""
    return question


def _answer_or_break_off(agent: "Handle", question: str) -> None:
    from llmactors.errors import LLMActorsError
    from llmagentos.agents.errors import AgentError, SystemEndedError

    try:
        agent.start()  # it goes on, unless somebody has stopped it
        _print_answer(agent.say(question))
    except KeyboardInterrupt:
        print()
        note("[broken off]")
    except SystemEndedError:
        raise
    except (AgentError, LLMActorsError) as error:
        print()
        note(str(error))


def _print_answer(chunks: Iterator["AgentChunk"]) -> None:
    """Print what is said on standard output, as it comes; what happens beside it on standard error."""
    from llmagentos._core.text import plain
    from llmagentos._messages import Said

    with contextlib.closing(chunks):  # type: ignore[type-var]  # it is a generator
        for chunk in chunks:
            if isinstance(chunk, Said):
                print(plain(chunk.text), end="", flush=True)
            else:
                print(flush=True)
                note(str(chunk).strip())
    print(flush=True)
