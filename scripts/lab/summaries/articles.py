"""Articles with summaries that people wrote: French ones with their translation, one file each, and English ones as JSON lines.

A file has lines `key: value` (`kind`, `news`, `part`, `title`, `english`, then `summary` once or more), a blank line, and
paragraphs between blank lines. A paragraph has two lines for each sentence: the French one, and its translation after `= `,
or after `< ` where its beginning leans on what was said before: a pronoun, a possessive or a demonstrative up to the verb
stands for something that the sentence does not name, or a connective joins it to the one before. A noun with an article
("the bridge") does not count.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from worker.engine.interface import Vector
from worker.summary import Place, Sentence
from worker.summary.sentences import split_sentences

FOLDER = Path(__file__).parents[3] / "tests" / "data" / "summaries"
_KEYS = frozenset(["kind", "news", "part", "title", "english", "summary"])
_MARKS = ("= ", "< ")


@dataclass(frozen=True, slots=True)
class Article:
    """An article. `paragraphs` are of (source, English) sentences; in an English article both are the same.

    `late`: the news is not in the first sentences, as its writer judged. `tuning`: the defaults were chosen on it.
    `title` is in the language of the source, or None. `leaning` has `(paragraph, place)` of sentences that lean on what was
    said before, as a reader judged. `vectors`: the translator's, one for each sentence, or none at all.
    """

    name: str
    kind: str
    late: bool
    tuning: bool
    title: str | None
    references: tuple[str, ...]
    paragraphs: tuple[tuple[tuple[str, str], ...], ...]
    title_english: str | None = None
    leaning: frozenset[Place] = frozenset()
    vectors: tuple[Vector, ...] = field(default=(), compare=False, repr=False)

    def sentences(self, *, vectors: bool = True) -> list[Sentence]:
        """The article as the pipeline hands it to the summarisers, with its vectors or without."""
        drawn = iter(self.vectors if vectors else ())
        return [
            Sentence(paragraph=number, segment=place, source=source, target=target, vector=next(drawn, None))
            for number, pairs in enumerate(self.paragraphs)
            for place, (source, target) in enumerate(pairs)
        ]


def read_article(path: Path) -> Article:
    """Reads one file. Raises `ValueError`, with the file's name, where it is not as the module says."""
    blocks = path.read_text(encoding="utf-8").strip().split("\n\n")
    head: dict[str, list[str]] = defaultdict(list)
    for line in blocks[0].splitlines():
        key, _, value = line.partition(": ")
        if key not in _KEYS or not value:
            raise ValueError(f"{path.name}: no head line: {line}")
        head[key].append(value)
    if head.keys() != _KEYS or any(len(values) > 1 for key, values in head.items() if key != "summary"):
        raise ValueError(f"{path.name}: the head needs each of {', '.join(sorted(_KEYS))}, once but for summary")
    (news,), (part,) = head["news"], head["part"]
    if news not in ("first", "late") or part not in ("tuning", "heldout"):
        raise ValueError(f"{path.name}: news is first or late, part is tuning or heldout")
    return Article(
        name=path.stem,
        kind=head["kind"][0],
        late=news == "late",
        tuning=part == "tuning",
        title=head["title"][0],
        references=tuple(head["summary"]),
        paragraphs=tuple(_pairs(path.name, block.splitlines()) for block in blocks[1:]),
        title_english=head["english"][0],
        leaning=frozenset(
            (number, place)
            for number, block in enumerate(blocks[1:])
            for place, line in enumerate(block.splitlines()[1::2])
            if line.startswith(_MARKS[1])
        ),
    )


def _pairs(name: str, lines: Sequence[str]) -> tuple[tuple[str, str], ...]:
    sources, targets = lines[::2], lines[1::2]
    if len(sources) != len(targets) or not all(line.startswith(_MARKS) for line in targets):
        raise ValueError(f"{name}: a French line without a translation near: {lines[0]}")
    return tuple((source, target[2:]) for source, target in zip(sources, targets, strict=True))


def read_french(folder: Path = FOLDER) -> list[Article]:
    """All articles of a folder, by name."""
    return [read_article(path) for path in sorted(folder.glob("*.txt"))]


def read_english(path: Path) -> list[Article]:
    """Articles of a file of JSON lines with `id`, `text`, `summary`, maybe `alt_summaries`; every other one is for tuning."""
    articles = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        record = json.loads(line)
        paragraphs = [split_sentences(text) for text in record["text"].splitlines() if text.strip()]
        articles.append(
            Article(
                name=record["id"],
                kind="english",
                late=False,
                tuning=number % 2 == 0,
                title=None,
                references=(record["summary"], *record.get("alt_summaries", ())),
                paragraphs=tuple(tuple((text, text) for text in texts) for texts in paragraphs),
            )
        )
    return articles
