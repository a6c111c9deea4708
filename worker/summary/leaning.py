"""Openings that lean on the sentence before: pronouns, possessives, demonstratives and connectives, French and English."""

import re
from collections.abc import Mapping, Sequence

#: No more characters of a sentence are looked at.
_REACH = 120


def _phrases(text: str, unless: Mapping[str, str]) -> str:
    """A pattern for phrases that commas and line ends separate; `unless` has what must not follow some of them."""
    found = [phrase.strip() for phrase in re.split(r"[,\n]", text) if phrase.strip()]
    spelt = [re.escape(phrase).replace("'", "['’]") + unless.get(phrase, "") for phrase in found]
    return "(?:" + "|".join(spelt) + r")\b"


def _any(*patterns: str) -> str:
    return "(?:" + "|".join(patterns) + ")"


_FRENCH_CONNECTIVES = _phrases(
    """
    mais, or, donc, ainsi, cependant, pourtant, toutefois, néanmoins, en effet, par ailleurs, de plus, en outre, de même
    d'autre part, d'ailleurs, enfin, puis, ensuite, alors, aussi, car, et, ou, non, oui, en revanche, au contraire
    à l'inverse, du coup, par conséquent, en conséquence, dès lors, depuis, entre-temps, de son côté, de leur côté
    à la place, en échange, en retour, bref, après quoi, sinon, autrement dit, par exemple, pour autant, reste que, idem
    """,
    dict.fromkeys(("ainsi", "alors", "dès lors"), r"(?! que\b| qu['’])")
    | dict.fromkeys(("à la place", "en échange", "au contraire"), r"(?! d['’eu])")
    | {"depuis": r"(?= ?,)", "aussi": r"(?! bien)"},
)
_ENGLISH_CONNECTIVES = _phrases(
    """
    but, so, however, therefore, thus, hence, moreover, furthermore, besides, meanwhile, also, then, yet, instead
    nevertheless, nonetheless, otherwise, similarly, likewise, finally, afterwards, later, and, or, no, yes, in addition
    in return, in exchange, in contrast, by contrast, on the other hand, on the contrary, as a result, consequently
    after that, since then, for example, for instance, in fact, indeed, at the same time, as such, that is why
    what is more, in turn, still, in other words, accordingly, conversely, subsequently, if so, if not
    """,
    dict.fromkeys(("besides", "finally", "later", "no", "yes", "as such", "still", "subsequently"), r"(?=,)")
    | dict.fromkeys(("instead", "as a result", "at the same time"), r"(?! (?:of|to|with|for|as)\b)")
    | dict.fromkeys(("in addition", "in return", "in exchange"), r"(?! (?:of|to|with|for)\b)")
    | dict.fromkeys(("in contrast", "by contrast"), r"(?! (?:to|with)\b)")
    | {"so": r"(?! (?:far|many|much|few)\b)", "then": "(?!-)"},
)
_FRENCH_PRONOUNS = _any(
    r"(?:elles?|ils|eux|lui|cel(?:ui|le|les)-(?:ci|là)|ceux-(?:ci|là)|cela|ceci|ça)\b",
    r"(?:ce|cette|ces) derni(?:er|ère)s?(?= (?:a|est|ont|sont|avait|avaient|n['’]|ne|s['’]|se)\b|,)",
    r"(?:l['’]une?|aucune?|certaine?s|beaucoup|plusieurs|deux|trois|chacune?) d['’](?:entre )?(?:eux|elles?)\b",
    r"(?:l['’](?:une?|autre)|les (?:autres|deux)|tous|toutes|chacune?)"
    r" (?:a|est|ont|sont|avai(?:en)?t|étai(?:en)?t|deux|trois)\b",
    r"(?:le premier|la première|le second|la seconde) (?:date|est|a|fut|était|avait)\b",
)
_ENGLISH_PRONOUNS = _any(
    r"(?:he|she|they|those)\b(?! (?:who|that|with|of)\b)",
    r"that(?=['’ ])",
    r"such (?!as\b)",
    r"(?:all|one|some|many|most|none|both|two|three|four|each|several|neither|another|either|half) of (?:them|these|those)\b",
    r"(?:all|both|others|some|many|most|none|each|the (?:former|latter|others?|two|first|second))"
    r" (?:is|was|has|had|are|were|have|will|did|said|gave|dates?|\w+ed)\b",
    r"(?:his|her|its|their) (?!majesty|holiness|excellency)",
)
#: "Il" and "it" stand for nothing in these: it rains, it takes, it is six o'clock, it is said.
_IL = (
    r"il\b(?! (?:n['’]|ne )?(?:y (?:a|avait|aura|eut)\b|fau(?:t|dra|drait)\b|fallait|fallut|a fallu|pleu|neige|manqu|import"
    r"|suffi|conv(?:ient|enait)|restai?(?:en)?t?\b|fai(?:t|sait)\b|semble|pourrait (?:tomber|y avoir)"
    r"|est (?:(?:\w+ment|donc|aussi|encore|très|plus) )?(?:\w+ heures?|midi|minuit|tard|tôt|temps|question|recommandé|interdit"
    r"|conseillé|prévu|possible|impossible|probable|clair|vrai|difficile|facile|important|nécessaire|rare|urgent)\b))"
)
_IT = (
    r"it\b(?!(?:['’]s| is| was| will be| would be| has been| seems| appears| remains)"
    r"(?: not| also| now| still| only| \w+ly)? (?:\w+ (?:that|to|for|whether|how|when|o['’]clock|known)\b"
    r"|possible|likely|unlikely|said|thought|believed|expected|\d|raining|snowing|hot|cold|dark|late|early|midnight|noon))"
    r"(?! (?:takes?|took|will take|would take|could take|rain|snow|seems|turned out)\b)"
    r"(?! (?:is|was) [^.,]{0,80} (?:that|who|which) )"
)
#: "C'est Paul qui": what is stressed stands in the sentence itself.
_FRENCH_CLEFT = (
    r"(?:c['’](?:est|était)|ce (?:n['’]|ne |sera|serait|sont|fut|furent))"
    r"(?![^.,;]{0,80}(?:,[^,]{0,40},)? (?:qui|que|qu['’]))"
)
#: Demonstratives, but for "this week" and the like.
_FRENCH_THESE = (
    r"(?:ce|cet|cette|ces) (?!(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|matin|midi|après-midi|soir|nuit|semaine"
    r"|week-end|mois|année|automne|hiver|printemps|été|derni(?:er|ère)s?)\b(?!-là)|(?:que|qui|dont)\b)(?=[a-zà-ÿ])"
)
_ENGLISH_THESE = (
    r"(?:this|these) (?!(?:week|month|year|morning|evening|summer|autumn|winter|spring|season|weekend|time|days"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b)"
)
#: Words that open a sentence before its subject.
_FRENCH_INTRODUCTION = (
    r"(?:à|au|aux|en|dans|sur|chez|pendant|depuis|après|avant|lors|durant|voilà|il y a|aujourd['’]hui|hier|là-haut|le|pour"
    r"|née?s?)\b"
)
_ENGLISH_INTRODUCTION = (
    r"(?:on|in|at|during|since|from|until|after|before|for|to|by|born|today|yesterday|there|up"
    r"|\w+ (?:years?|months?|weeks?|days?|winters?|summers?) (?:ago|later|earlier))\b"
)
_BETWEEN = r"[^.;:!?]{0,60}?"
_POSSESSIVES = r"(?:son|sa|ses|leurs?) (?=[a-zà-ÿœ])"

_START = r"[«“\"'‘(\[–—\s]*"


def _compiled(*patterns: str) -> re.Pattern[str]:
    return re.compile(_START + _any(*patterns), re.IGNORECASE)


_FIRST: Sequence[re.Pattern[str]] = (
    _compiled(_FRENCH_CONNECTIVES, _FRENCH_PRONOUNS, _IL, _FRENCH_CLEFT, _FRENCH_THESE, _POSSESSIVES),
    _compiled(_ENGLISH_CONNECTIVES, _ENGLISH_PRONOUNS, _IT, _ENGLISH_THESE),
)
#: After an opening that names nobody: "In court he said", "À l'audience, il a dit", "During these days".
_AFTER_INTRODUCTION: Sequence[re.Pattern[str]] = (
    _compiled(
        rf"{_FRENCH_INTRODUCTION}{_BETWEEN}(?:,| qu['’]| que) ?(?:elles?\b|ils\b|{_IL}|{_FRENCH_THESE}|{_POSSESSIVES})",
        rf"{_FRENCH_INTRODUCTION} {_FRENCH_THESE}",
    ),
    _compiled(
        rf"{_ENGLISH_INTRODUCTION} (?:[\w'’-]+ ){{0,2}}(?:\d{{4}} )?(?:he\b|she\b|they\b|{_IT})",
        rf"{_ENGLISH_INTRODUCTION}{_BETWEEN}, (?:he\b|she\b|they\b|{_IT}|(?:his|her|its|their) )",
        rf"{_ENGLISH_INTRODUCTION} (?:[a-z0-9]+ ){{0,2}}(?:{_ENGLISH_THESE}|those )",
    ),
)
_CALENDAR = re.compile(
    r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|\b(?:January|February|March|April|May|June|July|August|September"
    r"|October|November|December|Christmas|Easter)\b"
)
_CAPITAL = re.compile(r"\b[A-ZÀ-ÖØ-Þ]")


def leans(text: str) -> bool:
    """Whether a sentence, French or English, begins as if something had been said before it.

    It does where it opens with a connective ("However", "En effet"), or where a pronoun, a possessive or a demonstrative is
    its subject, or opens it, and stands for nothing that it names itself. Nouns ("the bridge") are taken to speak for
    themselves. docs/summaries.md has how often this is right. Takes time bounded by a constant.
    """
    opening = text[:_REACH]
    if any(pattern.match(opening) for pattern in _FIRST):
        return True
    matches = (pattern.match(opening) for pattern in _AFTER_INTRODUCTION)
    return any(match is not None and not _has_name(match[0]) for match in matches)


def _has_name(opening: str) -> bool:
    """Whether there is a name after the first word, which a pronoun may stand for."""
    _, _, rest = opening.strip(" «“\"'‘([–—").partition(" ")
    return _CAPITAL.search(_CALENDAR.sub("", rest)) is not None
