"""The sender: takes deliveries that are due, sends them many at once, and says what became of each. Any number may run."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from service.contract.callback import CallbackState, Fault, Receiver
from service.contract.deliveries import Delivery, DeliveryStore, Outcome
from service.contract.errors import StoreFault, StoreUnavailable
from service.contract.logs import get_logger
from service.webhooks.backoff import MOST_TRIES, Answer, Verdict, judge
from service.webhooks.message import body_of, headers_of
from service.webhooks.post import Poster

log = get_logger(__name__)

#: Seconds between two looks while nothing is due, and while Redis does not answer.
IDLE_S, OUTAGE_S = 0.25, 1.0

#: Seconds by which a lease is longer than a delivery may take.
_SPARE_S = 15.0

#: Seconds for which a sender that stops tries to say what became of its last deliveries.
_LAST_WORDS_S = 5.0


class Sender:
    """One sender. `name` is `host:process`; at most `at_once` deliveries are out."""

    def __init__(self, store: DeliveryStore, poster: Poster, *, name: str, at_once: int) -> None:
        self._store = store
        self._poster = poster
        self._name = name
        self._slots = threading.Semaphore(at_once)
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="delivery")
        self._at_once = at_once
        self._wake = threading.Event()
        self._stopped_at: float | None = None
        self._outage = False

    def stop(self) -> None:
        """Has `run` take nothing more and return when the deliveries that are out are over.

        It takes no lock, since a signal may call it in the middle of anything; `run` looks often enough.
        """
        self._stopped_at = time.monotonic()

    def run(self) -> None:
        """Sends until it is stopped."""
        log.info("sender_started", sender=self._name, at_once=self._at_once)
        while self._stopped_at is None:
            free = self._free_slots()
            if not free:
                continue
            self._wake.clear()
            taken = self._take(free)
            for delivery in taken:
                self._pool.submit(self._deliver, delivery)
            for _ in range(free - len(taken)):
                self._slots.release()
            if self._outage:
                time.sleep(OUTAGE_S)
            elif not taken:
                self._wake.wait(IDLE_S)  # less where one comes back, since its receiver can take another then
        self._pool.shutdown(wait=True)
        try:
            self._store.leave(self._name)
        except StoreUnavailable:
            log.warning("sender_not_signed_off", sender=self._name)
        log.info("sender_stopped", sender=self._name)

    def _free_slots(self) -> int:
        """Takes all slots that are free, having waited a moment for the first one."""
        if not self._slots.acquire(timeout=IDLE_S):
            return 0
        free = 1
        while free < self._at_once and self._slots.acquire(blocking=False):
            free += 1
        return free

    def _take(self, most: int) -> list[Delivery]:
        """Deliveries that are due; none while Redis does not answer, which is said once."""
        try:
            taken = self._store.claim(self._name, lease_s=self._poster.whole_s + _SPARE_S, most=most)
        except (StoreUnavailable, StoreFault) as error:
            if not self._outage:
                log.warning("redis_unavailable", reason=error.detail, effect="deliveries wait until it is back")
            self._outage = True
            return []
        if self._outage:
            log.info("redis_available")
        self._outage = False
        return taken

    def _deliver(self, delivery: Delivery) -> None:
        began = time.monotonic()
        try:
            answer, verdict = self._try(delivery)
            took_ms = round((time.monotonic() - began) * 1000)
            state = self._settle(delivery, answer, verdict, took_ms)
            _tell(delivery, answer, state, took_ms)
        except Exception as error:  # noqa: BLE001 - the thread is the pool's: nobody else would see it
            log.error("delivery_broke", job_id=delivery.job.id, kind=type(error).__name__)
        finally:
            self._slots.release()
            self._wake.set()

    def _try(self, delivery: Delivery) -> tuple[Answer, Verdict]:
        if delivery.tries > MOST_TRIES:  # senders died over it, again and again
            return Answer(fault=Fault.SENDER_LOST), Verdict(Outcome.FAILED)
        try:
            answer = self._send(delivery)
        except Exception as error:  # noqa: BLE001 - whatever it is, the job's owner is told that there was a try
            log.error("delivery_broke", job_id=delivery.job.id, kind=type(error).__name__)
            answer = Answer(fault=Fault.INTERNAL)
        return answer, judge(answer, delivery.tries)

    def _send(self, delivery: Delivery) -> Answer:
        if not delivery.secrets:
            return Answer(fault=Fault.UNSIGNED)
        body = body_of(delivery.job)
        headers = headers_of(delivery.job, body, delivery.secrets, now_s=delivery.claimed_ms // 1000)
        return self._poster.post(delivery.callback.url, headers, body)

    def _settle(self, delivery: Delivery, answer: Answer, verdict: Verdict, took_ms: int) -> CallbackState | None:
        """Insists while Redis does not answer: what is not noted is sent again when the lease ends.

        Redis may have noted it and not said so: then the second time is refused, and that is all right.
        """
        while True:
            try:
                return self._store.settle(
                    delivery,
                    verdict.outcome,
                    after_s=verdict.after_s,
                    status=answer.status,
                    fault=answer.fault,
                    took_ms=took_ms,
                )
            except StoreUnavailable:
                if self._stopped_at is not None and time.monotonic() - self._stopped_at > _LAST_WORDS_S:
                    raise
                time.sleep(OUTAGE_S)


def _tell(delivery: Delivery, answer: Answer, state: CallbackState | None, took_ms: int) -> None:
    """A line of the log: never the URL, whose path may hold a token."""
    level = log.info if answer.fault is None else log.warning
    level(
        "callback_delivered" if answer.fault is None else "callback_failed",
        job_id=delivery.job.id,
        receiver=Receiver.of(delivery.callback.url).name,
        attempt=delivery.tries,
        status=answer.status,
        error=answer.fault.value if answer.fault else None,
        state=state.value if state else "unknown",
        ms=took_ms,
    )
