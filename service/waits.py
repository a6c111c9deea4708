"""Waiting for jobs to end: one hub a process, one subscription to Redis, however many requests wait."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from redis import Redis
from redis.client import PubSub
from redis.exceptions import RedisError

from service.contract.errors import StoreFault, StoreUnavailable
from service.contract.logs import get_logger
from service.contract.states import JobState

log = get_logger(__name__)

#: Seconds between two looks at the states of all jobs that are waited for: a lost message costs that much at most.
POLL_S = 2.0

#: Seconds that a new wait gives the subscription to come up. Without one, the looks at the states find the end.
_SUBSCRIBE_S = 0.25

#: Seconds before a broken subscription is made again: at first, and at most.
_RETRY_S = (0.2, 5.0)

#: Unanswered pings after which the connection counts as dead. redis-py sends one every `health_check_interval`.
_MISSED_PONGS = 2

#: Jobs whose states are read in one round trip.
_CHUNK = 500


class WaitHub:
    """Wakes those who wait for a job. Thread-safe; its two threads start with the first wait, so after any fork.

    `connect` makes the client of the subscription; `states` reads the states of jobs, None for one that is gone.
    """

    def __init__(
        self, connect: Callable[[], Redis], channel: str, states: Callable[[Sequence[str]], list[JobState | None]]
    ) -> None:
        self._connect = connect
        self._channel = channel
        self._states = states
        self._lock = threading.Lock()
        self._waiters: dict[str, list[threading.Event]] = {}
        self._subscribed = threading.Event()
        self._poll_now = threading.Event()
        self._started = False
        self._closed = threading.Event()

    @contextmanager
    def watch(self, *job_ids: str) -> Iterator[threading.Event]:
        """An event that is set when one of the jobs ends, or when this process stops; it may be set for nothing too.

        Look at the jobs' states after entering: an end from then on is not missed.
        """
        event = threading.Event()
        with self._lock:
            for job_id in job_ids:
                self._waiters.setdefault(job_id, []).append(event)
            self._start()
        try:
            if self._closed.is_set():
                event.set()
            else:
                self._subscribed.wait(_SUBSCRIBE_S)
            yield event
        finally:
            with self._lock:
                for job_id in job_ids:
                    events = self._waiters[job_id]
                    events.remove(event)
                    if not events:
                        del self._waiters[job_id]

    @property
    def closed(self) -> bool:
        """Whether this process stops."""
        return self._closed.is_set()

    @property
    def waiting(self) -> int:
        """How many wait now."""
        with self._lock:
            return sum(map(len, self._waiters.values()))

    def close(self) -> None:
        """Wakes everybody, now and from now on, and ends the threads."""
        self._closed.set()
        self._poll_now.set()
        with self._lock:
            for events in self._waiters.values():
                for event in events:
                    event.set()

    def _start(self) -> None:
        if self._started or self._closed.is_set():
            return
        self._started = True
        for target in (self._listen, self._poll):
            threading.Thread(target=target, name=f"waits{target.__name__}", daemon=True).start()

    def _wake(self, job_id: str) -> None:
        with self._lock:
            for event in self._waiters.get(job_id, ()):
                event.set()

    def _listen(self) -> None:
        delay = _RETRY_S[0]
        while not self._closed.is_set():
            try:
                with self._connect() as redis, redis.pubsub() as pubsub:
                    pubsub.subscribe(self._channel)
                    self._receive(pubsub)
                delay = _RETRY_S[0]
            except (RedisError, OSError) as error:
                if self._subscribed.is_set():
                    delay = _RETRY_S[0]
                    log.warning("waits_unsubscribed", reason=type(error).__name__)
            self._subscribed.clear()
            self._closed.wait(delay)
            delay = min(delay * 2, _RETRY_S[1])

    def _receive(self, pubsub: PubSub) -> None:
        """Wakes the waiters of each id that comes in. Returns where the server no longer answers pings, or at the end."""
        while not self._closed.is_set():
            message = pubsub.get_message(timeout=1.0)
            if message is None:
                if pubsub.health_check_response_counter >= _MISSED_PONGS:
                    log.warning("waits_unsubscribed", reason="no answer to pings")
                    return
            elif message["type"] == "subscribe":
                # The first one, or redis-py has connected anew: ends may have been announced in between.
                self._subscribed.set()
                self._poll_now.set()
            elif message["type"] == "message":
                self._wake(message["data"].decode())

    def _poll(self) -> None:
        while not self._closed.is_set():
            self._poll_now.wait(POLL_S)
            self._poll_now.clear()
            with self._lock:
                job_ids = list(self._waiters)
            with suppress(StoreUnavailable, StoreFault):
                for start in range(0, len(job_ids), _CHUNK):
                    chunk = job_ids[start : start + _CHUNK]
                    for job_id, state in zip(chunk, self._states(chunk), strict=True):
                        if state is None or state.ended:
                            self._wake(job_id)
