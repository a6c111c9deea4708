"""What a scenario is, and the field on which it lets its faults loose."""

import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from redis.exceptions import RedisError

from scripts.lab.chaos.articles import Article, write
from scripts.lab.chaos.cluster import Cluster, Shape, Timing
from scripts.lab.chaos.ledger import Ledger
from scripts.lab.chaos.load import Load, LoadPlan
from scripts.lab.chaos.recovery import RecoveryWatch
from scripts.lab.chaos.units import Unit
from scripts.lab.chaos.verdict import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How large the campaign is. `seconds` is for how long the faults of one scenario go on, and articles come in."""

    full: bool
    seed: int
    timing: Timing
    seconds: float
    workers: int

    def pick(self, *, short: float, full: float) -> float:
        """One of two figures."""
        return full if self.full else short


class Field:
    """A cluster under load, for faults to work on.

    `kills` counts what was killed with -9; `restart_s` is the longest time that the front end took to answer again.
    """

    def __init__(self, cluster: Cluster, load: Load, ledger: Ledger, recovery: RecoveryWatch, scale: Scale) -> None:
        self.cluster = cluster
        self.load = load
        self.ledger = ledger
        self.scale = scale
        self.dice = random.Random(scale.seed)  # noqa: S311 - it must be repeatable
        self.kills = 0
        self.restart_s = 0.0
        self._recovery = recovery
        self._ends_at = time.monotonic() + scale.seconds * 4

    def pause(self, low: float, high: float | None = None) -> bool:
        """Sleeps for so many seconds, drawn between the two. False once all work is done: no fault could hit any."""
        ends_at = time.monotonic() + (low if high is None else self.dice.uniform(low, high))
        while (left := ends_at - time.monotonic()) > 0:
            if not self.working:
                return False
            time.sleep(min(left, 0.25))
        return self.working

    @property
    def working(self) -> bool:
        """Whether articles come in, or jobs wait or run. A Redis that does not answer may hold any."""
        if time.monotonic() > self._ends_at:
            return False
        if not self.load.done:
            return True
        try:
            left = self.ledger.leftovers()
        except (RedisError, OSError):
            return True
        return bool(left.queued or left.running)

    def kill(self, unit: Unit, *, group: bool | None = None) -> None:
        """Ends a unit with SIGKILL: its main process alone, or with all its children; drawn if not said."""
        whole = self.dice.random() < 0.5 if group is None else group
        pid = unit.pid
        if unit.signal(signal.SIGKILL, group=whole):
            self.kills += 1
            self.note_loss(unit, pid)

    def note_loss(self, unit: Unit, pid: int) -> None:
        """From now on this process can't work: the time until its jobs are claimed again is measured."""
        if unit in self.cluster.workers:
            self._recovery.note_death(pid)

    def await_front_end(self) -> None:
        """Returns when the front end, just killed, answers again."""
        began = time.monotonic()
        self.cluster.wait_for_front_end()
        self.restart_s = max(self.restart_s, time.monotonic() - began)

    def any_worker(self) -> Unit:
        """One of the workers, drawn."""
        return self.dice.choice(self.cluster.workers)


class Scenario:
    """One kind of fault. Subclasses say what it does; one object is used for one run of the campaign."""

    #: How it is called on the command line, and in the table.
    name: str
    title: str

    #: Whether its faults are none that a job may be charged with.
    charges_nobody = False

    def __init__(self, scale: Scale) -> None:
        self.scale = scale

    def shape(self) -> Shape:
        """The cluster that it wants."""
        scale = self.scale
        return Shape(timing=scale.timing, workers=scale.workers, concurrency=round(scale.pick(short=8, full=32)))

    def plan(self) -> LoadPlan:
        """Its load, with and without faults."""
        rate = self.scale.pick(short=30, full=60)
        return LoadPlan(jobs=round(rate * self.scale.seconds), rate=rate)

    def control_plan(self) -> LoadPlan:
        """The same load without faults; a part of it shows the throughput as well."""
        plan = self.plan()
        return replace(plan, jobs=round(plan.jobs * self.scale.pick(short=0.5, full=0.2)))

    def article(self, number: int) -> Article:
        """The article of this number."""
        return write(self.scale.seed, number)

    def faults(self, field: Field) -> None:
        """Does harm until `field.pause` says that the work is done, and mends it again."""
        raise NotImplementedError

    def settle_s(self) -> float:
        """Seconds after the last fault within which all jobs must have ended."""
        timing = self.scale.timing
        return 20 + 6 * (timing.lease_s + timing.sweep_s)

    def linger_s(self) -> float:
        """Seconds for which ended jobs are watched for changes."""
        return 0.5

    def findings(self, field: Field, facts: Facts) -> Sequence[str]:
        """Promises of its own that did not hold."""
        return ()

    def notes(self) -> Sequence[str]:
        """What a reader of the table should know about this run."""
        return ()

    def close(self) -> None:
        """Gives back what it has taken of the machine."""
