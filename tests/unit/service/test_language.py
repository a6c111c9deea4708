"""Language: French and English are never refused, others are, and English is only what surely is."""

import threading

import pytest

from service.contract.language import detect, foreign_language, is_english

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
