"""Batches: articles that were submitted together, as Redis remembers them. Their jobs are jobs like any other."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.contract.errors import BatchGone, BatchNotFound, IdempotencyConflict, StoreUnavailable
from service.contract.ledger import as_bytes
from service.contract.outages import store_errors
from service.contract.packing import pack_text, unpack_text
from service.contract.store import IDEMPOTENCY_S, JobStore

#: Seconds for which a batch is remembered, if results don't live longer.
BATCH_S = 604_800

#: Starts the id of every batch; the rest is made as the id of a job is.
_LETTER = "b"


@dataclass(frozen=True, slots=True)
class BatchItem:
    """What became of one article: the id of its job, or why there is none, as the members of a problem."""

    job_id: str | None = None
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as it was submitted. `created_ms` is in ms since 1970."""

    id: str
    created_ms: int
    metadata: dict[str, Any] | None
    items: tuple[BatchItem, ...]


class BatchStore:
    """The batches of one Redis. Thread-safe. Every method raises `StoreUnavailable` where Redis does not do its part."""

    def __init__(self, jobs: JobStore, *, retention_s: int) -> None:
        self._jobs = jobs
        self._kept_s = max(BATCH_S, retention_s)

    def new_id(self, client: str) -> str:
        """A fresh id for a batch of this client."""
        return _LETTER + self._jobs.new_id(client)

    def find(self, client: str, idempotency_key: str, digest: str) -> str | None:
        """The id of the batch that an Idempotency-Key led to, if any; from now on it can't be withdrawn.

        Raises `IdempotencyConflict` where `digest` is that of another body.
        """
        answer = self._jobs.run_script("known_batch", self._idempotency(client, idempotency_key), digest)
        if answer[0] == b"conflict":
            raise IdempotencyConflict
        return as_bytes(answer[1]).decode() if answer[0] == b"known" else None

    def add(
        self,
        batch_id: str,
        client: str,
        items: Sequence[BatchItem],
        *,
        metadata: dict[str, Any] | None,
        idempotency_key: str | None,
        digest: str,
    ) -> str:
        """Records a batch, as durably as a job. Returns its id, or that of the batch that the key has led to meanwhile."""
        idem = self._idempotency(client, idempotency_key) if idempotency_key else ""
        entries = json.dumps([item.job_id or item.error for item in items], ensure_ascii=False)
        noted = json.dumps(metadata, ensure_ascii=False) if metadata is not None else ""
        with self._jobs.admission() as connection:
            answer = self._jobs.run_script(
                "batch", batch_id, client, idem, digest, IDEMPOTENCY_S, noted, pack_text(entries.encode()), self._kept_s,
                on=connection,
            )  # fmt: skip
            if answer[0] == b"conflict":
                raise IdempotencyConflict
            self._jobs.durability.confirm(connection)
        if answer[0] == b"made" or idempotency_key is None:
            return batch_id
        known = self.find(client, idempotency_key, digest)
        if known is None:
            raise StoreUnavailable("took the batch of this Idempotency-Key back just now")
        return known

    def withdraw(self, batch_id: str, *, client: str, idempotency_key: str | None) -> bool | None:
        """Undoes the record of a batch, not its jobs. None where there is none, False where another answer rests on it."""
        idem = self._idempotency(client, idempotency_key) if idempotency_key else ""
        answer = self._jobs.run_script("withdraw_batch", batch_id, idem)
        return {b"withdrawn": True, b"in use": False}.get(answer)

    def get(self, batch_id: str, *, client: str) -> Batch:
        """The batch. Raises `BatchNotFound`, and `BatchGone` for a genuine id of this client whose record is no more."""
        with store_errors():
            if not batch_id.startswith(_LETTER) or not self._jobs.is_genuine(batch_id[len(_LETTER) :], client):
                raise BatchNotFound
            names = ["client", "created_ms", "metadata", "items"]
            values = self._jobs.redis.hmget(self._jobs.keys.batch(batch_id), names)
        if values[0] is None:
            raise BatchGone
        owner, created, metadata, items = map(as_bytes, values)
        if owner.decode() != client:
            raise BatchNotFound
        return Batch(
            batch_id,
            int(created),
            json.loads(metadata) if metadata else None,
            tuple(
                BatchItem(job_id=entry) if isinstance(entry, str) else BatchItem(error=entry)
                for entry in json.loads(unpack_text(items))
            ),
        )

    def _idempotency(self, client: str, key: str) -> str:
        # No header can have a NUL: so a batch's key never meets that of a job.
        return self._jobs.keys.idempotency(client, _digest(b"batch\0" + key.encode()))


def item_key(batch_key: str | None, index: int) -> str | None:
    """The Idempotency-Key of a batch's article: a batch that is sent again leads to the same jobs."""
    return None if batch_key is None else f"batch\0{batch_key}\0{index}"


def _digest(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()
