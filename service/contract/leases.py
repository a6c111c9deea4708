"""The worker's side of the ledger: attempts, each under a lease that its token fences."""

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from pydantic import ValidationError

from service.contract.attempt import Claim, Heartbeat, Lane
from service.contract.errors import Code
from service.contract.ledger import Ledger, as_bytes, pulse_gap_ms
from service.contract.outages import store_errors
from service.contract.packing import pack_result, unpack_text
from service.contract.request import JobRequest
from service.contract.states import JobState

#: Sentences that are asked for or left in one round trip.
_TOGETHER = 1000


class Place(StrEnum):
    """What became of a job that was taken off its worker."""

    QUEUED = "queued"  # it wants a message
    QUARANTINED = "quarantined"  # it waits for the quarantine lane, which needs none
    EXHAUSTED = "exhausted"  # it has failed with `attempts_exhausted`
    LOST = "lost"  # the token was stale: nothing was changed


class LeaseStore(Ledger):
    """What a worker does with jobs."""

    def claim(self, job_id: str, *, worker: str, lease_s: float, lane: Lane = Lane.MAIN) -> Claim | None:
        """Begins an attempt, or returns None where there is nothing to do: ended, erased, held, or of another lane.

        A job whose lease has expired is held until a sweep has judged it. A record whose request can't be read is failed on
        the spot: nobody else could do more with it.
        """
        with store_errors():
            answer = self._run("claim", job_id, worker, int(lease_s * 1000), lane.value)
        if answer[0] != b"claimed":
            return None
        _, token, attempt, created_ms, started_ms, packed = answer
        try:
            request = JobRequest.from_json(unpack_text(packed))
        except (zlib.error, ValidationError, TypeError):
            code, detail = Code.JOB_INTERNAL.value.code, "The stored request can't be read. Submit the article again."
            self._finish(job_id, token, JobState.FAILED, code=code, detail=detail)
            return None
        return Claim(job_id, token, attempt, created_ms, started_ms, request)

    def heartbeat(
        self, worker: str, jobs: Sequence[Heartbeat], *, lease_s: float, renew: bool, description: str | None = None
    ) -> set[Heartbeat]:
        """Reports progress of all attempts in one round trip; with `renew`, their leases are renewed too.

        Returns those that are lost: cancelled, erased, or taken back. They can change nothing any more.
        """
        args: list[str | int] = [worker, int(lease_s * 1000) if renew else 0, pulse_gap_ms(lease_s), description or ""]
        for job in jobs:
            args += [job.job_id, job.token, job.stage.value, job.done, job.total]
        with store_errors():
            answers = self._run("renew", *args)
        return {job for job, answer in zip(jobs, answers, strict=True) if answer == b"lost"}

    def succeed(self, claim: Claim, result: bytes, *, segments: int, counts: Mapping[str, int] | None = None) -> bool:
        """Ends the job with a result (JSON). `segments` is the final progress, `counts` what `/metrics` adds up.

        False where the token is stale.
        """
        packed = pack_result(result)
        return self._finish(
            claim.job_id, claim.token, JobState.SUCCEEDED, result=packed, segments=segments, counts=counts
        )

    def fail(self, claim: Claim, code: str, detail: str) -> bool:
        """Ends the job with an error. False where the token is stale."""
        return self._finish(claim.job_id, claim.token, JobState.FAILED, code=code, detail=detail)

    def release(self, claim: Claim) -> Place:
        """Gives the attempt back, uncharged."""
        return self._give_up(claim, "released")

    def crash(self, claim: Claim) -> Place:
        """Gives the attempt back and charges it: its work hung or broke the engine."""
        return self._give_up(claim, "crashed")

    def save(self, claim: Claim, piece: bytes) -> bool:
        """Keeps a part of the translation for a later attempt. False where the token is stale."""
        with store_errors():
            return bool(self._run("save", claim.job_id, claim.token, piece))

    def saved(self, job_id: str) -> list[bytes]:
        """What attempts have saved, in the order in which they did."""
        with store_errors():
            return [as_bytes(piece) for piece in self.redis.lrange(self.keys.partial(job_id), 0, -1)]

    def recall(self, claim: Claim, digests: Sequence[str]) -> dict[str, bytes]:
        """What the client's other jobs have left under these digests. Empty where the token is stale."""
        found: dict[str, bytes] = {}
        with store_errors():
            for start in range(0, len(digests), _TOGETHER):
                part = digests[start : start + _TOGETHER]
                answers = self._run("recall", claim.job_id, claim.token, *part)
                found |= {digest: as_bytes(entry) for digest, entry in zip(part, answers, strict=False) if entry}
        return found

    def is_heard(self, job_id: str) -> bool:
        """Whether somebody listens to the job."""
        with store_errors():
            return bool(self.redis.exists(self.keys.heard(job_id)))

    def tell(self, claim: Claim, first: int, lines: Sequence[str]) -> int:
        """Tells listeners of segments, the `first` of them by its number. Returns how many are told now; -1 where the token
        is stale."""
        with store_errors():
            return int(self._run("feed", claim.job_id, claim.token, first, *lines))

    def remember(self, claim: Claim, entries: Mapping[str, bytes], *, limit: int) -> int:
        """Leaves entries, by their digests, for the client's other jobs: for as long as results live, and until the job is
        erased. At most `limit` are kept of all clients, the newest. Returns how many were taken: none where the token is
        stale."""
        pairs, taken = list(entries.items()), 0
        with store_errors():
            for start in range(0, len(pairs), _TOGETHER):
                part = [value for pair in pairs[start : start + _TOGETHER] for value in pair]
                taken += int(self._run("remember", claim.job_id, claim.token, self._retention_s, limit, *part))
        return taken

    def quarantined(self) -> str | None:
        """The job that has waited longest for the quarantine lane."""
        with store_errors():
            ids = self.redis.zrange(self.keys.quarantined, 0, 0)
        return as_bytes(ids[0]).decode() if ids else None

    def hold_lane(self, holder: str, *, for_s: float) -> bool:
        """Whether `holder` is the quarantine lane, now and for so many seconds: there is one of all workers."""
        with store_errors():
            return self._hold("lane", holder, milliseconds=int(for_s * 1000), on=True)

    def leave_lane(self, holder: str) -> None:
        """Makes room for another process where `holder` was the lane."""
        with store_errors():
            if self.redis.get(self.keys.lane) == holder.encode():
                self.redis.delete(self.keys.lane)

    def declare(self, names: Iterable[str]) -> None:
        """Has counts begin at 0 that may be added to later: a counter that appears with its first event hides that one."""
        with store_errors():
            pipeline = self.redis.pipeline(transaction=False)
            for name in names:
                pipeline.hsetnx(self.keys.counts, f"done {name}", 0)
            pipeline.execute()

    def withdraw_worker(self, worker: str) -> None:
        """Takes a worker that stops off the list of those that were seen."""
        with store_errors():
            self.redis.zrem(self.keys.workers, worker)
            self.redis.delete(self.keys.worker(worker))

    def mourn(self, worker: str) -> dict[str, Place]:
        """Takes back and charges all jobs of a worker that somebody saw end: they need not wait for their leases."""
        with store_errors():
            answer = [as_bytes(value).decode() for value in self._run("mourn", worker, self._retention_s)]
        return {job_id: Place(place) for job_id, place in zip(answer[::2], answer[1::2], strict=True)}

    def _give_up(self, claim: Claim, outcome: str) -> Place:
        with store_errors():
            answer = self._run("release", claim.job_id, claim.token, outcome, self._retention_s)
        return Place(as_bytes(answer).decode())

    def _finish(
        self,
        job_id: str,
        token: int,
        state: JobState,
        *,
        code: str = "",
        detail: str = "",
        result: bytes = b"",
        segments: int = 0,
        counts: Mapping[str, int] | None = None,
    ) -> bool:
        done = json.dumps(counts) if counts else ""
        with store_errors():
            answer = self._run(
                "finish", job_id, token, state.value, code, detail, result, self._retention_s, segments, done
            )
        return bool(answer)
