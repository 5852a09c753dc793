"""The decisions of a supervisor. Pure: no clock, thread, socket, die or log."""
