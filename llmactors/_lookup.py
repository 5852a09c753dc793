"""Finding actors in the tree: by path, by name as seen from a place, and by the spec that declares them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from llmactors._core.flags import DEAD
from llmactors._core.names import split
from llmactors.errors import UnknownActorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from llmactors._ref import ActorRef


A_co = TypeVar("A_co", covariant=True)


class Locator(Protocol[A_co]):
    """Says where an actor hangs: under which supervisor class, by which name. A supervisor's class attribute is one."""

    @property
    def owner(self) -> type | None:
        """The supervisor class that declares the child."""
        ...

    @property
    def name(self) -> str:
        """The child's name."""
        ...

    @property
    def actor(self) -> Callable[..., A_co]:
        """The child's class."""
        ...


def child_of(cell: ActorRef[Any], name: str) -> ActorRef[Any] | None:
    """Return the child of that name, given or made up."""
    children = {} if cell.extra is None else cell.extra.children or {}
    found = children.get(name)
    if found is None and "-" in name and name.rpartition("-")[2].isdecimal():
        found = children.get(int(name.rpartition("-")[2]))
        if found is not None and found.name != name:
            return None
    return found


def walk(cell: ActorRef[Any]) -> Iterator[ActorRef[Any]]:
    """Yield the slots below *cell*, parents first."""
    waiting = list(reversed(cell.children()))
    while waiting:
        below = waiting.pop()
        yield below
        waiting += reversed(below.children())


def find(guardian: ActorRef[Any], root: ActorRef[Any] | None, start: ActorRef[Any] | None, where: Any) -> ActorRef[Any]:
    """Find an actor. See `ActorSystem.ref` and `Context.ref`.

    Raises:
        TypeError: *where* is neither a path nor a spec.
        UnknownActorError: There is no such actor.
    """
    if isinstance(where, str):
        parts = split(where)
        relative = start is not None and not where.startswith("/")
        found = _from_here(start, parts) if relative and start is not None else _from_root(guardian, root, parts)
        if found is None:
            raise UnknownActorError(where, _known(root or guardian))
        return found
    owner, name = getattr(where, "owner", None), getattr(where, "name", None)
    if not isinstance(owner, type) or not isinstance(name, str):
        raise TypeError(f"{where!r} is neither a path nor a child that a supervisor class declares")
    for place in walk(guardian):
        if issubclass(place.cls, owner):
            found = child_of(place, name)
            if found is not None:
                _check_class(found, where)
                return found
    raise UnknownActorError(f"{owner.__name__}.{name}")


def _check_class(found: ActorRef[Any], where: Any) -> None:
    wanted = getattr(where, "actor", None)
    if isinstance(wanted, type) and not issubclass(found.cls, wanted):
        raise TypeError(f"`{found.path}` is a {found.cls.__name__}, not a {wanted.__name__}")


def _down(cell: ActorRef[Any] | None, parts: tuple[str, ...]) -> ActorRef[Any] | None:
    for part in parts:
        if cell is None or cell.flags & DEAD:
            return None
        cell = child_of(cell, part)
    return cell


def _from_root(guardian: ActorRef[Any], root: ActorRef[Any] | None, parts: tuple[str, ...]) -> ActorRef[Any] | None:
    if not parts:
        return root
    found = None if root is None else _down(root, parts)
    return found if found is not None else _down(guardian, parts)


def _from_here(cell: ActorRef[Any], parts: tuple[str, ...]) -> ActorRef[Any] | None:
    place = cell.owner
    while place is not None:
        found = _down(place, parts)
        if found is not None:
            return found
        place = place.owner
    return None


def _known(place: ActorRef[Any]) -> tuple[str, ...]:
    return tuple(child.path for child in place.children()[:10])
