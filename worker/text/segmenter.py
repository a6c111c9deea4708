"""Sentences of French news text. docs/segmentation.md has the rules, and how well they and some libraries do.

One pass over the full stops, question marks, exclamation marks and ellipses of a paragraph: each either ends a sentence
or does not, judged by the word before it, by what follows, and by the quotation marks and brackets around it. Linear in
the length of the paragraph, but for a binary search per stop.
"""

from __future__ import annotations

import re
from bisect import bisect_left

from worker.text.abbreviations import (
    ARTICLES,
    BEFORE_NUMBER,
    ELIDED_STARTERS,
    HANGING,
    NEVER_LAST,
    NUMBERED,
    STARTERS,
)
from worker.text.document import BLANKS, Span
from worker.text.enclosures import Enclosure, enclosures

#: A cut inside quotation marks leaves at least this many words of the quotation on either side.
WORDS_QUOTED = 3

#: How far, in characters, a decision looks back or ahead.
_REACH = 48

_SPACE = r"[ \t\u00a0\u2009\u202f]"
_STOP = re.compile(
    rf"""
    (?P<wide> [。！？｡؟۔।]++ [」』）»”")]*+ )
    |
    (?P<stop> [.!?…‼⁇⁈⁉‽]++ (?: {_SPACE}{{0,2}}+ (?: [!?…‼⁇⁈⁉‽]++ | \.{{2,}}+ ) )*+ )
    (?P<tail> (?: {_SPACE}{{0,2}}+ [»›”] | ["’')\]] | \[\d{{1,3}}\] | [¹²³⁰⁴-⁹]++ )*+
              (?: {_SPACE} \( (?! (?:\d{{1,2}}|[a-z]) \) ) [^().!?…]{{1,40}} \) (?! {_SPACE}* [.,;:!?…] ) )? )
    """,
    re.VERBOSE,
)
_OPENING = re.compile(
    r"""
    (?: \((?:\d{1,2}|[a-z])\) \s++
      | [\[(](?:…|\.\.\.)[\])] \s*+
      | [«“„‹"'‘’(\[「『¿¡•*\#@] \s*+
      | [–—―] \s*+ | --++ \s*+ | - \s++
    )*+
    """,
    re.VERBOSE,
)
_WORD = re.compile(r"[^\W_]+")
_LAST_WORD = re.compile(r"[^\s«“„\"(\[’'/]*\Z")
_INITIALS = re.compile(r"(?:[^\W\d_]\.?-?)*[^\W\d_]\Z")
_MARKER = re.compile(r"(?:\d{1,3}(?:\.\d{1,3})*|[IVXLC]{1,5}|[^\W\d_])\Z")
_NUMERAL = re.compile(r"(?:\d+|[IVXLC]+)\Z")
_LIST_LETTER = re.compile(r"[a-z]\)")
_CAMEL = re.compile(r"[a-z]{1,2}[A-Z]")
_FOLLOWING = re.compile(r"([^\W\d_]+)(['’]?)[\s\u00a0]*([^\W\d_]?)")


class FrenchSegmenter:
    """Cuts a French paragraph into sentences. It has no state: one serves every thread."""

    def split(self, paragraph: str) -> list[Span]:
        """Offsets of the sentences of `paragraph`, without their outer blanks; nothing but blanks lies between them."""
        start = len(paragraph) - len(paragraph.lstrip(BLANKS))
        end = len(paragraph.rstrip(BLANKS))
        if start >= end:
            return []
        return _Paragraph(paragraph, start, end).sentences()


class _Paragraph:
    """The work on one paragraph."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text, self.end = text, end
        self.start = start  # of the sentence under way
        self.first = start
        self.words = [match.start() for match in _WORD.finditer(text)]
        self.pairs = enclosures(text)
        self.closed_at = {pair.start: pair.end for pair in self.pairs}
        self.closing = {pair.end for pair in self.pairs if text[pair.end] == '"'}
        self.next_pair = 0
        #: The pairs around the current place, each with whether its opening mark starts a sentence.
        self.around: list[tuple[Enclosure, bool]] = []

    def sentences(self) -> list[Span]:
        spans: list[Span] = []
        for match in _STOP.finditer(self.text, self.start, self.end):
            after, begin = self._next(match.end())
            if begin >= self.end:
                break
            self._enter(match.start())
            if self._ends(match, after, begin) and self._may_cut(match.start(), after, begin):
                spans.append((self.start, after))
                self.start = begin
        spans.append((self.start, self.end))
        return spans

    def _next(self, after: int) -> tuple[int, int]:
        """Where the sentence that stops at `after` ends, and where the text goes on.

        A straight quotation mark between blanks belongs to the sentence if it closes a quotation.
        """
        begin = self._skip(after)
        if begin > after and begin in self.closing:
            return begin + 1, self._skip(begin + 1)
        return after, begin

    def _skip(self, place: int) -> int:
        while place < self.end and self.text[place] in BLANKS:
            place += 1
        return place

    def _enter(self, place: int) -> None:
        """Move to `place`: leave the pairs that end before it, enter those that start before it."""
        while self.next_pair < len(self.pairs) and self.pairs[self.next_pair].start < place:
            pair = self.pairs[self.next_pair]
            self.next_pair += 1
            self.around.append((pair, self._leads(pair.start)))
        self.around = [(pair, leads) for pair, leads in self.around if pair.end >= place]

    def _leads(self, place: int) -> bool:
        """Whether nothing but opening marks stands between the start of the sentence and `place`."""
        return place - self.start <= 8 and not _WORD.search(self.text, self.start, place)

    def _count(self, left: int, right: int) -> int:
        return bisect_left(self.words, right) - bisect_left(self.words, left)

    def _may_cut(self, stop: int, after: int, begin: int) -> bool:
        """Whether the pairs around the stop allow a cut between `after` and `begin`."""
        if not self._count(self.start, stop):
            return False
        for pair, leads in self.around:
            if pair.bracket:
                if not leads:
                    return False
            elif pair.end >= begin and (
                self._count(max(pair.start, self.start), stop) < WORDS_QUOTED
                or self._count(begin, pair.end) < WORDS_QUOTED
            ):
                return False
        return True

    def _ends(self, match: re.Match[str], after: int, begin: int) -> bool:
        """Whether the stop ends a sentence, by the word before it and what follows."""
        if match["wide"]:
            return self.text[begin].isalnum() and not self.text[begin].islower()
        text, stop = self.text, match["stop"]
        opening = _OPENING.match(text, begin, min(begin + _REACH, self.end))
        lead = opening.end() if opening else begin
        if lead >= self.end or not self._starts(lead):
            return False
        if begin == after and not match["tail"]:
            return self._glued(match.start(), begin)
        if text[begin] == "(" and lead == begin + 1 and not self._is_sentence(begin):
            return False
        if stop == ".":
            return self._full_stop(match.start(), lead, marked=lead > begin)
        if not any(mark in stop for mark in "!?‼⁇⁈⁉‽") and not match["tail"] and lead == begin:
            return self._last_word(match.start()).lower() not in HANGING
        return True

    def _starts(self, place: int) -> bool:
        """Whether a sentence can start with what stands at `place`."""
        text = self.text
        char = text[place]
        if char.isalpha():
            return not char.islower() or bool(_CAMEL.match(text, place) or _LIST_LETTER.match(text, place))
        if char.isdigit():
            return True
        # Emoji and other signs: they belong to what follows if that starts a sentence.
        following = _WORD.search(text, place, min(place + 8, self.end))
        return not char.isascii() and following is not None and text[following.start()].isupper()

    def _is_sentence(self, bracket: int) -> bool:
        """Whether the text in the bracket that opens at `bracket` has a stop of its own."""
        close = self.closed_at.get(bracket)
        if close is None:
            return True
        return self.text[close - 1] in ".!?…»”"

    def _glued(self, stop: int, begin: int) -> bool:
        """Whether a space is missing after the stop, as in ``parti.Elle est`` and unlike ``Data.gouv.fr``."""
        text = self.text
        word = _WORD.match(text, begin, min(begin + _REACH, self.end))
        if not word or not word[0][0].isupper() or text[word.end() : word.end() + 1] not in (" ", "\u00a0", "'", "’"):
            return False
        if len(word[0]) > 1 and not word[0][1:].islower():
            return False
        before = text[max(self.start, stop - _REACH) : stop].split(" ")[-1]
        if not before:
            return len(word[0]) > 1 and word[0] != "Net"
        return before[-1].islower() and len(self._last_word(stop)) > 1 and not set(before) & set("/@:._")

    def _last_word(self, stop: int) -> str:
        found = _LAST_WORD.search(self.text[max(self.start, stop - _REACH) : stop])
        return found[0] if found else ""

    def _full_stop(self, stop: int, lead: int, *, marked: bool) -> bool:
        """Whether a single full stop ends a sentence. `marked`: a dash or a mark of quotation follows."""
        text, last = self.text, self._last_word(stop)
        before = text[max(self.start, stop - len(last) - _REACH) : stop - len(last)].rstrip(BLANKS)
        opens = self._leads(stop - len(last)) or before.endswith((":", ";"))
        if opens and (_MARKER.match(last) or (_INITIALS.match(last) and "." in last)):
            return False
        if self._is_kicker(stop, lead) or self._is_numbered(last, before):
            return False
        digit = text[lead].isdigit()
        if last in NEVER_LAST:
            return last == "M" and before[-1:].isdigit()
        if last in BEFORE_NUMBER and (digit or text[lead + 1 : lead + 2] in (".", "-")):
            return False
        if last == "al" and text[lead - 1 : lead] == "(":
            return False
        if _INITIALS.match(last) and last.isupper() and (len(last) == 1 or "." in last):
            if marked and text[lead - 1] != "(":
                return True
            return not digit and self._after_initial(last, before, lead)
        return True

    def _is_kicker(self, stop: int, lead: int) -> bool:
        """A few words in capitals that open a paragraph: ``EN DIRECT. Guerre en Ukraine``."""
        if self.start != self.first or stop - self.first > _REACH:
            return False
        head = self.text[self.first : stop]
        return sum(map(str.isalpha, head)) > 1 and head.isupper() and not self.text[lead : lead + 4].isupper()

    def _is_numbered(self, last: str, before: str) -> bool:
        """``Art. 3.`` and the like at the start of a sentence."""
        name = before.rstrip(".")
        return name in NUMBERED and bool(_NUMERAL.match(last)) and self._count(self.start, self.start + len(before)) < 2

    def _after_initial(self, last: str, before: str, lead: int) -> bool:
        """Whether what stands at `lead` starts a sentence rather than the name that an initial belongs to."""
        if last == "J.-C" and before.lower().endswith(("av.", "apr.", "avant", "après", "ap.")):
            return True
        following = _FOLLOWING.match(self.text, lead, min(lead + _REACH, self.end))
        if not following:
            return True
        word, apostrophe, letter = following.groups()
        if apostrophe:
            return word in ELIDED_STARTERS or (word in ARTICLES and letter.islower())
        return word in STARTERS or (word in ARTICLES and letter.islower())
