"""Orders to a worker of which only the last counts: whether it is paused, whether it is traced, how pressed it is.

Nobody waits for them, so nothing else bounds how many there are. One that says nothing new is not said; while the
socket has no room, only the last of each kind is kept, and said when there is some.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from llmactors.hosts.process._ops import Op

if TYPE_CHECKING:
    from llmactors.hosts.process._channel import Channel, Item


class Switches:
    """What one worker was told of them, and is to be told.

    Args:
        channel: The connection.
        paused: Whether the worker begins paused.
        traced: Whether it begins traced.
    """

    __slots__ = ("_channel", "_said", "_wanted")

    def __init__(self, channel: Channel, *, paused: bool, traced: bool) -> None:
        self._channel = channel
        self._said: Final[dict[str, Any]] = {"paused": paused, "traced": traced, "pressed": None}
        self._wanted: Final[dict[str, Any]] = {}

    def pause(self) -> None:
        """Hold what the worker has, too."""
        self._set("paused", True)  # noqa: FBT003  the value, not a flag

    def resume(self) -> None:
        """Let the worker go on, if it was told to pause."""
        self._set("paused", False)  # noqa: FBT003  as above

    def trace(self, *, on: bool) -> None:
        """Have the worker tell what its actor does, or no longer."""
        self._set("traced", on)

    def press(self, level: str) -> None:
        """Have the worker run `on_pressure`."""
        self._set("pressed", level)

    def _set(self, switch: str, value: Any) -> None:
        self._wanted.pop(switch, None)
        if self._said[switch] == value:
            return
        if self._channel.choked:
            self._wanted[switch] = value
        else:
            self._said[switch] = value
            self._channel.send(_order(switch, value))

    def roomy(self) -> None:
        """The socket has room again."""
        for switch, value in list(self._wanted.items()):
            self._set(switch, value)


def _order(switch: str, value: Any) -> Item:
    match switch:
        case "paused":
            return [Op.PAUSE if value else Op.RESUME]
        case "traced":
            return [Op.TRACE, value]
        case _:
            return [Op.PRESS, value]
