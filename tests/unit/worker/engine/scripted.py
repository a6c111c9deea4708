"""A decoder that does what a test tells it, and remembers the batches that it was given."""

import threading
import time
from collections.abc import Callable, Sequence

from worker.engine.batcher import BatchingEngine
from worker.engine.interface import ModelInfo, Output, Role, Tokens
from worker.engine.queue import BatchLimits
from worker.engine.request import Request


def tokens(text: str, count: int = 1) -> Tokens:
    return Tokens(text, tuple(range(1, count + 1)))


def echo(role: Role, batch: Sequence[Request]) -> list[Output]:
    return [Output(f"<{request.tokens.text}>", len(request.tokens), 1, truncated=False) for request in batch]


class ScriptedDecoder:
    """Runs `script`, by default an echo. While `gate` is shut, a batch waits in `run`; `entered` tells that one does."""

    def __init__(self, script: Callable[[Role, Sequence[Request]], list[Output]] = echo) -> None:
        self.script = script
        self.batches: list[tuple[Role, list[str]]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.width = 1

    def info(self, role: Role) -> ModelInfo | None:
        return ModelInfo(f"scripted-{role}", "1", 1000, has_vectors=False)

    def beams(self, role: Role) -> int:
        return self.width

    def tokenize(self, role: Role, texts: Sequence[str]) -> list[Tokens]:
        return [tokens(text, len(text.split())) for text in texts]

    def flow(self, role: Role) -> None:
        """Closed batches only."""

    def run(self, role: Role, batch: Sequence[Request]) -> list[Output]:
        self.batches.append((role, [request.tokens.text for request in batch]))
        self.entered.set()
        assert self.gate.wait(20)
        return self.script(role, batch)


class HeldEngine(BatchingEngine):
    """An engine that is busy with one input until `release`, so that a test can queue behind it."""

    def __init__(self, decoder: ScriptedDecoder, limits: BatchLimits | None = None, *, plug: int = 1) -> None:
        super().__init__(decoder, limits)
        decoder.gate.clear()
        self._scripted = decoder
        self.held = self.submit(Role.TRANSLATOR, "plug", [tokens("plug", plug)])[0]
        assert decoder.entered.wait(20)
        decoder.batches.clear()

    def release(self) -> None:
        self._scripted.gate.set()


def trips_on(marker: str, error: Exception) -> Callable[[Role, Sequence[Request]], list[Output]]:
    def script(role: Role, batch: Sequence[Request]) -> list[Output]:
        if any(marker in request.tokens.text for request in batch):
            raise error
        return echo(role, batch)

    return script


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)
