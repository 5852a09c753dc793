"""The kernel: actors, mailboxes, refs, links, asks and the hosts that run them."""

from llmactors._accounts import Account, Reservation
from llmactors._actor import Actor
from llmactors._context import Context, Monitor
from llmactors._core.chain import causes
from llmactors._core.mailbox import Mailbox
from llmactors._declare import message
from llmactors._exits import Crash, Exit, Killed, Normal, Shutdown
from llmactors._flight import FlightRecorder, Recording
from llmactors._gather import Answered, Asks, Unanswered, hedged
from llmactors._groups import Groups, Joined, Left, Topic
from llmactors._kept import Slot
from llmactors._later import Later
from llmactors._machine import StateMachine
from llmactors._messages import (
    DeadLetter,
    Down,
    Ended,
    Exited,
    Idle,
    InHand,
    Message,
    Request,
    Started,
    StartFailed,
    StreamMessage,
)
from llmactors._ports import Watchdog
from llmactors._ref import ActorRef
from llmactors._streams import Stream
from llmactors._system import ActorSystem
from llmactors._timers import Timer
from llmactors._usage import Lived, Usage
from llmactors._values import Report
from llmactors.errors import StartIgnored

__all__ = [
    "Account",
    "Actor",
    "ActorRef",
    "ActorSystem",
    "Answered",
    "Asks",
    "Context",
    "Crash",
    "DeadLetter",
    "Down",
    "Ended",
    "Exit",
    "Exited",
    "FlightRecorder",
    "Groups",
    "Idle",
    "InHand",
    "Joined",
    "Killed",
    "Later",
    "Left",
    "Lived",
    "Mailbox",
    "Message",
    "Monitor",
    "Normal",
    "Recording",
    "Report",
    "Request",
    "Reservation",
    "Shutdown",
    "Slot",
    "StartFailed",
    "StartIgnored",
    "Started",
    "StateMachine",
    "Stream",
    "StreamMessage",
    "Timer",
    "Topic",
    "Unanswered",
    "Usage",
    "Watchdog",
    "causes",
    "hedged",
    "message",
]
