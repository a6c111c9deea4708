"""The command line of scripts/train: `prepare`, `run`, `export`, `translate` and `plot`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import torch

from scripts.lab.bundled.training_model import Shape
from scripts.lab.bundled.training_schedule import Schedule


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/train", description="Trains the bundled model. docs/training.md tells the whole story."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    prepare = commands.add_parser("prepare", help="corpus -> packed data")
    prepare.add_argument("corpus", type=Path, nargs="+", help="folders of NAME.tsv.xz files, French TAB English")
    prepare.add_argument("--data", type=Path, default=Path("data/train"))
    prepare.add_argument("--seed", type=int, default=1)
    prepare.add_argument("--vocabulary", type=Path, help="keep this one: the source.spm of the weights to go on from")

    prepare.add_argument("--width", type=int, default=256, help="of the network that will learn from it")
    prepare.add_argument("--reverse", action="store_true", help="for a model from English to French")

    run = commands.add_parser("run", help="packed data -> checkpoint.pt, averages.pt, log.csv")
    run.add_argument("--data", type=Path, default=Path("data/train"))
    run.add_argument("--out", type=Path, default=Path("data/run"))
    run.add_argument(
        "--minutes", type=float, required=True, help="length of the whole run; a resumed run counts what was spent"
    )
    run.add_argument("--seed", type=int, default=1)
    run.add_argument("--resume", type=Path, help="a checkpoint.pt to go on from")
    run.add_argument(
        "--weights", type=Path, help="a Marian folder or an averages.pt to start from, with a fresh optimiser"
    )
    run.add_argument("--encoder-layers", type=int, default=6)
    run.add_argument("--decoder-layers", type=int, default=2)
    run.add_argument(
        "--width", type=int, default=256, help="that of the data; a head is 64 wide, the inner layers 4 widths"
    )
    run.add_argument("--dropout", type=float, default=0.0)
    run.add_argument("--first-batch", type=int, default=2048, help="target positions a step at the start")
    run.add_argument("--last-batch", type=int, default=4096, help="target positions a step from the middle on")
    run.add_argument(
        "--growing", type=float, default=0.3, help="share of the run that grows from short sentences to all"
    )
    run.add_argument("--matrix-rate", type=float, default=0.015)
    run.add_argument("--rate", type=float, default=0.002)
    run.add_argument("--warm-up", type=int, default=300, help="steps")
    run.add_argument("--every", type=float, default=8.0, help="minutes between looks at BLEU")
    run.add_argument(
        "--watch",
        type=Path,
        nargs=2,
        metavar=("FRENCH", "ENGLISH"),
        help="files to look at as well, never to learn from",
    )
    run.add_argument(
        "--replicas",
        type=int,
        default=1,
        help="copies that learn side by side on a CPU, a batch each; one a core is fastest",
    )
    run.add_argument("--threads", type=int, default=os.cpu_count() or 1)

    export = commands.add_parser("export", help="averages.pt -> a Marian folder")
    export.add_argument("averages", type=Path)
    export.add_argument("folder", type=Path)
    export.add_argument("--data", type=Path, default=Path("data/train"))

    translate = commands.add_parser("translate", help="lines of one language -> NAME.tsv.xz, the other side by a model")
    translate.add_argument("model", type=Path, help="a Marian folder, as `export` writes it")
    translate.add_argument("lines", type=Path, nargs="+", help=".txt or .txt.xz files, or one side of .tsv.xz files")
    translate.add_argument("out", type=Path)
    translate.add_argument("--into", choices=("french", "english"), required=True, help="what the model writes")
    translate.add_argument("--beams", type=int, default=1)
    translate.add_argument("--batch", type=int, default=64, help="lines decoded together; some hundreds on a GPU")

    plot = commands.add_parser("plot", help="log.csv -> an SVG")
    plot.add_argument("log", type=Path)
    plot.add_argument("plot", type=Path)
    return parser


def main(arguments: list[str] | None = None) -> None:
    """Runs one of the five."""
    given = _parser().parse_args(arguments)
    if given.command == "prepare":
        from scripts.lab.bundled.corpus_preparation import prepare

        prepare(
            given.corpus,
            given.data,
            seed=given.seed,
            width=given.width,
            pieces_from=given.vocabulary,
            reverse=given.reverse,
        )
    elif given.command == "run":
        from scripts.lab.bundled.training import Run, Trainer

        torch.set_num_threads(given.threads)
        torch.set_flush_denormal(True)  # for the whole process, and so not where training is a part of another
        run = Run(
            data=given.data,
            out=given.out,
            minutes=given.minutes,
            seed=given.seed,
            resume=given.resume,
            weights=given.weights,
            shape=Shape(
                width=given.width,
                heads=max(1, given.width // 64),
                inner=4 * given.width,
                encoder_layers=given.encoder_layers,
                decoder_layers=given.decoder_layers,
                dropout=given.dropout,
            ),
            schedule=Schedule(
                warm_up=given.warm_up, growing=given.growing, first_batch=given.first_batch, last_batch=given.last_batch
            ),
            matrix_rate=given.matrix_rate,
            rate=given.rate,
            replicas=given.replicas,
            every=given.every,
            watched=None if given.watch is None else (given.watch[0], given.watch[1]),
        )
        Trainer(run).train()
    elif given.command == "translate":
        from scripts.lab.bundled import corpus_translation

        corpus_translation.translate(
            given.model, given.lines, given.out, into=given.into, beams=given.beams, batch=given.batch
        )
    elif given.command == "plot":
        from scripts.lab.bundled import training_plot

        training_plot.draw(given.log, given.plot)
    else:
        from scripts.lab.bundled import export

        stored = torch.load(given.averages, map_location="cpu", weights_only=True)
        model = export.marian(Shape(**stored["shape"]), stored["parameters"])
        export.write(given.folder, model, given.data / "vocabulary.model")


if __name__ == "__main__":
    main()
