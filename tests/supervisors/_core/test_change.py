"""A changed copy of a frozen value."""

import pytest

from supervisors._core._change import changed
from supervisors._core._family import Halting


def test_a_changed_copy_differs_in_what_was_named_and_the_value_stays() -> None:
    halting = Halting(("a", "b"), first=1, delay=2.0)
    assert changed(halting, at=1, first=0) == Halting(("a", "b"), first=0, delay=2.0, at=1)
    assert halting == Halting(("a", "b"), first=1, delay=2.0)


def test_a_field_that_it_does_not_have_is_refused() -> None:
    with pytest.raises(AttributeError, match="Halting has no field place"):
        changed(Halting(()), place=1)
