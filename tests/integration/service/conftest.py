"""A front end and a store for each test that asks."""

from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Browser

from tests.browser import Visitor, open_browser
from tests.integration.service.front_end import FrontEnd, open_store
from tests.ledger import WholeLedger
from tests.redis_server import RedisServer


@pytest.fixture(scope="session")
def session_front_end(session_redis: RedisServer) -> Iterator[FrontEnd]:
    """One front end of two processes for all tests that do not need one of their own."""
    with FrontEnd(session_redis.url, processes=2) as front_end:
        yield front_end


@pytest.fixture
def front_end(redis_server: RedisServer, session_front_end: FrontEnd) -> FrontEnd:
    """The front end, with its Redis emptied."""
    return session_front_end


@pytest.fixture
def http(front_end: FrontEnd) -> Iterator[httpx2.Client]:
    """An HTTP client of `front_end`."""
    with front_end.client() as client:
        yield client


@pytest.fixture
def store(redis_url: str) -> Iterator[WholeLedger]:
    """The ledger of `front_end`."""
    store = open_store(redis_url)
    yield store
    store.redis.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of a module."""
    with open_browser() as browser:
        yield browser


@pytest.fixture
def visitor(browser: Browser, front_end: FrontEnd) -> Iterator[Visitor]:
    """Somebody on the page's front. The browser itself must find nothing wrong."""
    visitor = Visitor(browser, front_end.url)
    yield visitor
    visitor.leave()
    assert visitor.complaints == []
