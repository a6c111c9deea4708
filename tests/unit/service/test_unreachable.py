"""Why nobody answers, in words that help: against real sockets, through both clients."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import httpx2
import pytest

from service.client import AsyncClient, Client, Unreachable
from service.client.retries import Tries


@pytest.fixture
def closed_port() -> int:
    """One at which nobody listens."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def hanging_up() -> Iterator[int]:
    """One at which somebody listens who says something that is not HTTP, nor TLS, and hangs up."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(1024)
                    connection.sendall(b"220 mail.example.org ESMTP\r\n")

        threading.Thread(target=serve, daemon=True).start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)


def _refusals(url: str) -> list[str]:
    async def asynchronously() -> None:
        async with AsyncClient(url, retries=0) as client:
            await client.get("j1")

    with Client(url, retries=0) as client, pytest.raises(Unreachable) as first:
        client.get("j1")
    with pytest.raises(Unreachable) as second:
        asyncio.run(asynchronously())
    return [str(first.value), str(second.value)]


def test_nobody_listens(closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}"
    assert _refusals(url) == [f"Nobody answers at {url} (connection refused). Is it running?"] * 2


def test_somebody_else_listens(hanging_up: int) -> None:
    for refusal in _refusals(f"http://127.0.0.1:{hanging_up}"):
        assert "(the connection broke off, or it is not a web server)" in refusal


def test_https_where_there_is_none(hanging_up: int) -> None:
    for refusal in _refusals(f"https://127.0.0.1:{hanging_up}"):
        assert "(TLS: " in refusal


def _reason(failure: httpx2.TransportError) -> str:
    with pytest.raises(Unreachable) as refusal:
        Tries(0, "http://x").pause_after(failure)
    return str(refusal.value)


def test_a_name_that_is_none() -> None:
    failure = httpx2.ConnectError("whatever")
    failure.__cause__ = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    assert "(there is no such name)" in _reason(failure)


def test_no_answer_in_time() -> None:
    assert "(no answer in time)" in _reason(httpx2.ReadTimeout(""))


def test_texts_that_may_quote_a_header_are_left_out() -> None:
    assert "dk_secret" not in _reason(httpx2.LocalProtocolError("Illegal header value b'dk_secret'"))
