"""Faults of Redis and of the way to it: killed, frozen, out of disk, cut off."""

import signal
import time
from collections.abc import Sequence
from dataclasses import replace

from scripts.lab.chaos.cluster import Shape
from scripts.lab.chaos.full_disk import FullDisk
from scripts.lab.chaos.proxy import Link, Proxy
from scripts.lab.chaos.scenario import Field, Scale, Scenario
from scripts.lab.chaos.verdict import Facts


class RedisKills(Scenario):
    """Redis dies, is started again, and finds all that it has acknowledged."""

    name, title = "kill-redis", "kill -9 of Redis"
    charges_nobody = True

    def faults(self, field: Field) -> None:
        """Kills it every few seconds."""
        while field.pause(1.5, 3):
            field.kill(field.cluster.redis)
            field.cluster.wait_for_redis()


class RedisFrozen(Scenario):
    """Redis stops answering for longer than a lease, and goes on as if nothing had been."""

    name, title = "freeze-redis", "SIGSTOP of Redis"
    charges_nobody = True

    def faults(self, field: Field) -> None:
        """Short freezes and long ones in turn."""
        lease_s = self.scale.timing.lease_s
        long = True
        while field.pause(1, 2):
            unit = field.cluster.redis
            if unit.signal(signal.SIGSTOP):
                try:
                    time.sleep(lease_s * 1.3 if long else field.dice.uniform(0.5, 2))
                finally:
                    unit.signal(signal.SIGCONT)
            long = not long


class DiskFull(Scenario):
    """No room for the append-only file: under `always` Redis exits, and can't work before there is room."""

    name, title = "disk-full", "the disk full under Redis"
    charges_nobody = True

    def __init__(self, scale: Scale) -> None:
        super().__init__(scale)
        self._disk = FullDisk()
        self._deaths_seen = False

    def shape(self) -> Shape:
        """Redis on that disk."""
        return replace(super().shape(), redis_folder=self._disk.folder, on_redis_start=self._disk.limit)

    def faults(self, field: Field) -> None:
        """Fills it for some seconds, twice or more."""
        while field.pause(1, 2):
            unit = field.cluster.redis
            before = len(unit.ends)
            self._disk.fill(unit.pid)
            try:
                time.sleep(field.dice.uniform(3, 5))
            finally:
                self._disk.free(unit.pid)
            self._deaths_seen |= len(unit.ends) > before
            field.cluster.wait_for_redis()

    def findings(self, field: Field, facts: Facts) -> Sequence[str]:
        """A disk that never stopped Redis was not full."""
        return [] if self._deaths_seen else ["the disk was never full enough to stop Redis"]

    def notes(self) -> Sequence[str]:
        """Which means was there."""
        return [f"disk-full: filled by {self._disk.how}"]

    def close(self) -> None:
        """Removes the disk."""
        self._disk.close()


class WorkerCutOff(Scenario):
    """One worker's network is cut, in silence or with resets, past its lease, and healed."""

    name, title = "cut-off-worker", "a worker cut off from Redis"

    def __init__(self, scale: Scale) -> None:
        super().__init__(scale)
        self._proxy: Proxy | None = None

    def shape(self) -> Shape:
        """The first worker sees Redis through the proxy."""
        return replace(super().shape(), worker_redis=self._port)

    def _port(self, index: int, redis_port: int) -> int:
        if index:
            return redis_port
        self._proxy = Proxy(redis_port)
        return self._proxy.port

    def faults(self, field: Field) -> None:
        """Both kinds in turn."""
        timing, proxy = self.scale.timing, self._proxy
        assert proxy is not None  # noqa: S101 - the cluster has asked for its port
        links = [Link.SILENT, Link.RESET]
        while field.pause(1, 2):
            proxy.set(links[0])
            field.note_loss(field.cluster.workers[0], field.cluster.workers[0].pid)
            try:
                time.sleep(timing.lease_s + 2 * timing.sweep_s)
            finally:
                proxy.set(Link.THROUGH)
            links.reverse()

    def linger_s(self) -> float:
        """Long enough for one that is back to write what it must not."""
        return self.scale.timing.lease_s

    def close(self) -> None:
        """Ends the proxy."""
        if self._proxy is not None:
            self._proxy.close()
