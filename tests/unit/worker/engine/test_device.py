import pytest
import torch

from worker.engine import int8
from worker.engine.device import Precision, choose_device, choose_precision, set_threads
from worker.engine.errors import ModelError

CPU = torch.device("cpu")


def test_auto_takes_what_is_there() -> None:
    device = choose_device("auto")

    assert device.type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert choose_device("cpu") == CPU


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("setting", ["cuda", "cuda:1"])
def test_a_gpu_that_is_not_there_is_said(setting: str) -> None:
    with pytest.raises(ModelError, match=rf"^{setting} was asked for, but .*: set the device to auto or cpu$"):
        choose_device(setting)


@pytest.mark.parametrize("setting", ["tpu", "cuda:x", "cuda:", "mps"])
def test_unknown_devices_are_refused(setting: str) -> None:
    with pytest.raises(ModelError, match="there is no device"):
        choose_device(setting)


def test_the_second_of_one_gpu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)

    assert choose_device("auto") == torch.device("cuda", 0)
    with pytest.raises(ModelError, match="there are only 1 GPUs"):
        choose_device("cuda:1")


def test_precision_follows_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = torch.device("cuda", 0)
    for can, expected in ((True, Precision.BFLOAT16), (False, Precision.FLOAT32)):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda can=can, **_: can)
        assert choose_precision("auto", cuda, quantizable=True, width=512) is expected
    assert choose_precision("bfloat16", CPU, quantizable=True, width=512) is Precision.BFLOAT16
    assert choose_precision("float16", cuda, quantizable=False, width=512) is Precision.FLOAT16
    with pytest.raises(ModelError, match="float16 is for GPUs"):
        choose_precision("float16", CPU, quantizable=True, width=512)
    with pytest.raises(ModelError, match="no precision 'int4': use auto, float32, bfloat16, float16, int8"):
        choose_precision("int4", CPU, quantizable=True, width=512)


def test_int8_is_for_processors_that_have_it_and_models_that_take_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for kernel, expected in ((object(), Precision.INT8), (None, Precision.FLOAT32)):
        monkeypatch.setattr(int8, "kernel", lambda kernel=kernel: kernel)
        assert choose_precision("auto", CPU, quantizable=True, width=512) is expected
        assert choose_precision("auto", CPU, quantizable=False, width=512) is Precision.FLOAT32
        assert choose_precision("auto", CPU, quantizable=True, width=511) is Precision.FLOAT32
    with pytest.raises(ModelError, match="no int8 kernel for this processor: use auto or float32"):
        choose_precision("int8", CPU, quantizable=True, width=512)
    monkeypatch.setattr(int8, "kernel", object)
    with pytest.raises(ModelError, match="int8 is for CPUs"):
        choose_precision("int8", torch.device("cuda", 0), quantizable=True, width=512)
    with pytest.raises(ModelError, match="int8 is for Marian, BART"):
        choose_precision("int8", CPU, quantizable=False, width=512)


def test_threads_are_set() -> None:
    before = torch.get_num_threads()
    set_threads(3)
    assert torch.get_num_threads() == 3
    set_threads(0)
    assert 1 <= torch.get_num_threads() <= 3
    set_threads(before)
