"""constraints.txt pins all that the extras pull in, once each, and only that."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from tests.unit.house.modules import ROOT

LINES = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINS = dict(line.split("==") for line in LINES if line and not line.startswith("#"))


def direct() -> list[Requirement]:
    """What pyproject.toml itself asks for, in all its extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return [Requirement(line) for group in groups for line in group]


def requirements(name: str, extras: tuple[str, ...]) -> Iterator[Requirement]:
    """What a distribution requires here, with some of its extras. Nothing if it is not installed."""
    try:
        lines = distribution(name).requires or []
    except PackageNotFoundError:
        return
    for requirement in map(Requirement, lines):
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement


def pulled_in() -> dict[NormalizedName, list[Requirement]]:
    """Every distribution that the extras lead to, with all that is asked of its version."""
    found: dict[NormalizedName, list[Requirement]] = {}
    seen: set[tuple[str, tuple[str, ...]]] = set()
    waiting = direct()
    while waiting:
        requirement = waiting.pop()
        name, extras = canonicalize_name(requirement.name), tuple(sorted(requirement.extras))
        found.setdefault(name, []).append(requirement)
        if (name, extras) not in seen:
            seen.add((name, extras))
            waiting += requirements(name, extras)
    return found


def test_a_line_is_a_comment_or_an_exact_pin() -> None:
    wrong = [line for line in LINES if not re.fullmatch(r"#.*|[A-Za-z0-9][\w.-]*==[0-9][0-9a-z.]*", line)]
    assert wrong == [], "no build suffix, no marker, no address"


def test_nothing_is_pinned_twice() -> None:
    pinned = [canonicalize_name(line.split("==")[0]) for line in LINES if not line.startswith("#")]
    assert sorted(set(pinned)) == sorted(pinned)


def test_it_names_no_host() -> None:
    assert not any("://" in line or ".org" in line for line in LINES)


def test_all_that_the_extras_pull_in_is_pinned() -> None:
    pinned = {canonicalize_name(name) for name in PINS}
    # torch brings the CUDA libraries where it is a CUDA build, and pins them itself
    cuda = re.compile(r"nvidia-|cuda-|triton$")
    missing = {name for name in pulled_in() if name not in pinned and not cuda.match(name)}
    assert missing == set()


def test_pins_are_what_every_package_asks_for() -> None:
    pins = {canonicalize_name(name): Version(version) for name, version in PINS.items()}
    wrong = {
        f"{name}=={pins[name]}, but {requirement} is asked for"
        for name, asked in pulled_in().items()
        for requirement in asked
        if name in pins and not requirement.specifier.contains(pins[name], prereleases=True)
    }
    assert wrong == set()


def test_nothing_is_pinned_that_nobody_asks_for() -> None:
    pytest.importorskip("torch", reason="without the worker's extra the pins of what it pulls in have no reason")
    asked = set(pulled_in())
    strangers = {name for name in map(canonicalize_name, PINS) if name not in asked}
    assert strangers == set()


def test_the_head_says_how_to_refresh_it() -> None:
    head = "\n".join(line for line in LINES if line.startswith("#"))
    assert "pip install" in head
    assert f"'torch=={PINS['torch']}'" in head, "the command would move torch without a word"
