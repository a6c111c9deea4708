"""What the rest of the worker knows of an engine.

An engine owns the models. Any thread may call it; it batches what all threads submit. Two implementations are shipped:
`worker.engine.batcher.BatchingEngine` over Hugging Face models, and the deterministic `worker.engine.fake.FakeEngine`.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Vector: TypeAlias = NDArray[np.float32]


class Role(StrEnum):
    """What a model is loaded for."""

    TRANSLATOR = "translator"
    SUMMARIZER = "summarizer"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A loaded model, as results and `/readyz` name it.

    `max_source_tokens` is the most tokens that one input may have, special tokens included.
    `has_vectors` says whether each output comes with a vector of its source. `settings` names how it decodes, as far as outputs
    depend on it: precision and beam width.
    """

    id: str
    revision: str
    max_source_tokens: int
    has_vectors: bool
    settings: str = ""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text as its model sees it: token ids with special tokens. Never truncated."""

    text: str
    ids: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """How to decode. None leaves the choice to the engine, which takes the output limit from the input's length.

    `max_new_tokens` and `min_new_tokens` count target tokens. With `no_repeat_ngram`, no sequence of so many of them comes
    twice: for an input whose output ran in circles, since it forbids honest repeats as well.
    """

    max_new_tokens: int | None = None
    min_new_tokens: int | None = None
    no_repeat_ngram: int | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """What became of one input.

    `truncated` is true where decoding stopped at the output limit and not at an end-of-sequence token.
    `vector`, shape (width,), float32, is the mean of the encoder's last states over the source's tokens, or None.
    """

    text: str
    tokens_in: int
    tokens_out: int
    truncated: bool
    vector: Vector | None = None


@dataclass(slots=True, kw_only=True)
class EngineStats:
    """Counts since the start, and what is queued now. Ages and durations in seconds.

    `tokens` counts the source tokens of finished or admitted batches without padding and `padded_tokens` with it; `steps` the
    target tokens that flows were advanced by, and `row_steps` the same, times the inputs that were in flight; `retries` the
    batches that failed and were halved; `busy_s` the time spent in batches, the one in flight left out.
    """

    batches: int = 0
    rows: int = 0
    tokens: int = 0
    padded_tokens: int = 0
    steps: int = 0
    row_steps: int = 0
    retries: int = 0
    failed_rows: int = 0
    busy_s: float = 0.0
    waiting: int = 0
    waiting_tokens: int = 0
    oldest_s: float = 0.0


class EngineError(Exception):
    """One input failed in the engine; its neighbours are not concerned."""


class InputTooLong(EngineError):
    """An input has more tokens than the model takes. Callers split before they submit."""


class EngineStopped(EngineError):
    """The engine is closed or broken and takes no more work; the job belongs back into the queue."""


class Engine(Protocol):
    """The engine. All methods may be called from any thread."""

    def info(self, role: Role) -> ModelInfo | None:
        """The model loaded for a role, or None where there is none."""

    def tokenize(self, role: Role, texts: Sequence[str]) -> list[Tokens]:
        """Tokenizes in bulk, in the caller's thread. Never truncates."""

    def submit(
        self, role: Role, job_id: str, inputs: Sequence[Tokens], options: DecodeOptions = DecodeOptions()
    ) -> list[Future[Output]]:
        """Queues inputs and returns a future for each, in order.

        Blocks while the engine's queue is full (backpressure). A future fails with `EngineError`, or is cancelled by
        `cancel`. Raises `InputTooLong` where an input exceeds `max_source_tokens`, `EngineStopped` after `close`.
        """

    def cancel(self, job_id: str) -> None:
        """Drops what the job still has waiting and cancels those futures.

        What is in flight through the decode loop is dropped before its next step, and its futures fail with `EngineStopped`;
        what is inside a closed batch ends with the batch.
        """

    def failure(self) -> str | None:
        """Why the engine can't work any more, or None while it is healthy."""

    def in_flight(self) -> frozenset[str]:
        """The jobs with inputs in the batch that runs now. Of an engine that broke or hangs: those that may be to blame.

        Empty where the engine broke outside of a batch.
        """

    def heartbeat(self) -> float:
        """When the engine was last seen alive, in `time.monotonic()` seconds: between batches, and each second while idle.

        What is older than a batch can take is an engine that hangs.
        """

    def busy_since(self) -> float | None:
        """When the batch in flight began, in `time.monotonic()` seconds; None while there is none."""

    def stats(self) -> EngineStats:
        """What the engine has done since its start, and what waits."""

    def close(self) -> None:
        """Stops the engine thread after its current batch; whatever waits fails with `EngineStopped`."""
