"""Hosts: where an actor's handlers run."""

from llmactors.hosts._loop import Loop
from llmactors.hosts._port import Birth, Host, HostConfig

__all__ = ["Birth", "Host", "HostConfig", "Loop"]
