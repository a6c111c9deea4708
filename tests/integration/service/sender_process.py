"""`depeche deliver` for tests: a process of its own, which may be killed."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

#: Seconds that a start and a stop may take on a busy machine.
_PATIENCE_S = 40.0

#: Where test receivers listen.
LOOPBACK = "127.0.0.0/8,::1/128"


#: The same command with deliveries of 2 s at most, and leases of 3 s.
_QUICK = """
from service.webhooks import post, sender
post.Poster.__init__.__kwdefaults__["whole_s"] = 2.0
sender._SPARE_S = 1.0
from service.cli import main
main(["deliver"])
"""


def environment(redis_url: str, **settings: str) -> dict[str, str]:
    """The environment of a sender, without anybody's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DEPECHE_")}
    return {
        **kept,
        "DEPECHE_REDIS_URL": redis_url,
        "DEPECHE_CALLBACK_NETWORKS": LOOPBACK,
        **{f"DEPECHE_{name.upper()}": value for name, value in settings.items()},
    }


class SenderProcess:
    """One sender, which may send to loopback; a `quick` one gives up after 2 s. Use it in a `with` statement."""

    def __init__(self, redis_url: str, *, quick: bool = False, **settings: str) -> None:
        self._arguments = ["-c", _QUICK] if quick else ["-m", "service.cli", "deliver"]
        self._folder = tempfile.TemporaryDirectory(prefix="depeche-test-deliver-")
        self._log = Path(self._folder.name) / "deliver.log"
        self.environment = environment(redis_url, **settings)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self._log.read_text()

    def wait_for_log(self, words: str) -> None:
        """Returns once its log has these words."""
        deadline = time.monotonic() + _PATIENCE_S
        while words not in self.log:
            assert time.monotonic() < deadline, self.log
            time.sleep(0.02)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Sends the signal and returns the exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        try:
            return self.process.wait(_PATIENCE_S)
        finally:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Self:
        with self._log.open("a") as log:
            command = [sys.executable, *self._arguments]
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        self.wait_for_log("sender_started")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._folder.cleanup()
