"""Quantities come out as English writes them, and what only looks like one as it was."""

import pytest

from worker.text.addresses import address_spans, without_addresses
from worker.text.losses import Loss, losses
from worker.text.numbers import with_english_digits


@pytest.mark.parametrize(
    "text",
    [
        "le 0 800 123 456",
        "le +33 123 456 789",
        "l'adresse 192.168.100.200",
        "de 0.125 à 0.250",
        "le 0800 123 456",
        "le 123 456 78 90",
        "le 123 456 7890",
        "le 06 12 345 678",
        "le +33 6 12 345 678",
        "le 0 825 12 345",
        "552 100 554 00013",
        "la société (SIREN 552 100 554)",
        "la société (SIREN : 552 100 554)",
        "SIRET 552 100 554 00013",
        "RCS Paris B 552 100 554",
        "le dossier n° 12 345",
        "le numéro 12 345",
        "Tél. : 123 456 789",
        "appelez le 118 218",
        "https://exemple.fr/1.234",
        "voir exemple.fr/1.234 ou 1.234@exemple.fr",
    ],
)
def test_what_is_no_quantity_stays(text: str) -> None:
    assert with_english_digits(text, text) == text


@pytest.mark.parametrize(
    ("source", "target", "english"),
    [
        ("1 300 emplois", "1 300 jobs", "1,300 jobs"),
        ("+1 300 emplois", "+1 300 jobs", "+1,300 jobs"),
        ("un tel budget de 1 300 euros", "such a budget of 1 300 euros", "such a budget of 1,300 euros"),
        ("une hausse de 4,2", "a rise of 4,2", "a rise of 4.2"),
        ("12.500 euros", "12.500 euros", "12,500 euros"),
        ("12.500.000.000 euros", "12.500.000.000 euros", "12,500,000,000 euros"),
        ("1 300 à 1 300 000 euros", "1 300 to 1 300 000 euros", "1,300 to 1,300,000 euros"),
        (
            "1.234 pages sur https://exemple.fr/1.234.",
            "1.234 pages on https://exemple.fr/1.234.",
            "1,234 pages on https://exemple.fr/1.234.",
        ),
        ("le 0800 123 456 pour 123 456 euros", "0800 123 456 for 123 456 euros", "0800 123 456 for 123 456 euros"),
    ],
)
def test_quantities(source: str, target: str, english: str) -> None:
    assert with_english_digits(source, target) == english


@pytest.mark.parametrize(
    ("french", "english"),
    [
        ("Le 1er mai 2024 12 500 manifestants", "Le 1er mai 2024 12,500 manifestants"),
        ("En 2023 1 300 personnes", "En 2023 1,300 personnes"),
        ("Le 12/05/24 1 300 personnes", "Le 12/05/24 1,300 personnes"),
        ("À 20:00 1 300 personnes", "À 20:00 1,300 personnes"),
        ("Ligue 1 1 234 spectateurs", "Ligue 1 1,234 spectateurs"),
        ("Sur 3 à 0 1 234 spectateurs", "Sur 3 à 0 1,234 spectateurs"),
        ("12 500 1 300 et 450", "12,500 1,300 et 450"),
        ("Coordonnées : 48,85 2,35", "Coordonnées : 48.85 2.35"),
        ("48,85 12 500 et 1 300 48,85", "48.85 12,500 et 1,300 48.85"),
        ("2019 4,5 3,2 1,8", "2019 4.5 3.2 1.8"),
        ("notes 4,2 3,5 et 1,8", "notes 4.2 3.5 et 1.8"),
        ("06 4,2", "06 4.2"),
    ],
)
def test_quantities_beside_other_numbers(french: str, english: str) -> None:
    assert with_english_digits(french, french) == english


def test_part_of_another_number_stays() -> None:
    assert with_english_digits("234 567 euros", "1 234 567 euros") == "1 234 567 euros"
    assert with_english_digits("123 456 euros", "Call 0800 123 456") == "Call 0800 123 456"


def test_what_got_lost_comes_back_as_it_was() -> None:
    assert losses("Composez le 0 800 123 456.", "Dial it.") == [Loss("0 800 123 456", "0 800 123 456")]
    assert losses("La société (SIREN 552 100 554) ferme.", "The company closes.") == [
        Loss("SIREN", "SIREN"), Loss("552 100 554", "552 100 554"),
    ]  # fmt: skip


def test_where_addresses_stand() -> None:
    text = "Voir a@b.fr, www.b.fr/x. Puis (https://c.fr/1), d.fr et 12.500."
    assert [text[start:end] for start, end in address_spans(text)] == ["a@b.fr", "www.b.fr/x", "https://c.fr/1", "d.fr"]
    assert without_addresses(text) == (
        "Voir  ,  . Puis ( ),   et 12.500.", ["www.b.fr/x", "https://c.fr/1", "d.fr"], ["a@b.fr"],
    )  # fmt: skip
