"""From the corpus to packed data: select, learn the vocabulary, align, vary, pack. Done once; training reads the result."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from scripts.lab.bundled import (
    alignment,
    alignment_embedding,
    corpus,
    corpus_joining,
    corpus_packing,
    corpus_variants,
    vocabulary,
)
from scripts.lab.bundled.corpus import HELD_OUT, SOURCES, Pair, Source

_OTHER = Source(weight=0.5, licence="unknown")
#: Share of pieces with a link under which a pair is thought not to be a translation.
_FIT_MIN = 0.35
#: Chance that a merge is left out when a varied copy is cut into pieces (Provilkov et al. 2020).
_DROPPED_MERGES = 0.07
_ALIGNED_AT_MOST = 300_000


def _source(pair: Pair) -> Source:
    return SOURCES.get(pair.source, _OTHER)


def hold_out(pairs: Sequence[Pair], count: int, chance: random.Random) -> tuple[list[Pair], list[Pair]]:
    """`count` pairs of article prose (8 to 40 English words) and all the pairs that share no side with them."""
    prose = [p for p in pairs if p.source in HELD_OUT and 8 <= p.english.count(" ") + 1 <= 40]
    held = chance.sample(prose, min(count, len(prose)))
    gone = {p.french for p in held} | {p.english for p in held}
    return held, [p for p in pairs if p.french not in gone and p.english not in gone]


def vocabulary_lines(pairs: Sequence[Pair], chance: random.Random) -> list[str]:
    """Both sides of the pairs, prose several times and statutes and manuals in part, for the vocabulary to be learned from."""
    lines: list[str] = []
    for pair in pairs:
        weight = _source(pair).weight
        weight = weight if weight >= 0.7 else 0.35 * weight
        lines += [pair.french, pair.english] * (int(weight) + (chance.random() < weight % 1))
    return lines


def prepare(
    folders: Sequence[Path],
    out: Path,
    *,
    held_out: int = 400,
    pieces: int = 8192,
    longest: int = 79,
    width: int = 256,
    seed: int = 1,
    pieces_from: Path | None = None,
    reverse: bool = False,
) -> None:
    """Reads `*.tsv.xz` in the folders; writes vocabulary.model, train.npz, start.npy, held-out.tsv and summary.json into `out`.

    `pieces_from` is a vocabulary to keep (the `source.spm` of a model to go on from) in place of a new one. With `reverse` the
    data is for a model from English to French, for back-translation.
    """
    began = time.monotonic()
    chance = random.Random(seed)  # noqa: S311 # not a secret
    out.mkdir(parents=True, exist_ok=True)

    def say(what: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {what}", flush=True)

    dropped: Counter[str] = Counter()
    held, pairs = hold_out(list(corpus.select(corpus.read(folders), dropped)), held_out, chance)
    if not pairs:
        where = " and ".join(map(str, folders))
        raise ValueError(f"no usable pairs in {where}: there should be NAME.tsv.xz files, French TAB English")

    def sides(pair: Pair) -> tuple[str, str]:
        """Source and target."""
        return (pair.english, pair.french) if reverse else (pair.french, pair.english)

    (out / "held-out.tsv").write_text("".join("\t".join(sides(p)) + "\n" for p in held), encoding="utf-8")
    say(f"{len(pairs)} pairs kept, {sum(dropped.values())} dropped: {dict(dropped)}")

    if pieces_from is None:
        vocabulary.learn(vocabulary_lines(pairs, chance), out, size=pieces)
    else:
        shutil.copyfile(pieces_from, out / "vocabulary.model")
    tokenizer = vocabulary.load(out / "vocabulary.model")
    pieces = int(tokenizer.get_piece_size())
    say(f"vocabulary of {tokenizer.get_piece_size()} pieces")

    def ids(lines: Sequence[str]) -> list[list[int]]:
        encoded: list[list[int]] = tokenizer.encode(list(lines), out_type=int, num_threads=2)
        return encoded

    plain = list(zip(ids([sides(p)[0] for p in pairs]), ids([sides(p)[1] for p in pairs]), strict=True))
    short = [i for i, (s, t) in enumerate(plain) if 0 < len(s) <= 40 and 0 < len(t) <= 40]
    by_worth = sorted(short, key=lambda i: -_source(pairs[i]).weight + chance.random())[:_ALIGNED_AT_MOST]
    tables = alignment.learn([plain[i] for i in by_worth], pieces)
    say(f"alignment learned from {len(by_worth)} pairs")

    kept = [i for i, (s, t) in enumerate(plain) if 0 < len(s) <= longest and 0 < len(t) <= longest]
    found, fit = alignment.links(tables, [plain[i] for i in kept])
    good = [n for n, i in enumerate(kept) if fit[n] >= _FIT_MIN]
    rows = [plain[kept[n]] for n in good]
    links = [found[n] for n in good]
    weights = [_source(pairs[kept[n]]).weight / _source(pairs[kept[n]]).copies for n in good]
    say(f"{len(kept) - len(good)} pairs dropped for want of links")

    maker = corpus_variants.NameMaker(corpus_variants.names(pairs))
    originals = [pairs[kept[n]] for n in good for _ in range(_source(pairs[kept[n]]).copies - 1)]
    # Short everyday lines name few people over and over; they get other names in place, not as copies.
    again = [n for n, i in enumerate(good) if pairs[kept[i]].source == "tatoeba" and chance.random() < 0.6]
    varied = [corpus_variants.vary(p, maker, chance) for p in originals + [pairs[kept[good[n]]] for n in again]]
    cut: list[list[int]] = tokenizer.encode(
        [sides(p)[0] for p in varied], out_type=int, enable_sampling=True, alpha=_DROPPED_MERGES
    )
    fresh = list(zip(cut, ids([sides(p)[1] for p in varied]), strict=True))
    fresh_links, _ = alignment.links(tables, fresh)
    for n, pair in enumerate(varied):
        fits = 0 < len(fresh[n][0]) <= longest and 0 < len(fresh[n][1]) <= longest
        if n >= len(originals):
            if fits:
                rows[again[n - len(originals)]], links[again[n - len(originals)]] = fresh[n], fresh_links[n]
        elif fits:
            rows.append(fresh[n])
            links.append(fresh_links[n])
            weights.append(_source(pair).weight / _source(pair).copies)
    say(f"{len(varied)} varied copies")

    for name, source in SOURCES.items():
        short_lines = [n for n, i in enumerate(good) if source.joined and pairs[kept[i]].source == name]
        long_rows, long_links = corpus_joining.join(
            [rows[n] for n in short_lines], [links[n] for n in short_lines], chance, longest=longest
        )
        for n in short_lines:
            weights[n] /= 2
        # A long row that is drawn as often as one of the lines in it shows each of them as often.
        weights += [source.weight / source.copies / 2] * len(long_rows)
        rows, links = rows + long_rows, links + long_links
        if long_rows:
            say(f"{len(long_rows)} rows joined from {len(short_lines)} lines of {name}")

    source_counts = np.bincount(np.concatenate([s for s, _ in rows]), minlength=pieces)
    target_counts = np.bincount(np.concatenate([t for _, t in rows]), minlength=pieces)
    matrix = alignment_embedding.start(tables, source_counts, target_counts, width=width, seed=seed)
    np.save(out / "start.npy", matrix.to(torch.float16).numpy())
    np.save(out / "counts.npy", target_counts)
    packed = corpus_packing.pack([s for s, _ in rows], [t for _, t in rows], links, weights)
    corpus_packing.save(packed, out)
    summary = {
        "seed": seed,
        "reverse": reverse,
        "pairs": dict(Counter(p.source for p in pairs)),
        "dropped": dict(dropped),
        "rows": len(packed),
        "source_pieces": len(packed.source),
        "target_pieces": len(packed.target),
        "linked": round(float((packed.links != alignment.UNALIGNED).mean()), 3),
        "held_out": len(held),
    }
    (out / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    say(f"packed {len(packed)} rows, {len(packed.target)} target pieces, {summary['linked']} of them linked")
