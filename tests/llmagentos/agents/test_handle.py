"""Agents in plain scripts, without asyncio: the verbs block, and the script lives while its agents do."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from llmagentos.agents import Agent
from llmagentos.agents.errors import HandleOnLoopError, HandleStateError
from llmagentos.models.scripted import ScriptedSpec

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

Run = Callable[[str], "subprocess.Popen[str]"]

HEAD = """
import asyncio, os, sys, time
from llmagentos import Agent, Paused, Said
from llmagentos.models.scripted import ScriptedSpec

class Talker(Agent):
    model = ScriptedSpec(answers=("One is one.", "Two are two.", "Three."), delay=0.01)
"""


def _finish(process: "subprocess.Popen[str]", timeout: float = 20) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=timeout)
    return process.returncode, out, err


def _say(process: "subprocess.Popen[str]", line: str) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == line + "\n"


def test_with_starts_and_stops_and_answers_block(run: Run) -> None:
    program = (
        HEAD
        + """
with Talker() as agent:
    print(agent.answer("one?"))
    print("|".join(str(chunk) for chunk in agent.say("two?")))
print(agent.state)
"""
    )
    assert _finish(run(program)) == (0, "One is one.\nTwo |are |two.\nstopped\n", "")


def test_the_life_cycle_from_created_to_destroyed(run: Run) -> None:
    program = (
        HEAD
        + """
agent = Talker()
print(agent.state, agent.name)
agent.start()
print(agent.answer("one?"))
agent.pause()
print(agent.state)
agent.resume()
agent.stop()
print(agent.state, agent.wait(1))
agent.start()
print(agent.answer("two?"), "the conversation goes on")
agent.destroy()
agent.start()
print(agent.answer("one?"), "it was forgotten")
print(Talker().start().name)
agent.destroy()
"""
    )
    process = run(program + "os._exit(0)\n")
    code, out, err = _finish(process)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "created talker",
        "One is one.",
        "paused",
        "stopped True",
        "Two are two. the conversation goes on",
        "One is one. it was forgotten",
        "talker-2",
    ]


def test_the_script_s_end_waits_for_its_agents(run: Run) -> None:
    program = (
        HEAD
        + """
class Worker(Agent):
    async def run(self):
        print("works", flush=True)
        import json, string  # names are looked up and threads are made when the main module has ended
        await asyncio.sleep(0.2)
        print(await asyncio.to_thread(lambda: "done"), flush=True)

Worker().start()
"""
    )
    code, out, err = _finish(run(program + 'print("the script ends")\n'))
    assert (code, err) == (0, "")
    assert sorted(out.splitlines()) == ["done", "the script ends", "works"]
    assert out.endswith("done\n")


def test_an_agent_that_fails_for_good_is_the_script_s_failure(run: Run) -> None:
    program = (
        HEAD
        + """
class Worker(Agent):
    async def run(self):
        raise ValueError("nothing works")

Worker().start()
"""
    )
    code, _, err = _finish(run(program))
    assert code == 1
    assert "ValueError: nothing works" in err


ENDLESS = (
    HEAD
    + """
class Worker(Agent):
    async def run(self):
        print("works", flush=True)
        await asyncio.sleep(3600)

Worker().start()
"""
)


def test_ctrl_c_ends_a_waiting_script_in_order(run: Run) -> None:
    process = run(ENDLESS)
    _say(process, "works")
    os.killpg(process.pid, signal.SIGINT)
    code, out, _ = _finish(process, timeout=5)
    assert (code, out) == (130, "")


def test_ctrl_c_in_the_main_module_ends_the_agents_too(run: Run) -> None:
    process = run(ENDLESS + 'print("sleeps", flush=True)\ntime.sleep(3600)\n')
    assert process.stdout is not None
    assert sorted([process.stdout.readline(), process.stdout.readline()]) == ["sleeps\n", "works\n"]
    os.killpg(process.pid, signal.SIGINT)
    code, _, err = _finish(process, timeout=5)
    assert code == 130
    assert err.endswith("KeyboardInterrupt\n")


def test_a_handle_knows_what_it_is_and_refuses_what_it_is_not() -> None:
    agent = Agent(model=ScriptedSpec(answers=("x",)))
    assert repr(agent) == "<handle of agent `agent` (Agent, created)>"
    with pytest.raises(AttributeError, match="this is the handle of a Agent, which has no `conversation`"):
        _ = agent.conversation  # type: ignore[attr-defined]
    with pytest.raises(HandleStateError, match=r"has not been started; call `start\(\)` before `tell\(\)`"):
        agent.tell("x")  # type: ignore[attr-defined]


async def test_on_a_running_loop_a_handle_refuses_with_the_remedy() -> None:
    await asyncio.sleep(0)
    with pytest.raises(HandleOnLoopError, match=r"spawn the class instead: `ref = await system.spawn"):
        Agent().start()
