"""Foreign text made harmless: a model's or a tool's words are printed as words, never obeyed by a terminal."""

import unicodedata

KEPT = frozenset("\n\t")
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's controls, formats (text direction among them), half characters, and separators that move the cursor."""
JOINERS = frozenset("\u200c\u200d")
"""Formats that ordinary words and emoji are made of."""


def plain(text: str) -> str:
    r"""Answer *text* with everything that is not to be seen spelled out: an escape becomes `\x1b`.

    It works piece by piece: the pieces of a stream give the same as the whole.
    """
    if text.isprintable():
        return text
    return "".join(character if _is_plain(character) else _spell(character) for character in text)


def _is_plain(character: str) -> bool:
    return character in KEPT or character in JOINERS or unicodedata.category(character) not in HIDDEN


def _spell(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def one_line(text: str, longest: int = 200) -> str:
    """Answer *text* plain, on one line, and cut where it is long."""
    flat = plain(" ".join(text.split()))
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"
