"""What accounts cost: the scheduler without them runs the same messages, and the command tells the ratio."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import accounting
import pytest
from unaccounted import SUMS, SUMS_AND_CLOCK, UnaccountedSystem, UntimedSystem, without

from llmactors import ActorSystem

from runtimes.ours.tells import Counter


@pytest.mark.parametrize("kind", [ActorSystem, UnaccountedSystem, UntimedSystem])
async def test_messages_are_handled_with_accounts_and_without(kind: type[ActorSystem]) -> None:
    async with kind() as system:
        counter = await system.spawn(Counter)
        for _ in range(900):
            counter.tell(Counter.add(1))
        await asyncio.sleep(0)
        assert await counter.ask(Counter.total()) == 900
        assert (counter.usage().handled >= 900) == (kind is ActorSystem)


@pytest.mark.parametrize("changes", [SUMS, SUMS_AND_CLOCK], ids=["sums", "clock"])
def test_a_drain_that_has_changed_is_noticed(changes: Mapping[str, str]) -> None:
    def drain() -> None:
        """Do something else."""

    with pytest.raises(ValueError, match="write down here"):
        without(changes, drain)


def test_the_cost_is_the_ratio_of_each_round() -> None:
    taken = {"with": [110.0, 300.0], "without": [100.0, 200.0], "untimed": [55.0, 100.0]}
    assert accounting.costs(taken, "without") == pytest.approx([0.1, 0.5])
    assert accounting.costs(taken, "untimed") == pytest.approx([1.0, 2.0])


def test_the_command_measures_and_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounting, "pin", lambda _processor: None)
    target = tmp_path / "accounting.json"
    accounting.main(["--n", "500", "--rounds", "2", "--json", str(target)])
    found = json.loads(target.read_text(encoding="utf-8"))
    assert set(found["cost"]) == {"tell", "ring"}
    assert all(set(each) == {"without", "untimed"} for each in found["cost"].values())
    assert all(len(rounds) == 2 for each in found["nanoseconds"].values() for rounds in each.values())
