"""Articles whose translation by the fake engine is known beforehand, worked out here and not by the pipeline."""

import random
from dataclasses import dataclass

from worker.engine.lexicon import mark

#: What an article holds that must kill its worker: the workers' DEPECHE_FAKE_DIE_ON.
POISON = "Cyanhydrique"

_SUBJECTS = [
    "Le maire",
    "La ministre",
    "Le conseil de la ville",
    "La présidente du tribunal",
    "Un habitant du quartier",
]
_VERBS = ["annonce", "refuse", "prépare", "défend", "reporte"]
_OBJECTS = ["la rénovation du pont", "un projet de loi", "la fermeture de l'usine", "le budget de l'école"]
_ENDS = [
    "avant la fin de la semaine",
    "malgré les protestations",
    "pour la troisième fois",
    "avec les communes voisines",
]

#: Paragraphs stand between these; the service must give them back as they are.
_SEPARATORS = ["\n\n", "\n", "\n\n\n", "\n  "]


@dataclass(frozen=True, slots=True)
class Article:
    """One article of the campaign, and what a job must make of it. `poisoned` ones must fail."""

    number: int
    text: str
    expected: str
    poisoned: bool


def write(seed: int, number: int, *, paragraphs: int = 2, poisoned: bool = False) -> Article:
    """The article of this number: the same for the same seed, and no two alike."""
    dice = random.Random(f"{seed}/{number}")  # noqa: S311 - it must be repeatable
    source, target = "", ""
    for index in range(paragraphs):
        sentences = [_sentence(dice) for _ in range(2)]
        if index == 0:
            sentences.insert(0, f"Le dossier {number} avance.")
        if poisoned and index == paragraphs - 1:
            sentences.append(f"Le mot {POISON} est dans le texte.")
        separator = dice.choice(_SEPARATORS) if index else ""
        source += separator + " ".join(sentences)
        target += separator + " ".join(map(mark, sentences))
    return Article(number, source, target, poisoned)


def _sentence(dice: random.Random) -> str:
    parts = [dice.choice(_SUBJECTS), dice.choice(_VERBS), dice.choice(_OBJECTS), dice.choice(_ENDS)]
    return f"{' '.join(parts)} dans {dice.randint(2, 9000)} villes."
