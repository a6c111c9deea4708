"""An article's way: segments, translation, summary, result. Pure: the engine and the attempt are handed in."""

import time
from collections.abc import Sequence
from typing import Literal, Protocol

from service.contract.errors import Code, DepecheError
from service.contract.request import JobRequest, SummaryOptions
from service.contract.result import (
    Coverage,
    Model,
    Models,
    Result,
    Summary,
    TermUse,
    Timings,
)
from service.contract.states import Stage
from worker.assembly import assemble
from worker.engine.interface import Engine, ModelInfo, Role
from worker.feed import Feed
from worker.memory import Memory
from worker.plan import Route, make_plan
from worker.summary import Sentence, plan_steps, summarize_abstractive, summarize_extractive
from worker.terms import TermFinder, Use
from worker.text import badness
from worker.text.normal_forms import composed
from worker.translation import Translated, translate, wait_for

#: The badness of a translation from which it says something wrong, and not only less well.
_MISLEADING = 3


class Watch(Protocol):
    """What the pipeline tells and asks the attempt that it runs in."""

    def report(self, stage: Stage, done: int, total: int) -> None:
        """Progress, in segments over both stages."""

    def check(self) -> None:
        """Raises where the work should stop."""


def process(
    request: JobRequest,
    key: str,
    engine: Engine,
    watch: Watch,
    *,
    segment_tokens: int,
    queued_s: float,
    memory: Memory | None = None,
    feed: Feed | None = None,
) -> Result:
    """Translates and summarises one article. `key` is what the engine knows its segments by.

    `memory` has what earlier attempts translated, and keeps what this one does; `feed` tells listeners of it.

    Raises `DepecheError` where the job can't be done as asked, `EngineError` where the engine failed, and whatever
    `watch.check` raises.
    """
    translator, summarizer = engine.info(Role.TRANSLATOR), engine.info(Role.SUMMARIZER)
    mode = _summary_mode(request.summary, summarizer)
    if translator is None:
        raise DepecheError(Code.MODEL_FAILED, "The worker has no translation model.")
    began = time.monotonic()
    title = composed(request.title) if request.title is not None else None
    plan = make_plan(
        composed(request.text) if request.format == "text" else request.text,
        title,
        engine,
        segment_tokens=segment_tokens,
        terms=_terms(request),
        force=request.force,
        format=request.format,
    )
    wanted = [*plan.segments, *plan.phrases]
    steps = plan_steps(mode, len(plan.segments)) if mode != "none" else 0
    total = len(wanted) + steps
    watch.report(Stage.TRANSLATING, 0, total)
    if feed is not None:
        feed.open(plan)

    def check() -> None:
        watch.check()
        if feed is not None:
            feed.tell()

    outputs = translate(
        wanted,
        engine,
        key,
        check_attempt=check,
        on_draft=feed.put if feed is not None else lambda place, text: None,
        on_progress=lambda done: watch.report(Stage.TRANSLATING, done, total),
        memory=memory,
    )
    watch.check()
    translated, phrases = outputs[: len(plan.segments)], outputs[len(plan.segments) :]
    assembled = assemble(plan, translated, phrases)
    between = time.monotonic()
    summary = None
    if mode != "none":
        watch.report(Stage.SUMMARIZING, len(wanted), total)
        summary = _summarize(translated, mode, request, engine, key, watch, len(wanted), total)
    ended = time.monotonic()
    return Result(
        translation=assembled.translation,
        summary=summary,
        coverage=_coverage(request, translated),
        warnings=assembled.warnings,
        models=_models(translator, summarizer, summary),
        timings=Timings(
            queued_s=round(queued_s, 3),
            translate_s=round(between - began, 3),
            summarize_s=round(ended - between, 3),
        ),
        terms=_term_uses(translated),
        format=request.format,
    )


def _terms(request: JobRequest) -> TermFinder:
    glossary = {
        composed(term): (composed(entry.translation), entry.inflect) for term, entry in (request.glossary or {}).items()
    }
    return TermFinder.of_request(glossary, [composed(term) for term in request.keep or ()])


def _summary_mode(options: SummaryOptions, summarizer: ModelInfo | None) -> str:
    if options.mode == "auto":
        return "abstractive" if summarizer else "extractive"
    if options.mode == "abstractive" and summarizer is None:
        raise DepecheError(
            Code.SUMMARIZER_MISSING,
            "This worker has no abstractive model (DEPECHE_SUMMARIZER). Ask for the mode auto or extractive.",
        )
    return options.mode


def _sentence(item: Translated) -> Sentence:
    planned = item.planned
    return Sentence(
        paragraph=planned.paragraph or 0,
        segment=planned.segment,
        source=planned.source,
        target=item.target,
        vector=item.vector,
        complete=_is_complete(item),
        sentence=planned.sentence,
    )


def _is_complete(item: Translated) -> bool:
    """Whether a segment may stand in a summary: it is prose, and nothing that misleads is known of its translation."""
    return (
        item.planned.route in (Route.TRANSLATE, Route.ENGLISH)
        and badness(item.flags) < _MISLEADING
        and not item.truncated
    )


def _summarize(
    translated: Sequence[Translated],
    mode: str,
    request: JobRequest,
    engine: Engine,
    key: str,
    watch: Watch,
    done: int,
    total: int,
) -> Summary:
    sentences = [_sentence(item) for item in translated if item.planned.paragraph is not None]
    max_words, title = request.summary.max_words, request.title
    if mode == "extractive":
        draft = summarize_extractive(sentences, max_words=max_words, title=title)
    else:
        english = " ".join(item.target for item in translated if item.planned.paragraph is None)

        def on_progress(step: int) -> None:
            watch.report(Stage.SUMMARIZING, min(done + step, total), total)

        try:
            draft = summarize_abstractive(
                engine,
                key,
                sentences,
                max_words=max_words,
                strict=request.summary.strict,
                title=f"{title} {english}" if title else None,
                on_progress=on_progress,
                wait=lambda future: wait_for(future, watch.check),
            )
        except BaseException:
            engine.cancel(key)
            raise
    return Summary.model_validate(draft.as_json(unsupported=True))


def _coverage(request: JobRequest, translated: Sequence[Translated]) -> Coverage:
    return Coverage(
        segments_in=len(translated),
        segments_out=sum(bool(item.target.strip()) for item in translated),
        characters_in=len(request.text),
        truncated=any(item.truncated for item in translated),
        segments_repaired=sum(item.again for item in translated),
    )


def _term_uses(translated: Sequence[Translated]) -> list[TermUse]:
    """Every use of a term that the client named; placeholders are reported where something is wrong with them, as warnings."""
    return [
        TermUse(
            term=item.planned.source[use.start : use.end],
            translation=use.wanted,
            paragraph=item.planned.paragraph,
            segment=item.planned.segment,
            how=_how(item, use),
        )
        for item in translated
        for use in item.planned.uses
        if use.term.named
    ]


def _how(item: Translated, use: Use) -> Literal["model", "masked", "inserted", "missing"]:
    if use in item.missing:
        return "missing"
    if use in item.inserted:
        return "inserted"
    return "masked" if use in item.masked else "model"


def _models(translator: ModelInfo, summarizer: ModelInfo | None, summary: Summary | None) -> Models:
    model = None
    if summary is not None and summary.mode == "extractive":
        # No weights of its own: it ranks by the translator's states, or by words.
        model = Model(id=summary.method, revision=translator.revision)
    elif summary is not None and summarizer is not None:
        model = Model(id=summarizer.id, revision=summarizer.revision)
    return Models(translator=Model(id=translator.id, revision=translator.revision), summarizer=model)
