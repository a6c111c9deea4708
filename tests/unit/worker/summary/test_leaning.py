import time

import pytest

from scripts.lab.summaries.articles import read_french
from worker.summary.leaning import leans

LEANING = """
Mais la maire a ouvert le pont. / Elle a ouvert le pont. / C’est un soulagement pour la maire. / « Ils sont partis », dit-il.
En revanche, le pont est fermé. / Il a ouvert le pont. / Il doit partir. / Son avocat a fait appel. / Ses ventes ont baissé.
Cette décision a surpris. / Ce soir-là, le pont était fermé. / L'un d'eux a disparu. / Tous sont vivants. / Ce dernier a nié.
À l'audience, il a nié. / Il y a deux mois, elle ignorait tout. / Pendant ces dix jours, le pont sera fermé.
Depuis, le pont est fermé. / Il s'appelle Paul. / À la place, la région paiera. / Voilà dix ans qu'il attend.
But the mayor opened it. / However, the bridge is shut. / She opened the bridge. / It's a relief for the mayor.
It was opened by the mayor. / This decision surprised everybody. / That evening the bridge was shut. / His lawyer appealed.
“They had nothing left,” she said. / One of them has vanished. / All are alive. / In court he denied it. / So the state pays.
In return, the state will pay. / Two months ago she did not know. / During these ten days, the bridge will be shut.
The latter denied it. / The first dates from 1989. / Instead it will buy ferries. / Since then the county checks bridges.
On Friday, her car was burnt. / Such a bridge is rare. / It is a defeat for the president, who resigned. / No, it would not.
"""
STANDING = """
Maisons et ponts ont rouvert ce lundi. / Il y a dix ponts à Nîmes. / Il faut un pont. / Il est six heures, la ville dort.
Cette semaine, le pont sera fermé. / Ce lundi, le pont ouvre. / Ces derniers jours, la pluie a redoublé. / Ornans a voté.
C'est Paul qui a ouvert le pont. / Ainsi que prévu, le pont ouvre. / Il est recommandé de partir. / Il pleut sur Nîmes.
Depuis lundi, le pont est fermé. / Sonia a ouvert le pont. / Alors que la pluie tombe, le pont ouvre. / Le pont a ouvert.
À l'audience, la maire a nié. / Samedi, Paul Roux a dit qu'il partait. / Lors du procès de Paul Roux, il a plu.
Ilham est partie. / Et-Tahiri a gagné. / Cela dit, le pont ouvre. / Elles-mêmes
The bridge has reopened. / This week the bridge is shut. / These days bridges rust. / It is six o'clock in Nîmes.
It takes an hour. / It is not known who did it. / It was the mayor that opened the bridge. / There are ten bridges here.
So far nobody has come. / Instead of a bridge, ferries sail. / Those who came saw it. / Theirs Ltd has failed.
In court the mayor denied it. / Paul Roux said he was leaving. / In return for a bridge, the state pays. / Yet-to-be
After the trial of Paul Roux, he left. / Germany won. / Thousands marched. / Hermann left. / Orange has cut jobs.
"""
#: Those of the lists above on which the rule is known to err.
KNOWN = frozenset(["Cela dit, le pont ouvre.", "Et-Tahiri a gagné.", "Elles-mêmes", "Yet-to-be"])


def _listed(text: str) -> list[str]:
    return [sentence.strip() for line in text.strip().splitlines() for sentence in line.split(" / ")]


@pytest.mark.parametrize("sentence", _listed(LEANING))
def test_pronouns_and_connectives_lean(sentence: str) -> None:
    assert leans(sentence)


@pytest.mark.parametrize("sentence", [sentence for sentence in _listed(STANDING) if sentence not in KNOWN])
def test_others_stand(sentence: str) -> None:
    assert not leans(sentence)


@pytest.mark.parametrize("tuning", [True, False])
def test_what_readers_marked_is_found(tuning: bool) -> None:
    marked = [
        (sentence.place in article.leaning, leans(sentence.source) or leans(sentence.target))
        for article in read_french()
        if article.tuning is tuning
        for sentence in article.sentences()
    ]
    found = sum(truth and said for truth, said in marked)
    assert found >= 0.9 * sum(truth for truth, _ in marked)
    assert found >= 0.95 * sum(said for _, said in marked)


@pytest.mark.parametrize("unit", ["in a ", "À l'audience, ", "“", "c'est ", "it is ", "on the other hand and "])
def test_long_sentences_take_no_longer(unit: str) -> None:
    began = time.monotonic()
    for _ in range(300):
        leans(unit * 10_000)
    assert time.monotonic() - began < 3
