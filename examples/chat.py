"""A conversation with a real language model, its worker killed in the middle of an answer.

The answer begins again from the prompt and says so; the conversation goes on. Fetches the model (93 MB) the first time.
"""

import asyncio

from llmactors import ActorRef, ActorSystem
from llmagentos import Agent, AgentOS, Repeating, Said
from llmagentos.models import pull
from supervisors import child


class Guide(Agent):
    """Answers from what the model has read."""

    instructions = "You are a helpful AI assistant. Answer briefly in English."  # small models must be told so
    model = "smollm2"
    tokens = 60


async def converse(guide: ActorRef[Guide], question: str, worker: ActorRef[object] | None = None) -> None:
    """Print the answer as it comes. With a *worker*, kill that after a few tokens, once."""
    print(f"\n> {question}")
    async with guide.stream(Guide.say(question)) as chunks:
        tokens = 0
        async for chunk in chunks:
            print(chunk, end="", flush=True)
            tokens = 0 if isinstance(chunk, Repeating) else tokens + isinstance(chunk, Said)
            if worker is not None and tokens == 5:
                worker.kill("by the example")
                worker = None
    print()


async def main() -> None:
    """Ask three questions, and kill the worker during the second."""
    async with ActorSystem(AgentOS, None, [child(Guide, name="guide")]) as system:
        guide = system.ref("guide")
        await converse(guide, "What is the capital of France?")
        worker = system.ref("models/workers/smollm2")
        await converse(guide, "What is the sun made of?", worker)
        await converse(guide, "Who wrote Hamlet?")
        usage = worker.usage()
        print(f"\nthe worker was restarted {usage.restarts} time(s); its process is {usage.pid}")


if __name__ == "__main__":
    print(f"the model is at {pull('smollm2')}")
    asyncio.run(main())
