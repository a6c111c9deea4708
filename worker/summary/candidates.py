"""Candidates: the whole sentences that an extractive summary can be made of, and how fit each is to stand in one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.engine.interface import Vector
from worker.summary.leaning import leans
from worker.summary.records import Sentence
from worker.summary.sentences import MAX_WORD_CHARACTERS, count_words, has_words, is_finished, squeeze
from worker.summary.terms import letters_of

#: A sentence of fewer words has hardly a verb.
MIN_WORDS = 5

_PAIRS = (("«", "»"), ("“", "”"), ("(", ")"))
_QUOTED = re.compile(r"^[«“\"].*[»”\"][.!?…\s]*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence of the article, with all its segments.

    `members` are indices of its segments with a translation; `order` counts candidates from the article's start. `whole`
    says that it can stand in a summary; what is not whole is used only where nothing is. `leans` says that it opens as if
    something had been said before. `fitness`, above 0 and at most 1, multiplies its rank.
    """

    order: int
    members: tuple[int, ...]
    source: str
    target: str
    words: int
    opens_paragraph: bool
    whole: bool
    leans: bool
    fitness: float


def sentence_groups(sentences: Sequence[Sentence]) -> list[tuple[int, ...]]:
    """The indices of each sentence's segments: consecutive ones of a paragraph with the same `sentence` number."""
    groups: list[list[int]] = []
    for index, sentence in enumerate(sentences):
        before = sentences[index - 1] if index else None
        if (
            before is not None
            and sentence.sentence is not None
            and (before.paragraph, before.sentence) == (sentence.paragraph, sentence.sentence)
        ):
            groups[-1].append(index)
        else:
            groups.append([index])
    return [tuple(group) for group in groups]


def candidates_of(sentences: Sequence[Sentence]) -> list[Candidate]:
    """The candidates among translated segments, in the article's order.

    Consecutive segments of one paragraph with the same `sentence` number are one candidate. Left out: what has no letter in
    its translation ("***", figures alone) and what repeats an earlier candidate's source or translation, but for
    punctuation, case and accents; a whole repeat takes the place of an earlier one that is not whole.
    """
    found: dict[int, Candidate] = {}
    seen: dict[str, int] = {}
    paragraph: int | None = None
    for order, members in enumerate(sentence_groups(sentences)):
        parts = [sentences[index] for index in members]
        opens, paragraph = parts[0].paragraph != paragraph, parts[0].paragraph
        target = squeeze(" ".join(part.target for part in parts))
        source = squeeze(" ".join(part.source for part in parts))
        if not has_words(target):
            continue
        complete = all(part.complete and (part.target.strip() or not part.source.strip()) for part in parts)
        candidate = Candidate(
            order=order,
            members=tuple(index for index in members if sentences[index].target.strip()),
            source=source,
            target=target,
            words=count_words(target),
            opens_paragraph=opens,
            whole=complete and _is_whole(source, target),
            leans=leans(source) or leans(target),
            fitness=_fitness(source, target),
        )
        keys = [key for key in ("s" + letters_of(source), "t" + letters_of(target)) if len(key) > 1]
        earlier = next((seen[key] for key in keys if key in seen), None)
        if earlier is not None and (found[earlier].whole or not candidate.whole):
            continue
        slot = order if earlier is None else earlier
        found[slot] = candidate
        seen.update(dict.fromkeys(keys, slot))
    return sorted(found.values(), key=lambda candidate: candidate.order)


def pooled_vector(candidate: Candidate, sentences: Sequence[Sentence]) -> Vector | None:
    """The vector of a candidate: its pieces' mean, each weighted by its source's length; None if a piece has none."""
    parts = [sentences[index] for index in candidate.members]
    vectors = [part.vector for part in parts if part.vector is not None]
    if len(vectors) == 1 == len(parts):
        return vectors[0]
    if len(vectors) < len(parts) or len({vector.shape for vector in vectors}) != 1:
        return None
    weights = np.array([len(part.source) + 1 for part in parts], dtype=np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        mean = np.stack(vectors).astype(np.float32).T @ (weights / weights.sum())
    return np.asarray(mean, dtype=np.float32)


def _is_whole(source: str, target: str) -> bool:
    if not is_finished(source or target) or count_words(target) < MIN_WORDS:
        return False
    if max(map(len, target.split())) > MAX_WORD_CHARACTERS:
        return False
    letters = sum(character.isalpha() for character in target)
    return letters * 2 > len(target)


def _fitness(source: str, target: str) -> float:
    fitness = 1.0
    if any(source.count(left) != source.count(right) for left, right in _PAIRS) or source.count('"') % 2:
        fitness *= 0.5  # part of a longer quotation
    elif _QUOTED.match(source):
        fitness *= 0.7  # somebody's words, without saying whose
    if target.rstrip("\"'”’») ").endswith("?"):
        fitness *= 0.7
    return fitness
