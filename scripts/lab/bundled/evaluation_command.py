"""The command line of scripts/evaluate: BLEU, chrF and readers' figures, beside what others reach on the same file."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import torch
from transformers import MarianMTModel

from scripts.lab.bundled import evaluation, evaluation_figures, vocabulary

_BUNDLED = Path("worker/models/bundled")
#: BLEU on FLORES-200 dev, French to English, as published in mozilla/firefox-translations-models, evaluation/fr-en.
PUBLISHED = {
    "Argos": 40.8,
    "OPUS-MT": 43.0,
    "NLLB-200 distilled 600M": 43.2,
    "Bergamot tiny": 43.8,
    "Bergamot base-memory": 44.3,
    "Google": 48.7,
    "Microsoft": 48.9,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/evaluate", description="Scores a translator on a test set.")
    parser.add_argument("model", help="`bundled`, or a Marian folder")
    parser.add_argument(
        "--test",
        type=Path,
        nargs=2,
        metavar=("FRENCH", "ENGLISH"),
        help="line by line parallel, for instance FLORES-200 dev",
    )
    parser.add_argument("--text", type=Path, help="a French file to translate and print, line by line")
    parser.add_argument("--beams", type=int, default=4)
    parser.add_argument(
        "--engine",
        metavar="PRECISION",
        help="decode as a worker does, in float32, bfloat16, int8 or auto; without this, by `generate` in float32",
    )
    parser.add_argument("--length-penalty", type=float, default=1.0)
    parser.add_argument("--first", type=int, help="only this many lines")
    parser.add_argument(
        "--part",
        choices=("all", "odd", "even"),
        default="all",
        help="every other line: tune on one half, report the other",
    )
    parser.add_argument("--threads", type=int, help="threads of the processor to use")
    parser.add_argument("--show", type=int, default=0, help="print this many translations")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser


def main(arguments: list[str] | None = None) -> None:
    """Scores, prints, or both."""
    given = _parser().parse_args(arguments)
    if given.threads:
        torch.set_num_threads(given.threads)
    folder = _BUNDLED if given.model == "bundled" else Path(given.model)
    began = time.monotonic()
    model: Any = MarianMTModel.from_pretrained(folder, dtype=torch.float32)
    model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    tokenizer = vocabulary.load(folder / "source.spm")
    loaded = time.monotonic() - began

    def translate(lines: list[str]) -> list[str]:
        if given.engine is not None:
            return evaluation.engine_translations(folder, lines, beams=given.beams, precision=given.engine)
        return evaluation.translate(model, tokenizer, lines, beams=given.beams, length_penalty=given.length_penalty)

    if given.text is not None:
        print("\n".join(translate(given.text.read_text(encoding="utf-8").splitlines())))
    if given.test is None:
        return
    french, english = (p.read_text(encoding="utf-8").splitlines()[: given.first] for p in given.test)
    chosen = {"all": slice(None), "odd": slice(0, None, 2), "even": slice(1, None, 2)}[given.part]
    french, english = french[chosen], english[chosen]
    began = time.monotonic()
    made = translate(french)
    spent = time.monotonic() - began
    for source, target in list(zip(french, made, strict=True))[: given.show]:
        print(f"  {source}\n  -> {target}")
    felt = evaluation_figures.figures(french, made, english)
    result = {
        "lines": len(french),
        "beams": given.beams,
        "bleu": round(evaluation.bleu(made, english), 2),
        "chrf": round(evaluation.chrf(made, english), 2),
        "repeats_percent": round(100 * felt.repeats, 1),
        "copies_percent": round(100 * felt.copies, 1),
        "wrong_numbers_percent": round(100 * felt.wrong_numbers, 1),
        "names_kept_percent": round(100 * felt.names_kept, 1),
        "empty_percent": round(100 * felt.empty, 1),
        "load_seconds": round(loaded, 2),
        "source_words_a_second": round(sum(len(line.split()) for line in french) / spent, 1),
    }
    if given.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name.replace('_', ' '):24} {value}")
    print("\nPublished BLEU on FLORES-200 dev, French to English:")
    for name, score in PUBLISHED.items():
        print(f"{name:24} {score}")


if __name__ == "__main__":
    main()
