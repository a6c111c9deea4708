"""Content terms: what two sentences can have in common, in French or in English."""

import re
import unicodedata
from functools import lru_cache

from worker.text.normal_forms import normalized

_WORD = re.compile(r"[^\W_]+(?:[.,][0-9]+)*")
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)['’]", re.IGNORECASE)
_POSSESSIVE = re.compile(r"['’]s\b")

#: Words are compared by their beginnings, which stands in for a stemmer: "négociations" meets "négocier".
STEM_LETTERS = 6

_FRENCH = """
a à afin ai ainsi alors après au aucun aussi autre autres aux avait avant avec avoir c car ce ceci cela celle celui
cependant ces cet cette ceux chez comme contre d dans de depuis des donc dont du elle elles en encore entre est et
étaient était été être eux fait il ils je l la le les leur leurs lors lui mais même ne ni non nos notre nous on ont ou où
par pas pendant peu plus pour qu quand que quel quelle qui s sa sans se sera ses si son sont sous sur ta tandis te tous
tout toute toutes très trop tu un une vers vos votre vous y
"""
_ENGLISH = """
a about after all also an and any are as at be because been before being between but by can could did do does for from
had has have he her his how i if in into is it its just may more most no not of on one only or other our out over said
she should so some such than that the their them then there these they this those through to under until up was we were
what when where which while who whom whose will with would you your
"""


def fold(word: str) -> str:
    """The word in small letters without accents."""
    decomposed = normalized("NFD", word.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


#: Words that say nothing about what a sentence is about, folded; both languages, as an article may hold both.
STOP_WORDS = frozenset(fold(word) for word in (_FRENCH + _ENGLISH).split())


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    folded = fold(word)
    if folded in STOP_WORDS or (len(folded) < 2 and not folded.isdigit()):
        return ""
    return folded if folded[0].isdigit() else folded[:STEM_LETTERS]


def terms_of(text: str) -> list[str]:
    """The content terms of a text in order, with repeats: words without stop words, folded and cut to a stem.

    Numbers stay whole ("20", "3,5"). Elided articles ("l'", "qu'") and possessives are dropped.
    """
    bare = _POSSESSIVE.sub("", _ELISION.sub(" ", text))
    return [stem for word in _WORD.findall(bare) if (stem := _stem(word[:100]))]


def letters_of(text: str) -> str:
    """What is left of a text for telling duplicates: its letters and digits, folded."""
    return "".join(character for character in fold(text) if character.isalnum())
