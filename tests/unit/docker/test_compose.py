"""The compose files, read without Docker: what each service needs to be safe, to be seen to live and to stop well."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.docker.dockerfile import read

ROOT = Path(__file__).parents[3]
DOCKER = ROOT / "docker"
BASE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
GPU: dict[str, Any] = yaml.safe_load((DOCKER / "compose.gpu.yaml").read_text(encoding="utf-8"))
#: The services that `up` starts. One with a profile is run by hand and ends
LASTING: dict[str, dict[str, Any]] = {
    name: service for name, service in BASE["services"].items() if "profiles" not in service
}
#: Those that are built here, in either file
BUILT = [(name, service) for file in (BASE, GPU) for name, service in file["services"].items() if "build" in service]
_VARIABLE = re.compile(r"(?<!\$)\$\{?([A-Z][A-Z0-9_]*)")

every_service = pytest.mark.parametrize("service", BASE["services"].values(), ids=BASE["services"].keys())
lasting_service = pytest.mark.parametrize("service", LASTING.values(), ids=LASTING.keys())


def seconds(duration: str) -> float:
    """A compose duration such as `1m30s`, in seconds."""
    units = {"h": 3600, "m": 60, "s": 1}
    parts = re.findall(r"(\d+)([hms])", duration)
    assert "".join(number + unit for number, unit in parts) == duration
    return float(sum(int(number) * units[unit] for number, unit in parts))


def test_the_services_are_the_halves_the_sender_and_the_fetcher() -> None:
    assert set(LASTING) == {"redis", "web", "worker", "deliver"}
    assert set(BASE["services"]) - set(LASTING) == {"fetch"}
    assert set(GPU["services"]) <= set(BASE["services"])


@lasting_service
def test_is_watched_and_restarted(service: dict[str, Any]) -> None:
    check = service["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert len(check["test"]) > 1
    assert seconds(check["timeout"]) <= seconds(check["interval"])
    assert check["retries"] >= 2
    assert "start_period" in check
    assert service["restart"] == "unless-stopped"


@lasting_service
def test_may_take_longer_to_stop_than_a_drain_or_a_long_poll(service: dict[str, Any]) -> None:
    drain = float(BASE["services"]["worker"]["environment"]["DEPECHE_DRAIN_S"])
    assert seconds(service["stop_grace_period"]) >= max(drain, 60) + 10


@every_service
def test_has_no_rights_that_it_does_not_need(service: dict[str, Any]) -> None:
    uid, _, _ = service["user"].partition(":")
    assert int(uid) > 0
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert service["tmpfs"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "ipc", "devices"} & set(service)
    assert not any("docker.sock" in volume for volume in service.get("volumes", ()))


@lasting_service
def test_has_limits(service: dict[str, Any]) -> None:
    limits = service["deploy"]["resources"]["limits"]
    assert limits["memory"]
    assert 0 < limits["pids"] <= 1024
    assert "max-size" in service["logging"]["options"]


def test_the_one_way_in_is_the_front_ends_port_on_the_loopback_address() -> None:
    ports = {name: service["ports"] for name, service in BASE["services"].items() if "ports" in service}
    assert set(ports) == {"web"}
    for port in ports["web"]:
        assert port.startswith("127.0.0.1:"), f"{port} would be open to the network"
    assert not any("ports" in service for service in GPU["services"].values())


def test_redis_is_on_a_network_without_a_way_out() -> None:
    assert BASE["networks"]["backend"]["internal"] is True
    assert BASE["services"]["redis"]["networks"] == ["backend"]
    assert BASE["services"]["worker"]["networks"] == ["backend"]
    used = {network for service in BASE["services"].values() for network in service["networks"]}
    assert used == set(BASE["networks"])


def test_redis_cannot_start_without_a_password() -> None:
    redis = BASE["services"]["redis"]
    assert redis["environment"]["REDIS_PASSWORD"].startswith("${REDIS_PASSWORD:?")
    script = redis["command"][-1]
    assert "requirepass" in script
    assert "--requirepass" not in script, "process lists would show it"
    assert "include /run/redis/password.conf" in (DOCKER / "redis.conf").read_text(encoding="utf-8").splitlines()
    for name in ("web", "worker", "deliver"):
        assert "${REDIS_PASSWORD:?" in BASE["services"][name]["environment"]["DEPECHE_REDIS_URL"]


def test_services_wait_for_a_redis_that_answers() -> None:
    for name in ("web", "worker", "deliver"):
        assert BASE["services"][name]["depends_on"] == {"redis": {"condition": "service_healthy"}}


def test_images_are_pinned() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert re.fullmatch(r"redis:\d+\.\d+-alpine", BASE["services"]["redis"]["image"])
    for name, service in BUILT:
        _, _, tag = service["image"].partition(":")
        assert tag.removesuffix("-cuda") == version, f"{name} is not of version {version}"


def test_builds_use_files_and_arguments_that_exist() -> None:
    for name, service in BUILT:
        build = {**BASE["services"][name]["build"], **service["build"]}
        context = (DOCKER / build["context"]).resolve()
        assert context == ROOT
        file = read(context / build["dockerfile"])
        declared = {one.text.partition("=")[0] for stage in file.stages for one in stage.named("ARG")}
        assert set(build.get("args", {})) <= declared


def test_services_run_as_the_user_of_their_image() -> None:
    for name in ("web", "worker", "deliver", "fetch"):
        service = BASE["services"][name]
        (user,) = read(ROOT / service["build"]["dockerfile"]).image.named("USER")
        assert service["user"] == user.text


def test_volumes_and_mounted_files_exist() -> None:
    for name, service in BASE["services"].items():
        for volume in service.get("volumes", ()):
            source, target, *_ = volume.split(":")
            if source.startswith("."):
                assert (DOCKER / source).is_file(), f"{name} mounts {source}"
            else:
                assert source in BASE["volumes"], f"{name} mounts {source}"
            if name in {"worker", "fetch"}:
                image = read(ROOT / service["build"]["dockerfile"]).image
                assert target in {word for one in image.named("VOLUME") for word in one.words}
                assert f"HF_HOME={target}" in " ".join(one.text for one in image.named("ENV"))


def test_the_gpu_worker_has_one_gpu_and_the_cuda_build() -> None:
    worker = GPU["services"]["worker"]
    (device,) = worker["deploy"]["resources"]["reservations"]["devices"]
    assert device["driver"] == "nvidia"
    assert device["capabilities"] == ["gpu"]
    assert len(device["device_ids"]) == 1
    assert "count" not in device
    assert worker["environment"]["DEPECHE_DEVICE"] == "cuda"
    assert "/cpu" not in worker["build"]["args"]["TORCH_INDEX"]


def test_every_variable_that_compose_reads_is_in_the_example() -> None:
    example = (DOCKER / ".env.example").read_text(encoding="utf-8")
    explained = set(re.findall(r"^#?([A-Z][A-Z0-9_]*)=", example, re.MULTILINE))
    read_by_compose = {
        name for path in DOCKER.glob("compose*.yaml") for name in _VARIABLE.findall(path.read_text(encoding="utf-8"))
    }
    handed_on = {
        name for service in BASE["services"].values() for name, value in service["environment"].items() if value is None
    }
    assert explained == read_by_compose | handed_on
    assert re.search(r"^REDIS_PASSWORD=$", example, re.MULTILINE), "the example must not bring a password"


def test_the_file_with_the_password_is_not_kept_in_git() -> None:
    assert ".env" in (DOCKER / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_durations_are_read() -> None:
    assert seconds("1m30s") == 90
    with pytest.raises(AssertionError):
        seconds("soon")
