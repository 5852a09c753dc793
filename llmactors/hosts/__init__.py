"""Hosts: where an actor's handlers run."""

from llmactors._codec import register
from llmactors.hosts._abandoned import abandoned_threads
from llmactors.hosts._loop import Loop
from llmactors.hosts._port import Birth, Host, HostConfig
from llmactors.hosts.process._config import Process
from llmactors.hosts.thespian._child import ThespianChild
from llmactors.hosts.thespian._config import Thespian
from llmactors.hosts.thread._config import Thread, as_pykka
from llmactors.hosts.thread._pykka_child import PykkaChild

__all__ = [
    "Birth",
    "Host",
    "HostConfig",
    "Loop",
    "Process",
    "PykkaChild",
    "Thespian",
    "ThespianChild",
    "Thread",
    "abandoned_threads",
    "as_pykka",
    "register",
]
