"""Verification: what a strict summary does with sentences that the article does not bear out."""

from collections.abc import Sequence
from dataclasses import replace

from worker.summary.candidates import sentence_groups
from worker.summary.evidence import EvidenceIndex
from worker.summary.extractive import summarize_extractive
from worker.summary.leaning import leans
from worker.summary.records import Flag, Place, Sentence, SummarySentence
from worker.summary.sentences import count_words, has_words, squeeze
from worker.summary.terms import letters_of

#: A strict summary has no sentence with less support. A right sentence in other words may have as little.
MIN_SUPPORT = 0.15


def is_doubtful(line: SummarySentence) -> bool:
    """Whether a strict summary replaces the sentence."""
    return bool(line.unsupported) or line.support < MIN_SUPPORT


def replace_doubtful(
    lines: Sequence[SummarySentence], sentences: Sequence[Sentence], max_words: int
) -> tuple[SummarySentence, ...]:
    """The lines, with the best evidence of each doubtful one in its place, flagged `REPLACED`.

    Evidence is a whole translated sentence. One that the summary has already, or that does not fit into `max_words` beside
    the lines that stay, is left out, and so is a line without evidence. Where that leaves nothing, an extractive summary
    takes its place, all of it flagged `REPLACED`.
    """
    if not any(map(is_doubtful, lines)):
        return tuple(lines)
    index = EvidenceIndex([sentence for sentence in sentences if has_words(sentence.target)])
    translated = _Translated(sentences)
    kept = [line for line in lines if not is_doubtful(line)]
    room = max_words - sum(count_words(line.text) for line in kept)
    said = {letters_of(line.text) for line in kept}
    result: list[SummarySentence] = []
    for line in lines:
        if not is_doubtful(line):
            result.append(line)
            continue
        for place in index.strongest_first(line.text):
            found = translated.around(place)
            if found is None or count_words(found.text) > room or letters_of(found.text) in said:
                continue
            result.append(found)
            room -= count_words(found.text)
            said.add(letters_of(found.text))
            break
    return tuple(result) or _chosen(sentences, max_words)


class _Translated:
    """The article's whole translated sentences, by the places of their segments."""

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        self._sentences = sentences
        self._groups = {sentences[index].place: group for group in sentence_groups(sentences) for index in group}

    def around(self, place: Place) -> SummarySentence | None:
        """The sentence with that segment; None where it is no whole one, or leans on another."""
        members = [self._sentences[index] for index in self._groups[place]]
        text = squeeze(" ".join(member.target for member in members))
        source = squeeze(" ".join(member.source for member in members))
        if not all(member.complete for member in members) or leans(text) or leans(source):
            return None
        evidence = tuple(member.place for member in members if member.target.strip())
        return SummarySentence(text, evidence, 1.0, (Flag.REPLACED,))


def _chosen(sentences: Sequence[Sentence], max_words: int) -> tuple[SummarySentence, ...]:
    summary = summarize_extractive(sentences, max_words=max_words)
    return tuple(replace(line, flags=(Flag.REPLACED, *line.flags)) for line in summary.sentences)
