import pytest
from histories import History

from llmactors.testing._core.words import Words
from llmactors.testing._values import Event, Healed, LifeUp, Noted


def h() -> History:
    return History()


@pytest.mark.parametrize(
    ("history", "who", "what"),
    [
        (h().sent(1), "test", "-> /a Player.note(1)"),
        (h().sent(1, by="/b", kind="ask"), "/b", "-> /a Player.note(1) (ask)"),
        (h().sent(1).taken(1), "/a", "takes Player.note(1)"),
        (h().sent(1).taken(1, delivery=2), "/a", "takes Player.note(1) (delivery 2)"),
        (h().taken(9), "/a", "takes message 9"),
        (h().sent(1).finished(1), "/a", "has handled Player.note(1)"),
        (h().sent(1).failed(1), "/a", "fails in Player.note(1): ValueError()"),
        (h().sent(1).aside(1), "/a", "puts Player.note(1) aside"),
        (h().sent(1).passed_on(1), "/a", "-> /b Player.note(1) (passed on)"),
        (h().sent(1, by="/b").resolved(1), "/b", "Player.note(1) is answered: 7"),
        (h().sent(1).resolved(1, "timeout"), "test", "Player.note(1) has run out of time"),
        (h().resolved(9, "left"), "test", "message 9 is given up by its asker"),
        (h().sent(1).again(1), "/a", "is given Player.note(1) again"),
        (h().sent(1).dead(1, "full"), "/a", "Player.note(1) is a dead letter: full"),
        (h().began(), "/a", "is started (life 1)"),
        (h().up().ended().began(life=2), "/a", "is started again (life 2)"),
        (h().add(LifeUp, path="/a", life=1), "/a", "is up"),
        (h().ending(), "/a", "begins to end: Shutdown()"),
        (h().ended(asked=False), "/a", "has ended: Crash(ValueError())"),
        (h().discarded(), "/a", "is no more"),
        (h().watched(), "/w", "watches /a"),
        (h().watched().fired(), "/w", "hears that /a has ended"),
        (h().watched().taken_back(), "/w", "watches /a no more"),
        (h().fired(9), "test", "hears that monitor 9 has ended"),
        (h().injected(), "/a", "kill (fault) at taken A.b #1"),
        (h().add(Healed), "test", "faults end here"),
        (h().add(Noted, text="noon"), "test", "noon"),
        (h().add(Event), "test", "Event"),
    ],
)
def test_every_event_has_words(history: History, who: str, what: str) -> None:
    words, event = Words(history.events), history.events[-1]
    assert (words.who(event), words.what(event)) == (who, what)
