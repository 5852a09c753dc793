"""What users get is what is tested."""

import importlib.util
import os
from pathlib import Path

import pytest
from sources import PACKAGES, ROOT


@pytest.mark.skipif(os.environ.get("TOX_ENV_NAME") != "tests", reason="only tox builds and installs the wheel")
@pytest.mark.parametrize("package", PACKAGES)
def test_under_tox_the_tests_run_on_the_built_wheel(package: str) -> None:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    assert ROOT not in Path(spec.origin).parents or "site-packages" in Path(spec.origin).parts


def test_every_package_says_that_it_is_typed() -> None:
    assert [package for package in PACKAGES if not (ROOT / package / "py.typed").exists()] == []
