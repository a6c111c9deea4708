import gc
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.worker.text.corruptions import CORRUPTIONS, PAIRS, Corruption, corrupted
from tests.unit.worker.text.measure_checks import alarms, precisions
from worker.text import FlagCode, check, needs_translation
from worker.text.checks import LONGEST_DETAIL, Flag, badness
from worker.text.loops import repetition
from worker.text.names import lost_quotation, missing_capitals, missing_mentions, missing_names, missing_signs
from worker.text.numbers import added_numbers, missing_numbers, with_english_digits


def test_hardly_any_good_pair_raises_a_flag() -> None:
    codes, flagged, total = alarms(PAIRS)
    assert total >= 160
    assert flagged < 0.02 * total, codes


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda corruption: corruption.name)
def test_damage_is_found(corruption: Corruption) -> None:
    pairs = list(corrupted(corruption))
    found = [corruption.code in {flag.code for flag in check(source, target)} for source, target in pairs]
    least = (
        0.7 if corruption.name == "French in its second half" else 0.88
    )  # what is left there may be a name or a number
    assert pairs
    assert sum(found) >= least * len(pairs)


def test_flags_are_raised_for_their_own_damage() -> None:
    for code, (right, raised) in precisions().items():
        assert right >= 0.9 * raised, code


def test_lost_addresses_are_found() -> None:
    source = "Voir https://exemple.fr/a?b=1, (www.exemple.org) ou presse.fr et écrire à jean.dupont@exemple.fr."
    assert check(source, "See it and write.") == [
        Flag(FlagCode.LENGTH_OUTLIER, f"17 characters for {len(source)}"),
        Flag(FlagCode.LINK_MISSING, "https://exemple.fr/a?b=1, www.exemple.org, presse.fr"),
        Flag(FlagCode.EMAIL_MISSING, "jean.dupont@exemple.fr"),
    ]
    target = "See https://exemple.fr/a?b=1 (www.exemple.org) or presse.fr and write to jean.dupont@exemple.fr."
    assert check(source, target) == []


@pytest.mark.parametrize(
    ("source", "target", "missing"),
    [
        ("1 234,5 km", "1,234.5 km", []),
        ("1.234.567 voix", "1 234 567 votes", []),
        ("3,50 €", "€3.5", []),
        ("le 1er étage", "the first floor", []),
        ("21 pays", "twenty-one countries", []),
        ("à 20 h", "at 8 pm", []),
        ("à 20 h", "at 9 pm", ["20"]),
        ("20 chats", "8 cats", ["20"]),
        ("30 chats", "3 cats", ["30"]),
        ("3 chats", "30 cats", ["3"]),
        ("12 chats et 12 chiens en 2019", "cats and dogs", ["12", "2019"]),
        ("2 000 milliards", "2 trillion", []),
        ("6&#160;%", "6 %", []),
        ("12,5 %", "125%", ["12,5"]),
        ("12,5 %", "12.5", ["%"]),
        ("1,5 milliard", "1.5 million", ["1,5 milliard"]),
        ("1,5 milliard", "1,500 million", []),
        ("deux cent mille euros", "200,000 euros", []),
        ("deux cent mille euros", "two thousand euros", ["deux cent mille"]),
        ("quatre-vingt-dix-sept ans", "97 years", []),
        ("soixante et onze voix", "71 votes", []),
        ("mille neuf cent quatre-vingt-quatre", "1984", []),
        ("le XVIIIe siècle", "the 18th century", []),
        ("le XVIIIe siècle", "the 13th century", ["XVIIIe"]),
        ("un million et demi", "1.5 million", []),
        ("de 2 à 3 millions", "2 million to 3 million", []),
        ("une vingtaine de cas", "about twenty cases", []),
        ("dans quinze jours", "in two weeks", []),
        ("le 12/04/1985", "April 12, 1985", []),
        ("les années 1960", "the 60s", []),
        ("6 h 45", "6.45 a.m.", []),
        ("12 h 30", "half past noon", []),
        ("le troisième homme", "the 3rd man", []),
        ("vingt pour cent des gens", "20% of people", []),
        ("le 14 sept. 2020", "14 September 2020", []),
        ("les deux frères", "the brothers", []),
        ("H1N1 et A320", "flu and plane", []),
        ("des millions de gens", "many people", []),
    ],
)
def test_numbers(source: str, target: str, missing: list[str]) -> None:
    assert missing_numbers(source, target) == missing


@pytest.mark.parametrize(
    ("source", "target", "english"),
    [
        ("1 300 postes, soit 4,2 %", "1 300 posts, or 4,2%", "1,300 posts, or 4.2%"),
        ("1\u202f300 postes", "1\u202f300 posts", "1,300 posts"),
        ("2,5 millions", "2,5 million (12,55)", "2.5 million (12,55)"),
        ("la version 1.2.3 du 12 mai", "version 1.2.3 of 12 May", "version 1.2.3 of 12 May"),
        ("1,5 et 11,5", "11,5 and 1,5", "11.5 and 1.5"),
        ("sans chiffre", "12,5", "12,5"),
    ],
)
def test_numbers_are_written_as_in_english(source: str, target: str, english: str) -> None:
    assert with_english_digits(source, target) == english


@pytest.mark.parametrize(
    ("source", "target", "added"),
    [
        ("Il a plu.", "It rained for 12 days.", ["12"]),
        ("Il a plu douze jours.", "It rained for 12 days.", []),
        ("à 18 heures", "at 6:00 p.m.", []),
        ("le 3 mars", "3/3", []),
        ("dans les années 90", "in the 1990s", []),
        ("une heure et demie", "1.5 hours", []),
        ("la moitié", "50%", []),
        ("2,5 millions", "2,500,000", []),
        ("2,5 millions", "2.5", []),
        ("un Airbus", "an A320", []),
        ("en 2019", "in 2019 and 2020", ["2020"]),
    ],
)
def test_added_numbers(source: str, target: str, added: list[str]) -> None:
    assert added_numbers(source, target) == added


@pytest.mark.parametrize(
    ("source", "target", "missing"),
    [
        ("L'OTAN et l'ONU", "NATO and the United Nations", []),
        ("La SNCF recrute.", "The railways are hiring.", ["SNCF"]),
        ("L'EEE", "the EEA", []),
        ("le vol AF447", "flight AF447", []),
        ("le vol AF447", "the flight", ["AF447"]),
        ("LONDRES – Il pleut.", "LONDON – It is raining.", []),
        ("IL EST MORT CE SOIR à Paris, dit-on là-bas.", "He died tonight in Paris, they say.", []),
        ("Louis XIV", "Louis the Fourteenth", []),
        ("Le CAC perd 2 %.", "Sources: CAC 40 down 2%.", []),
    ],
)
def test_capitals(source: str, target: str, missing: list[str]) -> None:
    assert missing_capitals(source, target) == missing


@pytest.mark.parametrize(
    ("source", "target", "missing"),
    [
        ("Selon M. Vasseur, tout va bien.", "According to Mr Vaseur, all is well.", ["Vasseur"]),
        ("Avec Claire Delaunay.", "With Claire Delaney.", ["Delaunay"]),
        ("Avec Élise Bréhat.", "With Elise Brehat.", []),
        ("Selon Vladimir Poutine.", "According to Vladimir Putin.", []),
        ("Le Grand Prix de Hongrie.", "The Hungarian Grand Prix.", []),
        ("La Nouvelle Zélande.", "New Zealand.", []),
    ],
)
def test_names(source: str, target: str, missing: list[str]) -> None:
    assert missing_names(source, target) == missing


@pytest.mark.parametrize(
    ("source", "target", "lost"),
    [
        ("« Oui », dit-il.", "“Yes,” he says.", None),
        ("« Oui », dit-il.", "'Yes,' he says.", None),
        ("« Oui », dit-il.", "Yes, he says.", "« Oui »"),
        ("« Et la suite.", "“And the rest.", None),
        ("« Un », « deux », « trois ».", "“One”, two, three.", "« Un »"),
        ("Sans guillemets.", "No marks.", None),
    ],
)
def test_quotations(source: str, target: str, lost: str | None) -> None:
    assert lost_quotation(source, target) == lost


def test_signs_of_other_scripts_are_missed() -> None:
    assert missing_signs("Le mot 木 et 🎉🎉", "The word and 🎉") == "木🎉"
    assert missing_signs("Température : 42 °C, déjà", "Temperature: 42 °C") == ""


def test_mentions_are_missed() -> None:
    assert missing_mentions("@mairie et #Fete2024, à 5 @ 3 #12", "mairie and #fete2024") == ["@mairie"]


def test_the_worse_of_two_has_more_badness() -> None:
    source = "Le maire a annoncé 12 mesures pour la ville de Brest."
    good = badness(check(source, "The mayor announced 12 measures for the city of Brest."))
    wrong = badness(check(source, "The mayor announced 21 measures for the city of Brest."))
    copied = badness(check(source, source))
    assert good == 0 < wrong < copied < badness(check(source, ""))


@pytest.mark.parametrize(
    ("source", "target", "repeats"),
    [
        ("Oui, oui, oui !", "Yes, yes, yes!", False),
        ("Oui !", "Yes yes yes!", True),
        ("Le prix de l'électricité", "The price of electricity electricity", True),
        ("Je sais que cela suffit", "I know that that is enough", False),
        ("Pas à pas, pas à pas", "Step by step, step by step", False),
        ("Oui, bonjour", "Hello, hello", False),
        ("Il dort.", "He sleeps and sleeps.", False),
        ("Il dort.", "He is at home, he is at home.", True),
        ("Fin…", "The end...", False),
        ("Fin", "The end............", True),
        ("1 000 000 000 €", "€1,000,000,000", False),
    ],
)
def test_repetition(source: str, target: str, repeats: bool) -> None:
    assert (repetition(source, target) is not None) is repeats


@pytest.mark.parametrize(
    "name", ["Emmanuel Macron", "Tour de France", "https://exemple.fr/le-monde", "CAC 40", "Le Monde", "OTAN"]
)
def test_names_and_addresses_may_be_equal(name: str) -> None:
    assert check(name, name) == []


def test_english_that_comes_back_is_no_copy() -> None:
    text = "The president said that he would not comment on the vote."
    assert check(text, text) == []


def test_a_near_copy_is_a_copy() -> None:
    source = "La mesure concerne tous les salariés des petites entreprises industrielles"
    found = check(source, source.replace("petites", "small"))
    assert FlagCode.SOURCE_COPIED in {flag.code for flag in found}


def test_french_between_quotation_marks_may_stay() -> None:
    assert (
        check(
            "Il a crié « vive la république et vive la France ».", "He shouted “vive la république et vive la France”."
        )
        == []
    )


@pytest.mark.parametrize(
    ("segment", "answer"), [("***", False), ("12,5 %", False), ("—", False), ("a", True), ("é", True)]
)
def test_needs_translation(segment: str, answer: bool) -> None:
    assert needs_translation(segment) is answer
    assert check(segment, segment) == []


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_can_be_checked(source: str, target: str) -> None:
    flags = check(source, target)
    assert len({flag.code for flag in flags}) == len(flags)
    assert all(0 < len(flag.detail) <= LONGEST_DETAIL for flag in flags)


UNITS = [
    *(
        "a",
        "a ",
        "1",
        "1 ",
        "a.",
        "a@",
        "«",
        "www.",
        "a-",
        "é est que ",
        "deux ",
        "mille ",
        "un million ",
        "Ab ",
        "Ab-",
    ),
    *("AB ", "A1 ", "@a1 ", "M. Ab ", "XI ", "1.", "1,", "字", "Avec Ab "),
]


@pytest.mark.parametrize("unit", UNITS)
def test_time_is_linear(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        best = 9.0
        gc.disable()  # a collection takes as long as the objects of all tests before this one say
        try:
            for _ in range(3):
                start = time.process_time()
                check(text, text + "b")
                best = min(best, time.process_time() - start)
        finally:
            gc.enable()
        return best

    assert seconds(40_000) < 10 * seconds(10_000) + 0.05
