"""How long the jobs of a dead worker waited for their next attempt, by the ledger's own times."""

import queue
import threading
import time
from dataclasses import dataclass

from redis.exceptions import RedisError

from scripts.lab.chaos.cluster import Cluster
from scripts.lab.chaos.ledger import Ledger

#: Seconds between two looks at the orphans.
_LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class _Orphan:
    job_id: str
    died_ms: int


class RecoveryWatch:
    """Follows the jobs of workers that died, in a thread.

    `seconds` has one entry for each job that was claimed again beside others, `lane_seconds` one for each that was claimed in
    the quarantine lane, where they wait for each other.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.seconds: list[float] = []
        self.lane_seconds: list[float] = []
        self._cluster = cluster
        self._deaths: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
        self._unseen: list[tuple[int, int]] = []
        self._orphans: list[_Orphan] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recovery", daemon=True)
        self._thread.start()

    def note_death(self, pid: int) -> None:
        """A worker of this process number has just died."""
        self._deaths.put((pid, int(time.time() * 1000)))

    def close(self) -> None:
        """Takes a last look."""
        self._stopping.set()
        self._thread.join(10)

    def _run(self) -> None:
        with self._cluster.client() as client:
            ledger = Ledger(client, self._cluster.prefix)
            while True:
                last = self._stopping.is_set()
                try:
                    self._look(ledger)
                except (RedisError, OSError):
                    client.connection_pool.disconnect()
                if last:
                    return
                self._stopping.wait(_LOOK_S)

    def _look(self, ledger: Ledger) -> None:
        while not self._deaths.empty():
            self._unseen.append(self._deaths.get())
        if self._unseen:
            holders = ledger.values(ledger.running(), "worker")
            for pid, died_ms in self._unseen:
                self._orphans += [_Orphan(i, died_ms) for i, worker in holders.items() if f"-{pid}-" in (worker or "")]
            self._unseen.clear()
        ids = list({orphan.job_id for orphan in self._orphans})
        starts, ends = ledger.values(ids, "started_ms"), ledger.values(ids, "ended_ms")
        lanes = ledger.values(ids, "lane")
        waiting = []
        for orphan in self._orphans:
            started = int(starts[orphan.job_id] or 0)
            if started > orphan.died_ms:
                seconds = self.lane_seconds if lanes[orphan.job_id] else self.seconds
                seconds.append((started - orphan.died_ms) / 1000)
            elif not ends[orphan.job_id]:
                waiting.append(orphan)
        self._orphans = waiting
