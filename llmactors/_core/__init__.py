"""Decisions of the kernel: pure functions of state, event and time."""
