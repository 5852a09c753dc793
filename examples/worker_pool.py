"""A neural network in two worker processes. One of them is killed in the middle of the work; every result is right.

Needs PyTorch: `pip install "llmagentos[torch]"`.
"""

import asyncio
import os
import signal

import torch

from llmactors import Actor, ActorRef, ActorSystem, message
from llmactors.errors import ActorEndedError
from llmactors.hosts import Process
from supervisors import Supervisor, pool

SEED = 7
BATCHES = 200
KILL_AFTER = 40


class Net(Actor):
    """The same small network in every worker: its weights come from the seed."""

    def __init__(self, seed: int) -> None:
        torch.set_num_threads(1)  # the workers share the machine
        torch.manual_seed(seed)
        self.layers = torch.nn.Sequential(torch.nn.Linear(64, 512), torch.nn.Tanh(), torch.nn.Linear(512, 1))

    @message
    def predict(self, batch: torch.Tensor) -> torch.Tensor:
        """Answer one number for every row of *batch*, float32 of shape (n, 64)."""
        with torch.no_grad():
            return self.layers(batch)


class App(Supervisor):
    """Two workers behind one queue, each a process that has PyTorch imported before it begins."""

    nets = pool(Net, SEED, size=2, host=Process(preload=("torch",)))


async def predict(nets: ActorRef[Net], batch: torch.Tensor) -> torch.Tensor:
    """Ask the pool; ask again if the worker dies with the question in hand, for a prediction changes nothing."""
    while True:
        try:
            return await nets.ask(Net.predict(batch), timeout=30)
        except ActorEndedError as ended:
            print(f"  asked again: {ended}")


def pids(nets: ActorRef[Net]) -> list[int]:
    """Answer the process ids of the workers that are up."""
    return [pid for worker in nets.children() if (pid := worker.usage().pid) is not None]


async def main() -> None:
    """Predict, kill, and compare with the network in this very process."""
    torch.manual_seed(1)
    batches = [torch.randn(256, 64) for _ in range(BATCHES)]
    async with ActorSystem(App) as system:
        nets = system.ref(App.nets)
        print(f"two workers, processes {pids(nets)}")
        asked = [asyncio.create_task(predict(nets, batch)) for batch in batches]
        await asyncio.gather(*asked[:KILL_AFTER])
        victim = pids(nets)[0]
        print(f"{KILL_AFTER} batches are done; kill -9 {victim}")
        os.kill(victim, signal.SIGKILL)
        results = await asyncio.gather(*asked)
        await asyncio.gather(*nets.children())  # until both are up
        print(f"two workers, processes {pids(nets)}")
    here = Net(SEED)
    right = sum(torch.allclose(result, here.predict(batch)) for result, batch in zip(results, batches, strict=True))
    print(f"{right} of {BATCHES} results are right")
    assert right == BATCHES


if __name__ == "__main__":
    asyncio.run(main())
