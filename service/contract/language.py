"""Which language a text is in, by py3langid's model (140 languages, naive Bayes over byte n-grams).

One model a process, loaded at the first use: about half a second and 75 MB. A text of 5,000 characters takes some milliseconds.
"""

import threading
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

#: A paragraph is English only with so many letters and words, this probability, and so many English function words in it.
_ENGLISH_LETTERS = 40
_ENGLISH_WORDS = 7
_ENGLISH_PROBABILITY = 0.95
_FRENCH_PROBABILITY = 0.005
_FUNCTION_SHARE = 0.15

_ENGLISH_FUNCTION_WORDS = """
a about after all also an and are as at be been before but by can could for from had has have he her his how if in into is
it its more most not of on or our out said she should so than that the their them there they this to up was we were what
when which who will with would you your
"""

#: Words that English text hardly ever has.
_FRENCH_FUNCTION_WORDS = """
au aux avec ce cette ces dans de des du elle elles et il ils je le la les leur leurs mais ne nous ont par qu que qui sa sans
se selon ses sont sous sur un une vous été être
"""

_ENGLISH = frozenset(_ENGLISH_FUNCTION_WORDS.split())
_FRENCH = frozenset(_FRENCH_FUNCTION_WORDS.split())

_NAMES = {
    "ar": "Arabic", "ca": "Catalan", "de": "German", "el": "Greek", "es": "Spanish", "ht": "Haitian Creole", "it": "Italian",
    "la": "Latin", "nl": "Dutch", "oc": "Occitan", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian",
    "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip

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
    language = detect(sample).language
    return _NAMES.get(language, f"the language {language!r}")


def is_english(paragraph: str) -> bool:
    """Whether a paragraph is surely English already, and not French. In doubt it is not: headlines, names, quotations."""
    words = [
        word.strip(".,;:!?«»\"“”'’()[]…-").lower() for word in paragraph.replace("’", " ").replace("'", " ").split()
    ]
    words = [word for word in words if word]
    if len(words) < _ENGLISH_WORDS or _letters(paragraph) < _ENGLISH_LETTERS:
        return False
    english = sum(word in _ENGLISH for word in words)
    french = sum(word in _FRENCH for word in words)
    if english < _FUNCTION_SHARE * len(words) or french * 4 > english:
        return False
    scores = dict(_identifier().rank(paragraph[:SAMPLE_CHARACTERS]))
    return bool(scores["en"] >= _ENGLISH_PROBABILITY and scores["fr"] <= _FRENCH_PROBABILITY)


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
