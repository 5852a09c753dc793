"""The causal chain of an error."""

from itertools import pairwise

from llmactors._core.chain import causes, chain_of


def chained(*errors: BaseException) -> BaseException:
    for cause, error in pairwise(errors):
        error.__cause__ = cause
    return errors[-1]


def test_the_root_cause_comes_first() -> None:
    root, middle, last = KeyError("root"), ValueError("middle"), RuntimeError("last")
    assert chain_of(chained(root, middle, last)) == (root, middle, last)


def test_what_was_being_handled_counts_where_no_cause_is_named() -> None:
    error = RuntimeError("last")
    error.__context__ = KeyError("first")
    assert [type(link) for link in chain_of(error)] == [KeyError, RuntimeError]


def test_a_context_that_was_cut_off_is_not_told() -> None:
    error = RuntimeError("last")
    error.__context__ = KeyError("first")
    error.__suppress_context__ = True
    assert chain_of(error) == (error,)


def test_a_chain_that_bites_its_tail_ends() -> None:
    first, second = KeyError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert chain_of(first) == (second, first)


def test_no_error_has_no_chain() -> None:
    assert chain_of(None) == ()


def test_the_chain_in_words_is_a_line_an_error() -> None:
    assert causes(chained(ValueError("a"), RuntimeError("b"))) == ("ValueError: a", "RuntimeError: b")


def test_an_error_without_words_or_whose_words_raise_is_told_all_the_same() -> None:
    class BadError(Exception):
        def __str__(self) -> str:
            raise TypeError

    assert causes(chained(ValueError(), BadError())) == ("ValueError", "BadError: (its text raises TypeError)")
