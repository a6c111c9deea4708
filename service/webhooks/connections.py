"""Connections of webhooks: a name is resolved once, all its addresses are judged, and one of those is connected to.

So nothing lies between the judgement and the connection that another answer of the name server could slip into. Every step
ends with the time of the whole delivery, however slowly the other side drips.
"""

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from httpcore2 import (
    SOCKET_OPTION,
    ConnectError,
    ConnectTimeout,
    NetworkBackend,
    NetworkStream,
    ReadTimeout,
    SyncBackend,
    TimeoutException,
    WriteTimeout,
)

from service.webhooks.addresses import Address, Addresses

#: Looks a name up: all its addresses. Raises OSError, or `LookupTimeout`.
Resolve = Callable[[str, int, float], Sequence[Address]]

#: Seconds that each further address of a name is left at least, where the ones before do not answer.
_LEAST_S = 0.5


class AddressRefused(Exception):
    """A name has an address that nothing is sent to."""


class NameUnknown(Exception):
    """A name has no address."""


class LookupTimeout(Exception):
    """The name server did not answer in time."""


class TlsFailed(Exception):
    """The other side speaks no TLS, or its certificate is not for this name or not to be trusted."""


def resolve(host: str, port: int, timeout_s: float) -> Sequence[Address]:
    """All addresses that the system has for a name, in its order.

    It can't be told to hurry: a thread does it, which is left behind where it takes longer than `timeout_s`.
    """
    answers: queue.SimpleQueue[Sequence[Address] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError(str(error)))
        else:
            answers.put([ipaddress.ip_address(entry[4][0]) for entry in found])

    threading.Thread(target=look_up, name="lookup", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout_s)
    except queue.Empty:
        raise LookupTimeout from None
    if isinstance(answer, OSError):
        raise answer
    return answer


class GuardedBackend(NetworkBackend):
    """Connects to permitted addresses only, for one delivery that must be over at `deadline` (as `time.monotonic` counts)."""

    def __init__(self, addresses: Addresses, deadline: float, resolve: Resolve = resolve) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> NetworkStream:
        """Raises `AddressRefused`, `NameUnknown`, and what httpcore2 raises. `timeout` holds for the lookup too."""
        until = min(self._deadline, time.monotonic() + timeout) if timeout is not None else self._deadline
        found = self._judged(host, port, until)
        for number, address in enumerate(found):
            left = until - time.monotonic()
            if left <= 0:
                break
            share = max(left / (len(found) - number), min(left, _LEAST_S))
            try:
                stream = SyncBackend().connect_tcp(str(address), port, share, local_address, socket_options)
            except (ConnectError, ConnectTimeout):
                if number + 1 == len(found):
                    raise
            else:
                return TimedStream(stream, self._deadline)
        raise ConnectTimeout("no address answered in time")

    def _judged(self, host: str, port: int, until: float) -> Sequence[Address]:
        """All addresses of a name, each once. One that is refused refuses them all: whoever mixes them means no good."""
        try:
            found = list(dict.fromkeys(self._resolve(host, port, max(0.0, until - time.monotonic()))))
        except LookupTimeout:
            raise ConnectTimeout("the name server did not answer in time") from None
        except OSError:
            raise NameUnknown from None
        if not found:
            raise NameUnknown
        if not all(self._addresses.permit(address) for address in found):
            raise AddressRefused
        return found


class TimedStream(NetworkStream):
    """A stream whose every step ends with the time of the whole."""

    def __init__(self, stream: NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Raises `ReadTimeout` when the time is over."""
        return self._stream.read(max_bytes, self._left(timeout, ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Raises `WriteTimeout` when the time is over."""
        self._stream.write(buffer, self._left(timeout, WriteTimeout))

    def close(self) -> None:
        """Closes the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        """Raises `TlsFailed`, and `ConnectTimeout` when the time is over."""
        try:
            stream = self._stream.start_tls(ssl_context, server_hostname, self._left(timeout, ConnectTimeout))
        except ConnectError as error:
            if isinstance(error.__cause__, ssl.SSLError):
                raise TlsFailed from error
            raise
        return TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """What the stream below knows."""
        return self._stream.get_extra_info(info)

    def _left(self, timeout: float | None, late: type[TimeoutException]) -> float:
        """Seconds for the next step. Raises `late` where none are left, even if there are bytes to read: they may never end."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise late("the time of the delivery is over")
        return left if timeout is None else min(left, timeout)
