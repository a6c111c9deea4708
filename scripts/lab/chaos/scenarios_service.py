"""Faults of the front end and of everything at once, messages delivered many times over, and too much work."""

from collections.abc import Sequence
from dataclasses import replace

from scripts.lab.chaos.cluster import Shape
from scripts.lab.chaos.load import LoadPlan
from scripts.lab.chaos.scenario import Field, Scale, Scenario
from scripts.lab.chaos.verdict import Facts, median
from service.contract.celery_app import make_celery, publish
from service.contract.lines import LINES
from service.contract.settings import SharedSettings


class FrontEndKills(Scenario):
    """The front end dies while it takes articles in."""

    name, title = "kill-front-end", "kill -9 of the front end"
    charges_nobody = True

    def faults(self, field: Field) -> None:
        """Kills it every few seconds, with its processes or without."""
        while field.pause(2, 4):
            field.kill(field.cluster.web)
            field.await_front_end()
            field.cluster.wait_until_ready()


class AllKilled(Scenario):
    """Everything dies in the same moment, as with the machine."""

    name, title = "kill-all", "kill -9 of all at once"

    def faults(self, field: Field) -> None:
        """Kills Redis, the front end and all workers, in an order that is drawn."""
        while field.pause(3, 5):
            units = [field.cluster.redis, field.cluster.web, *field.cluster.workers]
            field.dice.shuffle(units)
            for unit in units:
                field.kill(unit, group=True)
            field.await_front_end()
            field.cluster.wait_until_ready()


class Duplicates(Scenario):
    """Every message is delivered many times: before, while and after its job is worked on."""

    name, title = "duplicates", "duplicate deliveries"
    charges_nobody = True
    _COPIES = 5

    def faults(self, field: Field) -> None:
        """Publishes ids again, also of jobs that have long ended."""
        settings = SharedSettings.load(redis_url=field.cluster.redis_url, key_prefix=field.cluster.prefix)
        app = make_celery(settings, socket_timeout_s=5)
        self.published = 0
        try:
            while field.pause(0.2):
                accepted = field.load.accepted()
                for job_id in field.dice.sample(accepted, min(len(accepted), 25)):
                    for _ in range(field.dice.randint(1, self._COPIES)):
                        publish(app, job_id, LINES[0])
                        self.published += 1
        finally:
            app.close()

    def findings(self, field: Field, facts: Facts) -> Sequence[str]:
        """A duplicate may not be worked on."""
        again = sum(record.attempts > 1 for record in facts.records.values() if record is not None)
        return [f"{again} jobs were worked on again because their message came twice"] if again else []

    def notes(self) -> Sequence[str]:
        """How many there were."""
        return [f"duplicates: {self.published} further messages"]


class Overload(Scenario):
    """Five times as much work as can be done, for minutes."""

    name, title = "overload", "five times capacity"
    charges_nobody = True

    #: Jobs that may wait, and jobs a second that the workers can do: 4 in flight in each, 0.2 s or so a batch.
    _LIMIT = 60

    #: Bytes of Redis that an accepted job may cost, its result and its share of everything included.
    _BYTES_A_JOB = 8_192

    def __init__(self, scale: Scale) -> None:
        super().__init__(scale)
        self._used: list[int] = []
        self._capacity = 0.0

    def shape(self) -> Shape:
        """A short queue, and workers so slow that five times their speed is no trouble for the clients."""
        return replace(
            super().shape(),
            concurrency=4,
            seconds_per_batch=0.4,
            variables={"DEPECHE_QUEUE_LIMIT": str(self._LIMIT)},
        )

    def control_plan(self) -> LoadPlan:
        """A queue that is never empty shows what they can do."""
        return LoadPlan(jobs=self._LIMIT, threads=8)

    def plan(self) -> LoadPlan:
        """Five times what the control run has shown. Refused articles stay refused."""
        seconds = self.scale.pick(short=12, full=600)
        rate = 5 * self._capacity
        return LoadPlan(jobs=round(rate * seconds), rate=rate, threads=16, insist=False)

    def learn(self, throughput: float) -> None:
        """Takes the control run's jobs a second."""
        self._capacity = throughput

    def faults(self, field: Field) -> None:
        """Looks at Redis's memory while the load does the harm."""
        self._used = [field.ledger.used_bytes()]
        while field.pause(0.5):
            self._used.append(field.ledger.used_bytes())

    def findings(self, field: Field, facts: Facts) -> Sequence[str]:
        """Memory bounded, and the accepted ones' time from 202 to end bounded and flat."""
        found = []
        records = [record for record in facts.records.values() if record is not None and record.ended]
        records.sort(key=lambda record: record.created_ms)
        seconds = [(record.ended_ms - record.created_ms) / 1000 for record in records]
        if len(seconds) < 40:
            return [f"only {len(seconds)} jobs were accepted"]
        refused = sum(answer.status == 503 for item in facts.submissions for answer in item.answers)
        if refused < len(facts.submissions) / 2:
            found.append(f"only {refused} of {len(facts.submissions)} articles were refused: this was no overload")
        half = len(seconds) // 2
        filled = seconds[self._LIMIT : half] or seconds[:half]
        self._halves = median(filled), median(seconds[half:])
        if self._halves[1] > 1.5 * self._halves[0] + 1:
            found.append("accepted jobs took {:.1f} s at first and {:.1f} s in the end".format(*self._halves))
        bound = 2 * self._LIMIT / self._capacity + 3
        if max(seconds) > bound:
            found.append(f"an accepted job took {max(seconds):.1f} s, and {bound:.1f} s is the bound")
        self._grown = (max(self._used) - self._used[0]) / len(records)
        if self._grown > self._BYTES_A_JOB:
            found.append(f"Redis grew by {self._grown:.0f} bytes for each accepted job")
        return found

    def notes(self) -> Sequence[str]:
        """The figures behind it."""
        return [
            f"overload: {self._capacity:.0f} jobs a second can be done; median from 202 to end {self._halves[0]:.1f} s in "
            f"the first half, {self._halves[1]:.1f} s in the second; Redis grew by {self._grown:.0f} bytes a job"
        ]
