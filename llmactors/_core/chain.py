"""The causal chain of an error, root first: what a person reads to see what began it."""

from __future__ import annotations


def chain_of(error: BaseException | None) -> tuple[BaseException, ...]:
    """Return *error* and what caused it, the root cause first."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return tuple(reversed(chain))


def describe_chain(error: BaseException | None) -> tuple[str, ...]:
    """Say the chain in words, one line an error, the root cause first."""
    return tuple(f"{type(link).__name__}: {link}" for link in chain_of(error))
