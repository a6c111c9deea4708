"""One POST of a webhook, from the name's lookup to the receiver's answer. Never follows, never asks the environment."""

import ssl
import time
from collections.abc import Sequence
from contextlib import suppress

import httpcore2

from service.contract.callback import Fault, Receiver
from service.webhooks.addresses import Addresses
from service.webhooks.backoff import Answer
from service.webhooks.connections import AddressRefused, GuardedBackend, NameUnknown, Resolve, TlsFailed, resolve

#: Seconds for the connection, and for the whole of a delivery.
CONNECT_S, WHOLE_S = 5.0, 15.0

#: Bytes of an answer that are read, so that its sender is not cut off in the middle; nothing is made of them.
_READ_BYTES = 16_384

_FAULTS: dict[type[Exception], Fault] = {
    AddressRefused: Fault.ADDRESS_REFUSED,
    NameUnknown: Fault.NAME_UNKNOWN,
    TlsFailed: Fault.TLS_FAILED,
    httpcore2.TimeoutException: Fault.TIMEOUT,
    httpcore2.ConnectError: Fault.CONNECT_FAILED,
    httpcore2.NetworkError: Fault.PROTOCOL,
    httpcore2.ProtocolError: Fault.PROTOCOL,
}


class Poster:
    """Sends webhooks to permitted addresses. Thread-safe. `resolve` looks names up, `context` says whose certificates count."""

    def __init__(
        self,
        addresses: Addresses,
        *,
        connect_s: float = CONNECT_S,
        whole_s: float = WHOLE_S,
        resolve: Resolve = resolve,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.whole_s = whole_s
        self._addresses = addresses
        self._connect_s = connect_s
        self._resolve = resolve
        self._context = context or httpcore2.default_ssl_context()

    def post(self, url: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """Sends it on a connection of its own, and returns the answer, or why there is none, within `whole_s`."""
        receiver, deadline = Receiver.of(url), time.monotonic() + self.whole_s
        try:
            with httpcore2.ConnectionPool(
                ssl_context=self._context, network_backend=GuardedBackend(self._addresses, deadline, self._resolve)
            ) as pool:
                return self._exchange(pool, receiver, headers, body)
        except tuple(_FAULTS) as error:
            return Answer(fault=next(fault for kind, fault in _FAULTS.items() if isinstance(error, kind)))

    def _exchange(
        self, pool: httpcore2.ConnectionPool, receiver: Receiver, headers: Sequence[tuple[str, str]], body: bytes
    ) -> Answer:
        url = httpcore2.URL(
            scheme=receiver.scheme, host=receiver.host, port=receiver.port, target=receiver.target.encode()
        )
        with pool.stream(
            "POST",
            url,
            headers=[("Host", receiver.host_header), *headers, ("Connection", "close")],
            content=body,
            extensions={"timeout": {"connect": self._connect_s}},
        ) as response:
            # What the status says holds, whatever becomes of the rest.
            with suppress(*_FAULTS):
                _read_some(response)
            answered = {name.lower(): value for name, value in response.headers}
            return _answer(response.status, answered.get(b"retry-after", b"").decode("latin-1"))


def _read_some(response: httpcore2.Response) -> None:
    size = 0
    for chunk in response.iter_stream():
        size += len(chunk)
        if size >= _READ_BYTES:
            return


def _answer(status: int, retry_after: str) -> Answer:
    if 200 <= status < 300:
        return Answer(status)
    fault = Fault.REDIRECT if 300 <= status < 400 else Fault.STATUS
    return Answer(status, fault, retry_after or None)
