"""Faults of workers: killed, frozen, told to stop, and with a clock that jumps."""

import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from scripts.lab.chaos.articles import Article, write
from scripts.lab.chaos.cluster import Shape
from scripts.lab.chaos.load import LoadPlan
from scripts.lab.chaos.scenario import Field, Scenario
from scripts.lab.chaos.verdict import Facts


class WorkerKills(Scenario):
    """Workers die without a word every few seconds."""

    name, title = "kill-workers", "kill -9 of workers"

    def plan(self) -> LoadPlan:
        """20,000 short jobs in the full campaign."""
        if not self.scale.full:
            return super().plan()
        return LoadPlan(jobs=20_000, rate=120)

    def faults(self, field: Field) -> None:
        """Kills one of them, and sometimes two at once."""
        while field.pause(1.5, 3):
            field.kill(field.any_worker())
            if field.dice.random() < 0.2:
                field.kill(field.any_worker())


class WorkerFrozen(Scenario):
    """A worker sleeps past its lease, others take its jobs over, and it wakes up: it may change nothing."""

    name, title = "freeze-worker", "SIGSTOP of a worker past its lease"

    def faults(self, field: Field) -> None:
        """Freezes one after the other."""
        lease_s, sweep_s = self.scale.timing.lease_s, self.scale.timing.sweep_s
        while field.pause(0.5, 1):
            unit = field.any_worker()
            if unit.signal(signal.SIGSTOP, group=True):
                field.note_loss(unit, unit.pid)
                try:
                    time.sleep(lease_s + 2 * sweep_s)
                finally:
                    unit.signal(signal.SIGCONT, group=True)

    def linger_s(self) -> float:
        """Long enough for one that has just woken up to write what it must not."""
        return self.scale.timing.lease_s


class TermStorm(Scenario):
    """Workers are told to stop again and again, in the middle of their work. Nobody is charged, and each exits with 0."""

    name, title = "sigterm", "SIGTERM storm"
    charges_nobody = True

    def faults(self, field: Field) -> None:
        """Sends it to one or all of them, sometimes several times in a row."""
        self._told: set[int] = set()
        while field.pause(1, 2):
            for unit in field.cluster.workers if field.dice.random() < 0.3 else [field.any_worker()]:
                if field.cluster.is_known(unit):  # one that still starts has no handler yet, and no job
                    self._told.add(unit.pid)
                for _ in range(field.dice.randint(1, 3)):
                    unit.signal(signal.SIGTERM)

    def findings(self, field: Field, facts: Facts) -> Sequence[str]:
        """The exit statuses."""
        statuses = [status for unit in field.cluster.workers for pid, status in unit.ends if pid in self._told]
        if wrong := [status for status in statuses if status]:
            return [f"{len(wrong)} of {len(statuses)} workers that were told to stop exited with {sorted(set(wrong))}"]
        return [] if statuses else ["no worker stopped at all"]


class Poison(Scenario):
    """Articles that kill the process that works on them, among innocents."""

    name, title = "poison", "poison among innocents"
    _EVERY = 75

    def article(self, number: int) -> Article:
        """Every 75th is poisoned."""
        return write(self.scale.seed, number, poisoned=number % self._EVERY == self._EVERY // 3)

    def faults(self, field: Field) -> None:
        """The harm is in the text."""
        while field.pause(1):
            pass
        field.kills = sum(len(unit.ends) for unit in field.cluster.workers)

    def settle_s(self) -> float:
        """Each of its poisoned ones dies some five times, and three of them in the same lane."""
        timing = self.scale.timing
        return super().settle_s() + self.plan().jobs / self._EVERY * 5 * (timing.lease_s + timing.sweep_s + 3)


class ClockJumps(Scenario):
    """The wall clock of each worker jumps by hours, forth and back; the ledger's times are Redis's."""

    name, title = "clock-jumps", "a worker's clock that jumps"
    charges_nobody = True

    def shape(self) -> Shape:
        """Workers with such a clock."""
        jumping = [sys.executable, "-m", "scripts.lab.chaos.jumping_clock"]
        return replace(super().shape(), worker_command=lambda index: [*jumping, str(self.scale.seed + index), "run"])

    def faults(self, field: Field) -> None:
        """The clocks jump by themselves."""
        while field.pause(1):
            pass
