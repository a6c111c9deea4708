"""Signatures: ours are what the published library verifies, and ours verifies what it signs; nothing else passes."""

import base64
import hashlib
import hmac
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from service.contract.signatures import SignatureInvalid, new_secret, sign, verify

SECRET, OTHER = "whsec_" + base64.b64encode(bytes(range(32))).decode(), new_secret()
BODY = '{"type":"job.succeeded","data":{"title":"Été"}}'.encode()


def headers(body: bytes = BODY, *, at: float | None = None, secrets: tuple[str, ...] = (SECRET,)) -> dict[str, str]:
    now = int(time.time() if at is None else at)
    return {
        "webhook-id": "06h0mdg1",
        "webhook-timestamp": str(now),
        "webhook-signature": sign(secrets, "06h0mdg1", now, body),
    }


def test_it_is_hmac_over_id_time_and_body() -> None:
    digest = hmac.new(bytes(range(32)), b"06h0mdg1.1700000000." + BODY, hashlib.sha256).digest()
    assert headers(at=1_700_000_000)["webhook-signature"] == "v1," + base64.b64encode(digest).decode()


def test_the_published_library_verifies_ours() -> None:
    assert Webhook(SECRET).verify(BODY, headers())["data"]["title"] == "Été"
    both = headers(secrets=(OTHER, SECRET))
    for secret in (OTHER, SECRET):
        assert Webhook(secret).verify(BODY, both)["type"] == "job.succeeded"


@given(st.text(max_size=200), st.text(alphabet="abcdef0123456789_", min_size=1, max_size=40))
def test_ours_verifies_what_the_published_library_signs(body: str, message_id: str) -> None:
    now = datetime.now(UTC)
    signature = Webhook(SECRET).sign(message_id, now, body)
    sent = {"webhook-id": message_id, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
    verify(SECRET, sent, body.encode())


def test_secrets_are_new_each_time() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(len(base64.b64decode(secret.removeprefix("whsec_"))) == 32 for secret in made)


def test_any_of_several_secrets_and_signatures_will_do() -> None:
    verify([OTHER, SECRET], headers(), BODY)
    verify(SECRET, headers(secrets=(OTHER, SECRET)), BODY)
    verify(SECRET.removeprefix("whsec_"), headers(), BODY)
    future = headers()
    future["webhook-signature"] = "v2,abc v1a,xyz= " + future["webhook-signature"]
    verify(SECRET, future, BODY)


def test_headers_have_any_case() -> None:
    verify(SECRET, {name.title(): value for name, value in headers().items()}, BODY)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"webhook-id": "06h0mdg2"}, "signature"),
        ({"webhook-id": ""}, "webhook-id is missing"),
        ({"webhook-timestamp": str(int(time.time()) + 1)}, "signature"),
        ({"webhook-timestamp": "now"}, "no number"),
        ({"webhook-timestamp": "1e9"}, "no number"),
        ({"webhook-timestamp": "-1"}, "no number"),
        ({"webhook-signature": "v1,AAAA"}, "signature"),
        ({"webhook-signature": "v1,é"}, "signature"),
        ({"webhook-signature": "v1"}, "signature"),
        ({"webhook-signature": " "}, "signature"),
    ],
)
def test_what_was_changed_is_refused(change: dict[str, str], words: str) -> None:
    with pytest.raises(SignatureInvalid, match=words):
        verify(SECRET, headers() | change, BODY)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_what_is_missing_is_named(name: str) -> None:
    sent = headers()
    del sent[name]
    with pytest.raises(SignatureInvalid, match=f"{name} is missing"):
        verify(SECRET, sent, BODY)


@given(st.binary(max_size=60), st.integers(0, 59), st.integers(1, 255))
def test_any_other_byte_is_noticed(body: bytes, place: int, change: int) -> None:
    sent = headers(body)
    other = bytearray(body or b"\0")
    other[place % len(other)] ^= change
    with pytest.raises(SignatureInvalid, match="signature"):
        verify(SECRET, sent, bytes(other))


def test_another_secret_is_refused() -> None:
    with pytest.raises(SignatureInvalid):
        verify(OTHER, headers(), BODY)
    with pytest.raises(SignatureInvalid):
        verify([], headers(), BODY)


@pytest.mark.parametrize("off_s", [-400, 400])
def test_what_is_old_or_of_tomorrow_is_refused(off_s: float) -> None:
    sent = headers(at=time.time() + off_s)
    with pytest.raises(SignatureInvalid, match="more than 300 s off"):
        verify(SECRET, sent, BODY)
    verify(SECRET, sent, BODY, tolerance_s=500)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_é", "whsec_AAAA", "whsec_" + "A" * 120, "whsec_not base64!"])
def test_what_is_no_secret_is_said(secret: str) -> None:
    with pytest.raises(ValueError, match="a webhook secret"):
        verify(secret, headers(), BODY)
