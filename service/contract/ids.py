"""Job ids: when, for whom, and a proof that this service gave them out.

An id is 32 characters of 0-9a-v (base 32 hex, lower case) over 20 bytes: 6 bytes of time (ms since 1970, big-endian, so ids
sort by age), 3 bytes that tag the client, 5 random bytes, 6 bytes of HMAC-SHA256 over the 14 before. A genuine id without a
record was erased or has expired (410); anything else was never given out (404).
"""

import base64
import hashlib
import hmac
import re
import secrets

_SHAPE = re.compile(r"[0-9a-v]{32}\Z")
_TIME, _TAG, _RANDOM, _MAC = 6, 3, 5, 6


def client_tag(client: str) -> bytes:
    """Three bytes that stand for a client inside its ids."""
    return hashlib.sha256(b"depeche-client\0" + client.encode()).digest()[:_TAG]


class IdMint:
    """Makes and recognises ids. `secret` is shared by all front ends (at least 16 bytes) and never leaves them."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 16:
            raise ValueError("the secret for job ids must have at least 16 bytes")
        self._secret = secret

    def new(self, client: str, now_ms: int) -> str:
        """A fresh id for a client, at a time in ms since 1970."""
        body = now_ms.to_bytes(_TIME, "big") + client_tag(client) + secrets.token_bytes(_RANDOM)
        return base64.b32hexencode(body + self._mac(body)).decode().lower()

    def is_genuine(self, job_id: str, client: str) -> bool:
        """Whether this id was given out to this client."""
        if not _SHAPE.match(job_id):
            return False
        raw = base64.b32hexdecode(job_id.upper())
        body, mac = raw[:-_MAC], raw[-_MAC:]
        belongs = body[_TIME : _TIME + _TAG] == client_tag(client)
        return hmac.compare_digest(mac, self._mac(body)) and belongs

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self._secret, body, hashlib.sha256).digest()[:_MAC]
