"""The host of what must not share our process: agents whose `run` never looks up."""

from llmactors import hosts
from llmactors.hosts import HostConfig, Loop


def own_process() -> HostConfig:
    """Answer a process for each actor: `kill -9`, a crash or a hang ends there."""
    host: HostConfig = vars(hosts).get("Process", Loop)()
    return host
