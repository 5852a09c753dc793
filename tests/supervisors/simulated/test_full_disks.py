"""An actor that writes, under every fault and with a disk that fills up: what it has acknowledged is on the disk."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from shaken import PATIENT, begin, note, settled, words

from llmactors import Actor, message
from llmactors.testing import At, Faults, Injected, World, simulate
from supervisors import Supervisor, child


class Store(Actor):
    """Keeps numbers in a file, which is written anew and put in place of the old one."""

    def __init__(self) -> None:
        self.kept: list[int] = []
        self.path = Path()

    @message
    def open(self, path: str) -> list[int]:
        self.path = Path(path)
        self.kept = json.loads(self.path.read_text()) if self.path.exists() else []
        return self.kept

    @message(timeout=1_000.0, raises=(OSError,))
    async def keep(self, path: str, number: int) -> int:
        self.open(path)
        await asyncio.sleep(0.01)
        note("writes", number)
        new = self.path.with_suffix(".new")
        with new.open("w") as file:
            json.dump([*self.kept, number], file)
        new.replace(self.path)
        return number


class App(Supervisor):
    intensity = PATIENT
    store = child(Store)


HARM = Faults(
    crash=[At(Store), At(Store, when="await"), At(Store, when="finished")],
    kill=[At(Store), At(Store, when="await"), At(Store, when="finished")],
    disk_full=At(Store, rate=0.2),
    start_failure=[At(Store, nth=2, rate=0.2)],
    rate=0.03,
    most=5,
)


@simulate(App, faults=HARM)
async def test_what_is_acknowledged_is_on_the_disk_and_what_was_refused_is_not(world: World, tmp_path: Path) -> None:
    begin(world)
    path = tmp_path / "numbers.json"
    path.unlink(missing_ok=True)
    jobs = []
    for number in range(12):
        jobs.append(world.ask(App.store, Store.keep(str(path), number)))
        if world.random.random() < 0.3:
            await world.advance(world.random.choice([0.01, 0.02, 0.1]))
        if world.random.random() < 0.1:
            world.ref(App.store).kill()
    outcomes = await asyncio.gather(*jobs, return_exceptions=True)
    refused = [number for number, outcome in enumerate(outcomes) if isinstance(outcome, OSError)]
    await settled(job for number, job in enumerate(jobs) if number not in refused)
    await world.heal()
    kept = await world.ask(App.store, Store.open(str(path)))
    assert len(kept) == len(set(kept)), "nothing is kept twice"
    assert {number for number, outcome in enumerate(outcomes) if outcome == number} <= set(kept)
    assert not set(kept) & set(refused), "what was refused is not there"
    writes = [int(found[1]) for event in world.events if (found := words(event))[:1] == ["writes"]]
    assert kept == [number for number in writes if number in kept], "it is kept in the order in which it was written"
    world.sometimes("the disk was full", refused)
    world.sometimes("a fault happened", world.seen(lambda one: isinstance(one, Injected) and one.fault != "disk_full"))
