"""Which device and precision a model runs in. docs/models.md has the measurements behind the defaults."""

import os
from enum import StrEnum

import torch

from worker.engine import int8
from worker.engine.errors import ModelError


def choose_device(setting: str) -> torch.device:
    """`auto` is the first GPU, else the CPU. Raises `ModelError` for a GPU that is not there."""
    if setting == "auto":
        setting = "cuda" if torch.cuda.is_available() else "cpu"
    if setting == "cpu":
        return torch.device("cpu")
    kind, _, number = setting.partition(":")
    if kind != "cuda" or not (number.isdecimal() or setting == "cuda"):
        raise ModelError(f"there is no device {setting!r}: use auto, cpu, cuda or cuda:N")
    if not torch.cuda.is_available():
        why = "this torch was built without CUDA" if torch.version.cuda is None else "torch finds no usable GPU"
        raise ModelError(f"{setting} was asked for, but {why}: set the device to auto or cpu")
    index = int(number or 0)
    if index >= torch.cuda.device_count():
        raise ModelError(f"{setting} was asked for, but there are only {torch.cuda.device_count()} GPUs")
    return torch.device("cuda", index)


#: The width (`d_model`) from which on int8 is so much faster that it is worth other roundings: docs/models.md.
INT8_WIDTH = 512


class Precision(StrEnum):
    """What a model computes in."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"
    INT8 = "int8"

    @property
    def dtype(self) -> torch.dtype:
        """What its weights are kept in; those of int8 for what is no linear layer."""
        return _DTYPES.get(self, torch.float32)


_DTYPES = {Precision.BFLOAT16: torch.bfloat16, Precision.FLOAT16: torch.float16}


def choose_precision(setting: str, device: torch.device, *, quantizable: bool, width: int) -> Precision:
    """`auto` is bfloat16 on a GPU that has it, int8 on a CPU for a model that is `quantizable` and no narrower than
    `INT8_WIDTH`, else float32.

    Raises `ModelError` for what a device or a model can't do.
    """
    if setting == "auto":
        if device.type == "cuda":
            fast = torch.cuda.is_bf16_supported(including_emulation=False)
            return Precision.BFLOAT16 if fast else Precision.FLOAT32
        gains = quantizable and width >= INT8_WIDTH and int8.kernel() is not None
        return Precision.INT8 if gains else Precision.FLOAT32
    if setting not in list(Precision):
        raise ModelError(f"there is no precision {setting!r}: use auto, {', '.join(Precision)}")
    chosen = Precision(setting)
    if chosen is Precision.FLOAT16 and device.type == "cpu":
        raise ModelError("float16 is for GPUs: use auto, int8, float32 or bfloat16 on a CPU")
    if chosen is Precision.INT8:
        if device.type != "cpu":
            raise ModelError("int8 is for CPUs: use auto, bfloat16, float16 or float32 on a GPU")
        if not quantizable:
            raise ModelError("int8 is for Marian, BART, mBART, Pegasus, M2M100 and NLLB: use auto or float32")
        if int8.kernel() is None:
            raise ModelError("this torch has no int8 kernel for this processor: use auto or float32")
    return chosen


def set_threads(threads: int) -> None:
    """Sets the CPU threads of one operation. 0: what torch chooses, but no more than this process may run on."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    torch.set_num_threads(threads or max(1, min(torch.get_num_threads(), allowed)))
