"""What follows a try."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from service.contract.callback import Fault
from service.contract.deliveries import Outcome
from service.webhooks.backoff import JITTER, MOST_TRIES, Answer, judge

DAY = 86_400.0
FAILED = Answer(500, Fault.STATUS)


def waits(jitter: float) -> list[float]:
    return [judge(FAILED, tries, jitter=lambda: jitter).after_s for tries in range(1, MOST_TRIES)]


def test_success_ends_it() -> None:
    assert judge(Answer(204), 1).outcome is Outcome.DELIVERED
    assert judge(Answer(200), MOST_TRIES + 1).outcome is Outcome.DELIVERED


def test_gone_ends_it() -> None:
    assert judge(Answer(410, Fault.STATUS), 1).outcome is Outcome.FAILED


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.STATUS])
def test_everything_else_is_tried_again(fault: Fault) -> None:
    assert judge(Answer(fault=fault), 1).outcome is Outcome.AGAIN


@pytest.mark.parametrize("status", [301, 400, 401, 404, 408, 429, 500, 503])
def test_every_other_status_is_tried_again(status: int) -> None:
    assert judge(Answer(status, Fault.STATUS), 1).outcome is Outcome.AGAIN


def test_it_waits_ever_longer_for_more_than_a_day_and_gives_up() -> None:
    middle = waits(0.5)
    assert middle[:4] == [5, 15, 45, 135]
    assert middle == sorted(middle)
    assert max(middle) == 14_400
    assert sum(middle) == pytest.approx(32.6 * 3600, rel=0.01)
    assert sum(waits(0.0)) > DAY
    assert judge(FAILED, MOST_TRIES).outcome is Outcome.FAILED


def test_waits_differ_at_random() -> None:
    assert waits(0.0)[0] == pytest.approx(5 * (1 - JITTER))
    assert waits(1.0)[0] == pytest.approx(5 * (1 + JITTER))
    assert len({judge(FAILED, 9).after_s for _ in range(50)}) > 40


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        ("120", 120, 120),
        (" 120 ", 120, 120),
        ("0", 0, 7),
        ("99999999999999999999", DAY, DAY),
        ("", 0, 7),
        ("soon", 0, 7),
        ("-5", 0, 7),
        ("1.5", 0, 7),
        ("²", 0, 7),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0, 7),
        ("Wed, 99 Oct 2015 07:28:00 GMT", 0, 7),
        ("Wed, 21 Oct 99999999999999 07:28:00 GMT", 0, 7),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_receivers_wish_is_respected(asked: str, least: float, most: float, status: int) -> None:
    verdict = judge(Answer(status, Fault.STATUS, asked), 1)
    assert verdict.outcome is Outcome.AGAIN
    assert max(least, 4) <= verdict.after_s <= most


@pytest.mark.parametrize(("hours", "least", "most"), [(2, 7100, 7200), (-2, 0, 7)])
def test_a_date_is_a_wish_too(hours: int, least: float, most: float) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)
    assert least <= judge(Answer(503, Fault.STATUS, date), 1).after_s <= most


def test_it_does_not_shorten_a_wait() -> None:
    assert judge(Answer(503, Fault.STATUS, "1"), 9).after_s > 10_000


def test_only_where_it_means_something() -> None:
    assert judge(Answer(500, Fault.STATUS, "5000"), 1).after_s < 10
