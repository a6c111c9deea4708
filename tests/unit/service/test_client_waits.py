"""Both clients while they wait for a job: at servers that permit short waits only, and at some that are not there."""

import httpx2
import pytest

from service.client import ApiError, Unreachable, WaitTimeout
from service.contract.states import JobState
from tests.unit.service.driven_client import Maker
from tests.unit.service.server_double import Handler, job, problem


def limited(limit_s: float, looks: int) -> tuple[Handler, list[float]]:
    """A server whose waits have this limit, with a job that ends after so many looks, and the waits that it was asked for."""
    asked: list[float] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(float(request.url.params.get("wait", 0)))
        if asked[-1] > limit_s:
            return problem(400, "invalid_parameter")
        seen = sum(wait <= limit_s for wait in asked)
        return httpx2.Response(200, json=job(state="succeeded" if seen >= looks else "running"))

    return handler, asked


@pytest.mark.parametrize(
    ("limit_s", "watched", "asked", "paused"),
    [
        (10, False, [30, 15, 7.5, 7.5, 7.5], 0),
        (60, False, [30, 30, 30], 0),
        (0.7, True, [1, 0.5, 0.5, 0.5], 0),
        (0, True, [1, 0.5, 0, 0, 0], 2),
        (0, False, [30, 15, 7.5, 3.75, 1.875, 0.9375, 0, 0, 0], 2),
    ],
)
def test_a_server_that_permits_short_waits_only(
    client_of: Maker, pauses: list[float], limit_s: float, watched: bool, asked: list[float], paused: int
) -> None:
    handler, given = limited(limit_s, looks=3)
    with client_of(handler) as client:
        view = client.wait("j1", on_progress=(lambda _: None) if watched else None)
    assert (view.state, given) == (JobState.SUCCEEDED, asked)
    assert pauses == [1.0] * paused


def test_a_refusal_for_another_reason_is_raised(client_of: Maker) -> None:
    for code, waits in (("job_not_found", 1), ("invalid_parameter", 7)):
        asked: list[httpx2.Request] = []

        def refuse(request: httpx2.Request, code: str = code, asked: list[httpx2.Request] = asked) -> httpx2.Response:
            asked.append(request)
            return problem(400, code)

        with client_of(refuse) as client, pytest.raises(ApiError, match=code):
            client.wait("j1")
        assert len(asked) == waits


@pytest.fixture
def clock(pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that requests have taken. The clock shows these, and the pauses."""
    taken: list[float] = []
    monkeypatch.setattr("time.monotonic", lambda: 1000 + sum(taken) + sum(pauses))
    return taken


def test_a_wait_ends_in_time_where_nobody_is_there(client_of: Maker, pauses: list[float], clock: list[float]) -> None:
    def refuse(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    with client_of(refuse) as client:
        with pytest.raises(WaitTimeout, match=r"before http://depeche\.test/? answered"):
            client.wait("j1", timeout_s=1)
        assert 0 < sum(pauses) < 1
        pauses.clear()
        with pytest.raises(Unreachable):
            client.wait("j1", timeout_s=3600)
        assert len(pauses) == 5


def test_a_wait_ends_in_time_where_nobody_answers(client_of: Maker, pauses: list[float], clock: list[float]) -> None:
    def hang(request: httpx2.Request) -> httpx2.Response:
        clock.append(request.extensions["timeout"]["read"])
        raise httpx2.ReadTimeout("slow")

    with client_of(hang) as client, pytest.raises(WaitTimeout, match="no answer in time"):
        client.wait("j1", timeout_s=2)
    assert (clock, pauses) == ([7], [])


def test_a_wait_does_not_outlast_its_time_for_a_retry_after(
    client_of: Maker, pauses: list[float], clock: list[float]
) -> None:
    def refuse(_: httpx2.Request) -> httpx2.Response:
        return problem(503, "store_unavailable", **{"Retry-After": "60"})

    with client_of(refuse) as client, pytest.raises(WaitTimeout, match="About store_unavailable"):
        client.wait("j1", timeout_s=30)
    assert pauses == []


def test_a_wait_without_another_try_says_what_was_answered(client_of: Maker, clock: list[float]) -> None:
    def refuse(_: httpx2.Request) -> httpx2.Response:
        return problem(503, "store_unavailable", **{"Retry-After": "5"})

    with client_of(refuse, retries=0) as client, pytest.raises(ApiError) as refusal:
        client.wait("j1", timeout_s=5)
    assert (refusal.value.status, refusal.value.code) == (503, "store_unavailable")

    def vanish(_: httpx2.Request) -> httpx2.Response:
        clock.append(1)
        raise httpx2.ConnectError("refused")

    with client_of(vanish, retries=0) as client:
        with pytest.raises(Unreachable):
            client.wait("j1", timeout_s=1.1)
        with pytest.raises(WaitTimeout):
            client.wait("j1", timeout_s=1)


def test_a_wait_that_is_answered_bounds_each_request(client_of: Maker, clock: list[float]) -> None:
    bounds: list[tuple[float, float]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        wait = float(request.url.params.get("wait", 0))
        bounds.append((wait, request.extensions["timeout"]["read"]))
        clock.append(wait)
        return httpx2.Response(200, json=job(state="running"))

    with client_of(answer) as client, pytest.raises(WaitTimeout, match="had not ended after 40 s; it is running"):
        client.wait("j1", timeout_s=40)
    assert bounds == [(30, 45), (10, 15), (0, 5)]
