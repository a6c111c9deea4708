"""One time-boxed, seeded, resumable run of training, on a CPU or a GPU."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from scripts.lab.bundled import corpus_packing, evaluation, export, training_loss, vocabulary
from scripts.lab.bundled.training_model import Marian, Shape
from scripts.lab.bundled.training_optimizer import Optimizer
from scripts.lab.bundled.training_replicas import Replicas
from scripts.lab.bundled.training_schedule import Schedule

#: Heads of the last decoder layer that the alignments supervise.
_GUIDED = 2
_COLUMNS = (
    "step",
    "minutes",
    "target_pieces",
    "loss",
    "guidance",
    "rate",
    "longest",
    "pieces_a_second",
    "bleu_held_out",
    "bleu_watched",
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """What a run is told."""

    data: Path
    out: Path
    minutes: float
    shape: Shape
    schedule: Schedule = dataclasses.field(default_factory=Schedule)
    seed: int = 1
    matrix_rate: float = 0.015
    rate: float = 0.002
    smoothing: float = 0.1
    #: Copies of the network that learn side by side, a thread and a batch of their own each; a step is then as many batches.
    replicas: int = 1
    #: Minutes between checkpoints with a look at BLEU.
    every: float = 8.0
    #: French and English files whose first lines are translated at every look; never trained on.
    watched: tuple[Path, Path] | None = None
    #: Segments to translate at every look, from each set.
    looked_at: int = 100
    #: A checkpoint to go on from exactly, or parameters to start from.
    resume: Path | None = None
    weights: Path | None = None


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def precision(device: torch.device) -> torch.dtype:
    """What the network computes in: bfloat16 where the hardware multiplies it; elsewhere float32 is seven times as fast."""
    native = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if native else torch.float32


def _pairs(run: Run) -> dict[str, tuple[list[str], list[str]]]:
    """The sets that are looked at: French lines and English lines, by name."""
    held = [line.split("\t") for line in (run.data / "held-out.tsv").read_text(encoding="utf-8").splitlines()][
        : run.looked_at
    ]
    sets = {"bleu_held_out": ([f for f, _ in held], [e for _, e in held])}
    if run.watched is not None:
        french, english = (p.read_text(encoding="utf-8").splitlines()[: run.looked_at] for p in run.watched)
        sets["bleu_watched"] = (french, english)
    return sets


class Trainer:
    """Holds the network, its optimiser and the data of a run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.device = _device()
        torch.manual_seed(run.seed)
        self.packed = corpus_packing.load(run.data)
        self.network = Marian(run.shape)
        start = run.data / "start.npy"
        self.network.start(
            torch.from_numpy(np.load(start)).float() if start.exists() else None,
            torch.from_numpy(np.load(run.data / "counts.npy")),
            seed=run.seed,
        )
        self.network.to(self.device)
        if run.weights is not None:
            self.network.load_state_dict(export.parameters(run.weights))
        self.optimizer = Optimizer(self.network, matrix_rate=run.matrix_rate, rate=run.rate)
        self.network.to(precision(self.device)).train()
        self.tokenizer = vocabulary.load(run.data / "vocabulary.model")
        self.pieces = 0
        self._stopping = False
        self.spent = 0.0
        if run.resume is not None:
            self._resume(run.resume)
        seeds = [run.seed + 1_000_000 * number for number in range(run.replicas)]
        samplers = [corpus_packing.Sampler(self.packed, seed=seed, skip=self.optimizer.steps) for seed in seeds]
        self.replicas = Replicas(self.network, samplers)

    def _resume(self, path: Path) -> None:
        state: dict[str, Any] = torch.load(path, map_location=self.device, weights_only=True)
        self.optimizer.restore(state["optimizer"])
        self.pieces, self.spent = int(state["pieces"]), float(state["spent"])

    def save(self) -> None:
        """Writes `checkpoint.pt` (to go on from) and `averages.pt` (to export), each in one move."""
        self.run.out.mkdir(parents=True, exist_ok=True)
        shape = dataclasses.asdict(self.run.shape)
        state = {"optimizer": self.optimizer.state(), "pieces": self.pieces, "spent": self.spent, "shape": shape}
        averages = {name: value.to(torch.float32) for name, value in self.optimizer.averages.items()}
        for name, value in (("checkpoint.pt", state), ("averages.pt", {"shape": shape, "parameters": averages})):
            torch.save(value, self.run.out / (name + ".new"))
            os.replace(self.run.out / (name + ".new"), self.run.out / name)

    def step(self, progress: float) -> tuple[float, float]:
        """One step; the cross entropy in nats per target piece and the loss of guided attention."""
        schedule = self.run.schedule

        def learn(network: Marian, sampler: corpus_packing.Sampler) -> tuple[float, float, int]:
            batch = sampler.draw(
                pieces=schedule.batch(progress),
                longest=schedule.length(progress),
                shortness=schedule.shortness(progress),
            ).to(self.device)
            hidden, log = network(batch, guided=_GUIDED)
            real = batch.wanted >= 0
            loss = training_loss.cross_entropy(
                hidden[real],
                network.model.shared.weight,
                network.final_logits_bias,
                batch.wanted[real],
                smoothing=self.run.smoothing,
            )
            guide = training_loss.guidance(log, batch.links)
            torch.autograd.backward(loss + schedule.guidance(progress) * guide)
            return float(loss.detach()), float(guide.detach()), int(real.sum())

        losses, guides, pieces = zip(*self.replicas.each(learn), strict=True)
        self.optimizer.step(schedule.rate(self.optimizer.steps, progress))
        self.replicas.align()
        self.pieces += sum(pieces)
        return sum(losses) / len(losses), sum(guides) / len(guides)

    def look(self) -> dict[str, float]:
        """BLEU of the averaged parameters, greedy, on the sets that are looked at; prints a few translations."""
        model: Any = export.marian(self.run.shape, self.optimizer.averages)
        model.to(self.device)
        scores = {}
        for name, (french, english) in _pairs(self.run).items():
            made = evaluation.translate(model, self.tokenizer, french)
            scores[name] = round(evaluation.bleu(made, english), 2)
            for source, target in list(zip(french, made, strict=True))[:5]:
                print(f"  {source}\n  -> {target}", flush=True)
        return scores

    def train(self) -> None:
        """Runs until the time is spent; writes `log.csv`, `checkpoint.pt` and `averages.pt` into the run's folder.

        SIGTERM ends it after the step at hand, with a checkpoint to go on from.
        """
        run = self.run
        run.out.mkdir(parents=True, exist_ok=True)
        signal.signal(signal.SIGTERM, self._ask_to_stop)
        log_path = run.out / "log.csv"
        fresh = not log_path.exists() or run.resume is None
        began, before = time.monotonic(), self.spent
        looked, told, told_pieces = self.spent, time.monotonic(), self.pieces
        mean = guide_mean = float("nan")
        with log_path.open("w" if fresh else "a", newline="", encoding="utf-8") as file:
            log = csv.DictWriter(file, _COLUMNS)
            if fresh:
                log.writeheader()
            while True:
                progress = self.spent / run.minutes
                loss, guide = self.step(min(progress, 1.0))
                mean = loss if mean != mean else 0.98 * mean + 0.02 * loss
                guide_mean = guide if guide_mean != guide_mean else 0.98 * guide_mean + 0.02 * guide
                self.spent = before + (time.monotonic() - began) / 60.0
                done = self.spent >= run.minutes
                look = done or self.spent - looked >= run.every
                if look or self.optimizer.steps % 100 == 0:
                    speed = (self.pieces - told_pieces) / max(time.monotonic() - told, 1e-9)
                    row: dict[str, Any] = {
                        "step": self.optimizer.steps,
                        "minutes": round(self.spent, 2),
                        "target_pieces": self.pieces,
                        "loss": round(mean, 4),
                        "guidance": round(guide_mean, 4),
                        "rate": round(run.schedule.rate(self.optimizer.steps, min(progress, 1.0)), 4),
                        "longest": round(run.schedule.length(progress), 1),
                        "pieces_a_second": round(speed),
                    }
                    if look:
                        self.save()
                        row.update(self.look())
                        looked = self.spent
                    log.writerow(row)
                    file.flush()
                    print(json.dumps(row), flush=True)
                    told, told_pieces = time.monotonic(), self.pieces
                if self._stopping and not done:
                    self.save()
                if done or self._stopping:
                    return

    def _ask_to_stop(self, _number: int, _frame: object) -> None:
        self._stopping = True
