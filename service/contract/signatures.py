"""Signatures of webhooks, as the Standard Webhooks specification has them (https://www.standardwebhooks.com/).

A secret is `whsec_` and 24 to 64 bytes in base 64. What is signed is `id.timestamp.body`, with HMAC-SHA256; the header
`webhook-signature` holds a signature for each secret that is in force: `v1,BASE64 v1,BASE64`.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets as randomness
import time
from collections.abc import Mapping, Sequence

_PREFIX = "whsec_"

#: Bytes of a new secret, and what the specification lets a secret have.
_NEW_BYTES, _BYTES = 32, range(24, 65)

_SECONDS = re.compile(r"[0-9]{1,12}\Z")


class SignatureInvalid(Exception):
    """A webhook is not from where it claims to be, or is too old. The message says what is wrong, and holds no secret."""


def new_secret() -> str:
    """A secret of 256 random bits."""
    return _PREFIX + base64.b64encode(randomness.token_bytes(_NEW_BYTES)).decode()


def sign(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`. `timestamp` is in seconds since 1970. Raises ValueError for what is no secret."""
    return " ".join(
        f"v1,{base64.b64encode(_digest(secret, message_id, timestamp, body)).decode()}" for secret in secrets
    )


def verify(secrets: str | Sequence[str], headers: Mapping[str, str], body: bytes, tolerance_s: float = 300) -> None:
    """Returns if one of the secrets has signed the webhook and its time is within `tolerance_s` of this machine's.

    `headers` may have any case; `body` is what came in, byte for byte, before anything has parsed it. Whoever may not act twice
    remembers the header `webhook-id`: every delivery of the same event has the same. Raises `SignatureInvalid`, and ValueError
    for what is no secret.
    """
    given = {name.lower(): value for name, value in headers.items()}
    missing = [name for name in ("webhook-id", "webhook-timestamp", "webhook-signature") if not given.get(name)]
    if missing:
        raise SignatureInvalid(f"the header {missing[0]} is missing")
    if not _SECONDS.match(given["webhook-timestamp"]):
        raise SignatureInvalid("webhook-timestamp is no number of seconds")
    timestamp = int(given["webhook-timestamp"])
    found = [
        entry.removeprefix("v1,").encode() for entry in given["webhook-signature"].split() if entry.startswith("v1,")
    ]
    known = [secrets] if isinstance(secrets, str) else secrets
    wanted = [base64.b64encode(_digest(secret, given["webhook-id"], timestamp, body)) for secret in known]
    # All pairs are compared, whichever fits: time tells nothing.
    if not any([hmac.compare_digest(one, other) for one in wanted for other in found]):  # noqa: C419
        raise SignatureInvalid("no signature is by a secret that is known here")
    if abs(time.time() - timestamp) > tolerance_s:
        raise SignatureInvalid(f"webhook-timestamp is more than {tolerance_s:g} s off")


def _digest(secret: str, message_id: str, timestamp: int, body: bytes) -> bytes:
    return hmac.digest(_key(secret), f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)


def _key(secret: str) -> bytes:
    """The bytes of a secret, with its prefix or without."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("a webhook secret is whsec_ and base 64") from None
    if len(key) not in _BYTES:
        raise ValueError(f"a webhook secret has {_BYTES[0]} to {_BYTES[-1]} bytes")
    return key
