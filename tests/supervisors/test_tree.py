"""The living tree as text."""

from troupe import Player, crash
from virtual import VirtualSystem, run

from supervisors import Backoff, Supervisor, child, pool, render


class App(Supervisor):
    """Three levels."""

    class Inner(Supervisor):
        """Two children."""

        first = child(Player, [])
        second = child(Player, [], backoff=Backoff(9.0))

    inner = child(Inner)
    players = pool(Player, [], size=2)
    last = child(Player, [])


def test_the_tree_shows_name_class_state_and_restarts() -> None:
    async def main() -> None:
        async with VirtualSystem(App) as system:
            await crash(system.ref("inner/first"))
            await crash(system.ref("inner/second"))
            await crash(system.ref("last"))
            await crash(system.ref("last"))
            await system.spawn(Player, [], name="stray")
            assert render(system).splitlines() == [
                "app  App  idle",
                "├─ inner  Inner  idle",
                "│  ├─ first  Player  idle  1 restart",
                "│  └─ second  Player  down",
                "├─ players  Pool  idle",
                "│  ├─ player-1  Player  idle",
                "│  └─ player-2  Player  idle",
                "└─ last  Player  idle  2 restarts",
                "stray  Player  idle",
            ]

    run(main())


def test_a_system_without_a_root_has_a_tree_too() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            assert render(system) == ""
            await system.spawn(Player, [], name="stray")
            assert render(system) == "stray  Player  idle"

    run(main())
