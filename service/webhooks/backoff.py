"""What follows a try: done, another one later, or none."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from service.contract.callback import Fault
from service.contract.deliveries import Outcome

#: Seconds before the second try; each further one waits three times as long, up to the second figure.
FIRST_S, LONGEST_S = 5.0, 14_400.0

#: By how much a wait differs at random, so that what failed together does not come again together.
JITTER = 0.2

#: Tries in all. The waits between them are 32 hours, 26 at the least; most jobs expire before.
MOST_TRIES = 16

#: Most seconds that a `Retry-After` puts the next try off.
_MOST_RETRY_AFTER_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of sending: the receiver's status, or why there is none. `retry_after` is that header as it came."""

    status: int | None = None
    fault: Fault | None = None
    retry_after: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows; with `AGAIN`, after how many seconds."""

    outcome: Outcome
    after_s: float = 0.0


def judge(answer: Answer, tries: int, *, jitter: Callable[[], float] = random.random) -> Verdict:
    """The verdict on the `tries`-th try. `jitter` gives numbers from 0 to 1.

    410 says that nobody wants it any more. Everything else may pass, even a 404 while somebody deploys.
    """
    if answer.fault is None:
        return Verdict(Outcome.DELIVERED)
    if answer.status == 410 or tries >= MOST_TRIES:
        return Verdict(Outcome.FAILED)
    wait_s = min(FIRST_S * 3.0 ** min(tries - 1, MOST_TRIES), LONGEST_S) * (1 + JITTER * (2 * jitter() - 1))
    if answer.status in (429, 503):
        wait_s = max(wait_s, _asked_s(answer.retry_after))
    return Verdict(Outcome.AGAIN, wait_s)


def _asked_s(retry_after: str | None) -> float:
    """Seconds that a `Retry-After` (RFC 9110, 10.2.3) asks for: a number or a date. 0 for what is neither."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:9]), _MOST_RETRY_AFTER_S)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # a number in it is none that a date can have
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - datetime.now(UTC)).total_seconds()), _MOST_RETRY_AFTER_S)
