"""The table of settings of the front end. Order: command line, then environment, then the default."""

import ipaddress
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr, field_validator

from service.contract.settings import SharedSettings
from service.webhooks.addresses import Addresses, read_networks

#: The schemes that a Redis URL may have. (redis-py itself must not be imported before gevent has patched the process.)
_SCHEMES = ("redis", "rediss", "unix")

#: Bytes that a body may have beyond its article: field names, options, metadata.
_BODY_OVERHEAD = 65_536

#: Bytes of one character at worst in common JSON: `\u00e9`.
_BYTES_PER_CHARACTER = 6


class Settings(SharedSettings):
    """What the front end can be told. Each is read from `DEPECHE_` and the field's name."""

    host: str = Field(
        "127.0.0.1", description="Address to listen on. Others than loopback need API keys, or `DEPECHE_TRUST_NETWORK`."
    )
    port: int = Field(8000, ge=0, le=65_535, description="Port to listen on. 0: a free one, which is then printed.")
    processes: int = Field(2, ge=1, le=64, description="Processes that answer requests.")
    connections: int = Field(
        1200, ge=1, le=20_000, description="Connections that each process serves at once, waiting ones among them."
    )
    queue_limit: int = Field(
        10_000, ge=1, description="Most jobs that may be queued and running. More are refused: 503."
    )
    max_characters: int = Field(1_000_000, ge=1, le=20_000_000, description="Most characters of an article.")
    max_body_bytes: int | None = Field(
        None, ge=1024, description="Most bytes of a request's body. Unset: six for each character, and 64 KiB."
    )
    body_timeout_s: float = Field(
        30.0,
        gt=0,
        le=600,
        description="Seconds within which a request's body must arrive; a batch's has four times that.",
    )
    redis_timeout_s: float = Field(
        2.0, ge=0.1, le=60, description="Seconds after which a Redis command has failed, and the answer is 503."
    )
    allowed_hosts: str = Field(
        "localhost,127.0.0.1,[::1]",
        description="Names by which this server may be called (the `Host` header), with commas. "
        "The address that it listens on counts too.",
    )
    trust_network: bool = Field(
        False,
        description="Listen on other addresses than loopback without API keys: who reaches them may do everything.",
    )
    require_keys: bool = Field(
        False, description="Demand API keys on loopback too, for instance behind a proxy. Elsewhere they always are."
    )
    jobs_per_minute: int | None = Field(
        None, ge=1, description="Most jobs a minute of each API key that has no quota of its own. Unset: no limit."
    )
    characters_per_minute: int | None = Field(
        None, ge=1, description="Most characters a minute of each such key. Unset: no limit."
    )
    wait_limit_s: float = Field(60.0, ge=0, le=600, description="Most seconds that `?wait=` may ask for.")

    callback_networks: str = Field(
        "",
        description="Networks that webhooks may be sent to although they are not public, with commas, such as "
        "`10.2.0.0/16,127.0.0.1/32`.",
    )
    callbacks_at_once: int = Field(64, ge=1, le=512, description="Webhooks that one `depeche deliver` sends at once.")

    @field_validator("callback_networks")
    @classmethod
    def _readable_networks(cls, value: str) -> str:
        read_networks(value)
        return value

    @field_validator("max_body_bytes", "jobs_per_minute", "characters_per_minute", mode="before")
    @classmethod
    def _blank_is_unset(cls, value: object) -> object:
        """Compose files hand in empty variables for what is not set."""
        return None if value == "" else value

    @field_validator("redis_url")
    @classmethod
    def _readable_address(cls, value: SecretStr) -> SecretStr:
        parts = urlsplit(value.get_secret_value())
        try:
            numbers = [parts.port or 0, *(int(number) for number in _databases(parts.scheme, parts.path, parts.query))]
        except ValueError:
            numbers = [-1]
        located = bool(parts.path) if parts.scheme == "unix" else bool(parts.hostname)
        if parts.scheme not in _SCHEMES or not located or min(numbers) < 0:
            raise ValueError("can't be read: use redis://HOST:PORT/0, rediss://HOST:PORT/0 or unix:///PATH")
        return value

    @property
    def keys_required(self) -> bool:
        """Whether every request but the few that are open to all needs an API key."""
        return self.require_keys or not (self.trust_network or is_loopback(self.host))

    @property
    def callback_addresses(self) -> Addresses:
        """Where webhooks may be sent."""
        return Addresses(read_networks(self.callback_networks))

    @property
    def body_limit(self) -> int:
        """Most bytes of a request's body."""
        return self.max_body_bytes or self.max_characters * _BYTES_PER_CHARACTER + _BODY_OVERHEAD

    @property
    def host_names(self) -> frozenset[str]:
        """The names that a `Host` header may have, without ports, in lower case; IPv6 addresses in brackets."""
        names = {name.strip().lower() for name in self.allowed_hosts.split(",")}
        names.add(f"[{self.host}]" if ":" in self.host else self.host.lower())
        return frozenset(names - {"", "0.0.0.0", "[::]"})  # noqa: S104 - these are left out here


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _databases(scheme: str, path: str, query: str) -> list[str]:
    """The numbers of the database that an address names, as they are written."""
    named = parse_qs(query).get("db", [])
    if scheme != "unix" and path.strip("/"):
        named.append(path.strip("/"))
    return named
