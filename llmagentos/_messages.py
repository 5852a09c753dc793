"""The values of a conversation: what was said, what an agent's listener hears, what happens, what is to be done.

Turns are kept for ever, chunks are heard once, events come in, effects go out. All are frozen and made of plain fields.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

# ---------------------------------------------------------------- turns: what is kept


@dataclass(frozen=True, slots=True)
class Question:
    """What a person (or another agent) said."""

    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the agent said."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call was opened; *arguments* is the text of a JSON object."""

    id: int
    tool: str
    arguments: str


class Outcome(Enum):
    """How a tool call was closed."""

    RETURNED = "returned"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Result:
    """A tool call was closed: with what the tool returned, or with the sentence that says why it did not."""

    id: int
    outcome: Outcome
    text: str


Turn = Question | Answer | Call | Result

# ---------------------------------------------------------------- chunks: what a listener hears


@dataclass(frozen=True, slots=True)
class Said:
    """The next piece of the answer."""

    text: str

    def __str__(self) -> str:
        """Answer the piece itself: printing the chunks one after another prints the answer."""
        return self.text


@dataclass(frozen=True, slots=True)
class Calling:
    """The agent calls a tool; *arguments* is the text of a JSON object."""

    tool: str
    arguments: str

    def __str__(self) -> str:
        """Answer a line for people."""
        return f"[calling {self.tool} with {self.arguments}]\n"


@dataclass(frozen=True, slots=True)
class Called:
    """A tool call was closed."""

    tool: str
    outcome: Literal["returned", "failed", "timed out", "lost"]
    text: str

    def __str__(self) -> str:
        """Answer a line for people."""
        return f"[{self.tool} {self.outcome}: {self.text}]\n"


@dataclass(frozen=True, slots=True)
class Repeating:
    """The model broke off: what was said of this answer is void, and the answer begins again from the prompt."""

    reason: str
    attempt: int

    def __str__(self) -> str:
        """Answer a line for people."""
        return f"\n[{self.reason}; the answer begins again (attempt {self.attempt})]\n"


@dataclass(frozen=True, slots=True)
class Paused:
    """A pause takes effect here, between two tokens; nothing more comes until the agent is resumed."""

    def __str__(self) -> str:
        """Answer a line for people."""
        return "\n[paused]\n"


@dataclass(frozen=True, slots=True)
class Resumed:
    """The answer goes on where it was paused."""

    seconds: float

    def __str__(self) -> str:
        """Answer a line for people."""
        return f"[resumed after {self.seconds:.1f} s]\n"


AgentChunk = Said | Calling | Called | Repeating | Paused | Resumed

# ---------------------------------------------------------------- events: what happens


@dataclass(frozen=True, slots=True)
class Asked:
    """A new question came."""

    text: str


@dataclass(frozen=True, slots=True)
class Wrote:
    """The model wrote a piece of what it was asked for."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The model is done with what it was asked for."""


@dataclass(frozen=True, slots=True)
class WorkerDied:
    """The model's worker ended before it was done; *reason* is a clause."""

    reason: str


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The model broke off, or will not begin just now; *reason* is a clause.

    Attributes:
        retry_after: Seconds after which it may be asked again, as it said; None where it did not say.
    """

    reason: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class ModelFailed:
    """The model is there and will not answer; *reason* is a sentence."""

    reason: str


@dataclass(frozen=True, slots=True)
class ToolClosed:
    """A tool call came to its end."""

    id: int
    outcome: Outcome
    text: str


@dataclass(frozen=True, slots=True)
class Left:
    """Nobody waits for the answer any more: the asker went, or the agent's last life ended in the middle of it."""


Event = Asked | Wrote | Finished | WorkerDied | Interrupted | ModelFailed | ToolClosed | Left

# ---------------------------------------------------------------- effects: what is to be done


@dataclass(frozen=True, slots=True)
class Keep:
    """Write the conversation down before anything that follows is done."""


@dataclass(frozen=True, slots=True)
class AskChoice:
    """Ask the model, constrained to a schema, which of *tools* it wants."""

    tools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskAnswer:
    """Ask the model for the answer."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait so many seconds before anything that follows is done."""

    seconds: float


@dataclass(frozen=True, slots=True)
class CallTool:
    """Begin the tool call that was just written down."""

    call: Call


@dataclass(frozen=True, slots=True)
class Emit:
    """Let the listener hear a chunk."""

    chunk: AgentChunk


@dataclass(frozen=True, slots=True)
class Done:
    """The answer is whole."""

    text: str


@dataclass(frozen=True, slots=True)
class Fail:
    """There will be no answer; *reason* is a sentence."""

    reason: str


Effect = Keep | AskChoice | AskAnswer | Wait | CallTool | Emit | Done | Fail
