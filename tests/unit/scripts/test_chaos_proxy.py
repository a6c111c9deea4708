"""The proxy that cuts a worker off: everything through, silence, resets, and healed again."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from scripts.lab.chaos.proxy import Link, Proxy


def echo(connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        while data := connection.recv(4096):
            connection.sendall(data)


def accept(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            threading.Thread(target=echo, args=(listener.accept()[0],), daemon=True).start()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        proxy = Proxy(listener.getsockname()[1])
        yield proxy
        proxy.close()
        listener.shutdown(socket.SHUT_RDWR)


def connect(proxy: Proxy, *, timeout_s: float = 5) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=timeout_s)


def ask(connection: socket.socket, word: bytes) -> bytes:
    connection.sendall(word)
    return connection.recv(4096)


def ask_once(proxy: Proxy, word: bytes) -> bytes:
    with connect(proxy) as connection:
        return ask(connection, word)


def test_everything_goes_through(proxy: Proxy) -> None:
    with connect(proxy) as first, connect(proxy) as second:
        assert ask(first, b"one") == b"one"
        assert ask(second, b"two") == b"two"


def test_silence_holds_everything_back_until_it_is_healed(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        assert ask(connection, b"before") == b"before"
        proxy.set(Link.SILENT)
        connection.sendall(b"into the dark")
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(4096)
        proxy.set(Link.THROUGH)
        connection.settimeout(5)
        assert connection.recv(4096) == b"into the dark"


def test_a_connection_made_in_silence_works_once_it_is_healed(proxy: Proxy) -> None:
    proxy.set(Link.SILENT)
    with connect(proxy) as connection:
        connection.sendall(b"hello")
        proxy.set(Link.THROUGH)
        assert connection.recv(4096) == b"hello"


def test_resets_end_what_is_open_and_what_is_new(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        assert ask(connection, b"before") == b"before"
        proxy.set(Link.RESET)
        with pytest.raises(ConnectionResetError):
            connection.recv(4096)
    with pytest.raises(ConnectionResetError):
        ask_once(proxy, b"hello")
    proxy.set(Link.THROUGH)
    with connect(proxy) as connection:
        assert ask(connection, b"after") == b"after"
