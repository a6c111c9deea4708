"""Each way of decoding again, on a model that gets things wrong on purpose."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from worker.engine.batcher import BatchingEngine
from worker.engine.interface import ModelInfo, Output, Role, Tokens
from worker.engine.request import Request
from worker.memory import Remembered
from worker.plan import PlannedSegment, make_plan
from worker.terms import TermFinder
from worker.translation import Translated, translate

TERMS = TermFinder.of_request({"comité": ("works council", False), "offre": ("bid", False)}, ["Durand"])
Model = Callable[[str], str]


class ScriptedDecoder:
    """Translates by a function of the text; keeps what it was asked, batch by batch."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.asked: list[str] = []

    def info(self, role: Role) -> ModelInfo | None:
        return ModelInfo("scripted", "1", 60, has_vectors=False) if role is Role.TRANSLATOR else None

    def beams(self, role: Role) -> int:
        return 1

    def tokenize(self, role: Role, texts: Sequence[str]) -> list[Tokens]:
        return [Tokens(text, tuple(range(len(text.split()) + 1))) for text in texts]

    def flow(self, role: Role) -> None:
        """Closed batches only."""

    def run(self, role: Role, batch: Sequence[Request]) -> list[Output]:
        self.asked += [request.tokens.text for request in batch]
        return [Output(self._model(r.tokens.text), len(r.tokens), 1, truncated=False) for r in batch]


class Notes:
    """A memory of one job, kept here."""

    def __init__(self) -> None:
        self.known: dict[int, Remembered] = {}

    def recall(self, segments: Sequence[PlannedSegment], model: ModelInfo) -> dict[int, Remembered]:
        return dict(self.known)

    def note(self, place: int, output: Output, *, settled: bool) -> None:
        self.known[place] = Remembered(output, settled)

    def save_when_due(self) -> None:
        """Nothing is due."""


@pytest.fixture
def engine_of() -> Iterator[Callable[[Model], tuple[BatchingEngine, ScriptedDecoder]]]:
    opened: list[BatchingEngine] = []

    def make(model: Model) -> tuple[BatchingEngine, ScriptedDecoder]:
        decoder = ScriptedDecoder(model)
        opened.append(BatchingEngine(decoder))
        return opened[-1], decoder

    yield make
    for engine in opened:
        engine.close()


EngineOf = Callable[[Model], tuple[BatchingEngine, ScriptedDecoder]]


def run(engine: BatchingEngine, text: str, notes: Notes | None = None) -> list[Translated]:
    plan = make_plan(text, None, engine, segment_tokens=50, terms=TERMS)
    return translate(
        plan.segments, engine, "job", check_attempt=lambda: None, on_progress=lambda done: None, memory=notes
    )


def copies(text: str) -> str:
    """A model that writes English words for the French ones that it knows, and goes around what it does not know."""
    known = {
        "Le": "The",
        "le": "the",
        "refuse": "refuses",
        "refuse.": "refuses.",
        "l'offre": "the offer",
        "comité": "committee",
    }
    return " ".join(known.get(word, word) for word in text.split())


def test_a_term_that_the_model_gets_right_costs_nothing(engine_of: EngineOf) -> None:
    engine, decoder = engine_of(lambda text: "The works council refuses.")
    (item,) = run(engine, "Le comité refuse.")
    assert (item.target, item.again, item.masked, item.inserted) == ("The works council refuses.", False, (), ())
    assert decoder.asked == ["Le comité refuse."]


def test_a_term_goes_behind_a_name(engine_of: EngineOf) -> None:
    engine, decoder = engine_of(copies)
    (item,) = run(engine, "Le comité refuse.")
    assert item.target == "The works council refuses."
    assert [use.wanted for use in item.masked] == ["works council"]
    assert (item.again, item.inserted, item.missing) == (True, (), ())
    assert decoder.asked == ["Le comité refuse.", "Le Zq1 refuse."]


def test_a_sentence_is_translated_around_a_term(engine_of: EngineOf) -> None:
    engine, _ = engine_of(lambda text: copies(text.replace("Zq1", "Zed")))
    (item,) = run(engine, "Le comité refuse.")
    assert item.target == "The works council refuses."
    assert [use.wanted for use in item.inserted] == ["works council"]


def test_a_term_at_either_end_and_signs_between(engine_of: EngineOf) -> None:
    engine, _ = engine_of(lambda text: "A thing." if "Zq" in text or "comité" in text.lower() else text)
    (item,) = run(engine, "Comité, offre / Durand")
    assert item.target == "works council, bid / Durand"
    assert [use.wanted for use in item.inserted] == ["works council", "bid", "Durand"]


def test_an_article_that_leans_on_a_term_goes(engine_of: EngineOf) -> None:
    engine, decoder = engine_of(lambda text: "Something." if "Zq" in text or "offre" in text else copies(text))
    (item,) = run(engine, "Le comité refuse l'offre.")
    assert item.target == "The works council refuses bid."
    assert "l'" not in decoder.asked


def test_placeholders_are_kept_unasked(engine_of: EngineOf) -> None:
    engine, _ = engine_of(lambda text: text.replace("{", "").replace("}", ""))
    (item,) = run(engine, "Bonjour {name} et merci.")
    assert item.target == "Bonjour {name} et merci."


def test_what_lost_a_number_is_decoded_in_pieces(engine_of: EngineOf) -> None:
    source = "Le groupe emploie 312 personnes dans la vallée, et il veut en garder 260 cette année encore."

    def model(text: str) -> str:
        if text == source:
            return "The group employs 312 people in the valley, and wants to keep some this year as well."
        return (
            "And it wants to keep 260 this year as well."
            if "260" in text
            else "The group employs 312 people in the valley,"
        )

    engine, decoder = engine_of(model)
    (item,) = run(engine, source)
    assert item.target == ("The group employs 312 people in the valley, and it wants to keep 260 this year as well.")
    assert (item.flags, item.again) == ((), True)
    assert len(decoder.asked) == 4  # behind a name, and in two pieces


def test_no_better_output_leaves_the_first(engine_of: EngineOf) -> None:
    engine, _ = engine_of(lambda text: "They want to keep some of it.")
    (item,) = run(engine, "Le groupe veut en garder 260, et il le dit à la presse.")
    assert item.target == "They want to keep some of it."
    assert not item.again
    assert [flag.code.value for flag in item.flags] == ["number_missing"]


def test_a_lost_number_and_a_lost_name_are_hidden_and_put_back(engine_of: EngineOf) -> None:
    def model(text: str) -> str:
        if "Zq1" in text:
            return (
                text.replace("Selon", "According to")
                .replace("il manque", "there is a lack of")
                .replace("euros.", "euros.")
            )
        return "According to Mr Vaseur, 1.2345 euros are missing."

    engine, decoder = engine_of(model)
    (item,) = run(engine, "Selon M. Vasseur, il manque 1 234,5 euros.")
    assert item.target == "According to M. Vasseur, there is a lack of 1,234.5 euros."
    assert (item.flags, item.again, item.masked) == ((), True, ())
    assert decoder.asked[1] == "Selon M. Zq1, il manque Zq2 euros."


def test_twins_are_mended_once(engine_of: EngineOf) -> None:
    engine, decoder = engine_of(copies)
    items = run(engine, "Le comité refuse.\n" * 5)
    assert {item.target for item in items} == {"The works council refuses."}
    assert len(decoder.asked) == 2


def test_what_is_settled_is_not_tried_again(engine_of: EngineOf) -> None:
    text = "Le groupe veut en garder 260, et il le dit à la presse."
    engine, decoder = engine_of(lambda text: "They want to keep some of it.")
    notes = Notes()
    run(engine, text, notes)
    assert notes.known[0].settled
    before = len(decoder.asked)
    (item,) = run(engine, text, notes)
    assert len(decoder.asked) == before
    assert [flag.code.value for flag in item.flags] == ["number_missing"]


def test_another_glossary_gets_another_sentence(engine_of: EngineOf) -> None:
    """What is remembered of a sentence with terms is what the model made of it by itself."""
    engine, _ = engine_of(copies)
    notes = Notes()
    run(engine, "Le comité refuse.", notes)
    assert notes.known[0] == Remembered(Output("The committee refuses.", 4, 1, truncated=False), settled=False)


def test_a_headline_in_capitals(engine_of: EngineOf) -> None:
    engine, decoder = engine_of(lambda text: "The works council announces a plan for {name}.")
    (item,) = run(engine, "LE COMITÉ ANNONCE UN PLAN POUR {name}")
    assert decoder.asked == ["LE COMITÉ ANNONCE UN PLAN POUR {name}"], "that is not all in capitals"
    assert item.target == "The works council announces a plan for {name}"
    (item,) = run(engine, "LE COMITÉ ANNONCE UN PLAN POUR DURAND")
    assert decoder.asked[1] == "Le comité annonce un plan pour durand"
