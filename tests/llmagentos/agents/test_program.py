"""The design document's program, unchanged: its endless loop harms nobody, and Ctrl-C ends it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from command_line import gone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

Run = Callable[[str], "subprocess.Popen[str]"]

PROGRAM = """
from llmagentos import Agent

class MyAgent(Agent):
    def __init__(self):
        super().__init__()

    def run(self):
        # the agent's main logic
        while True:
            # ...
            pass

if __name__ == "__main__":
    agent = MyAgent()
    agent.start()
"""


def _ps(environment: dict[str, str]) -> dict[str, dict[str, Any]]:
    command = [sys.executable, "-m", "llmagentos", "ps", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=30, check=False)
    return {row["path"]: row for row in json.loads(done.stdout)} if done.returncode == 0 else {}


def _agent_at_work(environment: dict[str, str]) -> dict[str, Any]:
    """Wait until the agent is in its loop; answer its row."""
    end = time.monotonic() + 40
    while time.monotonic() < end:
        row = _ps(environment).get("/agents/my-agent")
        if row is not None and row["state"] == "running":
            return row
    pytest.fail("the agent did not come to work")


@pytest.mark.timeout(120)
def test_the_program_lives_while_its_agent_runs_and_ctrl_c_ends_it(run: Run, environment: dict[str, str]) -> None:
    script = run(PROGRAM)
    row = _agent_at_work(environment)
    assert row["pid"] != script.pid, "the loop has a process of its own"
    assert _ps(environment)["/gateway"]["state"] in {"idle", "running"}, "nobody else is harmed"
    workers = psutil.Process(script.pid).children(recursive=True)
    os.killpg(script.pid, signal.SIGINT)
    script.communicate(timeout=5)
    assert script.returncode == 130
    assert gone([worker.pid for worker in workers], within=1.0)


@pytest.mark.timeout(120)
def test_when_the_program_is_killed_nothing_of_it_is_left(run: Run, environment: dict[str, str]) -> None:
    script = run(PROGRAM)
    _agent_at_work(environment)
    workers = psutil.Process(script.pid).children(recursive=True)
    script.kill()
    script.communicate()
    assert gone([worker.pid for worker in workers], within=1.0)
