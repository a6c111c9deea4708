"""A real front end for tests: gunicorn in processes of its own, on a free port."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from service.contract.connection import connect
from service.contract.result import (
    Coverage,
    Model,
    Models,
    Paragraph,
    Result,
    Segment,
    Summary,
    SummaryCoverage,
    SummarySentence,
    Timings,
    Translation,
)
from tests.ledger import WholeLedger

#: Seconds that a start and a stop may take on a busy machine.
_PATIENCE_S = 30.0


class FrontEnd:
    """`depeche web` with some settings. Use it in a `with` statement."""

    def __init__(self, redis_url: str, *, processes: int = 1, **settings: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="depeche-test-web-")
        self._log = Path(self._folder.name) / "web.log"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DEPECHE_")}
        self._environment = {
            **kept,
            "DEPECHE_REDIS_URL": redis_url,
            "DEPECHE_PORT": "0",
            "DEPECHE_PROCESSES": str(processes),
            "PYTHONUNBUFFERED": "1",
            **{f"DEPECHE_{name.upper()}": value for name, value in settings.items()},
        }
        self.process: subprocess.Popen[str] | None = None
        self.url = ""
        self.command = [sys.executable, "-m", "service.cli", "web"]

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    @property
    def log(self) -> str:
        """What it has written to standard error so far."""
        return self._log.read_text()

    def client(self, **options: object) -> httpx2.Client:
        """An HTTP client of this front end. Close it."""
        return httpx2.Client(base_url=self.url, timeout=20, trust_env=False, **options)  # type: ignore[arg-type]

    def start(self) -> None:
        """Starts it and waits until it answers."""
        with self._log.open("a") as log:
            self.process = subprocess.Popen(
                self.command,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "http://" in line, f"it said {line!r} and {self.log!r}"
        self.url = line.split()[3].rstrip("/").replace("//0.0.0.0:", "//127.0.0.1:")
        deadline = time.monotonic() + _PATIENCE_S
        with self.client() as client:
            while time.monotonic() < deadline:
                try:
                    if client.get("/healthz").status_code == 200:
                        return
                except httpx2.TransportError:
                    assert self.process.poll() is None, self.log
                time.sleep(0.05)
        raise AssertionError(f"it did not answer: {self.log}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Asks it to stop: SIGTERM lets it finish what it does, SIGQUIT does not. Returns its exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        try:
            return self.process.wait(_PATIENCE_S)
        finally:
            self.process.kill()
            self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop(signal.SIGQUIT)
        elif self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()
        self._folder.cleanup()


def open_store(
    redis_url: str, *, queue_limit: int = 10_000, retention_s: int = 3600, timeout_s: float = 5
) -> WholeLedger:
    """A store as the front end and the worker have it. Close its `redis`."""
    redis = connect(redis_url, timeout_s=timeout_s, name="test")
    return WholeLedger(redis, prefix="depeche:", retention_s=retention_s, queue_limit=queue_limit)


def sample_result(
    source: str = "Bonjour.", target: str = "Hello.", *, summary: bool = True, title: str | None = None
) -> bytes:
    """A result as a worker would write it, for an article of one segment."""
    model = Model(id="test", revision="1")
    short = Summary(
        mode="extractive",
        method="test",
        text=target,
        sentences=[SummarySentence(text=target, evidence=[(0, 0)], support=1.0)],
        coverage=SummaryCoverage(segments_read=1, segments_total=1, chunks=0, rounds=0, reduced=True),
    )
    return Result(
        translation=Translation(
            title=title,
            text=target,
            paragraphs=[
                Paragraph(source=source, target=target, segments=[Segment(source=source, target=target, flags=[])])
            ],
        ),
        summary=short if summary else None,
        coverage=Coverage(segments_in=1, segments_out=1, characters_in=len(source), truncated=False),
        warnings=[],
        models=Models(translator=model, summarizer=None),
        timings=Timings(queued_s=0.0, translate_s=0.1, summarize_s=0.0),
    ).to_json()


def work(store: WholeLedger, job_id: str, result: bytes | None = None) -> None:
    """Plays the worker: claims the job and ends it."""
    claim = store.claim(job_id, worker="test", lease_s=15)
    assert claim is not None
    assert store.succeed(claim, result or sample_result(), segments=1)
