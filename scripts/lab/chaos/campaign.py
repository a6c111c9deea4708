"""Runs scenarios: the same load first without faults and then with them, and a verdict on both."""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from redis import Redis

from scripts.lab.chaos.announcements import Announcements
from scripts.lab.chaos.articles import write
from scripts.lab.chaos.cluster import Cluster
from scripts.lab.chaos.ledger import Ledger, Leftovers, Record
from scripts.lab.chaos.load import Load
from scripts.lab.chaos.recovery import RecoveryWatch
from scripts.lab.chaos.scenario import Field, Scale, Scenario
from scripts.lab.chaos.scenarios_redis import DiskFull, RedisFrozen, RedisKills, WorkerCutOff
from scripts.lab.chaos.scenarios_service import AllKilled, Duplicates, FrontEndKills, Overload
from scripts.lab.chaos.scenarios_workers import ClockJumps, Poison, TermStorm, WorkerFrozen, WorkerKills
from scripts.lab.chaos.verdict import Facts, Verdict, judge

#: All scenarios, in the order of the table. The longest stands first, so that others run beside it.
SCENARIOS: Mapping[str, type[Scenario]] = {
    kind.name: kind
    for kind in (
        Poison, WorkerKills, RedisKills, FrontEndKills, AllKilled, RedisFrozen, WorkerFrozen, WorkerCutOff, Duplicates,
        TermStorm, DiskFull, Overload, ClockJumps,
    )
}  # fmt: skip

#: Numbers of articles in a control run begin here: Idempotency-Keys are made of them.
_CONTROL_FROM = 1_000_000

#: Seconds within which duplicate messages of ended jobs must be gone from the queue.
_EMPTY_S = 15.0


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What one scenario has shown."""

    name: str
    title: str
    control: Verdict = field(default_factory=Verdict)
    faulty: Verdict = field(default_factory=Verdict)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def broken(self) -> list[str]:
        """A sentence for each promise that did not hold."""
        return [f"without faults: {sentence}" for sentence in self.control.broken] + self.faulty.broken

    @property
    def ratio(self) -> float:
        """Throughput with faults, as a share of that without."""
        return self.faulty.throughput / self.control.throughput if self.control.throughput else 0.0


def run_scenario(kind: type[Scenario], scale: Scale) -> Outcome:
    """One scenario on a cluster of its own."""
    began = time.monotonic()
    outcome = Outcome(name=kind.name, title=kind.title)
    scenario = kind(scale)
    try:
        with Cluster(scenario.shape()) as cluster, cluster.client(timeout_s=2) as client:
            say(f"{kind.name}: without faults")
            outcome.control = _Run(scenario, cluster, client).control()
            if isinstance(scenario, Overload):
                scenario.learn(outcome.control.throughput)
            say(f"{kind.name}: {kind.title}")
            outcome.faulty = _Run(scenario, cluster, client).faulty(overhead_s=outcome.control.slowest_s)
            outcome.notes += scenario.notes()
    finally:
        scenario.close()
    outcome.seconds = time.monotonic() - began
    words = f"broken: {'; '.join(outcome.broken)}" if outcome.broken else "all promises held"
    say(f"{kind.name}: {words} ({outcome.seconds:.0f} s)")
    return outcome


def say(message: str) -> None:
    """A line of progress."""
    print(f"chaos: {message}", file=sys.stderr, flush=True)


class _Run:
    """One load on a cluster, with or without faults, from its first article to its verdict."""

    def __init__(self, scenario: Scenario, cluster: Cluster, client: Redis) -> None:
        self._scenario = scenario
        self._cluster = cluster
        self._ledger = Ledger(client, cluster.prefix)

    def control(self) -> Verdict:
        """Without faults, and so without poison."""
        seed = self._scenario.scale.seed
        load = Load(
            self._cluster.port, self._scenario.control_plan(), lambda number: write(seed, _CONTROL_FROM + number)
        )
        heard = Announcements(self._cluster)
        load.start()
        load.wait()
        return judge(replace(self._facts(load, heard), charges_nobody=True))

    def faulty(self, *, overhead_s: float) -> Verdict:
        """With faults."""
        scenario, plan = self._scenario, self._scenario.plan()
        load = Load(self._cluster.port, plan, scenario.article)
        heard, recovery = Announcements(self._cluster), RecoveryWatch(self._cluster)
        battle = Field(self._cluster, load, self._ledger, recovery, scenario.scale)
        load.start()
        scenario.faults(battle)
        load.wait()
        self._cluster.wait_until_ready()
        facts = replace(
            self._facts(load, heard, recovery),
            kills=battle.kills,
            overhead_s=overhead_s,
            restart_s=battle.restart_s,
            charges_nobody=scenario.charges_nobody,
            insist=plan.insist,
        )
        verdict = judge(facts)
        verdict.broken += scenario.findings(battle, facts)
        return verdict

    def _facts(self, load: Load, heard: Announcements, recovery: RecoveryWatch | None = None) -> Facts:
        """Waits for the ends of all accepted jobs and reads everything. No more faults may come."""
        accepted = load.accepted()
        self._ledger.wait_until_ended(accepted, self._scenario.settle_s())
        records = self._ledger.records(accepted)
        if recovery is not None:
            recovery.close()
            time.sleep(self._scenario.linger_s())
        leftovers = self._leftovers()
        later = {job_id: _fingerprint(record) for job_id, record in self._ledger.records(accepted).items()}
        heard.close()
        return Facts(
            submissions=load.submissions,
            records=records,
            later=later,
            heard=heard.heard,
            leftovers=leftovers,
            recoveries=tuple(recovery.seconds) if recovery is not None else (),
            lane_recoveries=tuple(recovery.lane_seconds) if recovery is not None else (),
        )

    def _leftovers(self) -> Leftovers:
        deadline = time.monotonic() + _EMPTY_S
        while not (found := self._ledger.leftovers()).none and time.monotonic() < deadline:
            time.sleep(0.2)
        return found


def _fingerprint(record: Record | None) -> int | None:
    return record.fingerprint if record is not None else None
