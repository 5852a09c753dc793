"""The think-act loop decides by a table, and whatever happens in whatever order, the conversation goes on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from llmagentos._core.loop import Conversation, Rules, Step, decide, open_call, pause, read_choice
from llmagentos._core.record import dump, load
from llmagentos._messages import (
    Answer,
    AskAnswer,
    AskChoice,
    Asked,
    Call,
    Called,
    Calling,
    CallTool,
    Done,
    Effect,
    Emit,
    Event,
    Fail,
    Finished,
    Interrupted,
    Keep,
    Left,
    ModelFailed,
    Outcome,
    Question,
    Repeating,
    Result,
    Said,
    ToolClosed,
    Wait,
    WorkerDied,
    Wrote,
)

TOOLED = Rules(tools=("weather",))
PLAIN = Rules()
CALL = Call(1, "weather", '{"city": "Paris"}')
CHOICE = '{"tool": "weather", "arguments": {"city": "Paris"}}'
ASKED = (Question("How is Paris?"),)

IDLE = Conversation()
CHOOSING = Conversation(ASKED, Step.CHOOSING)
CHOSEN = Conversation(ASKED, Step.CHOOSING, draft=CHOICE)
CALLING = Conversation((*ASKED, CALL), Step.CALLING, rounds=1, calls=1)
ANSWERING = Conversation(ASKED, Step.ANSWERING, draft="It is")

TABLE: list[tuple[Conversation, Event, Rules, Step, list[type[object]]]] = [
    (IDLE, Asked("hi"), PLAIN, Step.ANSWERING, [Keep, AskAnswer]),
    (IDLE, Asked("hi"), TOOLED, Step.CHOOSING, [Keep, AskChoice]),
    (CHOOSING, Wrote("{"), TOOLED, Step.CHOOSING, []),
    (CHOSEN, Finished(), TOOLED, Step.CALLING, [Keep, Calling, CallTool]),
    (CHOOSING, Finished(), TOOLED, Step.ANSWERING, [AskAnswer]),
    (CHOOSING, WorkerDied("it died"), TOOLED, Step.CHOOSING, [Repeating, AskChoice]),
    (CHOOSING, ModelFailed("No."), TOOLED, Step.IDLE, [Keep, Fail]),
    (CHOOSING, Left(), TOOLED, Step.IDLE, [Keep]),
    (CALLING, ToolClosed(1, Outcome.RETURNED, "sunny"), TOOLED, Step.CHOOSING, [Keep, Called, AskChoice]),
    (CALLING, ToolClosed(1, Outcome.FAILED, "no such city"), TOOLED, Step.CHOOSING, [Keep, Called, AskChoice]),
    (CALLING, ToolClosed(1, Outcome.TIMED_OUT, "5 s"), TOOLED, Step.CHOOSING, [Keep, Called, AskChoice]),
    (
        CALLING,
        ToolClosed(1, Outcome.RETURNED, "x"),
        Rules(tools=("weather",), rounds=1),
        Step.ANSWERING,
        [Keep, Called, AskAnswer],
    ),
    (CALLING, ToolClosed(7, Outcome.RETURNED, "stale"), TOOLED, Step.CALLING, []),
    (CALLING, WorkerDied("it died"), TOOLED, Step.CALLING, []),
    (CALLING, Wrote("late"), TOOLED, Step.CALLING, []),
    (CALLING, Left(), TOOLED, Step.IDLE, [Keep, Called]),
    (CALLING, Asked("and now?"), TOOLED, Step.CHOOSING, [Called, Keep, AskChoice]),
    (ANSWERING, Wrote(" fine"), PLAIN, Step.ANSWERING, [Said]),
    (ANSWERING, Finished(), PLAIN, Step.IDLE, [Keep, Done]),
    (ANSWERING, WorkerDied("it died"), PLAIN, Step.ANSWERING, [Repeating, AskAnswer]),
    (ANSWERING, WorkerDied("it died"), Rules(repeats=0), Step.IDLE, [Keep, Fail]),
    (CHOOSING, Interrupted("busy"), TOOLED, Step.CHOOSING, [Repeating, Wait, AskChoice]),
    (CALLING, Interrupted("busy"), TOOLED, Step.CALLING, []),
    (ANSWERING, Interrupted("busy"), PLAIN, Step.ANSWERING, [Repeating, Wait, AskAnswer]),
    (ANSWERING, Interrupted("busy", 0.0), PLAIN, Step.ANSWERING, [Repeating, AskAnswer]),
    (ANSWERING, Interrupted("busy", -5.0), PLAIN, Step.ANSWERING, [Repeating, AskAnswer]),
    (ANSWERING, Interrupted("busy", 121.0), PLAIN, Step.IDLE, [Keep, Fail]),
    (ANSWERING, Interrupted("busy"), Rules(repeats=0), Step.IDLE, [Keep, Fail]),
    (IDLE, Interrupted("busy"), PLAIN, Step.IDLE, []),
    (Conversation(ASKED, Step.ANSWERING, draft=" \n"), Finished(), PLAIN, Step.IDLE, [Keep, Fail]),
    (ANSWERING, ModelFailed("No."), PLAIN, Step.IDLE, [Keep, Fail]),
    (ANSWERING, Asked("wait"), PLAIN, Step.ANSWERING, [Keep, AskAnswer]),
    (IDLE, Wrote("late"), PLAIN, Step.IDLE, []),
    (IDLE, Finished(), PLAIN, Step.IDLE, []),
    (IDLE, WorkerDied("it died"), PLAIN, Step.IDLE, []),
    (IDLE, ModelFailed("No."), PLAIN, Step.IDLE, []),
    (IDLE, ToolClosed(1, Outcome.RETURNED, "late"), PLAIN, Step.IDLE, []),
    (IDLE, Left(), PLAIN, Step.IDLE, []),
]


def _kinds(effects: tuple[Effect, ...]) -> list[type[object]]:
    return [type(effect.chunk) if isinstance(effect, Emit) else type(effect) for effect in effects]


@pytest.mark.parametrize(("before", "event", "rules", "step", "orders"), TABLE)
def test_every_event_in_every_step_has_its_answer(
    before: Conversation, event: Event, rules: Rules, step: Step, orders: list[type[object]]
) -> None:
    after, effects = decide(before, event, rules)
    assert after.step is step
    assert _kinds(effects) == orders


def test_an_answer_is_kept_without_the_space_around_it() -> None:
    after, effects = decide(Conversation(ASKED, Step.ANSWERING, draft=" It is fine.\n"), Finished(), PLAIN)
    assert after.turns == (*ASKED, Answer("It is fine."))
    assert effects[-1] == Done("It is fine.")


def test_a_dead_worker_voids_the_draft_and_the_listener_is_told_why() -> None:
    after, effects = decide(ANSWERING, WorkerDied("worker 42 was killed by signal 9"), PLAIN)
    assert after.draft == ""
    assert effects[0] == Emit(Repeating("worker 42 was killed by signal 9", 2))


@pytest.mark.parametrize(
    ("tries", "seconds"), [(-10, 0), (-1, 0), (0, 1), (1, 2), (2, 4), (3, 8), (4, 10), (5, 10), (1_000_000, 10)]
)
def test_pauses_grow_up_to_the_longest(tries: int, seconds: float) -> None:
    assert pause(tries) == seconds


def test_an_answer_waits_so_long_for_a_busy_model_in_all() -> None:
    conversation = ANSWERING
    for _ in range(3):
        conversation, _ = decide(conversation, Interrupted("busy", 40.0), PLAIN)
    assert (conversation.waited, conversation.repeats) == (120.0, 3)
    _, effects = decide(conversation, Interrupted("busy", 1.0), PLAIN)
    assert effects[-1] == Fail("busy; another try has to wait 1 s, and an answer waits 120 s at most: ask later")
    asked, _ = decide(conversation, Asked("and now?"), PLAIN)
    assert (asked.waited, asked.repeats) == (0.0, 0)


def test_the_first_deaths_of_a_worker_cost_no_time_and_later_ones_do() -> None:
    conversation, waits = ANSWERING, []
    for _ in range(13):
        conversation, effects = decide(conversation, WorkerDied("it died"), PLAIN)
        waits.append(sum(effect.seconds for effect in effects if isinstance(effect, Wait)))
    assert waits == [0.0] * 10 + [1.0, 2.0, 4.0]
    assert conversation.waited == 0


def test_the_same_call_twice_in_one_answer_is_no_new_choice() -> None:
    turns = (*ASKED, CALL, Result(1, Outcome.RETURNED, "sunny"))
    _, effects = decide(Conversation(turns, Step.CHOOSING, CHOICE, rounds=1, calls=1), Finished(), TOOLED)
    assert effects == (AskAnswer(),)


def test_a_new_question_may_repeat_an_old_call() -> None:
    turns = (*ASKED, CALL, Result(1, Outcome.RETURNED, "sunny"), Answer("Sunny."), Question("And now?"))
    _, effects = decide(Conversation(turns, Step.CHOOSING, CHOICE, calls=1), Finished(), TOOLED)
    assert effects[-1] == CallTool(Call(2, "weather", '{"city": "Paris"}'))


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        (CHOICE, ("weather", '{"city": "Paris"}')),
        ('{"tool": "weather"}', ("weather", "{}")),
        ('{"tool": "none"}', None),
        ('{"tool": "rocket", "arguments": {}}', None),
        ('{"tool": "weather", "arguments": [1]}', None),
        ('{"tool": ["weather"]}', None),
        ('{"tool": "weather", "argum', None),
        ("[" * 100_000, None),
        ("null", None),
        ("", None),
    ],
)
def test_what_cannot_be_read_as_a_choice_is_none(text: str, choice: tuple[str, str] | None) -> None:
    assert read_choice(text, ("weather",)) == choice


texts = st.text(max_size=8)
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(Asked, texts),
    st.builds(Wrote, st.one_of(texts, st.just(CHOICE))),
    st.just(Finished()),
    st.builds(WorkerDied, texts),
    st.builds(Interrupted, texts, st.one_of(st.none(), st.floats(0, 200))),
    st.builds(ModelFailed, texts),
    st.builds(ToolClosed, st.integers(0, 4), st.sampled_from(Outcome), texts),
    st.just(Left()),
)


class AnyConversation(RuleBasedStateMachine):
    """Anything may happen in any order, a crash with a reload from the record included."""

    def __init__(self) -> None:
        super().__init__()
        self.conversation = Conversation()
        self.record = dump(self.conversation)
        self.limits = Rules(tools=("weather",), rounds=2, repeats=2)

    @rule(event=events)
    def happens(self, event: Event) -> None:
        before = self.conversation
        self.conversation, effects = decide(before, event, self.limits)
        for effect in effects:
            if isinstance(effect, CallTool):
                assert load(self.record).turns[-2] == effect.call, "a call begins only after it was written down"
            if isinstance(effect, Keep):
                self.record = dump(self.conversation)

    @rule()
    def is_closed_by_its_tool(self) -> None:
        if (call := open_call(self.conversation)) is not None:
            self.happens(ToolClosed(call.id, Outcome.RETURNED, "sunny"))

    @rule()
    def crashes(self) -> None:
        self.conversation = load(self.record)

    @invariant()
    def every_opened_call_but_the_one_in_progress_is_closed(self) -> None:
        opened = [turn.id for turn in self.conversation.turns if isinstance(turn, Call)]
        closed = [turn.id for turn in self.conversation.turns if isinstance(turn, Result)]
        waiting = [self.conversation.calls] if self.conversation.step is Step.CALLING else []
        assert opened == closed + waiting
        assert opened == sorted(set(opened))

    @invariant()
    def the_record_loads_and_goes_on(self) -> None:
        loaded = load(self.record)
        assert loaded.step is Step.IDLE
        asked, effects = decide(loaded, Asked("go on"), Rules())
        assert effects == (Keep(), AskAnswer())
        done, _ = decide(decide(asked, Wrote("yes"), Rules())[0], Finished(), Rules())
        assert done.turns[-1] == Answer("yes")


TestAnyConversation = AnyConversation.TestCase


@given(st.lists(events))
def test_after_any_history_a_question_is_answered(history: list[Event]) -> None:
    conversation = Conversation()
    for event in history:
        conversation, _ = decide(conversation, event, TOOLED)
    conversation, _ = decide(conversation, Asked("go on"), PLAIN)
    conversation, _ = decide(conversation, Wrote("yes"), PLAIN)
    _, effects = decide(conversation, Finished(), PLAIN)
    assert effects[-1] == Done("yes")
