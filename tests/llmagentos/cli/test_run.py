"""`run` runs a tree, and the other verbs see and steer it from elsewhere."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from command_line import CommandLine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

SHOP = """
from llmactors import Actor, message
from llmagentos import Agent
from llmagentos.models.scripted import ScriptedSpec
from supervisors import Supervisor, child

class Clerk(Agent):
    model = ScriptedSpec(answers=("Hello.",))

class Till(Actor):
    "Counts the money."

    @message
    def add(self, amount: int) -> int:
        return amount

class Shop(Supervisor):
    clerk = child(Clerk)
    till = child(Till)
"""

FALLING = """
from llmactors import Actor
from supervisors import Supervisor, child

class Faulty(Actor):
    def on_start(self):
        self.context.self_ref.tell("go")

    def receive(self, message):
        raise ValueError("a bad day")

class Falling(Supervisor):
    faulty = child(Faulty)
"""

DONE = """
from llmagentos import Agent

class Short(Agent):
    async def run(self):
        print("worked", flush=True)
"""


@pytest.fixture
def shop(command: CommandLine) -> "subprocess.Popen[str]":
    (command.directory / "shop.py").write_text(SHOP)
    process = command.begin("run", "shop.py", "--log-level", "warning")
    command.wait_for(lambda rows: "/gateway" in rows)
    return process


@pytest.mark.usefixtures("shop")
def test_ps_tells_of_every_actor_for_people_and_for_scripts(command: CommandLine) -> None:
    rows = command.ps()
    assert {"/", "/journal", "/models", "/agents", "/app", "/app/clerk", "/app/till", "/gateway"} <= set(rows)
    till = rows["/app/till"]
    assert {key: till[key] for key in ("system", "name", "kind", "parent", "restarts", "mailbox")} == {
        "system": "shop",
        "name": "till",
        "kind": "actor",
        "parent": "/app",
        "restarts": 0,
        "mailbox": 0,
    }
    assert rows["/app/clerk"]["kind"] == "agent"
    heading, *lines = command("ps").stdout.splitlines()
    assert heading.split() == [
        *("ID", "NAME", "KIND", "STATE", "PARENT", "RESTARTS", "MAILBOX", "WAIT", "CPU", "MEMORY", "PID", "UPTIME")
    ]
    assert len(lines) == len(rows)
    wide, *more = command("ps", "--wide").stdout.splitlines()
    assert wide.split() == [*heading.split(), "BUSY", "HANDLED", "DROPPED", "IN", "MAILBOX", "GPU"]
    assert [line.split()[:2] for line in more] == [line.split()[:2] for line in lines]
    assert "   till  actor, " in command("tree").stdout


def test_the_life_cycle_from_the_command_line(command: CommandLine, shop: "subprocess.Popen[str]") -> None:
    assert command("kill", "till").returncode == 0
    assert command.wait_for(lambda rows: rows["/app/till"]["restarts"] == 1)
    for verb, state in (("pause", "paused"), ("resume", "idle"), ("stop", "stopped"), ("start", "idle")):
        done = command(verb, "clerk")
        assert (done.returncode, done.stderr) == (0, f"/app/clerk is {state}\n")
        assert command.ps()["/app/clerk"]["state"] == state
        told = json.loads(command("inspect", "clerk", "--json").stdout)
        assert (told["path"], told["state"], told["class"]) == ("/app/clerk", state, "shop.Clerk")
    assert command("restart", "app/till").returncode == 0
    assert json.loads(command("inspect", "till", "--json").stdout)["about"] == "Counts the money."
    events = [json.loads(line) for line in command("logs", "app/till", "--json").stdout.splitlines()]
    told = [event["event"] for event in events]
    assert told == ["actor_started", "actor_ended", "actor_restarted", "actor_ended", "actor_restarted"]
    os.killpg(shop.pid, signal.SIGINT)
    assert shop.wait(10) == 130


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("kill", "nobody"), "there is no actor `nobody`; `llmagentos ps` lists those there are"),
        (("start", "till"), "`/app/till` is not stopped: it is idle"),
        (("ps", "--on", "other"), "no system called `other` is running; start one with"),
        (("restart", "/"), "`/` has no supervisor that could start it again; stop it instead"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    command: CommandLine, arguments: tuple[str, ...], words: str
) -> None:
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr


def test_logs_follow_what_happens(command: CommandLine, shop: "subprocess.Popen[str]") -> None:
    logs = command.begin("logs", "-f", "app/till")
    assert logs.stdout is not None
    assert "actor_started path=/app/till" in logs.stdout.readline()
    command("kill", "till")
    assert "actor_ended path=/app/till exit=killed: killed from the command line" in logs.stdout.readline()
    os.killpg(logs.pid, signal.SIGINT)
    assert logs.wait(10) == 130
    assert shop.poll() is None


def test_a_second_system_of_the_same_name_gets_a_number_unless_the_name_was_given(
    command: CommandLine, shop: "subprocess.Popen[str]"
) -> None:
    command.begin("run", "shop.py", "--log-level", "warning")
    command.wait_for(lambda rows: rows["/"]["system"] == "shop-2")
    assert (
        f"a system called `shop` is running already (pid {shop.pid})" in command("run", "shop.py", "--name=shop").stderr
    )
    assert "2 systems are running (shop, shop-2); say which one with `--on NAME`" in command("tree").stderr
    assert command("kill", "till", "--on", "shop-2").returncode == 0


def test_a_tree_that_gives_up_ends_the_program_with_status_1_and_the_chain(command: CommandLine) -> None:
    (command.directory / "app.py").write_text(FALLING)
    done = command("run", "app.py")
    assert (done.returncode, done.stdout) == (1, "")
    last = json.loads(done.stderr.splitlines()[-1])
    assert last["event"] in {"system_failed", "system_did_not_start"}
    assert last["chain"][0] == "ValueError: a bad day"
    assert last["chain"][1].startswith("GaveUpError: gave up on `faulty`")


def test_a_program_ends_with_its_agent(command: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "short.py").write_text(DONE)
    done = command("run", "short.py", "--log-level", "warning")
    assert (done.returncode, done.stdout) == (0, "worked\n")


def test_where_nothing_runs_ps_says_how_to_begin(command: CommandLine) -> None:
    done = command("ps")
    assert done.returncode == 1
    assert done.stderr == (
        "llmagentos: no system is running; start one with `llmagentos chat` or `llmagentos run app.py`\n"
    )
