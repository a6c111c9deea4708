"""The reconciler: brings back what dead workers held, and what no message speaks of.

It runs in every worker; a lock in Redis lets one of them sweep at a time.
"""

import threading
from collections.abc import Callable

from kombu.exceptions import OperationalError

from service.contract.errors import DepecheError, StoreUnavailable
from service.contract.leases import Place
from service.contract.logs import get_logger
from service.contract.sweeps import Expired, SweepStore

log = get_logger(__name__)


class Reconciler(threading.Thread):
    """Sweeps every `every_s` seconds until stopped.

    `publish` queues the wake-up for a job, ahead of those that are new. `rewrite` is called after each sweep of this worker.
    `tend` is called at each round, whoever sweeps: the quarantine lane looks after itself there.
    """

    def __init__(
        self,
        store: SweepStore,
        *,
        worker: str,
        lease_s: float,
        every_s: float,
        publish: Callable[[str], None],
        rewrite: Callable[[], None],
        tend: Callable[[], None],
    ) -> None:
        super().__init__(name="reconciler", daemon=True)
        self._store = store
        self._worker = worker
        self._lease_s = lease_s
        self._every_s = every_s
        self._publish = publish
        self._rewrite = rewrite
        self._tend = tend
        self._stopping = threading.Event()
        self._silent = False

    def run(self) -> None:
        """Sweeps, and goes on whatever happens: without sweeps jobs would be lost."""
        while not self._stopping.wait(self._every_s / 3):
            try:
                if self._store.begin_sweep(self._worker, every_s=self._every_s):
                    self.sweep()
                    self._rewrite()
                self._tend()
            except (StoreUnavailable, OperationalError) as error:
                if not self._silent:
                    reason = error.detail if isinstance(error, DepecheError) else "its queue can't be written"
                    log.warning("sweep_failed", reason=reason)
                self._silent = True
            except Exception as error:  # noqa: BLE001 - see above
                log.error("sweep_broke", kind=type(error).__name__)
            else:
                self._silent = False

    def stop(self) -> None:
        """Ends the thread after what it is doing; does not wait for it."""
        self._stopping.set()

    def sweep(self) -> None:
        """One sweep. Raises `StoreUnavailable` or kombu's `OperationalError`; what was left over is the next one's."""
        for expired in self._store.expire(lease_s=self._lease_s):
            _tell(expired)
            if expired.place is Place.QUEUED:
                self._publish(expired.job_id)
        unlisted = self._store.unlisted(every_s=self._every_s)
        for job_id in unlisted:
            self._publish(job_id)
        if unlisted:
            log.warning("jobs_had_no_message", jobs=len(unlisted), effect="they are published again")


def _tell(expired: Expired) -> None:
    log.warning(
        "attempt_expired",
        job_id=expired.job_id,
        of_worker=expired.worker,
        outcome=expired.outcome.value,
        now=expired.place.value,
    )
