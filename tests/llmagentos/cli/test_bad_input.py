"""What is wrong with the input, or with the place a command was started in, is told in a sentence with a status."""

import signal
import subprocess
import sys

import pytest
from command_line import COMMAND, WAIT, CommandLine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def shell(command: CommandLine, line: str) -> "subprocess.CompletedProcess[bytes]":
    """Run `"$@" LINE` in a shell, where `"$@"` is the command line."""
    return subprocess.run(
        ["/bin/sh", "-c", f'"$@" {line}', "sh", *COMMAND],
        capture_output=True,
        env=command.environment,
        cwd=command.directory,
        timeout=WAIT,
        check=False,
    )


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def x(:", "importing it raises SyntaxError: invalid syntax"),
        ("import nosuchthing", "importing it raises ModuleNotFoundError: No module named 'nosuchthing'"),
        ("raise ValueError('boom')", "importing it raises ValueError: boom"),
    ],
)
def test_a_file_that_cannot_be_imported_is_told_with_its_own_frames_only(
    command: CommandLine, source: str, told: str
) -> None:
    (command.directory / "bad.py").write_text(source)
    done = command("run", "bad.py")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"cannot run `bad.py`: {told}" in done.stderr.splitlines()[-1]
    assert "bad.py" in done.stderr
    assert "importlib" not in done.stderr
    assert "_run.py" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("run", "."), 1, "cannot run `.`: it is a directory"),
        (("run", "missing.py"), 1, "there is no such file"),
        (("run", "app.py", "--log-level", "silly"), 2, "there is no log level `silly`; there are debug, info,"),
    ],
)
def test_wrong_arguments_of_run_are_told(
    command: CommandLine, arguments: tuple[str, ...], status: int, told: str
) -> None:
    done = command(*arguments)
    assert done.returncode == status
    assert told in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_a_question_that_is_no_text_is_refused(command: CommandLine, locale: str) -> None:
    command.environment["LC_ALL"] = locale
    (command.directory / "noise").write_bytes(b"ab\xff\xfe")
    done = shell(command, "chat < noise")
    assert done.returncode == 2
    assert b"the question is no UTF-8 text: byte 3 of it is not" in b" ".join(done.stderr.split())


def test_a_closed_standard_input_is_an_empty_question(command: CommandLine) -> None:
    done = shell(command, "chat <&-")
    assert done.returncode == 2
    assert b"the question is empty" in done.stderr
    assert b"Traceback" not in done.stderr


def test_output_that_cannot_be_written_is_told(command: CommandLine) -> None:
    done = shell(command, "model list > /dev/full")
    assert (done.returncode, done.stderr) == (1, b"llmagentos: the system refuses: No space left on device\n")


def test_ctrl_c_ends_a_command_without_a_word_while_it_still_imports(command: CommandLine) -> None:
    program = """
import os, signal, sys

class Finder:
    def find_spec(self, name, *_):
        if name == "llmagentos":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
from _llmagentos import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, env=command.environment, timeout=WAIT, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")


def test_a_file_with_nothing_to_run_is_told(command: CommandLine) -> None:
    (command.directory / "none.py").write_text("print('nothing')")
    done = command("run", "none.py")
    assert done.returncode == 1
    assert "it defines no Supervisor and no Agent; one that it imports is named as in `" in " ".join(
        done.stderr.split()
    )


def test_the_version_is_told(command: CommandLine) -> None:
    done = command("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("llmagentos ")


@pytest.mark.model
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_an_answer_is_made_whichever_streams_are_closed(command: CommandLine, closed: str) -> None:
    done = shell(command, f'chat "What is the capital of France?" {closed}')
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
