"""The command `llmagentos`, before anything of it is imported: Ctrl-C ends it without a word from its first moment."""

import signal


def main() -> None:
    """Import the command line, which takes a while, and run it."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # a program in the background ignores it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from llmagentos.cli import main as run  # noqa: PLC0415 - this is what takes a while

    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, before)
    run()
