"""The sentinel: a small process beside a watched one, for what no thread in that one can see.

Theory of operation
1. It is run as a script, by the interpreter of the process that it watches, and imports nothing but a few modules of
   the standard library. It ends with that process, or is killed by it.
2. The watchdog's thread there counts its own looks on a shared page. When the count stands still, that thread waits for
   the interpreter's lock. Whose handler holds it stands in the memory of that process, at a place that we were told.
3. Time counts only while that is certain: we were not late ourselves, nobody has stopped that process or debugs it, its
   watchdog keeps asking for the lock (a thread that waits for it wakes up many times a second; one that gets no
   processor does not), and the loop's thread does not ask for it as well.
4. After the hard limit that process gets the watchdog's signal: code in C that looks after signals, as `re` does, lets
   a Python handler run, which may raise. When nothing helps, we say who it was and where, and end the process by its
   latch: see `_outside`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

STATUS: Final = 70  # EX_SOFTWARE
STRIKES: Final = 3
PAGE: Final = 16  # bytes: the watchdog's looks, whether there is a debugger; behind them we ask for an interrupt
LATE: Final = 0.5  # seconds
OTHERS: Final = b"TtDZX"  # states in which a process does not run for reasons that are not its own
DEEPEST: Final = 100  # owners in a path
LETTERS: Final = sys.getsizeof("") - 1  # where the characters of an ASCII text begin
LENGTH: Final = 16  # where its length stands, in every CPython
NUMBER: Final = 16  # where a float has its value
DIGIT: Final = 24  # where the lowest digit of an int stands
TYPE_NAME: Final = 24  # where a type has its name, as C has names


class Memory:
    """Objects of another process, by their addresses.

    Args:
        pid: The process. It must have let us look.
    """

    def __init__(self, pid: int) -> None:
        self._path = f"/proc/{pid}/mem"

    def read(self, address: int, size: int) -> bytes:
        """Return *size* bytes.

        Raises:
            OSError: They cannot be read.
        """
        with open(self._path, "rb", buffering=0) as memory:  # noqa: PTH123  no buffer: it would read ahead
            return os.pread(memory.fileno(), size, address)

    def word(self, address: int) -> int:
        """Return the address, or number, that stands at *address*."""
        return int.from_bytes(self.read(address, 8), sys.byteorder)

    def text(self, address: int) -> str:
        """Return the `str` at *address*; what is not ASCII in it, as question marks."""
        length = self.word(address + LENGTH)
        found = self.read(address + LETTERS, min(length, 200))
        return "".join(chr(code) if 32 <= code < 127 else "?" for code in found)  # noqa: PLR2004  the printable ones

    def c_text(self, address: int) -> str:
        """Return the text at *address* that ends with a zero."""
        return self.read(address, 100).partition(b"\0")[0].decode(errors="replace")


class Actors:
    """What the memory of a system says about its actors.

    Args:
        memory: The process.
        places: Where what stands: addresses, and the offsets of fields.
    """

    def __init__(self, memory: Memory, places: dict[str, int]) -> None:
        self._memory, self._at = memory, places

    def current(self) -> int:
        """Return the address of the actor whose handler runs; 0 for none."""
        cell = self._memory.word(self._at["current"])
        return 0 if cell == self._at["none"] else cell

    def began(self) -> bytes:
        """Return when it began, as the process has it."""
        return self._memory.read(self._memory.word(self._at["last"]) + NUMBER, 8)

    def path(self, cell: int) -> str:
        """Return an actor's path from the root."""
        parts, root = list[str](), self._memory.word(self._at["root"])
        for _ in range(DEEPEST):
            owner = self._memory.word(cell + self._at["owner"])
            if owner == self._at["none"]:
                break
            if cell != root:
                parts.append(self._name(cell))
            cell = owner
        return "/" + "/".join(reversed(parts))

    def _name(self, cell: int) -> str:
        word = self._memory.word
        label = word(cell + self._at["label"])
        if word(label + 8) == self._at["str"]:
            return self._memory.text(label)
        cls = word(word(cell + self._at["handlers"]) + self._at["cls"])
        number = int.from_bytes(self._memory.read(label + DIGIT, 4), sys.byteorder)
        return f"{self._memory.c_text(word(cls + TYPE_NAME)).rpartition('.')[2].lower()}-{number}"


class Sentinel:
    """Watches one system.

    Args:
        order: What `_outside` tells: see there.
    """

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._pid: int = order["pid"]
        self._actors = Actors(Memory(self._pid), order["places"])
        self._wakes = (0, 0)
        self._delays = self._starved = 0.0
        self._counted = self._struck = 0.0
        self._strikes = 0

    def run(self) -> None:
        """Watch until the process is over."""
        process = select.poll()
        process.register(os.pidfd_open(self._pid), select.POLLIN)
        seen, before = -1, time.monotonic()
        while os.getppid() == self._pid and not process.poll(self._order["period"] * 1000):
            looks, debugged = self._page()
            now = time.monotonic()
            if looks != seen:
                seen, self._counted, self._struck, self._strikes, self._wakes = looks, 0.0, 0.0, 0, (0, 0)
            elif self._is_held() and not debugged and now - before < self._order["period"] + LATE:
                self._counted += max(0.0, now - before - self._starved)
                self._judge(looks, process)
            before = now

    def _page(self) -> tuple[int, int]:
        page = os.pread(self._order["page"], PAGE, 0)
        return int.from_bytes(page[:8], sys.byteorder), page[8]

    # -- is it certain? ----------------------------------------------------------------------------------------
    def _is_held(self) -> bool:
        """Say whether the loop's thread has held the lock since the last look."""
        try:
            process, loop, watchdog = (self._status(self._order[thread]) for thread in ("pid", "loop", "watchdog"))
            running = self._actors.current()
        except (OSError, ValueError):  # it is over, or does not let us look
            return False
        wakes, delays = self._wakes, self._delays
        self._wakes, self._delays = (loop[2], watchdog[2]), self._delay(self._order["loop"])
        self._starved = self._delays - delays
        asks, waits = watchdog[2] - wakes[1], loop[2] - wakes[0]
        if not running or wakes == (0, 0) or process[1] or OTHERS.find(loop[0]) >= 0 or OTHERS.find(process[0]) >= 0:
            return False
        return asks > 1 and not asks <= 2 * waits <= 4 * asks

    def _status(self, thread: int) -> tuple[bytes, int, int]:
        """Return a thread's state, who debugs it, and how often it has waited for something."""
        found = Path(f"/proc/{self._pid}/task/{thread}/status").read_bytes()
        facts = dict(line.split(b":\t", 1) for line in found.splitlines() if b":\t" in line)
        return facts[b"State"][:1], int(facts[b"TracerPid"]), int(facts[b"voluntary_ctxt_switches"])

    def _delay(self, thread: int) -> float:
        """Return the seconds for which a thread could have run and got no processor, where the kernel counts them."""
        try:
            return int(Path(f"/proc/{self._pid}/task/{thread}/schedstat").read_bytes().split()[1]) / 1e9
        except (OSError, IndexError):
            return 0.0

    # -- what follows --------------------------------------------------------------------------------------------
    def _judge(self, looks: int, process: select.poll) -> None:
        hard, grace = self._order["hard"], self._order["grace"]
        if self._counted < hard or (self._strikes and self._counted - self._struck < grace):
            return
        if self._strikes >= STRIKES:
            self._end(process)
        self._strikes, self._struck = self._strikes + 1, self._counted
        if self._order["interrupt"] is not None:
            with contextlib.suppress(OSError):
                os.pwrite(self._order["page"], looks.to_bytes(8, sys.byteorder) + self._actors.began(), PAGE)
                os.kill(self._pid, self._order["interrupt"])

    def _end(self, process: select.poll) -> None:
        """Say who it is, and end the process."""
        try:
            path = self._actors.path(self._actors.current())
        except OSError:
            return
        sys.stderr.write(
            f"a handler of `{path}` does not return and never lets go of the interpreter's lock: the process ends with "
            f"status {STATUS}; give the work to a `Process()` host\n{self._stack()}"
        )
        sys.stderr.flush()
        os.write(self._order["latch"], b"\0")
        if not process.poll(2000):
            os.kill(self._pid, signal.SIGKILL)

    def _stack(self) -> str:
        """Have the process write its stacks, and return that of the loop's thread."""
        os.kill(self._pid, self._order["dump"])
        size, until = -1, time.monotonic() + 1.0
        while time.monotonic() < until and (size <= 0 or size != os.fstat(self._order["stacks"]).st_size):
            size = os.fstat(self._order["stacks"]).st_size
            time.sleep(0.02)
        stacks = os.pread(self._order["stacks"], 1 << 20, 0).decode(errors="replace")
        found = re.search(rf"{self._order['ident']:016x}[^\n]*\n((?: .*\n)+)", stacks)
        return found.group(1) if found else stacks


if __name__ == "__main__":
    Sentinel(json.loads(sys.argv[1])).run()
