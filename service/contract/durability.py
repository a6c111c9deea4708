"""What an accepted job outlives, as far as the Redis behind the ledger says and can be believed."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from redis import Redis
from redis.exceptions import ResponseError

from service.contract.connection import one_connection
from service.contract.errors import StoreFault, StoreUnavailable
from service.contract.eviction import Eviction
from service.contract.outages import passing_code, store_errors

#: Seconds between two looks at how Redis is set up.
RECHECK_S = 30.0

#: Share of the time limit of a command that Redis may take to bring a write to disk.
_SHARE = 0.8

#: The same in seconds for connections without a time limit.
_WAIT_S = 5.0

#: Milliseconds for which the key of the trial write lives.
_TRIAL_MS = 10_000


class Outlives(StrEnum):
    """Whose end an accepted job outlives."""

    MACHINE = "machine"  # what is accepted is on the disk
    PROCESS = "process"  # it is in the append-only file, and perhaps not on the disk yet
    NONE = "none"  # it is in memory, or may be evicted from there while everything lives


@dataclass(frozen=True, slots=True)
class _Finding:
    outlives: Outlives
    #: Whether only WAITAOF makes it so.
    waits: bool = False
    eviction: Eviction | None = None


class Durability:
    """Watches one Redis. Thread-safe. `probe` is a key that trial writes may use."""

    def __init__(self, redis: Redis, probe: str) -> None:
        self._redis = redis
        self._probe = probe
        self._lock = threading.Lock()
        self._finding: _Finding | None = None
        self._due = 0.0
        limit_s = redis.get_connection_kwargs().get("socket_timeout")
        self._wait_ms = int(1000 * (_SHARE * limit_s if limit_s else _WAIT_S))

    def outlives(self) -> Outlives:
        """What is known from the last look, which is at most `RECHECK_S` old. Raises `StoreUnavailable`."""
        return self._find().outlives

    def eviction(self) -> Eviction | None:
        """What Redis does when its memory is full, from the same look; None where it hides that. Raises `StoreUnavailable`."""
        return self._find().eviction

    def confirm(self, connection: Redis) -> None:
        """Returns when all that was written on this one connection is as durable as Redis gives it.

        Raises `StoreUnavailable` where that takes longer than four fifths of the time limit of its commands.
        """
        if not self._find().waits:
            return
        try:
            with store_errors():
                on_disk = self._wait(connection)
        except (StoreFault, StoreUnavailable) as error:
            self._due = 0.0
            if isinstance(error, StoreFault):  # the append-only file has been switched off
                raise StoreUnavailable("can no longer say what is on its disk") from error
            raise
        if not on_disk:
            raise StoreUnavailable("did not bring the job to disk in time")

    def _find(self) -> _Finding:
        finding = self._finding
        if finding is None or time.monotonic() >= self._due:
            with store_errors():
                finding = self._look(finding)
            with self._lock:
                self._finding, self._due = finding, time.monotonic() + RECHECK_S
        return finding

    def _look(self, before: _Finding | None) -> _Finding:
        eviction = Eviction.of(self._info("memory"))
        found = replace(self._look_at_file(before), eviction=eviction)
        return replace(found, outlives=Outlives.NONE) if eviction is not None and eviction.takes_jobs else found

    def _look_at_file(self, before: _Finding | None) -> _Finding:
        settings = self._settings()
        if not settings:
            return self._try_out(before)
        if settings.get("appendonly") != "yes":
            return _Finding(Outlives.NONE)
        policy, pauses = settings.get("appendfsync"), settings.get("no-appendfsync-on-rewrite") == "yes"
        if policy == "always" and not pauses:
            return _Finding(Outlives.MACHINE)
        # With the policy `no` the file comes to disk when the system likes: no wait would end in time.
        waits = policy != "no" and self._is_believed() and self._may_wait()
        return _Finding(Outlives.MACHINE if waits else Outlives.PROCESS, waits)

    def _try_out(self, before: _Finding | None) -> _Finding:
        """What is found where the configuration is hidden, as with managed servers."""
        if not self._info("persistence").get("aof_enabled", 1):
            return _Finding(Outlives.NONE)
        if not self._is_believed():
            return _Finding(Outlives.PROCESS)
        if before is not None and before.waits:
            return before
        with one_connection(self._redis) as connection:
            connection.set(self._probe, "1", px=_TRIAL_MS)
            try:
                on_disk = self._wait(connection)
            except ResponseError as error:
                _raise_if_passing(error)
                on_disk = False
        return _Finding(Outlives.MACHINE if on_disk else Outlives.PROCESS, on_disk)

    def _wait(self, connection: Redis) -> bool:
        """Whether the append-only file came to disk in time, up to what this connection wrote last."""
        local, _ = connection.waitaof(1, 0, self._wait_ms)
        return bool(local >= 1)

    def _may_wait(self) -> bool:
        try:
            self._redis.waitaof(1, 0, 1)
        except ResponseError as error:
            _raise_if_passing(error)
            return False
        return True

    def _settings(self) -> dict[str, str]:
        """Redis's settings for the append-only file; empty where they are hidden."""
        try:
            found = self._redis.config_get("*append*")
        except ResponseError as error:
            _raise_if_passing(error)
            return {}
        return {_text(name): _text(value) for name, value in found.items()}

    def _is_believed(self) -> bool:
        return waits_honestly(self._info("server"))

    def _info(self, section: str) -> Mapping[str, object]:
        try:
            found: Mapping[str, object] = self._redis.info(section)
        except ResponseError as error:
            _raise_if_passing(error)
            return {}
        return found


def waits_honestly(server: Mapping[str, object]) -> bool:
    """Whether WAITAOF of this server (its INFO) waits for the disk: Redis 7.2, and 8.0 upward.

    Redis 7.4 and Valkey 8, which has its code, may answer before the write is on disk (redis/redis#13793).
    """
    if "valkey_version" in server or server.get("server_name", "redis") != "redis":
        return False
    parts = str(server.get("redis_version", "0")).split(".")
    try:
        version = int(parts[0]), int(parts[1])
    except (IndexError, ValueError):
        return False
    return version == (7, 2) or version >= (8, 0)


def _raise_if_passing(error: ResponseError) -> None:
    """What is not permitted or not there counts as hidden; what passes is an outage."""
    if passing_code(error) not in (None, "NOPERM"):
        raise error


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
