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
        """Return bytes that the peer has put, and give their place back. Raises `SegmentError`."""

    def borrow(self, number: Any, length: Any) -> memoryview:
        """Return what the peer has put, as memory that is given back when nobody uses it. Raises `SegmentError`."""

    def skip(self, number: Any) -> None:
        """Give a place back unread. Raises `SegmentError`."""
