"""The causal chain of an error, root first: what a person reads to see what began it."""

from __future__ import annotations


def chain_of(error: BaseException | None) -> tuple[BaseException, ...]:
    """Return *error* and what caused it, the root cause first."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return tuple(reversed(chain))


def causes(error: BaseException | None) -> tuple[str, ...]:
    """Say in words what *error* came of, the root cause first: a line an error, such as ``KeyError: 'k'``."""
    return tuple(described(link) for link in chain_of(error))


def described(error: BaseException) -> str:
    """Say in a line what *error* is, even if its text cannot be had."""
    try:
        text = str(error)
    except Exception as broken:  # noqa: BLE001  an error that cannot say what it is must not end who reports it
        text = f"(its text raises {type(broken).__name__})"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
