"""The page says what a worker had in hand, after any death."""

import os
import subprocess
import sys

from llmactors.hosts.process._page import COUNTS, FINISHED, TAKEN, WAITING, new_page

WORKER = """
import signal, sys
from llmactors.hosts.process._page import Page
page = Page(int(sys.argv[1]), 4)
page.take(5)
page.finish(5)
page.take(7)  # a concurrent actor may take one before another has finished
page.take(6)
print(flush=True)
signal.pause()
"""


def test_after_a_kill_the_page_says_what_was_in_hand() -> None:
    page, descriptor = new_page(4)
    for number in range(5, 9):
        page.clear(number)
    arguments = [sys.executable, "-c", WORKER, str(descriptor)]
    with subprocess.Popen(arguments, pass_fds=(descriptor,), stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        worker.kill()
    assert [page.state(number) for number in range(5, 9)] == [FINISHED, TAKEN, TAKEN, WAITING]
    page.close()
    os.close(descriptor)


def test_a_place_is_used_again_once_it_is_cleared() -> None:
    page, descriptor = new_page(2)
    os.close(descriptor)
    page.take(1)
    page.finish(1)
    page.clear(3)
    assert page.state(3) == WAITING
    page.close()


def test_what_a_worker_makes_up_counts_as_in_hand() -> None:
    page, descriptor = new_page(2)
    os.pwrite(descriptor, b"\xff", COUNTS)
    os.close(descriptor)
    assert page.state(2) == TAKEN
    page.close()


def test_a_tell_that_was_taken_means_that_all_before_it_are_finished() -> None:
    page, descriptor = new_page(4)
    os.close(descriptor)
    page.counts[0] = 2
    assert [page.state_of_tell(number) for number in (1, 2, 3)] == [FINISHED, TAKEN, WAITING]
    page.counts[1] = 2
    assert [page.state_of_tell(number) for number in (1, 2, 3)] == [FINISHED, FINISHED, WAITING]
    page.close()
