"""What a succeeded job holds: the translation, the summary, and an account of what happened to the text."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Segment(_Record):
    """A sentence, or a piece of one, and its translation. `flags` are codes of `warnings`, or `already_english`."""

    source: str
    target: str
    flags: list[str] = []


class Paragraph(_Record):
    """A non-blank line of the article; of one with markup, a block of prose, such as a heading or the cell of a table."""

    source: str
    target: str
    segments: list[Segment]


class Translation(_Record):
    """`text` has the article's paragraphs in order, between exactly the separators, or in the markup, that it came with.

    Paragraphs are plain text: of an article with markup, the text of its blocks.
    """

    title: str | None
    text: str
    paragraphs: list[Paragraph]


class SummarySentence(_Record):
    """A sentence of the summary. `evidence` are `[paragraph, segment]` pairs; `support` is between 0 and 1.

    `flags`: `cut` where the text is shorter than what it was taken from, `selected` where it was taken from the translation
    because the model had nothing usable to say, `unsupported` where the numbers or names in `unsupported` are nowhere in the
    article, `replaced` where `summary.strict` put a sentence of the translation in the place of such a one.
    """

    text: str
    evidence: list[tuple[int, int]]
    support: float
    flags: list[str] = []
    unsupported: list[str] = []


class SummaryCoverage(_Record):
    """What the summary was made from: `segments_read` of `segments_total` segments.

    `chunks` and `rounds` count an abstractive model's inputs and passes; `reduced` is false where sentences had to be chosen
    because the model's own summaries stayed above the wanted length.
    """

    segments_read: int
    segments_total: int
    chunks: int
    rounds: int
    reduced: bool


class Summary(_Record):
    """`method` says how it was made, such as `encoder-centrality`."""

    mode: Literal["extractive", "abstractive"]
    method: str
    text: str
    sentences: list[SummarySentence]
    coverage: SummaryCoverage


class Coverage(_Record):
    """Counted from what went into the model and what came out. `truncated`: some output stopped at its limit.

    `segments_repaired` are those whose first translation failed a check and was replaced by a better one.
    """

    segments_in: int
    segments_out: int
    characters_in: int
    truncated: bool
    segments_repaired: int = 0


class Warning(_Record):
    """Something about one segment that a reader should know. `paragraph` is null for the title."""

    code: str
    paragraph: int | None
    segment: int
    detail: str


class TermUse(_Record):
    """A term of the glossary, or one to keep, where it stands in the article. `paragraph` is null for the title.

    `how`: `model` where the model wrote it as wanted, `masked` where it was hidden behind a name, `inserted` where the
    sentence was translated around it, which may read badly, `missing` where it is not in the translation.
    """

    term: str
    translation: str
    paragraph: int | None
    segment: int
    how: Literal["model", "masked", "inserted", "missing"]


class Model(_Record):
    """A model and the revision of its weights."""

    id: str
    revision: str


class Models(_Record):
    """Which models made the result; `summarizer` is null where none was needed."""

    translator: Model
    summarizer: Model | None


class Timings(_Record):
    """Seconds from admission to claim, and in each stage."""

    queued_s: float
    translate_s: float
    summarize_s: float


class Result(_Record):
    """The result of a job. `summary` is null where none was asked for. `format` is that of the translation's text."""

    translation: Translation
    summary: Summary | None
    coverage: Coverage
    warnings: list[Warning]
    models: Models
    timings: Timings
    terms: list[TermUse] = []
    format: Literal["text", "markdown", "html"] = "text"

    def to_json(self) -> bytes:
        """UTF-8 JSON, as the record keeps it and the interface shows it."""
        return self.model_dump_json().encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Result":
        """The inverse of `to_json`."""
        return cls.model_validate_json(data)
