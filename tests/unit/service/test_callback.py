"""Callback URLs: what is taken, what is refused and why, and what a record says of telling a job's end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.contract.callback import URL_CHARACTERS, Callback, CallbackAttempt, CallbackState, Receiver
from service.contract.errors import Code, RequestError
from service.contract.request import parse_request


@pytest.mark.parametrize(
    ("url", "receiver", "name"),
    [
        ("https://example.org", Receiver("https", "example.org", 443, "/"), "example.org:443"),
        ("HTTP://Example.ORG:8080/a%20b?c=d", Receiver("http", "example.org", 8080, "/a%20b?c=d"), "example.org:8080"),
        ("http://192.0.2.7/x?", Receiver("http", "192.0.2.7", 80, "/x?"), "192.0.2.7:80"),
        ("http://[2001:DB8::0:1]:1/", Receiver("http", "2001:db8::1", 1, "/"), "[2001:db8::1]:1"),
        ("https://xn--dpche-bsa.fr?x", Receiver("https", "xn--dpche-bsa.fr", 443, "/?x"), "xn--dpche-bsa.fr:443"),
        ("http://3f9c0de8a1b2:81/", Receiver("http", "3f9c0de8a1b2", 81, "/"), "3f9c0de8a1b2:81"),
    ],
)
def test_what_is_taken(url: str, receiver: Receiver, name: str) -> None:
    assert Receiver.of(url) == receiver
    assert receiver.name == name
    assert parse_request({"text": "a", "callback_url": url}, max_characters=9).callback_url == url


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "visible"),
        ("/hook", "absolute"),
        ("example.org/hook", "absolute"),
        ("//example.org/hook", "absolute"),
        ("ftp://example.org/", "absolute"),
        ("file:///etc/passwd", "absolute"),
        ("http:///hook", "absolute"),
        ("https://user@example.org/", "user name"),
        ("https://user:word@example.org/", "user name"),
        ("https://example.org/#top", "fragment"),
        ("https://example.org/#", "fragment"),
        ("https://example.org:0/", "port"),
        ("https://example.org:/", "port"),
        ("https://example.org:65536/", "can be read"),
        ("https://example.org:http/", "can be read"),
        ("https://[::1/", "can be read"),
        ("https://[::1%25lo]/", "IPv6"),
        ("https://[v1.x]/", "I"),
        ("https://exämple.org/", "visible"),
        ("https://example.org/a b", "visible"),
        ("https://example.org/\t", "visible"),
        ("https://example.org\\@localhost/", "visible"),
        ("http://2130706433/", "decimal"),
        ("http://0x7f000001/", "decimal"),
        ("http://0177.0.0.1/", "decimal"),
        ("http://127.1/", "decimal"),
        ("http://127.0.0.0x1/", "decimal"),
        ("http://127.0.0.1.1/", "decimal"),
        ("https://example..org/", "host name"),
        ("https://example.org./", "host name"),
        ("https://-a.org/", "host name"),
        ("https://" + "a" * 64 + ".org/", "host name"),
        ("https://a'b.org/", "host name"),
        ("https://example.org/" + "a" * URL_CHARACTERS, "2000"),
    ],
)
def test_what_is_refused_and_why(url: str, words: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_request({"text": "a", "callback_url": url}, max_characters=9)
    assert (caught.value.code, caught.value.pointer) == (Code.INVALID_REQUEST, "/callback_url")
    assert words in caught.value.detail
    assert caught.value.detail.startswith("callback_url ")


def test_what_is_wrong_is_not_repeated() -> None:
    for url in ("https://example.org:0/t0ken", "t0ken", "https://t0ken@example.org/", "https://example.org/#t0ken"):
        with pytest.raises(RequestError) as caught:
            parse_request({"text": "a", "callback_url": url}, max_characters=9)
        assert "t0ken" not in caught.value.detail


@given(st.text(max_size=60).map(lambda rest: "http://" + rest) | st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        receiver = Receiver.of(text)
    except ValueError:
        pass
    else:
        assert 1 <= receiver.port <= 65535
        assert receiver.host
        assert " " not in receiver.name
        assert receiver.target.startswith("/")


def test_the_request_that_workers_read_does_not_have_it() -> None:
    request = parse_request({"text": "a", "callback_url": "https://example.org/token"}, max_characters=9)
    assert b"token" not in request.to_json()
    assert parse_request({"text": "a", "callback_url": None}, max_characters=9).callback_url is None


def test_a_record_without_a_callback_has_none() -> None:
    assert Callback.from_record({}) is None


def test_a_record_is_read_and_shown() -> None:
    record = {
        "callback_url": b"https://example.org/",
        "callback_state": b"pending",
        "callback_due_ms": b"1700000005000",
        "callback_log": b'[[1700000000000,500,"status",12],[1700000001000,0,"sender_lost",-1],[1700000002000,204,"",0]]',
    }
    callback = Callback.from_record(record)
    assert callback == Callback(
        "https://example.org/",
        CallbackState.PENDING,
        (
            CallbackAttempt(1700000000000, 500, "status", 12),
            CallbackAttempt(1700000001000, None, "sender_lost", None),
            CallbackAttempt(1700000002000, 204, None, 0),
        ),
        1700000005000,
    )
    view = callback.view()
    assert view["attempts"][0] == {"at": "2023-11-14T22:13:20.000Z", "status": 500, "error": "status", "took_ms": 12}
    assert (view["state"], view["next_at"]) == ("pending", "2023-11-14T22:13:25.000Z")
