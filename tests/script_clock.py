"""A clock of the test's own for the Lua scripts, which otherwise ask Redis for the time."""

import pytest
from redis import Redis

from service.contract import scripts

_KEY = "test:clock"


def take_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the scripts that are loaded read what `set_clock` has set."""
    real = scripts.source
    own = f"local function now_ms() return tonumber(redis.call('GET', '{_KEY}')) end"
    monkeypatch.setattr(scripts, "source", lambda name: own if name == "clock" else real(name))


def set_clock(redis: Redis, now_ms: int) -> None:
    """Makes it this time, in ms since 1970."""
    redis.set(_KEY, now_ms)
