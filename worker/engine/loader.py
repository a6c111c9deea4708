"""Loads a model and its tokenizer from a folder or the hub, and refuses what is not whole."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForSeq2SeqLM
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES
from transformers.utils import logging as transformers_logging

from service.contract.logs import get_logger
from worker.engine.codec import Codec
from worker.engine.decoding.weights import DecoderWeights
from worker.engine.device import Precision, choose_precision
from worker.engine.errors import ModelError, first_line
from worker.engine.fingerprint import fingerprint
from worker.engine.hub import Snapshot
from worker.engine.int8 import quantize
from worker.engine.interface import ModelInfo, Role
from worker.engine.licence import is_commercial, licence_of
from worker.engine.registry import CANARIES, Canary, ModelSource, check_role, locate

log = get_logger(__name__)

#: Source tokens of models without a table of positions, where their tokenizer names no limit either.
_DEFAULT_POSITIONS = 512


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model on its device, ready to run.

    `model` is a `PreTrainedModel` with `generate`; in int8 its linear layers are `Int8Linear`. `max_target_tokens` is the most
    that it can put out for one input.
    """

    model: Any
    codec: Codec
    role: Role
    info: ModelInfo
    device: torch.device
    precision: Precision
    max_target_tokens: int
    canary: Canary

    @property
    def dtype(self) -> torch.dtype:
        """What its states are in."""
        return self.precision.dtype


def load(
    source: ModelSource, role: Role, *, device: torch.device, precision: str = "auto", offline: bool = False
) -> LoadedModel:
    """Loads what `source` names, in a precision of `choose_precision`. Never runs code of the model's repository.
    Logs a warning where the model card names a licence that is not for commercial use.

    Raises `ModelError`, in one line, where it is missing, broken, unpinned though pickled, not sequence-to-sequence, or not for
    the role.
    """
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    snapshot = locate(source, offline=offline)
    folder = snapshot.folder
    config = _read_config(source, folder)
    check_role(source, role, config.model_type)
    safe = _check_weights(source, snapshot)
    if not is_commercial(licence := licence_of(folder)):
        log.warning("licence_not_commercial", model=source.id, role=role.value, licence=licence)
    codec = Codec(folder, source.id, config.model_type, role)
    revision = snapshot.commit or _check_fingerprint(source, folder)
    width = int(getattr(config, "d_model", 0))
    chosen = choose_precision(precision, device, quantizable=DecoderWeights.knows(config), width=width)
    model = _read_model(source, folder, config, dtype=chosen.dtype, safe=safe)
    _check_vocabulary(source, codec, model)
    if chosen is Precision.INT8:
        try:
            quantize(model, skewed=DecoderWeights.SKEWED)
        except ValueError as error:
            raise ModelError(f"{source.id}: {error}") from None
    try:
        model = model.to(device).eval()
    except torch.OutOfMemoryError:
        raise ModelError(f"{source.id} does not fit into the memory of {device}") from None
    sources, targets = _positions(config, codec)
    info = ModelInfo(source.id, revision, sources, has_vectors=role is Role.TRANSLATOR)
    return LoadedModel(model, codec, role, info, device, chosen, targets, source.canary or CANARIES[role])


def _read_config(source: ModelSource, folder: Path) -> Any:
    path = folder / "config.json"
    if not path.is_file():
        raise ModelError(f"{source.id}: there is no config.json in {folder}: name a folder that save_pretrained wrote")
    try:
        declared = json.loads(path.read_text(encoding="utf-8"))
        model_type = declared.get("model_type")
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # noqa: BLE001  # a configuration can be wrong in any way
        raise ModelError(f"{source.id}: {path} can't be read: {first_line(error)}") from None
    if model_type not in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES:
        raise ModelError(
            f"{source.id} is a {model_type} model; it must be sequence-to-sequence: Marian, BART, T5, mBART, NLLB, M2M100"
        )
    return config


def _check_weights(source: ModelSource, snapshot: Snapshot) -> bool:
    """Whether the weights are safetensors. Raises `ModelError` where there are none, or pickled ones without a pin."""
    folder = snapshot.folder
    for name in ("model.safetensors", "model.safetensors.index.json"):
        if (folder / name).is_file():
            return True
    if not any((folder / name).is_file() for name in ("pytorch_model.bin", "pytorch_model.bin.index.json")):
        raise ModelError(f"{source.id}: there are no weights in {folder}: model.safetensors is missing")
    if not snapshot.pinned:
        pin = snapshot.commit or fingerprint(folder)
        raise ModelError(
            f"{source.id} has pickled weights only: save them as safetensors, or set its revision to {pin}"
        )
    return False


def _check_fingerprint(source: ModelSource, folder: Path) -> str:
    found = fingerprint(folder)
    if source.revision is not None and source.revision != found:
        raise ModelError(f"{source.id}: the files in {folder} are {found}, not {source.revision} as pinned")
    return found


def _read_model(source: ModelSource, folder: Path, config: Any, *, dtype: torch.dtype, safe: bool) -> Any:
    try:
        model, report = AutoModelForSeq2SeqLM.from_pretrained(
            folder,
            config=config,
            dtype=dtype,
            use_safetensors=safe,
            weights_only=True,
            ignore_mismatched_sizes=True,  # they are in the report
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except Exception as error:  # noqa: BLE001  # broken weights fail in as many ways as there are formats
        raise ModelError(f"{source.id}: the weights in {folder} can't be loaded: {first_line(error)}") from None
    # What a model may lack, such as Marian's computed positions, its class has taken out of the report already.
    for problem in ("missing_keys", "mismatched_keys"):
        if wrong := sorted(map(str, report.get(problem) or ())):
            raise ModelError(
                f"{source.id}: the weights in {folder} don't fit their config.json: "
                f"{len(wrong)} {problem.replace('_', ' ')}, such as {wrong[0]}"
            )
    if report.get("error_msgs"):
        raise ModelError(f"{source.id}: the weights in {folder} can't be loaded: {report['error_msgs'][0][:200]}")
    return model


def _check_vocabulary(source: ModelSource, codec: Codec, model: Any) -> None:
    rows = model.get_input_embeddings().weight.shape[0]
    (tokens,) = codec.encode([CANARIES[Role.TRANSLATOR].text])
    if max(tokens.ids + tuple(filter(None, (codec.start, codec.forced_start)))) >= rows:
        raise ModelError(
            f"{source.id}: its tokenizer knows {codec.size} tokens, the model only {rows}: they don't match"
        )
    if codec.unknown_id is not None and tokens.ids.count(codec.unknown_id) * 2 > len(tokens):
        raise ModelError(
            f"{source.id}: its tokenizer knows next to no word: its vocabulary is missing or another model's"
        )


def _positions(config: Any, codec: Codec) -> tuple[int, int]:
    """The most tokens of a source and of a target. One position of the target is the start token's."""
    if config.model_type in {"t5", "mt5", "umt5", "longt5"}:  # relative positions: no table that could end
        source = codec.limit or getattr(config, "n_positions", None) or _DEFAULT_POSITIONS
        return source, 2 * source + 16
    both = getattr(config, "max_position_embeddings", None)
    source = both or getattr(config, "max_encoder_position_embeddings", None) or codec.limit or _DEFAULT_POSITIONS
    target = both or getattr(config, "max_decoder_position_embeddings", None) or source
    return int(source), int(target) - 1
