"""The command behind `scripts/bench`."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from scripts.lab.bench import articles, beside, curves, listening, service
from scripts.lab.bench.articles import ArticlesReport
from scripts.lab.bench.beside import Beside
from scripts.lab.bench.curves import Curves
from scripts.lab.bench.engine import EngineBench, Place, Report, Shape
from worker.engine.errors import ModelError


class Measured(Protocol):
    """What a measurement has found."""

    def table(self) -> str:
        """For people, ratios first."""

    def values(self) -> dict[str, Any]:
        """For programs."""


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures against yardsticks in the same run.")
    commands = parser.add_subparsers(dest="command", required=True)
    engine = commands.add_parser(
        "engine", help="target tokens a second of the decoder, against generate and CTranslate2"
    )
    gpu = commands.add_parser("gpu", help="the same on the first GPU: bfloat16, CTranslate2 in float16")
    for command in (engine, gpu):
        _decoding(command)
    engine.add_argument(
        "--precision", default="auto", help="of the decode loop: auto, int8, float32 or bfloat16 (auto)"
    )
    book = commands.add_parser("beside", help="five sentences beside a book of 300,000 characters, against alone")
    book.add_argument("--rounds", type=int, default=5, help="times that both take turns (5)")
    book.add_argument("--translator", default="bundled", help="a model, as in DEPECHE_TRANSLATOR (bundled)")
    front = commands.add_parser("service", help="the front end and the queue against a view that does nothing")
    front.add_argument("--rounds", type=int, default=3, help="times that all kinds of request take turns (3)")
    front.add_argument("--seconds", type=float, default=4, help="of each kind in each round (4)")
    crowd = commands.add_parser("listening", help="event streams and waits at once, while articles are submitted")
    crowd.add_argument("--rounds", type=int, default=3, help="times that all of them come (3)")
    crowd.add_argument("--streams", type=int, default=200, help="event streams at once (200)")
    crowd.add_argument("--waits", type=int, default=1000, help="waits at once (1000)")
    whole = commands.add_parser(
        "articles", help="mixed articles over HTTP, against the bare engine on the same segments"
    )
    whole.add_argument("--rounds", type=int, default=3, help="times that both take turns (3)")
    whole.add_argument("--articles", type=int, default=200, help="articles of a round (200)")
    whole.add_argument("--sentences", type=int, help="of each article; unset: 1 to 60")
    whole.add_argument("--no-bare", action="store_true", help="leave the bare engine out: about the worker's memory")
    whole.add_argument("--translator", default="bundled", help="a model, as in DEPECHE_TRANSLATOR (bundled)")
    whole.add_argument("--engine", default="transformers", choices=["transformers", "ctranslate2"])
    growth = commands.add_parser(
        "curves", help="throughput by the rows in flight, and time by the length of an article"
    )
    growth.add_argument("--rounds", type=int, default=3, help="times that all sizes take turns (3)")
    growth.add_argument("--translator", default="bundled", help="a model, as in DEPECHE_TRANSLATOR (bundled)")
    growth.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw them there, as .svg or .png; needs depeche[plots]"
    )
    for command in (engine, gpu, book, growth):
        command.add_argument("--threads", type=int, default=0, help="processor threads; 0: one for each core")
    for command in (engine, gpu, book, front, crowd, whole, growth):
        command.add_argument("--json", type=Path, metavar="FILE", help="write all figures there as well")
    given = parser.parse_args(argv)
    measured: dict[str, Callable[[argparse.Namespace], Measured]] = {
        "engine": _engine,
        "gpu": _gpu,
        "beside": _beside,
        "service": _service,
        "listening": _listening,
        "articles": _articles,
        "curves": _curves,
    }
    try:
        report = measured[given.command](given)
    except ModelError as error:
        print(f"scripts/bench: {error}", file=sys.stderr)
        return 1
    print(report.table())
    if given.json is not None:
        given.json.write_text(json.dumps(report.values(), indent=2) + "\n", encoding="utf-8")
    return 0


def _decoding(command: argparse.ArgumentParser) -> None:
    command.add_argument("--shape", type=Shape, choices=list(Shape), default=Shape.OPUS, help="which model (opus)")
    command.add_argument("--rows", type=int, default=64, help="sentences (64)")
    command.add_argument("--batch", type=int, default=32, help="rows of a batch (32)")
    command.add_argument("--beams", type=int, nargs="+", default=[1, 4], help="beam widths (1 4)")
    command.add_argument("--rounds", type=int, default=3, help="times that all yardsticks take turns (3)")
    command.add_argument("--tutorial-rows", type=int, default=8, help="rows for the sentence-by-sentence yardstick (8)")


def _engine(given: argparse.Namespace) -> Report:
    return _at(Place.processor(given.precision), given)


def _gpu(given: argparse.Namespace) -> Report:
    return _at(Place.gpu(), given)


def _at(place: Place, given: argparse.Namespace) -> Report:
    return EngineBench(
        place, shape=given.shape, rows=given.rows, batch=given.batch, tutorial_rows=given.tutorial_rows,
        threads=given.threads,
    ).run(given.beams, given.rounds)  # fmt: skip


def _beside(given: argparse.Namespace) -> Beside:
    return beside.measure(given.rounds, translator=given.translator, threads=given.threads)


def _service(given: argparse.Namespace) -> service.ServiceReport:
    return service.measure(given.rounds, given.seconds)


def _listening(given: argparse.Namespace) -> listening.ListeningReport:
    return listening.measure(given.rounds, listeners=given.streams, waiters=given.waits)


def _articles(given: argparse.Namespace) -> ArticlesReport:
    return articles.measure(
        given.rounds, articles=given.articles, sentences=given.sentences, bare=not given.no_bare,
        translator=given.translator, engine=given.engine,
    )  # fmt: skip


def _curves(given: argparse.Namespace) -> Curves:
    found = curves.measure(given.rounds, translator=given.translator, threads=given.threads)
    if given.plot is not None:
        found.plot(given.plot)
    return found


if __name__ == "__main__":
    sys.exit(main())
