import pytest
from conforming import Journal, Reminded

from llmactors import Actor, ActorRef, ActorSystem, Crash
from llmactors.errors import ActorEndedError, TooManyTimersError
from llmactors.hosts import HostConfig


async def test_an_actor_has_as_many_timers_as_its_class_declares(system: ActorSystem, host: HostConfig) -> None:
    ref = await system.spawn(Reminded, host=host)
    assert await ref.ask(Reminded.set(3)) == ""
    said = await ref.ask(Reminded.set(1))
    assert (
        said
        == f"`{ref.path}` has 3 timers set, as many as it may; cancel some, or declare `max_timers = ...` in Reminded"
    )
    await ref.ask(Reminded.cancel())
    assert await ref.ask(Reminded.set(3)) == ""


async def test_one_timer_too_many_ends_an_actor_that_does_not_expect_it(
    system: ActorSystem, host: HostConfig, journal: ActorRef[Journal]
) -> None:
    ref = await system.spawn(Reminded, host=host)
    await journal.ask(Journal.bind(ref))
    with pytest.raises(ActorEndedError) as ended:
        await ref.ask(Reminded.set_carelessly())
    assert isinstance(ended.value.exit, Crash)
    assert isinstance(ended.value.exit.error, TooManyTimersError)
    assert ended.value.exit.error.limit == 3


async def test_a_timer_is_set_for_a_time_that_comes(system: ActorSystem, host: HostConfig) -> None:
    ref = await system.spawn(Reminded, host=host)
    said = await ref.ask(Reminded.set_at_no_time())
    assert said == [f"delay={delay}: a delay is a number of seconds, 0 or more" for delay in ("-1.0", "nan", "inf")]


@pytest.mark.parametrize("most", [0, -1, 2.5, True, None])
async def test_a_bound_of_timers_is_a_positive_number(system: ActorSystem, host: HostConfig, most: object) -> None:
    kind: type[Actor] = type("Unbounded", (Actor,), {"max_timers": most})
    with pytest.raises(ValueError, match=r"Unbounded\.max_timers = .*: declare a positive int"):
        await system.spawn(kind, host=host)
