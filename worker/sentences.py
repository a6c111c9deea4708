"""Sentences that a client's jobs have translated before, kept in Redis: repeated boilerplate is not translated twice.

They are known by a digest over the source, the model's id and revision, and how it decodes. They live no longer than results
do, and go when the job that left them is erased.
"""

import hashlib
import threading
from collections.abc import Mapping, Sequence

from service.contract.attempt import Claim
from service.contract.errors import StoreFault, StoreUnavailable
from service.contract.leases import LeaseStore
from service.contract.logs import get_logger
from worker.engine.interface import ModelInfo, Output
from worker.memory import Remembered
from worker.partials import Partials, pack, unpack
from worker.plan import PlannedSegment

log = get_logger(__name__)


class SentenceCache:
    """A `Memory` (`worker.memory`) of two layers: what earlier attempts at the job saved, then what other jobs of the
    client left. `limit` is how many sentences Redis keeps of all clients.

    `note` may be called from any thread, the rest by the attempt's own. Redis that does not answer costs time and nothing else.
    """

    def __init__(self, store: LeaseStore, claim: Claim, partials: Partials, *, limit: int) -> None:
        self._store = store
        self._claim = claim
        self._partials = partials
        self._limit = limit
        self._digests: list[str] = []
        self._new: dict[int, Remembered] = {}
        self._lock = threading.Lock()

    def recall(self, segments: Sequence[PlannedSegment], model: ModelInfo) -> Mapping[int, Remembered]:
        """See `Memory.recall`."""
        self._digests = [digest(segment.source, model) for segment in segments]
        known = dict(self._partials.recall(segments, model))
        wanted = [place for place, s in enumerate(segments) if s.tokens is not None and place not in known]
        try:
            entries = self._store.recall(self._claim, sorted({self._digests[place] for place in wanted}))
        except (StoreUnavailable, StoreFault) as error:
            log.warning("sentences_not_recalled", reason=error.detail)
            return known
        outputs = {name: found for name, entry in entries.items() for found in unpack(entry, name).values()}
        found = {place: outputs[self._digests[place]] for place in wanted if self._digests[place] in outputs}
        if found:
            log.info("sentences_recalled", segments=len(found), of=len(segments))
        return known | found

    def note(self, place: int, output: Output, *, settled: bool) -> None:
        """See `Memory.note`."""
        self._partials.note(place, output, settled=settled)
        with self._lock:
            self._new[place] = Remembered(output, settled)

    def save_when_due(self) -> None:
        """See `Memory.save_when_due`."""
        self._partials.save_when_due()

    def keep(self) -> None:
        """Leaves what this attempt translated for the client's other jobs. What hit its output limit is left out."""
        with self._lock:
            new, self._new = self._new, {}
        whole = {self._digests[place]: found for place, found in new.items() if not found.output.truncated}
        entries = {name: pack({0: found}, name) for name, found in whole.items()}
        try:
            self._store.remember(self._claim, entries, limit=self._limit)
        except (StoreUnavailable, StoreFault) as error:
            log.warning("sentences_not_kept", reason=error.detail)


#: Changes with the checks and repairs, so that what older ones have passed is looked at anew.
_RULES = "4"


def digest(source: str, model: ModelInfo) -> str:
    """What a sentence is known by, 32 hexadecimal digits: it does not tell the text."""
    said = "\0".join((_RULES, model.id, model.revision, model.settings, source))
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
