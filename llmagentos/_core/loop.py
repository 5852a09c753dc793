"""The think-act loop of an agent: a pure function of a conversation and what happens to it.

Theory of operation
1. A conversation is idle, or in one of three steps of one answer: CHOOSING a tool, CALLING it, ANSWERING.
2. A question starts with CHOOSING where there are tools, else with ANSWERING. A small model has no words of its own for
   tools, so a choice is a text constrained to a schema: `{"tool": NAME | "none", "arguments": {...}}`.
   What cannot be read as a choice is none.
3. A call is written down (`Call`, then `Keep`) before it begins and closed (`Result`, then `Keep`) after it ended.
   At most one is open. It is closed by its own end, or as LOST by whatever breaks the answer off.
4. After a call the model may choose again, at most `Rules.rounds` times an answer; the same call twice is no choice.
5. When the model's worker dies, or the model breaks off or is busy, the step is asked again from the prompt, the draft
   is dropped, and the listener is told. This happens at most `Rules.repeats` times an answer. A death is answered at
   once the first `AT_ONCE` times, so that a killed worker costs nothing; after that, and where the model is busy, with
   growing pauses: a request that kills every worker that takes it must not use up their supervisor's intensity.
6. A model that says when it may be asked again is asked then. An answer waits `Rules.patience` seconds at most in all
   for a model that is busy; whoever asked hears at once if it will not be enough.
7. An answer of nothing is none: it is not kept, because some models cannot read a conversation that has one.
8. Events that do not belong to the step (late or stale ones) change nothing.
"""

import json
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, assert_never

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
    Turn,
    Wait,
    WorkerDied,
    Wrote,
)

NO_TOOL = "none"
"""The choice of a model that wants no tool; a tool must not be called so."""

AT_ONCE: Final = 10
"""Deaths of a worker in one answer that cost no pause: half as many as its supervisor grants a minute."""
LONGEST_PAUSE: Final = 10.0
"""Seconds between two tries, at most, where the model does not say how many."""


class Step(Enum):
    """Where in an answer a conversation is."""

    IDLE = "idle"
    CHOOSING = "choosing"
    CALLING = "calling"
    ANSWERING = "answering"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What an agent may do in one answer.

    Attributes:
        tools: The names of its tools.
        rounds: Tool calls in one answer, at most.
        repeats: Times that one answer begins a step again because the model broke off, at most.
        patience: Seconds that one answer waits for a model that is busy, at most.
    """

    tools: tuple[str, ...] = ()
    rounds: int = 3
    repeats: int = 20
    patience: float = 120.0


@dataclass(frozen=True, slots=True)
class Conversation:
    """All that was said, and where in an answer we are.

    Attributes:
        turns: What was said, oldest first.
        step: Where in an answer we are.
        draft: What the model wrote so far in this step.
        rounds: Tool calls in this answer.
        repeats: Steps of this answer that were begun again.
        waited: Seconds of this answer that the model was waited for, because it was busy.
        calls: Tool calls ever opened; the last one's id.
    """

    turns: tuple[Turn, ...] = ()
    step: Step = Step.IDLE
    draft: str = ""
    rounds: int = 0
    repeats: int = 0
    waited: float = 0.0
    calls: int = 0


Decision = tuple[Conversation, tuple[Effect, ...]]


def decide(conversation: Conversation, event: Event, rules: Rules) -> Decision:
    """Answer *event* with the conversation's next state and the orders that follow, in order."""
    match event:
        case Asked(text):
            return _asked(conversation, text, rules)
        case Wrote(text):
            return _wrote(conversation, text)
        case Finished():
            return _finished(conversation, rules)
        case WorkerDied(reason):
            return _worker_died(conversation, reason, rules)
        case Interrupted(reason, retry_after):
            return _interrupted(conversation, reason, retry_after, rules)
        case ModelFailed(reason):
            return _model_failed(conversation, reason)
        case ToolClosed():
            return _tool_closed(conversation, event, rules)
        case Left():
            return _left(conversation)
        case _:
            assert_never(event)


def open_call(conversation: Conversation) -> Call | None:
    """Answer the call that is written down as opened and not as closed, if there is one."""
    last = conversation.turns[-1] if conversation.turns else None
    return last if isinstance(last, Call) else None


def _asked(conversation: Conversation, text: str, rules: Rules) -> Decision:
    conversation, effects = _left(conversation)
    asked = replace(conversation, turns=(*conversation.turns, Question(text)), rounds=0, repeats=0, waited=0.0)
    begun, begin = _begin_step(asked, rules)
    return begun, (*(effect for effect in effects if not isinstance(effect, Keep)), Keep(), *begin)


def _begin_step(conversation: Conversation, rules: Rules) -> Decision:
    """Go on with a choice where one is still allowed, else with the answer."""
    if rules.tools and conversation.rounds < rules.rounds:
        return replace(conversation, step=Step.CHOOSING, draft=""), (AskChoice(rules.tools),)
    return _begin_answer(conversation)


def _begin_answer(conversation: Conversation) -> Decision:
    return replace(conversation, step=Step.ANSWERING, draft=""), (AskAnswer(),)


def _wrote(conversation: Conversation, text: str) -> Decision:
    match conversation.step:
        case Step.CHOOSING:
            return replace(conversation, draft=conversation.draft + text), ()
        case Step.ANSWERING:
            return replace(conversation, draft=conversation.draft + text), (Emit(Said(text)),)
        case Step.IDLE | Step.CALLING:
            return conversation, ()


def _finished(conversation: Conversation, rules: Rules) -> Decision:
    match conversation.step:
        case Step.CHOOSING:
            return _chosen(conversation, rules)
        case Step.ANSWERING:
            text = conversation.draft.strip()
            if not text:
                return _give_up(conversation, "the model answered with nothing; ask again, in other words")
            turns = (*conversation.turns, Answer(text))
            return replace(conversation, turns=turns, step=Step.IDLE, draft=""), (Keep(), Done(text))
        case Step.IDLE | Step.CALLING:
            return conversation, ()


def _chosen(conversation: Conversation, rules: Rules) -> Decision:
    choice = read_choice(conversation.draft, rules.tools)
    if choice is None or choice in _calls_of_this_answer(conversation.turns):
        return _begin_answer(conversation)
    call = Call(conversation.calls + 1, *choice)
    opened = replace(
        conversation,
        turns=(*conversation.turns, call),
        step=Step.CALLING,
        draft="",
        rounds=conversation.rounds + 1,
        calls=call.id,
    )
    return opened, (Keep(), Emit(Calling(call.tool, call.arguments)), CallTool(call))


def read_choice(text: str, tools: tuple[str, ...]) -> tuple[str, str] | None:
    """Answer the tool and the arguments (as JSON) that *text* chooses; None where it chooses none or cannot be read."""
    try:
        choice = json.loads(text)
    except (ValueError, RecursionError):  # what cannot be read is no choice; rule 2
        return None
    if not isinstance(choice, dict) or choice.get("tool") not in tools:
        return None
    arguments = choice.get("arguments", {})
    return (choice["tool"], json.dumps(arguments, sort_keys=True)) if isinstance(arguments, dict) else None


def _calls_of_this_answer(turns: tuple[Turn, ...]) -> set[tuple[str, str]]:
    calls: set[tuple[str, str]] = set()
    for turn in reversed(turns):
        if isinstance(turn, Question):
            break
        if isinstance(turn, Call):
            calls.add((turn.tool, turn.arguments))
    return calls


def _tool_closed(conversation: Conversation, event: ToolClosed, rules: Rules) -> Decision:
    call = open_call(conversation)
    if call is None or call.id != event.id:
        return conversation, ()
    closed, effects = _close(conversation, call, event.outcome, event.text)
    begun, begin = _begin_step(closed, rules)
    return begun, (*effects, *begin)


def _close(conversation: Conversation, call: Call, outcome: Outcome, text: str) -> Decision:
    turns = (*conversation.turns, Result(call.id, outcome, text))
    return replace(conversation, turns=turns), (Keep(), Emit(Called(call.tool, outcome.value, text)))


def _worker_died(conversation: Conversation, reason: str, rules: Rules) -> Decision:
    if conversation.step not in {Step.CHOOSING, Step.ANSWERING}:
        return conversation, ()
    return _again(conversation, reason, pause(conversation.repeats - AT_ONCE), rules)


def _interrupted(conversation: Conversation, reason: str, retry_after: float | None, rules: Rules) -> Decision:
    if conversation.step not in {Step.CHOOSING, Step.ANSWERING}:
        return conversation, ()
    wait = pause(conversation.repeats) if retry_after is None else max(0.0, retry_after)
    waited = conversation.waited + wait
    if waited > rules.patience:
        why = (
            f"{reason}; another try has to wait {wait:g} s, and an answer waits {rules.patience:g} s at most: ask later"
        )
        return _give_up(conversation, why)
    return _again(replace(conversation, waited=waited), reason, wait, rules)


def _again(conversation: Conversation, reason: str, wait: float, rules: Rules) -> Decision:
    """Begin the step again after *wait* seconds, unless that was done too often."""
    if conversation.repeats >= rules.repeats:
        times = conversation.repeats + 1
        why = f"{reason}, {times} times in this answer; see why in `llmagentos logs`, then ask again"
        return _give_up(conversation, why)
    again = replace(conversation, draft="", repeats=conversation.repeats + 1)
    order: Effect = AskAnswer() if again.step is Step.ANSWERING else AskChoice(rules.tools)
    pauses = (Wait(wait),) if wait > 0 else ()
    return again, (Emit(Repeating(reason, again.repeats + 1)), *pauses, order)


def pause(tries: int) -> float:
    """Answer the seconds before another try after so many: none below 0, then 1, 2, 4, up to the longest."""
    return 0.0 if tries < 0 else min(2.0 ** min(tries, 10), LONGEST_PAUSE)


def _model_failed(conversation: Conversation, reason: str) -> Decision:
    if conversation.step not in {Step.CHOOSING, Step.ANSWERING}:
        return conversation, ()
    return _give_up(conversation, reason)


def _give_up(conversation: Conversation, reason: str) -> Decision:
    return replace(conversation, step=Step.IDLE, draft=""), (Keep(), Fail(reason))


def _left(conversation: Conversation) -> Decision:
    call = open_call(conversation)
    effects: tuple[Effect, ...] = ()
    if call is not None:
        conversation, effects = _close(
            conversation, call, Outcome.LOST, "the answer was broken off before the tool ended"
        )
    elif conversation.step is not Step.IDLE:
        effects = (Keep(),)
    return replace(conversation, step=Step.IDLE, draft=""), effects
