"""Parallel French-English text: where it comes from, how much of each source to use, and which lines are fit to learn from."""

from __future__ import annotations

import dataclasses
import lzma
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """One file of the corpus, `NAME.tsv.xz`."""

    #: How often a line is drawn against a line of weight 1, once the warm-up on short sentences is over.
    weight: float
    #: Copies of each line in the packed data; all but the first are varied (other names, numbers, pieces).
    copies: int = 1
    #: Its lines are drawn half of the time by themselves, half of the time joined to longer ones.
    joined: bool = False
    #: Stated licence, for the model card.
    licence: str


#: Prose and news-like text is drawn more often, statutes and manuals less. The lines of the phrase list are short, so at
#: weight 1 they are a quarter of what is learned from, and most of its everyday words. A file without a line here is read
#: with weight 0.5.
SOURCES: dict[str, Source] = {
    "news-commentary-v8-part": Source(weight=4.0, copies=3, licence="none stated (Project Syndicate)"),
    "europarl-sample": Source(weight=3.0, copies=3, licence="none stated (reuse with source allowed)"),
    "ud-pud": Source(weight=4.0, copies=3, licence="CC BY-SA 3.0"),
    "tico19": Source(weight=3.0, copies=3, licence="CC0"),
    "cds-snc-digital-canada": Source(weight=1.5, copies=2, licence="MIT"),
    "canada-it-strategy": Source(weight=1.5, copies=2, licence="MIT"),
    "canada-ca-blog": Source(weight=1.5, copies=2, licence="MIT / Crown copyright"),
    "canada-digital-playbook": Source(weight=1.5, copies=2, licence="Open Government Licence - Canada"),
    "transread-novels": Source(weight=1.5, copies=2, licence="CC BY-SA 4.0"),
    "alibi-stories": Source(weight=1.5, copies=2, licence="CC BY-SA 4.0"),
    "opensource-guide": Source(weight=1.5, copies=2, licence="CC BY 4.0"),
    "open-contracting": Source(weight=1.5, copies=2, licence="Apache 2.0"),
    "cncf-glossary": Source(weight=1.0, licence="CC BY 4.0"),
    "huggingface-course": Source(weight=1.0, licence="Apache 2.0"),
    "mozilla-www": Source(weight=1.0, licence="MPL 2.0"),
    "diabla": Source(weight=1.0, licence="CC BY-SA 4.0"),
    "canada-design-system": Source(weight=1.0, licence="none found (Crown copyright)"),
    "canada-ircc-pages": Source(weight=0.7, licence="none found (Crown copyright)"),
    "canada-gcproto-pages": Source(weight=0.7, licence="none found (Crown copyright)"),
    "nodejs-org": Source(weight=0.7, licence="MIT"),
    "gnome-user-docs": Source(weight=0.8, licence="CC BY 3.0"),
    "debian-web": Source(weight=0.45, licence="MIT or GPL-2+; older text Open Publication License"),
    "django-docs": Source(weight=0.4, licence="none found (Django documentation: BSD-3)"),
    "python-docs": Source(weight=0.4, licence="CC0 (translations), PSF (source text)"),
    "php-docs": Source(weight=0.25, licence="CC BY 3.0"),
    "laws": Source(weight=0.12, licence="Open Government Licence - Canada"),
    "tatoeba": Source(weight=1.0, joined=True, licence="CC BY 2.0 FR"),
    "back-translated": Source(weight=1.0, licence="CC0 and public domain (English; the French is a model's)"),
}

#: Sources that the held-out slice is drawn from: what an article reads like.
HELD_OUT = ("news-commentary-v8-part", "europarl-sample", "ud-pud", "tico19", "cds-snc-digital-canada")

_FRENCH = frozenset(
    re.findall(
        r"\w+",
        "le la les des du un une et est dans pour que qui sur pas avec il elle je vous nous ce cette au aux ne sont été "
        "être avoir ont mais ou où plus par son ses leur même tout comme fait",
    )
)
_ENGLISH = frozenset(
    re.findall(
        r"\w+",
        "the of and to is in that for it with you as are was be this have not or by from at an will on we they he she "
        "which has been but can their more were would there what",
    )
)
_WORD = re.compile(r"[^\W\d_]+")
_INSIDE_NUMBER = re.compile(r"(?<=\d)[ .,\u00a0\u202f\u2009'](?=\d)")
_NUMBER = re.compile(r"\d+")
_MACHINE = re.compile(
    r"https?:|www\.|::|[a-z]\(|_[a-z]|[a-z]_|[{}<>\\|=#$^~`*@]|--|->|\.(?:py|php|html?|txt|deb|org|com|js|c|h)\b|/[a-z]+/|DSA|CVE"
)
_LETTERS_MIN = 0.6
_TEMPLATE_MAX = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """A French segment and its English translation, with the name of the file they come from."""

    french: str
    english: str
    source: str


def clean(text: str) -> str:
    """NFC, no control characters, single plain spaces; non-breaking spaces stay (the vocabulary's rules fold them)."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(c if c == "\t" or unicodedata.category(c)[0] != "C" else " " for c in text)
    return re.sub(r"[ \t]+", " ", text).strip()


def numbers(text: str) -> Counter[str]:
    """The whole numbers in a text, separators inside them dropped: `1 000` and `1,000` are both `1000`."""
    return Counter(_NUMBER.findall(_INSIDE_NUMBER.sub("", text)))


def looks_foreign(text: str, *, own: frozenset[str], other: frozenset[str]) -> bool:
    """Whether function words of the other language outnumber those of its own."""
    words = [w.lower() for w in _WORD.findall(text)]
    mine = sum(w in own for w in words)
    theirs = sum(w in other for w in words)
    return theirs > mine and theirs >= 2


def unfit(french: str, english: str) -> str | None:
    """The reason why a pair should not be learned from, or None.

    Reasons: `empty`, `copy`, `long` (over 60 words), `ratio` (of lengths in characters), `symbols`, `machine` (code, paths,
    links), `numbers`, `language`.
    """
    if not french or not english:
        return "empty"
    if french.casefold() == english.casefold():
        return "copy"
    if max(french.count(" "), english.count(" ")) >= 60:
        return "long"
    ratio = (len(french) + 6) / (len(english) + 6)
    if not 0.6 < ratio < 2.0:
        return "ratio"
    for side in (french, english):
        if sum(c.isalpha() or c == " " for c in side) < _LETTERS_MIN * len(side) or not any(c.isalpha() for c in side):
            return "symbols"
        if _MACHINE.search(side):
            return "machine"
    if numbers(french) != numbers(english):
        return "numbers"
    if looks_foreign(french, own=_FRENCH, other=_ENGLISH) or looks_foreign(english, own=_ENGLISH, other=_FRENCH):
        return "language"
    return None


def select(pairs: Iterable[Pair], dropped: Counter[str] | None = None) -> Iterator[Pair]:
    """The pairs worth keeping, cleaned, in order; exact repeats go, and so do all but three lines of one template.

    A template is the English line with its digits masked. `dropped` counts what was left out, by reason.
    """
    counts: Counter[str] = Counter() if dropped is None else dropped
    seen: set[tuple[str, str]] = set()
    templates: Counter[str] = Counter()
    for pair in pairs:
        french, english = clean(pair.french), clean(pair.english)
        reason = unfit(french, english)
        if reason is None and (french, english) in seen:
            reason = "repeat"
        if reason is None and any(c.isdigit() for c in english):
            template = re.sub(r"\d+", "0", english)
            templates[template] += 1
            if templates[template] > _TEMPLATE_MAX:
                reason = "template"
        if reason is not None:
            counts[reason] += 1
            continue
        seen.add((french, english))
        yield Pair(french, english, pair.source)


def read(folders: Iterable[Path]) -> Iterator[Pair]:
    """All pairs of the folders' `*.tsv.xz` (French TAB English), file by file in order of name."""
    for path in (path for folder in folders for path in sorted(folder.glob("*.tsv.xz"))):
        name = path.name.removesuffix(".tsv.xz")
        with lzma.open(path, "rt", encoding="utf-8", newline="\n") as lines:
            for line in lines:
                french, tab, english = line.rstrip("\n").partition("\t")
                if tab:
                    yield Pair(french, english, name)
