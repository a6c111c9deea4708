"""The abstractive summary: a model reads the whole translation in chunks, then its own summaries, until they fit."""

import math
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from worker.engine.interface import DecodeOptions, Engine, Output, Role
from worker.summary.candidates import sentence_groups
from worker.summary.chunks import Chunk, make_chunks
from worker.summary.evidence import EvidenceIndex
from worker.summary.extractive import summarize_extractive
from worker.summary.facts import FactIndex
from worker.summary.records import Coverage, Flag, Method, Mode, Sentence, Summary, SummarySentence
from worker.summary.sentences import ELLIPSIS, count_words, cut_sentence, has_words, is_finished, split_sentences
from worker.summary.steps import Steps, plan_steps
from worker.summary.terms import letters_of
from worker.summary.verification import replace_doubtful
from worker.text.loops import passage_twice, repetition

#: Most rounds over the text; each but the last shortens it to about a third or less.
MAX_ROUNDS = 8
#: A round that leaves more of the words than this has not reduced anything.
MAX_LEFT = 0.9
#: Fewest words that a chunk's summary is given room for.
MIN_CHUNK_WORDS = 12
#: What a chunk is decoded again without, in tokens, where the model wrote nothing on it or ran in circles.
NO_REPEAT = 3

_SPACED_END = re.compile(r"\s+([.!?])\s+|<n>")  # as models trained on CNN/DailyMail and Pegasus write it
#: A last character that calls for more to follow.
_OPEN_ENDS = ",;:–—-/("
_SPACED_MARK = re.compile(r"\s+([.,!?;:])(?=\s|$)")


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    flags: tuple[Flag, ...] = ()


def summarize_abstractive(
    engine: Engine,
    job_id: str,
    sentences: Sequence[Sentence],
    *,
    max_words: int,
    strict: bool = False,
    title: str | None = None,
    on_progress: Callable[[int], None] | None = None,
    wait: Callable[[Future[Output]], Output] = Future.result,
) -> Summary:
    """Has the engine's summarizer write a summary of all translated segments, of at most `max_words` words.

    Chunks of whole sentences that fit the model are summarised (map), then the summaries together (reduce), until one
    input is left or they fit as they are. A round that shortens nothing, or the eighth, ends that: the most central
    sentences of what there is are chosen, and `reduced` is false. An unfinished last sentence is dropped, or cut at a
    clause and flagged `CUT` where it is the only one. Where the model has no word to say on a chunk, or repeats itself more
    than the chunk does, the chunk is decoded once more without repeats; where that is no better, sentences of the
    chunk stand in, flagged `SELECTED`. Each sentence is traced to the segments that support it best, and flagged
    `UNSUPPORTED` where it states numbers or names that no segment has, nor `title` (the article's, in its language and in
    English, or one of them). With `strict`, such a sentence, and one with less support than
    `worker.summary.verification.MIN_SUPPORT`, gives way to the translated sentence that supports it best, flagged
    `REPLACED`, or to nothing.

    `on_progress` is called in this thread after each chunk with the steps done, of `plan_steps("abstractive",
    len(sentences))`. `wait` gives the result of one of the engine's futures. What either raises passes through; what is
    still queued then is the caller's to cancel. Raises `ValueError` where the engine has no summarizer
    or `max_words` is under 1.
    """
    if max_words < 1:
        raise ValueError(f"A summary needs room for at least one word, not {max_words}.")
    info = engine.info(Role.SUMMARIZER)
    if info is None:
        raise ValueError("The engine has no summarizer.")
    steps = Steps(plan_steps(Mode.ABSTRACTIVE, len(sentences)), on_progress)
    groups = [group for group in sentence_groups(sentences) if any(has_words(sentences[i].target) for i in group)]
    texts = [" ".join(sentences[index].target for index in group) for group in groups]
    read: set[int] = set()
    first_chunks = rounds = 0
    reduced = True
    lines: list[_Line] = []
    while texts:
        chunks = make_chunks(engine, texts, info.max_source_tokens)
        before = sum(map(count_words, texts))
        lines = _summarize_chunks(engine, job_id, chunks, max_words, steps, wait)
        rounds += 1
        if rounds == 1:
            first_chunks = len(chunks)
            read = {index for chunk in chunks for origin in chunk.origins for index in groups[origin]}
        texts = [line.text for line in lines]
        after = sum(map(count_words, texts))
        if after <= max_words or len(chunks) == 1:
            break
        if after > before * MAX_LEFT or rounds == MAX_ROUNDS:
            reduced = False
            break
    lines = _within(lines, max_words) if reduced else _most_central(lines, max_words)
    written = _traced(lines, sentences, title)
    if strict:
        written = replace_doubtful(written, sentences, max_words)
    steps.finish()
    return Summary(
        mode=Mode.ABSTRACTIVE,
        method=Method.MAP_REDUCE,
        text=" ".join(sentence.text for sentence in written),
        sentences=written,
        coverage=Coverage(len(read), len(sentences), chunks=first_chunks, rounds=rounds),
        reduced=reduced,
    )


def _traced(lines: Sequence[_Line], sentences: Sequence[Sentence], title: str | None) -> tuple[SummarySentence, ...]:
    """The lines with their evidence, and with what they state that the article does not."""
    if not lines:
        return ()
    index = EvidenceIndex([sentence for sentence in sentences if has_words(sentence.target)])
    facts = FactIndex(sentences, title=title)
    written = []
    for line in lines:
        unsupported = facts.unsupported(line.text)
        flags = (*line.flags, Flag.UNSUPPORTED) if unsupported else line.flags
        written.append(SummarySentence(line.text, *index.trace(line.text), flags, unsupported))
    return tuple(written)


def _summarize_chunks(
    engine: Engine,
    job_id: str,
    chunks: Sequence[Chunk],
    max_words: int,
    steps: Steps,
    wait: Callable[[Future[Output]], Output],
) -> list[_Line]:
    """One round: the sentences that the model writes on each chunk, in order, each once."""
    steps.expect(len(chunks))
    words = sum(chunk.words for chunk in chunks) // len(chunks)
    wanted = min(max_words, max(MIN_CHUNK_WORDS, words // (2 if len(chunks) == 1 else 3)))
    options = _decode_options(chunks, wanted)
    futures = engine.submit(Role.SUMMARIZER, job_id, [chunk.tokens for chunk in chunks], options)
    without_repeats = replace(options, no_repeat_ngram=NO_REPEAT)
    tries: list[list[Future[Output]]] = []
    for chunk, future in zip(chunks, futures, strict=True):
        tries.append([future])
        if not _is_sound(chunk, wait(future)):
            tries[-1] += engine.submit(Role.SUMMARIZER, job_id, [chunk.tokens], without_repeats)
        steps.advance()
    found = [
        _best(chunk, [wait(future) for future in of_chunk]) or _lead(chunk, wanted)
        for chunk, of_chunk in zip(chunks, tries, strict=True)
    ]
    return _each_once([line for lines in found for line in lines])


def _is_sound(chunk: Chunk, output: Output) -> bool:
    """Whether an output says something, and does not repeat itself more than its chunk does."""
    return bool(_lines_of(output)) and not _is_circular(chunk, split_sentences(output.text))


def _is_circular(chunk: Chunk, texts: Sequence[str]) -> bool:
    """Whether sentences repeat, one after the other or each within itself, what the chunk does not."""
    given = chunk.tokens.text
    return repetition(given, " ".join(texts)) is not None or any(passage_twice(text, given) for text in texts)


def _best(chunk: Chunk, outputs: Sequence[Output]) -> list[_Line]:
    """The sentences, each once, of the last output in which they don't run in circles; none where all do."""
    for output in reversed(outputs):
        lines = _each_once(_lines_of(output))
        if lines and not _is_circular(chunk, [line.text for line in lines]):
            return lines
    return []


def _each_once(lines: Sequence[_Line]) -> list[_Line]:
    """Without the lines that an earlier one has letter by letter."""
    kept: dict[str, _Line] = {}
    for line in lines:
        kept.setdefault(letters_of(line.text), line)
    return list(kept.values())


def _decode_options(chunks: Sequence[Chunk], wanted: int) -> DecodeOptions:
    """Limits in tokens for `wanted` words, by the tokens that the chunks' own words take."""
    tokens = sum(len(chunk.tokens) for chunk in chunks)
    per_word = min(8.0, max(1.0, tokens / max(1, sum(chunk.words for chunk in chunks))))
    most = math.ceil(wanted * per_word * 1.1) + 4
    # A model that must write more than its input holds invents the rest.
    least = min(int(wanted * per_word * 0.4), min(len(chunk.tokens) for chunk in chunks) // 4)
    return DecodeOptions(max_new_tokens=most, min_new_tokens=least)


def _lines_of(output: Output) -> list[_Line]:
    """The finished sentences of an output; of an only, unfinished one the part up to its last clause end."""
    text = _SPACED_MARK.sub(r"\1", _SPACED_END.sub(r"\1" + "\n", output.text))
    texts = [text for text in split_sentences(text) if has_words(text)]
    if not texts or is_finished(texts[-1]):
        return [_Line(text) for text in texts]
    last = texts[-1]
    if not output.truncated and last[-1] not in _OPEN_ENDS:
        # The model ended here by itself; it just writes no full stop.
        return [*(_Line(text) for text in texts[:-1]), _Line(last + ".")]
    if len(texts) > 1:
        return [_Line(text) for text in texts[:-1]]
    cut = cut_sentence(last, max(1, count_words(last) - 1))
    if not is_finished(cut):
        cut = cut.rstrip(" " + _OPEN_ENDS) + ELLIPSIS
    return [_Line(cut, (Flag.CUT,))] if has_words(cut) else []


def _lead(chunk: Chunk, wanted: int) -> list[_Line]:
    """What stands in for a chunk's summary where the model wrote nothing usable: the most central sentences of the chunk."""
    lines = _most_central([_Line(text) for text in split_sentences(chunk.tokens.text)], wanted)
    return [replace(line, flags=(Flag.SELECTED, *line.flags)) for line in lines]


def _within(lines: Sequence[_Line], max_words: int) -> list[_Line]:
    """The first lines, as many as fit; the beginning of the first where not even that does."""
    kept: list[_Line] = []
    room = max_words
    for line in lines:
        room -= count_words(line.text)
        if room < 0:
            break
        kept.append(line)
    return kept or _most_central(lines[:1], max_words)


def _most_central(lines: Sequence[_Line], max_words: int) -> list[_Line]:
    """The lines that an extractive summary of them takes."""
    stand_ins = [Sentence(paragraph=0, segment=i, source="", target=line.text) for i, line in enumerate(lines)]
    summary = summarize_extractive(stand_ins, max_words=max_words)
    return [
        _Line(taken.text, tuple(dict.fromkeys((*lines[taken.evidence[0][1]].flags, *taken.flags))))
        for taken in summary.sentences
    ]
