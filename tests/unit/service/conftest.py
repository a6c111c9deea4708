"""Clients of servers that are functions."""

from typing import Any

import httpx2
import pytest

from service.client import AsyncClient, Client
from tests.unit.service.driven_client import DrivenClient, Maker
from tests.unit.service.server_double import Handler


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between retries, which take no time."""
    taken: list[float] = []

    async def take(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr("service.client.blocking.time.sleep", taken.append)
    monkeypatch.setattr("service.client.asynchronous.asyncio.sleep", take)
    return taken


@pytest.fixture(params=["blocking", "asynchronous"])
def client_of(request: pytest.FixtureRequest) -> Maker:
    """Makes a client of a server that is a function."""

    def make(handler: Handler, **options: Any) -> Client:
        transport = httpx2.MockTransport(handler)
        if request.param == "blocking":
            return Client("http://depeche.test", transport=transport, **options)
        return DrivenClient(AsyncClient("http://depeche.test", transport=transport, **options)).as_client()

    return make
