"""Where a job's end is told, and what became of telling it: the `callback` of the job resource."""

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import SplitResult, urlsplit

from service.contract.times import timestamp

#: Most characters of a `callback_url`.
URL_CHARACTERS = 2_000

_VISIBLE = re.compile(r"[!-~]+\Z")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_NUMBER = re.compile(r"([0-9]+|0x[0-9a-f]*)\Z")
_PORTS = {"http": 80, "https": 443}


class CallbackState(StrEnum):
    """How far telling a job's end is."""

    WAITING = "waiting"  # the job has not ended
    PENDING = "pending"  # its end is being told, or will be
    DELIVERED = "delivered"  # the receiver has said that it has it
    FAILED = "failed"  # nobody will try again, unless asked to


class Fault(StrEnum):
    """Why a delivery came to nothing, where the receiver gave no answer that counts."""

    STATUS = "status"  # it answered, and not with 2xx
    REDIRECT = "redirect"  # it answered with 3xx, which is not followed
    TIMEOUT = "timeout"  # it took too long
    NAME_UNKNOWN = "name_unknown"  # its name has no address
    ADDRESS_REFUSED = "address_refused"  # its name has an address that nothing is sent to
    CONNECT_FAILED = "connect_failed"  # nobody listens there
    TLS_FAILED = "tls_failed"  # its certificate is not for its name, or not to be trusted
    PROTOCOL = "protocol"  # what it answered is not HTTP, or broke off
    UNSIGNED = "unsigned"  # the client has no webhook secret any more: nothing was sent
    INTERNAL = "internal"  # something broke on our side
    SENDER_LOST = "sender_lost"  # the sender died over it; the receiver may have it


@dataclass(frozen=True, slots=True)
class Receiver:
    """A `callback_url` in its parts, `host` in lower case and without brackets, `target` with the query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def name(self) -> str:
        """Host and port: what a receiver is told apart by, and all of a URL that logs may show."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def host_header(self) -> str:
        """What HTTP calls the receiver."""
        return self.name.removesuffix(f":{_PORTS[self.scheme]}")

    @classmethod
    def of(cls, url: str) -> "Receiver":
        """Reads a URL. Raises ValueError, with a message that goes on behind the field's name."""
        if len(url) > URL_CHARACTERS:
            raise ValueError(f"has {len(url)} characters; at most {URL_CHARACTERS} are taken")
        if not _VISIBLE.match(url) or "\\" in url:
            raise ValueError("takes visible ASCII characters: percent-encode others, and write a name as xn--...")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError("is not a URL that can be read") from None
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("takes an absolute URL such as https://example.org/hook, with http or https")
        if "@" in parts.netloc:
            raise ValueError("takes no user name or password")
        if "#" in url:
            raise ValueError("takes no fragment (#...)")
        if port == 0 or parts.netloc.endswith(":"):
            raise ValueError("names no port that there is")
        query = f"?{parts.query}" if "?" in url else ""
        return cls(parts.scheme, _host(parts), port or _PORTS[parts.scheme], (parts.path or "/") + query)


def _host(parts: SplitResult) -> str:
    """The host, which is a name, or an address in the one way in which all programs read it."""
    host = parts.hostname or ""
    if "[" in parts.netloc:
        try:
            address = ipaddress.IPv6Address(host)
        except ValueError:
            address = None
        if address is None or address.scope_id is not None:
            raise ValueError("has no IPv6 address between its brackets")
        return str(address)
    labels = host.split(".")
    if _NUMBER.match(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            raise ValueError("takes an address as four decimal numbers, or a name") from None
    if len(host) > 253 or not all(_LABEL.match(label) for label in labels):
        raise ValueError("has no host name that can be used")
    return host


@dataclass(frozen=True, slots=True)
class CallbackAttempt:
    """One try to tell a job's end. `status` is the receiver's answer, `error` a `Fault`, `took_ms` how long it all took."""

    at_ms: int
    status: int | None
    error: str | None
    took_ms: int | None

    def view(self) -> dict[str, Any]:
        """As the interface shows it."""
        return {"at": timestamp(self.at_ms), "status": self.status, "error": self.error, "took_ms": self.took_ms}


@dataclass(frozen=True, slots=True)
class Callback:
    """What a job's record says of telling its end. `next_ms` is when that is tried next, None where it is not."""

    url: str
    state: CallbackState
    attempts: tuple[CallbackAttempt, ...] = ()
    next_ms: int | None = None

    @classmethod
    def from_record(cls, record: Mapping[str, bytes]) -> "Callback | None":
        """Reads the fields described in `lua/prelude.lua`; None for a job that has no callback."""
        if not record.get("callback_url"):
            return None
        due = record.get("callback_due_ms")
        return cls(
            record["callback_url"].decode(),
            CallbackState(record.get("callback_state", b"waiting").decode()),
            tuple(
                CallbackAttempt(at, status or None, error or None, None if took < 0 else took)
                for at, status, error, took in json.loads(record.get("callback_log", b"[]"))
            ),
            int(due) if due else None,
        )

    def view(self) -> dict[str, Any]:
        """As the interface shows it."""
        return {
            "url": self.url,
            "state": self.state.value,
            "attempts": [attempt.view() for attempt in self.attempts],
            "next_at": timestamp(self.next_ms),
        }
