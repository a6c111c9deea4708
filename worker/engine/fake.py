"""A deterministic engine without models or torch: for trying out the queue, and for tests, also those of users.

It stands behind the same batcher as the real one, so waiting, cancelling, backpressure and failing are the same.
"""

import os
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from worker.engine.batcher import BatchingEngine
from worker.engine.errors import OutOfMemory
from worker.engine.interface import DecodeOptions, ModelInfo, Output, Role, Tokens, Vector
from worker.engine.lexicon import mark, pieces
from worker.engine.queue import BatchLimits
from worker.engine.request import Request

#: Exit status of a process that `FakeOptions.die_on` ended.
EXIT_DIED = 86

_EOS, _WORDS = 1, 32_000
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeOptions:
    """What the fake engine takes its time for, and what it trips over.

    Seconds are slept: for each batch, and for each padded source token of a batch. `width` is that of the vectors, 0 for
    none. An input whose text holds the marker `fail_on` fails, one with `hang_on` never ends, one with `die_on` ends the
    process on the spot, as a crash of a driver would. `oom_rows`: batches of more rows run out of memory.
    """

    seconds_per_batch: float = 0.0
    seconds_per_token: float = 0.0
    max_source_tokens: int = 512
    width: int = 64
    beams: int = 1
    summarizer: bool = True
    fail_on: str | None = None
    hang_on: str | None = None
    die_on: str | None = None
    oom_rows: int | None = None


class FakeDecoder:
    """Marks words as if they were translated, and takes leading sentences for a summary. Thread-safe."""

    def __init__(self, options: FakeOptions | None = None) -> None:
        self._options = options or FakeOptions()

    def info(self, role: Role) -> ModelInfo | None:
        """A made-up model. The summarizer is there unless switched off."""
        options = self._options
        if role is Role.SUMMARIZER and not options.summarizer:
            return None
        has_vectors = role is Role.TRANSLATOR and options.width > 0
        return ModelInfo(f"fake-{role}", "1", options.max_source_tokens, has_vectors)

    def beams(self, role: Role) -> int:
        """Rows that are counted for each input."""
        return self._options.beams

    def tokenize(self, role: Role, texts: Sequence[str]) -> list[Tokens]:
        """One token a word, number, link or mark, and one for the end."""
        return [Tokens(text, (*map(_word_id, pieces(text)), _EOS)) for text in texts]

    def flow(self, role: Role) -> None:
        """None: closed batches only."""

    def run(self, role: Role, batch: Sequence[Request]) -> list[Output]:
        """Marks or summarizes each text, after the time that the options ask for."""
        options = self._options
        texts = [request.tokens.text for request in batch]
        if options.die_on is not None and any(options.die_on in text for text in texts):
            os._exit(EXIT_DIED)
        if options.hang_on is not None and any(options.hang_on in text for text in texts):
            threading.Event().wait()
        if options.oom_rows is not None and len(batch) > options.oom_rows:
            raise OutOfMemory(f"{len(batch)} rows")
        padded = len(batch) * max(len(request.tokens) for request in batch)
        if pause := options.seconds_per_batch + options.seconds_per_token * padded:
            time.sleep(pause)
        if options.fail_on is not None and any(options.fail_on in text for text in texts):
            raise RuntimeError("the marker was met")
        return [self._output(role, request) for request in batch]

    def _output(self, role: Role, request: Request) -> Output:
        text, limits = request.tokens.text, request.options
        whole = mark(text) if role is Role.TRANSLATOR else _lead(text, limits)
        words = pieces(whole)
        truncated = limits.max_new_tokens is not None and len(words) + 1 > limits.max_new_tokens
        if truncated:
            words = words[: limits.max_new_tokens]
            whole = " ".join(words)
        vector = hashed_bag(text, self._options.width) if role is Role.TRANSLATOR and self._options.width else None
        return Output(whole, len(request.tokens), len(words) + (not truncated), truncated, vector)


class FakeEngine(BatchingEngine):
    """A `BatchingEngine` over a `FakeDecoder`."""

    def __init__(self, options: FakeOptions | None = None, limits: BatchLimits | None = None) -> None:
        super().__init__(FakeDecoder(options), limits)


def hashed_bag(text: str, width: int) -> Vector:
    """A vector of shape (width,), float32, of length 1: texts that share words have similar ones. Zeros without words.

    Feature hashing with signs, after Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009.
    """
    vector = np.zeros(width, dtype=np.float32)
    for piece in pieces(text.lower()):
        if len(piece) > 3 or piece.isdigit():
            code = crc32(piece.encode())
            vector[code % width] += 1.0 if code & 0x8000_0000 else -1.0
    norm = float(np.linalg.norm(vector))
    return vector / np.float32(norm) if norm else vector


def _word_id(piece: str) -> int:
    return 2 + crc32(piece.encode()) % (_WORDS - 2)


def _lead(text: str, limits: DecodeOptions) -> str:
    """The leading sentences: as many as the output limit holds, at least one; without a limit a third of the text."""
    room = limits.max_new_tokens or max(1, len(pieces(text)) // 3)
    taken: list[str] = []
    count = 1
    for sentence in _SENTENCE_END.split(text):
        count += len(pieces(sentence))
        if taken and count > room:
            break
        taken.append(sentence)
    return " ".join(taken)
