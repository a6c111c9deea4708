"""Which language a text is in, by py3langid's model (140 languages, naive Bayes over byte n-grams).

Two questions: may an article be refused for its language (`foreign_language`), and in which language is one of its
paragraphs (`paragraph_language`)? Both say nothing in doubt. docs/language.md has the rules, and how often they err.

One model a process, loaded at the first use: about half a second and 75 MB.
"""

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

#: Most characters of a text that are looked at.
SAMPLE_CHARACTERS = 5_000

#: Letters below which no article is refused for its language.
REFUSAL_LETTERS = 200

#: A text is refused only where French and English together are less likely than this, and no piece of it is either.
_REFUSAL_SHARE = 0.01
_PIECE_CHARACTERS = 250
_PIECE_SHARE = 0.5

#: Of a paragraph that is longer than three of these windows, the first, the middle and the last are judged.
WINDOW_CHARACTERS = 1_000

#: Letters below which a paragraph in Latin script is in no language that is surely not French.
PARAGRAPH_LETTERS = 40

#: A paragraph is English only with so many words, this probability (Nigerian Pidgin counts as English), and so many English
#: function words in it.
_ENGLISH_WORDS = 7
_ENGLISH_PROBABILITY = 0.9
_FRENCH_PROBABILITY = 0.005
_FUNCTION_SHARE = 0.15

#: It is in another language only where French and English together are less likely than this and the language is more
#: likely than that; and half its words must be in small letters, at least, or it may be a list of names.
_OURS_PROBABILITY = 0.005
_OTHER_PROBABILITY = 0.9
#: Or the two likeliest together, as of Croatian and Bosnian.
_PAIR_PROBABILITY = 0.95
_SMALL_SHARE = 0.5
_SMALL_WORDS = 5
#: What stands outside of its quotation marks must not look like French or English either.
_OUTSIDE_PROBABILITY = 0.1
_OUTSIDE_LETTERS = 25

#: A paragraph is in another script with so many letters of it, and this share of its letters; Chinese, Japanese and Korean
#: need fewer.
_SCRIPT_LETTERS = 4
_DENSE_LETTERS = 2
_SCRIPT_SHARE = 0.6

_ENGLISH_FUNCTION_WORDS = """
a about after all also an and are as at be been before but by can could did do for from had has have he her his how i if in
into is it its me more most my no not of on one or our out said she should so than that the their them there they this
those to two under up us was we were what when where which who will with without would you your
"""

#: Words that English text hardly ever has.
_FRENCH_FUNCTION_WORDS = """
au aux avec ce cette ces dans de des du elle elles et il ils je le la les leur leurs mais ne nous ont par qu que qui sa sans
se selon ses sont sous sur un une vous été être
"""

#: Words that French text alone has, or nearly: two kinds of them, and the paragraph is French.
_PLAINLY_FRENCH_WORDS = """
ainsi après au aussi aux avait avec avoir ce cette chez dans depuis des du elle elles est et eux faire fait il ils je leur
leurs lui mais même nous ont où par pas plus pour qu quand sans ses soit son sont sous sur tous tout très une vous
être était été
"""

_ENGLISH = frozenset(_ENGLISH_FUNCTION_WORDS.split())
_FRENCH = frozenset(_FRENCH_FUNCTION_WORDS.split())
_PLAINLY_FRENCH = frozenset(_PLAINLY_FRENCH_WORDS.split())

_NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "br": "Breton", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "es": "Spanish", "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "gl": "Galician", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "ht": "Haitian Creole", "hu": "Hungarian",
    "hy": "Armenian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ka": "Georgian", "ko": "Korean",
    "la": "Latin", "nl": "Dutch", "no": "Norwegian", "oc": "Occitan", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sr": "Serbian", "sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian",
    "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip

#: Letters of other scripts, each with the languages that are told apart in it, the likeliest first. All of one script is
#: of one language unless the model prefers another of them.
_SCRIPTS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile("[\u0370-\u03ff\u1f00-\u1fff]"), ("el",)),
    (re.compile("[\u0400-\u052f]"), ("ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn")),
    (re.compile("[\u0530-\u058f]"), ("hy",)),
    (re.compile("[\u0590-\u05ff]"), ("he", "yi")),
    (re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]"), ("ar", "fa", "ur", "ps", "ug", "ckb")),
    (re.compile("[\u0900-\u097f]"), ("hi", "mr", "ne")),
    (re.compile("[\u0980-\u09ff]"), ("bn", "as")),
    (re.compile("[\u0e00-\u0e7f]"), ("th",)),
    (re.compile("[\u10a0-\u10ff]"), ("ka",)),
    (re.compile("[\u1200-\u139f]"), ("am",)),
    (re.compile("[\u1100-\u11ff\uac00-\ud7af]"), ("ko",)),
    (re.compile("[\u3040-\u30ff]"), ("ja",)),
    (re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]"), ("zh",)),
)
_DENSE = frozenset(("ja", "ko", "zh"))
_BEYOND_LATIN = re.compile(
    "[\u0370-\u1dff\u1f00-\u1fff\u2c00-\ua6ff\ua800-\ufaff\ufb50-\ufefc\U00010000-\U0001efff\U00020000-\U0003ffff]"
)

_WORD = re.compile(r"[^\W\d_]++")
_IN_ADDRESSES = ("://", "www.", "@", "#")
#: Longer quotations are judged as if they were not quoted: so a text of opening marks alone takes no quadratic time.
_QUOTATION = re.compile(r"«[^»]{0,600}+»|“[^”]{0,600}+”|„[^“”]{0,600}+[“”]|\"[^\"]{0,600}+\"")
#: Marks that code has and prose has not.
_CODE = re.compile(r"[{}<>\\|=]|\(\)|\[\]|;\s*+$|&&|\+=|->")
_CODE_MARKS = 2

_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Guess:
    """The likeliest language, as an ISO 639 code, and its probability among 140."""

    language: str
    probability: float


def detect(text: str) -> Guess:
    """The language of the text's first 5,000 characters. Short texts give low probabilities: read them as doubt."""
    language, probability = _identifier().classify(text[:SAMPLE_CHARACTERS])
    return Guess(language, probability)


def foreign_language(text: str) -> str | None:
    """The name of the language of a text that is surely neither French nor English; None where there is any doubt.

    A wrong refusal is worse than a wrong acceptance, so the text needs 200 letters in its first 5,000 characters, French
    and English must be out of the question for the whole of them, and no piece of 250 characters may look like either.
    """
    sample = text[:SAMPLE_CHARACTERS]
    if _letters(sample) < REFUSAL_LETTERS:
        return None
    # The pieces first: the first of a French article says it all, at a tenth of the cost.
    for start in range(0, len(sample), _PIECE_CHARACTERS):
        if _ours(sample[start : start + _PIECE_CHARACTERS]) >= _PIECE_SHARE:
            return None
    if _ours(sample) >= _REFUSAL_SHARE:
        return None
    return language_name(detect(sample).language)


def is_english(paragraph: str) -> bool:
    """Whether a paragraph is surely English already, and not French. In doubt it is not: headlines, names, quotations."""
    return paragraph_language(paragraph) == "en"


def paragraph_language(paragraph: str) -> str | None:
    """The ISO 639 code of the language of a paragraph that is surely not French: ``en``, ``de``, ``ar``; None in doubt.

    None is the answer for French, for headlines, short lines, lists of names and code. Latin script needs 40 letters, and
    English 7 words; another script but a word. What stands outside of the quotation marks must be of the language too: a
    French sentence that quotes an English one is French. Of a long paragraph three windows of 1,000 characters are judged,
    which must agree, so that the time has a bound: 0.2 to 0.7 ms for 500 characters, under 5 ms for any length.
    """
    if len(paragraph) <= 3 * WINDOW_CHARACTERS:
        return _judge(paragraph)
    middle = (len(paragraph) - WINDOW_CHARACTERS) // 2
    first = _judge(paragraph[:WINDOW_CHARACTERS])
    if first is None or first != _judge(paragraph[-WINDOW_CHARACTERS:]):
        return None
    return first if first == _judge(paragraph[middle : middle + WINDOW_CHARACTERS]) else None


def language_name(code: str) -> str:
    """The English name of a language, for messages: ``German`` for ``de``; of a rare one, ``the language 'xh'``."""
    return _NAMES.get(code, f"the language {code!r}")


def _judge(text: str) -> str | None:
    """`paragraph_language` of a text of bounded length."""
    if not text.isascii():
        other = _other_script(text)
        if other is not None:
            return other
    plain = " ".join(word for word in text.split() if not any(mark in word for mark in _IN_ADDRESSES))
    found = _WORD.findall(plain)
    if sum(map(len, found)) < PARAGRAPH_LETTERS:
        return None
    words = [word.lower() for word in found]
    if len(_PLAINLY_FRENCH.intersection(words)) > 1 and not _has_english(words):
        return None  # most paragraphs of a French article end here, and cost no look at the model
    if len(_CODE.findall(plain)) >= _CODE_MARKS:
        return None
    small = sum(word.islower() for word in found)
    prose = small >= _SMALL_WORDS and small >= _SMALL_SHARE * len(found)
    outside = _WORD.findall(_QUOTATION.sub(" ", plain))
    if len(outside) == len(found):
        outside = []
    ranks = _identifier().rank(plain)
    scores = dict(ranks)
    if scores["en"] + scores.get("pcm", 0) >= _ENGLISH_PROBABILITY and scores["fr"] <= _FRENCH_PROBABILITY:
        return "en" if _is_english(words, [word.lower() for word in outside], prose=prose) else None
    if not prose or scores["fr"] + scores["en"] > _OURS_PROBABILITY:
        return None
    if ranks[0][1] < _OTHER_PROBABILITY and ranks[0][1] + ranks[1][1] < _PAIR_PROBABILITY:
        return None
    rest = " ".join(outside)
    if rest and (len(rest) < _OUTSIDE_LETTERS or _ours(rest) > _OUTSIDE_PROBABILITY):
        return None
    return str(ranks[0][0])


def _has_english(words: Sequence[str]) -> bool:
    return sum(word in _ENGLISH for word in words) >= _FUNCTION_SHARE * len(words)


def _is_english(words: Sequence[str], outside: Sequence[str], *, prose: bool) -> bool:
    """Whether words that the model takes for English are a text, given those `outside` of quotation marks, if any are in.

    `prose`: most are in small letters, and one function word is enough.
    """
    english = sum(word in _ENGLISH for word in words)
    french = sum(word in _FRENCH for word in words)
    if len(words) < _ENGLISH_WORDS or french * 4 > english or not (_has_english(words) or (prose and english)):
        return False
    return not outside or (any(word in _ENGLISH for word in outside) and not any(word in _FRENCH for word in outside))


def _other_script(text: str) -> str | None:
    """The language of a text most of whose letters are not Latin."""
    count = len(_BEYOND_LATIN.findall(text))
    if count < _DENSE_LETTERS or count < _SCRIPT_SHARE * _letters(text):
        return None
    sizes = [len(letters.findall(text)) for letters, _ in _SCRIPTS]
    place = max(range(len(sizes)), key=sizes.__getitem__)
    languages = _SCRIPTS[place][1]
    if languages[0] == "zh" and sizes[place - 1]:  # Japanese has more Chinese signs than kana now and then
        languages = _SCRIPTS[place - 1][1]
    if languages[0] not in _DENSE and (
        sizes[place] < _SCRIPT_LETTERS or not any(len(w) > 2 for w in _WORD.findall(text))
    ):
        return None  # α and β are no Greek
    if len(languages) == 1:
        return languages[0]
    guess = detect(text)
    return guess.language if guess.language in languages and guess.probability > _PIECE_SHARE else languages[0]


def warm() -> None:
    """Loads the model now, so that no request waits for it."""
    _identifier()


def _ours(text: str) -> float:
    scores = dict(_identifier().rank(text))
    return float(scores["fr"] + scores["en"])


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))


def _identifier() -> Any:
    with _lock:
        return _load()


@cache
def _load() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # takes half a second: only who needs it pays

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
