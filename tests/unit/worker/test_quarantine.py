"""The process of the quarantine lane, as its worker starts it again."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

from service.contract.leases import LeaseStore, Place
from worker.quarantine import EXIT_NOT_READY, QuarantineProcess

#: Writes its settings to a file and ends as a process does that could not load its models.
_NOT_READY = """
import os, sys
with open(sys.argv[1], "a") as out:
    print(os.environ["DEPECHE_DEVICE"], os.environ["DEPECHE_PRECISION"], file=out)
sys.exit(int(sys.argv[2]))
"""


class WaitingStore:
    """One job waits in the lane for ever."""

    def hold_lane(self, worker: str, *, for_s: float) -> bool:
        return True

    def quarantined(self) -> str:
        return "job"

    def leave_lane(self, worker: str) -> None:
        """The lane is free."""

    def mourn(self, worker: str) -> dict[str, Place]:
        return {}


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_one_that_was_not_ready_starts_on_the_processor_in_a_precision_that_it_has(tmp_path: Path) -> None:
    log = tmp_path / "starts"
    process = QuarantineProcess(
        cast(LeaseStore, WaitingStore()),
        lease_s=15,
        environment={"DEPECHE_DEVICE": "cuda:0", "DEPECHE_PRECISION": "float16"},
        command=(sys.executable, "-c", _NOT_READY, str(log), str(EXIT_NOT_READY)),
        backoff_s=(0.0, 0.0),
    )

    def starts() -> list[str]:
        process.tend()
        return log.read_text().splitlines() if log.exists() else []

    eventually(lambda: len(starts()) > 1)
    process.stop(20)
    assert starts()[:2] == ["cuda:0 float16", "cpu auto"]
