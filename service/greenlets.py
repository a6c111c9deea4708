"""The gunicorn worker of the front end: a greenlet for each connection, quick stops, and problems instead of HTML."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import gevent
from gunicorn.glogging import Logger
from gunicorn.http.errors import ParseException
from gunicorn.util import write_nonblock
from gunicorn.workers.ggevent import GeventWorker

#: Seconds that the next request may take to arrive on a connection while this process stops.
_LAST_CALL_S = 0.05

#: Seconds for which a refused connection is read to its end, and bytes at a time.
_LINGER_S = 1.0
_LINGER_BYTES = 65_536


class GreenletWorker(GeventWorker):  # type: ignore[misc]  # gunicorn has no types
    """Serves `worker_connections` connections at once.

    Asked to stop, it takes no new connection, answers all requests that wait for a job to end with the job as it is, closes
    idle connections, and lets the others finish within the graceful timeout.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._idle: dict[gevent.Greenlet, gevent.Timeout] = {}
        self._stopping = False

    def notify(self) -> None:
        """Called each second by the loop that accepts, and by the one that waits for the last answers."""
        super().notify()
        if not self.alive and not self._stopping:
            self._stopping = True
            self.wsgi.extensions["depeche"].waits.close()
            for greenlet, timeout in list(self._idle.items()):
                gevent.kill(greenlet, timeout)

    @contextmanager
    def timeout_ctx(self) -> Iterator[None]:
        """Bounds the time for which a connection may be idle, and that the head of a request may take to arrive."""
        greenlet = gevent.getcurrent()
        with gevent.Timeout(self.cfg.keepalive if self.alive else _LAST_CALL_S, False) as timeout:
            self._idle[greenlet] = timeout
            try:
                yield
            finally:
                del self._idle[greenlet]

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answers what never reached the application. Logs what it was, and nothing of what it said."""
        from service.api.problems import places, problem_body  # after gevent has patched what these import
        from service.contract.errors import Code
        from service.contract.logs import get_logger

        log = get_logger(__name__)
        if isinstance(exc, gevent.GreenletExit):
            return
        if isinstance(exc, ParseException):
            log.info("request_malformed", kind=type(exc).__name__)
            body = problem_body(Code.MALFORMED, f"The head of the request can't be read ({type(exc).__name__}).")
        else:
            log.error("connection_broke", kind=type(exc).__name__, at=places(exc))
            body = problem_body(Code.INTERNAL, "Something broke on our side.")
        content = json.dumps(body).encode()
        reason = "Bad Request" if body["status"] == 400 else "Internal Server Error"
        head = (
            f"HTTP/1.1 {body['status']} {reason}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
            f"X-Content-Type-Options: nosniff\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        with suppress(OSError), gevent.Timeout(_LINGER_S, False):
            write_nonblock(client, head.encode() + content)
            # Closing over unread bytes would reset the connection, and the client would not see the answer.
            client.shutdown(socket.SHUT_WR)
            while client.recv(_LINGER_BYTES):
                pass


class StructuredLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Sends gunicorn's own messages the way of all others. Requests are logged by the application."""

    def setup(self, cfg: Any) -> None:
        """Leaves out handlers of its own: the root logger has one."""
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.propagate = True
        self.error_log.setLevel("WARNING")

    def access(self, *_: Any) -> None:
        """Nothing: see `service.api.access_log`."""

    def reopen_files(self) -> None:
        """There are none."""

    def close_on_exec(self) -> None:
        """There are none."""
