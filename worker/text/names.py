"""What a translation should have letter by letter, or nearly: acronyms and codes, mentions and hashtags, quotation marks, and
signs of scripts that a French model may not know.

Capitals that English writes otherwise (``OTAN``, *NATO*) are told by a table, by their letters in another order, or by a
name in full whose initials they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from worker.text.abbreviations import words
from worker.text.acronyms import ENGLISH_ACRONYMS
from worker.text.normal_forms import normalized
from worker.text.numerals import roman_value
from worker.text.vocabulary import FRENCH, PARTICLES

#: Capitals: not the multiplication sign, which stands among them.
_UPPER = "A-ZÀ-ÖØ-Þ"
_CAPITALS = re.compile(
    rf"(?<![\w@#/.-])(?=[\w-]*[{_UPPER}]{{2}}|[A-Z]\d|[A-Z]+-\d)[{_UPPER}][{_UPPER}\d]*+(?:-\d+)?(?![\w.]*\w)"
)
_TITLED = re.compile(
    r"\b(?:M|MM|Mme|Mmes|Mlle|Dr|Me|Pr)\.?[ \u00a0]"
    rf"(?:[{_UPPER}]\.[ \u00a0]?){{0,4}}((?:[{_UPPER}][\w’'-]+[ \u00a0]?){{1,3}})"
)
_FULL = re.compile(
    rf"(?<![\w'’-])([{_UPPER}][a-zß-ÿ]+(?:-[{_UPPER}][a-zß-ÿ]+)*)[ \u00a0]"
    rf"(?:(?:de|von|van|bin|al|el|ben|da|di)[ \u00a0])?((?:[{_UPPER}][\w’'-]+[ \u00a0]?){{1,3}})(?!\w)"
)
#: Words that open a name of something that English translates, in small letters.
_TRANSLATED = words(
    """
    grand grande grands grandes petit petite saint sainte mont mer îles île lac golfe cap haut haute bas basse nouveau nouvelle
    opération parti prix coupe champion championnat ministre président premier première second seconde royaume union ligue
    le la les un une des au aux ce cette ces association organisation nations fédération cinq deux trois quatre six sept
    conseil cour tour banque musée place port pont rue avenue université école institut fonds groupe air radio europe france
    """
)
_MENTION = re.compile(r"(?<![\w/.&])[@#](?=\w*[^\W\d])\w{2,}")
_WORD = re.compile(r"[^\W_]+")
_MARKS = frozenset('«»“”„"‹›')
_APOSTROPHES = re.compile(r"(?<!\w)['‘‚](?=\w)|(?<=[\w.,!?…])['’](?!\w)|(?<!\w)['‘’](?!\w)")
#: Three words in capitals or more in a row are no acronyms, nor is a place before the dash or colon that opens a text.
_LOUD = re.compile(
    rf"(?<![{_UPPER}])[{_UPPER}]{{2,}}+(?:[\s,]++[{_UPPER}]{{2,}}+){{2,}}+|^[{_UPPER}][{_UPPER} -]+ ?[–—:]"
)
#: An acronym of more letters is a word in capitals.
_LONGEST = 6
#: How French and English spell the same sound in names from other alphabets.
_SOUNDS = (("tch", "ch"), ("ch", "sh"), ("ou", "u"), ("dj", "j"), ("y", "i"), ("k", "c"), ("w", "v"))
_RUN = re.compile(r"[^\x00-\u036f\u1e00-\u200c\u200e-\u218f]+")
_ROMAN = frozenset("IVXLCer")
_COMMON = FRENCH | PARTICLES
_LATIN = ("LATIN", "DIGIT", "COMBINING", "MODIFIER")


def missing_capitals(source: str, target: str) -> list[str]:
    """Acronyms and codes of `source` that `target` has not: each once, in order. A source in capitals has none."""
    if not _CAPITALS.search(source) or _is_shout(source):
        return []
    found = dict.fromkeys(match[0] for match in _CAPITALS.finditer(_LOUD.sub("", source)))
    names = {word.casefold() for word in re.findall(r"[^\W_][\w.&-]*", target)}
    names |= {word.casefold() for word in _WORD.findall(target)}
    folded = _folded(target)
    others = [Counter(word) for word in re.findall(r"[A-Z]{2,}", target)]
    initials = "".join(word[0] for word in _WORD.findall(target) if word[0].isupper())
    return [
        name
        for name in found
        if _folded(name) not in folded
        and not (name.isalpha() and (len(name) > _LONGEST or name.lower() in _COMMON))
        and not any(_is_alike(Counter(name), other) for other in others)
        and names.isdisjoint(ENGLISH_ACRONYMS.get(name, ()))
        and not (len(name) > 1 and name in initials)
        and roman_value(name) is None
    ]


def missing_names(source: str, target: str) -> list[str]:
    """Names of people in `source` that came out otherwise in `target`: each once, in order.

    A name after ``M.`` or ``Mme`` is one, and so is what follows a capitalised word that did come through. Accents don't count.
    """
    if _is_shout(source):
        return []
    wanted = dict.fromkeys(_last_word(match[1]) for match in _TITLED.finditer(source))
    there = _sound(target)
    for first, last in _full_names(source):
        if first.lower() not in _TRANSLATED and len(first) > 2 and _sound(first) in there:
            wanted[_last_word(last)] = None
    return [name for name in wanted if len(name) > 2 and not set(name) <= _ROMAN and _sound(name) not in there]


def _full_names(text: str) -> Iterator[tuple[str, str]]:
    """Capitalised words and the capitalised ones that follow on each; a word that opens a sentence may be none of a name."""
    match = _FULL.search(text)
    while match is not None:
        is_name = match[1].lower() not in _COMMON
        if is_name:
            yield match[1], match[2]
        match = _FULL.search(text, match.end() if is_name else match.start(2))


def missing_mentions(source: str, target: str) -> list[str]:
    """Mentions (``@name``) and hashtags of `source` that `target` has not, letter by letter: each once, in order."""
    found = dict.fromkeys(match[0] for match in _MENTION.finditer(source))
    lowered = target.lower()
    return [name for name in found if name.lower() not in lowered]


def lost_quotation(source: str, target: str) -> str | None:
    """What `source` has between quotation marks where `target` has no such mark at all, or fewer than half of them."""
    source = source.replace('""', '"')  # as tables quote them
    marks = [index for index, char in enumerate(source) if char in _MARKS]
    if not marks:
        return None
    theirs = sum(char in _MARKS for char in target) + len(_APOSTROPHES.findall(target))
    if theirs * 2 >= len(marks):
        return None
    return source[marks[0] : (marks[1] if len(marks) > 1 else len(source)) + 1]


def missing_signs(source: str, target: str) -> str:
    """Letters of other scripts, emoji and the like in `source` that `target` has not as often: each once, in order."""
    if source.isascii():
        return ""
    wanted = Counter(char for char in source if _is_foreign(char))
    if not wanted:
        return ""
    there = Counter(target)
    return "".join(char for char, count in wanted.items() if there[char] < count)


def _last_word(name: str) -> str:
    word = name.replace("\u00a0", " ").split()[-1]
    return re.sub(r"['’]\w*$", "", word).rstrip("-")


def sign_runs(text: str) -> list[str]:
    """Emoji and letters of other scripts, where they stand together, with what joins them."""
    runs = []
    for match in _RUN.finditer(text):
        if any(map(_is_foreign, match[0])):
            runs.append(match[0])
    return runs


def _is_foreign(char: str) -> bool:
    """Whether a character is a letter outside of the Latin script, or a pictograph."""
    if char < "\u0370":
        return False
    category = unicodedata.category(char)
    if category == "So":
        return char not in "°©®™℠№"
    return category.startswith("L") and not unicodedata.name(char, "").startswith(_LATIN)


def _is_shout(text: str) -> bool:
    letters = Counter(char.isupper() for char in text if char.isalpha())
    return letters[True] > letters[False]


def _is_alike(name: Counter[str], other: Counter[str]) -> bool:
    """Whether most letters of two acronyms are the same: ``OTAN`` and *NATO*, ``EEE`` and *EEA*."""
    return 2 * (name & other).total() > max(name.total(), other.total())


def _sound(text: str) -> str:
    """Letters and digits, folded, with spellings that differ between French and English made the same."""
    text = "".join(word.removesuffix("e") if word.endswith("ine") else word for word in map(_folded, text.split()))
    for french, english in _SOUNDS:
        text = text.replace(french, english)
    return text


def _folded(text: str) -> str:
    return "".join(_fold(text))


def _fold(text: str) -> Iterator[str]:
    for char in normalized("NFKD", text).casefold():
        if char.isalnum():
            yield char
