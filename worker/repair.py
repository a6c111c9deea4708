"""Second translations of what the first one got wrong: each segment is decoded in other ways, and the best output is kept.

What ran in circles is decoded with repeats forbidden. A term that did not come out as wanted is decoded behind a name, then
the sentence around it. All else is decoded in smaller pieces. docs/checks.md has what each of these mends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from worker.engine.interface import DecodeOptions, Engine, Output, Role, Tokens
from worker.plan import PlannedSegment
from worker.terms import Use, around, mask, unelided, unmask, unmet
from worker.text import Flag, FlagCode, check, needs_translation, split_all_to_fit
from worker.text.document import BLANKS
from worker.text.vocabulary import ENGLISH

#: How an output that ran in circles is decoded again.
WITHOUT_REPEATS = DecodeOptions(no_repeat_ngram=3)

#: Tokens of a piece at least, where a sentence is decoded in pieces.
_PIECE_TOKENS = 8

#: Flags that say that an output ran in circles.
_CIRCLES = (FlagCode.REPEATED,)


@dataclass(frozen=True, slots=True)
class Draft:
    """A translation of one segment, and what is wrong with it. `inserted`: the terms that only stand in it because the
    sentence was translated around them, `masked`: those that only do because a name stood in for them. `again`: it is not the
    first translation."""

    output: Output
    flags: tuple[Flag, ...]
    missing: tuple[Use, ...]
    inserted: tuple[Use, ...] = ()
    masked: tuple[Use, ...] = ()
    again: bool = False

    @property
    def is_bad(self) -> bool:
        """Whether there is anything to mend."""
        return self.cost > (0, 0)

    @property
    def cost(self) -> tuple[int, int]:
        """What the better one of two drafts has less of."""
        return len(self.missing), len(self.flags) + self.output.truncated


@dataclass(frozen=True, slots=True)
class _Variant:
    """Inputs to decode, and how a translation is made of their outputs (None: it can't be)."""

    place: int
    inputs: Sequence[str]
    options: DecodeOptions
    compose: Callable[[Sequence[str]], str | None]
    inserted: tuple[Use, ...] = ()
    masked: tuple[Use, ...] = ()


class Repairs:
    """The second translations for one article. `wait` gives the result of one of the engine's futures."""

    def __init__(
        self, segments: Sequence[PlannedSegment], engine: Engine, job_id: str, wait: Callable[[Future[Output]], Output]
    ) -> None:
        self._segments = segments
        self._engine = engine
        self._job_id = job_id
        self._wait = wait

    def first(self, place: int, output: Output) -> Draft:
        """The first output for a segment as a draft."""
        return self._draft(place, output)

    def mend(self, drafts: Mapping[int, Draft]) -> dict[int, Draft]:
        """Better drafts, where there are any, by place. Raises what `wait` and the engine raise."""
        best = dict(drafts)
        for kinds in (self._second, self._third):
            bad = [place for place, draft in best.items() if draft.is_bad]
            variants = [variant for place in bad for variant in kinds(place, best[place])]
            for variant, draft in self._decoded(variants, drafts):
                if draft.cost < best[variant.place].cost:
                    best[variant.place] = draft
        return {place: draft for place, draft in best.items() if draft is not drafts[place]}

    def _second(self, place: int, draft: Draft) -> Iterator[_Variant]:
        given, options = self._given(place), _options(draft)
        uses = self._segments[place].uses
        if draft.missing and "zq" not in given.lower():
            yield _Variant(
                place, [mask(given, uses)], options, lambda texts: unmask(texts[0], uses), masked=draft.missing
            )
        if options is WITHOUT_REPEATS and not draft.missing:
            yield _Variant(place, [given], options, lambda texts: texts[0])
        elif not draft.missing:
            yield from self._pieces(place, options)

    def _third(self, place: int, draft: Draft) -> Iterator[_Variant]:
        if draft.missing:
            yield self._around(place, draft.missing)
        elif _options(draft) is WITHOUT_REPEATS:
            yield from self._pieces(place, WITHOUT_REPEATS)

    def _pieces(self, place: int, options: DecodeOptions) -> Iterator[_Variant]:
        """The segment in halves or smaller, cut at the ends of clauses."""
        given = self._given(place)
        limit = max(_PIECE_TOKENS, len(self._tokens([given])[0]) // 2 + 2)
        (spans,) = split_all_to_fit([given], lambda texts: [len(row) for row in self._tokens(texts)], limit)
        if len(spans) < 2:
            return
        pieces = [given[start:end] for start, end in spans]

        def compose(texts: Sequence[str]) -> str:
            return " ".join(_continued(piece, text) for piece, text in zip(pieces, texts, strict=True))

        yield _Variant(place, pieces, options, compose)

    def _around(self, place: int, missing: tuple[Use, ...]) -> _Variant:
        """The segment with its terms as they are wanted, and what stands between them by itself."""
        parts = around(self._given(place), self._segments[place].uses)
        followed = [*(isinstance(part, Use) for part in parts[1:]), False]
        parts = [
            unelided(part) if before_use and isinstance(part, str) else part
            for part, before_use in zip(parts, followed, strict=True)
        ]
        wanted = [part for part in parts if isinstance(part, str) and needs_translation(part)]

        def compose(texts: Sequence[str]) -> str:
            rest = iter(texts)
            written = []
            for part in parts:
                if isinstance(part, Use):
                    written.append(part.wanted)
                elif needs_translation(part):
                    lead, tail = part[: len(part) - len(part.lstrip(BLANKS))], part[len(part.rstrip(BLANKS)) :]
                    written.append(lead + _continued(part.strip(BLANKS), next(rest)) + tail)
                else:
                    written.append(part)
            return "".join(written)

        return _Variant(place, [part.strip(BLANKS) for part in wanted], WITHOUT_REPEATS, compose, inserted=missing)

    def _decoded(self, variants: Sequence[_Variant], first: Mapping[int, Draft]) -> Iterator[tuple[_Variant, Draft]]:
        """The variants' drafts, all decoded in the engine's batches. Inputs that are too long are left out."""
        model = self._engine.info(Role.TRANSLATOR)
        most = model.max_source_tokens if model is not None else 0
        tokens = iter(self._tokens([text for variant in variants for text in variant.inputs]))
        submitted = []
        for variant in variants:
            rows = [next(tokens) for _ in variant.inputs]
            if all(len(row) <= most for row in rows):
                futures = self._engine.submit(Role.TRANSLATOR, self._job_id, rows, variant.options)
                submitted.append((variant, futures))
        for variant, futures in submitted:
            outputs = [self._wait(future) for future in futures]
            text = variant.compose([output.text for output in outputs])
            if text is not None:
                output = replace(
                    first[variant.place].output,
                    text=text,
                    tokens_out=sum(output.tokens_out for output in outputs),
                    truncated=any(output.truncated for output in outputs),
                )
                draft = self._draft(variant.place, output)
                yield variant, replace(draft, inserted=variant.inserted, masked=variant.masked, again=True)

    def _draft(self, place: int, output: Output) -> Draft:
        segment = self._segments[place]
        finished = replace(output, text=segment.finished(output.text))
        flags = check(segment.expected, finished.text)
        return Draft(finished, tuple(flags), unmet(segment.uses, finished.text))

    def _given(self, place: int) -> str:
        tokens = self._segments[place].tokens
        if tokens is None:
            raise ValueError("a segment that is not translated can't be mended")
        return tokens.text

    def _tokens(self, texts: Sequence[str]) -> list[Tokens]:
        return self._engine.tokenize(Role.TRANSLATOR, texts)


def _options(draft: Draft) -> DecodeOptions:
    circles = draft.output.truncated or any(flag.code in _CIRCLES for flag in draft.flags)
    return WITHOUT_REPEATS if circles else DecodeOptions()


def _continued(source: str, target: str) -> str:
    """A piece's translation as a part of a sentence: without the capital and the stop that the piece does not have."""
    if source[:1].islower():
        word = target.split(" ", 1)[0]
        if word.lower() in ENGLISH and word != "I":
            target = target[:1].lower() + target[1:]
    if target.endswith(".") and not target.endswith("..") and source[-1:] not in ".!?…»”\"'’":
        target = target[:-1]
    return target
