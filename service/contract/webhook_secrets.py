"""What the webhooks of a client are signed with. Redis has to keep the secrets themselves: a hash signs nothing.

The record, HASH {prefix}hook:{client}, is described in `lua/prelude.lua`.
"""

import json
from dataclasses import dataclass

from redis import Redis
from redis.commands.core import Script

from service.contract.errors import WebhookSecretNotFound
from service.contract.keys import Keys
from service.contract.ledger import as_bytes
from service.contract.outages import store_errors
from service.contract.scripts import load_script
from service.contract.signatures import new_secret

#: Seconds for which an old secret signs beside the one that took its place.
OVERLAP_S = 86_400

#: Old secrets that sign at once, however often somebody rotates.
_OLD = 3


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """What may be told of a client's secret. Times are ms since 1970.

    `rotated_ms` is None for the first secret; `old_until_ms` is until when an older one signs too, None where none does.
    """

    created_ms: int
    rotated_ms: int | None
    old_until_ms: int | None


class WebhookSecretStore:
    """The webhook secrets of one Redis. Thread-safe. Methods raise `StoreUnavailable` where Redis does not do its part."""

    def __init__(self, redis: Redis, *, prefix: str) -> None:
        self._redis = redis
        self._keys = Keys(prefix)
        self._rotate: Script = load_script(redis, self._keys, "rotate_hook")

    def rotate(self, client: str, *, on: Redis | None = None) -> tuple[WebhookSecret, str]:
        """Makes the client's secret, or another one in its place; the old one signs too for `OVERLAP_S`. Shown this once."""
        secret = new_secret()
        with store_errors():
            answer = self._rotate(keys=[], args=[client, secret, OVERLAP_S * 1000, _OLD], client=on)
        created_ms, rotated_ms, old_until_ms = map(int, answer)
        return WebhookSecret(created_ms, rotated_ms or None, old_until_ms or None), secret

    def get(self, client: str) -> WebhookSecret:
        """What may be told of it. Raises `WebhookSecretNotFound`."""
        with store_errors():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hmget(self._keys.hook(client), ["created_ms", "rotated_ms", "old"])
            pipeline.time()
            (created, rotated, old), (seconds, microseconds) = pipeline.execute()
        if created is None:
            raise WebhookSecretNotFound
        now_ms = seconds * 1000 + microseconds // 1000
        ends = [int(until) for _, until in json.loads(old or b"[]") if until > now_ms]
        return WebhookSecret(int(as_bytes(created)), int(rotated) if rotated else None, max(ends, default=None))

    def remove(self, client: str) -> None:
        """Ends the client's secrets at once, old ones too. Raises `WebhookSecretNotFound`."""
        with store_errors():
            removed = self._redis.delete(self._keys.hook(client))
        if not removed:
            raise WebhookSecretNotFound
