from collections.abc import Iterable
from typing import Any, ClassVar

from histories import History

from llmactors.testing._core.judge import Broken, Judge
from llmactors.testing._core.laws import Found, Law
from llmactors.testing._values import Event, Sent, Taken


class Silence(Law):
    name = "nobody says a word"
    sees: ClassVar[tuple[type[Event], ...]] = (Sent,)

    def __init__(self) -> None:
        self.heard: list[Event] = []

    def saw(self, event: Any) -> Iterable[str]:
        self.heard.append(event)
        return (f"{event.by} spoke",)


class Looks(Law):
    name = "everything is in sight"

    def look(self, system: str) -> Iterable[str]:
        return (f"{system} is dark",)

    def over(self) -> Iterable[str]:
        return ("there is no light",)


def test_a_law_is_told_of_the_kinds_of_events_that_it_sees() -> None:
    law = Silence()
    judge = Judge([law])
    for event in History().sent(1).taken(1).sent(2).events:
        judge.saw(event)
    assert [type(event) for event in law.heard] == [Sent, Sent]
    assert judge.broken == [
        Broken("nobody says a word", "outside spoke", 0),
        Broken("nobody says a word", "outside spoke", 2),
    ]


def test_a_law_that_names_no_kind_sees_all() -> None:
    class All(Silence):
        sees = ()

        def saw(self, event: Event) -> Iterable[str]:
            self.heard.append(event)
            return ()

    law = All()
    judge = Judge([law])
    for event in History().sent(1).taken(1).events:
        judge.saw(event)
    assert [type(event) for event in law.heard] == [Sent, Taken]


def test_what_is_seen_between_two_steps_or_at_the_end_is_laid_to_the_last_event() -> None:
    judge = Judge([Looks()])
    judge.look("the cellar")
    judge.saw(History().sent(1).events[0])
    judge.look("the attic")
    judge.over()
    assert judge.broken == [
        Broken("everything is in sight", "the cellar is dark", None),
        Broken("everything is in sight", "the attic is dark", 0),
        Broken("everything is in sight", "there is no light", 0),
    ]


def test_a_law_that_looks_after_some_events_only_looks_at_first_after_those_and_when_everybody_does() -> None:
    class Rarely(Law):
        name = "nobody looks in vain"
        looks_after = (Taken,)

        def __init__(self) -> None:
            self.looked: list[str] = []

        def look(self, system: str) -> tuple[str, ...]:
            self.looked.append(system)
            return ()

    rarely, always = Rarely(), Looks()
    judge = Judge([rarely, always])
    judge.look("first")
    sent, taken = History().sent(1).taken(1).events
    judge.saw(sent)
    judge.look("after a message was sent")
    judge.saw(taken)
    judge.look("after it was taken")
    judge.look("once more")
    judge.look("last", everybody=True)
    assert rarely.looked == ["first", "after it was taken", "last"]
    assert len(judge.broken) == 5, "the other law looks every time"


def test_a_sentence_may_say_which_events_it_is_about() -> None:
    class Twice(Law):
        name = "nobody speaks twice"

        def over(self) -> Iterable[str]:
            return (Found("/a spoke twice", 1, 4),)

    judge = Judge([Twice()])
    judge.over()
    assert judge.broken == [Broken("nobody speaks twice", "/a spoke twice", None, (1, 4))]
