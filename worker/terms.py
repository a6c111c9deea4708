"""Terms whose translation is not the model's to choose: a glossary's, what is to be kept, and placeholders.

The model sees the sentence as it stands first. Where it did not use the wanted words it sees the sentence again with a name
such as ``Zq1`` in place of each term (names go through translation models as they are), and if that does not come back
either, the sentence is translated around the terms. docs/glossary.md has what that brings.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

#: What programs put into texts to be filled in: ``{name}``, ``{{name}}``, ``%s``, ``%(count)d``, ``%1$s``, ``${VAR}``,
#: ``$AMOUNT``; and runs of characters that are too long for a word and are no address.
_PLACEHOLDER = re.compile(
    r"\{\{[^{}\n]{0,60}\}\}|\$\{[^{}\n]{1,60}\}|\{\w{0,60}\}|%\(\w{1,60}\)[sdif]|%\d?\$?[sd](?![^\W_])|\$[A-Z][A-Z_]{2,40}(?!\w)"
    r"|(?<!\S)(?!https?:|www\.)[!-~]{61,}(?!\S)"
)
_TOKEN = re.compile(r"\w+|[^\w\s]")
_ELIDED = re.compile(r"(?<!\w)(?:[ldnsjcmt]|qu|lorsqu|puisqu|jusqu|quoiqu)['’]$", re.IGNORECASE)
#: Words and signs of a term that count at most.
TERM_TOKENS = 60
#: What stands in for the n-th term of a sentence.
_MASK = "Zq{}"
_MASKED = re.compile(r"(?<!\w)Zq(\d+)(?!\w)", re.IGNORECASE)
#: Endings that an inflected English word may have beyond the wanted one.
_INFLECTED = r"(?:s|es|ed|d|ing|'s|’s)?"


@dataclass(frozen=True, slots=True)
class Term:
    """A French term and the English that is wanted for it. Any case of its letters is the same term.

    `inflect`: plural forms count as the term, and the model may inflect the English. `kept`: the term stays as it is
    written in the article, letter by letter. `named`: somebody asked for it; placeholders are found unasked.
    """

    source: str
    target: str
    inflect: bool = False
    kept: bool = False
    named: bool = True


@dataclass(frozen=True, slots=True)
class Use:
    """Where a term stands in a text, in characters, and what is wanted in its place."""

    start: int
    end: int
    term: Term
    wanted: str


class TermFinder:
    """Finds terms in texts, the longest first where several begin at one place, and placeholders, which are kept.

    Time is linear in the text, whatever the number of terms.
    """

    def __init__(self, terms: Sequence[Term] = ()) -> None:
        self._tries = [_Node(), _Node()]
        for term in terms:
            self._tries[term.inflect].add(term)

    @classmethod
    def of_request(cls, glossary: Mapping[str, tuple[str, bool]], keep: Sequence[str]) -> TermFinder:
        """For a request: `glossary` gives for each term its translation and whether it may be inflected."""
        kept = [Term(term, term, kept=True) for term in keep]
        return cls([*kept, *(Term(term, target, inflect) for term, (target, inflect) in glossary.items())])

    def find(self, text: str) -> tuple[Use, ...]:
        """The uses of terms in `text`, in order; they don't overlap."""
        found: list[Use] = []
        for use in sorted(self._matches(text), key=lambda use: (use.start, use.start - use.end, not use.term.kept)):
            if not found or use.start >= found[-1].end:
                found.append(use)
        return tuple(found)

    def _matches(self, text: str) -> Iterator[Use]:
        for match in _PLACEHOLDER.finditer(text):
            yield _use(text, match.start(), match.end(), Term(match[0], match[0], kept=True, named=False))
        tries = [trie for trie in self._tries if trie.next]
        if not tries:
            return
        tokens = [(match[0].casefold(), match.start(), match.end()) for match in _TOKEN.finditer(text)]
        for place, (_, start, _) in enumerate(tokens):
            for trie in tries:
                node: _Node | None = trie
                for word, _, end in tokens[place : place + TERM_TOKENS]:
                    node = node.next.get(word) if node is not None else None
                    if node is None:
                        break
                    for term in node.terms:
                        if _is_written(term, text[start:end]):
                            yield _use(text, start, end, term)


class _Node:
    """A place in a tree of terms, by their words and signs."""

    __slots__ = ("next", "terms")

    def __init__(self) -> None:
        self.next: dict[str, _Node] = {}
        self.terms: list[Term] = []

    def add(self, term: Term) -> None:
        node = self
        for word in map(str.casefold, _TOKEN.findall(term.source)):
            after = node.next.get(word) or _Node()
            for form in (word, word + "s", word + "x", word + "es") if term.inflect else (word,):
                node.next.setdefault(form, after)
            node = after
        if node is not self:
            node.terms.append(term)


def unmet(uses: Sequence[Use], target: str) -> tuple[Use, ...]:
    """The uses whose wanted words `target` has not, or not as often as they are wanted."""
    missing: list[Use] = []
    for wanted, group in _grouped(uses).items():
        pattern = _target_pattern(group[0])
        count = len(pattern.findall(target)) if wanted else len(group)
        missing += group[count:]
    return tuple(sorted(missing, key=lambda use: use.start))


def mask(text: str, uses: Sequence[Use]) -> str:
    """`text` with a name in place of each use."""
    numbers = iter(range(1, len(uses) + 1))
    return "".join(part if isinstance(part, str) else _MASK.format(next(numbers)) for part in around(text, uses))


def substituted(text: str, uses: Sequence[Use]) -> str:
    """`text` with the wanted words in place of each use."""
    return "".join(part if isinstance(part, str) else part.wanted for part in around(text, uses))


def unmask(target: str, uses: Sequence[Use]) -> str | None:
    """`target` with the wanted words in place of the names; None unless it has each name exactly once."""
    if Counter(int(number) for number in _MASKED.findall(target)) != Counter(range(1, len(uses) + 1)):
        return None
    return _MASKED.sub(lambda match: uses[int(match[1]) - 1].wanted, target)


def unelided(part: str) -> str:
    """What stands before a term without an article that leans on the term: ``de l'`` is ``de ``."""
    return _ELIDED.sub("", part).rstrip() + " " if _ELIDED.search(part) else part


def around(text: str, uses: Sequence[Use]) -> list[str | Use]:
    """`text` cut at the uses: what stands between them, blanks and all, and they themselves, in order."""
    parts: list[str | Use] = []
    place = 0
    for use in uses:
        parts += text[place : use.start], use
        place = use.end
    return [part for part in [*parts, text[place:]] if part != ""]


def _use(text: str, start: int, end: int, term: Term) -> Use:
    return Use(start, end, term, text[start:end] if term.kept else term.target)


def _is_written(term: Term, text: str) -> bool:
    """Whether `text`, which has the term's words, has blanks where the term has, and capitals if the term is in capitals."""
    if term.source.isupper() and len(term.source) > 1 and text != term.source:
        return False
    return [bool(gap) for gap in _TOKEN.split(text)] == [bool(gap) for gap in _TOKEN.split(term.source)]


def _grouped(uses: Sequence[Use]) -> dict[str, list[Use]]:
    groups: dict[str, list[Use]] = {}
    for use in uses:
        groups.setdefault(use.wanted if use.term.kept else use.wanted.casefold(), []).append(use)
    return groups


def _target_pattern(use: Use) -> re.Pattern[str]:
    if use.term.kept:
        return re.compile(_bounded(use.wanted, re.escape(use.wanted)))
    body = r"\s+".join(re.escape(word) for word in use.wanted.split())
    if use.term.inflect:
        body = re.sub(r"y$", "(?:y|ie)", body) + _INFLECTED
    return re.compile(_bounded(use.wanted, body), re.IGNORECASE)


def _bounded(text: str, body: str) -> str:
    """No letter or digit may touch the pattern where it begins or ends with one itself."""
    before = r"(?<!\w)" if text[:1].isalnum() else ""
    after = r"(?!\w)" if text[-1:].isalnum() else ""
    return before + body + after
