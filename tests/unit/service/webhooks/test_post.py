"""One delivery to real receivers on loopback: what comes back, and where it is never sent."""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import trustme

from service.contract.callback import Fault
from service.webhooks.addresses import Address, Addresses, read_networks
from service.webhooks.backoff import Answer
from service.webhooks.post import Poster
from tests.receiver import Receiver, Reply

LOOPBACK = Addresses(read_networks("127.0.0.0/8,::1/128"))
PUBLIC = "93.184.216.34"


class Names:
    """A name server that gives each answer in turn, the last one for ever. `asked` has the names."""

    def __init__(self, *answers: Sequence[str], delay_s: float = 0.0) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)
        self._delay_s = delay_s

    def __call__(self, host: str, port: int, timeout_s: float) -> Sequence[Address]:
        self.asked.append(host)
        time.sleep(self._delay_s)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [ipaddress.ip_address(text) for text in answer]


def post(url: str, addresses: Addresses = LOOPBACK, **options: object) -> Answer:
    return Poster(addresses, **options).post(url, [("webhook-id", "1")], b'{"a": 1}')  # type: ignore[arg-type]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


class TestAnswers:
    def test_success(self, receiver: Receiver) -> None:
        assert post(f"{receiver.url}/a%20b?token=1&x") == Answer(204)
        [got] = receiver.requests
        assert (got.path, got.body, got.headers["webhook-id"]) == ("/a%20b?token=1&x", b'{"a": 1}', "1")
        assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
        assert got.headers["content-length"] == "8"

    @pytest.mark.parametrize("status", [200, 201, 202, 299])
    def test_all_of_2xx(self, receiver: Receiver, status: int) -> None:
        receiver.reply = Reply(status, body=b"thanks")
        assert post(receiver.url) == Answer(status)

    @pytest.mark.parametrize("status", [400, 404, 410, 500])
    def test_other_statuses(self, receiver: Receiver, status: int) -> None:
        receiver.reply = Reply(status)
        assert post(receiver.url) == Answer(status, Fault.STATUS)

    def test_when_to_come_again(self, receiver: Receiver) -> None:
        receiver.reply = Reply(503, (("Retry-After", "120"),))
        assert post(receiver.url) == Answer(503, Fault.STATUS, "120")

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_redirects_are_not_followed(self, receiver: Receiver, status: int) -> None:
        receiver.reply = Reply(status, (("Location", f"{receiver.url}/other"),))
        assert post(f"{receiver.url}/first") == Answer(status, Fault.REDIRECT)
        assert [got.path for got in receiver.requests] == ["/first"]

    def test_of_a_long_answer_no_more_is_read_than_its_beginning(self, receiver: Receiver) -> None:
        receiver.reply = Reply(200, body=b"x" * 50_000_000)
        began = time.process_time()
        assert post(receiver.url) == Answer(200)
        assert time.process_time() - began < 5

    @pytest.mark.parametrize("raw", [b"SSH-2.0-OpenSSH\r\n", b"\0" * 100, b"HTTP/1.1 abc\r\n\r\n", b"220 mail\r\n" * 9])
    def test_what_is_not_http(self, receiver: Receiver, raw: bytes) -> None:
        receiver.reply = Reply(raw=(raw,))
        assert post(receiver.url) == Answer(fault=Fault.PROTOCOL)

    def test_headers_without_end(self, receiver: Receiver) -> None:
        receiver.reply = Reply(raw=(b"HTTP/1.1 200 OK\r\n", *[b"X-Long: " + b"y" * 60_000 + b"\r\n"] * 20))
        assert post(receiver.url).fault is Fault.PROTOCOL

    def test_nobody_there(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        assert post(f"http://127.0.0.1:{port}/") == Answer(fault=Fault.CONNECT_FAILED)

    def test_no_such_name(self) -> None:
        assert post("http://receiver.invalid/") == Answer(fault=Fault.NAME_UNKNOWN)
        assert post("http://nothing.example/", resolve=Names([])) == Answer(fault=Fault.NAME_UNKNOWN)

    def test_proxies_of_the_environment_are_not_asked(
        self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv("no_proxy", "")
        assert post(receiver.url) == Answer(204)


class TestTime:
    def test_no_answer(self, receiver: Receiver) -> None:
        receiver.reply = Reply(delay_s=60)
        began = time.monotonic()
        assert post(receiver.url, whole_s=0.5) == Answer(fault=Fault.TIMEOUT)
        assert time.monotonic() - began < 10

    def test_an_answer_that_drips(self, receiver: Receiver) -> None:
        """Each piece comes soon, and the whole would take a minute."""
        receiver.reply = Reply(raw=(b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 600), pause_s=0.1)
        began = time.monotonic()
        assert post(receiver.url, whole_s=1.0) == Answer(fault=Fault.TIMEOUT)
        assert time.monotonic() - began < 10

    def test_a_body_that_drips_takes_nothing_from_the_status(self, receiver: Receiver) -> None:
        receiver.reply = Reply(raw=(b"HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n", *[b"x"] * 600), pause_s=0.1)
        began = time.monotonic()
        assert post(receiver.url, whole_s=1.0) == Answer(200)
        assert time.monotonic() - began < 10

    def test_provisional_answers_without_end(self, receiver: Receiver) -> None:
        receiver.reply = Reply(raw=(b"HTTP/1.1 102 Processing\r\n\r\n",) * 600, pause_s=0.1)
        assert post(receiver.url, whole_s=1.0) == Answer(fault=Fault.TIMEOUT)

    def test_provisional_answers_as_fast_as_they_can_be_read(self, receiver: Receiver) -> None:
        """There is always something to read, so no read has to wait."""
        receiver.reply = Reply(raw=(b"HTTP/1.1 102 Processing\r\n\r\n" * 1000,) * 4000)
        assert post(receiver.url, whole_s=0.5) == Answer(fault=Fault.TIMEOUT)

    def test_a_handshake_that_never_comes(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
            assert post(url, whole_s=1.0, connect_s=0.5) == Answer(fault=Fault.TIMEOUT)

    def test_a_name_server_that_sleeps(self, monkeypatch: pytest.MonkeyPatch) -> None:
        awake = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: awake.wait(30) and [])
        began = time.monotonic()
        assert post("http://slow.example/", connect_s=0.3) == Answer(fault=Fault.TIMEOUT)
        assert time.monotonic() - began < 10
        awake.set()


class TestAddresses:
    @pytest.mark.parametrize(
        "host",
        ["127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[fe80::1]"],
    )
    def test_those_that_are_not_public(self, host: str) -> None:
        assert post(f"http://{host}/", Addresses()) == Answer(fault=Fault.ADDRESS_REFUSED)

    @pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0"])
    def test_other_ways_to_write_them(self, host: str) -> None:
        """They are refused as URLs; even if one came through, the system's own reading of it would be judged."""
        with pytest.raises(ValueError, match="decimal"):
            post(f"http://{host}/", Addresses())
        answers = Poster(Addresses())._resolve(host, 80, 5)
        assert [str(answer) for answer in answers] in (["127.0.0.1"], ["0.0.0.0"])

    def test_a_name_that_leads_there(self, receiver: Receiver) -> None:
        assert post(f"http://localhost:{receiver.port}/", Addresses()) == Answer(fault=Fault.ADDRESS_REFUSED)
        assert receiver.requests == []

    @pytest.mark.parametrize("mixed", [(PUBLIC, "127.0.0.1"), ("127.0.0.1", PUBLIC), (PUBLIC, "::ffff:10.0.0.1")])
    def test_mixed_answers_are_refused_as_a_whole(self, mixed: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> None:
        connections = watched(monkeypatch)
        assert post("http://mixed.example/", Addresses(), resolve=Names(mixed)) == Answer(fault=Fault.ADDRESS_REFUSED)
        assert connections == []

    def test_a_name_server_that_changes_its_mind(self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is asked once a delivery, and the connection goes to what was judged, whatever it would say next."""
        connections = watched(monkeypatch)
        names = Names([PUBLIC], ["127.0.0.1"])
        url = f"http://rebinding.example:{receiver.port}/"
        poster = Poster(Addresses(), resolve=names, connect_s=0.5)
        assert poster.post(url, [], b"").fault is not None
        assert names.asked == ["rebinding.example"]
        assert connections == [(PUBLIC, receiver.port)]
        assert poster.post(url, [], b"") == Answer(fault=Fault.ADDRESS_REFUSED)
        assert connections == [(PUBLIC, receiver.port)]
        assert receiver.requests == []

    def test_the_name_is_not_looked_up_a_second_time(self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
        looked: list[object] = []
        real = socket.getaddrinfo

        def spy(host: object, *args: object, **kwargs: object) -> object:
            looked.append(host)
            return real(host, *args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(socket, "getaddrinfo", spy)
        answer = post(f"http://pinned.example:{receiver.port}/x", resolve=Names(["127.0.0.1"]))
        assert answer == Answer(204)
        assert [host for host in looked if host != "127.0.0.1"] == []
        assert receiver.requests[0].headers["host"] == f"pinned.example:{receiver.port}"

    def test_the_next_address_is_tried_where_one_does_not_answer(self, receiver: Receiver) -> None:
        names = Names(["127.0.0.9", "127.0.0.1", "127.0.0.1"])  # the receiver listens on the second one alone
        assert post(f"http://two.example:{receiver.port}/", resolve=names) == Answer(204)

    def test_a_name_server_that_leaves_no_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        connections = watched(monkeypatch)
        names = Names([PUBLIC], delay_s=0.3)
        assert post("http://late.example/", resolve=names, connect_s=0.2) == Answer(fault=Fault.TIMEOUT)
        assert connections == []

    def test_a_name_with_very_many_addresses(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def never(*_: object, **__: object) -> socket.socket:
            tried.append(1)
            time.sleep(0.1)
            raise TimeoutError

        tried: list[int] = []
        monkeypatch.setattr(socket, "create_connection", never)
        names = Names([f"1.2.{number // 256}.{number % 256}" for number in range(2000)])
        began = time.monotonic()
        assert post("http://many.example/", resolve=names, connect_s=1.0) == Answer(fault=Fault.TIMEOUT)
        assert time.monotonic() - began < 10
        assert 1 < len(tried) < 50

    def test_ipv6(self) -> None:
        with socket.socket(socket.AF_INET6) as listener:
            try:
                listener.bind(("::1", 0))
            except OSError:
                pytest.skip("no IPv6 here")
            listener.listen()
            port = listener.getsockname()[1]

            def answer() -> None:
                connection, _ = listener.accept()
                with connection:
                    seen.append(connection.recv(65536))
                    connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

            seen: list[bytes] = []
            thread = threading.Thread(target=answer)
            thread.start()
            assert post(f"http://[::1]:{port}/") == Answer(204)
            thread.join()
            assert f"Host: [::1]:{port}\r\n".encode() in seen[0]


def watched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Where connections go to from now on; those to other machines fail."""
    connections: list[tuple[str, int]] = []
    real = socket.create_connection

    def connect(address: tuple[str, int], *args: object, **kwargs: object) -> socket.socket:
        connections.append(address)
        if not address[0].startswith("127."):
            raise ConnectionRefusedError
        return real(address, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "create_connection", connect)
    return connections


class TestTls:
    @pytest.fixture
    def authority(self) -> trustme.CA:
        return trustme.CA()

    @pytest.fixture
    def trusting(self, authority: trustme.CA) -> ssl.SSLContext:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        return context

    def receiver(self, authority: trustme.CA, name: str) -> Receiver:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        return Receiver(context=context)

    def test_the_certificate_is_for_the_name_and_not_for_the_address(
        self, authority: trustme.CA, trusting: ssl.SSLContext
    ) -> None:
        with self.receiver(authority, "hooks.example") as receiver:
            names = Names(["127.0.0.1"])
            answer = post(f"https://hooks.example:{receiver.port}/x", resolve=names, context=trusting)
            assert answer == Answer(204)
            assert receiver.requests[0].headers["host"] == f"hooks.example:{receiver.port}"

    def test_another_name_is_refused(self, authority: trustme.CA, trusting: ssl.SSLContext) -> None:
        with self.receiver(authority, "hooks.example") as receiver:
            names = Names(["127.0.0.1"])
            answer = post(f"https://other.example:{receiver.port}/", resolve=names, context=trusting)
            assert answer == Answer(fault=Fault.TLS_FAILED)
            assert receiver.requests == []

    def test_an_authority_that_nobody_knows_is_refused(self, authority: trustme.CA) -> None:
        with self.receiver(authority, "hooks.example") as receiver:
            answer = post(f"https://hooks.example:{receiver.port}/", resolve=Names(["127.0.0.1"]))
            assert answer == Answer(fault=Fault.TLS_FAILED)

    def test_one_of_your_own_is_named_as_openssl_has_it(
        self, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        with self.receiver(authority, "hooks.example") as receiver:
            url = f"https://hooks.example:{receiver.port}/"
            assert post(url, resolve=Names(["127.0.0.1"])) == Answer(204)

    def test_a_receiver_that_speaks_no_tls(self, receiver: Receiver, trusting: ssl.SSLContext) -> None:
        url = f"https://127.0.0.1:{receiver.port}/"
        assert post(url, context=trusting).fault is Fault.TLS_FAILED
