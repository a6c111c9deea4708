"""Pairs whose other side a model made, for text that has one side only.

Back-translation (Sennrich et al. 2016): English prose put into French by a reverse model teaches the forward one what English
looks like; what is learned to be said is people's. Distillation (Kim and Rush 2016): French put into English by a larger
model is easier to learn from for a small one than what people made of it.
"""

from __future__ import annotations

import lzma
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from scripts.lab.bundled import vocabulary
from scripts.lab.bundled.corpus import clean
from scripts.lab.bundled.evaluation import engine_translations
from scripts.lab.bundled.evaluation_figures import repeated

Language = Literal["french", "english"]

#: Lines that are translated, and written, at once.
_AT_ONCE = 4096


def one_side(paths: Iterable[Path], side: Language) -> Iterator[str]:
    """The lines of `.txt` and `.txt.xz` files, and one side of `.tsv.xz` files, cleaned; each once, in order."""
    seen: set[str] = set()
    for path in paths:
        opened = lzma.open if path.suffix == ".xz" else open
        with opened(path, "rt", encoding="utf-8", newline="\n") as lines:
            for line in lines:
                text = clean(line.split("\t")[side == "english"] if ".tsv" in path.suffixes else line)
                if text and text not in seen:
                    seen.add(text)
                    yield text


def translate(
    model: Path, paths: Sequence[Path], out: Path, *, into: Language, beams: int = 1, longest: int = 79, batch: int = 64
) -> int:
    """Writes `out` (`NAME.tsv.xz`, French TAB English): the lines of the files, with their translations by a Marian folder.

    Left out are lines of more than `longest` pieces, and translations that go in circles or are nothing; `prepare` filters the
    rest. Returns the number of pairs. `out` appears when it is whole.
    """
    if not out.name.endswith(".tsv.xz"):
        raise ValueError(f"{out} should end in .tsv.xz, as `prepare` wants it")
    tokenizer = vocabulary.load(model / "source.spm")
    lines = [
        line
        for line in one_side(paths, "english" if into == "french" else "french")
        if len(tokenizer.encode(line)) <= longest
    ]
    began, kept = time.monotonic(), 0
    unfinished = out.with_name(out.name + ".new")
    with lzma.open(unfinished, "wt", encoding="utf-8", newline="\n") as file:
        for start in range(0, len(lines), _AT_ONCE):
            part = lines[start : start + _AT_ONCE]
            made = engine_translations(model, part, beams=beams, precision="auto", batch=batch)
            for line, other in zip(part, made, strict=True):
                other = clean(other)
                if other and not (repeated(other) and not repeated(line)):
                    pair = (other, line) if into == "french" else (line, other)
                    file.write("\t".join(pair) + "\n")
                    kept += 1
            print(
                f"{time.monotonic() - began:6.0f} s  {start + len(part)} of {len(lines)} lines, {kept} pairs",
                flush=True,
            )
    os.replace(unfinished, out)
    return kept
