"""W3C trace context: what may be read, and that what is written is read again as it was."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmactors._core.traceparent import TraceContext, parse, root

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"

ids = st.integers(min_value=0, max_value=2**64)


@given(trace=st.integers(min_value=0), span=ids, sampled=st.booleans(), state=st.text("ab=,:@1", max_size=512))
def test_what_is_written_is_read_again(trace: int, span: int, sampled: bool, state: str) -> None:
    context = root(trace, span, sampled=sampled)
    read = parse(context.traceparent, state)
    assert read == replace(context, state=state)
    assert len(context.traceparent) == 55


@given(text=st.text(max_size=80) | st.text("0123456789abcdef-", min_size=50, max_size=60))
def test_whatever_comes_in_is_read_whole_or_refused(text: str) -> None:
    try:
        context = parse(text)
    except ValueError:
        return
    assert (context.trace_id, context.span_id) == (text[3:35], text[36:52])


@given(number=ids)
def test_a_child_is_another_step_of_the_same_trace(number: int) -> None:
    parent = TraceContext(TRACE, SPAN, sampled=False, state="a=1")
    child = parent.child(number)
    assert (child.trace_id, child.parent_id, child.sampled, child.state) == (TRACE, SPAN, False, "a=1")
    assert int(child.span_id, 16)


@pytest.mark.parametrize(
    ("text", "sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f"00-{TRACE}-{SPAN}-03", True),
        (f"00-{TRACE}-{SPAN}-fe", False),
        (f"cc-{TRACE}-{SPAN}-01", True),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like", True),
    ],
)
def test_a_traceparent_is_read(text: str, sampled: bool) -> None:
    assert parse(text) == TraceContext(TRACE, SPAN, sampled)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"cc-{TRACE}-{SPAN}-01.more",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
        f" 00-{TRACE}-{SPAN}-01",
    ],
)
def test_what_is_no_traceparent_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no traceparent"):
        parse(text)


@pytest.mark.parametrize(("state", "kept"), [("a=1,b=2", "a=1,b=2"), ("a" * 513, ""), ("a=\n", ""), ("ä=1", "")])
def test_a_state_is_passed_on_as_it_is_or_left_out(state: str, kept: str) -> None:
    assert parse(f"00-{TRACE}-{SPAN}-01", state).state == kept
