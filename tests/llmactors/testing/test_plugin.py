"""The pytest plugin, in a pytest of its own."""

import subprocess
import sys
from pathlib import Path

import pytest
from plugins import named

pytestmark = pytest.mark.timeout(120)

PROGRAM = """
import asyncio, time
import pytest
from llmactors import Actor, message
from llmactors.testing import VirtualLoop


class Counter(Actor):
    def __init__(self, listener):
        self.total, self.listener = 0, listener

    @message
    def add(self, amount: int) -> None:
        self.total += amount
        self.context.send_after(3_600, Counter.changed(self.total), to=self.listener)

    @message
    def changed(self, total: int) -> None: ...


async def test_by_clock(supervised, probe, clock):
    async with supervised() as tree:
        counter = await tree.spawn(Counter, probe.ref)
        counter.tell(Counter.add(2))
        await clock.advance(3_600)
        await probe.expect(Counter.changed(2))


@pytest.mark.virtual_time
async def test_by_marker():
    await asyncio.sleep(3_600)


@pytest.mark.virtual_time(autojump=False)
async def test_by_marker_with_options(clock):
    assert not clock.autojump
"""

INI = "[pytest]\nfilterwarnings = error\nasyncio_mode = {mode}\nasyncio_default_fixture_loop_scope = function\n"
LENIENT = INI.format(mode="auto").replace("filterwarnings = error\n", "")  # pytest within pytest warns of that


@pytest.fixture
def program(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(test_program=PROGRAM)
    return pytester


def test_it_works_with_pytest_asyncio(program: pytest.Pytester) -> None:
    program.makeini(INI.format(mode="auto"))
    program.makepyfile(
        test_more="""
        import asyncio, pytest
        from llmactors.testing import VirtualLoop

        @pytest.fixture
        async def loop_of_fixtures():
            await asyncio.sleep(3_600)
            yield asyncio.get_running_loop()
            await asyncio.sleep(3_600)

        async def test_async_fixtures_are_on_the_same_loop(loop_of_fixtures, clock):
            assert loop_of_fixtures is asyncio.get_running_loop()
            assert clock.now() == 3_600

        async def test_others_are_as_they_were():
            assert type(asyncio.get_running_loop()) is not VirtualLoop
        """
    )
    done = program.runpytest_subprocess(*named())
    done.assert_outcomes(passed=5)


def test_it_works_with_pytest_asyncio_in_strict_mode(program: pytest.Pytester) -> None:
    program.makeini(INI.format(mode="strict"))
    program.runpytest_subprocess(*named()).assert_outcomes(passed=3)


def test_it_works_without_pytest_asyncio(program: pytest.Pytester) -> None:
    program.makeini("[pytest]\nfilterwarnings = error\n")
    done = program.runpytest_subprocess("-p", "no:asyncio", "-p", "no:randomly", *named())
    done.assert_outcomes(passed=3)


def test_it_works_with_tests_in_parallel(program: pytest.Pytester) -> None:
    program.makeini(INI.format(mode="auto"))
    program.runpytest_subprocess("-n", "2", *named()).assert_outcomes(passed=3)


def test_every_coroutine_test_may_be_in_virtual_time(program: pytest.Pytester) -> None:
    program.makeini(LENIENT + "virtual_time = true\n")
    program.makepyfile(
        test_program="""
        import asyncio, pytest
        from llmactors.testing import VirtualLoop

        async def test_unmarked():
            await asyncio.sleep(3_600)

        @pytest.mark.real_time
        async def test_marked():
            assert not isinstance(asyncio.get_running_loop(), VirtualLoop)

        def test_plain():
            pass
        """
    )
    program.runpytest_inprocess(*named()).assert_outcomes(passed=3)


def test_a_clock_of_the_user_s_own_makes_no_virtual_time(program: pytest.Pytester) -> None:
    program.makeini(LENIENT)
    program.makepyfile(
        test_program="""
        import asyncio, pytest
        from llmactors.testing import VirtualLoop

        @pytest.fixture
        def clock():
            return 7

        async def test_it(clock):
            assert clock == 7
            assert not isinstance(asyncio.get_running_loop(), VirtualLoop)
        """
    )
    program.runpytest_inprocess(*named()).assert_outcomes(passed=1)


def test_an_option_that_the_marker_does_not_know_is_refused(program: pytest.Pytester) -> None:
    program.makeini(LENIENT)
    program.makepyfile(
        test_program="""
        import pytest

        @pytest.mark.virtual_time(speed=3)
        async def test_it():
            pass
        """
    )
    done = program.runpytest_inprocess(*named())
    assert "takes `autojump=` and `patience=`, no more" in done.stdout.str() + done.stderr.str()
    assert done.ret != 0


def test_a_tree_that_is_never_left_fails_the_test(program: pytest.Pytester) -> None:
    program.makeini(LENIENT)
    program.makepyfile(
        test_program="""
        async def test_it(supervised, clock):
            tree = await supervised().__aenter__()
            await tree.stop()
        """
    )
    done = program.runpytest_inprocess(*named())
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["*a tree was entered and never left*"])


def test_an_unmet_expectation_is_shown_as_a_sentence(program: pytest.Pytester) -> None:
    program.makeini(LENIENT)
    program.makepyfile(
        test_program="""
        async def test_it(supervised, probe, clock):
            async with supervised() as tree:
                probe.ref.tell("hello")
                await probe.expect(int)
        """
    )
    done = program.runpytest_inprocess(*named())
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        ["E  *ExpectationError: expected `int` at `/probe` within 3 s; what did come and is not taken:", "*'hello'"]
    )


def test_loading_it_loads_no_optional_or_heavy_library(tmp_path: Path) -> None:
    heavy = ("torch", "numpy", "pykka", "thespian", "ray", "typer", "rich", "supervisors", "llmagentos", "pydantic")
    code = f"import sys, llmactors.testing.plugin; print(*(name for name in {heavy!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=50)
    assert done.stdout.split() == []
