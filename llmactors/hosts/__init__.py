"""Hosts: where an actor's handlers run."""

from llmactors.hosts._abandoned import abandoned_threads
from llmactors.hosts._loop import Loop
from llmactors.hosts._port import Birth, Host, HostConfig
from llmactors.hosts.thread._config import Thread

__all__ = ["Birth", "Host", "HostConfig", "Loop", "Thread", "abandoned_threads"]
