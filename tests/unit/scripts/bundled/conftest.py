"""A made-up corpus that is learned from in a few seconds."""

import lzma
from pathlib import Path

import pytest

from scripts.lab.bundled.corpus_preparation import prepare

_WHO = {
    "le roi": "the king",
    "la reine": "the queen",
    "le chien": "the dog",
    "une femme": "a woman",
    "mon voisin": "my neighbour",
}
_DOES = {"regarde": "watches", "aime": "loves", "trouve": "finds", "appelle": "calls", "attend": "waits for"}
_WHERE = {
    "dans la ville": "in the city",
    "devant la maison": "in front of the house",
    "avec Pauline": "with Pauline",
    "à Lyon": "in Lyon",
}


def sentences() -> list[tuple[str, str]]:
    """All the sentences that the made-up language has, French and English."""
    made = []
    for who, who_en in _WHO.items():
        for does, does_en in _DOES.items():
            for whom, whom_en in _WHO.items():
                for where, where_en in _WHERE.items():
                    french, english = f"{who} {does} {whom} {where}.", f"{who_en} {does_en} {whom_en} {where_en}."
                    made.append((french[0].upper() + french[1:], english[0].upper() + english[1:]))
    return made


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two files of the made-up language."""
    folder = tmp_path_factory.mktemp("corpus")
    lines = [f"{french}\t{english}\n" for french, english in sentences()]
    for name, part in (("news-commentary-v8-part", lines[:150]), ("tatoeba", lines[150:])):
        with lzma.open(folder / f"{name}.tsv.xz", "wt", encoding="utf-8", newline="\n") as file:
            file.writelines(part)
    return folder


@pytest.fixture(scope="session")
def data(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus, prepared."""
    folder = tmp_path_factory.mktemp("data")
    prepare([corpus], folder, held_out=8, pieces=480, width=32)
    return folder
