"""What an attempt has translated so far, kept in Redis so that the next attempt at the same job goes on from there.

A piece is zlib over a line of JSON and the vectors after it, as float16 of shape (rows, width): they only rank sentences.
"""

import hashlib
import json
import threading
import time
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from service.contract.attempt import Claim
from service.contract.errors import StoreFault, StoreUnavailable
from service.contract.leases import LeaseStore
from service.contract.logs import get_logger
from worker.engine.interface import ModelInfo, Output
from worker.memory import Remembered
from worker.plan import PlannedSegment

log = get_logger(__name__)

#: Seconds between two saves. What a killed worker had translated since the last one is translated again.
SAVE_S = 2.0


class Partials:
    """The partial translation of one attempt. `note` may be called from any thread, the rest by the attempt's own."""

    def __init__(self, store: LeaseStore, claim: Claim, *, every_s: float = SAVE_S) -> None:
        self._store = store
        self._claim = claim
        self._every_s = every_s
        self._saved_at = time.monotonic()
        self._fingerprint = ""
        self._unsaved: dict[int, Remembered] = {}
        self._lock = threading.Lock()

    def recall(self, segments: Sequence[PlannedSegment], model: ModelInfo) -> Mapping[int, Remembered]:
        """What earlier attempts saved of the same plan under the same model: outputs by the segment's place in the plan.

        The first attempt asks nobody. Without an answer from Redis there is nothing to recall, and all is translated.
        """
        self._fingerprint = fingerprint(segments, model)
        if self._claim.token == 1:
            return {}
        try:
            pieces = self._store.saved(self._claim.job_id)
        except (StoreUnavailable, StoreFault) as error:
            log.warning("partial_not_recalled", reason=error.detail)
            return {}
        outputs: dict[int, Remembered] = {}
        for piece in pieces:
            outputs |= unpack(piece, self._fingerprint)
        known = {place: output for place, output in outputs.items() if place < len(segments)}
        if known:
            log.info("attempt_resumes", segments=len(known))
        return known

    def note(self, place: int, output: Output, *, settled: bool) -> None:
        """Takes note of an output; it is saved with the next save."""
        with self._lock:
            self._unsaved[place] = Remembered(output, settled)

    def save_when_due(self) -> None:
        """Saves what is new, at most once in `every_s` seconds."""
        if self._unsaved and time.monotonic() - self._saved_at >= self._every_s:
            self.save()

    def save(self) -> None:
        """Saves what is new. Where Redis does not answer it stays new; nothing is raised."""
        with self._lock:
            new, self._unsaved = self._unsaved, {}
        if not new:
            return
        try:
            self._store.save(self._claim, pack(new, self._fingerprint))
        except (StoreUnavailable, StoreFault) as error:
            log.warning("partial_not_saved", reason=error.detail)
            with self._lock:
                self._unsaved = new | self._unsaved
        self._saved_at = time.monotonic()


def fingerprint(segments: Sequence[PlannedSegment], model: ModelInfo) -> str:
    """What outputs belong to: the model and the exact segments, in order."""
    digest = hashlib.sha256(f"{model.id}\0{model.revision}\0{model.settings}\0".encode())
    for segment in segments:
        digest.update(segment.source.encode() + b"\0")
    return digest.hexdigest()


def pack(outputs: Mapping[int, Remembered], plan: str) -> bytes:
    """Outputs as one piece."""
    rows = [
        [p, o.text, o.tokens_in, o.tokens_out, o.truncated, r.settled] for p, r in outputs.items() for o in [r.output]
    ]
    vectors = [found.output.vector for found in outputs.values()]
    present = [vector for vector in vectors if vector is not None]
    width = len(present[0]) if len(present) == len(vectors) else 0
    head = json.dumps({"plan": plan, "rows": rows, "width": width}, ensure_ascii=False, separators=(",", ":"))
    tail = np.stack(present).astype(np.float16).tobytes() if width else b""
    return zlib.compress(head.encode() + b"\n" + tail, level=1)


def unpack(piece: bytes, plan: str) -> dict[int, Remembered]:
    """The outputs of a piece, or nothing where it belongs to another plan or can't be read."""
    try:
        head, _, tail = zlib.decompress(piece).partition(b"\n")
        content = json.loads(head)
        if content["plan"] != plan:
            return {}
        width = int(content["width"])
        vectors = np.frombuffer(tail, np.float16).reshape(-1, width).astype(np.float32) if width else None
        found: dict[int, Remembered] = {}
        for row, (place, text, tokens_in, tokens_out, truncated, settled) in enumerate(content["rows"]):
            vector = None if vectors is None else vectors[row]
            found[place] = Remembered(Output(text, tokens_in, tokens_out, truncated, vector), settled)
        return found
    except (zlib.error, ValueError, KeyError, IndexError, TypeError):
        return {}
