"""Proves a model at start: one that loads without an error can still be worthless.

A bug in tying weights once made some Marian models put out garbage without a word (huggingface/transformers#45005).
"""

from itertools import groupby

import torch

from worker.engine.errors import ModelError, first_line
from worker.engine.interface import DecodeOptions, Role
from worker.engine.request import Request
from worker.engine.row import Row, RowDecoder

#: The longest run of one token that a sound model puts out.
_LONGEST_RUN = 8

#: What is asked of a summarizer, in target tokens: enough to see what it is like, and soon over on a CPU.
_SUMMARY_OPTIONS = DecodeOptions(max_new_tokens=32)


def prove(decoder: RowDecoder) -> str:
    """Decodes the model's canary twice and returns what came out.

    Raises `ModelError` where scores are not finite, nothing comes out, the outputs differ, a token repeats more than
    `_LONGEST_RUN` times, a translation does not end, or none of the words that the registry expects is there.
    """
    loaded = decoder.loaded
    where = f"{loaded.info.id} failed its proof ({loaded.device}, {loaded.precision})"
    tokens = loaded.codec.encode([loaded.canary.text])
    if len(tokens[0]) > loaded.info.max_source_tokens:
        raise ModelError(f"{where}: it takes only {loaded.info.max_source_tokens} tokens, {len(tokens[0])} are needed")
    try:
        scores = decoder.first_scores(tokens[0])
        if not torch.isfinite(scores).any() or torch.isnan(scores).any():
            raise ModelError(f"{where}: its scores are not finite; its weights are broken or need another precision")
        options = _SUMMARY_OPTIONS if loaded.role is Role.SUMMARIZER else DecodeOptions()
        first, second = (decoder.rows([Request(tokens[0], options)])[0] for _ in range(2))
    except ModelError:
        raise
    except Exception as error:  # noqa: BLE001  # a model may raise anything
        raise ModelError(f"{where}: {first_line(error)}") from None
    (text,) = loaded.codec.decode([first.ids])
    if problem := _problem(first, second, text, decoder):
        raise ModelError(f"{where}: {problem}")
    return text


def _problem(first: Row, second: Row, text: str, decoder: RowDecoder) -> str | None:
    loaded = decoder.loaded
    if not text:
        return "nothing came out"
    if first.ids != second.ids:
        return "the same text came out differently the second time"
    run = max(len(list(group)) for _, group in groupby(first.ids))
    if run > _LONGEST_RUN:
        return f"it repeats one token {run} times"
    if first.truncated and loaded.role is Role.TRANSLATOR:
        return f"its translation of a short sentence does not end within {len(first.ids)} tokens"
    expected = loaded.canary.expected
    words = "".join(c if c.isalnum() else " " for c in text.lower()).split()
    if expected and not any(word in words for word in expected):
        return f"none of {', '.join(expected)} is in its translation of {loaded.canary.text!r}"
    return None
