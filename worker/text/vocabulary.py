"""Words that tell French from English, and the names of small numbers."""

from __future__ import annotations

from worker.text.abbreviations import words

#: French words that English has not, and that names of people, streets and papers seldom hold.
FRENCH = words(
    """
    est sont était étaient été être furent avoir ont avait avaient fut sera seront serait suis es sommes êtes
    que qu qui dont où quand lorsque puisque parce comme si mais donc car ni ne pas jamais rien aucun aucune
    une ce cette ces cet ceux celle celui cela ça il elle ils elles nous vous je tu leur leurs lui eux se
    dans avec chez sous vers depuis pendant selon après avant contre entre dès jusque afin ainsi aussi alors très
    tous toute toutes même mêmes encore toujours déjà peut peuvent doit doivent fait faire veut plusieurs
    notre nos votre vos mon ses mes
    """
)
#: French words that English texts keep in names: ``Tour de France``, ``Rue de la Paix``, ``La République en marche``.
PARTICLES = words("le la les l d de du des un et ou à au aux en sur pour par sans")

#: How French words end and few English ones do; those few are in `BORROWED`.
ENDINGS = ("ait", "aient", "eux", "euse", "euses", "aux", "elle", "elles", "eurs", "ière", "ières", "aires")

#: English words that French has not.
ENGLISH = words(
    """
    the of and to in is are was were be been being has have had will would shall should may might can could must do does
    did that which who whom whose what when where why how this these those it its he she they them his her their we our
    you your my with from by for at into about after before between during against through without not but if or as
    than then there here also only very more most all any some such no so because while since until
    """
)

#: Words that look French and are English too.
BORROWED = words(
    """
    café cafés cliché clichés résumé née né fiancé fiancée fiancés exposé touché élite détente rapprochement débâcle décor
    entrée soirée première risqué protégé protégés passé naïve naïveté façade façades séance séances matinée sauté purée
    crème brûlée déjà émigré émigrés communiqué communiqués château châteaux à
    portrait trait strait wait await milieux bureaux tableaux plateaux questionnaire millionaire
    """
)

#: English words that stand for a number, by its digits.
NUMBER_WORDS: dict[str, frozenset[str]] = {
    digits: words(names)
    for digits, names in {
        "0": "zero no nil none midnight nought",
        "1": "one first a an single once i",
        "2": "two second twice both double pair couple half halves",
        "3": "three third thirds triple thrice",
        "4": "four fourth quarter quarters",
        "5": "five fifth fifths",
        "6": "six sixth",
        "7": "seven seventh",
        "8": "eight eighth",
        "9": "nine ninth",
        "10": "ten tenth",
        "11": "eleven eleventh",
        "12": "twelve twelfth dozen noon midday",
        "13": "thirteen thirteenth",
        "14": "fourteen fourteenth",
        "15": "fifteen fifteenth quarter",
        "16": "sixteen sixteenth",
        "17": "seventeen seventeenth",
        "18": "eighteen eighteenth",
        "19": "nineteen nineteenth",
        "20": "twenty twentieth twenties",
        "24": "midnight",
        "30": "thirty thirtieth thirties half",
        "40": "forty fortieth forties",
        "50": "fifty fiftieth fifties half",
        "60": "sixty sixtieth sixties",
        "70": "seventy seventieth seventies",
        "80": "eighty eightieth eighties",
        "90": "ninety ninetieth nineties",
        "100": "hundred hundreds hundredth",
        "1000": "thousand thousands thousandth",
    }.items()
}

#: Words after a number that stand for some of its zeros.
MAGNITUDES = words("hundred thousand million millions billion billions trillion trillions bn m k")
