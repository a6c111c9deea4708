"""The commands that images and compose files start are commands of the package, with options that exist."""

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from tests.unit.docker.dockerfile import read

DOCKER = Path(__file__).parents[3] / "docker"


def started() -> list[tuple[str, ...]]:
    """Every command line of ours in docker/, each once."""
    lines = []
    for path in DOCKER.glob("*.Dockerfile"):
        image = read(path).image
        lines += [one.words for one in image.named("CMD")]
        lines += [yaml.safe_load(one.text.removeprefix("CMD ")) for one in image.named("HEALTHCHECK")]
    for service in yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))["services"].values():
        lines += [service["command"]] if "command" in service else []
        lines += [service["healthcheck"]["test"][1:]] if "test" in service["healthcheck"] else []
    return sorted({tuple(line) for line in lines if line[0].startswith("depeche")})


def resolve(command: Any, words: list[str]) -> click.Command:
    """The command that some words lead to. Raises click's UsageError where one of them leads nowhere."""
    context = click.Context(command)
    while isinstance(command, click.Group) and words:
        _, found, words = command.resolve_command(context, words)
        assert found is not None
        command, context = found, click.Context(found, parent=context)
    command.parse_args(context, words)
    assert isinstance(command, click.Command)
    return command


def program(name: str) -> Any:
    """What a console script of the package starts."""
    (found,) = entry_points(group="console_scripts", name=name)
    assert found.dist is not None
    assert found.dist.name == "depeche"
    return found.load()


def test_the_commands_are_found() -> None:
    assert started() == [
        ("depeche", "deliver"),
        ("depeche", "deliver", "--alive"),
        ("depeche", "web"),
        ("depeche-worker", "doctor", "--alive"),
        ("depeche-worker", "models", "fetch"),
        ("depeche-worker", "run"),
    ]


@pytest.mark.parametrize("words", started(), ids=" ".join)
def test_the_command_exists(words: tuple[str, ...]) -> None:
    assert not isinstance(resolve(program(words[0]), list(words[1:])), click.Group)


@pytest.mark.parametrize("words", [["doctr"], ["doctor", "--alife"], ["models", "fetch", "all"]])
def test_commands_that_do_not_exist_are_seen(words: list[str]) -> None:
    with pytest.raises(click.UsageError):
        resolve(program("depeche-worker"), words)


def test_image_and_compose_ask_a_worker_the_same_way() -> None:
    (check,) = read(DOCKER / "worker.Dockerfile").image.named("HEALTHCHECK")
    compose = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
    test = compose["services"]["worker"]["healthcheck"]["test"]
    assert yaml.safe_load(check.text.removeprefix("CMD ")) == test[1:]
    for name in ("interval", "timeout", "start-period"):
        assert check.flags[name] == compose["services"]["worker"]["healthcheck"][name.replace("-", "_")]
