"""Connections to Redis: one place for addresses, time limits and retries."""

from urllib.parse import urlsplit, urlunsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

#: The schemes that a Redis URL may have.
SCHEMES = ("redis", "rediss", "unix")


def connect(url: str, *, timeout_s: float, name: str, max_connections: int | None = None) -> Redis:
    """A client whose commands fail after `timeout_s` seconds. `name` shows in CLIENT LIST.

    Nothing is retried here: a transition that broke off may have been carried out, and only its caller knows what a second
    one would do. A pooled connection that the server has closed is noticed by redis-py and replaced before use.
    Raises ValueError for an address that redis-py can't read.
    """
    keepalive = {} if url.startswith("unix:") else {"socket_keepalive": True}
    return Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        health_check_interval=25,
        retry=Retry(NoBackoff(), 0),
        client_name=name,
        max_connections=max_connections,
        **keepalive,
    )


def broker_url(url: str) -> str:
    """The same address as kombu spells it: `unix:///run/redis.sock?db=0` becomes `redis+socket:///run/redis.sock?virtual_host=0`."""
    parts = urlsplit(url)
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
