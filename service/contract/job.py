"""A job as its record in Redis tells it, and as the interface shows it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from service.contract.callback import Callback, CallbackState
from service.contract.packing import unpack_result
from service.contract.states import JobState, Stage
from service.contract.times import timestamp

#: Milliseconds that a job must have been translated for before its pace says anything.
_PACED_MS = 1_000


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """An attempt that neither ended its job nor was given back. Times are ms since 1970. `outcome`: crashed or dropped."""

    attempt: int
    lane: str
    started_ms: int
    ended_ms: int
    outcome: str

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> "PastAttempt":
        """Reads an entry of the record's history."""
        return cls(*(entry[name] for name in ("attempt", "lane", "started_ms", "ended_ms", "outcome")))

    def view(self) -> dict[str, Any]:
        """The attempt as the interface shows it; which worker it was is nobody's business outside."""
        return {
            "attempt": self.attempt,
            "lane": self.lane or "main",
            "started_at": timestamp(self.started_ms),
            "ended_at": timestamp(self.ended_ms),
            "outcome": self.outcome,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A snapshot of the record. Times are ms since 1970. `result` is its JSON, or None where it was not read either.

    `eta_ms` is when it is expected to end, as far as that is known: `JobStore.with_outlook` knows of queued ones.
    """

    id: str
    client: str
    state: JobState
    stage: Stage | None
    done: int
    total: int
    attempts: int
    history: tuple[PastAttempt, ...]
    created_ms: int
    started_ms: int | None
    ended_ms: int | None
    expires_ms: int | None
    eta_ms: int | None
    error_code: str | None
    error_detail: str | None
    metadata: dict[str, Any] | None
    callback: Callback | None
    result: bytes | None
    version: int

    @classmethod
    def from_record(cls, job_id: str, record: Mapping[str, bytes]) -> "Job":
        """Reads the fields described in `lua/prelude.lua`."""
        metadata, result = record.get("metadata"), record.get("result")
        stage = record.get("stage")
        state = JobState(record["state"].decode())
        return cls(
            id=job_id,
            client=record["client"].decode(),
            state=state,
            stage=Stage(stage.decode()) if stage and state is JobState.RUNNING else None,
            done=int(record.get("done", 0)),
            total=int(record.get("total", 0)),
            attempts=int(record.get("attempts", 0)),
            history=tuple(PastAttempt.from_entry(entry) for entry in json.loads(record.get("history", b"[]"))),
            created_ms=int(record["created_ms"]),
            started_ms=_integer(record.get("started_ms")),
            ended_ms=_integer(record.get("ended_ms")),
            expires_ms=_integer(record.get("expires_ms")),
            eta_ms=_end_at_this_pace(record) if state is JobState.RUNNING else None,
            error_code=_text(record.get("error_code")),
            error_detail=_text(record.get("error_detail")),
            metadata=json.loads(metadata) if metadata else None,
            callback=Callback.from_record(record),
            result=unpack_result(result) if result else None,
            version=int(record.get("version", 0)),
        )

    @classmethod
    def admitted(
        cls,
        job_id: str,
        client: str,
        created_ms: int,
        metadata: dict[str, Any] | None,
        callback_url: str | None = None,
    ) -> "Job":
        """A job as its record is right after admission."""
        record = {"state": b"queued", "client": client.encode(), "created_ms": b"%d" % created_ms, "version": b"1"}
        callback = Callback(callback_url, CallbackState.WAITING) if callback_url else None
        return replace(cls.from_record(job_id, record), metadata=metadata, callback=callback)

    def view(self) -> dict[str, Any]:
        """The job as the interface shows it, with `result` still None; see `to_json` for the whole."""
        return {
            "id": self.id,
            "state": self.state.value,
            "stage": self.stage.value if self.stage else None,
            "progress": {"done": self.done, "total": self.total},
            "attempts": self.attempts,
            "history": [past.view() for past in self.history],
            "created_at": timestamp(self.created_ms),
            "started_at": timestamp(self.started_ms),
            "ended_at": timestamp(self.ended_ms),
            "expires_at": timestamp(self.expires_ms),
            "eta_at": timestamp(self.eta_ms),
            "error": {"code": self.error_code, "detail": self.error_detail} if self.error_code else None,
            "metadata": self.metadata,
            "callback": self.callback.view() if self.callback else None,
            "result": None,
        }

    def to_json(self) -> bytes:
        """The whole job as UTF-8 JSON. The stored result is put in as it is, without being parsed."""
        head = json.dumps(self.view(), ensure_ascii=False, separators=(",", ":")).encode()
        if self.result is None:
            return head
        return head.removesuffix(b"null}") + self.result + b"}"


def _integer(value: bytes | None) -> int | None:
    return None if value is None else int(value)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def _end_at_this_pace(record: Mapping[str, bytes]) -> int | None:
    """When a running job ends if it goes on as it has; None while too little is known of its pace."""
    if "paced_ms" not in record or "progress_ms" not in record:
        return None
    done, total = int(record["done"]), int(record["total"])
    counted, took_ms = done - int(record["paced_done"]), int(record["progress_ms"]) - int(record["paced_ms"])
    if counted <= 0 or took_ms < _PACED_MS:
        return None
    return int(record["progress_ms"]) + took_ms * (total - done) // counted
