"""int8 layers: exact products of codes, rows that don't depend on each other, and whole models."""

from pathlib import Path

import pytest
import torch
from torch import nn

from tests.models import SENTENCES
from tests.unit.worker.engine.loaded import load_folder
from worker.engine import int8
from worker.engine.decoder import Seq2SeqDecoder
from worker.engine.errors import ModelError
from worker.engine.int8 import Codes, Fbgemm, Int8Affine, Int8Linear, Kernel, OneDnn, quantize
from worker.engine.interface import Role
from worker.engine.request import Request

KERNELS = [kind() for kind in (Fbgemm, OneDnn) if kind.usable()]

pytestmark = pytest.mark.skipif(not KERNELS, reason="this torch has no int8 kernel for this processor")


@pytest.fixture(params=KERNELS, ids=lambda kernel: type(kernel).__name__)
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    found: Kernel = request.param
    monkeypatch.setattr(int8, "kernel", lambda: found)
    return found


@pytest.mark.parametrize("rows", [1, 5, 64])
def test_the_largest_codes_do_not_overflow(kernel: Kernel, rows: int) -> None:
    packed = kernel.pack(torch.full((64, 512), 63, dtype=torch.int8), torch.ones(64))
    for sign in (1.0, -1.0):
        found = kernel.product(torch.full((rows, 512), sign), 1 / 127, 128, packed)
        assert ((found - sign * 63 * 512).abs() < 0.1).all()


@pytest.mark.parametrize("skewed", [False, True])
def test_products_are_those_of_the_codes(kernel: Kernel, skewed: bool) -> None:
    torch.manual_seed(1)
    weight, bias, x = (
        torch.randn(96, 80),
        torch.randn(96),
        torch.randn(7, 3, 80) * torch.logspace(-6, 3, 7)[:, None, None],
    )
    x = x.clamp(min=-0.25) if skewed else x
    codes = Codes.of(weight)
    found = Int8Affine(codes, bias, skewed=skewed)(x).double()

    zero, above = (32, 223) if skewed else (128, 127)
    largest = x.double().amax(-1, keepdim=True) if skewed else x.double().abs().amax(-1, keepdim=True)
    largest = torch.maximum(largest, x.double().amin(-1, keepdim=True) * -above / zero)
    whole = (x.double() / largest * above).round() * largest / above
    expected = whole @ (codes.values.double() * codes.scales.double()[:, None]).T + bias.double()
    # A number halfway between two codes may go either way, as its division is rounded.
    assert ((found - expected).abs() <= 1.01 * largest / above * codes.scales.double() * 63 + 1e-5).all()
    assert ((found - expected).abs() <= 1e-4 * (1 + expected.abs())).float().mean() > 0.98
    assert (found - (x.double() @ weight.double().T + bias.double())).abs().mean() < 0.02 * expected.abs().mean()


def test_a_row_is_the_same_in_any_company(kernel: Kernel) -> None:
    torch.manual_seed(2)
    affine = Int8Affine(Codes.of(torch.randn(64, 48)), torch.randn(64))
    x = torch.randn(40, 48)
    x[7] = 0.0
    x[11] *= 1e6
    together = affine(x)
    assert torch.isfinite(together).all()
    for row in range(40):
        alone = affine(x[row : row + 1])[0]
        if isinstance(kernel, OneDnn):
            # With AMX it multiplies by its scales in another order where there is one row.
            torch.testing.assert_close(
                alone, together[row], rtol=1e-5, atol=1e-5 * float(1 + together[row].abs().max())
            )
        else:
            assert torch.equal(alone, together[row])


def test_layers_join_and_are_padded(kernel: Kernel) -> None:
    torch.manual_seed(3)
    first, second = nn.Linear(32, 70), nn.Linear(32, 10)
    x = torch.randn(5, 32)
    with torch.inference_mode():
        one, other = Int8Linear(first), Int8Linear(second)
        joined = Int8Affine(Codes.joined([one.codes, other.codes]), torch.cat([first.bias, second.bias]))
        assert torch.equal(joined(x), torch.cat([one(x), other(x)], 1))
        assert one(x).shape == (5, 70)
        padded = one.padded(x, float("-inf"))
    assert padded.shape == (5, 128)
    assert torch.equal(padded[:, :70], one(x))
    assert torch.isneginf(padded[:, 70:]).all()


def test_weights_have_to_be_finite() -> None:
    sick = nn.Linear(4, 4)
    sick.weight.data[2, 3] = float("inf")
    model = nn.Sequential(nn.Linear(4, 4), sick)
    with pytest.raises(ValueError, match=r"the weights of .*1 are not finite"):
        quantize(model, skewed=frozenset())


def test_there_may_be_no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(int8, "kernel", lambda: None)
    with pytest.raises(RuntimeError, match="no int8 kernel"):
        Int8Affine(Codes.of(torch.ones(4, 4)), None)


@pytest.mark.parametrize("family", ["taught", "bart", "mbart", "nllb"])
@pytest.mark.parametrize("beams", [1, 3])
def test_the_loop_puts_out_what_generate_does(family: str, beams: int, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(family)
    loaded = load_folder(folder, Role.SUMMARIZER if family == "bart" else Role.TRANSLATOR, precision="int8")
    assert not any(type(module) is nn.Linear for module in loaded.model.modules())
    declared = loaded.model.generation_config
    loop = Seq2SeqDecoder(loaded, beams)
    loaded.model.generation_config = declared
    reference = Seq2SeqDecoder(loaded, beams, looped=False)
    tokens = loaded.codec.encode(SENTENCES[:12])
    mine, theirs = (decoder.rows([Request(row) for row in tokens]) for decoder in (loop, reference))
    same = sum(a.ids == b.ids for a, b in zip(mine, theirs, strict=True))
    assert same >= 10  # rounding of what is not in int8 may tip a code


def test_a_model_comes_out_nearly_as_in_float32(taught: Path) -> None:
    rows = {}
    for precision in ("float32", "int8"):
        loaded = load_folder(taught, precision=precision)
        tokens = loaded.codec.encode(SENTENCES)
        rows[precision] = Seq2SeqDecoder(loaded, 2).rows([Request(row) for row in tokens])
    pairs = list(zip(rows["float32"], rows["int8"], strict=True))
    assert sum(a.ids == b.ids for a, b in pairs) >= 0.8 * len(pairs)
    for a, b in pairs:
        cosine = float(a.vector @ b.vector / (a.vector @ a.vector * (b.vector @ b.vector)) ** 0.5)
        assert cosine > 0.99


def test_a_model_of_another_family_is_refused(t5: Path) -> None:
    with pytest.raises(ModelError, match="int8 is for Marian, BART"):
        load_folder(t5, precision="int8")
    assert load_folder(t5, precision="auto").precision == "float32"
