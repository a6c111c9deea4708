"""A toy French-English lexicon and what the fake engine does with it. No translation: a marking that looks like one."""

import re
import unicodedata

#: Links and e-mail addresses, numbers with their separators, words, and any other visible character.
_PIECE = re.compile(
    r"https?://[^\s«»\"<>]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\d+(?:[.,\u00a0\u202f]\d+)*|[^\W\d_]+|[^\w\s]|[\d_]+"
)

_PAIRS = """
le the, la the, les the, l the, un a, une a, des some, du of the, de of, d of, au to the, aux to the, à to, en in,
dans in, sur on, sous under, par by, pour for, avec with, sans without, chez with, entre between, vers towards,
et and, ou or, mais but, donc so, car because, ni nor, que that, qu that, qui who, quoi what, dont whose, où where,
si if, comme as, quand when, lorsque when, puis then, alors then, ainsi thus, aussi also, très very, plus more,
moins less, trop too much, peu little, encore still, déjà already, toujours always, jamais never, souvent often,
il he, elle she, ils they, elles they, on one, nous we, vous you, je I, j I, tu you, se itself, s itself, ce this,
c it, cet this, cette this, ces these, son his, sa his, ses his, leur their, leurs their, notre our, nos our,
votre your, vos your, mon my, ma my, mes my, y there, ne not, n not, pas at all, rien nothing, tout all, toute all,
tous all, toutes all, même same, autre other, autres others, quelques a few, plusieurs several, chaque each,
est is, sont are, était was, étaient were, sera will be, seront will be, être be, a has, ont have, avait had,
avaient had, aura will have, avoir have, été been, fait makes, font make, faire make, dit says, peut can,
peuvent can, doit must, doivent must, va goes, vont go, après after, avant before, depuis since, pendant during,
selon according to, contre against, deux two, trois three, quatre four, cinq five, six six, sept seven,
huit eight, neuf nine, dix ten, onze eleven, douze twelve, treize thirteen, quatorze fourteen, quinze fifteen, seize sixteen,
vingt twenty, vingts twenty, trente thirty, quarante forty, cinquante fifty, soixante sixty, cent hundred, cents hundred,
deuxième second, troisième third, quatrième fourth, cinquième fifth, sixième sixth, vingtaine twenty, centaine hundred,
dizaine ten, douzaine dozen, million million, millions million, milliard billion, milliards billion, mille thousand,
an year, ans years, année year, jour day, jours days, mois month, semaine week, heure hour,
heures hours, matin morning, soir evening, nuit night, hier yesterday, demain tomorrow, lundi Monday,
mardi Tuesday, mercredi Wednesday, jeudi Thursday, vendredi Friday, samedi Saturday, dimanche Sunday,
janvier January, février February, mars March, avril April, mai May, juin June, juillet July, août August,
septembre September, octobre October, novembre November, décembre December, ville town, maire mayor, pays country,
gouvernement government, homme man, femme woman, enfant child, enfants children, eau water, maison house,
école school, rue street, loi law, guerre war, paix peace, prix price, monde world, vie life, temps time,
travail work, grand big, grande big, petit small, petite small, nouveau new, nouvelle new, bon good, bonne good,
premier first, première first, dernier last, dernière last, français French, française French
"""
_LEXICON = {source: target for pair in _PAIRS.split(",") for source, _, target in [pair.strip().partition(" ")]}

#: What a word that the lexicon does not have gets at its end, so that one can tell that it went through.
MARK = "ish"

#: Punctuation that English sets without the French space before it.
_FRENCH_SPACE = re.compile(r"[ \u00a0\u202f]+(?=[;:!?»])|(?<=«)[ \u00a0\u202f]+")


def pieces(text: str) -> list[str]:
    """The text cut into words, numbers, links, e-mail addresses and marks of punctuation; blanks are left out."""
    return _PIECE.findall(text)


def mark(text: str) -> str:
    """A deterministic stand-in for a translation.

    Known words come from the lexicon, other words lose their accents and get `MARK`; numbers, links, e-mail addresses,
    punctuation and words in capitals or with an initial one inside a sentence stay.
    """
    at_start = True
    previous = ""
    parts: list[str] = []
    end = 0
    for found in _PIECE.finditer(text):
        piece = found.group()
        parts.append(text[end : found.start()])
        parts.append(_mark_piece(piece, at_start=at_start))
        if piece in "'’" and parts[-2:-1] != [" "]:
            parts[-1] = " "
        ends = piece in ".!?" and len(previous) != 1  # not the dot of an initial
        at_start = ends or (at_start and not piece[0].isalnum())
        previous = piece
        end = found.end()
    parts.append(text[end:])
    return _FRENCH_SPACE.sub("", "".join(parts))


def _mark_piece(piece: str, *, at_start: bool) -> str:
    if not piece.isalpha():
        return piece
    known = _LEXICON.get(piece.lower())
    capital = piece[0].isupper()
    if known is not None and (at_start or not capital or len(piece) == 1):
        return known[0].upper() + known[1:] if capital and at_start else known
    if capital and not at_start:
        return piece
    plain = "".join(c for c in unicodedata.normalize("NFD", piece) if not unicodedata.combining(c))
    return plain.replace("œ", "oe").replace("Œ", "Oe") + MARK
