"""The page of behaviours is what the tests and its table make it, and every row has a test or a reason."""

from conformance import PAGE, page


def test_the_page_is_what_the_tests_and_the_table_say_today() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python tests/support/conformance.py`"
