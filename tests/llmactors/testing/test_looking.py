"""Laws that look at a living system."""

import asyncio
from collections import deque

from histories import History
from stepping import SteppingLoop, run_stepping
from virtual import VirtualSystem, run

from llmactors import Actor, ActorSystem, Mailbox, message
from llmactors.testing._looking import MailboxesAreBounded, Quiescent


class Clerk(Actor):
    mailbox = Mailbox(capacity=3)

    @message
    def note(self, number: int) -> int:
        return number


def look(law: MailboxesAreBounded, system: ActorSystem) -> list[str]:
    for event in History().sent(1, "/clerk").events:
        law.saw(event)  # type: ignore[arg-type]  # it is one of those that the law sees
    return list(law.look(system))


def test_a_mailbox_may_be_full_and_no_more_than_full() -> None:
    async def main() -> None:
        law = MailboxesAreBounded()
        async with VirtualSystem() as system:
            clerk = await system.spawn(Clerk, name="clerk")
            clerk.pause()
            for number in range(5):
                clerk.tell(Clerk.note(number))
            assert look(law, system) == []
            assert clerk.inbox is not None
            clerk.inbox.append(Clerk.note(9))
            assert look(law, system) == [
                "4 messages wait in the mailbox of /clerk, which has room for 3",
            ]
            assert list(law.look(system)) == [], "nothing was sent since"
            clerk.inbox = deque()

    run(main())


def test_who_is_gone_has_no_mailbox() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            clerk = await system.spawn(Clerk, name="clerk")
            law = MailboxesAreBounded()
            assert look(law, system) == []
            await clerk.stop()
            assert look(law, system) == []

    run(main())


def test_a_closed_system_leaves_nothing_behind() -> None:
    async def main(loop: SteppingLoop) -> None:
        law = Quiescent()
        assert list(law.over()) == [], "it has seen no system"
        async with VirtualSystem() as system:
            clerk = await system.spawn(Clerk, name="clerk")
            await clerk.ask(Clerk.note(1))
            law.look(system)
            assert "actors left: /clerk" in list(law.over())
        await asyncio.sleep(0)
        assert list(law.over()) == []

    run_stepping(main, lambda step: None)


def test_a_task_and_a_timer_that_are_left_are_named() -> None:
    async def main(loop: SteppingLoop) -> None:
        law = Quiescent()
        async with VirtualSystem() as system:
            law.look(system)
        sleeper = asyncio.create_task(asyncio.sleep(1), name="sleeper")
        await asyncio.sleep(0)
        tasks, timers = law.over()
        assert tasks == "tasks left: sleeper"
        assert timers.startswith("timers left: <TimerHandle when=1")
        sleeper.cancel()
        await asyncio.wait([sleeper])
        assert list(law.over()) == []

    run_stepping(main, lambda step: None)
