"""API keys and quotas in a real Redis."""

import re
import time
from collections.abc import Callable

import pytest

from service.contract.api_keys import KeyStore, shown_id
from service.contract.errors import Code, KeyInvalid, QuotaExceeded, RequestError, StoreUnavailable
from service.contract.quotas import Limits, Quota, QuotaStore
from tests.ledger import WholeLedger
from tests.redis_server import RedisServer

PREFIX = "depeche:"


@pytest.fixture
def keys(store: WholeLedger) -> KeyStore:
    return KeyStore(store.redis, prefix=PREFIX)


@pytest.fixture
def quotas(store: WholeLedger) -> QuotaStore:
    return QuotaStore(store.redis, prefix=PREFIX)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# Keys


def test_a_key_is_known_by_its_whole_and_by_nothing_else(keys: KeyStore) -> None:
    made, whole = keys.create("press", client="news", limits=Limits(3, 1000))
    assert re.fullmatch(r"depeche_[0-9a-v]{8}_[0-9a-v]{52}", whole)
    assert shown_id(whole) == made.id
    found = keys.check(whole)
    assert (found.id, found.name, found.client, found.limits) == (made.id, "press", "news", Limits(3, 1000))
    other = "0" if whole[-1] != "0" else "1"
    for wrong in (
        "",
        " ",
        whole + "0",
        whole[:-1],
        whole[:-1] + other,
        whole.upper(),
        whole + "\n",
        f"depeche_{made.id}_{'0' * 52}",
        f"depeche_00000000_{whole[-52:]}",
        made.id,
        "depeche_none_",
        "é" * 69,
        "\udcff",
        "x" * 100_000,
    ):
        with pytest.raises(KeyInvalid):
            keys.check(wrong)


def test_redis_holds_no_secret(keys: KeyStore, store: WholeLedger) -> None:
    _, whole = keys.create("press")
    secret = whole.rpartition("_")[2].encode()
    for name in store.redis.scan_iter():
        kind = store.redis.type(name)
        value = store.redis.hgetall(name) if kind == b"hash" else store.redis.dump(name)
        assert secret not in repr(value).encode()


def test_keys_differ(keys: KeyStore) -> None:
    wholes = {keys.create("press")[1] for _ in range(20)}
    assert len(wholes) == 20
    assert len({whole[8:16] for whole in wholes}) == 20


def test_a_revoked_key_is_gone_at_once_and_its_sibling_is_not(keys: KeyStore, store: WholeLedger) -> None:
    first, first_whole = keys.create("old", client="news")
    second, second_whole = keys.create("new", client="news")
    assert {key.id for key in keys.all()} == {first.id, second.id}
    assert keys.revoke(first.id)
    assert not keys.revoke(first.id)
    assert not keys.revoke(first_whole)
    assert not keys.revoke("*")
    with pytest.raises(KeyInvalid):
        keys.check(first_whole)
    assert keys.check(second_whole).client == "news"
    assert keys.any()
    assert keys.revoke(second.id)
    assert not keys.any()
    assert keys.all() == []
    assert not list(store.redis.scan_iter(f"{PREFIX}key*"))


@pytest.mark.parametrize("name", ["", "a" * 65, "a b", "a:b", "é", "-a", "a\n", "a/b", "a*"])
def test_names_that_can_not_be_used(keys: KeyStore, name: str) -> None:
    with pytest.raises(ValueError, match="1 to 64"):
        keys.create(name)
    with pytest.raises(ValueError, match="1 to 64"):
        keys.create("press", client=name or "a b")
    assert not keys.any()


def test_the_last_use_is_noted_once_a_minute(keys: KeyStore, store: WholeLedger) -> None:
    made, whole = keys.create("press")
    assert keys.all()[0].used_ms is None
    keys.check(whole)
    first = keys.all()[0].used_ms
    assert first is not None
    assert abs(first - time.time() * 1000) < 10_000
    writes = writes_of(store)
    keys.check(whole)
    assert writes_of(store) == writes
    store.redis.hset(f"{PREFIX}key:{made.id}", "used_ms", first - 61_000)
    keys.check(whole)
    assert (keys.all()[0].used_ms or 0) >= first


def writes_of(store: WholeLedger) -> int:
    """How often the script that notes a use has run."""
    stats = store.redis.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("evalsha", "eval", "hset"))


def test_noting_a_use_does_not_bring_a_revoked_key_back(keys: KeyStore, store: WholeLedger) -> None:
    made, _ = keys.create("press")
    keys.revoke(made.id)
    keys._note_use(made.id)
    assert not store.redis.exists(f"{PREFIX}key:{made.id}")


def test_a_redis_that_takes_no_writes_still_knows_the_keys(keys: KeyStore, redis_server: RedisServer) -> None:
    _, whole = keys.create("press")
    with redis_server.client() as client:
        client.replicaof("127.0.0.1", "1")
        assert keys.check(whole).name == "press"


def test_no_redis_is_no_answer(keys: KeyStore, redis_server: RedisServer) -> None:
    _, whole = keys.create("press")
    redis_server.kill()
    for call in (lambda: keys.check(whole), lambda: keys.check("wrong"), keys.any, keys.all):
        with pytest.raises(StoreUnavailable):
            call()


# Quotas


def test_jobs_run_out_and_come_back_evenly(quotas: QuotaStore, store: WholeLedger) -> None:
    limits = Limits(jobs=60)
    left = [quotas.spend("k1", limits, characters=5)[0].left for _ in range(60)]
    assert left[:3] == [59, 58, 57]
    assert left[-1] == 0
    with pytest.raises(QuotaExceeded) as refused:
        quotas.spend("k1", limits, characters=5)
    assert refused.value.code is Code.QUOTA_EXCEEDED
    assert refused.value.retry_after == 1
    assert quotas.spend("k2", limits, characters=5)[0].left == 59
    # A refusal spends nothing: one second later there is one again.
    until(lambda: quotas.look("k1", limits)[0].left >= 1)
    quotas.spend("k1", limits, characters=5)


def test_all_quotas_are_spent_or_none(quotas: QuotaStore) -> None:
    limits = Limits(jobs=10, characters=1000)
    assert quotas.spend("k", limits, characters=900) == [Quota("jobs", 10, 9, 6), Quota("characters", 1000, 100, 54)]
    with pytest.raises(QuotaExceeded) as refused:
        quotas.spend("k", limits, characters=300)
    assert "1000 characters" in refused.value.detail
    assert refused.value.retry_after == 12
    assert quotas.look("k", limits)[0].left == 9


def test_what_was_not_accepted_is_given_back(quotas: QuotaStore) -> None:
    limits = Limits(jobs=2, characters=1000)
    quotas.spend("k", limits, characters=700)
    assert [quota.left for quota in quotas.give_back("k", limits, characters=700)] == [2, 1000]
    assert [quota.left for quota in quotas.give_back("k", limits, characters=700)] == [2, 1000]
    assert [quota.left for quota in quotas.spend("k", limits, characters=1000)] == [1, 0]


def test_an_article_above_the_quota_is_told_so(quotas: QuotaStore) -> None:
    with pytest.raises(RequestError) as refused:
        quotas.spend("k", Limits(characters=1000), characters=1001)
    assert refused.value.code is Code.TOO_LARGE
    assert "1001" in refused.value.detail
    assert quotas.spend("k", Limits(characters=1000), characters=1000)[0].left == 0


@pytest.mark.parametrize("limit", [1, 3, 7, 13, 59, 61, 997, 1_000_000])
def test_exactly_so_many_fit_at_once(quotas: QuotaStore, limit: int) -> None:
    """Fractions of a millisecond neither give nor take one. (What comes back meanwhile is less than one in these spans.)"""
    limits = Limits(characters=limit)
    assert quotas.spend("k", limits, characters=limit)[0].left == 0
    with pytest.raises(QuotaExceeded) as refused:
        quotas.spend("k", limits, characters=limit)
    assert 59 <= (refused.value.retry_after or 0) <= 60


def test_quotas_leave_nothing_behind(quotas: QuotaStore, store: WholeLedger) -> None:
    limits = Limits(jobs=600_000)
    quotas.look("k", limits)
    assert not store.redis.exists(f"{PREFIX}quota:k")
    quotas.spend("k", limits, characters=1)
    until(lambda: not store.redis.exists(f"{PREFIX}quota:k"))


def test_without_limits_redis_is_not_asked(quotas: QuotaStore, redis_server: RedisServer) -> None:
    redis_server.kill()
    assert quotas.spend("k", Limits(), characters=10**9) == []
    assert Limits(None, 5).or_else(Limits(7, 9)) == Limits(7, 5)
    assert not Limits()
