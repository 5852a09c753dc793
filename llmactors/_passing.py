"""Messages that change hands: what one actor passes on to another, and what an owner takes back from a slot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmactors import _slots as slots
from llmactors._asks import Ask
from llmactors._carried import Envelope, taken_out
from llmactors._core.flags import REQUEUED
from llmactors._messages import InHand
from llmactors._streams import Flow
from llmactors.errors import NotSerialisableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llmactors._ref import ActorRef


def pass_on(item: Any, to: ActorRef[Any], deliveries: int = 0) -> None:
    """Put what one actor has taken into another's mailbox: that one answers. What ended a life before goes in front."""
    if deliveries:
        _put_back([taken_out(item, deliveries)], to)
    elif isinstance(item, (Ask, Flow)):
        item.cell = to
        to.accept(item)
    elif isinstance(item, Envelope):
        to.scheduler.within(item.context.copy(), pass_on, item.message, to)
    else:
        try:
            to.tell(item)
        except NotSerialisableError:  # its sender is not here to hear it
            to.system.dead_letter(item, to, "unhandled")


def take_back(cell: ActorRef[Any], in_hand: Iterable[InHand] = ()) -> None:
    """Put what its last life had in hand, and what waits in a cell, back in front of its owner's mailbox, in order."""
    owner, inbox, extra = cell.owner, cell.inbox, cell.need_extra()
    items = list(in_hand)
    given = {id(message.item) for message in items}
    extra.in_hand = [message for message in extra.in_hand if id(message.item) not in given]
    if extra.requeued:  # it was given to this one, and its turn did not come
        waited = [taken_out(message.item, message.deliveries) for message in extra.requeued]
        items = waited[: extra.older] + items + waited[extra.older :]
        extra.older = 0
        extra.again = extra.requeued = None
        cell.flags &= ~REQUEUED
    if inbox:
        items += [InHand(item, 0) for item in inbox]
        inbox.clear()
    if extra.lane:
        items += [InHand(item, 0) for item in extra.lane.clear()]
    if owner is not None and items:
        _put_back(items, owner)


def _put_back(messages: list[InHand], to: ActorRef[Any]) -> None:
    for message in messages:
        if isinstance(message.item, (Ask, Flow)):
            message.item.cell = to
    slots.requeue(to, messages)
    to.scheduler.requeue(to)
