"""A run learns, can be taken up again, and obeys its time box."""

import csv
import itertools
import time
from pathlib import Path

import pytest
import torch

from scripts.lab.bundled import export, training_loss
from scripts.lab.bundled.training import Run, Trainer
from scripts.lab.bundled.training_model import Marian, Shape
from scripts.lab.bundled.training_optimizer import Optimizer, orthogonal
from scripts.lab.bundled.training_schedule import Schedule

SHAPE = Shape(vocabulary=480, width=32, heads=4, inner=64, encoder_layers=1, decoder_layers=1, positions=128)
QUICK = Schedule(warm_up=5, first_batch=256, last_batch=256, growing=0.1)


def _run(data: Path, out: Path, **changes: object) -> Run:
    settings: dict[str, object] = {"minutes": 0.05, "every": 60.0, "looked_at": 4, "shape": SHAPE, "schedule": QUICK}
    return Run(data=data, out=out, **(settings | changes))  # type: ignore[arg-type]


def test_a_run_obeys_its_time_box(data: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    Trainer(_run(data, tmp_path)).train()
    assert time.monotonic() - began < 60
    rows = list(csv.DictReader((tmp_path / "log.csv").read_text(encoding="utf-8").splitlines()))
    assert rows[-1]["bleu_held_out"] != ""
    stored = torch.load(tmp_path / "averages.pt", weights_only=True)
    assert Shape(**stored["shape"]) == SHAPE
    assert export.parameters(tmp_path / "averages.pt").keys() == Marian(SHAPE).state_dict().keys()


def test_steps_lower_the_loss(data: Path, tmp_path: Path) -> None:
    """By steps and not by time, so that a busy machine learns as much."""
    trainer = Trainer(_run(data, tmp_path))
    losses = [trainer.step(0.1)[0] for _ in range(40)]
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])


def test_same_seed_same_losses(data: Path, tmp_path: Path) -> None:
    runs = [Trainer(_run(data, tmp_path)) for _ in range(2)]
    assert [runs[0].step(0.0) for _ in range(3)] == [runs[1].step(0.0) for _ in range(3)]


def test_replicas_step_by_the_mean_of_their_batches(data: Path, tmp_path: Path) -> None:
    first, second = (Trainer(_run(data, tmp_path, replicas=2)) for _ in range(2))
    one = Trainer(_run(data, tmp_path))
    assert [first.step(0.0) for _ in range(3)] == [second.step(0.0) for _ in range(3)]
    one.step(0.0)
    assert first.pieces > 1.5 * 3 * one.pieces
    network, copied = (dict(n.state_dict()) for n in first.replicas._networks)
    assert all(torch.equal(value, copied[name]) for name, value in network.items())
    numbers = itertools.count()

    def learn(own: Marian, _sampler: object) -> None:
        (own.final_logits_bias.sum() * next(numbers)).backward()  # type: ignore[no-untyped-call]

    first.replicas.each(learn)
    grad = first.network.final_logits_bias.grad
    assert grad is not None
    assert torch.equal(grad, torch.full_like(grad, 0.5))


def test_a_checkpoint_is_taken_up_where_it_was_left(data: Path, tmp_path: Path) -> None:
    first = Trainer(_run(data, tmp_path))
    for _ in range(4):
        first.step(0.0)
    first.spent = 0.02
    first.save()
    second = Trainer(_run(data, tmp_path, resume=tmp_path / "checkpoint.pt"))
    assert (second.optimizer.steps, second.pieces, second.spent) == (4, first.pieces, 0.02)
    for name, value in first.optimizer.masters.items():
        assert torch.equal(value, second.optimizer.masters[name])
    assert all(torch.equal(a, b) for a, b in zip(first.network.parameters(), second.network.parameters(), strict=True))


def test_weights_alone_start_a_fresh_optimizer(data: Path, tmp_path: Path) -> None:
    first = Trainer(_run(data, tmp_path))
    for _ in range(12):
        first.step(0.0)
    first.save()
    second = Trainer(_run(data, tmp_path, weights=tmp_path / "averages.pt", seed=2))
    assert second.optimizer.steps == 0
    for name, value in first.optimizer.averages.items():
        assert torch.equal(value, second.optimizer.masters[name])


def test_sliced_loss_and_slopes_are_those_of_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(training_loss._SLICE, "cpu", 3)
    torch.manual_seed(1)
    hidden, matrix, bias = (
        torch.randn(10, 8, requires_grad=True),
        torch.randn(12, 8, requires_grad=True),
        torch.randn(1, 12, requires_grad=True),
    )
    wanted = torch.randint(0, 12, (10,))
    mine = training_loss.cross_entropy(hidden, matrix, bias, wanted, smoothing=0.1)
    slopes = torch.autograd.grad(mine * 3.0, (hidden, matrix, bias))
    theirs = torch.nn.functional.cross_entropy(hidden @ matrix.t() + bias, wanted, label_smoothing=0.1)
    expected = torch.autograd.grad(theirs * 3.0, (hidden, matrix, bias))
    torch.testing.assert_close(mine, theirs)
    for left, right in zip(slopes, expected, strict=True):
        torch.testing.assert_close(left, right, atol=1e-5, rtol=1e-4)


def test_guidance_looks_at_linked_pieces_only() -> None:
    log = torch.log(torch.tensor([[[0.5, 0.5], [0.9, 0.1]]]))
    assert training_loss.guidance(log, torch.tensor([[0, -1]])) == pytest.approx(0.6931, abs=1e-3)
    assert training_loss.guidance(log, torch.tensor([[-1, -1]])) == 0.0


def test_orthogonal_evens_out_singular_values() -> None:
    torch.manual_seed(1)
    for shape in ((2, 16, 16), (1, 32, 8), (3, 8, 32)):
        values = torch.linalg.svdvals(orthogonal(torch.randn(shape)).float())
        assert values.min() > 0.3
        assert values.max() < 1.4


def test_optimizer_steps_every_parameter() -> None:
    network = Marian(SHAPE)
    network.start(None, None, seed=1)
    optimizer = Optimizer(network, matrix_rate=0.01, rate=0.01)
    before = {name: value.clone() for name, value in optimizer.masters.items()}
    for parameter in network.parameters():
        parameter.grad = torch.randn_like(parameter)
    optimizer.step(1.0)
    assert all(not torch.equal(value, before[name]) for name, value in optimizer.masters.items())
    assert all(p.grad is None for p in network.parameters())


def test_schedule_warms_up_falls_and_grows() -> None:
    schedule = Schedule(
        warm_up=10, growing=0.5, shortest=10.0, longest=50.0, first_batch=100, last_batch=300, plateau=0.2
    )
    assert schedule.rate(0, 0.0) == pytest.approx(0.1)
    assert schedule.rate(100, 0.1) == 1.0
    assert schedule.rate(100, 0.6) == pytest.approx(0.5)
    assert schedule.rate(100, 1.0) == 0.005
    assert (schedule.length(0.0), schedule.length(0.25), schedule.length(0.9)) == (10.0, 30.0, 50.0)
    assert (schedule.batch(0.0), schedule.batch(1.0)) == (100, 300)
    assert schedule.guidance(0.0) > schedule.guidance(0.4) > schedule.guidance(0.9) > 0
