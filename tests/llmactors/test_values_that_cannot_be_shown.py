"""A value whose repr or text raises is shown without it, and keeps nobody waiting."""

import asyncio

import pytest
from virtual import VirtualSystem, now, run

from llmactors import Actor, ActorRef, Request, message
from llmactors.errors import ActorEndedError, AskTimeoutError, UnhandledMessageError
from supervisors import Supervisor, child


class Shy:
    """Cannot be shown."""

    def __repr__(self) -> str:
        raise LookupError("not me")


class ShyError(Exception):
    """Has no text."""

    def __str__(self) -> str:
        raise LookupError("not me")

    def __eq__(self, other: object) -> bool:
        raise LookupError("not me")

    __hash__ = Exception.__hash__


class ShyRequest(Shy, Request[int]):
    """A message that nobody handles."""


class Worker(Actor):
    @message
    async def hang(self, what: object) -> None:
        await asyncio.sleep(1e6)

    @message(limit=1.0)
    async def hang_for_a_second(self, what: object) -> None:
        await asyncio.sleep(1e6)

    @message
    def fail(self) -> None:
        raise ShyError from ShyError()

    @message
    def echo(self, what: int) -> int:
        return what


async def outcome(asked: asyncio.Task[object]) -> BaseException | None:
    await asyncio.wait({asked})
    return asked.exception()


def test_asks_expire_whatever_their_messages_hold() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            refs: list[ActorRef[Worker]] = [await system.spawn(Worker) for _ in range(3)]
            asked = [asyncio.create_task(ref.ask(Worker.hang(Shy()), timeout=1.0)) for ref in refs]
            for one in asked:
                error = await outcome(one)
                assert isinstance(error, AskTimeoutError)
                assert "did not answer Worker.hang within 1 s" in str(error)
            assert now() == pytest.approx(1.0, abs=0.1)

    run(main())


def test_a_limit_ends_a_handler_whatever_its_message_holds() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            ref = await system.spawn(Worker)
            ended = asyncio.create_task(ref.wait_ended())
            error = await outcome(asyncio.create_task(ref.ask(Worker.hang_for_a_second(Shy()))))
            assert isinstance(error, ActorEndedError)
            await ended

    run(main())


def test_a_message_that_nobody_handles_ends_nobody_whatever_it_holds() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            ref = await system.spawn(Worker)
            with pytest.raises(UnhandledMessageError, match="no handler for ShyRequest"):
                await ref.ask(ShyRequest())
            assert await ref.ask(Worker.echo(1)) == 1

    run(main())


def test_an_error_without_a_text_is_heard_like_any_other() -> None:
    class App(Supervisor):
        worker = child(Worker)

    async def main() -> None:
        async with VirtualSystem(App) as system:
            ref = system.ref(App.worker)
            with pytest.raises(ActorEndedError, match="its text raises LookupError") as caught:
                await ref.ask(Worker.fail())
            assert isinstance(caught.value.__cause__, ShyError)
            assert await ref.ask(Worker.echo(1)) == 1

    run(main())


def test_an_error_without_a_text_that_nobody_hears_ends_its_actor_all_the_same() -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        ref = await system.spawn(Worker)
        ref.tell(Worker.fail())
        await asyncio.sleep(1)
        assert list(system.actors()) == []
        await system.stop()
        with pytest.raises(ShyError):
            system.raise_unheard()

    run(main())
