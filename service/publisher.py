"""Queues the wake-up for a job, within a time limit, whatever state Redis is in."""

import threading

from kombu.exceptions import OperationalError

from service.contract.celery_app import make_celery, publish
from service.contract.errors import StoreUnavailable
from service.settings import Settings

#: Publications under way at once in this process: as many as Celery keeps connections for.
_AT_ONCE = 10


class Publisher:
    """Sends ids to the Celery queue. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._app = make_celery(settings, socket_timeout_s=settings.redis_timeout_s)
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        self._slot_wait_s = settings.redis_timeout_s / 4

    @property
    def timeout_s(self) -> float:
        """Seconds that one command may take."""
        return self._slot_wait_s * 4

    def publish(self, job_id: str, line: str) -> None:
        """Raises `StoreUnavailable` after 1.25 times `redis_timeout_s` at most. The message may be queued even then."""
        # Celery's own pool would let a thousand callers stand in line behind ten that wait for a frozen Redis.
        if not self._slots.acquire(timeout=self._slot_wait_s):
            raise StoreUnavailable("is too slow to queue jobs")
        try:
            publish(self._app, job_id, line)
        except OperationalError as error:
            raise StoreUnavailable("did not queue the job") from error
        finally:
            self._slots.release()

    def close(self) -> None:
        """Closes the connections."""
        self._app.close()
