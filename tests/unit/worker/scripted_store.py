"""A ledger with one job, for tests of what a worker does with it."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any, cast

from service.contract.attempt import Claim, Lane
from service.contract.leases import LeaseStore, Place
from service.contract.request import JobRequest
from service.contract.result import Result
from worker.attempts import AttemptBook
from worker.context import WorkerContext
from worker.engine.interface import Engine
from worker.settings import Settings

SECRET = "Le secret du village est bien gardé."


class ScriptedStore:
    """A ledger with one job. `outages`: what each transition raises before it answers, as often as it is listed."""

    def __init__(self, text: str = SECRET, *, outages: dict[str, list[Exception]] | None = None) -> None:
        self.claimed: Claim | None = Claim("job", 7, 1, 1_000, 1_500, JobRequest(text=text))
        self.calls: list[str] = []
        self.ended: tuple[str, ...] | None = None
        self.result: Result | None = None
        self.released = False
        self.fenced = False  # whether the token is stale
        self.pieces: list[bytes] = []
        self.sentences: dict[str, bytes] = {}
        self._outages = outages or {}

    def is_heard(self, job_id: str) -> bool:
        return False

    def claim(self, job_id: str, *, worker: str, lease_s: float, lane: Lane) -> Claim | None:
        self._called("claim")
        assert lane is Lane.MAIN
        return self.claimed

    def saved(self, job_id: str) -> list[bytes]:
        return self.pieces

    def save(self, claim: Claim, piece: bytes) -> bool:
        self.pieces.append(piece)
        return True

    def recall(self, claim: Claim, digests: Sequence[str]) -> dict[str, bytes]:
        return {name: self.sentences[name] for name in digests if name in self.sentences}

    def remember(self, claim: Claim, entries: Mapping[str, bytes], *, limit: int) -> int:
        self.sentences |= entries
        return len(entries)

    def succeed(self, claim: Claim, result: bytes, *, segments: int, counts: Mapping[str, int]) -> bool:
        self._called("succeed")
        self.ended, self.result, self.counts = ("succeeded", str(segments)), Result.from_json(result), counts
        return not self.fenced

    def fail(self, claim: Claim, code: str, detail: str) -> bool:
        self._called("fail")
        self.ended = (code, detail)
        return not self.fenced

    def release(self, claim: Claim) -> Place:
        self._called("release")
        self.released = not self.fenced
        return Place.QUEUED if self.released else Place.LOST

    def crash(self, claim: Claim) -> Place:
        self._called("crash")
        return Place.LOST if self.fenced else Place.QUEUED

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self._outages.get(name):
            raise self._outages[name].pop(0)


def make_context(store: ScriptedStore, engine: Engine, **settings: Any) -> WorkerContext:
    book = AttemptBook(
        cast(LeaseStore, store),
        worker="w",
        lease_s=15,
        renew_s=4,
        description=dict,
        on_lost=engine.cancel,
        failure=lambda: None,
        on_broken=lambda reason: None,
    )
    return WorkerContext(
        settings=Settings.load(**settings),
        store=cast(LeaseStore, store),
        engine=engine,
        book=book,
        worker="w",
        draining=threading.Event(),
    )
