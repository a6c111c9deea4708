"""The table of settings of the worker. Order: command line, then environment, then the default."""

from typing import Literal

from pydantic import Field, field_validator

from service.contract.settings import SharedSettings


class Settings(SharedSettings):
    """What a worker can be told. Each is read from `DEPECHE_` and the field's name."""

    engine: Literal["transformers", "ctranslate2", "fake"] = Field(
        "transformers",
        description="`ctranslate2` translates by CTranslate2 (an extra; Marian models). `fake` translates nothing: a "
        "deterministic stand-in for trying out the queue.",
    )
    fake_seconds_per_token: float = Field(
        0.0, ge=0, le=10, description="Seconds that the fake engine takes for each source token of a batch."
    )
    fake_seconds_per_batch: float = Field(
        0.0, ge=0, le=3600, description="Seconds that the fake engine takes for each batch, whatever is in it."
    )
    fake_die_on: str | None = Field(
        None,
        description="A segment that holds this text ends the process of the fake engine, as a crashing driver would.",
    )
    fake_hang_on: str | None = Field(
        None, description="A segment that holds this text makes the fake engine hang for ever."
    )
    fake_fail_on: str | None = Field(None, description="The fake engine fails on a segment that holds this text.")
    fake_oom_rows: int | None = Field(
        None, ge=1, le=4096, description="Batches of more rows run the fake engine out of memory. Unset: none do."
    )
    translator: str = Field(
        "bundled", description="Translation model: `bundled`, `opus`, a folder, or a hub id (`ID@REVISION` pins it)."
    )
    translator_revision: str | None = Field(None, description="Commit of the translation model on the hub.")
    summarizer: str | None = Field(
        None,
        description="Abstractive model: a folder or a hub id (`ID@REVISION` pins it). Unset or `bundled`: summaries are "
        "extractive.",
    )
    summarizer_revision: str | None = Field(None, description="Commit of the abstractive model on the hub.")
    offline: bool = Field(False, description="Never ask the hub; use what was fetched before.")
    device: str = Field(
        "auto",
        pattern=r"^(auto|cpu|cuda(:\d+)?)$",
        description="`auto` (the GPU where there is one), `cpu`, `cuda` or `cuda:N`. One process uses one GPU.",
    )
    precision: Literal["auto", "float32", "bfloat16", "float16", "int8"] = Field(
        "auto", description="Precision of the weights. `auto`: bfloat16 on a GPU, else what the processor does well."
    )
    threads: int = Field(0, ge=0, le=256, description="Processor threads of the engine. 0: one for each core.")
    beams: int | None = Field(
        None, ge=1, le=16, description="Beam width. Unset: what the model's own configuration says."
    )
    batch_tokens: int = Field(
        16_384,
        ge=64,
        description="Most source tokens in flight, or in a closed batch with padding, times the beam width.",
    )
    batch_rows: int = Field(64, ge=1, le=4096, description="Most segments in flight, or in a closed batch.")
    queue_tokens: int = Field(
        400_000, ge=1024, description="Source tokens that may wait in the engine before submissions block."
    )
    sentence_cache: int = Field(
        20_000,
        ge=0,
        le=10_000_000,
        description="Translated sentences that Redis keeps for the same client's next articles, about 1 KB each. 0: none.",
    )
    segment_tokens: int = Field(
        160, ge=16, le=4096, description="Longer sentences are split at clause ends. The model's own limit counts too."
    )
    concurrency: int = Field(32, ge=1, le=512, description="Articles in flight at once in this worker.")
    sweep_s: float = Field(
        3.0,
        ge=0.2,
        le=60,
        description="Seconds between two sweeps for jobs of dead workers. All workers share the sweeps.",
    )
    rewrite_s: int = Field(
        86_400,
        ge=0,
        le=2_592_000,
        description="Seconds between two rewrites of Redis's append-only file, which what was erased stays in until then. "
        "One for all workers, 30 days at most. 0: never.",
    )
    drain_s: int = Field(
        30,
        ge=1,
        le=3600,
        description="Seconds that a stop may take to give unfinished jobs back. Stop graces belong above it.",
    )
    engine_hang_s: float = Field(
        300.0,
        ge=1,
        le=86_400,
        description="Seconds after which a batch hangs: the worker ends, for its supervisor to start it again. "
        "More than any batch takes.",
    )
    loop_stall_s: float = Field(
        60.0,
        ge=45,
        le=3600,
        description="Seconds without a turn of the event loop, or without a message while some wait, after which the "
        "worker ends, if Redis answered all the time.",
    )
    redis_timeout_s: float = Field(10.0, ge=0.5, le=60, description="Seconds after which a Redis command has failed.")

    @field_validator(
        "translator_revision",
        "summarizer",
        "summarizer_revision",
        "beams",
        "fake_die_on",
        "fake_hang_on",
        "fake_fail_on",
        "fake_oom_rows",
        mode="before",
    )
    @classmethod
    def _blank_is_unset(cls, value: object) -> object:
        """Compose files hand in empty variables for what is not set."""
        return None if value == "" else value
