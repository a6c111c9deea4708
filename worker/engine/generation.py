"""The generation settings of a model, as an engine can keep to them."""

from typing import Any

from transformers import GenerationConfig

from worker.engine.decoding.scores import Rules
from worker.engine.loader import LoadedModel

#: The longest summary, in tokens, of a model whose configuration does not say.
_SUMMARY_TOKENS = 256

#: Settings that the decode loop does not know, with the values that ask for nothing.
_UNKNOWN: dict[str, tuple[object, ...]] = {
    "repetition_penalty": (1.0,),
    "encoder_repetition_penalty": (1.0,),
    "encoder_no_repeat_ngram_size": (0,),
    "sequence_bias": (),
    "suppress_tokens": (),
    "begin_suppress_tokens": (),
    "exponential_decay_length_penalty": (),
    "guidance_scale": (1.0,),
    "watermarking_config": (),
    "remove_invalid_values": (False,),
    "penalty_alpha": (),
    "dola_layers": (),
    "force_words_ids": (),
    "constraints": (),
    "prompt_lookup_num_tokens": (),
    "assistant_early_exit": (),
}


def declared_lengths(config: GenerationConfig) -> tuple[int, int]:
    """The longest and the shortest output that a configuration asks for, in new tokens."""
    longest = config.max_new_tokens or (config.max_length - 1 if config.max_length else _SUMMARY_TOKENS)
    shortest = config.min_new_tokens or (config.min_length - 1 if config.min_length else 0)
    return max(1, longest), max(0, shortest)


def generation_config(declared: GenerationConfig, loaded: LoadedModel, beams: int | None) -> GenerationConfig:
    """What the model declares, with the engine's own limits. `beams` overrides the beam width.

    Sampling is off, and so is a forced end token, which would hide that a row reached its limit.
    """
    values = declared.to_dict()
    for name in ("max_length", "min_length", "min_new_tokens", "forced_eos_token_id", "max_time", "stop_strings"):
        values[name] = None
    for name in ("temperature", "top_k", "top_p", "typical_p", "num_beam_groups", "diversity_penalty"):
        values[name] = None
    values["num_beams"] = beams or declared.num_beams or 1
    if values["num_beams"] == 1:
        values["early_stopping"] = values["length_penalty"] = None
    model = loaded.model.config
    if values.get("decoder_start_token_id") is None:
        start = getattr(model, "decoder_start_token_id", None)
        values["decoder_start_token_id"] = start if start is not None else values.get("bos_token_id")
    if values.get("eos_token_id") is None:
        values["eos_token_id"] = model.eos_token_id
    if values.get("pad_token_id") is None:
        values["pad_token_id"] = model.pad_token_id if model.pad_token_id is not None else 0
    values |= {
        "max_new_tokens": loaded.max_target_tokens,
        "do_sample": False,
        "num_return_sequences": 1,
        "return_dict_in_generate": False,
        "output_scores": False,
        "use_cache": True,
    }
    if loaded.codec.start is not None:
        values["decoder_start_token_id"] = loaded.codec.start
    if loaded.codec.forced_start is not None:
        values["forced_bos_token_id"] = loaded.codec.forced_start
    return GenerationConfig.from_dict(values)


def rules_of(config: GenerationConfig) -> Rules | None:
    """What the decode loop has to keep to, or None where a setting asks for what it can't do."""
    values: dict[str, Any] = config.to_dict()
    for name, neutral in _UNKNOWN.items():
        value = values.get(name)
        if value is not None and value not in neutral:
            return None
    ends = values["eos_token_id"]
    ends = tuple(sorted(ends)) if isinstance(ends, list) else (ends,)
    words = [tuple(word) for word in values.get("bad_words_ids") or () if len(word) > 1 or word[0] not in ends]
    return Rules(
        start=values["decoder_start_token_id"],
        ends=ends,
        never=tuple(word[0] for word in words if len(word) == 1),
        never_after=tuple(word for word in words if len(word) > 1),
        no_repeat=values.get("no_repeat_ngram_size") or 0,
        first=values.get("forced_bos_token_id"),
        renormalize=bool(values.get("renormalize_logits")),
    )
