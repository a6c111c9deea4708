"""An engine whose summarizer does as the test says: a token is a word, plus one for the end."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from worker.engine.interface import DecodeOptions, EngineStats, InputTooLong, ModelInfo, Output, Role, Tokens

Write = Callable[[str, DecodeOptions], str | Output | BaseException]


_AS_THE_ENGINE_LIKES = DecodeOptions()


def first_words(text: str, options: DecodeOptions) -> Output:
    """A summariser that copies: the input's first words up to the output limit, and so mostly an unfinished sentence."""
    words = text.split()
    most = options.max_new_tokens or len(words)
    return Output(" ".join(words[:most]), len(words), min(most, len(words)), truncated=len(words) > most)


class ScriptedEngine:
    """Implements `Engine` for the summarizer alone. `calls` has the inputs of each submit, with their options.

    A joined text takes `seam` tokens more for each sentence end than its sentences apart, less one.
    """

    def __init__(self, write: Write = first_words, *, limit: int = 64, seam: int = 0) -> None:
        self.write = write
        self.limit = limit
        self.seam = seam
        self.calls: list[tuple[list[str], DecodeOptions]] = []

    def info(self, role: Role) -> ModelInfo | None:
        if role is not Role.SUMMARIZER:
            return None
        return ModelInfo(id="scripted", revision="0", max_source_tokens=self.limit, has_vectors=False)

    def tokenize(self, role: Role, texts: Sequence[str]) -> list[Tokens]:
        # A word of more than 12 letters takes a token for each 12.
        return [
            Tokens(text, (0,) * (1 + sum(-(-len(word) // 12) for word in text.split()) + self.seam * text.count(". ")))
            for text in texts
        ]

    def submit(
        self, role: Role, job_id: str, inputs: Sequence[Tokens], options: DecodeOptions = _AS_THE_ENGINE_LIKES
    ) -> list[Future[Output]]:
        if any(len(tokens) > self.limit for tokens in inputs):
            raise InputTooLong("the test's chunks must fit")
        self.calls.append(([tokens.text for tokens in inputs], options))
        return [self._future(tokens, options) for tokens in inputs]

    def _future(self, tokens: Tokens, options: DecodeOptions) -> Future[Output]:
        future: Future[Output] = Future()
        written = self.write(tokens.text, options)
        if isinstance(written, BaseException):
            future.set_exception(written)
        elif isinstance(written, Output):
            future.set_result(written)
        else:
            future.set_result(Output(written, len(tokens), len(written.split()), truncated=False))
        return future

    def cancel(self, job_id: str) -> None:
        raise AssertionError("cancelling is the caller's work")

    def failure(self) -> str | None:
        return None

    def in_flight(self) -> frozenset[str]:
        return frozenset()

    def heartbeat(self) -> float:
        return time.monotonic()

    def stats(self) -> EngineStats:
        return EngineStats()

    def busy_since(self) -> float | None:
        return None

    def close(self) -> None:
        raise AssertionError("the engine is not the summary's to close")
