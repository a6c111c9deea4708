"""Connections to Redis: one place for addresses, time limits and retries."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, LifoQueue
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from redis import BlockingConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

#: How many times as long as it may stand still a queue for connections may take in all.
_PATIENCE = 16


class ConnectionQueue(LifoQueue[Any]):
    """The free connections of a pool. Who waits for one waits on while others bring theirs back from a server that answers."""

    def __init__(self, maxsize: int = 0) -> None:
        super().__init__(maxsize)
        self._answered_at = -math.inf

    def put_nowait(self, item: Any) -> None:
        """Takes a connection back, or None for one that is still to be made. One that failed was disconnected before."""
        if item is not None and item.is_connected:
            self._answered_at = time.monotonic()
        super().put_nowait(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """The connection that came back last. Raises `queue.Empty` where none has come back alive for `timeout` seconds."""
        if not block or timeout is None:
            return super().get(block, timeout)
        until = time.monotonic() + _PATIENCE * timeout
        while True:
            try:
                return super().get(timeout=timeout)
            except Empty:
                now = time.monotonic()
                if now >= until or now - self._answered_at >= timeout:
                    raise


def connect(url: str, *, timeout_s: float, name: str, max_connections: int | None = None) -> Redis:
    """A client whose commands fail after `timeout_s` seconds. `name` shows in CLIENT LIST.

    With `max_connections`, a command that finds all of them busy waits for one: a quarter of `timeout_s`, and four times
    `timeout_s` while others get their answers, so that a crowd is served late and an outage is told of at once.

    Nothing is retried here: a transition that broke off may have been carried out, and only its caller knows what a second
    one would do. A pooled connection that the server has closed is noticed by redis-py and replaced before use.
    Raises ValueError for an address that redis-py can't read.
    """
    keepalive = {} if url.startswith("unix:") else {"socket_keepalive": True}
    options: dict[str, Any] = {
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "health_check_interval": 25,
        "retry": Retry(NoBackoff(), 0),
        "client_name": name,
        **keepalive,
    }
    if max_connections is None:
        return Redis.from_url(url, **options)
    return Redis.from_pool(
        BlockingConnectionPool.from_url(
            url, max_connections=max_connections, timeout=timeout_s / 4, queue_class=ConnectionQueue, **options
        )
    )


@contextmanager
def one_connection(redis: Redis) -> Iterator[Redis]:
    """A client that sends all its commands on one connection of the pool. Raises what redis-py raises."""
    client: Redis = redis.client()  # type: ignore[no-untyped-call]  # redis-py has no hints there
    try:
        yield client
    finally:
        client.close()


def broker_url(url: str) -> str:
    """The same address as kombu wants it.

    `unix:///run/redis.sock?db=0` becomes `redis+socket:///run/redis.sock?virtual_host=0`. A `rediss://` address that says
    nothing of certificates gets `ssl_cert_reqs=required`, since kombu, unlike redis-py, would not verify them otherwise.
    """
    parts = urlsplit(url)
    if parts.scheme == "rediss" and "ssl_cert_reqs" not in parts.query:
        query = "&".join(part for part in (parts.query, "ssl_cert_reqs=required") if part)
        return urlunsplit(parts._replace(query=query))
    if parts.scheme != "unix":
        return url
    query = f"?{parts.query.replace('db=', 'virtual_host=')}" if parts.query else ""
    return f"redis+socket://{parts.netloc}{parts.path}{query}"


def without_password(url: str) -> str:
    """The address as logs may show it. Of its parameters, which may hold a password too, it keeps the database alone."""
    parts = urlsplit(url)
    netloc = parts.netloc
    if parts.password is not None:
        netloc = f"{parts.username or ''}:***@{netloc.rpartition('@')[2]}"
    query = "&".join(part for part in parts.query.split("&") if part.startswith("db="))
    return f"{parts.scheme}://{netloc}{parts.path}" + (f"?{query}" if query else "")
