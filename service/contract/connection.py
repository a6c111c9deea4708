"""Connections to Redis: one place for addresses, time limits and retries."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from redis import BlockingConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def connect(url: str, *, timeout_s: float, name: str, max_connections: int | None = None) -> Redis:
    """A client whose commands fail after `timeout_s` seconds. `name` shows in CLIENT LIST.

    With `max_connections`, a command that finds all of them busy waits for one, a quarter of `timeout_s` at most.

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
        BlockingConnectionPool.from_url(url, max_connections=max_connections, timeout=timeout_s / 4, **options)
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
    """The address as logs may show it."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username or ''}:***@{host}"))
