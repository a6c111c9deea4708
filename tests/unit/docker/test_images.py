"""The two Dockerfiles, read without Docker: what they copy exists, and what they build runs as nobody special."""

import fnmatch
import re
from pathlib import Path

import pytest

from tests.unit.docker.dockerfile import Dockerfile, Instruction, read

ROOT = Path(__file__).parents[3]
NAMES = ("web", "worker")


@pytest.fixture(params=NAMES)
def file(request: pytest.FixtureRequest) -> Dockerfile:
    return read(ROOT / "docker" / f"{request.param}.Dockerfile")


def copied_from_the_repository(file: Dockerfile) -> list[tuple[Instruction, str]]:
    """Every source that is copied out of the build context."""
    return [
        (one, source)
        for stage in file.stages
        for one in stage.instructions
        if one.name in {"COPY", "ADD"} and "from" not in one.flags
        for source in one.words[:-1]
    ]


def test_these_are_all_the_dockerfiles() -> None:
    assert {path.name for path in (ROOT / "docker").glob("*ockerfile*")} == {f"{name}.Dockerfile" for name in NAMES}


def test_bases_are_pinned_to_a_version(file: Dockerfile) -> None:
    for stage in file.stages:
        _, _, tag = stage.base.rpartition(":")
        assert re.fullmatch(r"\d+\.\d+-slim-[a-z]+", tag), f"{stage.base} floats"


def test_what_is_copied_exists_and_reaches_the_build(file: Dockerfile) -> None:
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n")
    let_in = [line.removeprefix("!").rstrip("/") for line in ignore if line.startswith("!")]
    assert "*" in ignore, ".dockerignore lets in what it names, and nothing else"
    sources = copied_from_the_repository(file)
    assert sources
    for one, source in sources:
        name = source.rstrip("/")
        assert (ROOT / name).exists(), f"line {one.line}: {source} is not in the repository"
        assert any(fnmatch.fnmatch(name, entry) for entry in let_in), f"line {one.line}: {source} is ignored"


def test_stages_that_are_copied_from_exist(file: Dockerfile) -> None:
    aliases = {stage.alias for stage in file.stages}
    assert len(file.stages) == 2
    for one in file.image.named("COPY"):
        assert one.flags["from"] in aliases


def test_runs_as_a_numbered_user_other_than_root(file: Dockerfile) -> None:
    users = file.image.named("USER")
    assert users, "without USER the image runs as root"
    uid, _, gid = users[-1].text.partition(":")
    assert uid.isdigit(), "Kubernetes can check runAsNonRoot on a number only"
    assert int(uid) >= 1000
    assert gid == uid
    assert f"--uid {uid}" in " ".join(one.text for one in file.image.named("RUN"))


def test_has_a_health_check_and_is_started_under_tini(file: Dockerfile) -> None:
    (check,) = file.image.named("HEALTHCHECK")
    assert set(check.flags) == {"interval", "timeout", "start-period", "retries"}
    assert check.text.startswith("CMD [")
    (entrypoint,) = file.image.named("ENTRYPOINT")
    assert entrypoint.words == ["tini", "--"]
    (command,) = file.image.named("CMD")
    assert command.text.startswith("["), "a shell in between would swallow SIGTERM"


def test_starts_the_half_that_it_is_named_after(file: Dockerfile) -> None:
    expected = {"web": ["depeche", "web"], "worker": ["depeche-worker", "run"]}
    (command,) = file.image.named("CMD")
    assert command.words == expected[file.path.name.partition(".")[0]]


def test_every_installation_is_held_to_the_constraints(file: Dockerfile) -> None:
    installations = [
        one for stage in file.stages for one in stage.named("RUN") if re.search(r"\bpip install\b", one.text)
    ]
    assert installations
    for one in installations:
        assert "-c constraints.txt" in one.text, f"line {one.line} installs versions that float"


def test_the_front_end_has_neither_the_worker_nor_torch() -> None:
    file = read(ROOT / "docker" / "web.Dockerfile")
    assert {source for _, source in copied_from_the_repository(file)}.isdisjoint({"worker", "worker/", ".", "./"})
    for stage in file.stages:
        for one in stage.named("RUN"):
            assert not re.search(r"torch|\[[a-z,]*worker", one.text), f"line {one.line}"


def test_one_file_builds_the_worker_for_processors_and_for_gpus() -> None:
    file = read(ROOT / "docker" / "worker.Dockerfile")
    arguments = [one.text for stage in file.stages for one in stage.named("ARG")]
    assert "TORCH_INDEX=https://download.pytorch.org/whl/cpu" in arguments
    (installation,) = [one for stage in file.stages for one in stage.named("RUN") if one.text.endswith(" torch")]
    assert '--extra-index-url "${TORCH_INDEX}"' in installation.text
