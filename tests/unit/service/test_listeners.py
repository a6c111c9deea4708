"""One look for all listeners: who is woken, who is not, and what the store is asked."""

import threading
from collections.abc import Iterator, Sequence

import pytest

from service.contract.errors import StoreFault, StoreUnavailable
from service.listeners import HEARD_S, ListenerHub

PATIENCE_S = 10.0


class Ledger:
    """Versions of jobs; notes what was asked and lets a test wait for the next looks."""

    def __init__(self) -> None:
        self.versions: dict[str, int] = {}
        self.asked: list[tuple[tuple[str, ...], int]] = []
        self.trouble: StoreUnavailable | StoreFault | None = None
        self._looked = threading.Condition()

    def look(self, job_ids: Sequence[str], heard_s: int) -> list[tuple[int, int]]:
        with self._looked:
            self.asked.append((tuple(sorted(job_ids)), heard_s))
            self._looked.notify_all()
            if self.trouble is not None:
                raise self.trouble
            return [(self.versions.get(job_id, 0), 0) for job_id in job_ids]

    def after_looks(self, count: int) -> None:
        """Returns when so many more looks have begun, so that all but the last of them have ended."""
        with self._looked:
            wanted = len(self.asked) + count
            assert self._looked.wait_for(lambda: len(self.asked) >= wanted, PATIENCE_S)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def hub(ledger: Ledger) -> Iterator[ListenerHub]:
    hub = ListenerHub(ledger.look, look_s=0.01)
    yield hub
    hub.close()


def test_those_who_listen_to_a_job_are_woken_when_it_changes(hub: ListenerHub, ledger: Ledger) -> None:
    first, second, other = threading.Event(), threading.Event(), threading.Event()
    with hub.listen("a", first), hub.listen("a", second), hub.listen("b", other):
        assert hub.listening == 3
        ledger.after_looks(2)
        for event in (first, second, other):
            event.clear()
        ledger.after_looks(3)
        assert not any(event.is_set() for event in (first, second, other))
        ledger.versions["a"] = 5
        assert first.wait(PATIENCE_S)
        assert second.wait(PATIENCE_S)
        assert not other.is_set()
    assert hub.listening == 0


def test_all_jobs_are_looked_at_together_and_said_to_be_listened_to_now_and_then(
    hub: ListenerHub, ledger: Ledger
) -> None:
    event = threading.Event()
    with hub.listen("a", event), hub.listen("b", event), hub.listen("b", event):
        ledger.after_looks(22)
    whole = [heard for jobs, heard in ledger.asked if jobs == ("a", "b")]
    assert len(whole) >= 20
    assert whole.count(HEARD_S) in (2, 3)
    assert set(whole) == {0, HEARD_S}


def test_who_has_left_is_not_looked_after(hub: ListenerHub, ledger: Ledger) -> None:
    event = threading.Event()
    with hub.listen("a", event), hub.listen("b", event):
        ledger.after_looks(1)
    with hub.listen("b", event):
        ledger.after_looks(2)
        assert ledger.asked[-1][0] == ("b",)


@pytest.mark.parametrize("trouble", [StoreUnavailable("does not answer"), StoreFault("wrongtype")])
def test_an_outage_is_passed_over(hub: ListenerHub, ledger: Ledger, trouble: StoreUnavailable | StoreFault) -> None:
    event = threading.Event()
    with hub.listen("a", event):
        ledger.after_looks(2)
        event.clear()
        ledger.trouble = trouble
        ledger.versions["a"] = 2
        ledger.after_looks(2)
        assert not event.is_set()
        ledger.trouble = None
        assert event.wait(PATIENCE_S)


def test_an_idle_hub_asks_nothing(hub: ListenerHub, ledger: Ledger) -> None:
    assert ledger.asked == []
    with hub.listen("a", threading.Event()):
        ledger.after_looks(1)
    asked = len(ledger.asked)
    threading.Event().wait(0.1)
    assert len(ledger.asked) <= asked + 1
