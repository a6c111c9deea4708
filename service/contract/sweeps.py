"""The reconciler's side of the ledger: what nobody works on any more, and what nobody will hear of."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from redis.exceptions import ResponseError

from service.contract.leases import Place
from service.contract.ledger import Ledger, as_bytes, pulse_gap_ms
from service.contract.outages import passing_code, store_errors

#: Jobs that one script takes back, so that Redis is not held up.
_AT_ONCE = 100

#: Messages that one read of the list brings.
_PAGE = 1000

#: Seconds until another worker asks for a rewrite where this one could not.
_REWRITE_RETRY_S = 60

#: Celery's id of the task, which is the job's, in the JSON of a message.
_MESSAGE_ID = re.compile(rb'"id": ?"([0-9a-v]{32})"')


class Outcome(StrEnum):
    """How an attempt ended whose lease expired."""

    CRASHED = "crashed"  # its worker is gone: charged
    DROPPED = "dropped"  # its worker lives and had lost it: not charged


@dataclass(frozen=True, slots=True)
class Expired:
    """A job that a sweep took back."""

    job_id: str
    worker: str
    place: Place
    outcome: Outcome


class Rewrite(StrEnum):
    """What came of asking Redis to rewrite its append-only file."""

    BEGUN = "begun"
    LATER = "later"  # none is due, or one is under way and another is asked for when it is done
    NO_FILE = "no file"  # Redis keeps none, or does not say so
    REFUSED = "refused"  # the user may not, the command is not there, or no process can be forked


class SweepStore(Ledger):
    """What the reconciler does with jobs."""

    def begin_sweep(self, worker: str, *, every_s: float) -> bool:
        """Whether this worker is the one to sweep now: one of all, once in `every_s` seconds."""
        with store_errors():
            return self._hold("sweep", worker, milliseconds=max(1, int(every_s * 950)))

    def expire(self, *, lease_s: float) -> list[Expired]:
        """Takes back all jobs whose lease has expired and can be judged."""
        taken: list[Expired] = []
        while True:
            with store_errors():
                answer = self._run("expire", int(lease_s * 1000), pulse_gap_ms(lease_s), _AT_ONCE, self._retention_s)
            values = [as_bytes(value).decode() for value in answer]
            taken += [
                Expired(job_id, worker, Place(place), Outcome(outcome))
                for job_id, place, outcome, worker in zip(*(values[n::4] for n in range(4)), strict=True)
            ]
            if len(values) < 4 * _AT_ONCE:
                return taken

    def unlisted(self, *, every_s: float) -> list[str]:
        """The queued jobs without a message in the lists, now and at the sweep before: they are to be published.

        Messages that somebody holds unacknowledged don't count: duplicates are harmless, a lost message is not.
        """
        with store_errors():
            queued = {as_bytes(job_id) for job_id in self.redis.zrange(self.keys.queued, 0, -1)}
            queued -= {as_bytes(job_id) for job_id in self.redis.zrange(self.keys.quarantined, 0, -1)}
            for name in self.keys.messages:
                for page in self._pages(name) if queued else ():
                    queued.difference_update(_MESSAGE_ID.findall(page))
            missing = sorted(queued)
            found: list[str] = []
            for start in range(0, len(missing), _PAGE):
                times = (int(every_s * 500), int(every_s * 3000))
                answer = self._run("unlisted", *times, *missing[start : start + _PAGE])
                found += [as_bytes(job_id).decode() for job_id in answer]
        return found

    def rewrite_file(self, worker: str, *, every_s: int) -> Rewrite:
        """Has Redis write its append-only file anew, without what was erased or has expired: one worker of all, once in
        `every_s` seconds."""
        key = self.keys.rewrite
        with store_errors():
            # Short at first: a worker that dies here must not be the last to have asked.
            if not self._hold("rewrite", worker, milliseconds=min(_REWRITE_RETRY_S, every_s) * 1000):
                return Rewrite.LATER
            answer = self._rewrite()
            if answer is not Rewrite.LATER:
                self.redis.expire(key, every_s)
        return answer

    def _rewrite(self) -> Rewrite:
        try:
            found = self.redis.info("persistence")
            if not found.get("aof_enabled"):  # then the command would make such a file
                return Rewrite.NO_FILE
            if found.get("aof_rewrite_in_progress"):
                return Rewrite.LATER
            self.redis.bgrewriteaof()
        except ResponseError as error:
            if passing_code(error) not in (None, "NOPERM"):
                raise
            return Rewrite.REFUSED
        return Rewrite.BEGUN

    def _pages(self, name: str) -> Iterator[bytes]:
        """The list of messages in large pieces. New ones come in at its head, so that none is missed between two reads."""
        start = 0
        while True:
            page: Sequence[object] = self.redis.lrange(name, start, start + _PAGE - 1)
            yield b"\n".join(as_bytes(message) for message in page)
            if len(page) < _PAGE:
                return
            start += _PAGE
