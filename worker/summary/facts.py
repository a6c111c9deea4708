"""Facts: the numbers and names that a sentence states, and which of them the article has nowhere.

A check of words and not of meaning: it sees an invented number or name, not a true one in the wrong place.
docs/summaries.md has how often it is right.
"""

import re
from collections.abc import Iterator, Sequence

from worker.summary.nations import nation_of
from worker.summary.records import Sentence
from worker.summary.terms import STOP_WORDS, fold
from worker.text.acronyms import ENGLISH_ACRONYMS
from worker.text.numerals import ENGLISH_NUMERALS, FRENCH_NUMERALS, Numeral

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’]s?$")
_ELISION = re.compile(r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)['’](?=\w)", re.IGNORECASE)
#: After these a capital may open a sentence, a quotation or a title.
_OPENS = re.compile(r"(?:^|[.!?…:;]|[«“\"(\[–—])[\s«“\"'‘(\[]*$")
#: Capitalised words that name nothing.
_TITLES = frozenset(
    ["i", "mr", "mrs", "ms", "miss", "dr", "prof", "sir", "lady", "st", "no", "nos", "am", "pm", "god", "ok"]
)
#: Months that are common words as well: the article must have them with a capital.
_MONTHS = frozenset(["may", "march"])
#: Acronyms of no more letters may be words ("US", "WHO"): the article must have them in capitals.
_SHORT = 3
_SHORT_NATIONS = {"us": "america", "usa": "america", "uk": "britain", "eu": "europe"}
#: How plurals and words for people from a place end.
_ENDING = re.compile(r"(?:ians?|eans?|ans?|ia|ese|ish|ic|es|ns?|s|a)$")
#: Parts of a whole, which are another number than the one that counts them: "four fifths".
_FRACTION = re.compile(r"[ -](?:thirds|quarters|fourths|fifths|sixths|sevenths|eighths|ninths|tenths)\b", re.IGNORECASE)
_HOUR = re.compile(r"[ \u00a0\u202f]?(?:h(?:\b|(?=\d))|heures?\b|:\d\d)", re.IGNORECASE)
_AFTERNOON = re.compile(r"(?:[.:]\d\d)? ?p\.?m\b", re.IGNORECASE)
#: Characters after a number that are looked at.
_NEAR = 12
_STEM_LETTERS = 4
#: Fewest letters of initials that stand for a name in full.
_INITIALS = 2


class FactIndex:
    """The numbers and the words of an article's segments, source and translation alike, and of its title."""

    def __init__(self, sentences: Sequence[Sentence], *, title: str | None = None) -> None:
        self._values: set[float] = set()
        self._words: set[str] = set()
        self._capitals: set[str] = set()
        self._initials: set[str] = set()
        for sentence in sentences:
            for text in (sentence.source, sentence.target):
                self._read(text)
        self._read(title or "")
        self._stems = {_stem(word) for word in self._words}
        self._nations = {nation_of(word) for word in self._words} - {None}

    def _read(self, text: str) -> None:
        for numerals in (ENGLISH_NUMERALS, FRENCH_NUMERALS):
            for numeral in numerals.find(text):
                for value in numeral.values:
                    self._values.update(_same(value, text[numeral.end : numeral.end + _NEAR]))
        for match in _WORD.finditer(text):
            written = _unelided(match[0])
            word = _bare(written)
            if word not in _MONTHS or written[0].isupper():
                self._words.add(word)
            if written.isupper():
                english = ENGLISH_ACRONYMS.get(written, frozenset())
                self._words |= english
                self._capitals |= {word, *english}
        self._initials.update(initials for run in _capital_runs(text) for initials in _initials_of(run))

    def unsupported(self, text: str) -> tuple[str, ...]:
        """The numbers and names of an English sentence that no segment has, as they are written, each once, in order.

        Numbers are compared by what they are worth ("twenty" is 20, "1.5 million" 1,500,000), "one", "first", fractions and
        the like are not looked at. Names are words with a capital, but for the first one of a sentence or a quotation, and
        acronyms; without accents, and a people's name counts for its country's.
        """
        found = [(numeral.start, numeral.written) for numeral in _numerals_of(text) if not self._has_number(numeral)]
        taken = [(numeral.start, numeral.end) for numeral in _numerals_of(text)]
        for match in _names_of(text):
            inside = any(start <= match.start() < end for start, end in taken)
            if not inside and not self._has_name(match[0]):
                found.append((match.start(), _POSSESSIVE.sub("", match[0])))
        return tuple(dict.fromkeys(written for _, written in sorted(found)))

    def _has_number(self, numeral: Numeral) -> bool:
        return not self._values.isdisjoint(numeral.values) or (
            not numeral.values and fold(numeral.written) in self._words
        )

    def _has_name(self, name: str) -> bool:
        word = _bare(name)
        if name.isupper():  # "US" is not "us"
            if word in self._initials or word in self._capitals or _SHORT_NATIONS.get(word) in self._nations:
                return True
            return len(word) > _SHORT and word in self._words
        return word in self._words or word in _TITLES or _stem(word) in self._stems or nation_of(word) in self._nations


def _numerals_of(text: str) -> Iterator[Numeral]:
    """The numbers that a sentence states: all in digits, and those in words from two on that can mean nothing else."""
    for numeral in ENGLISH_NUMERALS.find(text):
        small = numeral.written.lower()
        if numeral.in_digits:
            if text[max(0, numeral.start - 1) : numeral.start].isalpha():
                continue
        elif small in ENGLISH_NUMERALS.others or small in ENGLISH_NUMERALS.ordinals or numeral.values <= {0.0, 1.0}:
            continue
        elif small in ENGLISH_NUMERALS.magnitudes or small in ENGLISH_NUMERALS.hundreds:
            continue  # "millions of people"
        elif _FRACTION.match(text, numeral.end):
            continue
        yield numeral


def _same(value: float, after: str) -> Iterator[float]:
    """What a number of the article may have become: an hour after noon one before it or the other way, a year its decade."""
    yield value
    if 12 < value <= 24 and _HOUR.match(after):
        yield value - 12
    if value < 12 and _AFTERNOON.match(after):
        yield value + 12
    if 1900 <= value < 2100 and value % 10 == 0:
        yield value % 100


def _names_of(text: str) -> Iterator[re.Match[str]]:
    for match in _WORD.finditer(text):
        word = match[0]
        if not word[0].isupper() or (word.isupper() and len(word) == 1):
            continue
        opens = _OPENS.search(text[max(0, match.start() - 4) : match.start()]) is not None
        if (word.isupper() or not opens) and (word == "May" or word.isupper() or fold(word) not in STOP_WORDS):
            yield match


def _unelided(word: str) -> str:
    return _ELISION.sub("", word)


def _bare(word: str) -> str:
    return fold(_POSSESSIVE.sub("", _unelided(word)))


def _stem(word: str) -> str:
    stem = _ENDING.sub("", word)
    return stem if len(stem) >= _STEM_LETTERS else word


def _capital_runs(text: str) -> Iterator[list[str]]:
    """Runs of capitalised words, small joining words left out: "European Central Bank", "Bank of England"."""
    run: list[str] = []
    for match in _WORD.finditer(text):
        word = match[0]
        if word[0].isupper():
            run.append(word)
        elif fold(word) not in STOP_WORDS:
            if len(run) >= _INITIALS:
                yield run
            run = []
    if len(run) >= _INITIALS:
        yield run


def _initials_of(run: Sequence[str]) -> Iterator[str]:
    letters = "".join(word[0] for word in run[:8]).casefold()
    for start in range(len(letters)):
        for end in range(start + _INITIALS, len(letters) + 1):
            yield letters[start:end]
