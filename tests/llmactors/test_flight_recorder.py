"""The flight recorder keeps the last turns before a crash, by name, and no more of them than it says."""

import asyncio
from typing import Any

import pytest

from llmactors import Actor, ActorSystem, FlightRecorder, Recording, message
from llmactors.errors import ActorEndedError
from llmactors.testing import SimulationFailedError, World, simulate, tape_of
from llmactors.testing._core.tape import loads
from supervisors import Supervisor, child


class Account(Actor):
    def __init__(self) -> None:
        self.balance = 100

    @message
    def read(self) -> int:
        return self.balance

    @message
    def write(self, balance: int) -> None:
        self.balance = balance

    @message
    def audit(self, expected: int) -> None:
        if self.balance != expected:
            raise ValueError(f"{self.balance} is not {expected}")


class Clerk(Actor):
    @message
    async def take(self, amount: int) -> None:
        account = self.context.ref(Bank.account)
        balance = await account.ask(Account.read())
        await asyncio.sleep(0)
        await account.ask(Account.write(balance - amount))


class Bank(Supervisor):
    account = child(Account)
    one = child(Clerk)
    two = child(Clerk)


async def crash(system: ActorSystem) -> None:
    """Both clerks read before one of them writes; the audit finds it."""
    clerks = [system.ref(Bank.one), system.ref(Bank.two)]
    await asyncio.gather(*(clerk.ask(Clerk.take(10)) for clerk in clerks))
    with pytest.raises(ActorEndedError):
        await system.ref(Bank.account).ask(Account.audit(80))


async def test_a_crash_is_recorded_with_the_turns_before_it() -> None:
    flight = FlightRecorder()
    async with ActorSystem(Bank, flight=flight) as system:
        await crash(system)
    recording = flight.recordings["crash-1"]
    assert recording.path == "/account"
    assert "ValueError: 90 is not 80" in recording.exit
    assert recording.turns[-1] == ("/account", 5)
    assert recording.missed == 0
    assert {path for path, _ in recording.turns} >= {"/account", "/one", "/two"}


async def test_a_turn_in_which_an_actor_took_no_message_is_one_for_its_signals() -> None:
    """A supervisor is told by signals that its children are up, and that they have ended."""
    flight = FlightRecorder()
    async with ActorSystem(Bank, flight=flight) as system:
        for _ in range(3):
            with pytest.raises(ActorEndedError):
                await system.ref(Bank.account).ask(Account.audit(0))
    assert [len(recording.turns) for recording in flight.recordings.values()] == [2, 4, 6]
    assert flight.recordings["crash-3"].turns == (
        *(("/", 0), ("/account", 1)),
        *(("/", 0), ("/account", 2)),
        *(("/", 0), ("/account", 3)),
    )
    assert "then 5 => / signals\nthen 6 => /account #3\n" in tape_of(flight.recordings["crash-3"])


async def test_it_keeps_no_more_turns_and_crashes_than_it_says() -> None:
    flight = FlightRecorder(turns=10, crashes=2)
    async with ActorSystem(Bank, flight=flight) as system:
        account = system.ref(Bank.account)
        for _ in range(3):
            for _ in range(50):
                account.tell(Account.write(1))
                await asyncio.sleep(0)
            with pytest.raises(ActorEndedError):
                await account.ask(Account.audit(0))
    assert list(flight.recordings) == ["crash-2", "crash-3"]
    recording = flight.recordings["crash-3"]
    assert len(recording.turns) == 10
    assert recording.turns[-1][0] == "/account"
    assert recording.missed > 100


@pytest.mark.parametrize("values", [{"turns": 0}, {"crashes": 0}])
def test_what_would_keep_nothing_is_refused(values: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        FlightRecorder(**values)


async def test_a_clean_end_is_no_crash() -> None:
    flight = FlightRecorder()
    async with ActorSystem(Bank, flight=flight) as system:
        await system.ref(Bank.one).stop()
    assert not flight.recordings


def test_what_was_recorded_is_played_again_by_the_simulator() -> None:
    flight = FlightRecorder()

    async def program() -> None:
        async with ActorSystem(Bank, flight=flight) as system:
            await crash(system)

    asyncio.run(program())
    tape = loads(tape_of(flight.recordings["crash-1"], test="tests/test_bank.py::test_money"))
    assert tape.test == "tests/test_bank.py::test_money"
    assert "timers" in tape.missing

    @simulate(Bank, runs=1)
    async def money(world: World) -> None:
        jobs = [world.ask(spec, Clerk.take(10)) for spec in (Bank.one, Bank.two)]
        await world.settle(jobs)
        await world.ask(Bank.account, Account.audit(80))

    simulation: Any = money.simulation  # type: ignore[attr-defined]
    with pytest.raises(SimulationFailedError, match="90 is not 80"):
        simulation.play(tape)


def test_a_tape_begins_at_what_its_test_has_as_its_root() -> None:
    turns = (("/launcher", 1), ("/app", 1), ("/app/till", 1), ("/apple", 1))
    recording = Recording(id="crash-1", path="/app/till", at=1.0, exit="crashed", chain=(), turns=turns, missed=0)
    tape = loads(tape_of(recording, root="/app"))
    assert [choice.pick for choice in tape.choices] == ["/ #1", "/till #1"]
    assert tape.missing.startswith("2 turns of others than /app, ")
    assert len(loads(tape_of(recording)).choices) == 4
