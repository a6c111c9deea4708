"""What goes into a summary and what comes out of one: plain frozen records."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from worker.engine.interface import Vector

#: `(paragraph, segment)`: where a translated segment stands in the article, both counted from 0.
Place: TypeAlias = tuple[int, int]


class Mode(StrEnum):
    """Who words the summary."""

    EXTRACTIVE = "extractive"  # nobody: it is made of the translations of chosen segments
    ABSTRACTIVE = "abstractive"  # a model, which read the whole translation


class Method(StrEnum):
    """How the summary was made."""

    ENCODER_CENTRALITY = "encoder-centrality"  # segments ranked by the translator's encoder states
    TFIDF_CENTRALITY = "tf-idf-centrality"  # segments ranked by their words: the engine gave no vectors
    MAP_REDUCE = "map-reduce"  # a model summarised chunks, then its own summaries, until they fitted


class Flag(StrEnum):
    """What a reader should know of one summary sentence."""

    CUT = "cut"  # shorter than what it was taken from; the text ends in an ellipsis
    SELECTED = "selected"  # taken from the translation, because the model had nothing usable to say about it
    UNSUPPORTED = "unsupported"  # states a number or a name that the article does not have
    REPLACED = "replaced"  # taken from the translation, because what the model said was not borne out by the article


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One translated segment, as the summarisers see it.

    Segments come in the article's order. Where a sentence was too long for the translator, its pieces follow each other
    in one paragraph and share a `sentence` number (any number that its neighbours don't have); None means that the
    segment is a sentence by itself. `vector`, shape (width,), is the pooled encoder state of `source`, or None.
    `complete` is false for what should not stand in a summary: a headline, a fragment without final punctuation, a
    segment whose translation was flagged as bad. A piece that is fine is complete, although it has no final mark.
    """

    paragraph: int
    segment: int
    source: str
    target: str
    vector: Vector | None = field(default=None, compare=False, repr=False)
    complete: bool = True
    sentence: int | None = None

    @property
    def place(self) -> Place:
        """Where the segment stands."""
        return (self.paragraph, self.segment)


@dataclass(frozen=True, slots=True)
class SummarySentence:
    """One sentence of a summary, and the segments that it rests on.

    `evidence` is never empty and is in the article's order. `support`, 0 to 1, is the share of the sentence's content
    that the evidence holds: 1 where the sentence is a translation itself. `unsupported` are numbers and names, as they are
    written, that no segment of the article has; where there are some, the flag `UNSUPPORTED` says so.
    """

    text: str
    evidence: tuple[Place, ...]
    support: float
    flags: tuple[Flag, ...] = ()
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the article a summary has seen.

    `segments_read` of `segments_total` segments were ranked, or read by the model. A model reads all but lines without a
    letter; repeats, headlines and fragments are not ranked either. `chunks` counts the model's inputs over the article
    itself, `rounds` its passes, that one included; both are 0 without a model.
    """

    segments_read: int
    segments_total: int
    chunks: int = 0
    rounds: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary. `text` is its sentences joined by a space, and empty where the article holds no word to say.

    `reduced` is false where a model's summaries could not be brought down to `max_words` by the model itself, and
    sentences were chosen from them instead.
    """

    mode: Mode
    method: Method
    text: str
    sentences: tuple[SummarySentence, ...]
    coverage: Coverage
    reduced: bool = True

    def as_json(self, *, unsupported: bool = False) -> dict[str, Any]:
        """The summary as a job's result shows it: `mode`, `method`, `text`, `sentences` and `coverage`.

        With `unsupported`, each sentence has the list of that name too.
        """
        return {
            "mode": self.mode.value,
            "method": self.method.value,
            "text": self.text,
            "sentences": [
                {
                    "text": sentence.text,
                    "evidence": [list(place) for place in sentence.evidence],
                    "support": sentence.support,
                    "flags": [flag.value for flag in sentence.flags],
                    **({"unsupported": list(sentence.unsupported)} if unsupported else {}),
                }
                for sentence in self.sentences
            ],
            "coverage": {
                "segments_read": self.coverage.segments_read,
                "segments_total": self.coverage.segments_total,
                "chunks": self.coverage.chunks,
                "rounds": self.coverage.rounds,
                "reduced": self.reduced,
            },
        }
