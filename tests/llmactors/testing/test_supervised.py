"""`supervised`: a test fails on what happened or was left, and was not expected."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
from typing import Any

import pytest

from llmactors import Actor, message
from llmactors.errors import NotSerialisableError
from llmactors.testing import ExpectationError, LeftBehindError, Supervised, supervised
from supervisors import Intensity, Supervisor, child
from supervisors.errors import GaveUpError


class Worker(Actor):
    @message
    def share(self, by: int) -> float:
        return 1 / by

    @message
    def anything(self, what: object) -> None: ...

    @message(raises=(KeyError,))
    def refuse(self) -> None:
        raise KeyError("no")


class App(Supervisor):
    intensity = Intensity(3, within=5.0)
    worker = child(Worker)
    other = child(Worker)


@pytest.mark.virtual_time
async def test_a_tree_is_like_any_system_and_a_test_that_leaves_nothing_passes() -> None:
    async with supervised(App) as tree:
        assert await tree.ref(App.worker).ask(Worker.share(2)) == 0.5


@pytest.mark.virtual_time
async def test_a_crash_that_nobody_expected_fails_the_test_even_if_the_child_came_back() -> None:
    with pytest.raises(LeftBehindError) as caught:
        async with supervised(App) as tree:
            tree.ref(App.worker).tell(Worker.share(0))
    assert caught.value.left == ("crash: `/worker` (Worker) crashed: ZeroDivisionError: division by zero",)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.virtual_time
async def test_an_expected_crash_is_none_that_fails() -> None:
    async with supervised(App) as tree:
        tree.ref(App.worker).tell(Worker.share(0))
        crash = await tree.expect_crash(ZeroDivisionError, of=tree.ref(App.worker))
        assert (crash.path, crash.actor) == ("/worker", Worker)
        assert isinstance(crash.error, ZeroDivisionError)


@pytest.mark.virtual_time
async def test_a_crash_that_does_not_come_fails_with_those_that_did() -> None:
    async with supervised(App) as tree:
        with pytest.raises(ExpectationError, match="expected a crash within 1 s; there was none at all"):
            await tree.expect_crash(within=1)
        tree.ref(App.other).tell(Worker.share(0))
        with pytest.raises(
            ExpectationError, match=r"a crash with `ZeroDivisionError` at `worker` within 3 s(.|\n)*/other"
        ):
            await tree.expect_crash(ZeroDivisionError, of="worker")
        tree.ignore_crashes(of="/other")


@pytest.mark.virtual_time
async def test_ignored_crashes_may_come_later() -> None:
    async with supervised(App) as tree:
        tree.ignore_crashes(ZeroDivisionError)
        tree.ref(App.worker).tell(Worker.share(0))


@pytest.mark.virtual_time
async def test_a_crash_outside_any_tree_is_told_once_and_can_be_expected() -> None:
    async with supervised() as tree:
        worker = await tree.spawn(Worker)
        worker.tell(Worker.share(0))
        await tree.expect_crash(ZeroDivisionError)
    with pytest.raises(LeftBehindError):
        async with supervised() as tree:
            (await tree.spawn(Worker)).tell(Worker.share(0))


@pytest.mark.virtual_time
async def test_a_root_that_gives_up_is_raised_as_by_any_system() -> None:
    with pytest.raises(GaveUpError):  # noqa: PT012  the block raises it at its end
        async with supervised(App) as tree:
            for _ in range(5):
                tree.ref(App.worker).tell(Worker.share(0))
            await asyncio.sleep(60)


@pytest.mark.virtual_time
async def test_a_dead_letter_that_nobody_expected_fails_the_test() -> None:
    with pytest.raises(LeftBehindError, match=r"dead letter: `.what\?.` to `/worker`: unhandled"):
        async with supervised(App) as tree:
            tree.ref(App.worker).tell("what?")


@pytest.mark.virtual_time
async def test_an_expected_dead_letter_is_none_that_fails() -> None:
    async with supervised(App) as tree:
        worker = tree.ref(App.worker)
        worker.tell("what?")
        worker.tell(Worker.refuse())
        letter = await tree.expect_dead_letter(Worker.refuse, reason="unheard", to=worker)
        assert letter.message == Worker.refuse()
        with pytest.raises(ExpectationError, match=r"a dead letter `Worker.share` .* because 'full' (.|\n)*unhandled"):
            await tree.expect_dead_letter(Worker.share, reason="full", to="other", within=1)
        await tree.expect_dead_letter(str)


@pytest.mark.virtual_time
async def test_ignored_dead_letters_may_come_later() -> None:
    async with supervised(App) as tree:
        tree.ignore_dead_letters(reason="unhandled")
        tree.ref(App.worker).tell("what?")


async def test_a_task_left_running_fails_the_test() -> None:
    task = None
    with pytest.raises(LeftBehindError, match="task left alone: "):
        async with supervised():
            task = asyncio.create_task(asyncio.sleep(60), name="left alone")
    assert task is not None
    task.cancel()


async def test_a_thread_left_running_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llmactors.testing._leftovers.GRACE", 0.01)
    gate = threading.Event()
    thread = threading.Thread(target=gate.wait, name="left alone")
    with pytest.raises(LeftBehindError, match="thread left alone"):
        async with supervised():
            thread.start()
    gate.set()
    thread.join()


async def test_a_process_left_running_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llmactors.testing._leftovers.GRACE", 0.01)
    process = None
    with pytest.raises(LeftBehindError, match="process "):
        async with supervised():
            process = subprocess.Popen(  # noqa: ASYNC220  nobody waits for it
                [sys.executable, "-c", "input()"], stdin=subprocess.PIPE
            )
    assert process is not None
    process.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not list a process's descriptors")
async def test_a_descriptor_left_open_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llmactors.testing._leftovers.GRACE", 0.01)
    pipe: tuple[int, int] = (0, 0)
    with pytest.raises(LeftBehindError, match=r"descriptor .*pipe"):
        async with supervised():
            pipe = os.pipe()
    for end in pipe:
        os.close(end)
    async with supervised():
        socket.socket().close()


@pytest.mark.virtual_time
async def test_an_error_of_the_block_goes_first_and_the_rest_is_a_note() -> None:
    with pytest.raises(KeyError) as caught:  # noqa: PT012  as above
        async with supervised(App) as tree:
            tree.ref(App.worker).tell(Worker.share(0))
            await tree.ref(App.other).ask(Worker.refuse())
    assert "meanwhile, and nobody expected it:\n  crash: `/worker`" in caught.value.__notes__[0]


@pytest.mark.virtual_time
async def test_messages_are_checked_unless_the_test_says_otherwise() -> None:
    class Strange: ...

    async with supervised(App) as tree:
        with pytest.raises(NotSerialisableError):
            tree.ref(App.worker).tell(Worker.anything(Strange()))
    async with supervised(App, check_messages=False) as tree:
        await tree.ref(App.worker).ask(Worker.anything(Strange()))


@pytest.mark.virtual_time
async def test_what_was_told_last_is_handled_before_the_tree_is_stopped() -> None:
    class Noting(Actor):
        notes: list[int] = []  # noqa: RUF012

        @message
        def note(self, number: int) -> None:
            self.notes.append(number)

    async with supervised() as tree:
        (await tree.spawn(Noting)).tell(Noting.note(1))
    assert Noting.notes == [1]


@pytest.mark.virtual_time
async def test_probes_are_made_by_the_tree(supervised: Any) -> None:
    tree: Supervised
    async with supervised(App) as tree:
        probe = tree.probe("ear")
        assert probe.ref.path == "/ear"
