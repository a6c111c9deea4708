"""Countries and their peoples in English, where the one can't be told from the other by its ending, and in French."""

from functools import lru_cache

#: A line for each country: its names and its people's, without accents and cut to what tells them apart.
_TABLE = """
france french francais
germany german allemagne allemand
britain british briton kingdom britannique royaume
england english angleterre anglais
scotland scottish scots scot ecosse ecossais
wales welsh gallois
ireland irish irlande irlandais
spain spanish spaniard spaniards espagne espagnol
portugal portuguese portugais
netherlands dutch holland neerlandais pays-bas
belgium belgian belgians belgique belge belges
switzerland swiss suisse
austria austrian autriche autrichien
italy italian italie italien
greece greek greeks grece grec grecs grecque
turkey turkish turk turks turquie turc turcs turque
poland polish pole poles pologne polonais
denmark danish dane danes danemark danois
sweden swedish swede swedes suede suedois
norway norwegian norvege norvegien
finland finnish finn finns finlande finlandais
iceland icelandic islande islandais
russia russian russie russe russes
ukraine ukrainian ukrainien
hungary hungarian hongrie hongrois
romania romanian roumanie roumain
czech tcheque
america american americans amerique americain unis
canada canadian canadien
quebec quebecer quebecois
mexico mexican mexique mexicain
brazil brazilian bresil bresilien
argentina argentine argentinian argentin
china chinese chine chinois
japan japanese japon japonais
korea korean coree coreen
vietnam vietnamese vietnamien
india indian inde indien
lebanon lebanese liban libanais
syria syrian syrie syrien
israel israeli israelis israelien
morocco moroccan maroc marocain
algeria algerian algerie algerien
tunisia tunisian tunisie tunisien
egypt egyptian egypte egyptien
senegal senegalese senegalais
mali malian malians malien
cameroon cameroonian cameroun camerounais
congo congolese congolais
europe european europeen
africa african afrique africain
asia asian asie asiatique
"""

_NATIONS = {name: line.split()[0] for line in _TABLE.strip().splitlines() for name in line.split()}
_FRENCH_ENDINGS = ("es", "nes", "ne", "e", "s")
#: A word of more letters is none of the table's, and would take memory in the cache.
_LONGEST = 40


def nation_of(word: str) -> str | None:
    """The country that a folded word, English or French, names or belongs to; None where it is none of the table."""
    return _nation_of(word) if len(word) <= _LONGEST else None


@lru_cache(maxsize=8192)
def _nation_of(word: str) -> str | None:
    if word in _NATIONS:
        return _NATIONS[word]
    for ending in _FRENCH_ENDINGS:
        if word.endswith(ending) and word.removesuffix(ending) in _NATIONS:
            return _NATIONS[word.removesuffix(ending)]
    return None
