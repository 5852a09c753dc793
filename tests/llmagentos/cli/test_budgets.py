"""`budget` and `top` against a running system."""

import json
import time
from typing import Any

import pytest
from command_line import CommandLine
from sources import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

APP = """
import asyncio
from llmactors import Actor, message
from supervisors import Allowance, Budget, Rate, ResourceSupervisor, child


class Caller(Actor):
    def on_start(self):
        self.context.self_ref.tell(Caller.go_on())

    @message(limit=None)
    async def go_on(self):
        while True:
            async with self.context.reserve(calls=1):
                await asyncio.sleep(0.001)


class Busy(Actor):
    def on_start(self):
        self.context.self_ref.tell(Busy.go_on())

    @message
    def go_on(self):
        sum(range(1000))
        self.context.self_ref.tell(Busy.go_on())


class App(ResourceSupervisor):
    budget = Budget(Allowance(calls=100))
    caller = child(Caller, budget=Budget(Allowance(calls=20)))
    busy = child(Busy, budget=Budget(Rate(cpu=0.05)))
"""


def test_budgets_are_shown_changed_and_seen_in_top(command: CommandLine) -> None:
    (command.directory / "app.py").write_text(APP)
    command.begin("run", "app.py:App")
    end = time.monotonic() + 120
    while command.ps().get("/app/caller", {}).get("state") != "paused":
        assert time.monotonic() < end

    rows = {(row["account"], row["resource"]): row for row in json.loads(command("budget", "--json").stdout)}
    assert rows["/app/caller", "calls"]["used"] == 20
    assert rows["/app/", "calls"]["available"] == 80
    assert rows["/app/busy", "cpu"]["kind"] == "rate"
    table = command("budget").stdout
    assert "ACCOUNT" in table
    assert "/app/caller" in table

    refused = command("budget", "set", "caller", "calls=500")
    assert refused.returncode == 1
    assert "has 80 of its 100 calls left" in refused.stderr
    assert "write resource=amount" in command("budget", "set", "caller", "calls").stderr
    assert "has no account" in command("budget", "set", "gateway", "calls=1").stderr
    assert command("budget", "set", "/app/", "calls=600").returncode == 0
    done = command("budget", "set", "caller", "calls=50", "cpu=0.5", "memory=1GiB")
    assert (done.returncode, "/app/caller may use calls=50, cpu=0.5, memory=1GiB now" in done.stderr) == (0, True)
    assert "nobody there has used" not in done.stderr
    assert "nobody there has used `callls` so far" in command("budget", "set", "caller", "callls=50").stderr
    while command.ps()["/app/caller"]["state"] != "paused":
        assert time.monotonic() < end
    rows = {(row["account"], row["resource"]): row for row in json.loads(command("budget", "--json").stdout)}
    assert rows["/app/caller", "calls"]["used"] == 50
    assert (rows["/app/caller", "memory"]["kind"], rows["/app/caller", "memory"]["limit"]) == ("ceiling", 2**30)
    assert "1.0 GiB" in command("budget").stdout
    assert "gate + samples" in command("inspect", "busy").stdout

    standings = json.loads(command("top", "--json", "--interval", "0.3").stdout)
    busy = next(standing for standing in standings if standing["path"] == "/app/busy")
    assert busy["cores"] < 0.5
    assert "NAME" in command("top", "--interval", "0.1", "--sort", "queue", "--once").stdout
    assert "not by `colour`" in command("top", "--sort", "colour").stderr


def test_agents_that_race_make_just_the_calls_they_may_and_go_on_when_more_is_set(command: CommandLine) -> None:
    (command.directory / "app.py").write_text((ROOT / "examples" / "budget.py").read_text(encoding="utf-8"))
    command.begin("run", "app.py:Team")

    def calls() -> float:
        rows = {(row["account"], row["kind"]): row for row in json.loads(command("budget", "--json").stdout)}
        used: float = rows["/app/", "allowance"]["used"]
        return used

    def all_paused(rows: dict[str, Any]) -> bool:
        states = [row["state"] for path, row in rows.items() if path.startswith("/app/researcher")]
        return states == ["paused"] * 8

    command.wait_for(all_paused)
    assert calls() == 100
    assert command("budget", "set", "/app/", "calls=120").returncode == 0
    end = time.monotonic() + 60
    while calls() < 120:
        assert time.monotonic() < end
    command.wait_for(all_paused)
    assert calls() == 120


@pytest.mark.parametrize(("leave", "status"), [("\x03", 130), ("q", 0)], ids=["Ctrl-C", "q"])
def test_top_on_a_terminal_shows_the_system_until_it_is_left(command: CommandLine, leave: str, status: int) -> None:
    (command.directory / "app.py").write_text(APP)
    command.begin("run", "app.py:App")
    end = time.monotonic() + 120
    while "/app/busy" not in command.ps():
        assert time.monotonic() < end
    command.environment["TERM"] = "xterm"
    terminal = command.terminal("top", "--interval", "0.2")
    terminal.read_until("/app/busy")
    terminal.read_until("/app/busy")
    terminal.read_until("throttled")
    terminal.type("u")
    terminal.read_until("actors by queue")
    terminal.type(leave)
    assert terminal.finish() == status
