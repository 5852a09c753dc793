"""A real model of 135 million parameters chooses tools for real questions.

What it can do, honestly: it has no words for tools, so its choice is forced into a JSON schema. Then it often chooses
the right one, sometimes none where it should choose one, and its arguments may be misheard. What a tool said goes into
the prompt, and it mostly repeats that well; where it called none, it makes something up. A larger model
(`model = "file.gguf"`) does better with the same code.
"""

import asyncio

from llmactors import ActorSystem
from llmagentos import Agent, AgentOS, Called, Calling, ToolContext, tool
from llmagentos.models import pull
from supervisors import child

TEMPERATURES = {"paris": 21, "oslo": 4, "cairo": 33}


@tool
def weather(city: str, ctx: ToolContext) -> str:
    """Tell the weather and the temperature in a city."""
    degrees = TEMPERATURES.get(city.lower().strip())
    if degrees is None:
        raise LookupError(f"no station in {city}, {ctx.agent}")
    return f"It is sunny in {city}, {degrees} degrees."


@tool(deadline=2)
async def stock_price(company: str) -> str:
    """Tell the price of a company's stock."""
    await asyncio.sleep(0.1)  # a real one asks the network, on the loop, and is cancelled at its deadline
    return f"{company} trades at 17.42."


class Clerk(Agent):
    """Answers with what its tools say."""

    instructions = "You are a helpful AI assistant. Answer briefly in English, using what the tools answered."
    model = "smollm2"
    tools = (weather, stock_price)
    tokens = 60


QUESTIONS = (
    "What is the weather like in Paris?",
    "How is the weather in Atlantis today?",
    "What is the stock price of Nokia?",
)


async def main() -> None:
    """Ask, and print what the agent does and says."""
    async with ActorSystem(AgentOS, None, [child(Clerk, name="clerk")]) as system:
        clerk = system.ref("clerk")
        for question in QUESTIONS:
            print(f"\n> {question}")
            async with clerk.stream(Clerk.say(question)) as chunks:
                async for chunk in chunks:
                    if isinstance(chunk, Calling | Called):
                        print(f"  {chunk}", end="")
                    else:
                        print(chunk, end="", flush=True)
            await clerk.ask(Clerk.forget())  # each question by itself: so small a model is led astray by the last one
            print()


if __name__ == "__main__":
    pull("smollm2")
    asyncio.run(main())
