"""What the ledger counts as jobs go through it, and how the queue stands: for `/metrics`.

All of it is Redis's, so every front end tells the same, and a restart of any process loses nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service.contract.ledger import Ledger
from service.contract.outages import store_errors

#: Upper ends, in seconds, of the classes that durations are counted in; `CLASSES_MS` of `lua/prelude.lua`.
CLASSES_S = (0.1, 0.3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600, 21600)

_MORE = "more"


@dataclass(frozen=True, slots=True)
class Durations:
    """How many durations fell into each class (the last is what is longer than `CLASSES_S`), and their sum in seconds."""

    classes: tuple[int, ...]
    sum_s: float


@dataclass(frozen=True, slots=True)
class LedgerMetrics:
    """Gauges of now, and counts since this Redis began. What is counted has a name; `of` gives the counts of a kind.

    `memory_short` says that new work is refused so that there is memory for what was accepted.
    """

    queued: int
    quarantined: int
    running: int
    oldest_queued_s: float
    memory_short: bool
    counts: Mapping[str, int]

    def count(self, name: str) -> int:
        """One count; 0 where there was nothing to count yet."""
        return self.counts.get(name, 0)

    def of(self, kind: str) -> dict[str, int]:
        """The counts whose names begin with `kind` and a blank, by the rest of the name."""
        start = kind + " "
        return {name[len(start) :]: n for name, n in sorted(self.counts.items()) if name.startswith(start)}

    def durations(self, name: str) -> Durations:
        """What was observed under a name."""
        found = self.of(name)
        classes = [found.get(str(round(bound * 1000)), 0) for bound in CLASSES_S]
        return Durations((*classes, found.get(_MORE, 0)), found.get("sum", 0) / 1000)


class MetricsStore(Ledger):
    """Reads what `lua/metrics.lua` gives."""

    def read(self) -> LedgerMetrics:
        """All of it, in one round trip."""
        with store_errors():
            queued, quarantined, running, oldest_ms, short, flat = self._run("metrics")
        return LedgerMetrics(queued, quarantined, running, oldest_ms / 1000, bool(short), dict(_pairs(flat)))


def _pairs(flat: Iterable[bytes]) -> Iterable[tuple[str, int]]:
    values = iter(flat)
    return ((name.decode(), int(number)) for name, number in zip(values, values, strict=True))
