"""Actors on the loop that stand for an actor of another library."""

from __future__ import annotations

from typing import ClassVar

from llmactors._actor import Actor


class Stand(Actor):
    """Stands for an actor that another library runs. Its own handlers run on the loop and wait for the other one."""

    local = True  # what it is told goes to the other library as it is
    _interrupted_by: ClassVar[str]
    """What a handler of the other library's actor that does not return is interrupted by."""

    def _let_go(self) -> None:
        """This life was killed: what it stands for goes, now or as soon as it can. Called on the loop, once."""
