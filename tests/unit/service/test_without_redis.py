"""Commands that talk to Redis, where there is none."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from service.commands.keys import keys
from service.commands.webhook_secret import webhook_secret


@pytest.mark.parametrize(
    ("group", "arguments"), [(keys, ["list"]), (keys, ["create", "newsroom"]), (webhook_secret, ["show", "local"])]
)
def test_it_is_said_where_the_address_comes_from(
    group: click.Group, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPECHE_REDIS_URL", f"unix://{tmp_path}/none.sock")
    answer = CliRunner().invoke(group, arguments)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.startswith("depeche: Redis can't be reached.")
    assert "DEPECHE_REDIS_URL says where Redis is" in answer.stderr
    assert str(tmp_path) not in answer.stderr, "an address may hold a password"
    assert len(answer.stderr.splitlines()) == 1
