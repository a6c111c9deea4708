"""A receiver of webhooks for tests: a real HTTP server on loopback that answers as it is told and keeps what it got."""

import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer: headers and body as they are; `delay_s` before it; with `raw`, these bytes and nothing else."""

    status: int = 204
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    delay_s: float = 0.0
    raw: tuple[bytes, ...] = ()
    pause_s: float = 0.0


class Receiver:
    """Listens while it is in a `with` statement. `reply` says what to answer; it may be changed at any time."""

    def __init__(
        self,
        reply: Reply | Callable[[Received], Reply] = Reply(),
        *,
        host: str = "127.0.0.1",
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.reply = reply
        self.requests: list[Received] = []
        self.at_once = 0
        self.most_at_once = 0
        self._host = host
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._stopping = threading.Event()
        self._server = ThreadingHTTPServer((host, 0), self._handler())
        self._server.daemon_threads = True
        self._scheme = "http"
        if context is not None:
            self._scheme = "https"
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"{self._scheme}://{self._host}:{self.port}"

    def wait(self, count: int, *, timeout_s: float = 30) -> list[Received]:
        """The requests, once there are so many."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.requests) >= count, timeout_s), f"{len(self.requests)} came"
            return list(self.requests)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                with receiver._arrived:
                    receiver.requests.append(got)
                    receiver.at_once += 1
                    receiver.most_at_once = max(receiver.most_at_once, receiver.at_once)
                    receiver._arrived.notify_all()
                try:
                    self._answer(receiver.reply(got) if callable(receiver.reply) else receiver.reply)
                except OSError:  # the sender has lost patience
                    self.close_connection = True
                finally:
                    with receiver._lock:
                        receiver.at_once -= 1

            def _answer(self, reply: Reply) -> None:
                receiver._stopping.wait(reply.delay_s)
                if reply.raw:
                    for piece in reply.raw:
                        self.wfile.write(piece)
                        time.sleep(reply.pause_s)
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                for name, value in reply.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, *_: object) -> None:
                """Nothing on standard error."""

        return Handler
