"""The journal: what agents have written down of their conversations, kept outside of them.

In memory for now. It outlives the agents and the workers, and ends with its system.
"""

from llmactors import Actor, Report, message
from llmagentos._redact import unspoken


class Journal(Actor):
    """Keeps the last record of every agent, by the agent's path."""

    def __init__(self) -> None:
        self._records: dict[str, bytes] = {}

    def redact(self, report: Report) -> Report:
        """Leave out the conversations."""
        return unspoken(report, "_records")

    @message
    def keep(self, agent: str, record: bytes) -> None:
        """Keep *record*, instead of the one before."""
        self._records[agent] = record

    @message
    def fetch(self, agent: str) -> bytes | None:
        """Answer the last record of *agent*."""
        return self._records.get(agent)

    @message
    def forget(self, agent: str) -> None:
        """Throw the record of *agent* away."""
        self._records.pop(agent, None)
