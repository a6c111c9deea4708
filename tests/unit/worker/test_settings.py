"""The worker's table of settings: where values come from, and what is refused in which words."""

import pytest

from service.contract.settings import SettingsError
from worker.settings import Settings


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"DEPECHE_{name.upper()}", raising=False)


def test_every_setting_has_a_default_and_says_what_it_is() -> None:
    Settings.load()
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_environment_wins_over_the_default_and_the_command_line_over_both(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load().concurrency == 32
    monkeypatch.setenv("DEPECHE_CONCURRENCY", "4")
    assert Settings.load(concurrency=None).concurrency == 4
    assert Settings.load(concurrency=5).concurrency == 5


@pytest.mark.parametrize(
    "name",
    [
        "translator_revision",
        "summarizer",
        "summarizer_revision",
        "beams",
        "fake_die_on",
        "fake_hang_on",
        "fake_fail_on",
        "fake_oom_rows",
    ],
)
def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"DEPECHE_{name.upper()}", "")
    assert getattr(Settings.load(), name) is None


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:3"])
def test_devices_that_there_are(device: str) -> None:
    assert Settings.load(device=device).device == device


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("device", "cuda:"),
        ("device", "gpu"),
        ("precision", "int4"),
        ("engine", "onnx"),
        ("concurrency", "0"),
        ("concurrency", "many"),
        ("beams", "0"),
        ("segment_tokens", "15"),
        ("drain_s", "0"),
        ("redis_timeout_s", "0.1"),
        ("offline", "perhaps"),
        ("key_prefix", "no colon"),
        ("log_level", "LOUD"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"DEPECHE_{name.upper()}", value)
    with pytest.raises(SettingsError, match=rf"^DEPECHE_{name.upper()}: ") as caught:
        Settings.load()
    assert "\n" not in str(caught.value)


def test_all_wrong_values_are_named_at_once() -> None:
    with pytest.raises(SettingsError, match=r"DEPECHE_DEVICE: .*; DEPECHE_BEAMS: "):
        Settings.load(device="gpu", beams=0)


def test_a_lease_leaves_room_for_three_renewals() -> None:
    with pytest.raises(SettingsError, match=r"DEPECHE_RENEW_S must be at most a third of DEPECHE_LEASE_S"):
        Settings.load(lease_s=10, renew_s=4)


def test_a_message_is_not_delivered_again_before_its_job_is_overdue() -> None:
    with pytest.raises(SettingsError, match=r"DEPECHE_VISIBILITY_TIMEOUT_S must be above DEPECHE_DEADLINE_S"):
        Settings.load(deadline_s=600, visibility_timeout_s=600)


def test_the_password_is_not_shown() -> None:
    settings = Settings.load(redis_url="redis://:hunter2@redis:6379/0")
    assert "hunter2" not in repr(settings)
