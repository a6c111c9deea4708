"""Language: French and English are never refused, others are, and English is only what surely is."""

import importlib.util
import sys
import threading
import time
from pathlib import Path
from types import ModuleType

import pytest

from service.contract.language import (
    WINDOW_CHARACTERS,
    detect,
    foreign_language,
    is_english,
    language_name,
    paragraph_language,
)


def load(name: str) -> ModuleType:
    """The measuring command, which lies beside this file and in no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


measure = load("measure_language")


FRENCH = {
    "news": "Le conseil municipal a adopté lundi soir le budget de la ville, après quatre heures de débats. La maire a défendu "
    "une hausse limitée des impôts, tandis que l'opposition dénonçait des dépenses inutiles et demandait un audit.",
    "English names": "Selon Reuters, Goldman Sachs et Morgan Stanley ont racheté les parts de Hewlett-Packard. « Business as "
    "usual », a dit Jamie Dimon à Bloomberg. Wall Street a clôturé en hausse, le Nasdaq gagnant 1,2 %.",
    "capitals": "LE GOUVERNEMENT ANNONCE UNE RÉFORME DES RETRAITES. LES SYNDICATS APPELLENT À LA GRÈVE GÉNÉRALE POUR LE MOIS "
    "PROCHAIN DANS TOUT LE PAYS.",
    "no accents": "Le president de la Republique a annonce hier soir une serie de mesures pour aider les menages les plus "
    "modestes a payer leurs factures d'electricite et de gaz cet hiver.",
    "results": "Résultats : Paris SG 3-1 Marseille ; Lyon 2-2 Nice ; Monaco 0-1 Lille ; Rennes 4-0 Brest ; Nantes 1-1 Reims ; "
    "Strasbourg 2-3 Toulouse ; Lens 1-0 Lorient ; Auxerre 0-2 Angers.",
    "Québec": "La ministre a déclaré que les agriculteurs recevraient une aide d'urgence de 20 millions de dollars. La fin de "
    "semaine s'annonce froide et les chars resteront dans les stationnements.",
    "quotation": "« We will never surrender, and we shall fight them on the beaches », a répété le ministre aux députés.",
    "recipe": "200 g de farine, 3 oeufs, 50 g de beurre, 1 pincée de sel, 25 cl de lait. Mélanger, laisser reposer 1 h.",
}

FOREIGN = {
    "Spanish": "El ayuntamiento aprobó el lunes por la noche el presupuesto de la ciudad después de cuatro horas de debate. La "
    "alcaldesa defendió una subida limitada de los impuestos, mientras la oposición denunciaba gastos inútiles.",
    "Italian": "Il consiglio comunale ha approvato lunedì sera il bilancio della città dopo quattro ore di dibattito. La "
    "sindaca ha difeso un aumento limitato delle tasse, mentre l'opposizione denunciava spese inutili.",
    "German": "Der Stadtrat hat am Montagabend nach vierstündiger Debatte den Haushalt der Stadt verabschiedet. Die "
    "Bürgermeisterin verteidigte eine begrenzte Steuererhöhung, während die Opposition unnötige Ausgaben anprangerte.",
    "Catalan": "El ple municipal va aprovar dilluns al vespre el pressupost de la ciutat després de quatre hores de debat. "
    "L'alcaldessa va defensar una pujada limitada dels impostos, mentre l'oposició denunciava despeses inútils.",
    "Occitan": "Lo conselh municipal adoptèt diluns de ser lo budgèt de la vila, après quatre oras de debats. La conse "
    "defendèt una auça limitada dels impòsts, mentre que l'oposicion denonciava de despensas inutilas.",
    "Portuguese": "A câmara municipal aprovou na segunda-feira à noite o orçamento da cidade, após quatro horas de debate. A "
    "presidente defendeu um aumento limitado dos impostos, enquanto a oposição denunciava despesas inúteis.",
    "Dutch": "De gemeenteraad heeft maandagavond na vier uur debat de begroting van de stad aangenomen. De burgemeester "
    "verdedigde een beperkte belastingverhoging, terwijl de oppositie nutteloze uitgaven hekelde.",
    "Haitian Creole": "Konsèy minisipal la te vote bidjè vil la lendi swa apre kat èdtan deba. Majistra a te defann yon ti "
    "ogmantasyon taks yo, pandan opozisyon an t ap denonse depans initil epi li te mande yon odit.",
}

ENGLISH = (
    "The city council adopted its budget on Monday evening after four hours of debate. The mayor defended a limited rise in "
    "taxes, while the opposition denounced needless spending and asked for an audit of the public accounts."
)


@pytest.mark.parametrize("text", FRENCH.values(), ids=FRENCH)
def test_french_is_taken_and_is_not_english(text: str) -> None:
    assert foreign_language(text * 4) is None
    assert not is_english(text)


@pytest.mark.parametrize("language", FOREIGN)
def test_other_languages_are_named(language: str) -> None:
    assert foreign_language(FOREIGN[language] * 2) == language
    assert not is_english(FOREIGN[language])


def test_english_is_taken_and_known() -> None:
    assert foreign_language(ENGLISH * 2) is None
    assert detect(ENGLISH).language == "en"
    assert is_english(ENGLISH)
    assert is_english("“It is what it is,” she said, and we’re not going to change that before the end of the year.")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1234",
        "Breaking news",
        "The Rolling Stones",
        "New York, Los Angeles, San Francisco, Chicago, Boston, Washington, Philadelphia",
        "Emmanuel Macron",
        "Apple lance le nouveau MacBook Pro",
        "def parse(self, data): return {k: v for k, v in json.loads(data).items() if k not in self.skip}",
    ],
)
def test_in_doubt_a_paragraph_is_not_english(text: str) -> None:
    assert not is_english(text)


def test_short_and_mixed_texts_are_not_refused() -> None:
    spanish = FOREIGN["Spanish"]
    assert sum(map(str.isalpha, spanish)) < 200
    assert foreign_language(spanish) is None
    assert foreign_language(spanish * 2 + FRENCH["news"] * 2) is None
    assert foreign_language(FRENCH["news"] * 30 + spanish * 30) is None, "only the first 5,000 characters count"
    assert foreign_language("1 234 567 " * 500) is None


def test_many_threads_share_one_model() -> None:
    guesses: list[str] = []
    threads = [threading.Thread(target=lambda: guesses.append(detect(FRENCH["news"]).language)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert guesses == ["fr"] * 8


@pytest.mark.parametrize("name", ["blind", "tuning"])
def test_paragraphs_of_the_test_sets(name: str) -> None:
    cases = measure.read_cases(measure.CASES / f"{name}.tsv")
    table = measure.confusion(cases, paragraph_language)
    french = [counts for row, counts in table.items() if row.startswith(("French", "no language"))]
    assert sum(counts.total() for counts in french) >= 110
    assert sum(counts.total() - counts["undecided"] for counts in french) == 0
    english, other = table["English, paragraphs"], table["other, paragraphs"]
    assert english["English"] >= 0.93 * english.total()
    assert english["wrong"] == 0
    assert other["right"] >= 0.95 * other.total()
    assert other["English"] == 0
    short = table["other, short lines"]
    assert short["right"] + short["undecided"] == short.total()


def test_the_test_sets_are_large_enough_and_have_no_line_twice() -> None:
    cases = [case.text for path in measure.CASES.glob("*.tsv") for case in measure.read_cases(path)]
    assert len(cases) == len(set(cases)) >= 380


def test_errors_are_found() -> None:
    case = measure.Case("fr", "headline", "Bonjour")
    assert measure.errors([case], lambda _: None) == []
    assert measure.errors([case], lambda _: "en") == [(case, "en")]
    assert measure.outcome(case, "de") == "wrong"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ENGLISH, "en"),
        (FRENCH["news"], None),
        (FOREIGN["German"], "de"),
        ("«Wir haben das nicht gewollt», sagte der Minister am Abend vor den Abgeordneten in Berlin.", "de"),
        ("« Wir haben das nicht gewollt und wir bedauern das sehr », regrette Merkel.", None),
        ("« This is not what we had in mind when we came to this country », regrette Obama.", None),
        ("« This is not what we had in mind when we came to this country »", "en"),
        ("Слава", "ru"),
        ("Ви знаєте, що їй потрібно більше часу, щоб відповісти на це питання.", "uk"),
        ("این کتاب را برای دوستم در تهران خریدم و امیدوارم آن را دوست داشته باشد.", "fa"),
        ("你好", "zh"),
        ("東京へようこそ", "ja"),
        ("안녕", "ko"),
        ("Le mot « перестройка » a fait le tour du monde.", None),
        ("α + β = γ / δ", None),
        ("ሰላም ለሁሉም", "am"),
        ("漢", None),
        ("", None),
    ],
)
def test_language_of_a_paragraph(text: str, code: str | None) -> None:
    assert paragraph_language(text) == code
    assert is_english(text) == (code == "en")


def test_a_long_paragraph_is_of_a_language_only_where_three_windows_agree() -> None:
    english, french, german = (text * 40 for text in (ENGLISH, FRENCH["news"], FOREIGN["German"]))
    assert len(english) > 3 * WINDOW_CHARACTERS
    assert paragraph_language(english) == "en"
    assert paragraph_language(german) == "de"
    for mixed in (english + french, french + english, english + french + english, english + german):
        assert paragraph_language(mixed) is None


def test_names_of_languages() -> None:
    assert language_name("de") == "German"
    assert language_name("xh") == "the language 'xh'"


@pytest.mark.parametrize(
    "text",
    [
        "a" * 3_000,
        "«" * 3_000,
        '"a ' * 1_000,
        "a b " * 750,
        "出口" * 500_000,
        "@" * 3_000,
        "{;}" * 1_000,
        FRENCH["news"] * 5_000,
    ],
)
def test_the_time_of_a_paragraph_is_bounded(text: str) -> None:
    paragraph_language(text)
    start = time.perf_counter()
    for _ in range(10):
        paragraph_language(text)
    assert time.perf_counter() - start < 1  # 0.03 s or less


def test_a_thousand_french_paragraphs_take_well_under_a_second() -> None:
    start = time.perf_counter()
    for number in range(1_000):
        paragraph_language(f"{number} {FRENCH['news'] * 2}")
    assert time.perf_counter() - start < 2  # 0.2 s on a machine that does nothing else
