import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmactors.testing._core.choices import Choice
from llmactors.testing._core.tape import KEYS, Player, Tape, TapeError, dumps, loads, misfit

KILL = Choice("kill /pool/worker-2 finished Worker.run #3", "yes")
NEXT = Choice("next /pool Pool.job #7", "/pool/worker-2 Worker.run #3")
TAPE = Tape(
    test="tests/test_jobs.py::test_no_job_is_lost",
    law="every ask resolves exactly once",
    seed=0x51F3,
    root="App",
    choices=(NEXT, KILL),
)
TEXT = """\
llmactors tape 1
test: tests/test_jobs.py::test_no_job_is_lost
law: every ask resolves exactly once
seed: 0x51f3
root: App

next /pool Pool.job #7 => /pool/worker-2 Worker.run #3
kill /pool/worker-2 finished Worker.run #3 => yes
end
"""


def test_a_tape_is_text_of_one_line_a_choice() -> None:
    assert dumps(TAPE) == TEXT
    assert loads(TEXT) == TAPE


def test_a_tape_may_be_commented_and_spaced_by_hand() -> None:
    commented = TEXT.replace("kill", "\n  # here it comes\n\n  kill")
    assert loads(f"# found on a Monday\n{commented}\n\n") == TAPE
    assert loads(TEXT.replace("\n", "\r\n")) == TAPE


def test_comments_are_written_after_the_head() -> None:
    text = dumps(TAPE, ["what was broken:", "job 7 was answered\ntwice", ""])
    assert "root: App\n# what was broken:\n# job 7 was answered\n# twice\n#\n\nnext" in text
    assert loads(text) == TAPE


def test_an_empty_tape_is_the_plain_run() -> None:
    assert dumps(Tape()) == "llmactors tape 1\n\nend\n"
    assert loads(dumps(Tape())) == Tape()


def test_a_seed_may_be_written_in_decimals() -> None:
    assert loads(TEXT.replace("0x51f3", "20979")).seed == 0x51F3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1: this is no tape: the first line of one is `llmactors tape 1`"),
        ("seed: 3\nend\n", "line 1: this is no tape"),
        (
            TEXT.replace("tape 1", "tape 2"),
            "line 1: version 2 of tapes is unknown here, where 1 is read: record it anew",
        ),
        (TEXT.removesuffix("end\n"), "line 9: it ends without `end`: it was cut off"),
        (TEXT[: TEXT.index("7 =>")], "line 7: `next /pool Pool.job #` is neither `key: value` nor `point => pick`"),
        (TEXT[: TEXT.index("3 => yes")], "line 8: `kill /pool/worker-2 finished Worker.run #` is no choice"),
        (TEXT.replace("law", "rule"), "line 3: `rule` is unknown: there are test, law, seed, root, missing"),
        (TEXT.replace("root: App", "seed: 4"), "line 5: `seed` is said twice: leave one of them out"),
        (TEXT.replace("0x51f3", "lucky"), "line 4: seed `lucky` is no whole number: write it as `0x51f3` or `20979`"),
        (TEXT + TEXT, "line 10: `llmactors tape 1` follows `end`: one file holds one tape"),
    ],
)
def test_what_is_no_tape_is_refused_by_line_and_with_a_remedy(text: str, why: str) -> None:
    with pytest.raises(TapeError) as caught:
        loads(text, "tests/tapes/x.tape")
    assert str(caught.value).startswith(f"tests/tapes/x.tape, {why}")
    assert (caught.value.source, caught.value.line) == ("tests/tapes/x.tape", int(why.split()[1].rstrip(":")))


def test_a_tape_that_was_cut_off_anywhere_is_refused() -> None:
    for length in range(len(TEXT) - 1):
        with pytest.raises(TapeError):
            loads(TEXT[:length])


WORD = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)
WORDS = st.lists(WORD, min_size=1, max_size=5).map(" ".join)
FACT = st.just("") | WORDS


@given(
    st.builds(
        Tape,
        test=FACT,
        law=FACT,
        root=FACT,
        missing=FACT,
        seed=st.none() | st.integers(0, 2**64),
        choices=st.lists(st.builds(Choice, WORDS, WORDS), max_size=6).map(tuple),
    ),
    st.lists(st.text(), max_size=3),
)
def test_what_can_be_written_is_read_back(tape: Tape, comments: list[str]) -> None:
    try:
        text = dumps(tape, comments)
    except ValueError:
        assert any(
            "=>" in c.pick or c.point.startswith("#") or c.point.split(":")[0].strip() in KEYS for c in tape.choices
        )
    else:
        assert loads(text) == tape


@pytest.mark.parametrize(
    "tape",
    [
        Tape(law="two\nlines"),
        Tape(root=" App"),
        Tape(choices=(Choice("a\nb", "yes"),)),
        Tape(choices=(Choice("a", "b => c"),)),
        Tape(choices=(Choice("a", "b "),)),
        Tape(choices=(Choice("# a", "yes"),)),
        Tape(choices=(Choice("seed: a", "yes"),)),
        Tape(choices=(Choice("", "yes"),)),
        Tape(choices=(Choice("a", ""),)),
    ],
)
def test_what_would_not_be_read_back_is_not_written(tape: Tape) -> None:
    with pytest.raises(ValueError, match=r"tape holds one line|would not be read back"):
        dumps(tape)


# -- playing -------------------------------------------------------------------------------------------------
def test_a_point_is_answered_with_what_the_tape_says_in_whatever_order_points_come() -> None:
    player = Player([NEXT, KILL])
    assert player.pick(KILL.point, ["yes"]) == "yes"
    assert player.pick("next /a A.b #1", ["/a A.b #1", "/c"]) is None
    assert player.pick(NEXT.point, ["/pool Pool.job #7", NEXT.pick]) == NEXT.pick
    assert player.unmet() == ()


def test_what_was_said_once_is_said_once() -> None:
    player = Player([KILL])
    assert [player.pick(KILL.point, ["yes"]) for _ in range(2)] == ["yes", None]


def test_several_choices_at_one_point_are_said_in_order_as_far_as_they_are_on_offer() -> None:
    player = Player([Choice("p", "a"), Choice("p", "b"), Choice("p", "a")])
    assert player.pick("p", ["b", "c"]) == "b"
    assert player.pick("p", ["a", "b"]) == "a"
    assert player.pick("p", ["c"]) is None
    assert player.pick("p", ["a"]) == "a"


def test_an_amount_is_whatever_the_tape_says() -> None:
    assert Player([Choice("delay /a amount", "1.25")]).pick("delay /a amount") == "1.25"


def test_what_never_came_up_is_reported_in_the_order_of_the_tape() -> None:
    choices = [Choice("p", "a"), Choice("q", "a"), Choice("p", "b"), Choice("r", "a")]
    player = Player(choices)
    player.pick("p", ["b"])
    player.pick("r", ["x"])
    assert player.unmet() == (choices[0], choices[1], choices[3])


# -- whether it fits -----------------------------------------------------------------------------------------
FIRST, FAULT, LATER, SECOND = Choice("p", "a"), Choice("kill /a", "yes"), Choice("q", "b"), Choice("kill /b", "yes")
TURNS = tuple(Choice(f"then {place}", f"/a #{place}") for place in range(1, 5))


@pytest.mark.parametrize(
    ("choices", "unmet", "missed"),
    [
        ((), (), None),
        ((FIRST, LATER), (), None),
        ((FIRST, LATER), (LATER,), None),  # gone with the bug, it may be
        ((FIRST, LATER), (FIRST,), FIRST),
        ((FIRST, LATER), (FIRST, LATER), FIRST),
        ((FIRST, FAULT, LATER), (FAULT,), FAULT),
        ((FIRST, FAULT, LATER), (LATER,), None),
        ((FAULT, LATER, SECOND), (LATER, SECOND), None),
        ((FIRST, FIRST), (FIRST,), None),  # the first of two of the same name
        (TURNS, (), None),
        (TURNS, TURNS[:3], None),
        (TURNS, TURNS[3:], TURNS[3]),
        (TURNS, TURNS, TURNS[3]),
    ],
)
def test_a_tape_fits_as_long_as_what_makes_it_its_run_comes_up(
    choices: tuple[Choice, ...], unmet: tuple[Choice, ...], missed: Choice | None
) -> None:
    assert misfit(choices, unmet) == missed
