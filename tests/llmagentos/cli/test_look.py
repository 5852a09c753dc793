"""`inspect --state` and `trace`: what an actor holds and does, for its owner's eyes, without secrets and harmless."""

import json
import os
import signal
import subprocess

import pytest
from command_line import CommandLine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

BANK = r"""
from llmactors import Actor, message
from llmagentos import Agent
from llmagentos.models.scripted import ScriptedSpec
from supervisors import Supervisor, child

class Teller(Agent):
    model = ScriptedSpec(answers=("Hello.",))
    instructions = "Never speak of the vault."

class Vault(Actor):
    def __init__(self) -> None:
        self.password = "hunter2"
        self.gold = 3
        self.label = "\x1b[2J\x1b]0;owned\x07"

    def on_start(self) -> None:
        self.context.send_after(0.05, Vault.tick("\x1b[31mred", "s3cret"))

    @message
    def tick(self, note: str, token: str) -> int:
        self.context.send_after(0.05, Vault.tick(note, token))
        return self.gold

class Bank(Supervisor):
    vault = child(Vault)
    teller = child(Teller)
"""


@pytest.fixture
def bank(command: CommandLine) -> "subprocess.Popen[str]":
    (command.directory / "bank.py").write_text(BANK)
    process = command.begin("run", "bank.py", "--log-level", "warning")
    command.wait_for(lambda rows: "/gateway" in rows)
    return process


@pytest.mark.usefixtures("bank")
def test_a_state_is_shown_without_secrets_and_does_nothing_to_a_terminal(command: CommandLine) -> None:
    assert "hunter2" not in command("inspect", "vault").stdout
    shown = command("inspect", "vault", "--state").stdout
    assert "  .gold = 3\n" in shown
    assert "  .password = (hidden)\n" in shown
    assert "\x1b" not in shown
    assert r".label = '\x1b[2J" in shown
    row = json.loads(command("inspect", "vault", "--state", "--json").stdout)
    assert row["attributes"]["gold"] == "3"


@pytest.mark.usefixtures("bank")
def test_what_an_agent_was_told_is_not_shown(command: CommandLine) -> None:
    command("ask", "teller", "the secret question")
    shown = command("inspect", "teller", "--state").stdout
    assert "vault" not in shown
    assert "question" not in shown
    assert "hunter2" not in shown
    journal = command("inspect", "journal", "--state").stdout
    assert "._records = '(dict of 1)'" in journal


@pytest.mark.usefixtures("bank")
def test_a_trace_shows_messages_as_they_come_for_people_and_for_scripts(command: CommandLine) -> None:
    done = command("trace", "vault", "--count", "2")
    assert (done.returncode, done.stderr) == (0, "tracing /app/vault\n")
    received, answered = (line.split(maxsplit=1)[1] for line in done.stdout.splitlines())
    assert received == r"received Vault.tick(note='\x1b[31mred', token=(hidden))"
    assert answered == r"answered Vault.tick(note='\x1b[31mred', token=(hidden)) -> 3"
    rows = [json.loads(line) for line in command("trace", "vault", "-n", "2", "--json").stdout.splitlines()]
    assert [row["what"] for row in rows] == ["received", "answered"]


def test_a_trace_ends_with_ctrl_c_and_the_actor_goes_on(command: CommandLine, bank: "subprocess.Popen[str]") -> None:
    watching = command.begin("trace", "vault")
    assert watching.stdout is not None
    assert "received" in watching.stdout.readline()
    os.killpg(watching.pid, signal.SIGINT)
    assert watching.wait(10) == 130
    assert command("inspect", "vault").returncode == 0
    assert bank.poll() is None


@pytest.mark.usefixtures("bank")
def test_who_is_not_there_cannot_be_looked_at(command: CommandLine) -> None:
    for arguments in (("inspect", "nobody", "--state"), ("trace", "nobody")):
        done = command(*arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert "there is no actor `nobody`" in done.stderr
