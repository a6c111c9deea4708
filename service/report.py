"""What a front end says once in its log when it starts: what about Redis is not as it should be."""

import time

from service.backend import Backend
from service.contract.errors import StoreUnavailable
from service.contract.logs import get_logger

log = get_logger(__name__)

#: Seconds between two looks at a Redis that does not answer.
_RETRY_S = 5.0


def report(backend: Backend) -> None:
    """Returns when it is said, however long Redis does not answer."""
    silent = False
    while True:
        try:
            _look(backend)
        except StoreUnavailable as error:
            if not silent:
                log.warning("redis_unavailable", reason=error.detail, effect="submissions get 503 until it is back")
            silent = True
            time.sleep(_RETRY_S)
        else:
            return


def _look(backend: Backend) -> None:
    durability = backend.store.durability
    found, eviction = durability.outlives().value, durability.eviction()
    if backend.settings.keys_required and not backend.keys.any():
        log.warning("no_api_keys", effect="every request is refused", remedy="depeche keys create NAME")
    if eviction is not None and eviction.takes_results:
        lost = "jobs that wait, and results," if eviction.takes_jobs else "results"
        effect = f"{lost} may be gone without a word when Redis's memory is full"
        log.warning("may_evict", policy=eviction.policy, effect=effect, remedy="set maxmemory-policy noeviction")
    if found != "machine" and not (eviction is not None and eviction.takes_jobs):
        lost = "what was accepted may be lost with the machine" if found == "process" else "Redis's end loses all jobs"
        log.warning("not_durable", durability=found, effect=lost, remedy="set appendonly yes and appendfsync always")
