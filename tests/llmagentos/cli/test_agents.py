"""`create`, `ask` and `rm`: an agent's life from beginning to end, in a system that runs no program of its own."""

import json
import subprocess
from pathlib import Path

import pytest
from command_line import CommandLine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

EMPTY = """
from supervisors import Supervisor

class App(Supervisor):
    pass
"""


TALKING = r"""
from llmactors import Actor
from llmagentos import Agent
from llmagentos.models.scripted import ScriptedSpec
from supervisors import Supervisor, child

class Clerk(Agent):
    model = ScriptedSpec(answers=("Hello \x1b[31mred\x07.", "And again."))

class Mute(Agent):
    model = "nope"

class App(Supervisor):
    clerk = child(Clerk)
    mute = child(Mute)
    till = child(Actor)
"""


@pytest.fixture
def empty(command: CommandLine) -> "subprocess.Popen[str]":
    (command.directory / "app.py").write_text(EMPTY)
    process = command.begin("run", "app.py", "--log-level", "warning")
    command.wait_for(lambda rows: "/app" in rows and "/gateway" in rows)
    return process


@pytest.fixture
def model(command: CommandLine) -> Path:
    """Answer the path of a file that could be a model: none is loaded before the first question."""
    path = command.directory / "some.gguf"
    path.write_bytes(b"")
    return path


@pytest.mark.usefixtures("empty", "model")
@pytest.mark.timeout(120)
def test_an_agent_s_life_from_create_to_rm(command: CommandLine) -> None:
    done = command("create", "clerk", "--model", "some.gguf", "--system", "Be kind.")
    assert (done.returncode, done.stdout, done.stderr) == (0, "/agents/clerk\n", "")
    assert command.ps()["/agents/clerk"]["kind"] == "agent"
    for verb, state in (("pause", "paused"), ("resume", "idle"), ("stop", "stopped"), ("start", "idle")):
        assert command(verb, "clerk").stderr == f"/agents/clerk is {state}\n"
    assert command("kill", "clerk").returncode == 0
    assert command.wait_for(lambda rows: rows["/agents/clerk"]["restarts"] > 0)
    assert command("restart", "clerk").returncode == 0
    done = command("rm", "clerk")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "/agents/clerk is removed\n")
    assert "/agents/clerk" not in command.ps()


@pytest.mark.usefixtures("empty")
def test_create_and_rm_tell_scripts_in_json(command: CommandLine, model: Path) -> None:
    created = json.loads(command("create", "clerk", "--model", str(model), "--on", "app", "--json").stdout)
    assert (created["path"], created["state"]) == ("/agents/clerk", "idle")
    assert command("stop", "clerk").returncode == 0
    removed = json.loads(command("rm", created["path"], "--on", "app", "--json").stdout)
    assert removed == {"name": "clerk", "path": "/agents/clerk", "state": "removed"}


@pytest.mark.usefixtures("empty")
@pytest.mark.timeout(120)
def test_what_create_and_rm_refuse_is_said_in_a_sentence(command: CommandLine, model: Path) -> None:
    assert command("create", "clerk", "--model", str(model)).returncode == 0
    for arguments, words in (
        (("create", "clerk", "-m", str(model)), "an agent `clerk` is there already; take another name"),
        (("create", "a/b", "-m", str(model)), "'a/b' cannot be an agent's name"),
        (("create", "other", "-m", "nope"), "there is no model `nope`; known models are: smollm2"),
        (("create", "other", "-m", str(model), "-s", "x" * 65_536), "is too long for an order; the most is 65536"),
        (("create", "other", "--on", "nowhere"), "no system called `nowhere` is running; start one with"),
        (("rm", "nobody"), "there is no agent `nobody` under `/agents`"),
        (("rm", "app"), "there is no agent `app` under `/agents`"),
    ):
        done = command(*arguments)
        assert (done.returncode, done.stdout) == (1, ""), arguments
        assert words in done.stderr
        assert "Traceback" not in done.stderr
    assert [path for path in command.ps() if path.startswith("/agents/")] == ["/agents/clerk"]


@pytest.mark.timeout(120)
def test_an_answer_is_printed_as_plain_text(command: CommandLine) -> None:
    (command.directory / "app.py").write_text(TALKING)
    command.begin("run", "app.py", "--log-level", "never")
    command.wait_for(lambda rows: "/app/till" in rows)
    done = command("ask", "clerk", "How", "are", "you?")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Hello \\x1b[31mred\\x07.\n", "")
    assert command("ask", "app/clerk", stdin="And now?\n").stdout == "And again.\n"
    for arguments, status, words in (
        (("ask", "mute", "hi"), 1, "there is no model `nope`"),
        (("ask", "till", "hi"), 1, "`/app/till` is no agent; ask as in"),
        (("ask", "nobody", "hi"), 1, "there is no actor `nobody`"),
        (("ask", "clerk"), 2, "the question is empty"),
    ):
        done = command(*arguments)
        assert (done.returncode, done.stdout) == (status, ""), arguments
        assert words in " ".join(done.stderr.split())
        assert "Traceback" not in done.stderr
