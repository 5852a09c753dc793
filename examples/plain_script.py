"""Agents without asyncio: made by hand, they live in a system in the background. The script's end waits for them."""

import time

from llmagentos import Agent, Said
from llmagentos.models.scripted import ScriptedSpec


class Talker(Agent):
    """Says what its script says; with `model = "smollm2"` it says what a real model thinks of."""

    model = ScriptedSpec(answers=("Actors share nothing.", "They talk, and are restarted when they fall."), delay=0.02)


class Worker(Agent):
    """Has work of its own. A plain `run` gets a process of its own: one that never looks up would harm nobody."""

    def __init__(self, rounds: int) -> None:
        super().__init__()
        self.rounds = rounds

    def run(self) -> None:
        """Count, slowly."""
        for number in range(self.rounds):
            time.sleep(0.2)
            print(f"  the worker has done round {number + 1} of {self.rounds}", flush=True)


def main() -> None:
    """Start a worker, and talk meanwhile."""
    worker = Worker(5).start()  # returns once the worker is up
    with Talker() as talker:
        print("whole: ", talker.answer("What is an actor?"))
        print("pieces:", *(chunk.text.strip() for chunk in talker.say("And then?") if isinstance(chunk, Said)))
        talker.pause()
        print(f"the talker is {talker.state}")
        talker.resume()
    print(f"the talker is {talker.state}, the worker is {worker.state}; the script's end waits for it")


if __name__ == "__main__":
    main()
