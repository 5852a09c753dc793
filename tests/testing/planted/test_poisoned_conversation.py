"""A conversation poisoned by a half-done tool call: the call is in the history, its result never will be."""

from planting import TWINS, is_found

from llmactors import Actor, message
from llmactors.errors import ActorEndedError, AskTimeoutError
from llmactors.hosts import register
from llmactors.testing import Faults, World, simulate
from supervisors import Intensity, Supervisor, child

Turn = tuple[str, str]


@register
class BadRequestError(Exception):
    """A model refuses a history in which a tool call has no result, as real ones do."""


class Model(Actor):
    """Wants the weather looked up, and then talks about it."""

    @message(raises=(BadRequestError,))
    def reply(self, history: tuple[Turn, ...]) -> Turn:
        for (role, _), (after, _) in zip(history, (*history[1:], ("nobody", "")), strict=True):
            if role == "call" and after != "result":
                raise BadRequestError("a tool call has to be followed by its result")
        role, text = history[-1]
        return ("call", "weather") if role == "user" else ("assistant", f"It is {text}.")


class Tools(Actor):
    """Looks things up, and fails now and then."""

    @message
    def call(self, name: str) -> str:
        return "sunny"


class Chat(Actor):
    """One conversation."""

    def __init__(self) -> None:
        self.history: list[Turn] = []

    @message(raises=(ActorEndedError, AskTimeoutError, BadRequestError))
    async def say(self, text: str) -> str:
        history = self.begin()
        history.append(("user", text))
        while True:
            turn = await self.context.ref("model").ask(Model.reply(tuple(history)))
            history.append(turn)
            if turn[0] == "assistant":
                self.history = history
                return turn[1]
            history.append(("result", await self.context.ref("tools").ask(Tools.call(turn[1]), timeout=5.0)))

    def begin(self) -> list[Turn]:
        return self.history  # what fails half-way stays in it: that is the bug


class CarefulChat(Chat):
    """Keeps a turn when it is whole."""

    def begin(self) -> list[Turn]:
        return list(self.history)


class App(Supervisor):
    intensity = Intensity(10, within=5.0)
    model = child(Model)
    tools = child(Tools)
    chat = child(Chat)


class Correct(App):
    chat = child(CarefulChat)


async def a_conversation_goes_on(world: World) -> None:
    for _ in range(3):
        try:
            await world.ask("/chat", Chat.say("How is the weather?"))
        except (ActorEndedError, AskTimeoutError):
            world.note("no answer this time")
    await world.heal()
    assert await world.ask("/chat", Chat.say("And now?")) == "It is sunny."


FAULTS = Faults(crash=Tools, drop=Tools, rate=0.05)


def test_a_conversation_that_is_poisoned_is_found() -> None:
    is_found(simulate(App, faults=FAULTS)(a_conversation_goes_on), "the test passes")


test_a_chat_that_keeps_whole_turns_goes_on = simulate(Correct, faults=FAULTS, runs=TWINS)(a_conversation_goes_on)
