"""Words that tell French from English."""

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
