"""The table of settings: what it takes, what it refuses, and how it says so."""

import pytest

from service.contract.settings import SettingsError
from service.settings import Settings, is_loopback


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("DEPECHE_")]:
        monkeypatch.delenv(name)


def test_every_setting_is_described() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_the_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPECHE_PORT", "9000")
    monkeypatch.setenv("DEPECHE_PROCESSES", "4")
    settings = Settings.load(port=9001, processes=None, host=None)
    assert (settings.port, settings.processes, settings.host) == (9001, 4, "127.0.0.1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("PROCESSES", "0"),
        ("PROCESSES", "65"),
        ("QUEUE_LIMIT", "0"),
        ("MAX_CHARACTERS", "0"),
        ("REDIS_TIMEOUT_S", "0"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "http://localhost"),
        ("REDIS_URL", "redis://"),
        ("REDIS_URL", "redis://localhost:port"),
        ("REDIS_URL", "redis://localhost/zero"),
        ("REDIS_URL", "redis://localhost/0?db=x"),
        ("REDIS_URL", "unix://"),
        ("KEY_PREFIX", "no colon"),
        ("LOG_LEVEL", "LOUD"),
        ("TRUST_NETWORK", "perhaps"),
        ("REQUIRE_KEYS", "perhaps"),
        ("JOBS_PER_MINUTE", "0"),
        ("CHARACTERS_PER_MINUTE", "many"),
    ],
)
def test_a_wrong_value_is_one_line_with_its_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"DEPECHE_{name}", value)
    with pytest.raises(SettingsError) as refusal:
        Settings.load()
    assert str(refusal.value).startswith(f"DEPECHE_{name}: ")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost",
        "redis://:secret@[::1]:6380/3",
        "rediss://u:p@redis.example:6379/0",
        "unix:///run/r.sock?db=2",
    ],
)
def test_addresses_of_redis(url: str) -> None:
    settings = Settings.load(redis_url=url)
    assert settings.redis_url.get_secret_value() == url
    assert "secret" not in repr(settings)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "depeche.example", ""])
def test_keys_are_demanded_where_others_reach(host: str) -> None:
    assert Settings.load(host=host).keys_required
    assert not Settings.load(host=host, trust_network=True).keys_required
    assert Settings.load(host=host, trust_network=True, require_keys=True).keys_required


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_keys_are_not_demanded_on_loopback(host: str) -> None:
    assert not Settings.load(host=host).keys_required
    assert Settings.load(host=host, require_keys=True).keys_required


def test_loopback() -> None:
    assert all(map(is_loopback, ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST"]))
    assert not any(map(is_loopback, ["0.0.0.0", "::", "10.0.0.1", "localhost.example", ""]))


def test_host_names() -> None:
    assert Settings.load().host_names == {"localhost", "127.0.0.1", "[::1]"}
    named = Settings.load(allowed_hosts=" News.example , ,b", host="10.1.2.3", trust_network=True)
    assert named.host_names == {"news.example", "b", "10.1.2.3"}
    assert "[::1]" in Settings.load(host="::1", allowed_hosts="").host_names
    assert Settings.load(host="0.0.0.0", trust_network=True, allowed_hosts="a").host_names == {"a"}


def test_the_body_may_be_what_the_article_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPECHE_MAX_BODY_BYTES", "")
    settings = Settings.load(max_characters=10)
    assert settings.body_limit == 65_596
    assert Settings.load(max_body_bytes=2048).body_limit == 2048


def test_empty_variables_set_no_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPECHE_JOBS_PER_MINUTE", "")
    monkeypatch.setenv("DEPECHE_CHARACTERS_PER_MINUTE", "1000")
    settings = Settings.load()
    assert (settings.jobs_per_minute, settings.characters_per_minute) == (None, 1000)
