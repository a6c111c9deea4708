"""What an engine is built from."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """What an engine is built from. The worker's settings say what each field means (`worker.settings.Settings`)."""

    kind: Literal["transformers", "ctranslate2", "fake"] = "transformers"
    translator: str = "bundled"
    translator_revision: str | None = None
    summarizer: str | None = None
    summarizer_revision: str | None = None
    device: str = "auto"
    precision: Literal["auto", "float32", "bfloat16", "float16", "int8"] = "auto"
    beams: int | None = None
    batch_tokens: int = 16_384
    batch_rows: int = 64
    queue_tokens: int = 400_000
    offline: bool = False
    threads: int = 0
    fake_seconds_per_token: float = 0.0
    fake_seconds_per_batch: float = 0.0
    fake_die_on: str | None = None
    fake_hang_on: str | None = None
    fake_fail_on: str | None = None
    fake_oom_rows: int | None = None
