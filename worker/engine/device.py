"""Which device and precision a model runs in. docs/models.md has the measurements behind the defaults."""

import os

import torch

from worker.engine.errors import ModelError

_PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


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


def choose_precision(setting: str, device: torch.device) -> torch.dtype:
    """`auto` is bfloat16 on a GPU that has it, else float32. Raises `ModelError` for float16 on a CPU."""
    if setting == "auto":
        fast = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if fast else torch.float32
    if setting not in _PRECISIONS:
        raise ModelError(f"there is no precision {setting!r}: use auto, float32, bfloat16 or float16")
    if setting == "float16" and device.type == "cpu":
        raise ModelError("float16 is for GPUs: use float32 or bfloat16 on a CPU")
    return _PRECISIONS[setting]


def set_threads(threads: int) -> None:
    """Sets the CPU threads of one operation. 0: what torch chooses, but no more than this process may run on."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    torch.set_num_threads(threads or max(1, min(torch.get_num_threads(), allowed)))
