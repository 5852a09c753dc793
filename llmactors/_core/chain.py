"""The causal chain of an error, root first: what a person reads to see what began it."""

from __future__ import annotations

from llmactors._words import text_of


def chain_of(error: BaseException | None) -> tuple[BaseException, ...]:
    """Return *error* and what caused it, the root cause first."""
    chain: list[BaseException] = []
    while error is not None and not any(error is link for link in chain):
        chain.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return tuple(reversed(chain))


def causes(error: BaseException | None) -> tuple[str, ...]:
    """Say in words what *error* came of, the root cause first: a line an error, such as ``KeyError: 'k'``."""
    return tuple(described(link) for link in chain_of(error))


def described(error: BaseException) -> str:
    """Say in a line what *error* is, even if its text cannot be had."""
    text = text_of(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
