"""schemathesis goes through the whole interface, over a real queue and a worker. `scripts/fuzz` does it for longer."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.contract.api_keys import KeyStore
from service.openapi.document import OPERATIONS
from tests.integration.service.front_end import FrontEnd, open_store
from tests.integration.worker.processes import Worker
from tests.redis_server import RedisServer

FOLDER = Path(__file__).parent / "fuzz"
PROGRAM = str(Path(sys.executable).parent / "schemathesis")

#: Test cases of each operation in each phase, at most, and what decides which.
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "2")
SEEDS = os.environ.get("FUZZ_SEEDS", "1").split()

#: A key, where the document says that one goes.
WITH_KEYS = """
[auth.openapi.bearer]
bearer = "{key}"

[auth.openapi.apiKey]
api_key = "{key}"

[auth.openapi.deepl]
api_key = "DeepL-Auth-Key {key}"
"""


@contextmanager
def stack(redis_url: str, folder: Path, **settings: str) -> Iterator[FrontEnd]:
    """A front end, and a worker that makes jobs succeed."""
    worker = Worker(redis_url, folder / "worker.log")
    try:
        with FrontEnd(redis_url, processes=2, **settings) as front_end:
            yield front_end
    finally:
        worker.stop()


def fuzz(front_end: FrontEnd, config: Path, *options: str) -> str:
    """What schemathesis says in the end. Fails where it has found anything."""
    # It would leave out the document itself without being asked for every path.
    command = [
        PROGRAM,
        "--config-file",
        str(config),
        "run",
        f"{front_end.url}/openapi.json",
        "--include-path-regex",
        ".",
    ]
    environment = {**os.environ, "PYTHONPATH": str(FOLDER), "SCHEMATHESIS_HOOKS": "hooks"}
    done = subprocess.run(
        [*command, "--no-color", *options], env=environment, cwd=FOLDER, capture_output=True, text=True, timeout=1500
    )
    shown = "\n".join(line[:500] for line in done.stdout.splitlines())
    assert done.returncode == 0, f"{shown}\n{done.stderr[-2000:]}\n{front_end.log[-2000:]}"
    assert f"Selected: {len(OPERATIONS)}/{len(OPERATIONS)}\n" in done.stdout, shown
    return done.stdout


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_breaks_and_nothing_is_undocumented(redis_server: RedisServer, tmp_path: Path, seed: str) -> None:
    with stack(redis_server.url, tmp_path) as front_end:
        output = fuzz(front_end, FOLDER / "schemathesis.toml", "--seed", seed, "--max-examples", EXAMPLES)
        assert f"Tested: {len(OPERATIONS)}\n" in output
        assert int(re.findall(r"(\d+) generated", output)[0]) > 300
        assert "request_broke" not in front_end.log


@pytest.mark.timeout(600)
def test_keys_are_demanded_where_the_document_says_so(redis_server: RedisServer, tmp_path: Path) -> None:
    store = open_store(redis_server.url)
    key = KeyStore(store.redis, prefix="depeche:").create("fuzz")[1]
    store.redis.close()
    config = tmp_path / "schemathesis.toml"
    config.write_text((FOLDER / "schemathesis.toml").read_text() + WITH_KEYS.format(key=key))
    with stack(redis_server.url, tmp_path, require_keys="1") as front_end:
        fuzz(front_end, config, "--checks", "ignored_auth", "--phases", "fuzzing", "--seed", "1", "--max-examples", "2")
