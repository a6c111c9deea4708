"""Sentences of French news text. docs/segmentation.md has the rules, and how well they and some libraries do.

One pass over the full stops, question marks, exclamation marks and ellipses of a paragraph: each either ends a sentence
or does not, judged by the word before it, by what follows, and by the quotation marks and brackets around it. Linear in
the length of the paragraph, but for a binary search per stop.
"""

from __future__ import annotations

import re
from bisect import bisect_left

from worker.text.abbreviations import (
    AFTER_ARTICLE,
    ARTICLES,
    BEFORE_NUMBER,
    ELIDED_STARTERS,
    HANGING,
    IN_NAMES,
    LETTERED,
    NEVER_LAST,
    STARTERS,
    UNITS,
)
from worker.text.document import BLANKS, Span
from worker.text.enclosures import Enclosure, enclosures
from worker.text.stops import (
    ADVERB,
    CAMEL,
    CLOCK,
    FOLLOWING,
    FORENAME,
    INITIALS,
    LAST_WORD,
    LIST_LETTER,
    MARKER,
    NUMBERED,
    OPENING,
    ROMAN,
    SPEAKER,
    STOP,
    TAGS,
    WORD,
)

#: A cut inside quotation marks leaves at least this many words of the quotation on either side.
WORDS_QUOTED = 3

#: How far, in characters, a decision looks back or ahead.
_REACH = 48

#: A paragraph of more characters is no headline.
_HEADLINE = 150


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
        self.words = [match.start() for match in WORD.finditer(text)]
        self.pairs = enclosures(text)
        self.closed_at = {pair.start: pair.end for pair in self.pairs}
        self.closing = {pair.end for pair in self.pairs if text[pair.end] == '"'}
        self.next_pair = 0
        self.item = 0  # the number of the last item of a list that runs on
        #: The pairs around the current place, each with whether its opening mark starts a sentence.
        self.around: list[tuple[Enclosure, bool]] = []

    def sentences(self) -> list[Span]:
        spans: list[Span] = []
        for match in STOP.finditer(self.text, self.start, self.end):
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
        return place - self.start <= 8 and not WORD.search(self.text, self.start, place)

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
        opening = OPENING.match(text, begin, min(begin + _REACH, self.end))
        lead = opening.end() if opening else begin
        if lead >= self.end:
            return False
        if not self._starts(lead):
            return text[begin] in "#@" and begin > after and bool(TAGS.match(text, begin, self.end))
        if begin == after and not match["tail"]:
            return self._glued(match.start(), begin)
        if text[begin] == "(" and lead == begin + 1 and not self._is_sentence(begin):
            return False
        if stop == ".":
            return self._full_stop(match.start(), lead, marked=lead > begin)
        if self._last_word(match.start()) in IN_NAMES and lead == begin:
            return self._begins(lead)
        if not any(mark in stop for mark in "!?‼⁇⁈⁉‽") and not match["tail"] and lead == begin:
            return self._last_word(match.start()).lower() not in HANGING
        return True

    def _starts(self, place: int) -> bool:
        """Whether a sentence can start with what stands at `place`."""
        text = self.text
        char = text[place]
        if char.isalpha():
            return not char.islower() or bool(CAMEL.match(text, place) or LIST_LETTER.match(text, place))
        if char.isdigit():
            return True
        # Emoji and other signs: they belong to what follows if that starts a sentence.
        following = WORD.search(text, place, min(place + 8, self.end))
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
        word = WORD.match(text, begin, min(begin + _REACH, self.end))
        if not word or not word[0][0].isupper() or text[word.end() : word.end() + 1] not in (" ", "\u00a0", "'", "’"):
            return False
        if len(word[0]) > 1 and not word[0][1:].islower():
            return False
        before = text[max(self.start, stop - _REACH) : stop].split(" ")[-1]
        if not before:
            return len(word[0]) > 1 and word[0] != "Net"
        return before[-1].islower() and len(self._last_word(stop)) > 1 and not set(before) & set("/@:._")

    def _last_word(self, stop: int) -> str:
        found = LAST_WORD.search(self.text[max(self.start, stop - _REACH) : stop])
        return found[0] if found else ""

    def _full_stop(self, stop: int, lead: int, *, marked: bool) -> bool:
        """Whether a single full stop ends a sentence. `marked`: a dash or a mark of quotation follows."""
        text, last = self.text, self._last_word(stop)
        before = text[max(self.start, stop - len(last) - _REACH) : stop - len(last)].rstrip(BLANKS)
        if self._is_item(stop, last, before):
            return False
        if self._is_kicker(stop, lead) or self._is_headline(stop, lead) or self._is_speaker(stop, lead):
            return False
        if stop - self.start <= _REACH and NUMBERED.match(text, self.start, stop):
            return False
        digit = text[lead].isdigit()
        if last in UNITS and before[-1:].isdigit() and not digit:
            return last != "M" or self._begins(lead)
        if last == "M" and FORENAME.search(before):  # ``Éric M. Il nie``: a name that was made short, not a title
            return not digit and self._begins(lead)
        if last in NEVER_LAST or (last in AFTER_ARTICLE and self._follows_article(stop - len(last))):
            return False
        if last in BEFORE_NUMBER and (
            digit or text[lead + 1 : lead + 2] in (".", "-") or ROMAN.match(text, lead, self.end)
        ):
            return False
        if last in ("h", "min") and before[-1:].isdigit() and CLOCK.match(text, lead, self.end):
            return False
        if last == "al" and text[lead - 1 : lead] == "(":
            return False
        if last in IN_NAMES and not marked:
            return not digit and self._begins(lead)
        if INITIALS.match(last) and last.isupper() and (len(last) == 1 or "." in last):
            if marked and text[lead - 1] != "(":
                return True
            return not digit and self._after_initial(last, before, lead)
        return True

    def _is_item(self, stop: int, last: str, before: str) -> bool:
        """Whether `last` numbers what follows: first in its sentence, after a colon, or next in a list that runs on."""
        opens = self._leads(stop - len(last)) or before.endswith((":", ";"))
        number = int(last) if last.isascii() and last.isdigit() and len(last) < 4 else 0
        if opens and (MARKER.match(last) or (INITIALS.match(last) and "." in last)):
            self.item = number
            return True
        if number and number == self.item + 1 and before.endswith((",", ")")):
            self.item = number
            return True
        return False

    def _is_kicker(self, stop: int, lead: int) -> bool:
        """A few words in capitals that open a paragraph: ``EN DIRECT. Guerre en Ukraine``."""
        if self.start != self.first or stop - self.first > _REACH:
            return False
        head = self.text[self.first : stop]
        return sum(map(str.isalpha, head)) > 1 and head.isupper() and not self.text[lead : lead + 4].isupper()

    def _is_headline(self, stop: int, lead: int) -> bool:
        """A word or two that open a headline, which is short and has no other stop: ``Météo. Orages attendus``."""
        if self.start != self.first or stop - self.first > _REACH or self.end - self.first > _HEADLINE:
            return False
        return len(self.text[self.first : stop].split()) <= 2 and not STOP.search(self.text, lead, self.end)

    def _is_speaker(self, stop: int, lead: int) -> bool:
        """A name and a dash that open a paragraph: ``Jeanne Moreau. – J'ai toujours…``."""
        if (
            self.start != self.first
            or stop - self.first > _REACH
            or not any(map("–—―".__contains__, self.text[stop:lead]))
        ):
            return False
        return bool(SPEAKER.match(self.text, self.first, stop))

    def _follows_article(self, place: int) -> bool:
        """Whether the sentence has but an article before `place`."""
        return self.text[self.start : min(place, self.start + 4)].strip().lower() in ("le", "la", "l'", "l’")

    def _begins(self, lead: int) -> bool:
        """Whether the word at `lead` is one that starts sentences, and no name."""
        following = FOLLOWING.match(self.text, lead, min(lead + _REACH, self.end))
        if not following:
            return True
        word, apostrophe, letter = following.groups()
        if apostrophe:
            return word in ELIDED_STARTERS or (word in ARTICLES and letter.islower())
        return word in STARTERS or (word in ARTICLES and letter.islower()) or bool(ADVERB.match(word))

    def _after_initial(self, last: str, before: str, lead: int) -> bool:
        """Whether what stands at `lead` starts a sentence rather than the name that an initial belongs to."""
        if last == "J.-C" and before.lower().endswith(("av.", "apr.", "avant", "après", "ap.")):
            return True
        if len(last) == 1 and before.rsplit(" ", 1)[-1] in LETTERED and self.text[lead + 1 : lead + 2] != ".":
            return True
        return self._begins(lead)
