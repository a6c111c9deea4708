"""Every `DEPECHE_` variable in docker/ is a setting of the half that it is handed to, and its value is accepted."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from service.settings import Settings as WebSettings
from tests.unit.docker.dockerfile import read
from worker.settings import Settings as WorkerSettings

DOCKER = Path(__file__).parents[3] / "docker"
HALVES: dict[str, Any] = {"web": WebSettings, "deliver": WebSettings, "worker": WorkerSettings, "fetch": WorkerSettings}


def setting_names(half: Any) -> set[str]:
    """The names of the environment variables that a half reads."""
    return {f"DEPECHE_{name.upper()}" for name in half.model_fields}


def environment(service: str) -> dict[str, str]:
    """What compose hands to a service where .env is the example with a password, without the variables left unset."""
    path = DOCKER / "compose.yaml"
    given = yaml.safe_load(path.read_text(encoding="utf-8"))["services"][service]["environment"]
    defaults = re.compile(r"\$\{\w+:-([^}]*)\}")
    filled = {name: defaults.sub(r"\1", str(value)) for name, value in given.items() if value is not None}
    return {name: re.sub(r"\$\{REDIS_PASSWORD:\?[^}]*\}", "abc123", value) for name, value in filled.items()}


@pytest.mark.parametrize("service", HALVES)
def test_compose_hands_out_settings_that_exist(service: str) -> None:
    for file in ("compose.yaml", "compose.gpu.yaml"):
        services = yaml.safe_load((DOCKER / file).read_text(encoding="utf-8"))["services"]
        names = {name for name in services.get(service, {}).get("environment", {}) if name.startswith("DEPECHE_")}
        assert names <= setting_names(HALVES[service])


@pytest.mark.parametrize("half", ["web", "worker"])
def test_images_set_settings_that_exist(half: str) -> None:
    image = read(DOCKER / f"{half}.Dockerfile").image
    names = set(re.findall(r"DEPECHE_[A-Z_]+(?==)", " ".join(one.text for one in image.named("ENV"))))
    assert names <= setting_names(HALVES[half])


def test_nothing_else_in_the_folder_names_a_setting_that_does_not_exist() -> None:
    known = setting_names(WebSettings) | setting_names(WorkerSettings)
    for path in (path for path in DOCKER.rglob("*") if path.is_file()):
        names = set(re.findall(r"\bDEPECHE_[A-Z_]+", path.read_text(encoding="utf-8")))
        assert names <= known, path.name


def test_the_example_names_every_precision() -> None:
    said = re.search(r"Precision: (.*)", (DOCKER / ".env.example").read_text(encoding="utf-8"))
    assert said is not None
    assert set(re.split(r", | or ", said[1])) == set(get_args(WorkerSettings.model_fields["precision"].annotation))


@pytest.mark.parametrize("service", HALVES)
def test_the_values_are_accepted(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = environment(service)
    assert not any("$" in value for value in given.values())
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    HALVES[service].load()


def test_the_front_end_trusts_the_compose_network_and_answers_to_the_health_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment("web").items():
        monkeypatch.setenv(name, value)
    settings = WebSettings.load()
    assert settings.trust_network is True
    assert settings.host_names == {"127.0.0.1", "localhost"}
