"""A package index of our own on this machine, with a wheel in it that carries a file, and as slow as a test wants."""

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PACKAGE = "llm-tiny"
WHEEL = "llm_tiny-1.0-py3-none-any.whl"
MEMBER = "llm_tiny/tiny.gguf"


def wheel(content: bytes) -> bytes:
    """Return a wheel that carries *content* and is installable otherwise."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(MEMBER, content)
        archive.writestr("llm_tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: llm-tiny\nVersion: 1.0\n")
        archive.writestr("llm_tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("llm_tiny-1.0.dist-info/RECORD", "")
    return written.getvalue()


def requirement(content: bytes) -> str:
    """Return the requirement that is locked to the wheel *content*."""
    return f"{PACKAGE}==1.0 --hash=sha256:{hashlib.sha256(content).hexdigest()}"


class PackageIndex:
    """Serves one wheel over HTTP on 127.0.0.1, its second half only while `flowing` is set."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.flowing = threading.Event()
        self.flowing.set()
        self.stalled = threading.Event()
        self.breaks = False
        """Whether the connection ends within the wheel."""
        self.served = 0
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the base class's spelling
                index.answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the base class's spelling
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        """What pip calls the index URL."""
        return f"http://127.0.0.1:{self.server.server_address[1]}/simple/"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer with the page of the package, or with the wheel."""
        is_wheel = request.path.endswith(WHEEL)
        body = self.content if is_wheel else f'<a href="/{WHEEL}">{WHEEL}</a>'.encode()
        request.send_response(200)
        request.send_header("Content-Type", "application/octet-stream" if is_wheel else "text/html")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        try:
            self._send(request, body, is_wheel=is_wheel)
        except (BrokenPipeError, ConnectionResetError):
            return  # the client was killed, which is what some tests are about

    def _send(self, request: BaseHTTPRequestHandler, body: bytes, *, is_wheel: bool) -> None:
        half = len(body) // 2
        request.wfile.write(body[:half])
        if is_wheel:
            self.served += 1
            if not self.flowing.is_set():
                self.stalled.set()
            self.flowing.wait(30)
            if self.breaks:
                return
        request.wfile.write(body[half:])

    @contextmanager
    def running(self) -> Iterator["PackageIndex"]:
        """Serve for the block."""
        thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self.flowing.set()
            self.server.shutdown()
            self.server.server_close()
            thread.join()
