"""A small article with its translation, and makers of sentences, for the tests of summaries."""

import zlib
from collections.abc import Iterable

import numpy as np

from worker.engine.interface import Vector
from worker.summary.records import Sentence

#: Paragraphs of (French, English). The first is a headline, the fifth a subheading, the last a signature.
PARAGRAPHS: list[list[tuple[str, str]]] = [
    [("Le pont de Morvelle rouvre après trois ans", "The Morvelle bridge reopens after three years")],
    [
        (
            "Le pont de Morvelle a rouvert lundi à la circulation, trois ans après la crue qui avait emporté deux de ses "
            "piles.",
            "The Morvelle bridge reopened to traffic on Monday, three years after the flood that swept away two of its piers.",
        ),
        (
            "Les travaux ont coûté 48 millions d'euros, payés pour moitié par la région et pour moitié par l'État.",
            "The works cost 48 million euros, paid half by the region and half by the state.",
        ),
    ],
    [
        (
            "Depuis la crue, les 12 000 habitants de la rive gauche devaient faire un détour de 40 kilomètres pour "
            "traverser le fleuve.",
            "Since the flood, the 12,000 inhabitants of the left bank had to make a detour of 40 kilometres to cross it.",
        ),
        ("Il faisait beau lundi matin.", "The weather was fine on Monday morning."),
        (
            "Plusieurs commerces de la rive gauche ont fermé pendant les travaux, et la mairie promet une aide à ceux qui "
            "reviendront.",
            "Several shops on the left bank closed during the works, and the town hall promises aid to those that return.",
        ),
    ],
    [
        ("«Nous avons attendu ce pont.", "“We have waited for this bridge."),
        (
            "C'est un soulagement», a dit la maire, Hélène Castaing, devant quelques centaines d'habitants.",
            "It is a relief,” said the mayor, Hélène Castaing, in front of a few hundred residents.",
        ),
        ("Une fanfare a joué deux morceaux.", "A brass band played two pieces."),
    ],
    [("Un ouvrage plus haut", "A higher structure")],
    [
        (
            "Le nouveau pont est plus haut de deux mètres, pour qu'une crue comme celle d'il y a trois ans ne l'atteigne "
            "plus.",
            "The new bridge is two metres higher, so that a flood like the one three years ago no longer reaches it.",
        ),
        ("***", "***"),
        (
            "Un enfant a perdu son gant, qu'un gendarme lui a rendu en souriant.",
            "A child lost a glove, which a gendarme gave back with a smile.",
        ),
    ],
    [("Jeanne Morin", "Jeanne Morin")],
]

#: What a person would say of it in two sentences.
REFERENCE = (
    "The Morvelle bridge reopened on Monday, three years after a flood carried away two piers. The works cost 48 million "
    "euros, and the inhabitants of the left bank had to make a detour of 40 kilometres."
)


def pooled(text: str, width: int = 96) -> Vector:
    """A stand-in for a pooled encoder state: the mean of fixed random vectors of the words, all shifted one way."""
    words = text.casefold().split() or [""]
    drawn = [np.random.default_rng(zlib.crc32(word.encode())).standard_normal(width) for word in words]
    return np.asarray(np.mean(drawn, axis=0) + 0.5, dtype=np.float32)


def article(*, vectors: bool = False) -> list[Sentence]:
    """The article as the pipeline hands it to the summarisers."""
    return [
        Sentence(
            paragraph=paragraph,
            segment=segment,
            source=source,
            target=target,
            vector=pooled(source) if vectors else None,
            complete=source[-1] in ".!?",
        )
        for paragraph, pairs in enumerate(PARAGRAPHS)
        for segment, (source, target) in enumerate(pairs)
    ]


def plain(targets: Iterable[str], *, vectors: Iterable[Vector | None] | None = None) -> list[Sentence]:
    """Sentences of one paragraph, whose source is their target."""
    targets = list(targets)
    vectors = list(vectors) if vectors is not None else [None] * len(targets)
    return [
        Sentence(paragraph=0, segment=index, source=target, target=target, vector=vector)
        for index, (target, vector) in enumerate(zip(targets, vectors, strict=True))
    ]
