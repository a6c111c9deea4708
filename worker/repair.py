"""Second translations of what the first one got wrong: each segment is decoded in other ways, and the best output is kept.

What ran in circles is decoded with repeats forbidden. A term that did not come out as wanted is decoded behind a name, then
the sentence around it; a number, a name or an address that got lost is decoded behind a name, too. All else is decoded in
smaller pieces. docs/checks.md has what each of these mends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from enum import StrEnum

from worker.engine.interface import DecodeOptions, Engine, Output, Role, Tokens
from worker.plan import PlannedSegment
from worker.terms import Term, Use, around, mask, unelided, unmask, unmet
from worker.text import Flag, FlagCode, badness, check, needs_translation, split_all_to_fit
from worker.text.document import BLANKS
from worker.text.losses import losses
from worker.text.vocabulary import ENGLISH

#: How an output that ran in circles is decoded again.
WITHOUT_REPEATS = DecodeOptions(no_repeat_ngram=3)

#: Tokens of a piece at least, where a sentence is decoded in pieces.
_PIECE_TOKENS = 8

#: How bad it is, in the units of `badness`, that an output stopped at its limit.
_TRUNCATED = 6

#: Flags that say that an output ran in circles.
_CIRCLES = (FlagCode.REPEATED,)


class Way(StrEnum):
    """A way to decode a segment again."""

    WITHOUT_REPEATS = "without_repeats"
    MASKED = "masked"
    PIECES = "pieces"
    AROUND = "around"


@dataclass(frozen=True, slots=True)
class Draft:
    """A translation of one segment, and what is wrong with it. `inserted`: the terms that only stand in it because the
    sentence was translated around them, `masked`: those that only do because a name stood in for them. `way` is how it was
    decoded: None for the first translation."""

    output: Output
    flags: tuple[Flag, ...]
    missing: tuple[Use, ...]
    inserted: tuple[Use, ...] = ()
    masked: tuple[Use, ...] = ()
    way: Way | None = None

    @property
    def again(self) -> bool:
        """Whether it is not the first translation."""
        return self.way is not None

    @property
    def is_bad(self) -> bool:
        """Whether there is anything to mend."""
        return self.cost > (0, 0)

    @property
    def cost(self) -> tuple[int, int]:
        """What the better one of two drafts has less of."""
        return len(self.missing), badness(self.flags) + _TRUNCATED * self.output.truncated


@dataclass(frozen=True, slots=True)
class _Variant:
    """Inputs to decode, and how a translation is made of their outputs (None: it can't be)."""

    place: int
    way: Way
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
        self._bad: dict[int, Draft] = {}
        self._tried: set[int] = set()
        self._submitted: list[tuple[_Variant, Sequence[Future[Output]]]] = []

    def first(self, place: int, output: Output) -> Draft:
        """The first output for a segment as a draft."""
        return self._draft(place, output)

    def start(self, place: int, draft: Draft) -> None:
        """Hands a bad draft's second translation to the engine, which goes on with what else it has."""
        self._bad[place] = draft
        variants = list(self._second(place, draft))
        if not variants:
            self._tried.add(place)
            variants = list(self._third(place, draft))
        self._submit(variants)

    def finish(self) -> dict[int, Draft]:
        """Better drafts of those that were started, where there are any, by place. Raises what `wait` and the engine raise."""
        best = dict(self._bad)
        self._compare(best)
        left = [place for place, draft in best.items() if draft.is_bad and place not in self._tried]
        self._submit([variant for place in left for variant in self._third(place, best[place])])
        self._compare(best)
        return {place: draft for place, draft in best.items() if draft is not self._bad[place]}

    def _second(self, place: int, draft: Draft) -> Iterator[_Variant]:
        given, options = self._given(place), _options(draft)
        uses = self._with_losses(place, draft)
        if (draft.missing or len(uses) > len(self._segments[place].uses)) and "zq" not in given.lower():
            hidden = [mask(given, uses)]
            yield _Variant(
                place, Way.MASKED, hidden, options, lambda texts: unmask(texts[0], uses), masked=draft.missing
            )
        elif options is WITHOUT_REPEATS and not draft.missing:
            yield _Variant(place, Way.WITHOUT_REPEATS, [given], options, lambda texts: texts[0])

    def _third(self, place: int, draft: Draft) -> Iterator[_Variant]:
        if draft.missing:
            yield self._around(place, draft.missing)
        else:
            yield from self._pieces(place, _options(draft))

    def _with_losses(self, place: int, draft: Draft) -> tuple[Use, ...]:
        """The uses of terms in a segment, and with them what its translation has lost."""
        segment, given = self._segments[place], self._given(place)
        uses = list(segment.uses)
        for loss in losses(segment.expected, draft.output.text):
            start = given.find(loss.source)
            end = start + len(loss.source)
            if start >= 0 and all(use.end <= start or end <= use.start for use in uses):
                uses.append(Use(start, end, Term(loss.source, loss.target, named=False), loss.target))
        return tuple(sorted(uses, key=lambda use: use.start))

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

        yield _Variant(place, Way.PIECES, pieces, options, compose)

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

        inputs = [part.strip(BLANKS) for part in wanted]
        return _Variant(place, Way.AROUND, inputs, WITHOUT_REPEATS, compose, inserted=missing)

    def _submit(self, variants: Sequence[_Variant]) -> None:
        """Hands the variants to the engine. Inputs that are too long are left out."""
        model = self._engine.info(Role.TRANSLATOR)
        most = model.max_source_tokens if model is not None else 0
        tokens = iter(self._tokens([text for variant in variants for text in variant.inputs]))
        for variant in variants:
            rows = [next(tokens) for _ in variant.inputs]
            if all(len(row) <= most for row in rows):
                futures = self._engine.submit(Role.TRANSLATOR, self._job_id, rows, variant.options)
                self._submitted.append((variant, futures))

    def _compare(self, best: dict[int, Draft]) -> None:
        """Waits for what was submitted and puts into `best` what is better."""
        for variant, futures in self._submitted:
            outputs = [self._wait(future) for future in futures]
            text = variant.compose([output.text for output in outputs])
            if text is None:
                continue
            output = replace(
                self._bad[variant.place].output,
                text=text,
                tokens_out=sum(output.tokens_out for output in outputs),
                truncated=any(output.truncated for output in outputs),
            )
            draft = self._draft(variant.place, output)
            if draft.cost < best[variant.place].cost:
                best[variant.place] = replace(draft, inserted=variant.inserted, masked=variant.masked, way=variant.way)
        self._submitted.clear()

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
