"""Faults from the command line: a program under a plan, one fault to one actor, and what was before a crash."""

import json
from pathlib import Path

import pytest
from command_line import CommandLine

from llmagentos._core.limits import read_seconds

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

SHOP = """
import asyncio
from llmactors import Actor, message
from llmactors.hosts import Process
from supervisors import Supervisor, child, pool

class Net(Actor):
    @message
    async def predict(self, number: int) -> int:
        await asyncio.sleep(0.01)
        return number * number

class Till(Actor):
    @message
    def add(self, amount: int) -> int:
        return 1 // amount

class Customer(Actor):
    def on_start(self) -> None:
        self.context.self_ref.tell(Customer.buy())

    @message(limit=None)
    async def buy(self) -> None:
        nets = self.context.ref("nets")
        while True:
            await nets.ask(Net.predict(3), timeout=20)
            await self.context.checkpoint()

class Shop(Supervisor):
    nets = pool(Net, size=2, host=Process(), redeliver=9)
    till = child(Till)
    customer = child(Customer)
"""

PLAN = """
rate = 1.0
most = 3

[kill]
who = "/nets/*"

[[slow]]
who = "/nets/*"
seconds = [0.05, 0.1]
"""


@pytest.fixture
def shop(command: CommandLine) -> Path:
    (command.directory / "shop.py").write_text(SHOP, encoding="utf-8")
    (command.directory / "plan.toml").write_text(PLAN, encoding="utf-8")
    return command.directory


def test_chaos_tells_what_was_injected_and_that_the_tree_came_through(command: CommandLine, shop: Path) -> None:
    done = command("chaos", "shop.py", "--plan", "plan.toml", "--for", "4s", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["ok"]
    assert report["recovered"]
    assert sum(one["times"] for one in report["injected"]) == 3
    assert all(one["path"].startswith("/app/nets/") for one in report["injected"])
    assert report["asks"]["answered"] > 0


def test_chaos_that_a_program_does_not_survive_says_so(command: CommandLine, shop: Path) -> None:
    (shop / "plan.toml").write_text('rate = 1.0\nmost = 100\ncrash = "/customer"\n', encoding="utf-8")
    done = command("chaos", "shop.py:Shop", "--plan", "plan.toml", "--for", "20s")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "crash" in done.stdout
    assert "ended by itself" in done.stdout


def test_chaos_that_injected_nothing_says_so_by_a_status_of_its_own(command: CommandLine, shop: Path) -> None:
    (shop / "plan.toml").write_text('rate = 0.0\nkill = "/nets/*"\n', encoding="utf-8")
    done = command("chaos", "shop.py", "--plan", "plan.toml", "--for", "0.5s")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "nothing was injected" in done.stdout
    assert "everybody was up again" in done.stdout


def test_chaos_names_a_line_of_the_plan_that_met_nobody(command: CommandLine, shop: Path) -> None:
    (shop / "plan.toml").write_text(f'{PLAN}\n[crash]\nwho = "/till"\nmessage = "Till.pay"\n', encoding="utf-8")
    done = command("chaos", "shop.py", "--plan", "plan.toml", "--for", "4s", "--json")
    assert done.returncode == 3, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert not report["ok"]
    assert report["recovered"]
    assert report["injected"]
    assert report["unmet"] == ["crash /app/till Till.pay"]


def test_a_plan_that_is_not_there_or_makes_no_sense_is_refused(command: CommandLine, shop: Path) -> None:
    missing = command("chaos", "shop.py", "--plan", "gone.toml", "--for", "1s")
    assert missing.returncode == 1
    assert "there is no fault plan at `gone.toml`" in missing.stderr
    (shop / "plan.toml").write_text("kil = true", encoding="utf-8")
    wrong = command("chaos", "shop.py", "--plan", "plan.toml", "--for", "1s")
    assert wrong.returncode == 1
    assert "plan.toml: kil" in wrong.stderr


def test_a_fault_is_injected_only_where_that_is_allowed(command: CommandLine, shop: Path) -> None:
    command.begin("run", "shop.py", "--name", "plain", "--log-level", "never")
    command.wait_for(lambda rows: "/app/till" in rows)
    refused = command("inject", "crash", "till", "--on", "plain")
    assert refused.returncode == 1
    assert "--allow-faults" in refused.stderr


def test_a_crash_that_was_injected_is_on_record_with_the_turns_before_it(command: CommandLine, shop: Path) -> None:
    command.begin("run", "shop.py", "--name", "shop", "--allow-faults", "--log-level", "never")
    command.wait_for(lambda rows: "/app/till" in rows)
    assert json.loads(command("tape", "--on", "shop", "--json").stdout) == []
    done = command("inject", "crash", "till", "--on", "shop", "--json")
    assert json.loads(done.stdout) == {"path": "/app/till", "fault": "crash"}
    (crash,) = json.loads(command("tape", "--on", "shop", "--json").stdout)
    assert (crash["id"], crash["path"]) == ("crash-1", "/app/till")
    assert crash["turns"] > 0
    told = command("tape", "crash-1", "--on", "shop", "--test", "tests/test_shop.py::test_it")
    tape = told.stdout
    missing = next(line.removeprefix("missing: ") for line in tape.splitlines() if line.startswith("missing: "))
    assert "what was said" in missing
    assert f"not recorded: {missing}" in " ".join(told.stderr.split())
    assert tape.startswith("llmactors tape 1\ntest: tests/test_shop.py::test_it\n")
    assert "then 1 => " in tape
    assert "=> /till #" not in tape  # it had no message
    assert "/launcher" not in tape
    assert "=> /nets #1" in tape  # as in a test of the shop, which has it at the root
    assert "=> / signals" in tape  # it heard that its children are up
    assert "=> / #" not in tape  # and nobody has sent it a message
    unknown = command("tape", "crash-9", "--on", "shop")
    assert unknown.returncode == 1
    assert "crash-1" in unknown.stderr
    refused = command("inject", "hang", "till", "--on", "shop")
    assert refused.returncode == 1
    assert "crash, kill" in refused.stderr


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("60s", 60.0), ("1.5m", 90.0), ("30", 30.0), ("200ms", 0.2), ("1h", 3600.0), ("0s", None), ("soon", None)],
)
def test_times_are_read_as_people_write_them(text: str, seconds: float | None) -> None:
    assert read_seconds(text) == seconds
