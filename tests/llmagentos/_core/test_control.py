"""The words of the control connection."""

import pytest

from llmagentos._core.control import Level, Order, level_key, line_of, proof, proves, read_level, read_line, read_order


def test_a_line_is_read_as_it_was_written() -> None:
    assert read_line(line_of({"a": [1, None, "\n"]})) == {"a": [1, None, "\n"]}


def test_an_order_is_a_verb_with_arguments_and_nothing_else_is_one() -> None:
    assert read_order(b'{"verb": "ps", "args": {"x": 1}}\n') == Order("ps", {"x": 1})
    for line in (b"{}", b'{"verb": 1, "args": {}}', b'{"verb": "ps", "args": []}'):
        with pytest.raises(ValueError, match="an order is"):
            read_order(line)


def test_levels_are_read_by_name_and_each_has_a_key_of_its_own() -> None:
    assert [read_level(name) for name in ("read", "control", "secrets", "faults")] == list(Level)
    with pytest.raises(ValueError, match="there is no level 'READ'"):
        read_level("READ")
    assert len({level_key(b"cookie", level) for level in Level}) == len(Level)


def test_a_proof_holds_for_one_side_of_one_connection_only() -> None:
    key = level_key(b"cookie", Level.READ)
    ours = proof(key, "client", "a", "b")
    assert proves(ours, proof(key, "client", "a", "b"))
    for other in (proof(key, "server", "a", "b"), proof(key, "client", "b", "a"), proof(b"x", "client", "a", "b")):
        assert not proves(ours, other)
    assert not proves(None, ours)
