"""What the codec needs of a connection."""

from __future__ import annotations

from typing import Any, Protocol


class RefTable(Protocol):
    """The refs that one connection knows, by number: a peer can address only what was handed to it."""

    def export(self, value: object) -> list[Any] | None:
        """Return what stands for a ref, its number first; None where *value* is no ref."""

    def resolve(self, content: list[Any]) -> object:
        """Return the ref that *content* stands for.

        Raises:
            LookupError: There is none: the peer made it up.
        """


class SegmentTable(Protocol):
    """The shared memory of one connection."""

    def put(self, data: Any) -> list[int] | None:
        """Copy a flat buffer into shared memory; return what stands for it, its number first. None: no room."""

    def take_back(self, numbers: list[int]) -> None:
        """What was put is not sent."""

    def copy(self, number: Any, length: Any) -> bytes:
        """Return bytes that the peer has put. Raises `SegmentError`."""

    def send_back(self, data: bytes) -> list[int] | None:
        """Return what stands for bytes that the peer has put and that lie there still. None: they do not."""

    def take_again(self, number: int) -> None:
        """What was to be sent back is not: give its place back."""

    def came_back(self, number: Any, length: Any) -> bytes:
        """Return bytes that this side has put and that the peer has sent back. Raises `SegmentError`."""

    def borrow(self, number: Any, length: Any) -> memoryview:
        """Return what the peer has put, as memory that is given back when nobody uses it. Raises `SegmentError`."""

    def skip(self, number: Any) -> None:
        """Give a place back unread. Raises `SegmentError`."""
