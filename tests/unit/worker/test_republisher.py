"""Where a job stands in line that a worker gives back."""

from collections.abc import Callable, Iterator

import pytest
from celery import Celery
from celery.exceptions import Reject
from kombu.connection import Connection
from kombu.exceptions import OperationalError
from structlog.testing import capture_logs

from service.contract.celery_app import make_celery
from service.contract.errors import StoreUnavailable
from service.contract.keys import TASK_NAME
from service.contract.lines import AGAIN, LINES
from service.contract.settings import SharedSettings
from tests.unit.worker.scripted_store import ScriptedStore, make_context
from worker import tasks
from worker.engine.fake import FakeEngine, FakeOptions
from worker.republisher import Republisher


class Published:
    """A queue that notes what comes in, and raises `error` where there is one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.tried: list[str] = []
        self._error = error

    def __call__(self, job_id: str) -> None:
        self.tried.append(job_id)
        if self._error is not None:
            raise self._error


def test_jobs_get_a_message_each() -> None:
    queue = Published()
    republisher = Republisher(queue)
    assert [republisher.publish(job_id) for job_id in ("one", "two")] == [True, True]
    assert queue.tried == ["one", "two"]


@pytest.mark.parametrize("error", [OperationalError("secret address"), RuntimeError("secret address")])
def test_after_a_failure_a_drain_loses_no_time_with_another_try(error: Exception) -> None:
    queue = Published(error)
    republisher = Republisher(queue)
    with capture_logs() as logs:
        assert [republisher.publish(job_id) for job_id in ("one", "two")] == [False, False]
    assert queue.tried == ["one"]
    assert [line["event"] for line in logs] == ["job_not_published_again"]
    assert "secret" not in str(logs)


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    engine = FakeEngine(FakeOptions(summarizer=False))
    yield engine
    engine.close()


@pytest.fixture
def broker() -> Iterator[Celery]:
    """An app whose broker is this process's memory."""
    app = make_celery(SharedSettings.load(), socket_timeout_s=1)
    app.conf.update(broker_url="memory://", broker_transport_options={})
    with app.connection_for_write() as connection:
        drop_all(connection)
    yield app
    app.close()


def drop_all(connection: Connection) -> dict[str, int]:
    """How many messages each queue had; none are left."""
    channel = connection.default_channel
    counts = {}
    for name in (LINES[0], AGAIN):
        channel.queue_declare(queue=name)  # type: ignore[no-untyped-call]  # kombu has no hints
        counts[name] = channel.queue_purge(name)  # type: ignore[no-untyped-call]
    return counts


@pytest.fixture
def deliver(broker: Celery, engine: FakeEngine) -> Callable[[ScriptedStore], dict[str, int]]:
    """Delivers a message to a worker that drains; gives the number of messages in each queue then. Raises `Reject`."""

    def deliver_to(store: ScriptedStore) -> dict[str, int]:
        context = make_context(store, engine)
        context.draining.set()
        tasks.register(broker, lambda: context)
        broker.tasks[TASK_NAME].run("job")
        with broker.connection_for_write() as connection:
            return drop_all(connection)

    return deliver_to


def test_a_drained_job_has_a_message_in_the_quick_queue_and_none_in_the_other(
    deliver: Callable[[ScriptedStore], dict[str, int]],
) -> None:
    assert deliver(ScriptedStore()) == {LINES[0]: 0, AGAIN: 1}


def test_a_job_that_was_cancelled_gets_no_message(deliver: Callable[[ScriptedStore], dict[str, int]]) -> None:
    store = ScriptedStore()
    store.fenced = True
    assert deliver(store) == {LINES[0]: 0, AGAIN: 0}


def test_a_message_is_kept_where_nobody_knows_whether_the_job_is_queued(
    deliver: Callable[[ScriptedStore], dict[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "_STORE_RETRY_S", 0.001)
    with pytest.raises(Reject) as rejected:
        deliver(ScriptedStore(outages={"release": [StoreUnavailable("can't be reached")] * 3}))
    assert rejected.value.requeue


def test_a_message_is_kept_where_no_other_can_be_written(
    broker: Celery, deliver: Callable[[ScriptedStore], dict[str, int]]
) -> None:
    broker.conf.update(broker_url="redis://127.0.0.1:1/0", broker_transport_options={"max_retries": 0})
    with pytest.raises(Reject) as rejected:
        deliver(ScriptedStore())
    assert rejected.value.requeue
