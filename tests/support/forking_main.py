"""A main process for tests that kill it: one fork server, one worker with a daemon. Prints their process ids."""

import asyncio
import os
import sys
from typing import Any

from llmactors.hosts.process._server import Hearing, ServerLink


async def main() -> None:
    link = ServerLink(serve="forked:serve")
    reader, writer = os.pipe()

    def unexpected(what: Any) -> None:
        sys.exit(f"unexpected: {what}")

    link.fork(
        {"do": "daemon"}, (writer,), Hearing(lambda worker: None, unexpected, lambda status, cpu: unexpected(status))
    )
    pids = await asyncio.to_thread(os.read, reader, 100)
    if "fork" in sys.argv and os.fork() == 0:  # a fork of the main process holds a copy of every socket
        await asyncio.sleep(60)
    sys.stdout.write(f"{link.pid} {pids.decode()}\n")
    sys.stdout.flush()
    await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main())
