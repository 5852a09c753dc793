"""`simulate`: many runs of a test, the smallest cause of a failure, and how it is played again."""

import asyncio
from pathlib import Path

import pytest
from netting import Net, Nets
from plugins import named

from llmactors import Actor, message
from llmactors.testing import At, Faults, SimulationError, SimulationFailedError, World, simulate
from llmactors.testing._core.choices import Choice
from llmactors.testing._core.tape import Tape, loads
from llmactors.testing._options import OPTIONS
from llmactors.testing._simulate import Simulation
from supervisors import Supervisor, child

PROGRAM = """
import asyncio
import pytest
from llmactors import Actor, message
from llmactors.testing import At, Faults, World, simulate
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

class Clerk(Actor):
    @message
    async def take(self, amount: int) -> None:
        account = self.context.ref(Bank.account)
        balance = await account.ask(Account.read())
        {lock}
        await account.ask(Account.write(balance - amount))

class Bank(Supervisor):
    account = child(Account)
    one = child(Clerk)
    two = child(Clerk)

@simulate(Bank, runs=300, faults=Faults(slow=At(Bank.two, seconds=(0.5, 1.0)), rate=0.2))
async def test_no_money_is_lost(world: World) -> None:
    first = world.ask(Bank.one, Clerk.take(60))
    await asyncio.sleep({apart})
    second = world.ask(Bank.two, Clerk.take(30))
    await world.settle([first, second])
    assert await world.ask(Bank.account, Account.read()) == 10
    world.sometimes("they were slow", world.now > {apart})
"""


class Sleeper(Actor):
    @message
    async def sleep(self) -> None:
        await asyncio.sleep(1)


def write(pytester: pytest.Pytester, *, apart: float = 0.0, name: str = "test_bank") -> None:
    pytester.makepyfile(**{name: PROGRAM.format(lock="pass", apart=apart)})


def run(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess(*named(), "-p", "no:randomly", "-p", "no:cacheprovider", *args)


@pytest.mark.slow
def test_a_failure_is_told_on_one_screen_with_the_line_that_replays_it(pytester: pytest.Pytester) -> None:
    write(pytester)
    result = run(pytester)
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert "smallest cause" in text
    assert "--sim-seed=0x" in text
    seed = text.partition("--sim-seed=")[2].split()[0].rstrip("'…")
    run(pytester, f"--sim-seed={seed}").assert_outcomes(failed=1)
    assert [path.suffix for path in sorted((pytester.path / ".sim").iterdir())] == [".html", ".tape"]


@pytest.mark.slow
def test_a_tape_among_the_tests_is_a_test_that_fails_until_the_bug_is_gone(pytester: pytest.Pytester) -> None:
    write(pytester)
    run(pytester)
    kept = next((pytester.path / ".sim").glob("*.tape"))
    (pytester.path / "tapes").mkdir()
    tape = pytester.path / "tapes" / "money.tape"
    tape.write_text(kept.read_text(encoding="utf-8"), encoding="utf-8")
    result = run(pytester, "tapes")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*smallest cause*" if "smallest" in result.stdout.str() else "*cause*"])
    write(pytester, apart=2.0)
    result = run(pytester, "tapes")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["tapes/money.tape::money: tape, * choice* met*"])


@pytest.mark.slow
def test_how_often_is_said_on_the_command_line_and_told_at_the_end(pytester: pytest.Pytester) -> None:
    write(pytester, apart=2.0)
    result = run(pytester, "--sim-runs=20")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*test_no_money_is_lost: 20 runs,*; they were slow: * times"])
    run(pytester, "--sim-seconds=0.2").assert_outcomes(passed=1)
    result = run(pytester, "--sim-runs=0")
    assert result.ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("llmactors tape 1\ntest: test_bank.py::test_gone\n\nend\n", "there is no test"),
        ("llmactors tape 1\ntest: gone.py::test_x\n\nend\n", "there is no file"),
        ("llmactors tape 1\ntest: test_bank.py::test_no_money_is_lost\n", "cut off"),
    ],
)
def test_a_tape_that_cannot_be_played_says_why(pytester: pytest.Pytester, text: str, says: str) -> None:
    write(pytester, apart=2.0)
    (pytester.path / "old.tape").write_text(text, encoding="utf-8")
    result = run(pytester, "old.tape")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert says in " ".join(result.stdout.str().split())


def test_a_line_of_the_plan_for_which_there_was_no_place_in_any_run_is_told() -> None:
    plan = Faults(kill=[At(Nets.nets, message="Net.predict", rate=0.0), At(Nets.nets, message="Net.gone")])

    @simulate(Nets, faults=plan, runs=3)
    async def predicts(world: World) -> None:
        await world.ask(Nets.nets, Net.predict(1))

    predicts()
    assert OPTIONS.told.pop().endswith("; no place for kill Nets.nets Net.gone")


def test_what_never_happened_in_any_run_fails_the_test() -> None:
    @simulate(runs=3)
    async def never(world: World) -> None:
        world.sometimes("the moon is blue", happened=False)

    with pytest.raises(SimulationFailedError, match="the moon is blue"):
        never()


def test_what_happened_in_one_run_is_enough() -> None:
    @simulate(runs=30)
    async def once(world: World) -> None:
        world.sometimes("a high number", world.random.random() > 0.8)

    once()


def test_a_tape_of_which_nothing_comes_up_is_one_of_another_program() -> None:
    @simulate(runs=1)
    async def nothing(world: World) -> None:
        await world.advance(1.0)

    simulation: Simulation = nothing.simulation  # type: ignore[attr-defined]
    with pytest.raises(SimulationError, match="no longer fits the program"):
        simulation.play(Tape(choices=(Choice("kill /nobody taken X.y #1", "yes"),)))
    simulation.play(Tape())


def test_a_tape_that_meets_by_coincidence_alone_fits_no_more_and_what_it_did_not_meet_is_told() -> None:
    class Two(Supervisor):
        one = child(Sleeper)
        other = child(Sleeper)

    @simulate(Two, runs=1)
    async def sleeps(world: World) -> None:
        await world.settle([world.ask(spec, Sleeper.sleep()) for spec in (Two.one, Two.other)])

    simulation: Simulation = sleeps.simulation  # type: ignore[attr-defined]
    turn = Choice("next /one Sleeper.sleep #1", "/other Sleeper.sleep #1")
    gone, fault = Choice("next /gone Sleeper.sleep #1", "/other Sleeper.sleep #1"), Choice("kill /gone", "yes")
    for choices, missed in [((gone, turn), gone), ((turn, fault), fault), ((turn, gone, fault), fault)]:
        with pytest.raises(SimulationError) as error:
            simulation.play(Tape(choices=choices))
        assert f"without `{missed.point} => {missed.pick}` it is another run" in str(error.value)
    told = len(OPTIONS.told)
    result = simulation.play(Tape(choices=(turn, gone, gone)))
    assert result.unmet == (gone, gone)
    (line,) = OPTIONS.told[told:]
    assert line.endswith(f"tape, 1 of 3 choices met; not met: {gone.point} => {gone.pick}, and 1 more")


def test_the_tape_of_a_failure_breaks_the_same_again(tmp_path: Path) -> None:
    @simulate(runs=50)
    async def sometimes_fails(world: World) -> None:
        assert world.random.random() < 0.8

    with pytest.raises(SimulationFailedError) as failure:
        sometimes_fails()
    tape = loads(next(OPTIONS.folder.glob("*.tape")).read_text(encoding="utf-8"))
    assert tape.law == failure.value.law == "the test passes"
    assert tape.seed == failure.value.seed
    with pytest.raises(SimulationFailedError):
        sometimes_fails.simulation.play(tape)  # type: ignore[attr-defined]


@pytest.mark.parametrize("folder", ["a file is in the way"])
def test_a_report_is_told_also_where_nothing_can_be_written(folder: str, tmp_path: Path) -> None:
    OPTIONS.folder = tmp_path / folder
    OPTIONS.folder.write_text("", encoding="utf-8")

    @simulate(runs=1)
    async def fails(world: World) -> None:
        raise AssertionError("it fails")

    with pytest.raises(SimulationFailedError, match="neither tape nor timeline could be written") as failure:
        fails()
    assert "it fails" in str(failure.value)


def test_what_is_no_coroutine_function_that_takes_a_world_is_refused() -> None:
    def plain(world: World) -> None: ...

    async def alone() -> None: ...

    for test in (plain, alone):
        with pytest.raises(TypeError, match="world: World"):
            simulate()(test)  # type: ignore[arg-type]


@pytest.mark.parametrize(("runs", "real"), [(1, 1), (2, 2), (200, 3)])
def test_at_real_there_are_as_many_runs_as_the_test_says_but_three_at_most(runs: int, real: int) -> None:
    @simulate(level="real", runs=runs)
    async def passes(world: World) -> None:
        pass

    simulation: Simulation = passes.simulation  # type: ignore[attr-defined]  # ours
    assert simulation().runs == real


def test_of_a_failure_at_real_there_is_no_tape_and_no_promise_to_see_it_again() -> None:
    @simulate(level="real", runs=1)
    async def fails(world: World) -> None:
        raise AssertionError("it fails")

    with pytest.raises(SimulationFailedError, match="it fails") as failure:
        fails()
    assert "tape:" not in str(failure.value)
    assert "--sim-level=real" in str(failure.value)
    assert not list(OPTIONS.folder.glob("*.tape"))
