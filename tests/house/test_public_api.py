"""What we promise changes only on purpose."""

import difflib

import pytest
from public_names import RECORD, exported, public_modules, public_names
from sources import Source


def test_the_public_names_are_those_on_record() -> None:
    recorded = RECORD.read_text(encoding="utf-8").splitlines()
    changed = "\n".join(difflib.unified_diff(recorded, public_names(), "on record", "in the code", lineterm="", n=0))
    assert not changed, f"{changed}\nif this is meant: `python tests/support/public_names.py`"


@pytest.mark.parametrize("module", list(public_modules()), ids=str)
def test_a_public_module_says_what_it_exports_in_order(module: Source) -> None:
    names = exported(module)
    assert names is not None, f"{module} has no `__all__`; a module that promises nothing wears an underscore"
    assert names == sorted(names)
