"""French abbreviations, by what a full stop after them means, and the words that sentences start with.

Written without their last full stop. Case matters: ``M.`` is a title and ``m.`` a metre.
"""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The set of the words of `text`, which blanks separate."""
    return frozenset(text.split())


#: Something always follows: a name after a title, an example, a reference. A full stop here never ends a sentence.
NEVER_LAST = words(
    """
    M MM Mr Mrs Ms Mme Mmes Mlle Mlles Mgr Mgrs Me Mes Dr Drs Pr Prof Vve Cdt Cne Col Gal Gén Lt Sgt Adj Cap Amb
    St Ste Sts Stes Sté Éts Ets Fg Bd Bld Av
    Th Ph Ch Cl Fr Chr Alph Ed Ém Jh
    cf Cf c.-à-d c-à-d c.à.d p.ex ex vs v p pp t l f dir coord trad rééd éd bd bld boul av fg fbg resp apr
    n no No N° n° nº nos ndlr N.D.L.R feat ft adj bât Bât esc Rés
    """
)

#: Those of the above that are units too: after a number they end a sentence (``512 p. Celle de poche…``).
UNITS = words("M p l t")

#: What stands before a name or a number, or ends a sentence: a cut only before a word that starts sentences.
IN_NAMES = words("Bros Co Cie Yahoo env")

#: Ranks and the like that are also common words: no cut where an article alone stands before them (``Le col. Weber``).
AFTER_ARTICLE = words("col Col cap Cap lt sgt cdt prés sén insp comm gal gén prof")

#: Words that a single letter belongs to, so that it is no initial: ``la vitamine D. Paul en prend``.
LETTERED = words(
    """
    vitamine vitamines plan hépatite ligne lignes type catégorie option terminal bâtiment hall zone série division
    lettre grippe point formule
    """
)

#: The same, where a number or an initial follows: in ``art. 12`` but not in ``C'est de l'art. Il…``.
BEFORE_NUMBER = words(
    """
    art Art al alin chap Chap vol Vol fig Fig tabl tab Tab tome livre réf Réf tél Tél Fax fax sect Sect parag par coll
    suppl note ch Ch app Annexe ann Ann arr dép cap poste ligne col r liv
    janv jan févr fév avr juil juill août sept oct nov déc
    lun mar mer jeu ven sam dim
    """
)

#: At the start of a sentence, with a number or a numeral between them and the full stop: ``Art. 3. Le ministre…``.
NUMBERED = words("Art Article Chapitre Section Titre Livre Annexe Tableau Figure Partie Étape Point Acte Scène §")

#: Words that start sentences and no names: after an initial, they tell ``la vitamine D. Les…`` from ``J. Verne``.
STARTERS = words(
    """
    Un Une Ce Cet Cette Ces Il Elle Ils Elles On Nous Vous Je Tu Mon Ma Mes Ton Ta Tes Son Sa Ses Notre Nos Votre Vos
    Leur Leurs Mais Ou Et Donc Or Ni Car Que Qui Quoi Dont Où Quand Comme Si Lorsque Puis Ensuite Enfin Ainsi Alors Aussi
    Cependant Pourtant Toutefois Néanmoins Dans En Sur Sous Par Pour Sans Avec Chez Après Avant Depuis Pendant Selon
    Malgré Dès Entre Contre Vers À Au Aux Tous Tout Toute Toutes Plusieurs Certains Certaines Quelques Chaque Aucun
    Aucune Personne Rien Ici Là Hier Demain Désormais Voici Voilà Celui Celle Ceux Celles Cela Ça Ceci Parmi Outre Grâce
    Afin Bien Même Déjà Non Oui Ne Se Pourquoi Comment Combien Autre Autres Deux Trois Quatre Cinq Six Sept Huit Neuf
    Dix Lors Jamais Toujours Parfois Souvent Tandis Faute Plus Moins Quant Quel Quelle Quels Quelles Né Née Près Hors
    Pas Peu Beaucoup Trop Tant Tel Telle Tels Telles Mieux Pire Certes Hormis Suivant Concernant Lui Eux Seul Seule Seuls
    Seules Voire Autant Autrement Quoique Puisque Parce Quiconque Onze Douze Treize Quatorze Quinze Seize Vingt Trente
    Quarante Cinquante Soixante Cent Mille Lundi Mardi Mercredi Jeudi Vendredi Samedi Dimanche Âgé Âgée Âgés Âgées Agé
    Agée Interrogé Interrogée Interpellé Interpellée Arrêté Arrêtée Condamné Condamnée Soupçonné Soupçonnée Placé Placée
    Poursuivi Poursuivie Accusé Accusée Originaire Résultat Bilan Objectif Reste Restent Vient Viennent Suit Suivent
    """
)

#: What starts a sentence before a common word (``Le maire``), and a name before another capital (``J. Le Goff``).
ARTICLES = words("Le La Les De Du Des L D")

#: Elided words, before their apostrophe.
ELIDED_STARTERS = words("C J Qu S N Lorsqu Puisqu Jusqu Aujourd")

#: Words that an ellipsis after them leaves hanging: ``Le gagnant est… Paul``.
HANGING = words(
    """
    le la les un une des du de à au aux en et ou est sont était c'est ce cet cette ces son sa ses mon ma mes pour par
    dans sur avec que qui nommé appelé devient
    """
)
