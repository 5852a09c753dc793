"""From a conversation to what the model reads, within the size of its context.

Theory of operation
1. An *exchange* is a question with all that followed it. Exchanges without an answer are left out, but for the last.
2. Exchanges are dropped whole, oldest first, until the prompt fits. The instructions and the last question always stay.
3. If these alone do not fit, the longest texts of the last exchange are cut in the middle, and the cut is said.
4. Tool calls are told as text, because small models have no role for them: what a tool answered stands in front of
   the question.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from llmagentos._core.loop import NO_TOOL, Conversation
from llmagentos._messages import Answer, Call, Outcome, Question, Result, Turn

CUT = " […] "
"""Stands where a text was cut."""


@dataclass(frozen=True, slots=True)
class Line:
    """One message to the model."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class ToolCard:
    """What the model is told of a tool: its name, a sentence, and the JSON schema of its arguments."""

    name: str
    description: str
    parameters: dict[str, object]


Measure = Callable[[str], int]


def tokens_at_most(text: str) -> int:
    """Estimate from above how many tokens a message of *text* takes: 3 bytes a token is pessimistic for English."""
    return len(text.encode()) // 3 + 8


def answer_prompt(
    conversation: Conversation, instructions: str, size: int, measure: Measure = tokens_at_most
) -> tuple[Line, ...]:
    """Answer what the model reads to answer the last question, in at most *size* tokens as *measure* counts them."""
    return fit(Line("system", instructions), exchanges(conversation.turns), size, measure)


def choice_prompt(
    conversation: Conversation, tools: Sequence[ToolCard], size: int, measure: Measure = tokens_at_most
) -> tuple[Line, ...]:
    """Answer what the model reads to choose a tool for the last question, or none."""
    last = exchanges(conversation.turns)[-1:]
    return fit(Line("system", _choice_instructions(tools)), last, size, measure)


def choice_schema(tools: Sequence[ToolCard]) -> dict[str, object]:
    """Answer the JSON schema of a choice: one of *tools* with arguments of its own schema, or none."""
    none: dict[str, object] = {"properties": {"tool": {"const": NO_TOOL}}, "required": ["tool"]}
    some: list[dict[str, object]] = [
        {"properties": {"tool": {"const": tool.name}, "arguments": tool.parameters}, "required": ["tool", "arguments"]}
        for tool in tools
    ]
    closed: dict[str, object] = {"type": "object", "additionalProperties": False}
    return {"anyOf": [{**closed, **choice} for choice in (*some, none)]}


def _choice_instructions(tools: Sequence[ToolCard]) -> str:
    cards = "\n".join(f"- {tool.name}: {tool.description} Arguments: {_arguments(tool)}" for tool in tools)
    return (
        "You choose which tool helps to answer the user. Reply with JSON only.\n"
        f"Tools:\n{cards}\n- {NO_TOOL}: no tool is needed.\n"
        f'Format: {{"tool": NAME, "arguments": {{...}}}} or {{"tool": "{NO_TOOL}"}}'
    )


def _arguments(tool: ToolCard) -> str:
    properties = tool.parameters.get("properties", {})
    names = list(properties) if isinstance(properties, dict) else []
    return json.dumps(names)


def exchanges(turns: Sequence[Turn]) -> list[tuple[Line, ...]]:
    """Answer the exchanges of *turns* as messages, oldest first; unanswered ones are left out, but for the last."""
    groups: list[list[Turn]] = []
    for turn in turns:
        if isinstance(turn, Question) or not groups:
            groups.append([])
        groups[-1].append(turn)
    told = [_tell(group) for group in groups]
    return [lines for lines in told[:-1] if lines[-1].role == "assistant"] + told[-1:]


def _tell(turns: list[Turn]) -> tuple[Line, ...]:
    question = "".join(turn.text for turn in turns if isinstance(turn, Question)).strip()
    answers = tuple(Line("assistant", turn.text) for turn in turns if isinstance(turn, Answer))
    facts = "\n".join(_facts(turns))
    return (Line("user", f"{facts}\n\n{question}" if facts else question), *answers)


def _facts(turns: list[Turn]) -> list[str]:
    """Tell every closed call in a line; a lost one is told too, so that the model does not make its answer up."""
    calls = {turn.id: turn for turn in turns if isinstance(turn, Call)}
    facts = []
    for turn in turns:
        if isinstance(turn, Result) and (call := calls.get(turn.id)) is not None:
            said = "answered" if turn.outcome is Outcome.RETURNED else f"gave no answer ({turn.outcome.value})"
            facts.append(f"The tool {call.tool}({call.arguments}) {said}: {turn.text}")
    return facts


def fit(head: Line, groups: Sequence[tuple[Line, ...]], size: int, measure: Measure) -> tuple[Line, ...]:
    """Answer *head* and as many of the last *groups* as fit into *size*; of the last one, what can be made to fit."""
    last = groups[-1] if groups else ()
    room = size - _sum((head, *last), measure)
    if room < 0:
        return _squeeze((head, *last), size, measure)
    kept: list[Line] = []
    for group in reversed(groups[:-1]):
        room -= _sum(group, measure)
        if room < 0:
            break
        kept[:0] = group
    return (head, *kept, *last)


def _sum(lines: Sequence[Line], measure: Measure) -> int:
    return sum(measure(line.text) for line in lines)


def _squeeze(lines: tuple[Line, ...], size: int, measure: Measure) -> tuple[Line, ...]:
    """Halve the longest text until all fit, or none can be cut further."""
    while _sum(lines, measure) > size:
        longest = max(range(len(lines)), key=lambda i: len(lines[i].text))
        line = lines[longest]
        shorter = _cut(line.text)
        if len(shorter) >= len(line.text):
            break
        lines = (*lines[:longest], Line(line.role, shorter), *lines[longest + 1 :])
    return lines


def _cut(text: str) -> str:
    """Take the middle half out of *text*."""
    quarter = (len(text) - len(CUT)) // 4
    return text[:quarter] + CUT + text[len(text) - quarter :] if quarter > 0 else text
