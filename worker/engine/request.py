"""What a model is asked for."""

from dataclasses import dataclass

from worker.engine.interface import DecodeOptions, Tokens

_DEFAULTS = DecodeOptions()


@dataclass(frozen=True, slots=True)
class Request:
    """One row of a batch."""

    tokens: Tokens
    options: DecodeOptions = _DEFAULTS
