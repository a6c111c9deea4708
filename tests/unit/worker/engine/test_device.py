import pytest
import torch

from worker.engine.device import choose_device, choose_precision, set_threads
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
    assert choose_precision("auto", CPU) == torch.float32
    for can, expected in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda can=can, **_: can)
        assert choose_precision("auto", cuda) == expected
    assert choose_precision("bfloat16", CPU) == torch.bfloat16
    assert choose_precision("float16", cuda) == torch.float16
    with pytest.raises(ModelError, match="float16 is for GPUs"):
        choose_precision("float16", CPU)
    with pytest.raises(ModelError, match="no precision 'int8'"):
        choose_precision("int8", CPU)


def test_threads_are_set() -> None:
    before = torch.get_num_threads()
    set_threads(3)
    assert torch.get_num_threads() == 3
    set_threads(0)
    assert 1 <= torch.get_num_threads() <= 3
    set_threads(before)
