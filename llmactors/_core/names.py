"""Names and paths. A name is unique among siblings; the path of names from the root is the address."""

from __future__ import annotations

from typing import Final

FORBIDDEN: Final = frozenset("/\0\n\r\t")
LONGEST: Final = 200


def check_name(name: str) -> str:
    """Return *name* if an actor may have it.

    Raises:
        ValueError: It is empty, too long, `.` or `..`, has a slash or a control character in it, or is no Unicode.
    """
    if not isinstance(name, str):
        raise TypeError(f"a name is a str, not {name!r}")
    if not name or name in {".", ".."} or len(name) > LONGEST or FORBIDDEN.intersection(name) or not _is_text(name):
        told = repr(name) if len(name) <= LONGEST else f"{name[:LONGEST]!r}... ({len(name)} characters)"
        raise ValueError(f"{told} is no name for an actor: 1 to {LONGEST} characters, no slash, no control character")
    return name


def _is_text(name: str) -> bool:
    """Say whether *name* can be written down: a lone surrogate cannot, nor could what is told of its actor."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def split(path: str) -> tuple[str, ...]:
    """Take a path from the root apart: `"/a/b"` and `"a/b"` are both `("a", "b")`."""
    return tuple(part for part in path.strip("/").split("/") if part)


def join(parts: tuple[str, ...]) -> str:
    """Put a path together: `("a", "b")` is `"/a/b"`, and the root is `"/"`."""
    return "/" + "/".join(parts)
