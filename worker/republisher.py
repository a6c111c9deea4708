"""Gives jobs that a drain returned a message of their own, so that they need not stand in line a second time."""

import threading
from collections.abc import Callable

from kombu.exceptions import OperationalError

from service.contract.logs import get_logger

log = get_logger(__name__)


class Republisher:
    """Publishes one job after the other. Thread-safe. `publish` queues the wake-up for a job ahead of those that are new.

    After one failure it tries no more: a drain has no time to wait for Redis at each of its jobs.
    """

    def __init__(self, publish: Callable[[str], None]) -> None:
        self._publish = publish
        self._lock = threading.Lock()
        self._failed = False

    def publish(self, job_id: str) -> bool:
        """Whether the job has a new message. Where not, it may have one all the same: keep the old one."""
        with self._lock:
            if self._failed:
                return False
            try:
                self._publish(job_id)
            except Exception as error:  # noqa: BLE001 - whatever it is, Celery would take it for an end of the job
                self._failed = True
                reason = "the queue can't be written" if isinstance(error, OperationalError) else type(error).__name__
                log.warning("job_not_published_again", reason=reason, effect="jobs go back to the end of the queue")
                return False
            return True
