"""Makes a Redis without WAITAOF pass for version 7.2: a proxy that answers that command itself.

It rewrites what clients ask, and never what the server says: WAITAOF and INFO become scripts that return the wanted answer,
so that all answers keep their order.
"""

import socketserver
import threading
import time
from types import TracebackType
from typing import Self

from tests.redis_server import RedisServer

_INFO = b"return 'redis_version:%s\\r\\nserver_name:redis\\r\\naof_enabled:1\\r\\n'"


class NewerRedis:
    """In front of `server`, in a `with` statement.

    `local` is what WAITAOF says of the server's own file, after `seconds`. `commands` lists, for each connection that waited,
    what it sent before: the names of commands.
    """

    def __init__(self, server: RedisServer, *, version: str = "7.2.4") -> None:
        self.local = 1
        self.seconds = 0.0
        self.commands: list[list[str]] = []
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                sent: list[str] = []
                with server.client() as pool:
                    upstream = pool.connection_pool.make_connection()
                    upstream.connect()
                    sock = upstream._sock
                    sock.settimeout(None)
                    threading.Thread(target=self.pump, args=(sock,), daemon=True).start()
                    while parts := self.command():
                        sock.sendall(_command(*proxy._rewritten(parts, sent, version.encode())))
                    upstream.disconnect()

            def pump(self, sock: socketserver.socket.socket) -> None:  # type: ignore[name-defined]
                try:
                    while data := sock.recv(65_536):
                        self.request.sendall(data)
                except OSError:
                    return

            def command(self) -> list[bytes]:
                head = self.rfile.readline()
                if not head.startswith(b"*"):
                    return []
                parts = []
                for _ in range(int(head[1:])):
                    size = int(self.rfile.readline()[1:])
                    parts.append(self.rfile.read(size + 2)[:-2])
                return parts

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False
            allow_reuse_address = True

            def handle_error(self, request: object, address: object) -> None:
                """Clients go when their test ends."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"redis://127.0.0.1:{self._server.server_address[1]}/0"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _rewritten(self, parts: list[bytes], sent: list[str], version: bytes) -> list[bytes]:
        name = parts[0].upper().decode()
        sent.append(name)
        if name == "INFO":
            return [b"EVAL", _INFO % version, b"0"]
        if name == "WAITAOF":
            self.commands.append(list(sent))
            time.sleep(self.seconds)
            return [b"EVAL", b"return {%d, 0}" % self.local, b"0"]
        return parts


def _command(*parts: bytes) -> bytes:
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
