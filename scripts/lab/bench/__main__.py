"""The command behind `scripts/bench`."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.lab.bench.beside import Beside, measure
from scripts.lab.bench.engine import EngineBench, Report, Shape


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures against yardsticks in the same run.")
    commands = parser.add_subparsers(dest="command", required=True)
    engine = commands.add_parser(
        "engine", help="target tokens a second of the decoder, against generate and CTranslate2"
    )
    engine.add_argument("--shape", type=Shape, choices=list(Shape), default=Shape.OPUS, help="which model (opus)")
    engine.add_argument("--rows", type=int, default=64, help="sentences (64)")
    engine.add_argument("--batch", type=int, default=32, help="rows of a batch (32)")
    engine.add_argument("--beams", type=int, nargs="+", default=[1, 4], help="beam widths (1 4)")
    engine.add_argument("--rounds", type=int, default=3, help="times that all yardsticks take turns (3)")
    engine.add_argument("--tutorial-rows", type=int, default=8, help="rows for the sentence-by-sentence yardstick (8)")
    engine.add_argument(
        "--precision", default="auto", help="of the decode loop: auto, int8, float32 or bfloat16 (auto)"
    )
    beside = commands.add_parser("beside", help="five sentences beside a book of 300,000 characters, against alone")
    beside.add_argument("--rounds", type=int, default=5, help="times that both take turns (5)")
    beside.add_argument("--translator", default="bundled", help="a model, as in DEPECHE_TRANSLATOR (bundled)")
    for command in (engine, beside):
        command.add_argument("--threads", type=int, default=0, help="processor threads; 0: one for each core")
        command.add_argument("--json", type=Path, metavar="FILE", help="write all figures there as well")
    given = parser.parse_args(argv)
    report = _engine(given) if given.command == "engine" else _beside(given)
    print(report.table())
    if given.json is not None:
        given.json.write_text(json.dumps(report.values(), indent=2) + "\n", encoding="utf-8")
    return 0


def _engine(given: argparse.Namespace) -> Report:
    return EngineBench(
        shape=given.shape, rows=given.rows, batch=given.batch, tutorial_rows=given.tutorial_rows,
        threads=given.threads, precision=given.precision,
    ).run(given.beams, given.rounds)  # fmt: skip


def _beside(given: argparse.Namespace) -> Beside:
    return measure(given.rounds, translator=given.translator, threads=given.threads)


if __name__ == "__main__":
    sys.exit(main())
