"""`depeche webhook-secret` against a real Redis."""

import json

import pytest
from click.testing import CliRunner, Result

from service.cli import main
from service.contract.signatures import sign


@pytest.fixture
def call(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> "Call":
    monkeypatch.setenv("DEPECHE_REDIS_URL", redis_url)
    return Call()


class Call:
    """The command with some arguments."""

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["webhook-secret", *arguments])


def test_the_whole_life_of_one(call: Call) -> None:
    assert call("show", "newsroom").exit_code == 1
    first = call("rotate", "newsroom")
    secret = first.stdout.strip()
    assert sign([secret], "1", 1, b"").startswith("v1,")
    assert "signs too" not in first.stderr
    shown = call("show", "newsroom")
    assert json.loads(shown.stdout)["rotated_at"] is None
    assert secret not in shown.output
    second = call("rotate", "newsroom")
    assert second.stdout.strip() != secret
    assert "signs too for 24 hours" in second.stderr
    assert json.loads(call("show", "newsroom").stdout)["old_until"] is not None
    assert call("show", "other").exit_code == 1
    assert call("remove", "newsroom").stdout == "removed\n"
    gone = call("remove", "newsroom")
    assert (gone.exit_code, gone.stderr) == (1, "depeche: this client has no webhook secret\n")


@pytest.mark.parametrize("client", ["two words", "", "a'b", "x" * 65])
def test_what_is_no_client(call: Call, client: str) -> None:
    answer = call("rotate", client)
    assert answer.exit_code == 1
    assert "a client takes 1 to 64" in answer.stderr


def test_without_redis_it_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPECHE_REDIS_URL", "redis://127.0.0.1:1/0")
    answer = Call()("rotate", "newsroom")
    assert answer.exit_code == 1
    assert len(answer.stderr.splitlines()) == 1
