"""The ledger's side of webhooks: deliveries that are due, each under a lease that its token fences."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from redis import Redis

from service.contract.callback import Callback, CallbackState, Fault
from service.contract.errors import CallbackMissing, JobGone, JobNotEnded, StoreFault
from service.contract.job import Job
from service.contract.ledger import Ledger, as_bytes
from service.contract.logs import get_logger
from service.contract.outages import store_errors

log = get_logger(__name__)

#: Seconds within which a sender must have asked for work to be seen.
SEEN_S = 30

#: Fields of a job's record that make up what its receiver is told.
_FIELDS = (
    "state",
    "client",
    "attempts",
    "done",
    "total",
    "history",
    "created_ms",
    "started_ms",
    "ended_ms",
    "expires_ms",
    "error_code",
    "error_detail",
    "metadata",
    "version",
    "callback_url",
)


class Outcome(StrEnum):
    """What a sender makes of a try."""

    DELIVERED = "delivered"
    FAILED = "failed"  # it will not be tried again
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A job's end that a sender is to tell. `tries` counts this one; `claimed_ms` is the time, as Redis has it.

    `secrets` sign it; there are none where the client has none.
    """

    job: Job
    callback: Callback
    token: int
    tries: int
    claimed_ms: int
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many deliveries are due, for how long the first has been, and how many senders were seen lately."""

    due: int
    oldest_s: float
    senders: int


class DeliveryStore(Ledger):
    """What senders and the front end do with deliveries."""

    def claim(self, sender: str, *, lease_s: float, most: int) -> list[Delivery]:
        """At most so many deliveries that are due: at most 4 at once to one receiver of a client, and 16 for one client.

        Each is the sender's for `lease_s`. What it has not settled by then is due again. One whose record can't be read is left
        out, with a line of the log: it runs out of tries.
        """
        with store_errors():
            answer = self._run("claim_callbacks", sender, int(lease_s * 1000), most, *_FIELDS)
        found = []
        for entry in answer:
            try:
                found.append(_delivery(*entry))
            except (StoreFault, ValueError, KeyError) as error:
                log.error("callback_unreadable", job_id=entry[0].decode(), kind=type(error).__name__)
        return found

    def settle(
        self,
        delivery: Delivery,
        outcome: Outcome,
        *,
        after_s: float = 0.0,
        status: int | None = None,
        fault: Fault | None = None,
        took_ms: int,
    ) -> CallbackState | None:
        """Notes a try and what follows: with `AGAIN`, another one after so many seconds, if the job lives that long.

        Returns the state that the callback is in now, None where the delivery is not this sender's any more.
        """
        with store_errors():
            answer = self._run(
                "settle_callback",
                delivery.job.id,
                delivery.token,
                outcome.value,
                int(after_s * 1000),
                status or 0,
                fault.value if fault else "",
                took_ms,
                self._retention_s,
            )
        return CallbackState(as_bytes(answer).decode()) if answer else None

    def redeliver(self, job_id: str, *, client: str, on: Redis | None = None) -> None:
        """Has the end of a job told now, once more or sooner than planned.

        Raises `JobNotEnded`, `CallbackMissing` and `JobGone`.
        """
        with store_errors():
            answer = self._run("redeliver", job_id, client, self._retention_s, on=on)
        match answer:
            case b"due":
                return
            case b"running":
                raise JobNotEnded
            case b"silent":
                raise CallbackMissing
            case _:
                raise JobGone

    def backlog(self) -> Backlog:
        """How deliveries stand."""
        with store_errors():
            due, oldest_ms, senders = self._run("overdue", SEEN_S * 1000)
        return Backlog(int(due), int(oldest_ms) / 1000, int(senders))

    def senders(self) -> list[str]:
        """The senders that were seen lately, as `host:process`."""
        with store_errors():
            since = self._now_ms() - SEEN_S * 1000
            return [as_bytes(name).decode() for name in self.redis.zrangebyscore(self.keys.senders, since, "+inf")]

    def leave(self, sender: str) -> None:
        """Takes a sender that stops off the list of those that were seen."""
        with store_errors():
            self.redis.zrem(self.keys.senders, sender)


def _delivery(
    job_id: bytes, token: int, tries: int, claimed_ms: int, secrets: Sequence[bytes], values: Sequence[bytes | None]
) -> Delivery:
    record = {name: value for name, value in zip(_FIELDS, values, strict=True) if value is not None}
    job = Job.from_record(job_id.decode(), record)
    if job.callback is None:
        raise StoreFault("callback")
    return Delivery(job, job.callback, token, tries, claimed_ms, tuple(secret.decode() for secret in secrets))
