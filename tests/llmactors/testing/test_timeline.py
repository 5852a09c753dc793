"""A run as a page: everything in it, nothing outside it, and no text that is taken for markup."""

from html.parser import HTMLParser

import pytest
from histories import History
from stories import answered_twice, long_day

from llmactors.testing._core.judge import Broken
from llmactors.testing._report import Failure
from llmactors.testing._timeline import timeline, timeline_of


class Page(HTMLParser):
    """Counts what is on a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.styles: list[str] = []
        self.text: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        self.tags.append(tag)
        self.styles.append(facts.get("class") or "")
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "xlink:href")]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("messages", [0, 1, 40, 100])
def test_every_event_is_on_the_page_and_the_page_needs_nothing_else(messages: int) -> None:
    history = long_day(messages)
    page = Page(timeline(history.events, "a day"))
    assert page.styles.count("told") == len(history.events)
    assert page.links == []
    assert "script" not in page.tags
    assert page.tags.count("title") > len(history.events), "everything says what it is"


def test_text_is_never_taken_for_markup() -> None:
    text = "</title><script>alert('&')</script>"
    history = History().up("/<b>a</b>").sent(1, "/<b>a</b>", text=text)
    page = Page(timeline(history.events, text, text, [text]))
    assert not {"script", "b"} & set(page.tags)
    assert text in page.text
    assert f"test -> /<b>a</b> {text}" in page.text


def test_the_violation_and_the_faults_are_marked() -> None:
    history = answered_twice()
    broken = Broken("every ask resolves exactly once", "it was answered twice", 34, (10, 23))
    page = Page(timeline_of(Failure(test="test_jobs", broken=broken, history=history.events, replay="pytest -k jobs")))
    assert page.styles.count("marked") == 3 + 1, "the three events, and the legend"
    assert page.styles.count("struck") == 1
    assert {"it was answered twice", "law: every ask resolves exactly once", "pytest -k jobs"} <= set(page.text)


def test_a_long_name_is_cut_where_it_stands_and_whole_in_its_title() -> None:
    path = "/" + "n" * 80
    page = Page(timeline(History().up(path).events, "long"))
    assert "…" + "n" * 22 in page.text
    assert path in page.text


def test_a_run_in_which_nothing_happened_is_a_page_too() -> None:
    page = Page(timeline([], "nothing"))
    assert "what happened" in page.text
