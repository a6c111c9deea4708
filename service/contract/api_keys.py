"""API keys: who calls, and how much they may submit.

A key is `depeche_ID_SECRET`: 8 and 52 characters of 0-9a-v, 40 and 260 random bits. The id is no secret: logs and people
name a key by it. Redis keeps the SHA-256 of the whole key. A slow, salted hash is for passwords, which can be guessed; 260
random bits can't be, and a slow hash would let anybody keep the front end busy with wrong keys.

The record, HASH {prefix}key:{id}: name, client, hash (hex), created_ms, used_ms ('' until then), jobs and characters (a
minute, '' where the settings decide). A revoked key has none.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from redis import Redis
from redis.commands.core import Script

from service.contract.errors import KeyInvalid, StoreUnavailable
from service.contract.keys import Keys
from service.contract.ledger import as_bytes
from service.contract.outages import store_errors
from service.contract.quotas import Limits
from service.contract.scripts import load_script

_KEY = re.compile(r"depeche_([0-9a-v]{8})_[0-9a-v]{52}\Z")
_ID = re.compile(r"[0-9a-v]{8}\Z")

#: What names of keys and clients look like: they stand in names of Redis keys, in logs and in tables.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}\Z")

_FIELDS = ("name", "client", "hash", "created_ms", "used_ms", "jobs", "characters")

#: Milliseconds for which a use is not noted again: a request writes nothing otherwise.
_COARSE_MS = 60_000

#: The hash of no key. What has no record is compared with it, so that all refusals take the same steps.
_NO_HASH = "0" * 64

#: An id that is never given out.
_NO_ID = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key without its secret. Times are ms since 1970; `used_ms` is coarse, to a minute, and None before the first use."""

    id: str
    name: str
    client: str
    limits: Limits
    created_ms: int
    used_ms: int | None


class KeyStore:
    """The keys of one Redis. Thread-safe. Every method raises `StoreUnavailable` where Redis does not do its part."""

    def __init__(self, redis: Redis, *, prefix: str) -> None:
        self._redis = redis
        self._keys = Keys(prefix)
        self._touch: Script = load_script(redis, self._keys, "touch")

    def create(self, name: str, *, client: str | None = None, limits: Limits | None = None) -> tuple[ApiKey, str]:
        """Makes a key. Returns it with the whole key, which can't be had again. Several keys may belong to one client.

        `client` is `name` where it is not given. Raises ValueError for names that can't be used.
        """
        client, limits = client or name, limits or Limits()
        for value in (name, client):
            if not NAME.match(value):
                raise ValueError("a name takes 1 to 64 of A-Z, a-z, 0-9 and ._@-, the first a letter or digit")
        key_id = _random(5)
        whole = f"depeche_{key_id}_{_random(33)[:52]}"
        with store_errors():
            now_ms = self._now_ms()
            key = ApiKey(id=key_id, name=name, client=client, limits=limits, created_ms=now_ms, used_ms=None)
            record: dict[str | bytes | bytearray | memoryview[int] | int | float, str | int] = {
                "name": name,
                "client": client,
                "hash": _hash(whole),
                "created_ms": now_ms,
                "used_ms": "",
                "jobs": "" if limits.jobs is None else limits.jobs,
                "characters": "" if limits.characters is None else limits.characters,
            }
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.hset(self._keys.api_key(key_id), mapping=record)
            pipeline.zadd(self._keys.api_keys, {key_id: now_ms})
            pipeline.execute()
        return key, whole

    def all(self) -> list[ApiKey]:
        """All keys, oldest first."""
        with store_errors():
            ids = [as_bytes(key_id).decode() for key_id in self._redis.zrange(self._keys.api_keys, 0, -1)]
            pipeline = self._redis.pipeline(transaction=False)
            for key_id in ids:
                pipeline.hmget(self._keys.api_key(key_id), _FIELDS)
            records = pipeline.execute()
        return [_read(key_id, values) for key_id, values in zip(ids, records, strict=True) if values[0] is not None]

    def any(self) -> bool:
        """Whether there is a key."""
        with store_errors():
            return bool(self._redis.zcard(self._keys.api_keys))

    def revoke(self, key_id: str) -> bool:
        """Ends a key at once. False where there is no such key."""
        if not _ID.match(key_id):
            return False
        with store_errors():
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.delete(self._keys.api_key(key_id), self._keys.quota(key_id))
            pipeline.zrem(self._keys.api_keys, key_id)
            return bool(pipeline.execute()[1])

    def check(self, whole: str) -> ApiKey:
        """The key behind what a caller sent. Raises `KeyInvalid` for anything else, after the same steps whatever is wrong."""
        match = _KEY.match(whole)
        key_id = match[1] if match else _NO_ID
        with store_errors():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hmget(self._keys.api_key(key_id), _FIELDS)
            pipeline.time()
            values, (seconds, _) = pipeline.execute()
        known = _NO_HASH if values[2] is None else as_bytes(values[2]).decode()
        if not hmac.compare_digest(known, _hash(whole)):
            raise KeyInvalid
        key = _read(key_id, values)
        if key.used_ms is None or seconds * 1000 - key.used_ms > _COARSE_MS:
            self._note_use(key_id)
        return key

    def is_in_force(self, key_id: str) -> bool:
        """Whether a key that was good has not been revoked since."""
        with store_errors():
            return bool(self._redis.exists(self._keys.api_key(key_id)))

    def _note_use(self, key_id: str) -> None:
        """A Redis that takes no writes keeps nobody from reading results."""
        try:
            with store_errors():
                self._touch(keys=[], args=[key_id])
        except StoreUnavailable:
            return

    def _now_ms(self) -> int:
        seconds, microseconds = self._redis.time()
        return int(seconds) * 1000 + int(microseconds) // 1000


def shown_id(whole: str) -> str | None:
    """The id in a key, for logs; None where there is none to see."""
    match = _KEY.match(whole)
    return match[1] if match else None


def _hash(whole: str) -> str:
    return hashlib.sha256(whole.encode(errors="replace")).hexdigest()


def _random(size: int) -> str:
    """So many random bytes in base 32 (0-9a-v)."""
    return base64.b32hexencode(secrets.token_bytes(size)).decode().lower().rstrip("=")


def _read(key_id: str, values: list[bytes | None]) -> ApiKey:
    name, client, _, created, used, jobs, characters = ("" if value is None else value.decode() for value in values)
    return ApiKey(
        id=key_id,
        name=name,
        client=client,
        limits=Limits(_number(jobs), _number(characters)),
        created_ms=_number(created) or 0,
        used_ms=_number(used),
    )


def _number(text: str) -> int | None:
    return int(text) if text else None
